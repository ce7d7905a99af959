/* The data of models, functions and bodies, and of <graph> elements. */
#include "graphml/write.h"

#define PIECE_BYTES (MX_DATA_BYTES / 4 * 3) /* of the image: as many characters of base64 as one <data> holds */
#define STEP_BYTES  98304u                  /* a multiple of 3 */

/* ---- lists ---- */

static void put_tensors(mx_writer *w, const mx_scope_data *s) {
    if (!s->n_initializers) return;
    mx_buffer_clear(&w->value);
    for (size_t i = 0; i < s->n_initializers; i++) {
        mx_buffer_cstr(&w->value, i ? ", " : "[");
        mx_value_tensor(&w->value, w->g, &w->g->tensors[s->initializers[i]]);
    }
    mx_buffer_byte(&w->value, ']');
    mx_put_value(w, MX_KEY_INITIALIZERS);
}

static void put_sparse_tensors(mx_writer *w, const mx_scope_data *s) {
    if (!s->n_sparse) return;
    mx_buffer_clear(&w->value);
    for (size_t i = 0; i < s->n_sparse; i++) {
        mx_buffer_cstr(&w->value, i ? ", " : "[");
        mx_value_sparse(&w->value, w->g, &w->g->sparses[s->sparse_initializers[i]]);
    }
    mx_buffer_byte(&w->value, ']');
    mx_put_value(w, MX_KEY_SPARSE_INITIALIZERS);
}

/* The value infos that no operator carries. */
static void put_value_infos(mx_writer *w, const mx_scope_data *s) {
    const uint8_t *held = w->plan.info_held + w->plan.info_start[s - w->g->scopes];
    bool first = true;
    mx_buffer_clear(&w->value);
    for (size_t i = 0; i < s->n_value_infos; i++) {
        if (held[i]) continue;
        mx_buffer_cstr(&w->value, first ? "[" : ", ");
        first = false;
        mx_value_info_entry(&w->value, w->g, &s->value_infos[i], -1, i);
    }
    if (first) return;
    mx_buffer_byte(&w->value, ']');
    mx_put_value(w, MX_KEY_VALUE_INFO);
}

static void put_opsets(mx_writer *w, const mx_scope_data *s) {
    if (!s->n_opsets) return;
    mx_buffer_clear(&w->value);
    mx_value_opsets(&w->value, w->g, s->opsets, s->n_opsets);
    mx_put_value(w, MX_KEY_OPSET_IMPORTS);
}

static void put_function_attributes(mx_writer *w, const mx_scope_data *s) {
    if (!s->n_attribute_names) return;
    mx_buffer_clear(&w->value);
    for (uint32_t i = 0; i < s->n_attribute_names; i++) {
        mx_buffer_cstr(&w->value, i ? ", " : "[");
        mx_value_name(&w->value, w->g, s->attribute_names[i]);
    }
    mx_buffer_byte(&w->value, ']');
    mx_put_value(w, MX_KEY_FUNCTION_ATTRIBUTES);
}

/* ---- weights ---- */

static const char *strategy_name(mx_parameter_strategy strategy) {
    static const char *const names[] = {"sidecar", "embedded", "reference"};
    return names[strategy];
}

/* Nodes that an edit deletes at the end leave no gap in the numbers: only this figure tells. */
static uint64_t numbered_nodes(const mx_writer *w) {
    uint64_t n = 0;
    for (mx_node_id id = 0; id < w->g->n_nodes; id++)
        n += !(mx_node_at(w->g, id)->flags & MX_FLAG_REMOVED);
    return n;
}

static void put_file_name(mx_buffer *b, bool *first, const char *key, const char *name) {
    if (!name || !name[0]) return;
    mx_json_member(b, first, key);
    mx_json_bytes(b, mx_str_of(name));
}

static void put_weights(mx_writer *w) {
    const mx_weights *weights = w->weights;
    mx_buffer *b = &w->value;
    bool first = true;
    char hex[MX_HASH_HEX];
    mx_buffer_clear(b);
    mx_buffer_byte(b, '{');
    mx_json_member(b, &first, "strategy");
    mx_json_string(b, mx_str_of(strategy_name(weights->strategy)));
    if (weights->file[0]) {
        mx_json_member(b, &first, "file");
        mx_json_bytes(b, mx_str_of(weights->file));
    }
    mx_json_member(b, &first, "size");
    mx_buffer_uint(b, weights->file_size);
    mx_hash_hex(weights->checksum, hex);
    mx_json_member(b, &first, "checksum");
    mx_json_string(b, mx_str_of(hex));
    mx_json_member(b, &first, "count");
    mx_buffer_uint(b, weights->count);
    mx_json_member(b, &first, "nodes");
    mx_buffer_uint(b, numbered_nodes(w));
    put_file_name(b, &first, "source", w->options->source_name);
    put_file_name(b, &first, "metadata", w->options->metadata_name);
    mx_buffer_byte(b, '}');
    mx_put_value(w, MX_KEY_WEIGHTS);
}

static void external_file(mx_writer *w, const mx_external_file *f) {
    mx_buffer *b = &w->value;
    mx_buffer_cstr(b, "{\"location\": ");
    mx_value_name(b, w->g, f->location);
    mx_buffer_cstr(b, ", \"size\": ");
    mx_buffer_uint(b, f->size);
    if (!w->weights || w->weights->strategy != MX_PARAMETERS_REFERENCE) {
        mx_buffer_cstr(b, ", \"parts\": [");
        for (size_t i = 0; i < f->n_parts; i++) {
            mx_buffer_cstr(b, i ? ", [" : "[");
            mx_buffer_uint(b, f->parts[i].offset);
            mx_buffer_add(b, ", ", 2);
            mx_buffer_uint(b, f->parts[i].size);
            mx_buffer_byte(b, ']');
        }
        mx_buffer_byte(b, ']');
    }
    if (f->hidden_use) mx_buffer_cstr(b, ", \"hidden_use\": true");
    mx_buffer_byte(b, '}');
}

static void put_external_files(mx_writer *w) {
    if (!w->g->n_external_files) return;
    mx_buffer_clear(&w->value);
    for (size_t i = 0; i < w->g->n_external_files; i++) {
        mx_buffer_cstr(&w->value, i ? ", " : "[");
        external_file(w, &w->g->external_files[i]);
    }
    mx_buffer_byte(&w->value, ']');
    mx_put_value(w, MX_KEY_EXTERNAL_FILES);
}

uint32_t mx_parameter_pieces(const mx_weights *weights) {
    if (!weights || weights->strategy != MX_PARAMETERS_EMBEDDED || !weights->image) return 1;
    uint64_t pieces = (weights->image->size + PIECE_BYTES - 1) / PIECE_BYTES;
    return pieces < 1 ? 1 : pieces > UINT32_MAX ? UINT32_MAX : (uint32_t)pieces;
}

static mx_status write_image_piece(mx_writer *w, const mx_source *image, uint64_t offset, uint64_t size) {
    for (uint64_t at = 0; at < size; at += STEP_BYTES) {
        mx_window window;
        uint64_t step = size - at < STEP_BYTES ? size - at : STEP_BYTES;
        MX_TRY(mx_window_open(image, offset + at, step, &window, w->err));
        mx_base64_add(&w->xml.b, window.data, (size_t)step);
        mx_window_close(&window);
        MX_TRY(mx_xml_flush(&w->xml, false, w->err));
    }
    return MX_OK;
}

/* The .onnxdata image in base64. */
static mx_status put_parameter_data(mx_writer *w) {
    const mx_source *image = w->weights ? w->weights->image : NULL;
    if (!image || w->weights->strategy != MX_PARAMETERS_EMBEDDED || w->measuring) return MX_OK;
    for (uint32_t piece = 0; piece < mx_parameter_pieces(w->weights); piece++) {
        uint64_t offset = (uint64_t)piece * PIECE_BYTES, size = image->size - offset;
        if (size > PIECE_BYTES) size = PIECE_BYTES;
        mx_put_open(w, MX_KEY_PARAMETER_DATA, piece);
        MX_TRY(write_image_piece(w, image, offset, size));
        mx_put_close(w);
    }
    return MX_OK;
}

/* ---- scopes ---- */

static void put_integer(mx_writer *w, mx_key key, bool present, int64_t v) {
    if (present) mx_put_int(w, key, v);
}

static void put_graph_texts(mx_writer *w, const mx_scope_data *s) {
    mx_put_plain(w, MX_KEY_GRAPH_DOC_STRING, s->doc);
    if (s->metadata.count) {
        mx_buffer_clear(&w->value);
        mx_value_metadata(&w->value, w->g, &s->metadata);
        mx_put_value(w, MX_KEY_GRAPH_METADATA);
    }
    if (s->rest != MX_SID_ABSENT) mx_put(w, MX_KEY_GRAPH_REST, mx_text(w->g, s->rest));
}

static void put_model(mx_writer *w, const mx_scope_data *s) {
    const mx_model_data *m = &w->g->model;
    put_integer(w, MX_KEY_IR_VERSION, m->has_ir_version, m->ir_version);
    mx_put_plain(w, MX_KEY_PRODUCER_NAME, m->producer_name);
    mx_put_plain(w, MX_KEY_PRODUCER_VERSION, m->producer_version);
    put_integer(w, MX_KEY_MODEL_VERSION, m->has_model_version, m->model_version);
    if (!s->has_graph) mx_put_cstr(w, MX_KEY_HAS_GRAPH, "false");
    put_graph_texts(w, s);
    if (w->weights) put_weights(w);
    put_external_files(w);
}

mx_status mx_write_scope_data(mx_writer *w, mx_node_id id) {
    const mx_node *n = mx_node_at(w->g, id);
    const mx_scope_data *s = &w->g->scopes[n->data];
    if (n->kind == MX_NODE_MODEL) put_model(w, s);
    if (n->kind != MX_NODE_BODY) put_opsets(w, s);
    if (n->kind == MX_NODE_FUNCTION) put_function_attributes(w, s);
    if (n->kind != MX_NODE_FUNCTION) mx_put_plain(w, MX_KEY_GRAPH_NAME, s->name);
    put_value_infos(w, s);
    put_tensors(w, s);
    put_sparse_tensors(w, s);
    return n->kind == MX_NODE_MODEL ? put_parameter_data(w) : MX_OK;
}

/* ---- graphs ---- */

static void graph_plain(mx_writer *w, mx_key key, mx_sid text) {
    if (text == MX_SID_ABSENT) return;
    mx_buffer_clear(&w->value);
    mx_value_plain(&w->value, mx_text(w->g, text));
    mx_put_informative(w, key);
}

static void graph_cstr(mx_writer *w, mx_key key, const char *text) {
    if (!text || !text[0]) return;
    mx_buffer_clear(&w->value);
    mx_value_plain(&w->value, mx_str_of(text));
    mx_put_informative(w, key);
}

static void graph_values(mx_writer *w, mx_key key, const mx_node_id *nodes, size_t n) {
    mx_buffer_clear(&w->value);
    mx_buffer_byte(&w->value, '[');
    for (size_t i = 0; i < n; i++) {
        if (i) mx_buffer_add(&w->value, ", ", 2);
        mx_value_name(&w->value, w->g, mx_node_at(w->g, nodes[i])->name);
    }
    mx_buffer_byte(&w->value, ']');
    mx_put_informative(w, key);
}

static void graph_weights(mx_writer *w) {
    const mx_weights *weights = w->weights;
    char hex[MX_HASH_HEX];
    if (!weights) return;
    mx_hash_hex(weights->checksum, hex);
    mx_put_cstr(w, MX_KEY_GRAPH_PARAMETER_STRATEGY, strategy_name(weights->strategy));
    graph_cstr(w, MX_KEY_GRAPH_PARAMETER_FILE, weights->file);
    mx_put_cstr(w, MX_KEY_GRAPH_PARAMETER_CHECKSUM, hex);
    if (weights->count <= INT32_MAX) mx_put_int(w, MX_KEY_GRAPH_PARAMETER_COUNT, (int64_t)weights->count);
}

void mx_write_outer_graph_data(mx_writer *w) {
    const mx_graph *g = w->g;
    const mx_scope_data *s = &g->scopes[0];
    graph_cstr(w, MX_KEY_GRAPH_SOURCE_ONNX_TEXT, w->options->source_name);
    graph_cstr(w, MX_KEY_GRAPH_SOURCE_HTP, w->options->metadata_name);
    mx_put_cstr(w, MX_KEY_GRAPH_FORMAT_VERSION, "1.1");
    graph_cstr(w, MX_KEY_GRAPH_EXPORT_TIMESTAMP, w->options->timestamp);
    if (s->n_opsets) {
        mx_buffer_clear(&w->value);
        mx_value_opsets(&w->value, g, s->opsets, s->n_opsets);
        mx_put_informative(w, MX_KEY_GRAPH_OPSET_IMPORTS);
    }
    graph_plain(w, MX_KEY_GRAPH_PRODUCER_NAME, g->model.producer_name);
    graph_plain(w, MX_KEY_GRAPH_PRODUCER_VERSION, g->model.producer_version);
    put_integer(w, MX_KEY_GRAPH_MODEL_VERSION, g->model.has_model_version, g->model.model_version);
    graph_plain(w, MX_KEY_GRAPH_MODEL_DOC_STRING, mx_node_at(g, 0)->doc);
    graph_weights(w);
    graph_values(w, MX_KEY_GRAPH_INPUTS, s->inputs, s->n_inputs);
    graph_values(w, MX_KEY_GRAPH_OUTPUTS, s->outputs, s->n_outputs);
}

void mx_write_graph_data(mx_writer *w, mx_node_id id) {
    const mx_node *n = mx_node_at(w->g, id);
    const mx_module_data *m = NULL;
    if (n->kind == MX_NODE_MODULE) m = &w->g->modules[n->data];
    if (n->kind == MX_NODE_MODEL && w->g->n_modules) m = &w->g->modules[0];
    if (!m) return;
    graph_plain(w, MX_KEY_GRAPH_CLASS_NAME, m->class_name);
    graph_plain(w, MX_KEY_GRAPH_MODULE_TYPE, m->module_type);
    if (m->has_order) mx_put_int(w, MX_KEY_GRAPH_EXECUTION_ORDER, m->execution_order);
    graph_plain(w, MX_KEY_GRAPH_TRACED_TAG, m->tag);
}
