/* Reading a GraphML file: the passes of import.h, one after the other. */
#include "converter/order.h"
#include "graphml/import.h"
#include "graphml/legacy.h"

static mx_status begin(mx_import *im, const mx_env *env) {
    uint32_t placeholder;
    MX_TRY(mx_graph_new(env, &im->g, im->err));
    im->arena = &im->g->arena;
    im->allocator = im->g->allocator;
    mx_buffer_init(&im->values, im->allocator);
    mx_map_init(&im->by_key, im->allocator);
    mx_map_init(&im->initializers, im->allocator);
    mx_map_init(&im->renamed, im->allocator);
    if (!mx_strings_init(&im->ids, im->allocator)) return mx_nomem(im->err);
    return mx_graph_add_source(im->g, NULL, &placeholder, im->err);
}

/* Blobs got their source before it was known: bytes by value lie in one source of their own, and with `reference` the
 * bytes of external tensors in the file's. */
static mx_status settle_sources(mx_import *im) {
    mx_graph *g = im->g;
    uint32_t values = MX_NO_INDEX;
    bool reference = im->weights->strategy == MX_PARAMETERS_REFERENCE;
    if (im->values.size) {
        mx_source *source;
        MX_TRY(mx_source_from_memory(&g->env, im->values.data, im->values.size, true, &source, im->err));
        MX_TRY(mx_graph_add_source(g, source, &values, im->err));
    }
    mx_buffer_free(&im->values);
    for (size_t i = 0; i < g->n_tensors; i++) {
        mx_tensor *t = &g->tensors[i];
        if (t->data.source == MX_VALUES_PENDING) t->data.source = t->data.size ? values : 0;
        if (t->external_file == MX_NO_INDEX) continue;
        if (t->external_file >= g->n_external_files)
            return mx_fail(im->err, MX_ERR_INVALID, "the tensor %s lies in external file %u, but there are %zu",
                           mx_show(mx_text(g, t->name)).text, t->external_file, g->n_external_files);
        if (reference && t->data.source == 0 && t->field == MX_TENSOR_NO_DATA)
            t->data.source = g->external_files[t->external_file].source;
    }
    return MX_OK;
}

static mx_status order(mx_import *im) {
    const mx_graph *g = im->g;
    bool touched = false;
    for (mx_node_id id = 0; id < g->n_nodes && !touched; id++)
        touched = mx_node_at(g, id)->flags & (MX_FLAG_NEW | MX_FLAG_CHANGED);
    if (!touched) return MX_OK;
    MX_TRY(mx_graph_sort(im->g, im->err));
    return mx_graph_wire(im->g, im->err);
}

static mx_status import(mx_import *im, const mx_env *env, const char *path) {
    mx_source *source;
    MX_TRY(begin(im, env));
    MX_TRY(mx_source_open(env, path, &source, im->err));
    mx_status status = mx_read_xml(im, source);
    mx_source_release(source);
    if (status != MX_OK) return status;
    im->legacy &= im->model != MX_NO_INDEX;
    if (im->legacy) MX_TRY(mx_legacy_read_sidecar(im, path));
    MX_TRY(settle_sources(im));
    MX_TRY(mx_import_contain(im));
    MX_TRY(mx_import_identify(im));
    if (!im->legacy) MX_TRY(mx_import_connect(im)); /* without ports names decide */
    if (!im->legacy) MX_TRY(mx_import_follow_functions(im));
    if (!im->legacy) MX_TRY(mx_import_look(im));
    MX_TRY(mx_import_name(im));
    MX_TRY(mx_import_build(im));
    MX_TRY(mx_import_check(im));
    if (!im->legacy) MX_TRY(mx_import_check_arity(im));
    if (!im->legacy) MX_TRY(mx_import_check_shadows(im));
    MX_TRY(order(im));
    if (!im->legacy) MX_TRY(mx_import_tag(im));
    MX_TRY(mx_import_drop_orphans(im));
    if (im->legacy) return MX_OK;
    MX_TRY(mx_import_tell(im));
    return im->traces ? mx_import_trace(im) : MX_OK;
}

mx_status mx_graphml_read(const mx_env *env, const char *path, mx_graph **out, mx_weights *weights,
                          mx_graphml_report *report, mx_traces *traces, mx_error *err) {
    mx_graphml_report unwanted;
    mx_import im = {.err = err,
                    .weights = weights,
                    .report = report ? report : &unwanted,
                    .traces = traces,
                    .model = MX_NO_INDEX,
                    .legacy = true};
    *out = NULL;
    if (traces) *traces = (mx_traces){0};
    *weights = (mx_weights){0};
    *im.report = (mx_graphml_report){0};
    im.report->end = &im.report->changes;
    mx_status status = import(&im, env, path);
    if (im.g) mx_import_free(&im);
    if (status == MX_OK) {
        *out = im.g;
        return MX_OK;
    }
    im.report->changes = NULL;
    mx_graph_release(im.g);
    mx_source_release(weights->image);
    weights->image = NULL;
    return mx_at_file(err, status, path);
}
