#include "onnx_io/weights.h"

#include "base/hash.h"

/* The progress callback is asked after so many bytes. */
#define TELL_BYTES ((uint64_t)16 << 20)

mx_status mx_weights_open(mx_weights_reader *r, const mx_graph *g, const char *stage, mx_error *err) {
    *r = (mx_weights_reader){.g = g, .n_checks = g->n_checks, .stage = stage};
    for (size_t i = 0; i < g->n_tensors; i++)
        if (g->tensors[i].data.source != MX_NO_INDEX) r->total += g->tensors[i].data.size;
    if (g->n_checks == 0) return MX_OK;
    r->verified = mx_alloc_zero(g->allocator, g->n_checks, 1);
    return r->verified ? MX_OK : mx_nomem(err);
}

void mx_weights_close(mx_weights_reader *r) {
    if (r->g == NULL) return;
    mx_view_close(&r->view);
    mx_free(r->g->allocator, r->verified, r->n_checks);
    *r = (mx_weights_reader){0};
}

/* The source of a range, after a check that the range lies in it: a graph may come from an edited file. */
static mx_status source_of(const mx_graph *g, const mx_blob *b, const mx_source **out, mx_error *err) {
    const mx_source *s = b->source < g->n_sources ? g->sources[b->source] : NULL;
    *out = s;
    if (s == NULL) return mx_fail(err, MX_ERR_INVALID, "bytes are referred to that are in no file");
    if (b->offset <= s->size && b->size <= s->size - b->offset) return MX_OK;
    return mx_at_file(err,
                      mx_fail(err, MX_ERR_INVALID, "a tensor's bytes %llu to %llu lie beyond the end of the file",
                              (unsigned long long)b->offset, (unsigned long long)(b->offset + b->size)),
                      s->path);
}

mx_status mx_weights_view(mx_weights_reader *r, const mx_blob *b, const uint8_t **out, mx_error *err) {
    const mx_source *s;
    MX_TRY(source_of(r->g, b, &s, err));
    return mx_view_get(&r->view, s, b->offset, b->size, out, err);
}

/* Ranges that are read more than once make `done` pass the total: it is cut there. */
static mx_status tell(mx_weights_reader *r, uint64_t bytes, mx_error *err) {
    const mx_env *env = &r->g->env;
    r->done += bytes;
    if (env->progress == NULL || r->done - r->told < TELL_BYTES) return MX_OK;
    r->told = r->done;
    if (env->progress(env->ctx, r->stage, r->done < r->total ? r->done : r->total, r->total)) return MX_OK;
    return mx_fail(err, MX_ERR_CANCELLED, "stopped by the caller");
}

static mx_status spoiled(const mx_graph *g, const mx_check *c, mx_str name, mx_error *err) {
    mx_status status = mx_fail(err, MX_ERR_CHECKSUM, "the bytes of %s differ from their checksum", mx_show(name).text);
    status = mx_at_offset(err, status, c->offset);
    return mx_at_file(err, status, g->sources[c->source]->path);
}

mx_status mx_weights_verify(mx_weights_reader *r, const mx_blob *b, mx_str name, mx_error *err) {
    if (b->check >= r->n_checks || r->verified[b->check]) return MX_OK;
    const mx_check *c = &r->g->checks[b->check];
    mx_blob whole = {c->source, MX_NO_INDEX, c->offset, c->size};
    mx_hash128 hash;
    if (c->size <= MX_WEIGHTS_SMALL) {
        const uint8_t *bytes;
        MX_TRY(mx_weights_view(r, &whole, &bytes, err));
        hash = mx_hash_bytes(bytes, (size_t)c->size);
    } else {
        const mx_source *s;
        MX_TRY(source_of(r->g, &whole, &s, err));
        MX_TRY(mx_source_hash(s, c->offset, c->size, &hash, err));
    }
    if (!mx_hash_eq(hash, c->hash)) return spoiled(r->g, c, name, err);
    r->verified[b->check] = 1;
    return tell(r, c->size, err);
}

/* ---- ahead of time, two ranges at a time ---- */

static bool is_large(const mx_weights_reader *r, const mx_blob *b, uint32_t source) {
    return b->source == source && b->check < r->n_checks && !r->verified[b->check] &&
           r->g->checks[b->check].size >= MX_HASH_JOB_BYTES;
}

/* The next tensor from *at on with a large range that is not verified; false: none. */
static bool next_large(const mx_weights_reader *r, uint32_t source, size_t *at, uint32_t *check) {
    for (; *at < r->g->n_tensors; (*at)++) {
        const mx_blob *b = &r->g->tensors[*at].data;
        if (!is_large(r, b, source)) continue;
        *check = b->check;
        (*at)++;
        return true;
    }
    return false;
}

mx_status mx_weights_verify_ahead(mx_weights_reader *r, uint32_t source, mx_error *err) {
    const mx_source *s = r->g->sources[source];
    uint32_t first = 0, second = 0;
    size_t at = 0;
    while (next_large(r, source, &at, &first)) {
        const mx_check *a = &r->g->checks[first], *b;
        mx_hash_job job;
        mx_hash128 hash = {0};
        mx_status status = MX_OK;
        r->verified[first] = 1; /* so that the second is another one */
        bool two = next_large(r, source, &at, &second);
        b = two ? &r->g->checks[second] : a;
        mx_hash_job_start(&job, s, a->offset, a->size);
        if (two) status = mx_source_hash(s, b->offset, b->size, &hash, err);
        mx_status ended = mx_hash_job_end(&job, status == MX_OK ? err : NULL);
        if (status == MX_OK) status = ended;
        MX_TRY(status);
        r->verified[first] = mx_hash_eq(job.hash, a->hash);
        if (two) r->verified[second] = mx_hash_eq(hash, b->hash);
        MX_TRY(tell(r, a->size + (two ? b->size : 0), err));
    }
    return MX_OK;
}

static mx_status copy_bytes(mx_weights_reader *r, const mx_blob *b, mx_outfile *f, mx_hash128 *hash, mx_error *err) {
    if (b->size <= MX_WEIGHTS_SMALL) {
        const uint8_t *bytes;
        MX_TRY(mx_weights_view(r, b, &bytes, err));
        mx_outfile_write(f, bytes, (size_t)b->size);
        if (hash != NULL) *hash = mx_hash_bytes(bytes, (size_t)b->size);
        return MX_OK;
    }
    const mx_source *s;
    MX_TRY(source_of(r->g, b, &s, err));
    return mx_outfile_copy(f, s, b->offset, b->size, hash, err);
}

mx_status mx_weights_copy(mx_weights_reader *r, const mx_blob *b, mx_str name, mx_outfile *f, mx_hash128 *hash,
                          mx_error *err) {
    const mx_check *c = b->check < r->n_checks ? &r->g->checks[b->check] : NULL;
    bool whole = c != NULL && c->source == b->source && c->offset == b->offset && c->size == b->size;
    if (c != NULL && !whole) MX_TRY(mx_weights_verify(r, b, name, err));
    mx_hash128 own;
    if (hash == NULL && whole) hash = &own;
    MX_TRY(copy_bytes(r, b, f, hash, err));
    if (!whole) return tell(r, b->size, err);
    if (!mx_hash_eq(*hash, c->hash)) return spoiled(r->g, c, name, err);
    r->verified[b->check] = 1;
    return tell(r, b->size, err);
}

mx_status mx_weights_equal(const mx_weights_reader *r, const mx_blob *b, const mx_source *s, uint64_t offset,
                           bool *equal, mx_error *err) {
    const mx_source *own;
    *equal = false;
    MX_TRY(source_of(r->g, b, &own, err));
    return mx_source_equal(own, b->offset, s, offset, b->size, equal, err);
}
