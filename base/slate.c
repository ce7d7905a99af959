#include "base/slate.h"

#include <string.h>

bool mx_slate_init(mx_slate *s, const mx_allocator *a, size_t count, uint32_t blank) {
    *s = (mx_slate){.allocator = a, .count = count + 1, .round = 1, .blank = blank};
    s->cells = mx_alloc_zero(a, s->count, sizeof *s->cells);
    return s->cells != NULL;
}

void mx_slate_free(mx_slate *s) {
    mx_free(s->allocator, s->cells, s->count * sizeof *s->cells);
    *s = (mx_slate){0};
}

void mx_slate_wipe(mx_slate *s) {
    if (++s->round) return;
    memset(s->cells, 0, s->count * sizeof *s->cells);
    s->round = 1;
}
