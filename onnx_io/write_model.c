/* Writing a model with its external data files: count, write under temporary names, check, put in place. */
#include "onnx_io/external.h"
#include "onnx_io/onnx_io.h"
#include "onnx_io/write.h"

#include <assert.h>
#include <sys/stat.h>

/* The caller's look at the finished model. */
typedef struct validation {
    mx_status (*check)(void *ctx, mx_source *written, mx_error *err);
    void *ctx;
} validation;

/* ---- the writer's memory ---- */

static mx_status writer_open(mx_onnx_writer *w, mx_graph *g, const char *sidecar, mx_error *err) {
    *w = (mx_onnx_writer){.g = g, .sidecar = sidecar};
    w->file_used = mx_alloc_zero(g->allocator, g->n_external_files + 1, sizeof *w->file_used);
    w->scope_sizes = mx_alloc_zero(g->allocator, g->n_scopes + 1, sizeof *w->scope_sizes);
    w->node_sizes = mx_alloc_zero(g->allocator, g->n_nodes + 1, sizeof *w->node_sizes);
    w->tensor_sizes = mx_alloc_zero(g->allocator, g->n_tensors + 1, sizeof *w->tensor_sizes);
    w->type_sizes = mx_alloc_zero(g->allocator, g->n_types + 1, sizeof *w->type_sizes);
    if (!w->file_used || !w->scope_sizes || !w->node_sizes || !w->tensor_sizes || !w->type_sizes) return mx_nomem(err);
    for (size_t i = 0; i < g->n_external_files; i++) w->file_used[i] = g->external_files[i].hidden_use;
    MX_TRY(mx_check_opaque(g, err));
    return mx_weights_open(&w->weights, g, "writing ONNX", err);
}

static void writer_close(mx_onnx_writer *w) {
    const mx_graph *g = w->g;
    mx_weights_close(&w->weights);
    mx_free(g->allocator, w->file_used, (g->n_external_files + 1) * sizeof *w->file_used);
    mx_free(g->allocator, w->scope_sizes, (g->n_scopes + 1) * sizeof *w->scope_sizes);
    mx_free(g->allocator, w->node_sizes, (g->n_nodes + 1) * sizeof *w->node_sizes);
    mx_free(g->allocator, w->tensor_sizes, (g->n_tensors + 1) * sizeof *w->tensor_sizes);
    mx_free(g->allocator, w->type_sizes, (g->n_types + 1) * sizeof *w->type_sizes);
}

/* ---- steps ---- */

/* The model must not replace the file that it is going to point into. */
static mx_status check_sidecar(const mx_graph *g, const char *path, mx_error *err) {
    struct stat st;
    const mx_source *s = g->n_sources > 0 ? g->sources[0] : NULL;
    if (s == NULL || s->fd < 0)
        return mx_fail(err, MX_ERR_USAGE, "the model cannot point into an .onnxdata file: there is none");
    if (stat(path, &st) == 0 && (uint64_t)st.st_dev == s->device && (uint64_t)st.st_ino == s->inode)
        return mx_at_file(err, mx_fail(err, MX_ERR_USAGE, "is the .onnxdata file that the model needs"), path);
    return MX_OK;
}

static mx_status write_content(mx_onnx_writer *w, mx_outfile *f, const validation *v, mx_error *err) {
    uint64_t size = w->counted;
    w->file = f;
    MX_TRY(mx_out_model(w, err));
    assert(f->position == size);
    (void)size;
    if (v->check != NULL) {
        mx_source *written;
        MX_TRY(mx_outfile_source(f, &w->g->env, &written, err));
        mx_status status = v->check(v->ctx, written, err);
        mx_source_release(written);
        if (status != MX_OK) return status;
    }
    return mx_outfile_finish(f, err);
}

/* protobuf libraries refuse messages of 2 GiB and more, though the format knows no such limit. */
static void warn_of_size(const mx_onnx_writer *w) {
    const mx_env *env = &w->g->env;
    if (w->counted > INT32_MAX && env->log != NULL)
        env->log(env->ctx, MX_LOG_WARNING,
                 "the model is larger than 2 GiB: most programs can read it only with its weights as external data");
}

static mx_status write_files(mx_onnx_writer *w, mx_outfile *f, mx_external_output *e, const char *path,
                             const validation *v, mx_error *err) {
    MX_TRY(mx_out_model(w, err)); /* counts */
    warn_of_size(w);
    if (w->sidecar != NULL) MX_TRY(mx_weights_verify_ahead(&w->weights, 0, err));
    MX_TRY(mx_outfile_open(&w->g->env, path, f, err));
    MX_TRY(mx_external_prepare(e, &w->weights, w->file_used, path, err));
    MX_TRY(write_content(w, f, v, err));
    MX_TRY(mx_external_commit(e, err));
    mx_status status = mx_outfile_commit(f, err);
    if (status != MX_OK) mx_external_undo(e);
    return status;
}

mx_status mx_onnx_write(mx_graph *g, const char *path, const mx_onnx_write_options *options,
                        mx_status (*validate)(void *ctx, mx_source *written, mx_error *err), void *ctx, mx_error *err) {
    const char *sidecar = options != NULL ? options->sidecar_location : NULL;
    const validation v = {validate, ctx};
    mx_onnx_writer w;
    mx_outfile f = {.fd = -1};
    mx_external_output e = {0};
    if (sidecar != NULL) MX_TRY(check_sidecar(g, path, err));
    mx_status status = writer_open(&w, g, sidecar, err);
    if (status == MX_OK) status = write_files(&w, &f, &e, path, &v, err);
    mx_external_close(&e);
    mx_outfile_close(&f);
    writer_close(&w);
    return status;
}
