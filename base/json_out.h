/* JSON that is written as a stream: indented, values of any size, to a buffer or on to a file.
 *
 * Inside an object every value has a key; inside an array, and for the outermost value, the key is NULL. Texts need not
 * be UTF-8: bytes that are not stand as \xNN. A failed allocation is remembered: mx_json_out_end tells. */
#ifndef MX_BASE_JSON_OUT_H
#define MX_BASE_JSON_OUT_H

#include "base/outfile.h"
#include "base/text.h"

typedef struct mx_json_out {
    mx_buffer text;
    mx_outfile *file; /* NULL: everything stays in `text` */
    uint32_t depth;
    bool behind_value; /* a comma is due */
    bool after_key;    /* the key stands, its value follows */
    uint32_t flat;     /* depth from which on no lines are broken, 0: none */
} mx_json_out;

void mx_json_out_begin(mx_json_out *j, const mx_allocator *a, mx_outfile *file);
/* The end: a newline, all text handed to the file (to be committed by the caller). Frees nothing. */
mx_status mx_json_out_end(mx_json_out *j, mx_error *err);
void mx_json_out_free(mx_json_out *j);

void mx_json_out_object(mx_json_out *j, const char *key);
void mx_json_out_array(mx_json_out *j, const char *key);
void mx_json_out_flat_array(mx_json_out *j, const char *key); /* on one line, with all inside */
void mx_json_out_close(mx_json_out *j, char bracket);         /* '}' or ']' */

void mx_json_out_text(mx_json_out *j, const char *key, mx_str value); /* absent: null */
void mx_json_out_int(mx_json_out *j, const char *key, int64_t value);
void mx_json_out_uint(mx_json_out *j, const char *key, uint64_t value);
void mx_json_out_double(mx_json_out *j, const char *key, double value, int digits); /* digits behind the point; NaN: null */
void mx_json_out_bool(mx_json_out *j, const char *key, bool value);
void mx_json_out_null(mx_json_out *j, const char *key);

/* The same with keys that are any bytes. */
void mx_json_out_key(mx_json_out *j, mx_str key); /* the value follows, with key NULL */

/* Append a number with so many digits (1 to 9) behind the point. False, and nothing appended: NaN, or too large. */
bool mx_buffer_fixed(mx_buffer *b, double value, int digits);
/* Append s, with every byte that is not UTF-8 as \xNN. */
void mx_utf8_clean(mx_buffer *b, mx_str s);

#endif
