/* XXH3-128, of bytes in memory and of ranges of sources; with AVX2 where the processor has it, and if wanted on
 * a second processor. */
#ifndef MX_BASE_HASH_H
#define MX_BASE_HASH_H

#include "base/source.h"

#include <pthread.h>

/* A hash of pieces that come one after the other. */
typedef struct mx_hasher {
    _Alignas(64) unsigned char state[576]; /* XXH3_state_t */
} mx_hasher;
void mx_hasher_start(mx_hasher *h);
void mx_hasher_add(mx_hasher *h, const void *bytes, size_t size);
mx_hash128 mx_hasher_end(const mx_hasher *h);

#define MX_HASH_JOB_BYTES ((uint64_t)1 << 20) /* starting a thread costs about as much as hashing 200 KB */
/* Hashing a range while the caller does something else. The range must lie in the source. */
typedef struct mx_hash_job {
    const mx_source *source;
    uint64_t offset, size;
    mx_hash128 hash;   /* after mx_hash_job_end */
    mx_status status;
    mx_error err;
    pthread_t thread;
    bool running;
} mx_hash_job;
/* Starts a thread if that is worth it; else the work is done by mx_hash_job_end. */
void mx_hash_job_start(mx_hash_job *job, const mx_source *source, uint64_t offset, uint64_t size);
mx_status mx_hash_job_end(mx_hash_job *job, mx_error *err);

/* The AVX2 build of the inner loop (hash_avx2.c); x86-64 only. */
void mx_hasher_add_avx2(mx_hasher *h, const void *bytes, size_t size);

#endif
