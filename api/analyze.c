#include "api/analyze.h"

#include "api/paths.h"

#include <sys/stat.h>

enum { PIECE = 1 << 16 };

void mx_analysis_drain(const mx_analysis_sink *sink, mx_buffer *b, bool all) {
    if (b->failed || b->size == 0 || (!all && b->size < PIECE)) return;
    sink->write(sink->ctx, b->data, b->size);
    mx_buffer_clear(b);
}

static mx_status write_analysis(const mx_analysis *a, mx_analysis_format format, const mx_analysis_sink *sink, mx_error *err) {
    switch (format) {
    case MX_ANALYSIS_SUMMARY: return mx_analysis_summary(a, sink, err);
    case MX_ANALYSIS_DETAILED: return mx_analysis_detailed(a, sink, err);
    case MX_ANALYSIS_JSON: return mx_analysis_json(a, sink, err);
    case MX_ANALYSIS_CSV: return mx_analysis_csv(a, sink, err);
    }
    return mx_fail(err, MX_ERR_USAGE, "there is no such format of an analysis");
}

static void free_analysis(mx_analysis *a) {
    if (a->tags) {
        const mx_allocator *allocator = a->g->allocator;
        mx_free(allocator, a->tag_counts.items, a->tag_counts.cap * sizeof *a->tag_counts.items);
        mx_free(allocator, a->type_counts.items, a->type_counts.cap * sizeof *a->type_counts.items);
        mx_htp_keys_free(&a->keys);
    }
    mx_arena_free(&a->arena);
    mx_tags_free(a->tags);
}

/* What is analyzed must not be overwritten by the result. */
static mx_status check_output(const mx_graph *g, const char *model, const char *output, mx_error *err) {
    struct stat a, b;
    if (!output) return MX_OK;
    if (stat(model, &a) == 0 && stat(output, &b) == 0 && a.st_dev == b.st_dev && a.st_ino == b.st_ino)
        return mx_at_file(err, mx_fail(err, MX_ERR_WRITE, "is the model itself"), output);
    return mx_path_is_no_source(g, output, err);
}

/* output: the file that the sink writes, NULL: none. */
static mx_status analyze(const mx_env *env, const char *model, const mx_analysis_options *options, const char *output,
                         const mx_analysis_sink *sink, uint64_t *matched, mx_error *err) {
    static const mx_analysis_options defaults = {0};
    if (!options) options = &defaults;
    mx_analysis a = {.model = mx_path_base(model), .filter = options->filter_tag};
    if (matched) *matched = 0;
    MX_TRY(mx_tags_load(env, model, &a.tags, err));
    mx_arena_init(&a.arena, sink->allocator);
    a.g = mx_tags_graph(a.tags);
    mx_status status = check_output(a.g, model, output, err);
    if (status == MX_OK) status = mx_analysis_build(&a, err);
    if (status == MX_OK) status = write_analysis(&a, options->format, sink, err);
    if (matched) *matched = a.figures.operators;
    free_analysis(&a);
    return mx_at_file(err, status, model);
}

mx_status mx_analyze(const mx_env *env, const char *model, const mx_analysis_options *options, mx_write_fn write,
                     void *ctx, uint64_t *matched, mx_error *err) {
    mx_analysis_sink sink = {write, ctx, env ? env->allocator : NULL};
    return analyze(env, model, options, NULL, &sink, matched, err);
}

static void write_to_file(void *ctx, const char *text, size_t size) {
    mx_outfile_write(ctx, text, size);
}

mx_status mx_analyze_to_file(const mx_env *env, const char *model, const mx_analysis_options *options, const char *path,
                             uint64_t *matched, mx_error *err) {
    mx_outfile f;
    MX_TRY(mx_outfile_open(env, path, &f, err));
    mx_analysis_sink sink = {write_to_file, &f, env ? env->allocator : NULL};
    mx_status status = analyze(env, model, options, path, &sink, matched, err);
    if (status == MX_OK) status = mx_outfile_commit(&f, err);
    mx_outfile_close(&f);
    return status;
}
