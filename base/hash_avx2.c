/* The hot loop of XXH3 once more, compiled for AVX2 (see CMakeLists.txt); hash.c asks the processor before it calls. */
#include "base/hash.h"

#if defined(__x86_64__)
#define XXH_INLINE_ALL
#include <xxhash.h>

void mx_hasher_add_avx2(mx_hasher *h, const void *bytes, size_t size) {
    XXH3_128bits_update((XXH3_state_t *)(uintptr_t)h->state, bytes, size);
}
#endif
