/* Memory: one allocation function, an arena on top of it, and checked size arithmetic. */
#ifndef MX_BASE_MEMORY_H
#define MX_BASE_MEMORY_H

#include "modelexport.h"

/* All return NULL when memory is exhausted; `a` may be NULL for malloc. mx_free takes NULL. */
void *mx_alloc(const mx_allocator *a, size_t size);
void *mx_alloc_zero(const mx_allocator *a, size_t count, size_t size);
void *mx_realloc(const mx_allocator *a, void *old, size_t old_size, size_t size);
void mx_free(const mx_allocator *a, void *old, size_t old_size);

/* A bump allocator: everything in it goes with mx_arena_free or mx_arena_reset. */
typedef struct mx_arena {
    const mx_allocator *allocator;
    struct mx_arena_block *blocks;
    size_t used;  /* bytes used in the newest block */
} mx_arena;

void mx_arena_init(mx_arena *arena, const mx_allocator *a);
void *mx_arena_alloc(mx_arena *arena, size_t size);                      /* 8-byte aligned, not zeroed */
void *mx_arena_array(mx_arena *arena, size_t count, size_t size);        /* NULL on overflow; count 0 gives a pointer */
void *mx_arena_copy(mx_arena *arena, const void *bytes, size_t size);
char *mx_arena_text(mx_arena *arena, const char *p, size_t n);           /* NUL-terminated copy */
void mx_arena_reset(mx_arena *arena);                                    /* keeps one block for reuse */
void mx_arena_free(mx_arena *arena);

/* Growing arrays: makes room for one more element behind `count`; false when memory is exhausted.
 * usage: if (!mx_grow(a, (void **)&items, &cap, count, sizeof *items)) return nomem; items[count++] = x; */
bool mx_grow(const mx_allocator *a, void **items, size_t *cap, size_t count, size_t item_size);

#endif
