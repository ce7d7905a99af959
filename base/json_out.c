#include "base/json_out.h"

#include <math.h>
#include <stdio.h>

enum { HAND_ON_BYTES = 1 << 16 };

void mx_json_out_begin(mx_json_out *j, const mx_allocator *a, mx_outfile *file) {
    *j = (mx_json_out){.file = file};
    mx_buffer_init(&j->text, a);
}

static void hand_on(mx_json_out *j) {
    if (!j->file || j->text.failed) return;
    mx_outfile_write(j->file, j->text.data, j->text.size);
    mx_buffer_clear(&j->text);
}

mx_status mx_json_out_end(mx_json_out *j, mx_error *err) {
    mx_buffer_byte(&j->text, '\n');
    if (j->text.failed) return mx_nomem(err);
    hand_on(j);
    return MX_OK;
}

void mx_json_out_free(mx_json_out *j) {
    mx_buffer_free(&j->text);
}

/* ---- places ---- */

static void new_line(mx_json_out *j) {
    if (j->flat) return;
    mx_buffer_byte(&j->text, '\n');
    for (uint32_t i = 0; i < j->depth; i++) mx_buffer_byte(&j->text, ' ');
}

/* What stands before a value, or before its key. */
static void separate(mx_json_out *j) {
    if (j->text.size >= HAND_ON_BYTES) hand_on(j);
    if (j->behind_value) mx_buffer_cstr(&j->text, j->flat ? ", " : ",");
    if (j->depth) new_line(j);
    j->behind_value = true;
}

static void add_quoted(mx_json_out *j, mx_str s) {
    if (mx_utf8_valid(s.p, s.n)) {
        mx_json_string(&j->text, s);
        return;
    }
    mx_buffer clean;
    mx_buffer_init(&clean, j->text.allocator);
    mx_utf8_clean(&clean, s);
    if (clean.failed) j->text.failed = true;
    else mx_json_string(&j->text, mx_buffer_str(&clean));
    mx_buffer_free(&clean);
}

void mx_json_out_key(mx_json_out *j, mx_str key) {
    separate(j);
    add_quoted(j, key);
    mx_buffer_cstr(&j->text, ": ");
    j->behind_value = false;
    j->after_key = true;
}

static void begin_value(mx_json_out *j, const char *key) {
    if (key) mx_json_out_key(j, mx_str_of(key));
    if (!j->after_key) separate(j);
    j->after_key = false;
    j->behind_value = true;
}

static void open_bracket(mx_json_out *j, const char *key, char bracket) {
    begin_value(j, key);
    mx_buffer_byte(&j->text, bracket);
    j->depth++;
    j->behind_value = false;
}

void mx_json_out_object(mx_json_out *j, const char *key) {
    open_bracket(j, key, '{');
}

void mx_json_out_array(mx_json_out *j, const char *key) {
    open_bracket(j, key, '[');
}

void mx_json_out_flat_array(mx_json_out *j, const char *key) {
    open_bracket(j, key, '[');
    if (!j->flat) j->flat = j->depth;
}

void mx_json_out_close(mx_json_out *j, char bracket) {
    bool filled = j->behind_value;
    bool ends_flat = j->flat == j->depth;
    j->depth--;
    if (filled) new_line(j);
    if (ends_flat) j->flat = 0;
    mx_buffer_byte(&j->text, bracket);
    j->behind_value = true;
}

/* ---- values ---- */

void mx_json_out_text(mx_json_out *j, const char *key, mx_str value) {
    begin_value(j, key);
    if (value.p) add_quoted(j, value);
    else mx_buffer_cstr(&j->text, "null");
}

/* By hand: what printf writes depends on the locale. */
bool mx_buffer_fixed(mx_buffer *b, double value, int digits) {
    uint64_t unit = 1;
    for (int i = 0; i < digits; i++) unit *= 10;
    double scaled = fabs(value) * (double)unit + 0.5;
    if (!(scaled < 9e18)) return false;
    uint64_t all = (uint64_t)scaled, fraction = all % unit;
    if (value < 0 && all) mx_buffer_byte(b, '-');
    mx_buffer_uint(b, all / unit);
    mx_buffer_byte(b, '.');
    for (uint64_t place = unit / 10; place > 1; place /= 10)
        if (fraction < place) mx_buffer_byte(b, '0');
    mx_buffer_uint(b, fraction);
    return true;
}

void mx_json_out_int(mx_json_out *j, const char *key, int64_t value) {
    begin_value(j, key);
    mx_buffer_int(&j->text, value);
}

void mx_json_out_uint(mx_json_out *j, const char *key, uint64_t value) {
    begin_value(j, key);
    mx_buffer_uint(&j->text, value);
}

void mx_json_out_double(mx_json_out *j, const char *key, double value, int digits) {
    begin_value(j, key);
    if (!mx_buffer_fixed(&j->text, value, digits)) mx_buffer_cstr(&j->text, "null");
}

void mx_json_out_bool(mx_json_out *j, const char *key, bool value) {
    begin_value(j, key);
    mx_buffer_cstr(&j->text, value ? "true" : "false");
}

void mx_json_out_null(mx_json_out *j, const char *key) {
    begin_value(j, key);
    mx_buffer_cstr(&j->text, "null");
}

/* ---- bytes that are no text ---- */

/* Length of the UTF-8 sequence that p begins with, 0: none. */
static size_t sequence_at(const char *p, size_t n) {
    unsigned char c = (unsigned char)*p;
    size_t length = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : 2;
    return length <= n && mx_utf8_valid(p, length) ? length : 0;
}

void mx_utf8_clean(mx_buffer *b, mx_str s) {
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < s.n;) {
        size_t length = sequence_at(s.p + i, s.n - i);
        if (length) {
            mx_buffer_add(b, s.p + i, length);
        } else {
            unsigned char c = (unsigned char)s.p[i];
            char text[4] = {'\\', 'x', digits[c >> 4], digits[c & 15]};
            mx_buffer_add(b, text, sizeof text);
        }
        i += length ? length : 1;
    }
}
