/* The result of an export, and its JSON. */
#include "api/export.h"
#include "base/json_out.h"

#include <sys/resource.h>

/* ---- the result ---- */

static double share(uint64_t part, uint64_t whole, double of_nothing) {
    return whole ? (double)part / (double)whole : of_nothing;
}

static mx_status copy_types(const mx_export_job *job, mx_export_profile *p, mx_error *err) {
    const mx_htp_summary *s = &job->summary;
    mx_operation_count *types = mx_arena_array(job->arena, s->n_auxiliary_types, sizeof *types);
    mx_buffer clean;
    if (!types) return mx_nomem(err);
    mx_buffer_init(&clean, job->graph->allocator);
    for (size_t i = 0; i < s->n_auxiliary_types; i++) {
        mx_buffer_clear(&clean);
        mx_utf8_clean(&clean, mx_text(job->graph, s->auxiliary_types[i].op_type));
        mx_str text = mx_buffer_str(&clean);
        types[i].op_type = clean.failed ? NULL : mx_arena_text(job->arena, text.p, text.n);
        types[i].count = s->auxiliary_types[i].operators;
        if (types[i].op_type) continue;
        mx_buffer_free(&clean);
        return mx_nomem(err);
    }
    mx_buffer_free(&clean);
    p->operation_types = types;
    p->n_operation_types = s->n_auxiliary_types;
    return MX_OK;
}

static mx_status make_profile(const mx_export_job *job, mx_export_profile *p, mx_error *err) {
    const mx_htp_summary *s = &job->summary;
    struct rusage usage = {0};
    getrusage(RUSAGE_SELF, &usage);
    *p = (mx_export_profile){
        .auxiliary_operations_coverage = share(s->auxiliary_tagged, s->auxiliary, 1),
        .context_inheritance_success_rate =
            share(s->auxiliary_inherited, s->auxiliary_inherited + s->auxiliary_root, 1),
        .fallback_strategy_usage = share(s->auxiliary_root, s->auxiliary, 0),
        .total_auxiliary_ops = s->auxiliary,
        .tagged_auxiliary_ops = s->auxiliary_tagged,
        .context_inherited = s->auxiliary_inherited,
        .fallback_tagged = s->auxiliary_root,
        .graph_context_building_time = job->tagging.context_seconds,
        .context_inheritance_time = job->tagging.inheritance_seconds,
        .fallback_strategy_time = job->tagging.fallback_seconds,
        .memory_peak_usage = (double)usage.ru_maxrss / 1024.0,
    };
    return copy_types(job, p, err);
}

static mx_status copy_files(const mx_export_job *job, mx_export_result *r, mx_error *err) {
    mx_export_file *files = mx_arena_array(job->arena, job->n_files, sizeof *files);
    if (!files) return mx_nomem(err);
    memcpy(files, job->files, job->n_files * sizeof *files);
    r->files = files;
    r->n_files = job->n_files;
    r->output_path = mx_arena_text(job->arena, job->output, strlen(job->output));
    r->onnx_path = mx_arena_text(job->arena, job->model, strlen(job->model));
    return r->output_path && r->onnx_path ? MX_OK : mx_nomem(err);
}

mx_status mx_export_make_result(const mx_export_job *job, mx_export_result *r, mx_error *err) {
    const mx_htp_summary *s = &job->summary;
    *r = (mx_export_result){.success = true,
                            .strategy = job->strategy,
                            .total_operations = s->operators,
                            .tagged_operations = s->tagged,
                            .operation_trace_length = s->source_operators,
                            .native_op_regions = s->regions,
                            .builtin_tracking_enabled = job->options->builtin_tracking,
                            .export_time = mx_seconds_now() - job->began,
                            .file_size = job->file_size,
                            .strategies_tried = job->tried.items,
                            .n_strategies_tried = job->tried.count,
                            .optimizations_applied = job->optimizations.items,
                            .n_optimizations_applied = job->optimizations.count,
                            .warnings = job->warnings.items,
                            .n_warnings = job->warnings.count,
                            .selection = job->selection,
                            .has_profile = job->options->performance_monitoring};
    MX_TRY(copy_files(job, r, err));
    return r->has_profile ? make_profile(job, &r->profile, err) : MX_OK;
}

/* ---- as JSON ---- */

static void put_cstr(mx_json_out *j, const char *key, const char *value) {
    mx_json_out_text(j, key, mx_str_of(value));
}

static void put_list(mx_json_out *j, const char *key, const char *const *items, size_t count) {
    mx_json_out_array(j, key);
    for (size_t i = 0; i < count; i++) put_cstr(j, NULL, items[i]);
    mx_json_out_close(j, ']');
}

static void put_summary(mx_json_out *j, const mx_export_result *r) {
    mx_json_out_object(j, "summary");
    mx_json_out_bool(j, "success", r->success);
    put_cstr(j, "final_strategy", r->strategy);
    put_list(j, "strategies_tried", r->strategies_tried, r->n_strategies_tried);
    mx_json_out_double(j, "export_time", r->export_time, 3);
    mx_json_out_uint(j, "file_size", r->file_size);
    mx_json_out_close(j, '}');
}

static void put_selection(mx_json_out *j, const mx_recommendation *s) {
    const mx_characteristics *c = &s->characteristics;
    mx_json_out_object(j, "strategy_selection");
    put_cstr(j, "selected", mx_strategy_name(s->selected));
    mx_json_out_double(j, "confidence", s->confidence, 2);
    put_list(j, "reasoning", s->reasoning, s->n_reasoning);
    mx_json_out_object(j, "characteristics");
    put_cstr(j, "model_type", c->model_type);
    mx_json_out_bool(j, "has_control_flow", c->has_control_flow);
    mx_json_out_bool(j, "is_huggingface", c->is_huggingface);
    mx_json_out_uint(j, "module_count", c->module_count);
    mx_json_out_bool(j, "has_dynamic_shapes", c->has_dynamic_shapes);
    put_cstr(j, "estimated_complexity", c->estimated_complexity);
    put_list(j, "framework_hints", c->framework_hints, c->n_framework_hints);
    mx_json_out_close(j, '}');
    mx_json_out_close(j, '}');
}

static void put_profile(mx_json_out *j, const mx_export_profile *p, double export_time) {
    mx_json_out_double(j, "export_time", export_time, 6);
    mx_json_out_double(j, "auxiliary_operations_coverage", p->auxiliary_operations_coverage, 4);
    mx_json_out_double(j, "context_inheritance_success_rate", p->context_inheritance_success_rate, 4);
    mx_json_out_double(j, "fallback_strategy_usage", p->fallback_strategy_usage, 4);
    mx_json_out_object(j, "auxiliary_operations_analysis");
    mx_json_out_uint(j, "total_auxiliary_ops", p->total_auxiliary_ops);
    mx_json_out_uint(j, "tagged_auxiliary_ops", p->tagged_auxiliary_ops);
    mx_json_out_uint(j, "context_inherited", p->context_inherited);
    mx_json_out_uint(j, "fallback_tagged", p->fallback_tagged);
    mx_json_out_object(j, "operation_types");
    for (size_t i = 0; i < p->n_operation_types; i++)
        mx_json_out_uint(j, p->operation_types[i].op_type, p->operation_types[i].count);
    mx_json_out_close(j, '}');
    mx_json_out_close(j, '}');
    mx_json_out_object(j, "performance_profile");
    mx_json_out_double(j, "graph_context_building_time", p->graph_context_building_time, 6);
    mx_json_out_double(j, "context_inheritance_time", p->context_inheritance_time, 6);
    mx_json_out_double(j, "fallback_strategy_time", p->fallback_strategy_time, 6);
    mx_json_out_double(j, "memory_peak_usage", p->memory_peak_usage, 3);
    mx_json_out_close(j, '}');
}

static void put_result(mx_json_out *j, const mx_export_result *r) {
    mx_json_out_object(j, NULL);
    mx_json_out_bool(j, "success", r->success);
    put_cstr(j, "output_path", r->output_path);
    put_cstr(j, "onnx_path", r->onnx_path);
    if (r->error) put_cstr(j, "error", r->error);
    if (r->success) {
        put_cstr(j, "strategy", r->strategy);
        mx_json_out_uint(j, "total_operations", r->total_operations);
        mx_json_out_uint(j, "tagged_operations", r->tagged_operations);
        mx_json_out_uint(j, "operation_trace_length", r->operation_trace_length);
        mx_json_out_uint(j, "native_op_regions", r->native_op_regions);
        mx_json_out_bool(j, "builtin_tracking_enabled", r->builtin_tracking_enabled);
        mx_json_out_object(j, "files");
        for (size_t i = 0; i < r->n_files; i++) put_cstr(j, r->files[i].kind, r->files[i].path);
        mx_json_out_close(j, '}');
        put_summary(j, r);
        put_selection(j, &r->selection);
        put_list(j, "optimizations_applied", r->optimizations_applied, r->n_optimizations_applied);
    }
    put_list(j, "warnings", r->warnings, r->n_warnings);
    if (r->has_profile) put_profile(j, &r->profile, r->export_time);
    mx_json_out_close(j, '}');
}

static mx_status put_all(mx_json_out *j, const mx_export_result *const *results, size_t count, bool batch,
                         mx_error *err) {
    bool success = true;
    if (!batch && count != 1) return mx_fail(err, MX_ERR_USAGE, "%zu results are not one", count);
    for (size_t i = 0; i < count; i++) success = success && results[i]->success;
    if (batch) {
        mx_json_out_object(j, NULL);
        mx_json_out_bool(j, "success", success);
        mx_json_out_array(j, "results");
    }
    for (size_t i = 0; i < count; i++) put_result(j, results[i]);
    if (batch) {
        mx_json_out_close(j, ']');
        mx_json_out_close(j, '}');
    }
    return mx_json_out_end(j, err);
}

mx_status mx_export_results_json(const mx_env *env, const mx_export_result *const *results, size_t count, bool batch,
                                 mx_write_fn write, void *ctx, mx_error *err) {
    mx_json_out j;
    mx_json_out_begin(&j, env ? env->allocator : NULL, NULL);
    mx_status status = put_all(&j, results, count, batch, err);
    if (status == MX_OK) write(ctx, j.text.data, j.text.size);
    mx_json_out_free(&j);
    return status;
}

mx_status mx_export_results_save(const mx_env *env, const mx_export_result *const *results, size_t count, bool batch,
                                 const char *path, mx_error *err) {
    mx_json_out j;
    mx_outfile f;
    MX_TRY(mx_outfile_open(env, path, &f, err));
    mx_json_out_begin(&j, env ? env->allocator : NULL, &f);
    mx_status status = put_all(&j, results, count, batch, err);
    if (status == MX_OK) status = mx_outfile_commit(&f, err);
    mx_json_out_free(&j);
    mx_outfile_close(&f);
    return status;
}
