/* Reading JSON texts into values of jansson. Its own reader is not used: where memory runs out while it gathers a
 * string, it reads and writes behind its buffers (2.14), and says "syntax error" where it means "out of memory". Its
 * functions that make values do report that. */
#ifndef MX_BASE_JSON_H
#define MX_BASE_JSON_H

#include "base/text.h"

#include <jansson.h>

/* Parse one JSON value (RFC 8259), which must be the whole text. Keys that are repeated or hold NUL are refused, and so
 * are integers beyond 64 bits with sign, reals beyond double, text that is not UTF-8, and values nested more than
 * `depth` deep. *out is released with json_decref; on error NULL. Errors: MX_ERR_SYNTAX (message "... at its byte N",
 * from 1 on), MX_ERR_LIMIT, MX_ERR_NOMEM. Linear in the text; memory is bounded by about 60 times its size. */
mx_status mx_json_parse(mx_str text, uint32_t depth, json_t **out, mx_error *err);

/* The members of an object that have one of the keys (NULL-terminated), as an object of their own: what is skipped costs no
 * memory and little time, and is not checked but for its strings and brackets. All of the text where it is no object, or broken
 * there, so that reading it tells what is wrong. False: out of memory. */
bool mx_json_pick(mx_str text, const char *const *keys, mx_buffer *out);

#endif
