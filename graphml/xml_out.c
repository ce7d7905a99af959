#include "graphml/xml_out.h"

#define FLUSH_BYTES 65536u

void mx_xml_init(mx_xml *x, mx_outfile *file, const mx_allocator *a) {
    x->file = file;
    mx_buffer_init(&x->b, a);
}

void mx_xml_free(mx_xml *x) {
    mx_buffer_free(&x->b);
}

void mx_xml_raw(mx_xml *x, const char *markup) {
    mx_buffer_cstr(&x->b, markup);
}

/* By byte: what has to be done with it. Tab and line feed are special in attributes only. */
enum { PLAIN = 0, LOST, AMP, LESS, GREATER, RETURN, QUOTE, TAB, FEED };
static const char *const replacements[] = {"",      "\xEF\xBF\xBD", "&amp;", "&lt;", "&gt;",
                                           "&#13;", "&quot;",       "&#9;",  "&#10;"};
static const uint8_t classes[256] = {
    LOST,          LOST, LOST, LOST, LOST,        LOST,         LOST,
    LOST,          LOST, TAB,  FEED, LOST,        LOST,         RETURN,
    LOST,          LOST, LOST, LOST, LOST,        LOST,         LOST,
    LOST,          LOST, LOST, LOST, LOST,        LOST,         LOST,
    LOST,          LOST, LOST, LOST, ['&'] = AMP, ['<'] = LESS, ['>'] = GREATER,
    ['"'] = QUOTE,
};

/* `last`: the highest class that is replaced here. */
static void escaped(mx_buffer *b, mx_str s, uint8_t last) {
    size_t start = 0;
    for (size_t i = 0; i < s.n; i++) {
        uint8_t c = classes[(uint8_t)s.p[i]];
        if (c == PLAIN || c > last) continue;
        mx_buffer_add(b, s.p + start, i - start);
        mx_buffer_cstr(b, replacements[c]);
        start = i + 1;
    }
    mx_buffer_add(b, s.p + start, s.n - start);
}

void mx_xml_text(mx_xml *x, mx_str s) {
    escaped(&x->b, s, RETURN);
}

void mx_xml_quoted(mx_xml *x, mx_str s) {
    escaped(&x->b, s, FEED);
}

void mx_xml_attr(mx_xml *x, const char *name, const char *value) {
    mx_buffer_byte(&x->b, ' ');
    mx_buffer_cstr(&x->b, name);
    mx_buffer_add(&x->b, "=\"", 2);
    mx_xml_quoted(x, mx_str_of(value));
    mx_buffer_byte(&x->b, '"');
}

void mx_xml_attr_int(mx_xml *x, const char *name, int64_t value) {
    mx_buffer_byte(&x->b, ' ');
    mx_buffer_cstr(&x->b, name);
    mx_buffer_add(&x->b, "=\"", 2);
    mx_buffer_int(&x->b, value);
    mx_buffer_byte(&x->b, '"');
}

void mx_xml_attr_half(mx_xml *x, const char *name, int64_t doubled) {
    uint64_t size = doubled < 0 ? 0 - (uint64_t)doubled : (uint64_t)doubled;
    mx_buffer_byte(&x->b, ' ');
    mx_buffer_cstr(&x->b, name);
    mx_buffer_cstr(&x->b, doubled < 0 ? "=\"-" : "=\"");
    mx_buffer_uint(&x->b, size / 2);
    mx_buffer_cstr(&x->b, size & 1 ? ".5\"" : ".0\"");
}

mx_status mx_xml_flush(mx_xml *x, bool all, mx_error *err) {
    if (x->b.failed) return mx_nomem(err);
    if (!all && x->b.size < FLUSH_BYTES) return MX_OK;
    mx_outfile_write(x->file, x->b.data, x->b.size);
    mx_buffer_clear(&x->b);
    return x->file->failed == MX_OK ? MX_OK : mx_outfile_flush(x->file, err);
}
