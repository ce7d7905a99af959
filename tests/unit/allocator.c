#include "allocator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The true size stands before the block. */
typedef struct header {
    size_t size, magic;
} header;
#define MAGIC 0x6d6f64656c657870u

static void *give(test_allocator *t, size_t size) {
    t->calls++;
    if (t->fail_at && (t->calls == t->fail_at || (t->fail_on && t->calls > t->fail_at))) {
        t->failed = true;
        return NULL;
    }
    if (size == 0) {
        fprintf(stderr, "allocator: a size of 0\n");
        abort();
    }
    if (size > (size_t)1 << 32) return NULL; /* an absurd size is refused, whatever the system thinks of it */
    header *h = malloc(sizeof *h + size);
    if (!h) abort();
    *h = (header){size, MAGIC};
    memset(h + 1, 0xA5, size);
    t->blocks++;
    t->bytes += size;
    return h + 1;
}

static header *check(void *old, size_t old_size) {
    header *h = (header *)old - 1;
    if (h->magic == MAGIC && h->size == old_size) return h;
    fprintf(stderr, "allocator: a block of %zu bytes was said to have %zu\n", h->size, old_size);
    abort();
}

static void *do_alloc(void *ctx, size_t size) {
    return give(ctx, size);
}

static void do_free(void *ctx, void *old, size_t old_size) {
    test_allocator *t = ctx;
    header *h = check(old, old_size);
    h->magic = 0;
    t->blocks--;
    t->bytes -= old_size;
    free(h);
}

static void *do_realloc(void *ctx, void *old, size_t old_size, size_t size) {
    check(old, old_size);
    void *grown = give(ctx, size);
    if (!grown) return NULL;
    memcpy(grown, old, old_size < size ? old_size : size);
    do_free(ctx, old, old_size);
    return grown;
}

void test_allocator_init(test_allocator *t) {
    memset(t, 0, sizeof *t);
    t->allocator = (mx_allocator){do_alloc, do_realloc, do_free, t};
}
