#include "picture/markup.h"

#define PIECE ((size_t)1 << 16)

void mx_markup_begin(mx_markup *m, const mx_allocator *allocator, mx_outfile *file) {
    *m = (mx_markup){.file = file};
    mx_buffer_init(&m->text, allocator);
    mx_buffer_init(&m->label, allocator);
}

static void hand_on(mx_markup *m) {
    mx_outfile_write(m->file, m->text.data, m->text.size);
    mx_buffer_clear(&m->text);
}

mx_status mx_markup_end(mx_markup *m, mx_error *err) {
    bool failed = m->text.failed || m->label.failed;
    if (!failed && m->text.size) hand_on(m);
    mx_buffer_free(&m->text);
    mx_buffer_free(&m->label);
    return failed ? mx_nomem(err) : MX_OK;
}

void mx_markup_drain(mx_markup *m) {
    if (!m->text.failed && m->text.size >= PIECE) hand_on(m);
}

void mx_markup_raw(mx_markup *m, const char *s) {
    mx_buffer_cstr(&m->text, s);
}

void mx_markup_int(mx_markup *m, int64_t v) {
    mx_buffer_int(&m->text, v);
}

void mx_markup_put(mx_markup *m, const char *format, const int32_t *numbers) {
    for (const char *from = format;; from++) {
        size_t n = strcspn(from, "%");
        mx_buffer_add(&m->text, from, n);
        from += n;
        if (!*from) return;
        mx_markup_int(m, *numbers++);
    }
}

static const char *reference(char c) {
    switch (c) {
    case '&': return "&amp;";
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    case '\n': return "&#10;";
    default: return NULL;
    }
}

/* Bytes of the character at p that XML can hold; 0: it cannot. */
static size_t character(const char *p, size_t n) {
    uint8_t c = (uint8_t)p[0];
    size_t length = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    return length <= n && mx_xml_chars(p, length) ? length : 0;
}

void mx_markup_text(mx_markup *m, mx_str s) {
    for (size_t i = 0, length; i < s.n; i += length) {
        const char *ref = reference(s.p[i]);
        length = character(s.p + i, s.n - i);
        if (ref)
            mx_buffer_cstr(&m->text, ref);
        else
            mx_buffer_add(&m->text, length ? s.p + i : "\xEF\xBF\xBD", length ? length : 3);
        if (!length) length = 1;
    }
}
