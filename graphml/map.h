/* A hash table from 64-bit keys to 32-bit numbers. */
#ifndef MX_GRAPHML_MAP_H
#define MX_GRAPHML_MAP_H

#include "base/memory.h"

typedef struct mx_map_slot {
    uint64_t key;
    uint32_t value;
    bool used;
} mx_map_slot;
typedef struct mx_map {
    const mx_allocator *allocator;
    mx_map_slot *slots;
    size_t n_slots, count;
} mx_map;

void mx_map_init(mx_map *m, const mx_allocator *a);
void mx_map_free(mx_map *m);
/* The number of a key; MX_NO_INDEX (UINT32_MAX) if there is none. */
uint32_t mx_map_get(const mx_map *m, uint64_t key);
/* Set if the key is new; *have is then the number itself, else the one that was there. False: no memory. */
bool mx_map_add(mx_map *m, uint64_t key, uint32_t value, uint32_t *have);

static inline uint64_t mx_map_pair(uint32_t a, uint32_t b) {
    return (uint64_t)a << 32 | b;
}

#endif
