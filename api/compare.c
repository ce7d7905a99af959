#include "converter/compare.h"
#include "api/load.h"
#include "base/outfile.h"
#include "base/text.h"

/* What the caller's function is told goes to the report as well. */
typedef struct compare_report {
    mx_difference_fn each;
    void *ctx;
    mx_buffer json; /* of one difference */
    mx_outfile file;
    uint64_t written;
} compare_report;

static void member(mx_buffer *b, const char *name, const char *value) {
    if (!value) return;
    mx_buffer_cstr(b, ", \"");
    mx_buffer_cstr(b, name);
    mx_buffer_cstr(b, "\": ");
    mx_json_bytes(b, mx_str_of(value));
}

static bool write_difference(void *ctx, const mx_difference *d) {
    static const char *const kinds[] = {"added", "removed", "changed"};
    compare_report *r = ctx;
    mx_buffer *b = &r->json;
    mx_buffer_clear(b);
    mx_buffer_cstr(b, r->written++ ? ",\n  {\"kind\": \"" : "\n  {\"kind\": \"");
    mx_buffer_cstr(b, kinds[d->kind]);
    mx_buffer_cstr(b, "\"");
    member(b, "what", d->what);
    member(b, "where", d->where);
    member(b, "before", d->before);
    member(b, "after", d->after);
    mx_buffer_byte(b, '}');
    mx_outfile_write(&r->file, b->data, b->size);
    return !r->each || r->each(r->ctx, d);
}

static mx_status end_report(compare_report *r, uint64_t count, mx_error *err) {
    mx_buffer *b = &r->json;
    bool lost = b->failed;
    mx_buffer_clear(b);
    mx_buffer_cstr(b, r->written ? "\n ],\n \"count\": " : "],\n \"count\": ");
    mx_buffer_uint(b, count);
    mx_buffer_cstr(b, count ? ",\n \"identical\": false\n}\n" : ",\n \"identical\": true\n}\n");
    if (lost || b->failed) return mx_nomem(err);
    mx_outfile_write(&r->file, b->data, b->size);
    return mx_outfile_commit(&r->file, err);
}

static mx_status compare_files(const mx_env *env, const char *a, const char *b, mx_difference_fn each, void *ctx,
                               uint64_t *count, mx_error *err) {
    mx_graph *ga = NULL, *gb = NULL;
    *count = 0;
    mx_status status = mx_load_as_it_is(env, a, &ga, err);
    if (status == MX_OK) status = mx_load_as_it_is(env, b, &gb, err);
    if (status == MX_OK) status = mx_graph_compare(ga, gb, each, ctx, count, err);
    mx_graph_free(ga);
    mx_graph_free(gb);
    return status;
}

mx_status mx_compare(const mx_env *env, const char *a, const char *b, const char *report, mx_difference_fn each,
                     void *ctx, uint64_t *count, mx_error *err) {
    static const char head[] = "{\"differences\": [";
    if (!report) return compare_files(env, a, b, each, ctx, count, err);
    compare_report r = {.each = each, .ctx = ctx};
    *count = 0;
    mx_buffer_init(&r.json, env ? env->allocator : NULL);
    MX_TRY(mx_outfile_open(env, report, &r.file, err));
    mx_outfile_write(&r.file, head, sizeof head - 1);
    mx_status status = compare_files(env, a, b, write_difference, &r, count, err);
    if (status == MX_OK) status = end_report(&r, *count, err);
    mx_outfile_close(&r.file);
    mx_buffer_free(&r.json);
    return status;
}
