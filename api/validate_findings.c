/* Findings are kept until all is known: a repair may have mended them, and the report goes part by part. */
#include "api/validate.h"
#include "base/json_out.h"

#include <stdarg.h>
#include <stdio.h>

const char *mx_check_part_name(mx_check_part part) {
    static const char *const names[MX_CHECKS] = {"coverage", "graph_integrity", "hierarchy_consistency",
                                                 "auxiliary_operations"};
    return part < MX_CHECKS ? names[part] : "";
}

/* ---- noting ---- */

static mx_status note(mx_validate_job *job, mx_noted_list *list, const char *code, mx_str where, const char *message,
                      mx_error *err) {
    if (!mx_grow(job->allocator, (void **)&list->items, &list->cap, list->count, sizeof *list->items))
        return mx_nomem(err);
    mx_noted n = {.code = code, .message = mx_arena_text(&job->arena, message, strlen(message))};
    if (where.p) n.where = (mx_str){mx_arena_text(&job->arena, where.p, where.n), where.n};
    if (!n.message || (where.p && !n.where.p)) return mx_nomem(err);
    list->items[list->count++] = n;
    return MX_OK;
}

mx_status mx_validate_note(mx_validate_job *job, mx_check_part part, const char *code, mx_str where, mx_error *err,
                           const char *format, ...) {
    char message[1400];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return note(job, &job->noted[part], code, where, message, err);
}

mx_status mx_validate_mended(mx_validate_job *job, const char *code, mx_str where, mx_error *err, const char *format,
                             ...) {
    char message[1400];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return note(job, &job->mended, code, where, message, err);
}

void mx_validate_forget(mx_validate_job *job) {
    for (int i = 0; i < MX_CHECKS; i++)
        job->noted[i].count = 0;
}

/* ---- the result ---- */

void mx_validate_sum_up(mx_validate_job *job) {
    mx_validation *v = job->out;
    v->problems = 0;
    v->mended = job->mended.count;
    for (int i = 0; i < MX_CHECKS; i++) {
        mx_validation_part *p = &v->parts[i];
        p->problems = job->noted[i].count;
        p->passed = p->problems == 0;
        if (i == MX_CHECK_INTEGRITY || i == MX_CHECK_CONSISTENCY) p->value = (double)p->problems;
        v->problems += p->problems;
    }
}

/* ---- telling ---- */

static void tell_list(const mx_validate_job *job, mx_check_part part, bool mended, const mx_noted_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        mx_shown where = mx_show(list->items[i].where);
        mx_finding f = {.part = part,
                        .mended = mended,
                        .code = list->items[i].code,
                        .where = list->items[i].where.p ? where.text : NULL,
                        .message = list->items[i].message};
        job->each(job->ctx, &f);
    }
}

static void write_list(mx_json_out *j, const char *key, const mx_noted_list *list) {
    mx_json_out_array(j, key);
    for (size_t i = 0; i < list->count; i++) {
        mx_json_out_object(j, NULL);
        mx_json_out_text(j, "code", mx_str_of(list->items[i].code));
        mx_json_out_text(j, "node", list->items[i].where);
        mx_json_out_text(j, "message", mx_str_of(list->items[i].message));
        mx_json_out_close(j, '}');
    }
    mx_json_out_close(j, ']');
}

static void write_number(mx_json_out *j, const char *key, mx_check_part part, bool checked, double value) {
    bool percent = part == MX_CHECK_COVERAGE || part == MX_CHECK_AUXILIARY;
    if (!checked)
        mx_json_out_null(j, key);
    else if (percent)
        mx_json_out_double(j, key, value, 2);
    else
        mx_json_out_uint(j, key, (uint64_t)value);
}

static void write_document(const mx_validate_job *job, mx_json_out *j) {
    const mx_validation *v = job->out;
    mx_json_out_object(j, NULL);
    mx_json_out_text(j, "model", mx_str_of(job->model));
    mx_json_out_bool(j, "valid", v->problems == 0);
    mx_json_out_uint(j, "problems", v->problems);
    for (int i = 0; i < MX_CHECKS; i++) {
        const mx_validation_part *p = &v->parts[i];
        mx_json_out_object(j, mx_check_part_name((mx_check_part)i));
        mx_json_out_bool(j, "passed", p->passed);
        write_number(j, "value", (mx_check_part)i, p->checked, p->value);
        write_number(j, "expected", (mx_check_part)i, true, p->expected);
        write_list(j, "problems", &job->noted[i]);
        mx_json_out_close(j, '}');
    }
    write_list(j, "mended", &job->mended);
    if (v->backup[0])
        mx_json_out_text(j, "backup", mx_str_of(v->backup));
    else
        mx_json_out_null(j, "backup");
    mx_json_out_close(j, '}');
}

static mx_status write_report(const mx_validate_job *job, const char *path, mx_error *err) {
    mx_outfile f;
    mx_json_out j;
    MX_TRY(mx_path_is_no_source(job->graph, path, err));
    MX_TRY(mx_outfile_open(job->env, path, &f, err));
    mx_json_out_begin(&j, job->allocator, &f);
    write_document(job, &j);
    mx_status status = mx_json_out_end(&j, err);
    if (status == MX_OK) status = mx_outfile_commit(&f, err);
    mx_json_out_free(&j);
    mx_outfile_close(&f);
    return status;
}

mx_status mx_validate_tell(mx_validate_job *job, mx_error *err) {
    if (job->options->report) MX_TRY(write_report(job, job->options->report, err));
    if (!job->each) return MX_OK;
    tell_list(job, MX_CHECK_CONSISTENCY, true, &job->mended);
    for (int i = 0; i < MX_CHECKS; i++)
        tell_list(job, (mx_check_part)i, false, &job->noted[i]);
    return MX_OK;
}
