#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

void *mx_alloc(const mx_allocator *a, size_t size) {
    if (size == 0) size = 1;
    return a ? a->alloc(a->ctx, size) : malloc(size);
}

void *mx_alloc_zero(const mx_allocator *a, size_t count, size_t size) {
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) return NULL;
    if (!a) return calloc(total ? total : 1, 1);
    void *p = mx_alloc(a, total);
    if (p) memset(p, 0, total ? total : 1);
    return p;
}

void *mx_realloc(const mx_allocator *a, void *old, size_t old_size, size_t size) {
    if (!old) return mx_alloc(a, size);
    if (size == 0) size = 1;
    return a ? a->realloc(a->ctx, old, old_size ? old_size : 1, size) : realloc(old, size);
}

void mx_free(const mx_allocator *a, void *old, size_t old_size) {
    if (!old) return;
    if (a) {
        a->free(a->ctx, old, old_size ? old_size : 1);
    } else {
        free(old);
    }
}

/* Blocks grow from 4 KiB to 1 MiB so that a small graph stays small and a large one needs few of them. Their bytes
 * begin 16-byte aligned behind the header. */
struct mx_arena_block {
    struct mx_arena_block *next;
    size_t size; /* bytes behind the header */
};
enum { ARENA_FIRST = 4096 - sizeof(struct mx_arena_block), ARENA_LARGEST = (1 << 20) - sizeof(struct mx_arena_block) };

void mx_arena_init(mx_arena *arena, const mx_allocator *a) {
    *arena = (mx_arena){.allocator = a};
}

static char *block_bytes(struct mx_arena_block *block) {
    return (char *)(block + 1);
}

static struct mx_arena_block *new_block(mx_arena *arena, size_t size) {
    size_t total;
    if (__builtin_add_overflow(size, sizeof(struct mx_arena_block), &total)) return NULL;
    struct mx_arena_block *block = mx_alloc(arena->allocator, total);
    if (block) *block = (struct mx_arena_block){NULL, size};
    return block;
}

/* A request that is large against a block gets a block of its own behind the newest, which goes on being filled. */
static void *alloc_large(mx_arena *arena, size_t size) {
    struct mx_arena_block *block = new_block(arena, size);
    if (!block) return NULL;
    block->next = arena->blocks->next;
    arena->blocks->next = block;
    return block_bytes(block);
}

void *mx_arena_alloc(mx_arena *arena, size_t size) {
    if (size > SIZE_MAX - 64) return NULL;
    size = size ? (size + 7) & ~(size_t)7 : 8;
    struct mx_arena_block *top = arena->blocks;
    if (!top || size > top->size - arena->used) {
        if (top && size > ARENA_LARGEST / 4) return alloc_large(arena, size);
        size_t want = top ? top->size * 2 : ARENA_FIRST;
        if (want > ARENA_LARGEST) want = ARENA_LARGEST;
        struct mx_arena_block *block = new_block(arena, size > want ? size : want);
        if (!block) return NULL;
        block->next = top;
        arena->blocks = top = block;
        arena->used = 0;
    }
    void *p = block_bytes(top) + arena->used;
    arena->used += size;
    return p;
}

void *mx_arena_array(mx_arena *arena, size_t count, size_t size) {
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) return NULL;
    return mx_arena_alloc(arena, total);
}

void *mx_arena_copy(mx_arena *arena, const void *bytes, size_t size) {
    void *p = mx_arena_alloc(arena, size);
    if (p && size) memcpy(p, bytes, size);
    return p;
}

char *mx_arena_text(mx_arena *arena, const char *p, size_t n) {
    if (n == SIZE_MAX) return NULL;
    char *text = mx_arena_alloc(arena, n + 1);
    if (!text) return NULL;
    if (n) memcpy(text, p, n);
    text[n] = '\0';
    return text;
}

static void free_blocks(mx_arena *arena, struct mx_arena_block *block) {
    while (block) {
        struct mx_arena_block *next = block->next;
        mx_free(arena->allocator, block, block->size + sizeof *block);
        block = next;
    }
}

void mx_arena_reset(mx_arena *arena) {
    if (!arena->blocks) return;
    free_blocks(arena, arena->blocks->next);
    arena->blocks->next = NULL;
    arena->used = 0;
}

void mx_arena_free(mx_arena *arena) {
    free_blocks(arena, arena->blocks);
    arena->blocks = NULL;
    arena->used = 0;
}

bool mx_grow(const mx_allocator *a, void **items, size_t *cap, size_t count, size_t item_size) {
    if (count < *cap) return true;
    size_t want = *cap ? *cap * 2 : 8;
    size_t bytes;
    if (want < *cap || __builtin_mul_overflow(want, item_size, &bytes)) return false;
    void *grown = mx_realloc(a, *items, *cap * item_size, bytes);
    if (!grown) return false;
    *items = grown;
    *cap = want;
    return true;
}
