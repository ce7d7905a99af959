#include "base/text.h"

#include <float.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

bool mx_str_is(mx_str a, const char *cstr) {
    return a.p && a.n == strlen(cstr) && memcmp(a.p, cstr, a.n) == 0;
}

bool mx_str_starts(mx_str a, const char *prefix) {
    size_t n = strlen(prefix);
    return a.p && a.n >= n && memcmp(a.p, prefix, n) == 0;
}

/* ---- buffers ---- */

void mx_buffer_init(mx_buffer *b, const mx_allocator *a) {
    *b = (mx_buffer){.allocator = a};
}

void mx_buffer_free(mx_buffer *b) {
    mx_free(b->allocator, b->data, b->capacity);
    *b = (mx_buffer){.allocator = b->allocator};
}

void mx_buffer_clear(mx_buffer *b) {
    b->size = 0; /* `failed` stays: what was lost before must be noticed even where only the last user looks */
}

bool mx_buffer_reserve(mx_buffer *b, size_t more) {
    if (b->failed) return false;
    if (more <= b->capacity - b->size) return true;
    size_t want = b->capacity ? b->capacity : 64, need;
    b->failed = true;
    if (__builtin_add_overflow(b->size, more, &need)) return false;
    while (want < need) {
        if (want > SIZE_MAX / 2) return false;
        want *= 2;
    }
    char *grown = mx_realloc(b->allocator, b->data, b->capacity, want);
    if (!grown) return false;
    b->data = grown;
    b->capacity = want;
    b->failed = false;
    return true;
}

void mx_buffer_add(mx_buffer *b, const void *bytes, size_t n) {
    if (n == 0 || !mx_buffer_reserve(b, n)) return;
    memcpy(b->data + b->size, bytes, n);
    b->size += n;
}

void mx_buffer_byte(mx_buffer *b, char c) {
    if (mx_buffer_reserve(b, 1)) b->data[b->size++] = c;
}

void mx_buffer_cstr(mx_buffer *b, const char *s) {
    mx_buffer_add(b, s, strlen(s));
}

void mx_buffer_uint(mx_buffer *b, uint64_t v) {
    char digits[20];
    size_t i = sizeof digits;
    do {
        digits[--i] = (char)('0' + v % 10);
        v /= 10;
    } while (v);
    mx_buffer_add(b, digits + i, sizeof digits - i);
}

void mx_buffer_int(mx_buffer *b, int64_t v) {
    if (v < 0) mx_buffer_byte(b, '-');
    mx_buffer_uint(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v);
}

/* ---- string table ---- */

static uint32_t hash_text(mx_str s) {
    return (uint32_t)XXH3_64bits(s.p, s.n);
}

static size_t slot_of(const mx_strings *t, mx_str s, uint32_t hash) {
    size_t mask = t->n_slots - 1, i = hash & mask;
    for (; t->slots[i].id; i = (i + 1) & mask) {
        if (t->slots[i].hash != hash) continue;
        mx_str have = t->items[t->slots[i].id];
        if (have.n == s.n && (s.n == 0 || memcmp(have.p, s.p, s.n) == 0)) break;
    }
    return i;
}

static bool grow_slots(mx_strings *t) {
    size_t old = t->n_slots, n = old ? old * 2 : 64;
    struct mx_string_slot *slots = mx_alloc_zero(t->allocator, n, sizeof *slots);
    if (!slots) return false;
    for (size_t k = 0; k < old; k++) { /* all differ: no look at the bytes */
        if (!t->slots[k].id) continue;
        size_t i = t->slots[k].hash & (n - 1);
        while (slots[i].id) i = (i + 1) & (n - 1);
        slots[i] = t->slots[k];
    }
    mx_free(t->allocator, t->slots, old * sizeof *slots);
    t->slots = slots;
    t->n_slots = n;
    return true;
}

bool mx_strings_init(mx_strings *t, const mx_allocator *a) {
    *t = (mx_strings){.allocator = a};
    mx_arena_init(&t->bytes, a);
    if (!mx_grow(a, (void **)&t->items, &t->capacity, 0, sizeof *t->items)) return false;
    t->items[0] = (mx_str){NULL, 0};
    t->count = 1;
    return grow_slots(t) && mx_strings_add(t, MX_STR_LITERAL("")) == MX_SID_EMPTY;
}

void mx_strings_free(mx_strings *t) {
    mx_free(t->allocator, t->items, t->capacity * sizeof *t->items);
    mx_free(t->allocator, t->slots, t->n_slots * sizeof *t->slots);
    mx_arena_free(&t->bytes);
    *t = (mx_strings){.allocator = t->allocator};
}

static mx_sid add_hashed(mx_strings *t, mx_str s, uint32_t hash) {
    size_t i = slot_of(t, s, hash);
    if (t->slots[i].id) return t->slots[i].id;
    if (t->count >= UINT32_MAX - 1) return MX_SID_NOMEM;
    if (t->count * 4 >= t->n_slots * 3) {
        if (!grow_slots(t)) return MX_SID_NOMEM;
        i = slot_of(t, s, hash);
    }
    if (!mx_grow(t->allocator, (void **)&t->items, &t->capacity, t->count, sizeof *t->items)) return MX_SID_NOMEM;
    char *copy = mx_arena_text(&t->bytes, s.p, s.n);
    if (!copy) return MX_SID_NOMEM;
    t->items[t->count] = (mx_str){copy, s.n};
    t->slots[i] = (struct mx_string_slot){hash, (uint32_t)t->count};
    return (mx_sid)t->count++;
}

mx_sid mx_strings_add(mx_strings *t, mx_str s) {
    return s.p ? add_hashed(t, s, hash_text(s)) : MX_SID_ABSENT;
}

enum { AT_ONCE = 16 };

bool mx_strings_add_all(mx_strings *t, const mx_str *s, size_t count, mx_sid *out) {
    uint32_t hashes[AT_ONCE];
    for (size_t at = 0; at < count; at += AT_ONCE) {
        size_t n = count - at < AT_ONCE ? count - at : AT_ONCE;
        for (size_t i = 0; i < n; i++) { /* the slots of a large table are far: have them all fetched at once */
            hashes[i] = s[at + i].p ? hash_text(s[at + i]) : 0;
            __builtin_prefetch(&t->slots[hashes[i] & (t->n_slots - 1)]);
        }
        for (size_t i = 0; i < n; i++) {
            out[at + i] = s[at + i].p ? add_hashed(t, s[at + i], hashes[i]) : MX_SID_ABSENT;
            if (out[at + i] == MX_SID_NOMEM) return false;
        }
    }
    return true;
}

mx_sid mx_strings_find(const mx_strings *t, mx_str s) {
    if (!s.p) return MX_SID_ABSENT;
    uint32_t id = t->slots[slot_of(t, s, hash_text(s))].id;
    return id ? id : MX_SID_NOMEM;
}

/* ---- UTF-8 ---- */

/* Decodes one character; returns its length or 0. Refuses overlong forms, surrogates and what is above U+10FFFF. */
static size_t utf8_char(const unsigned char *p, size_t n, uint32_t *c) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t k = p[0] < 0x80 ? 1 : (p[0] & 0xE0) == 0xC0 ? 2 : (p[0] & 0xF0) == 0xE0 ? 3 : (p[0] & 0xF8) == 0xF0 ? 4 : 0;
    if (k == 0 || k > n) return 0;
    uint32_t v = k == 1 ? p[0] : p[0] & (0xFFu >> (k + 1));
    for (size_t i = 1; i < k; i++) {
        if ((p[i] & 0xC0) != 0x80) return 0;
        v = v << 6 | (p[i] & 0x3Fu);
    }
    if (v < least[k] || v > 0x10FFFF || (v >= 0xD800 && v < 0xE000)) return 0;
    *c = v;
    return k;
}

bool mx_utf8_valid(const char *p, size_t n) {
    uint32_t c;
    for (size_t i = 0, k; i < n; i += k) {
        k = (unsigned char)p[i] < 0x80 ? 1 : utf8_char((const unsigned char *)p + i, n - i, &c);
        if (k == 0) return false;
    }
    return true;
}

bool mx_xml_chars(const char *p, size_t n) {
    uint32_t c = 0;
    for (size_t i = 0, k; i < n; i += k) {
        unsigned char b = (unsigned char)p[i];
        if (b < 0x80) {
            if (b < 0x20 && b != '\t' && b != '\n' && b != '\r') return false;
            k = 1;
            continue;
        }
        k = utf8_char((const unsigned char *)p + i, n - i, &c);
        if (k == 0 || c == 0xFFFE || c == 0xFFFF) return false;
    }
    return true;
}

/* ---- base64 (RFC 4648, section 4) ---- */

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void mx_base64_add(mx_buffer *b, const void *bytes, size_t n) {
    if (!mx_buffer_reserve(b, n / 3 * 4 + 4)) return;
    const unsigned char *p = bytes;
    char *to = b->data + b->size;
    size_t i = 0;
    for (; i + 3 <= n; i += 3) {
        uint32_t v = (uint32_t)p[i] << 16 | (uint32_t)p[i + 1] << 8 | p[i + 2];
        for (int shift = 18; shift >= 0; shift -= 6) *to++ = base64_digits[v >> shift & 63];
    }
    if (i < n) {
        uint32_t v = (uint32_t)p[i] << 16 | (i + 1 < n ? (uint32_t)p[i + 1] << 8 : 0);
        *to++ = base64_digits[v >> 18];
        *to++ = base64_digits[v >> 12 & 63];
        *to++ = i + 1 < n ? base64_digits[v >> 6 & 63] : '=';
        *to++ = '=';
    }
    b->size = (size_t)(to - b->data);
}

static int base64_value(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool mx_base64_decode(mx_buffer *b, const char *p, size_t n) {
    uint32_t v = 0;
    int digits = 0, padding = 0;
    if (!mx_buffer_reserve(b, n / 4 * 3 + 3)) return false;
    for (size_t i = 0; i < n; i++) {
        if (p[i] == ' ' || p[i] == '\n' || p[i] == '\r' || p[i] == '\t') continue;
        int d = p[i] == '=' ? 0 : base64_value(p[i]);
        if (d < 0 || (padding && p[i] != '=')) return false;
        padding += p[i] == '=';
        v = v << 6 | (uint32_t)d;
        if (++digits < 4) continue;
        if (padding > 2) return false;
        for (int k = 0; k < 3 - padding; k++) mx_buffer_byte(b, (char)(v >> (16 - 8 * k)));
        v = 0;
        digits = 0;
    }
    return digits == 0 && !b->failed;
}

/* ---- JSON text ---- */

static void json_escape(mx_buffer *b, unsigned c) {
    static const char hex[] = "0123456789abcdef";
    switch (c) {
    case '"': mx_buffer_add(b, "\\\"", 2); return;
    case '\\': mx_buffer_add(b, "\\\\", 2); return;
    case '\n': mx_buffer_add(b, "\\n", 2); return;
    case '\r': mx_buffer_add(b, "\\r", 2); return;
    case '\t': mx_buffer_add(b, "\\t", 2); return;
    default:
        mx_buffer_add(b, (char[]){'\\', 'u', hex[c >> 12 & 15], hex[c >> 8 & 15], hex[c >> 4 & 15], hex[c & 15]}, 6);
    }
}

void mx_json_string(mx_buffer *b, mx_str s) {
    size_t plain = 0; /* start of the run that needs no escape */
    mx_buffer_byte(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        unsigned code = c;
        size_t width = 1;
        if (c == 0xEF && i + 2 < s.n && (unsigned char)s.p[i + 1] == 0xBF && (unsigned char)s.p[i + 2] >= 0xBE) {
            code = 0xFF00u | (unsigned)(unsigned char)s.p[i + 2] | 0x40u; /* U+FFFE, U+FFFF: XML has neither */
            width = 3;
        } else if (c >= 0x20 && c != '"' && c != '\\' && c != 0x7F) {
            continue;
        }
        mx_buffer_add(b, s.p + plain, i - plain);
        json_escape(b, code);
        i += width - 1;
        plain = i + 1;
    }
    mx_buffer_add(b, s.p + plain, s.n - plain);
    mx_buffer_byte(b, '"');
}

void mx_json_bytes(mx_buffer *b, mx_str s) {
    if (!s.p) {
        mx_buffer_cstr(b, "null");
    } else if (mx_utf8_valid(s.p, s.n)) {
        mx_json_string(b, s);
    } else {
        mx_buffer_cstr(b, "{\"base64\": \"");
        mx_base64_add(b, s.p, s.n);
        mx_buffer_cstr(b, "\"}");
    }
}

/* printf and strtod follow the locale: put the point back where it has another sign (of one byte or more). */
static void fix_point(char *text) {
    const char *point = localeconv()->decimal_point;
    size_t n = strlen(point);
    char *at = strcmp(point, ".") == 0 ? NULL : strstr(text, point);
    if (!at) return;
    *at = '.';
    memmove(at + 1, at + n, strlen(at + n) + 1);
}

static void add_number(mx_buffer *b, char *text) {
    fix_point(text);
    mx_buffer_cstr(b, text);
    if (!strpbrk(text, ".e")) mx_buffer_add(b, ".0", 2);
}

bool mx_json_float(mx_buffer *b, float f) {
    char text[64];
    if (!isfinite(f)) return false;
    for (int digits = 6; digits <= 9; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, (double)f);
        if ((float)strtod(text, NULL) == f) break;
    }
    add_number(b, text);
    return true;
}

bool mx_json_double(mx_buffer *b, double d) {
    char text[64];
    if (!isfinite(d)) return false;
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(text, sizeof text, "%.*g", digits, d);
        if (strtod(text, NULL) == d) break;
    }
    add_number(b, text);
    return true;
}

bool mx_parse_uint(mx_str s, uint64_t *out) {
    uint64_t v = 0;
    if (!s.p || s.n == 0) return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9') return false;
        if (__builtin_mul_overflow(v, 10u, &v) || __builtin_add_overflow(v, (uint64_t)(s.p[i] - '0'), &v)) return false;
    }
    *out = v;
    return true;
}

bool mx_parse_int(mx_str s, int64_t *out) {
    bool negative = s.p && s.n && s.p[0] == '-';
    uint64_t v;
    if (!mx_parse_uint(negative ? (mx_str){s.p + 1, s.n - 1} : s, &v)) return false;
    if (v > (uint64_t)INT64_MAX + negative) return false;
    *out = (int64_t)(negative ? 0 - v : v);
    return true;
}
