/* Is a model what it should be? This file is the order of the steps. */
#include "api/validate.h"

static mx_status look(mx_validate_job *job, mx_error *err) {
    mx_validate_forget(job);
    MX_TRY(mx_validate_load(job, err));
    MX_TRY(mx_at_file(err, mx_validate_graph(job, err), job->model));
    MX_TRY(mx_validate_tags(job, err));
    if (!job->options->check_consistency) return MX_OK;
    job->out->parts[MX_CHECK_CONSISTENCY].checked = true;
    return mx_consistency_check(&job->tags, err);
}

static mx_status look_again(mx_validate_job *job, mx_error *err) {
    mx_validate_unload(job);
    return look(job, err);
}

/* What was mended is looked at once more, in the files that were written. */
static mx_status repair(mx_validate_job *job, mx_error *err) {
    bool changed = false;
    MX_TRY(mx_validate_repair(job, &changed, err));
    if (changed) MX_TRY(look_again(job, err));
    if (!job->options->check_consistency) return MX_OK;
    MX_TRY(mx_validate_repair_metadata(job, &changed, err));
    return changed ? look_again(job, err) : MX_OK;
}

static mx_status validate(mx_validate_job *job, mx_error *err) {
    if (job->options->repair && mx_path_has_ending(job->model, ".graphml"))
        return mx_at_file(err, mx_fail(err, MX_ERR_USAGE, "only ONNX files can be repaired: import this one first"),
                          job->model);
    MX_TRY(look(job, err));
    if (job->options->repair) MX_TRY(repair(job, err));
    mx_validate_sum_up(job);
    return mx_validate_tell(job, err);
}

static mx_status note_consistency(void *ctx, const char *code, mx_str where, const char *message, mx_error *err) {
    return mx_validate_note(ctx, MX_CHECK_CONSISTENCY, code, where, err, "%s", message);
}

static void free_lists(mx_validate_job *job) {
    for (int i = 0; i < MX_CHECKS; i++)
        mx_free(job->allocator, job->noted[i].items, job->noted[i].cap * sizeof *job->noted[i].items);
    mx_free(job->allocator, job->mended.items, job->mended.cap * sizeof *job->mended.items);
    mx_arena_free(&job->arena);
}

mx_status mx_validate(const mx_env *env, const char *model, const mx_validate_options *options, mx_finding_fn each,
                      void *ctx, mx_validation *out, mx_error *err) {
    static const mx_validate_options defaults = {0};
    mx_validate_job *job = mx_alloc_zero(env ? env->allocator : NULL, 1, sizeof *job);
    *out = (mx_validation){0};
    if (!job) return mx_nomem(err);
    *job = (mx_validate_job){.env = env, .allocator = env ? env->allocator : NULL, .model = model, .out = out};
    job->options = options ? options : &defaults;
    job->tags = (mx_consistency){.env = env,
                                 .model = model,
                                 .given_metadata = job->options->metadata,
                                 .given_graphml = job->options->graphml,
                                 .note = note_consistency,
                                 .ctx = job};
    job->each = each;
    job->ctx = ctx;
    mx_arena_init(&job->arena, job->allocator);
    mx_status status = validate(job, err);
    if (status != MX_OK) mx_validate_restore(job);
    mx_validate_unload(job);
    free_lists(job);
    mx_free(job->allocator, job, sizeof *job);
    return status;
}
