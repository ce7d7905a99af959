/* Some members of a large JSON object, without reading the others. */
#include "base/json.h"

typedef struct scanner {
    const char *at, *end;
} scanner;

static void skip_space(scanner *s) {
    while (s->at < s->end && (*s->at == ' ' || *s->at == '\t' || *s->at == '\n' || *s->at == '\r')) s->at++;
}

static bool take(scanner *s, char c) {
    skip_space(s);
    if (s->at == s->end || *s->at != c) return false;
    s->at++;
    return true;
}

/* Behind a string whose first quote was taken. */
static bool skip_string(scanner *s) {
    while (s->at < s->end) {
        const char *quote = memchr(s->at, '"', (size_t)(s->end - s->at)), *back = quote;
        if (!quote) return false;
        while (back > s->at && back[-1] == '\\') back--;
        s->at = quote + 1;
        if ((quote - back) % 2 == 0) return true;
    }
    return false;
}

/* Behind a value. What is in it is not looked at, but for strings and brackets. */
static bool skip_value(scanner *s) {
    uint64_t depth = 0;
    skip_space(s);
    for (const char *begin = s->at; s->at < s->end;) {
        char c = *s->at;
        if (depth == 0 && (c == ',' || c == '}' || c == ']')) return s->at > begin;
        s->at++;
        if (c == '"' && !skip_string(s)) return false;
        depth += c == '{' || c == '[';
        depth -= c == '}' || c == ']';
        if (depth == 0 && (c == '"' || c == '}' || c == ']')) return true;
    }
    return false;
}

/* A key with an escape may be any. */
static bool is_wanted(mx_str key, const char *const *keys) {
    if (key.n && memchr(key.p, '\\', key.n)) return true;
    while (*keys && !mx_str_is(key, *keys)) keys++;
    return *keys != NULL;
}

static bool pick_member(scanner *s, const char *const *keys, mx_buffer *out) {
    if (!take(s, '"')) return false;
    const char *begin = s->at;
    if (!skip_string(s)) return false;
    mx_str key = {begin, (size_t)(s->at - begin) - 1};
    if (!take(s, ':') || !skip_value(s)) return false;
    if (!is_wanted(key, keys)) return true;
    if (out->size > 1) mx_buffer_byte(out, ',');
    mx_buffer_add(out, begin - 1, (size_t)(s->at - begin) + 1);
    return true;
}

static bool pick(mx_str text, const char *const *keys, mx_buffer *out) {
    scanner s = {text.p, text.p + text.n};
    mx_buffer_byte(out, '{');
    if (!take(&s, '{')) return false;
    if (!take(&s, '}')) {
        do {
            if (!pick_member(&s, keys, out)) return false;
        } while (take(&s, ','));
        if (!take(&s, '}')) return false;
    }
    mx_buffer_byte(out, '}');
    skip_space(&s);
    return s.at == s.end;
}

bool mx_json_pick(mx_str text, const char *const *keys, mx_buffer *out) {
    mx_buffer_clear(out);
    if (!pick(text, keys, out)) {
        mx_buffer_clear(out);
        mx_buffer_add(out, text.p, text.n);
    }
    return !out->failed;
}
