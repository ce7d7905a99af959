#include "base/hash.h"

#define XXH_INLINE_ALL
#include <unistd.h>
#include <xxhash.h>

_Static_assert(sizeof(XXH3_state_t) <= sizeof(mx_hasher), "the state of XXH3 has grown");

static XXH3_state_t *state_of(const mx_hasher *h) {
    return (XXH3_state_t *)(uintptr_t)h->state;
}

static mx_hash128 from_xxh(XXH128_hash_t h) {
    return (mx_hash128){h.low64, h.high64};
}

void mx_hasher_start(mx_hasher *h) {
    XXH3_128bits_reset(state_of(h));
}

void mx_hasher_add(mx_hasher *h, const void *bytes, size_t size) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) {
        mx_hasher_add_avx2(h, bytes, size);
        return;
    }
#endif
    XXH3_128bits_update(state_of(h), bytes, size);
}

mx_hash128 mx_hasher_end(const mx_hasher *h) {
    return from_xxh(XXH3_128bits_digest(state_of(h)));
}

mx_hash128 mx_hash_bytes(const void *bytes, size_t size) {
    return from_xxh(XXH3_128bits(bytes, size));
}

mx_status mx_source_hash(const mx_source *s, uint64_t offset, uint64_t size, mx_hash128 *out, mx_error *err) {
    mx_hasher hasher;
    mx_hasher_start(&hasher);
    for (uint64_t done = 0; done < size;) {
        mx_window w;
        uint64_t n = size - done < MX_WINDOW_BYTES ? size - done : MX_WINDOW_BYTES;
        MX_TRY(mx_window_open(s, offset + done, n, &w, err));
        mx_hasher_add(&hasher, w.data, (size_t)n);
        mx_window_close(&w);
        done += n;
    }
    *out = mx_hasher_end(&hasher);
    return MX_OK;
}

/* ---- jobs ---- */

static void *run_job(void *argument) {
    mx_hash_job *job = argument;
    job->status = mx_source_hash(job->source, job->offset, job->size, &job->hash, &job->err);
    return NULL;
}

void mx_hash_job_start(mx_hash_job *job, const mx_source *source, uint64_t offset, uint64_t size) {
    job->source = source;
    job->offset = offset;
    job->size = size;
    job->running = size >= MX_HASH_JOB_BYTES && sysconf(_SC_NPROCESSORS_ONLN) > 1 &&
                   pthread_create(&job->thread, NULL, run_job, job) == 0;
}

mx_status mx_hash_job_end(mx_hash_job *job, mx_error *err) {
    if (!job->running) {
        run_job(job);
    } else {
        pthread_join(job->thread, NULL);
    }
    if (job->status != MX_OK && err) *err = job->err;
    return job->status;
}
