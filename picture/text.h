/* How wide a text is, and texts cut to a width. The widths are those of Helvetica, Arial and Liberation Sans. */
#ifndef MX_PICTURE_TEXT_H
#define MX_PICTURE_TEXT_H

#include "base/text.h"

typedef struct mx_font {
    int32_t size; /* pixels */
    bool bold;
} mx_font;

/* In pixels, rounded up. */
int32_t mx_text_width(mx_str s, mx_font font);
/* Append s, fit for XML and one line: control characters and bytes that are not UTF-8 become U+FFFD, line ends spaces,
 * "<html" is defused. What is wider than `most` pixels loses its end, or its front, to an ellipsis. Looks at no
 * more than some bytes a pixel, however long s is. */
void mx_text_fit(mx_buffer *b, mx_str s, mx_font font, int32_t most, bool keep_end);
/* The same by characters. */
void mx_text_chars(mx_buffer *b, mx_str s, size_t most, bool keep_end);
/* `8.5 K`, `109.5 M`, `17`. */
void mx_text_count(mx_buffer *b, uint64_t n);

#endif
