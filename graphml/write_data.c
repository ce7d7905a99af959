#include "graphml/write.h"

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Where to cut a long text: between two characters, none of them whitespace, which some tools trim. */
static size_t cut(mx_str s) {
    size_t at = MX_DATA_BYTES, limit = at;
    if (s.n <= at) return s.n;
    while (((uint8_t)s.p[limit] & 0xC0) == 0x80 && limit > at - 4)
        limit--;
    for (at = limit; at > 1; at--) {
        if (((uint8_t)s.p[at] & 0xC0) == 0x80) continue;
        if (!is_space(s.p[at]) && !is_space(s.p[at - 1])) return at;
    }
    return limit;
}

static void piece_number(mx_writer *w, uint32_t piece) {
    if (piece == 0) return;
    mx_buffer_byte(&w->xml.b, '_');
    mx_buffer_uint(&w->xml.b, piece);
}

void mx_put_open(mx_writer *w, mx_key key, uint32_t piece) {
    mx_xml_raw(&w->xml, "<data key=\"");
    mx_xml_raw(&w->xml, mx_key_table[key].id);
    piece_number(w, piece);
    mx_xml_raw(&w->xml, "\">");
}

void mx_put_close(mx_writer *w) {
    mx_xml_raw(&w->xml, "</data>\n");
}

void mx_put(mx_writer *w, mx_key key, mx_str value) {
    uint32_t piece = 0;
    mx_origin_add(&w->origin, key, value);
    do {
        size_t n = cut(value);
        if (!w->measuring) {
            mx_put_open(w, key, piece);
            mx_xml_text(&w->xml, (mx_str){value.p, n});
            mx_put_close(w);
        }
        value = (mx_str){value.p + n, value.n - n};
        piece++;
    } while (value.n);
    if (piece > w->pieces[key]) w->pieces[key] = piece;
}

void mx_put_value(mx_writer *w, mx_key key) {
    mx_put(w, key, mx_buffer_str(&w->value));
}

void mx_put_plain(mx_writer *w, mx_key key, mx_sid text) {
    if (text == MX_SID_ABSENT) return;
    mx_buffer_clear(&w->value);
    mx_value_plain(&w->value, mx_text(w->g, text));
    mx_put_value(w, key);
}

void mx_put_int(mx_writer *w, mx_key key, int64_t v) {
    mx_buffer_clear(&w->value);
    mx_buffer_int(&w->value, v);
    mx_put_value(w, key);
}

void mx_put_cstr(mx_writer *w, mx_key key, const char *text) {
    mx_put(w, key, mx_str_of(text));
}

void mx_put_informative(mx_writer *w, mx_key key) {
    if (w->value.size <= MX_DATA_BYTES) mx_put_value(w, key);
}
