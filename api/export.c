/* ONNX in, the same model with tags out. This file is the order of the steps; each stands in a file of its own. */
#include "api/export.h"
#include "htp/strategy.h"

#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

/* A result and the memory of all its texts. */
typedef struct result_memory {
    mx_export_result result;
    const mx_allocator *allocator;
    mx_arena arena;
} result_memory;

double mx_seconds_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

mx_export_options mx_export_options_default(void) {
    return (mx_export_options){.builtin_tracking = true};
}

/* ---- what the result keeps ---- */

static mx_status add_text(mx_export_job *job, mx_text_list *list, const char *text, mx_error *err) {
    if (list->count == list->cap) {
        size_t cap = list->cap ? list->cap * 2 : 8;
        const char **items = mx_arena_array(job->arena, cap, sizeof *items);
        if (!items) return mx_nomem(err);
        if (list->count) memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
        list->cap = cap;
    }
    const char *copy = mx_arena_text(job->arena, text, strlen(text));
    if (!copy) return mx_nomem(err);
    list->items[list->count++] = copy;
    return MX_OK;
}

static void say(const mx_export_job *job, mx_log_level level, const char *text) {
    if (job->env && job->env->log) job->env->log(job->env->ctx, level, text);
}

mx_status mx_export_note(mx_export_job *job, mx_text_list *list, mx_error *err, const char *format, ...) {
    char text[1400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return add_text(job, list, text, err);
}

mx_status mx_export_warn(mx_export_job *job, mx_error *err, const char *format, ...) {
    char text[1400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    say(job, MX_LOG_WARNING, text);
    return add_text(job, &job->warnings, text, err);
}

mx_status mx_export_add_file(mx_export_job *job, const char *kind, const char *path, mx_error *err) {
    const char *copy = mx_arena_text(job->arena, path, strlen(path));
    if (!copy) return mx_nomem(err);
    if (job->n_files < MX_EXPORT_FILES) job->files[job->n_files++] = (mx_export_file){kind, copy};
    return MX_OK;
}

/* ---- steps ---- */

static mx_status configure(mx_export_job *job, mx_error *err) {
    return mx_at_file(err, mx_export_apply_config(job, err), job->model);
}

/* A graph input's default value counts as used. */
static size_t drop_dead_tensors(const mx_graph *g, mx_scope_data *s) {
    size_t kept = 0, before = s->n_initializers;
    for (size_t i = 0; i < before; i++)
        if (!g->tensors[s->initializers[i]].unused_at_source) s->initializers[kept++] = s->initializers[i];
    s->n_initializers = kept;
    return before - kept;
}

static size_t drop_dead_sparse(const mx_graph *g, mx_scope_data *s) {
    size_t kept = 0, before = s->n_sparse;
    for (size_t i = 0; i < before; i++)
        if (!g->sparses[s->sparse_initializers[i]].unused_at_source)
            s->sparse_initializers[kept++] = s->sparse_initializers[i];
    s->n_sparse = kept;
    return before - kept;
}

static mx_status optimize(mx_export_job *job, mx_error *err) {
    mx_graph *g = job->graph;
    uint64_t dropped = 0;
    if (!job->options->optimize) return MX_OK;
    if (job->torch.folded_norms)
        MX_TRY(mx_export_note(job, &job->optimizations, err, "%llu batch normalisations went into the convolutions before them",
                              (unsigned long long)job->torch.folded_norms));
    for (size_t i = 0; i < g->n_scopes; i++)
        dropped += drop_dead_tensors(g, &g->scopes[i]) + drop_dead_sparse(g, &g->scopes[i]);
    if (!dropped) return MX_OK;
    return mx_export_note(job, &job->optimizations, err, "%llu initializers that nothing uses were left out",
                          (unsigned long long)dropped);
}

static mx_status place(mx_export_job *job, mx_error *err) {
    MX_TRY(optimize(job, err));
    return mx_export_place_weights(job, err);
}

static void describe_step(const mx_export_job *job, mx_htp_step *step) {
    const mx_htp_summary *s = &job->summary;
    if (strcmp(step->name, "model_loading") == 0) {
        size_t operators = 0;
        for (size_t i = 0; i < job->graph->n_scopes; i++) operators += job->graph->scopes[i].n_operators;
        snprintf(step->detail, sizeof step->detail, "%zu operators, %zu tensors", operators, job->graph->n_tensors);
    } else if (strcmp(step->name, "node_tagging") == 0) {
        snprintf(step->detail, sizeof step->detail, "%zu modules; %llu of %llu operators with a tag, by %s",
                 job->tagging.tree.count, (unsigned long long)s->tagged, (unsigned long long)s->operators, job->strategy);
    } else if (strcmp(step->name, "configuration") == 0) {
        snprintf(step->detail, sizeof step->detail, "%zu warning%s", job->warnings.count,
                 job->warnings.count == 1 ? "" : "s");
    } else {
        snprintf(step->detail, sizeof step->detail, "%s",
                 job->weights_location[0] ? "left in the model's file" : job->n_files ? "beside the model" : "as they were");
    }
}

static void say_step(const mx_export_job *job, const mx_htp_step *step) {
    char line[256];
    snprintf(line, sizeof line, "%s: %s", step->name, step->detail);
    say(job, MX_LOG_INFO, line);
}

static mx_status run_steps(mx_export_job *job, mx_error *err) {
    static const struct {
        const char *name;
        mx_status (*run)(mx_export_job *job, mx_error *err);
    } steps[] = {{"model_loading", mx_export_load}, {"configuration", configure}, {"node_tagging", mx_export_tag},
                 {"weights", place}};
    enum { N = sizeof steps / sizeof *steps };
    const mx_env *env = job->env;
    for (uint64_t i = 0; i < N; i++) {
        if (env && env->progress && !env->progress(env->ctx, steps[i].name, i, N + 1))
            return mx_fail(err, MX_ERR_CANCELLED, "cancelled");
        double began = mx_seconds_now();
        MX_TRY(steps[i].run(job, err));
        mx_htp_step *step = &job->steps[job->n_steps++];
        step->name = steps[i].name;
        step->seconds = mx_seconds_now() - began;
        describe_step(job, step);
        if (job->options->verbose) say_step(job, step);
    }
    return mx_export_write(job, err);
}

/* ---- before and after ---- */

static mx_status name_files(mx_export_job *job, mx_error *err) {
    const mx_export_options *o = job->options;
    bool fit = strlen(job->model) < MX_PATH_BYTES &&
               mx_path_with_ending(job->output, ".onnx", "_htp_metadata.json", job->metadata_path) &&
               mx_path_with_ending(job->output, ".onnx", "_hierarchy.json", job->hierarchy_path) &&
               mx_path_with_ending(job->output, ".onnx", "_htp_export_report.md", job->report_path) &&
               mx_path_with_ending(job->output, ".onnx", "_hierarchical_graph.graphml", job->graphml_path);
    if (fit && o->graphml_output)
        fit = (size_t)snprintf(job->graphml_path, MX_PATH_BYTES, "%s", o->graphml_output) < MX_PATH_BYTES;
    return fit ? MX_OK : mx_at_file(err, mx_fail(err, MX_ERR_USAGE, "the path is too long"), job->output);
}

static void set_timestamp(mx_export_job *job) {
    time_t now = time(NULL);
    struct tm tm;
    if (job->options->timestamp) {
        snprintf(job->timestamp, sizeof job->timestamp, "%s", job->options->timestamp);
    } else if (!gmtime_r(&now, &tm) || !strftime(job->timestamp, sizeof job->timestamp, "%Y-%m-%dT%H:%M:%SZ", &tm)) {
        job->timestamp[0] = '\0';
    }
}

static mx_status check_options(const mx_export_job *job, mx_error *err) {
    const mx_export_options *o = job->options;
    if ((unsigned)o->strategy > MX_STRATEGY_FX || (unsigned)o->hierarchy_attrs > MX_HIERARCHY_NONE ||
        (unsigned)o->external_data > MX_EXTERNAL_SOURCE)
        return mx_fail(err, MX_ERR_USAGE, "an option has a value that it does not take");
    if (!o->temp_dir || access(o->temp_dir, W_OK | X_OK) == 0) return MX_OK;
    mx_fail_errno(err, MX_ERR_WRITE, "cannot hold temporary files");
    return mx_at_file(err, MX_ERR_WRITE, o->temp_dir);
}

static mx_status run(mx_export_job *job, mx_error *err) {
    MX_TRY(check_options(job, err));
    MX_TRY(mx_export_kind_of(job->model, &job->kind, err));
    MX_TRY(name_files(job, err));
    set_timestamp(job);
    return run_steps(job, err);
}

static void close_job(mx_export_job *job) {
    mx_htp_summary_free(&job->summary);
    mx_htp_keys_free(&job->keys);
    mx_htp_tagging_free(&job->tagging);
    mx_metadata_file_free(&job->metadata);
    mx_graph_release(job->graph);
}

static mx_status new_result(const mx_env *env, result_memory **out, mx_error *err) {
    const mx_allocator *a = env ? env->allocator : NULL;
    *out = mx_alloc_zero(a, 1, sizeof **out);
    if (!*out) return mx_nomem(err);
    (*out)->allocator = a;
    mx_arena_init(&(*out)->arena, a);
    return MX_OK;
}

mx_status mx_export(const mx_env *env, const char *model, const char *output, const mx_export_options *options,
                    mx_export_result **out, mx_error *err) {
    const mx_export_options defaults = mx_export_options_default();
    result_memory *memory;
    if (out) *out = NULL;
    MX_TRY(new_result(env, &memory, err));
    mx_export_job job = {.env = env,
                         .model = model,
                         .output = output,
                         .options = options ? options : &defaults,
                         .arena = &memory->arena,
                         .began = mx_seconds_now()};
    if (job.options->config) job.config = *job.options->config;
    mx_status status = run(&job, err);
    if (status == MX_OK) status = mx_export_make_result(&job, &memory->result, err);
    close_job(&job);
    if (status == MX_OK && out) *out = &memory->result;
    else mx_export_result_free(&memory->result);
    return status;
}

mx_status mx_export_failed(const mx_env *env, const char *model, const mx_error *why, mx_export_result **out,
                           mx_error *err) {
    result_memory *memory;
    *out = NULL;
    MX_TRY(new_result(env, &memory, err));
    memory->result.onnx_path = mx_arena_text(&memory->arena, model, strlen(model));
    memory->result.error = mx_arena_text(&memory->arena, why->message, strlen(why->message));
    if (memory->result.onnx_path && memory->result.error) {
        *out = &memory->result;
        return MX_OK;
    }
    mx_export_result_free(&memory->result);
    return mx_nomem(err);
}

void mx_export_result_free(mx_export_result *result) {
    result_memory *memory = (result_memory *)result; /* its first member */
    if (!memory) return;
    mx_arena_free(&memory->arena);
    mx_free(memory->allocator, memory, sizeof *memory);
}

/* ---- recommending ---- */

typedef struct recommending {
    const mx_allocator *allocator;
    mx_arena arena;
} recommending;

static mx_status recommend(const mx_env *env, const char *model, const char *metadata, bool prioritize_speed,
                           mx_arena *arena, mx_recommendation *out, mx_error *err) {
    const mx_export_options defaults = mx_export_options_default();
    mx_export_job job = {.env = env, .model = model, .options = &defaults};
    mx_status status = mx_export_kind_of(model, &job.kind, err);
    if (status == MX_OK) status = mx_export_load(&job, err);
    if (status == MX_OK) status = mx_metadata_file_load(env, model, metadata, &job.metadata, err);
    bool has_tree = job.metadata.path[0] != '\0';
    if (status == MX_OK)
        status = mx_htp_recommend(job.graph, has_tree, MX_STRATEGY_AUTO, prioritize_speed, arena, out, err);
    const mx_htp_options options = {.metadata = has_tree ? job.metadata.text.data : NULL,
                                    .metadata_size = has_tree ? job.metadata.text.size : 0,
                                    .module_stack = job.kind == MX_EXPORT_PT2};
    if (status == MX_OK) status = mx_htp_tag(job.graph, &options, &job.tagging, err);
    if (status == MX_OK) mx_htp_recommend_from_tree(&job.tagging.tree, out);
    close_job(&job);
    return mx_at_file(err, status, has_tree ? job.metadata.path : model);
}

mx_status mx_recommend_strategy(const mx_env *env, const char *model, const char *metadata, bool prioritize_speed,
                                mx_recommendation *out, mx_error *err) {
    const mx_allocator *a = env ? env->allocator : NULL;
    recommending *owner = mx_alloc(a, sizeof *owner);
    *out = (mx_recommendation){0};
    if (!owner) return mx_nomem(err);
    owner->allocator = a;
    mx_arena_init(&owner->arena, a);
    mx_status status = recommend(env, model, metadata, prioritize_speed, &owner->arena, out, err);
    out->owner = owner;
    if (status != MX_OK) mx_recommendation_free(out);
    return status;
}

void mx_recommendation_free(mx_recommendation *r) {
    recommending *owner = r->owner;
    if (owner) {
        mx_arena_free(&owner->arena);
        mx_free(owner->allocator, owner, sizeof *owner);
    }
    *r = (mx_recommendation){0};
}
