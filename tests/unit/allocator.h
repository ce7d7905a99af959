/* An allocator for tests: it checks that every old size is the true one, counts what is in use, and can fail. */
#ifndef TESTS_ALLOCATOR_H
#define TESTS_ALLOCATOR_H

#include "modelexport.h"

typedef struct test_allocator {
    mx_allocator allocator; /* ctx is this struct */
    size_t blocks, bytes;   /* in use */
    size_t calls;           /* of alloc and realloc */
    size_t fail_at;         /* this call fails (1-based), and with fail_on all later ones; 0: none */
    bool fail_on;
    bool failed; /* a failure was given */
} test_allocator;

void test_allocator_init(test_allocator *t);

#endif
