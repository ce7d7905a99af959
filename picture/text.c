#include "picture/text.h"

#define ELLIPSIS "\xE2\x80\xA6"

/* Advance widths of Helvetica in thousandths of the size, from the space on. */
static const uint16_t regular[95] = {278,  278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
                                     556,  556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
                                     1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
                                     667,  778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
                                     333,  556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
                                     556,  556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584};
static const uint16_t bold[95] = {278, 333, 474, 556, 556, 889, 722, 238, 333, 333, 389, 584, 278, 333, 278, 278,
                                  556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 333, 333, 584, 584, 584, 611,
                                  975, 722, 722, 722, 722, 667, 611, 778, 722, 278, 556, 722, 611, 833, 722, 778,
                                  667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 333, 278, 333, 584, 556,
                                  333, 556, 611, 556, 611, 556, 333, 611, 611, 278, 278, 556, 278, 889, 611, 611,
                                  611, 611, 389, 556, 333, 611, 556, 778, 556, 556, 500, 389, 280, 389, 584};
#define WIDE        1000u /* what is not Latin */
#define ELLIPSIS_1K 1000u

/* Length of the UTF-8 sequence at p, 0 if it is none that XML can hold. */
static size_t sequence(const char *p, size_t n) {
    uint8_t c = (uint8_t)p[0];
    size_t length = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    return length <= n && mx_xml_chars(p, length) ? length : 0;
}

static size_t step(mx_str s, size_t at) {
    if ((uint8_t)s.p[at] < 0x80) return 1;
    size_t length = sequence(s.p + at, s.n - at);
    return length ? length : 1;
}

static uint32_t advance(mx_str s, size_t at, bool is_bold) {
    uint8_t c = (uint8_t)s.p[at];
    if (c >= 0x20 && c < 0x7f) return is_bold ? bold[c - 0x20] : regular[c - 0x20];
    if (c == '\t' || c == '\n' || c == '\r') return 278;
    if (c == 0xC2 || c == 0xC3) return 584; /* · and × among them */
    return WIDE;
}

static int32_t pixels(uint64_t thousandths, mx_font font) {
    uint64_t px = (thousandths * (uint64_t)font.size + 999) / 1000;
    return px > INT32_MAX / 4 ? INT32_MAX / 4 : (int32_t)px;
}

int32_t mx_text_width(mx_str s, mx_font font) {
    uint64_t sum = 0;
    for (size_t i = 0; i < s.n; i += step(s, i))
        sum += advance(s, i, font.bold);
    return pixels(sum, font);
}

/* yEd takes a label that begins with <html> for HTML. What it does with blanks before that, or where a label goes on in
 * a new line, is not known: so there is none anywhere. */
static bool is_html(mx_str s, size_t at) {
    static const char tag[] = "<html";
    size_t i = 0;
    while (i < sizeof tag - 1 && at + i < s.n && (s.p[at + i] | (i ? 0x20 : 0)) == tag[i])
        i++;
    return i == sizeof tag - 1;
}

/* Marks that turn the direction of the text around them: in a label the rest of the line would be read backwards. */
static bool is_direction(const char *p, size_t length) {
    static const struct {
        const char *first, *last;
    } ranges[] = {{"\xD8\x9C", "\xD8\x9C"},          /* U+061C */
                  {"\xE2\x80\x8E", "\xE2\x80\x8F"},  /* U+200E, 200F */
                  {"\xE2\x80\xAA", "\xE2\x80\xAE"},  /* U+202A to 202E */
                  {"\xE2\x81\xA6", "\xE2\x81\xA9"}}; /* U+2066 to 2069 */
    if (length < 2) return false;
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (strlen(ranges[i].first) == length && memcmp(p, ranges[i].first, length) >= 0 &&
            memcmp(p, ranges[i].last, length) <= 0)
            return true;
    return false;
}

static void add_char(mx_buffer *b, mx_str s, size_t at) {
    char c = s.p[at];
    size_t length = sequence(s.p + at, s.n - at);
    if (c == '\n' || c == '\r' || c == '\t')
        mx_buffer_byte(b, ' ');
    else if (length == 0 || c == 0x7f || is_direction(s.p + at, length))
        mx_buffer_cstr(b, "\xEF\xBF\xBD");
    else if (is_html(s, at))
        mx_buffer_cstr(b, "\xE2\x80\xB9"); /* a single left-pointing quotation mark */
    else
        mx_buffer_add(b, s.p + at, length);
}

/* Room: what characters may take, each at least `least` thousandths. */
typedef struct ruler {
    uint64_t room;
    uint32_t ellipsis;
    bool bold, by_count;
} ruler;

static uint32_t measure(const ruler *r, mx_str s, size_t at) {
    return r->by_count ? 1 : advance(s, at, r->bold);
}

static uint64_t total(const ruler *r, mx_str s) {
    uint64_t sum = 0;
    for (size_t i = 0; i < s.n && sum <= r->room; i += step(s, i))
        sum += measure(r, s, i);
    return sum;
}

/* The last part of s that can matter, from the first byte of a character on. */
static mx_str tail(mx_str s, size_t most) {
    if (s.n <= most) return s;
    size_t at = s.n - most;
    while (at < s.n && ((uint8_t)s.p[at] & 0xC0) == 0x80)
        at++;
    return (mx_str){s.p + at, s.n - at};
}

static void keep_tail(mx_buffer *b, mx_str s, const ruler *r) {
    uint64_t sum = 0, left;
    size_t at = 0;
    for (size_t i = 0; i < s.n; i += step(s, i))
        sum += measure(r, s, i);
    left = sum;
    for (; at < s.n && left + r->ellipsis > r->room; at += step(s, at))
        left -= measure(r, s, at);
    mx_buffer_cstr(b, ELLIPSIS);
    for (; at < s.n; at += step(s, at))
        add_char(b, s, at);
}

static void keep_head(mx_buffer *b, mx_str s, const ruler *r) {
    uint64_t sum = 0;
    for (size_t at = 0; at < s.n; at += step(s, at)) {
        sum += measure(r, s, at);
        if (sum + r->ellipsis > r->room) break;
        add_char(b, s, at);
    }
    mx_buffer_cstr(b, ELLIPSIS);
}

static void fit(mx_buffer *b, mx_str s, const ruler *r, bool keep_end) {
    uint64_t bytes = (r->by_count ? r->room : r->room / 191) * 4 + 8; /* 191: the narrowest character */
    if (total(r, s) <= r->room) {
        for (size_t at = 0; at < s.n; at += step(s, at))
            add_char(b, s, at);
    } else if (keep_end) {
        keep_tail(b, tail(s, (size_t)bytes), r);
    } else {
        keep_head(b, s, r);
    }
}

void mx_text_fit(mx_buffer *b, mx_str s, mx_font font, int32_t most, bool keep_end) {
    ruler r = {(uint64_t)most * 1000 / (uint64_t)font.size, ELLIPSIS_1K, font.bold, false};
    fit(b, s, &r, keep_end);
}

void mx_text_chars(mx_buffer *b, mx_str s, size_t most, bool keep_end) {
    ruler r = {most, 1, false, true};
    fit(b, s, &r, keep_end);
}

void mx_text_count(mx_buffer *b, uint64_t n) {
    static const char *const units[] = {"", " K", " M", " G", " T", " P", " E"};
    uint64_t unit = 1;
    size_t u = 0;
    while (n / unit >= 1000 && u + 1 < sizeof units / sizeof *units) {
        unit *= 1000;
        u++;
    }
    uint64_t tenths = u ? n / (unit / 10) + (n % (unit / 10) >= unit / 20) : n * 10;
    mx_buffer_uint(b, tenths / 10);
    if (u && tenths % 10 && tenths < 10000) {
        mx_buffer_byte(b, '.');
        mx_buffer_uint(b, tenths % 10);
    }
    mx_buffer_cstr(b, units[u]);
}
