/* Tables of numbers by index that are wiped in constant time: for work that is done again and again on small parts of
 * something large. Cells that were not written since the last wipe are blank. */
#ifndef MX_BASE_SLATE_H
#define MX_BASE_SLATE_H

#include "base/memory.h"

typedef struct mx_slate_cell {
    uint32_t round, value;
} mx_slate_cell;

typedef struct mx_slate {
    const mx_allocator *allocator;
    mx_slate_cell *cells;
    size_t count;
    uint32_t round, blank;
} mx_slate;

/* False: out of memory. mx_slate_free in any case. */
bool mx_slate_init(mx_slate *s, const mx_allocator *a, size_t count, uint32_t blank);
void mx_slate_free(mx_slate *s); /* zeroed is fine */
void mx_slate_wipe(mx_slate *s);

static inline uint32_t mx_slate_get(const mx_slate *s, size_t i) {
    return s->cells[i].round == s->round ? s->cells[i].value : s->blank;
}
/* The cell's value, to be changed. */
static inline uint32_t *mx_slate_at(const mx_slate *s, size_t i) {
    mx_slate_cell *c = &s->cells[i];
    if (c->round != s->round) *c = (mx_slate_cell){s->round, s->blank};
    return &c->value;
}
/* Set a cell; what it was before. */
static inline uint32_t mx_slate_set(const mx_slate *s, size_t i, uint32_t value) {
    uint32_t *at = mx_slate_at(s, i), before = *at;
    *at = value;
    return before;
}

#endif
