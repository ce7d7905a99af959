#include "onnx_io/read.h"

/* Field numbers of ModelProto. */
enum {
    MODEL_IR_VERSION = 1,
    MODEL_PRODUCER_NAME = 2,
    MODEL_PRODUCER_VERSION = 3,
    MODEL_DOMAIN = 4,
    MODEL_VERSION = 5,
    MODEL_DOC = 6,
    MODEL_GRAPH = 7,
    MODEL_OPSET = 8,
    MODEL_METADATA = 14,
    MODEL_FUNCTION = 25
};

/* The graph in all its parts, read when the first of them is met. */
static mx_status read_main_graph(mx_reader *r, const mx_field *model, uint32_t n_parts, mx_error *err) {
    mx_wire wire = mx_wire_inside(&r->in, model);
    mx_field *parts;
    uint32_t n = 0;
    MX_TRY(mx_graph_array(r->g, n_parts, sizeof *parts, &parts, err));
    while (wire.at < wire.end && n < n_parts) {
        bool known;
        MX_TRY(mx_survey_next(r, MX_MESSAGE_MODEL, &wire, &parts[n], &known, err));
        if (known && parts[n].number == MODEL_GRAPH) n++;
    }
    return mx_read_graph(r, MX_MODEL_NODE, parts, n, err);
}

static mx_status read_model_field(mx_reader *r, const mx_field *f, mx_error *err) {
    mx_model_data *m = &r->g->model;
    mx_node *node = mx_node_at(r->g, MX_MODEL_NODE);
    switch (f->number) {
    case MODEL_IR_VERSION:
        m->has_ir_version = true;
        m->ir_version = (int64_t)f->scalar;
        return MX_OK;
    case MODEL_PRODUCER_NAME: return mx_read_string(r, f, &m->producer_name, err);
    case MODEL_PRODUCER_VERSION: return mx_read_string(r, f, &m->producer_version, err);
    case MODEL_DOMAIN: return mx_read_string(r, f, &m->domain, err);
    case MODEL_VERSION:
        m->has_model_version = true;
        m->model_version = (int64_t)f->scalar;
        return MX_OK;
    case MODEL_DOC: return mx_read_string(r, f, &node->doc, err);
    case MODEL_OPSET: return mx_add_opset(r, MX_MODEL_NODE, f, err);
    case MODEL_METADATA: return mx_add_pair(r, f, &node->metadata, err);
    case MODEL_FUNCTION: return mx_read_function(r, f, err);
    default: return mx_frame_leave(r, f, err);
    }
}

static mx_status read_model(mx_reader *r, const mx_field *whole, mx_error *err) {
    mx_frame frame;
    mx_field_counts counts;
    mx_node *node = mx_node_at(r->g, MX_MODEL_NODE);
    mx_scope_at(r, MX_MODEL_NODE)->has_graph = false;
    MX_TRY(mx_frame_begin(r, MX_MESSAGE_MODEL, whole, &frame, err));
    MX_TRY(mx_count_fields(r, MX_MESSAGE_MODEL, whole, &counts, err));
    MX_TRY(mx_new_opsets(r, MX_MODEL_NODE, counts.of[MODEL_OPSET], err));
    MX_TRY(mx_new_pairs(r, counts.of[MODEL_METADATA], &node->metadata, err));
    for (;;) {
        mx_field field;
        MX_TRY(mx_frame_next(r, &frame, &field, err));
        if (field.number == 0) break;
        if (field.number != MODEL_GRAPH)
            MX_TRY(read_model_field(r, &field, err));
        else if (!mx_scope_at(r, MX_MODEL_NODE)->has_graph)
            MX_TRY(read_main_graph(r, whole, counts.of[MODEL_GRAPH], err));
    }
    return mx_frame_end(r, &frame, &node->rest, err);
}

mx_status mx_onnx_read_source(const mx_env *env, mx_source *source, const char *dir, mx_graph **out, mx_error *err) {
    mx_graph *g;
    mx_reader r;
    *out = NULL;
    MX_TRY(mx_graph_new(env, &g, err));
    mx_reader_init(&r, g, dir);
    mx_source_retain(source);
    mx_status status = mx_graph_add_source(g, source, &r.source, err);
    if (status == MX_OK) {
        mx_field whole = {.wire = MX_WIRE_LEN, .size = source->size};
        mx_wire_from_source(&r.in, source);
        status = read_model(&r, &whole, err);
    }
    mx_reader_close(&r);
    if (status == MX_OK)
        *out = g;
    else
        mx_graph_release(g);
    return status == MX_OK ? MX_OK : mx_at_file(err, status, source->path);
}

mx_status mx_onnx_read(const mx_env *env, const char *path, mx_graph **out, mx_error *err) {
    mx_source *source;
    *out = NULL;
    MX_TRY(mx_source_open(env, path, &source, err));
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) : 0;
    const char *from = slash ? path : ".";
    if (!slash || n == 0) n = 1; /* the current folder, or the root */
    char *dir = mx_alloc(env ? env->allocator : NULL, n + 1);
    mx_status status = MX_OK;
    if (dir) {
        memcpy(dir, from, n);
        dir[n] = '\0';
        status = mx_onnx_read_source(env, source, dir, out, err);
        mx_free(env ? env->allocator : NULL, dir, n + 1);
    } else {
        status = mx_nomem(err);
    }
    mx_source_release(source);
    return status;
}
