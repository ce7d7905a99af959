/* Sources that read another source in another order: a tensor with strides, as if its elements stood one behind the
 * other. Nothing is kept: every read gathers what it is asked for. */
#ifndef MX_BASE_STRIDED_H
#define MX_BASE_STRIDED_H

#include "base/source.h"

typedef struct mx_strided {
    size_t elem_bytes; /* 1 to 16 */
    uint32_t rank;
    uint64_t offset;        /* of the first element in the base source, in bytes */
    const int64_t *sizes;   /* in elements, each at least 1 */
    const int64_t *strides; /* in elements, not negative */
} mx_strided;

/* *out holds a reference to base; released with mx_source_release. The layout is copied.
 * Errors: INVALID (an element lies outside of the base), LIMIT (more than 64 axes, sizes that overflow), NOMEM. */
mx_status mx_source_strided(const mx_env *env, mx_source *base, const mx_strided *layout, mx_source **out,
                            mx_error *err);

/* So much of a base is mapped at most. */
#define MX_GATHER_BYTES ((uint64_t)64 << 20)

/* Whether all that a strided source needs of its base is within that. */
bool mx_gather_fits(const mx_source *source);
/* Reading all of such a source piece by piece: the base stays mapped from open to close. Ranges must lie inside the source. */
typedef struct mx_gather {
    const mx_source *source;
    mx_window base;
} mx_gather;
mx_status mx_gather_open(const mx_source *source, mx_gather *g, mx_error *err);
void mx_gather_read(const mx_gather *g, uint64_t offset, void *to, size_t size);
void mx_gather_close(mx_gather *g);

/* What base/source.c asks of it. */
mx_status mx_strided_read(const mx_source *s, uint64_t offset, void *to, size_t size, mx_error *err);
void mx_strided_free(mx_source *s);

#endif
