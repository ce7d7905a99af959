/* Errors as values: every failing function fills an mx_error and returns its code. */
#ifndef MX_BASE_ERROR_H
#define MX_BASE_ERROR_H

#include "modelexport.h"

#include <stdarg.h>

#define MX_TRY(call)                                   \
    do {                                               \
        mx_status mx_try_status_ = (call);             \
        if (mx_try_status_ != MX_OK) return mx_try_status_; \
    } while (0)

/* Fill err (may be NULL) and return code. Names in `...` should be made printable by mx_show first. */
mx_status mx_fail(mx_error *err, mx_status code, const char *format, ...) __attribute__((format(printf, 3, 4)));
mx_status mx_nomem(mx_error *err);
/* The same with errno's text behind ": ". */
mx_status mx_fail_errno(mx_error *err, mx_status code, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Add places to an error that was just made; each returns err->code (or code when err is NULL). They do not
 * overwrite a place that an inner function has set already, and do nothing where code is MX_OK. */
mx_status mx_at_file(mx_error *err, mx_status code, const char *file);
mx_status mx_at_line(mx_error *err, mx_status code, uint32_t line);
mx_status mx_at_offset(mx_error *err, mx_status code, uint64_t offset);
mx_status mx_at_node(mx_error *err, mx_status code, mx_str node);

/* A name fit for a message: quoted, control and non-UTF-8 bytes as \xNN, cut in the middle at 120 bytes. */
typedef struct mx_shown {
    char text[200];
} mx_shown;
mx_shown mx_show(mx_str s);

#endif
