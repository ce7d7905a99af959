/* Looking at small pieces of a source: read into a buffer that looks further ahead the more the reading goes on in one
 * direction. Stepping over weights costs one small read where mapping would cost a system call or three. */
#ifndef MX_BASE_VIEW_H
#define MX_BASE_VIEW_H

#include "base/source.h"

typedef struct mx_view {
    const mx_source *source; /* NULL: nothing was looked at yet */
    const uint8_t *data;     /* the byte at offset */
    uint64_t offset, size;   /* what is at hand */
    uint8_t *own;
    size_t capacity, ahead;
} mx_view;

/* The bytes of a range that lies inside the source; valid until the next call with this view. A zeroed view is ready for
 * use. `source` may change from call to call. Errors: INVALID (beyond the end), READ, NOMEM. */
mx_status mx_view_get(mx_view *v, const mx_source *source, uint64_t offset, uint64_t size, const uint8_t **out,
                      mx_error *err);
void mx_view_close(mx_view *v);

#endif
