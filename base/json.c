#include "base/json.h"

#include "base/error.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>

typedef struct parser {
    const char *at, *begin, *end;
    uint32_t depth, depth_limit;
    mx_buffer text; /* the string or number that is read */
    mx_error *err;
} parser;

static mx_status parse_value(parser *p, json_t **out);

/* ---- what is wrong, and where ---- */

static mx_status wrong(const parser *p, const char *what) {
    return mx_fail(p->err, MX_ERR_SYNTAX, "%s at its byte %llu", what, (unsigned long long)(p->at - p->begin) + 1);
}

static mx_status given(const parser *p, json_t *value, json_t **out) {
    *out = value;
    return value ? MX_OK : mx_nomem(p->err);
}

static void skip_space(parser *p) {
    while (p->at < p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\n' || *p->at == '\r'))
        p->at++;
}

/* The next character that is no space, 0 at the end. A NUL in the text is no token either. */
static char peek(parser *p) {
    skip_space(p);
    return p->at < p->end ? *p->at : '\0';
}

static bool take(parser *p, char c) {
    if (peek(p) != c) return false;
    p->at++;
    return true;
}

/* ---- strings ---- */

static bool hex4(parser *p, uint32_t *out) {
    uint32_t v = 0;
    if (p->end - p->at < 4) return false;
    for (int i = 0; i < 4; i++, p->at++) {
        char c = *p->at;
        uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
                         : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                         : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                                : 16;
        if (digit > 15) return false;
        v = v << 4 | digit;
    }
    *out = v;
    return true;
}

static void add_utf8(mx_buffer *b, uint32_t c) {
    if (c < 0x80) {
        mx_buffer_byte(b, (char)c);
        return;
    }
    if (c < 0x800) {
        mx_buffer_byte(b, (char)(0xc0 | c >> 6));
    } else {
        if (c < 0x10000) {
            mx_buffer_byte(b, (char)(0xe0 | c >> 12));
        } else {
            mx_buffer_byte(b, (char)(0xf0 | c >> 18));
            mx_buffer_byte(b, (char)(0x80 | (c >> 12 & 0x3f)));
        }
        mx_buffer_byte(b, (char)(0x80 | (c >> 6 & 0x3f)));
    }
    mx_buffer_byte(b, (char)(0x80 | (c & 0x3f)));
}

/* Behind "\u". */
static mx_status parse_unicode(parser *p) {
    uint32_t c, low;
    if (!hex4(p, &c)) return wrong(p, "four hexadecimal digits are missing");
    if (c >= 0xdc00 && c <= 0xdfff) return wrong(p, "half a character");
    if (c >= 0xd800 && c <= 0xdbff) {
        bool pair = p->end - p->at >= 6 && p->at[0] == '\\' && p->at[1] == 'u';
        if (pair) p->at += 2;
        if (!pair || !hex4(p, &low) || low < 0xdc00 || low > 0xdfff) return wrong(p, "half a character");
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
    add_utf8(&p->text, c);
    return MX_OK;
}

static mx_status parse_escape(parser *p) {
    static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    char c = p->at < p->end ? *p->at : '\0';
    const char *name = c ? strchr(names, c) : NULL;
    if (!name && c != 'u') return wrong(p, "an unknown escape");
    p->at++;
    if (!name) return parse_unicode(p);
    mx_buffer_byte(&p->text, meanings[name - names]);
    return MX_OK;
}

/* Into p->text; p->at is behind the opening quote. */
static mx_status parse_string(parser *p) {
    mx_buffer_clear(&p->text);
    for (;;) {
        const char *run = p->at;
        while (p->at < p->end && *p->at != '"' && *p->at != '\\' && (unsigned char)*p->at >= 0x20)
            p->at++;
        mx_buffer_add(&p->text, run, (size_t)(p->at - run));
        if (p->at == p->end) return wrong(p, "a string without an end");
        if ((unsigned char)*p->at < 0x20) return wrong(p, "a control character in a string");
        if (*p->at++ == '"') break;
        MX_TRY(parse_escape(p));
    }
    if (p->text.failed) return mx_nomem(p->err);
    mx_str s = mx_buffer_str(&p->text);
    return mx_utf8_valid(s.p, s.n) ? MX_OK : wrong(p, "a string that is not UTF-8");
}

/* ---- numbers ---- */

static size_t digits(parser *p) {
    const char *from = p->at;
    while (p->at < p->end && *p->at >= '0' && *p->at <= '9')
        p->at++;
    return (size_t)(p->at - from);
}

/* strtod reads the decimal point of the locale. */
static mx_status parse_real(parser *p, mx_str token, json_t **out) {
    const char *point = localeconv()->decimal_point;
    const char *dot = memchr(token.p, '.', token.n);
    size_t before = dot ? (size_t)(dot - token.p) : token.n;
    mx_buffer_clear(&p->text);
    mx_buffer_add(&p->text, token.p, before);
    if (dot) {
        mx_buffer_cstr(&p->text, point);
        mx_buffer_add(&p->text, dot + 1, token.n - before - 1);
    }
    mx_buffer_byte(&p->text, '\0');
    if (p->text.failed) return mx_nomem(p->err);
    double d = strtod(p->text.data, NULL);
    return isfinite(d) ? given(p, json_real(d), out) : wrong(p, "a number that is too large");
}

static mx_status parse_number(parser *p, json_t **out) {
    const char *from = p->at;
    bool real = false;
    if (*p->at == '-') p->at++;
    bool zero = p->at < p->end && *p->at == '0';
    size_t n = digits(p);
    if (n == 0 || (zero && n > 1)) return wrong(p, "not a number");
    if (p->at < p->end && *p->at == '.') {
        real = true;
        p->at++;
        if (digits(p) == 0) return wrong(p, "not a number");
    }
    if (p->at < p->end && (*p->at == 'e' || *p->at == 'E')) {
        real = true;
        p->at++;
        if (p->at < p->end && (*p->at == '+' || *p->at == '-')) p->at++;
        if (digits(p) == 0) return wrong(p, "not a number");
    }
    mx_str token = {from, (size_t)(p->at - from)};
    int64_t i;
    if (real) return parse_real(p, token, out);
    if (token.n == 2 && token.p[0] == '-' && token.p[1] == '0') return given(p, json_integer(0), out);
    return mx_parse_int(token, &i) ? given(p, json_integer(i), out) : wrong(p, "an integer beyond 64 bits");
}

/* ---- lists and objects ---- */

static mx_status parse_items(parser *p, json_t *list) {
    if (take(p, ']')) return MX_OK;
    do {
        json_t *item;
        MX_TRY(parse_value(p, &item));
        if (json_array_append_new(list, item) != 0) return mx_nomem(p->err);
    } while (take(p, ','));
    return take(p, ']') ? MX_OK : wrong(p, "',' or ']' is missing");
}

/* The name is read into p->text, which the value needs as well: it is taken out for that time. */
static mx_status parse_member(parser *p, json_t *object) {
    if (!take(p, '"')) return wrong(p, "a name is missing");
    MX_TRY(parse_string(p));
    mx_str name = mx_buffer_str(&p->text);
    if (memchr(name.p, '\0', name.n)) return wrong(p, "a name that holds NUL");
    mx_buffer_byte(&p->text, '\0');
    if (p->text.failed) return mx_nomem(p->err);
    if (json_object_get(object, p->text.data)) return wrong(p, "a name that was there before");
    if (!take(p, ':')) return wrong(p, "':' is missing");
    mx_buffer key = p->text;
    mx_buffer_init(&p->text, NULL);
    json_t *value;
    mx_status status = parse_value(p, &value);
    if (status == MX_OK && json_object_set_new_nocheck(object, key.data, value) != 0) status = mx_nomem(p->err);
    mx_buffer_free(&key);
    return status;
}

static mx_status parse_members(parser *p, json_t *object) {
    if (take(p, '}')) return MX_OK;
    do {
        MX_TRY(parse_member(p, object));
    } while (take(p, ','));
    return take(p, '}') ? MX_OK : wrong(p, "',' or '}' is missing");
}

static mx_status parse_nested(parser *p, bool list, json_t **out) {
    if (p->depth == p->depth_limit)
        return mx_fail(p->err, MX_ERR_LIMIT, "values are nested more than %u deep", p->depth_limit);
    json_t *value = list ? json_array() : json_object();
    if (!value) return mx_nomem(p->err);
    p->at++;
    p->depth++;
    mx_status status = list ? parse_items(p, value) : parse_members(p, value);
    p->depth--;
    if (status == MX_OK) return given(p, value, out);
    json_decref(value);
    return status;
}

static mx_status parse_word(parser *p, json_t **out) {
    static const struct {
        const char *text;
        json_type type;
    } words[] = {{"true", JSON_TRUE}, {"false", JSON_FALSE}, {"null", JSON_NULL}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = strlen(words[i].text);
        if ((size_t)(p->end - p->at) < n || memcmp(p->at, words[i].text, n) != 0) continue;
        p->at += n;
        *out = words[i].type == JSON_NULL ? json_null() : json_boolean(words[i].type == JSON_TRUE);
        return MX_OK;
    }
    return wrong(p, "a value is missing");
}

static mx_status parse_value(parser *p, json_t **out) {
    char c = peek(p);
    *out = NULL;
    if (c == '[' || c == '{') return parse_nested(p, c == '[', out);
    if (c == '-' || (c >= '0' && c <= '9')) return parse_number(p, out);
    if (c != '"') return parse_word(p, out);
    p->at++;
    MX_TRY(parse_string(p));
    mx_str s = mx_buffer_str(&p->text);
    return given(p, json_stringn_nocheck(s.p, s.n), out);
}

mx_status mx_json_parse(mx_str text, uint32_t depth, json_t **out, mx_error *err) {
    const char *begin = text.p ? text.p : "";
    parser p = {.at = begin, .begin = begin, .end = begin + text.n, .depth_limit = depth, .err = err};
    mx_buffer_init(&p.text, NULL);
    mx_status status = parse_value(&p, out);
    if (status == MX_OK && (skip_space(&p), p.at != p.end)) status = wrong(&p, "something follows the value");
    mx_buffer_free(&p.text);
    if (status == MX_OK) return MX_OK;
    json_decref(*out);
    *out = NULL;
    return status;
}
