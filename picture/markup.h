/* Markup that is written piece by piece to a file: texts escaped, the buffer handed on when it is full. */
#ifndef MX_PICTURE_MARKUP_H
#define MX_PICTURE_MARKUP_H

#include "base/outfile.h"
#include "base/text.h"

/* text: what is not in the file yet; label: for making a text in. An allocation that failed is told by mx_markup_end.
 */
typedef struct mx_markup {
    mx_outfile *file;
    mx_buffer text, label;
} mx_markup;

void mx_markup_begin(mx_markup *m, const mx_allocator *allocator, mx_outfile *file);
/* Hand the rest to the file, which the caller commits, and free the buffers. Errors: NOMEM, WRITE. */
mx_status mx_markup_end(mx_markup *m, mx_error *err);

void mx_markup_raw(mx_markup *m, const char *s);
void mx_markup_int(mx_markup *m, int64_t v);
/* `format` with each '%' replaced by the next of the numbers. */
void mx_markup_put(mx_markup *m, const char *format, const int32_t *numbers);
/* Characters with a meaning in XML and HTML as references, what XML cannot hold as U+FFFD. */
void mx_markup_text(mx_markup *m, mx_str s);
/* Hand the text to the file if there is much of it. */
void mx_markup_drain(mx_markup *m);

#endif
