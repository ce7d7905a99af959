/* What legacy files say about the model, on the outermost graph. */
#include "converter/retag.h"
#include "graphml/legacy.h"

#define IR_VERSION 8 /* was not kept; the newest that any runtime of that time knew */

typedef struct numbering {
    mx_import *im;
    mx_map by_name; /* (kind, name) -> item */
    int32_t next;   /* node_index */
} numbering;

/* ---- texts ---- */

static mx_status read_text(mx_import *im, const mx_texts *texts, mx_key key, mx_sid *out) {
    mx_decoder d = {.g = im->g, .what = mx_key_table[key].name, .err = im->err};
    return texts->at[key].p ? mx_decode_plain(&d, texts->at[key], out) : MX_OK;
}

static mx_status decode_opsets(const mx_decoder *d, const json_t *v, mx_compound *c) {
    if (!json_is_array(v)) return mx_decode_fail(d, "a list was expected");
    size_t n = json_array_size(v);
    MX_TRY(mx_graph_array(d->g, n, sizeof *c->opsets, &c->opsets, d->err));
    c->n_opsets = (uint32_t)n;
    for (size_t i = 0; i < n; i++) {
        const json_t *domain = json_object_get(json_array_get(v, i), "domain");
        const json_t *version = json_object_get(json_array_get(v, i), "version");
        if (!json_is_integer(version)) return mx_decode_fail(d, "an opset has no version");
        if (domain) MX_TRY(mx_decode_name(d, domain, &c->opsets[i].domain));
        c->opsets[i].has_version = true;
        c->opsets[i].version = json_integer_value(version);
    }
    return MX_OK;
}

static mx_status read_opsets(mx_import *im, mx_str text, mx_compound *c) {
    mx_decoder d = {.g = im->g, .what = mx_key_table[MX_KEY_GRAPH_OPSET_IMPORTS].name, .err = im->err};
    json_t *v;
    if (!text.p) return MX_OK;
    MX_TRY(mx_decode_json(&d, text, &v));
    mx_status status = decode_opsets(&d, v, c);
    json_decref(v);
    return status;
}

static mx_status read_model(mx_import *im, const mx_texts *texts) {
    mx_item *item = &im->items[im->model];
    mx_compound *c = &im->compounds[item->compound];
    mx_model_data *m = &im->g->model;
    m->has_ir_version = true;
    m->ir_version = IR_VERSION;
    m->has_model_version = mx_parse_int(texts->at[MX_KEY_GRAPH_MODEL_VERSION], &m->model_version);
    MX_TRY(read_text(im, texts, MX_KEY_GRAPH_PRODUCER_NAME, &m->producer_name));
    MX_TRY(read_text(im, texts, MX_KEY_GRAPH_PRODUCER_VERSION, &m->producer_version));
    MX_TRY(read_text(im, texts, MX_KEY_GRAPH_MODEL_DOC_STRING, &item->doc));
    MX_TRY(read_text(im, texts, MX_KEY_GRAPH_CLASS_NAME, &c->class_name));
    MX_TRY(read_text(im, texts, MX_KEY_GRAPH_MODULE_TYPE, &c->module_type));
    MX_TRY(read_text(im, texts, MX_KEY_GRAPH_TRACED_TAG, &item->tag));
    c->own_tag = c->class_name != MX_SID_ABSENT;
    c->scope = MX_SID_EMPTY;
    c->graph_name = c->class_name;
    if (c->graph_name == MX_SID_ABSENT) MX_TRY(mx_graph_string(im->g, MX_STR_LITERAL("main"), &c->graph_name, im->err));
    return read_opsets(im, texts->at[MX_KEY_GRAPH_OPSET_IMPORTS], c);
}

/* ---- inputs and outputs ---- */

static void number(numbering *n, mx_item *item) {
    item->flags |= MX_ITEM_HAS_INDEX;
    item->index = n->next++;
}

static mx_status decode_dims(const mx_decoder *d, const json_t *v, mx_type *t) {
    t->has_shape = json_is_array(v);
    t->n_dims = (uint32_t)json_array_size(v);
    MX_TRY(mx_graph_array(d->g, t->n_dims, sizeof *t->dims, &t->dims, d->err));
    for (uint32_t i = 0; i < t->n_dims; i++) {
        const json_t *dim = json_array_get(v, i);
        json_int_t value = json_integer_value(dim);
        if (json_is_string(dim)) {
            t->dims[i].kind = MX_DIM_PARAM;
            MX_TRY(mx_decode_name(d, dim, &t->dims[i].param));
        } else if (json_is_integer(dim) && value >= 0) {
            t->dims[i] = (mx_dim){.kind = MX_DIM_VALUE, .value = value};
        }
    }
    return MX_OK;
}

static mx_status decode_type(const mx_decoder *d, const json_t *v, uint32_t *out) {
    const json_t *name = json_object_get(v, "type");
    mx_type t = {.kind = MX_TYPE_TENSOR, .child = MX_NO_INDEX};
    t.elem = mx_legacy_data_type((mx_str){json_string_value(name), json_string_length(name)});
    t.has_elem = t.elem > 0;
    if (!t.has_elem) t.elem = 0;
    MX_TRY(decode_dims(d, json_object_get(v, "shape"), &t));
    return mx_graph_add_type(d->g, &t, out, d->err);
}

/* The node of that name, or a new one where the picture has none. */
static mx_status find_value(numbering *n, uint8_t kind, mx_sid name, uint32_t *out) {
    mx_import *im = n->im;
    *out = mx_map_get(&n->by_name, mx_map_pair(kind, name));
    if (*out != MX_NO_INDEX) return MX_OK;
    MX_TRY(mx_import_add_item(im, out));
    mx_item *item = &im->items[*out];
    item->kind = kind;
    item->name = name;
    item->xml_id = MX_SID_EMPTY;
    return mx_import_value_port(im, item);
}

static mx_status decode_values(numbering *n, const mx_decoder *d, const json_t *v, uint8_t kind) {
    if (!json_is_array(v)) return mx_decode_fail(d, "a list was expected");
    for (size_t i = 0; i < json_array_size(v); i++) {
        const json_t *entry = json_array_get(v, i), *name = json_object_get(entry, "name");
        mx_sid sid;
        uint32_t item, type;
        if (!json_is_string(name)) return mx_decode_fail(d, "an entry has no name");
        MX_TRY(mx_decode_name(d, name, &sid));
        MX_TRY(find_value(n, kind, sid, &item));
        MX_TRY(decode_type(d, entry, &type));
        n->im->items[item].type = type;
        if (!(n->im->items[item].flags & MX_ITEM_HAS_INDEX)) number(n, &n->im->items[item]);
    }
    return MX_OK;
}

static mx_status read_values(numbering *n, const mx_texts *texts, mx_key key, uint8_t kind) {
    mx_decoder d = {.g = n->im->g, .what = mx_key_table[key].name, .err = n->im->err};
    json_t *v;
    if (!texts->at[key].p) return MX_OK;
    MX_TRY(mx_decode_json(&d, texts->at[key], &v));
    mx_status status = decode_values(n, &d, v, kind);
    json_decref(v);
    return status;
}

/* ---- operators and modules ---- */

/* The tag stands only on the picture's node: put it where it belongs. */
static mx_status keep_tag(mx_import *im, mx_item *item) {
    mx_sid tag = item->tag;
    item->tag = MX_SID_ABSENT;
    if (item->kind != MX_NODE_OPERATOR || tag <= MX_SID_EMPTY) return MX_OK;
    if (mx_operator_tag(im->g, item->attrs, item->n_attrs, &item->metadata) != MX_SID_ABSENT) return MX_OK;
    mx_pair *pair;
    MX_TRY(mx_graph_array(im->g, 1, sizeof *pair, &pair, im->err));
    MX_TRY(mx_graph_string(im->g, MX_STR_LITERAL("hierarchy_tag"), &pair->key, im->err));
    pair->value = tag;
    item->metadata = (mx_pairs){pair, 1};
    return MX_OK;
}

/* A module's name is dotted there; its own part is what the module around it does not say. */
static mx_status own_part(mx_import *im, mx_item *item) {
    mx_str name = mx_text(im->g, item->name);
    if (item->outer == MX_NO_INDEX || im->items[item->outer].kind != MX_NODE_MODULE) return MX_OK;
    mx_str outer = mx_text(im->g, im->compounds[im->items[item->outer].compound].scope);
    bool inside = outer.n && name.n > outer.n + 1 && memcmp(name.p, outer.p, outer.n) == 0 && name.p[outer.n] == '.';
    if (!inside) return MX_OK;
    return mx_graph_string(im->g, (mx_str){name.p + outer.n + 1, name.n - outer.n - 1}, &item->name, im->err);
}

static mx_status settle_items(numbering *n, size_t count) {
    mx_import *im = n->im;
    for (uint32_t i = 0; i < count; i++) {
        mx_item *item = &im->items[i];
        if (item->kind == MX_NODE_MODULE) {
            MX_TRY(own_part(im, item));
        } else if (mx_item_is_live(item)) {
            MX_TRY(keep_tag(im, item));
        }
        bool listed = item->kind == MX_NODE_OUTPUT || item->flags & MX_ITEM_HAS_INDEX;
        if (mx_item_is_live(item) && !listed) number(n, item);
    }
    return MX_OK;
}

static mx_status number_items(numbering *n, const mx_texts *texts) {
    mx_import *im = n->im;
    size_t count = im->n_items;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t have;
        const mx_item *item = &im->items[i];
        if (item->kind != MX_NODE_INPUT && item->kind != MX_NODE_OUTPUT) continue;
        if (!mx_map_add(&n->by_name, mx_map_pair(item->kind, item->name), i, &have)) return mx_nomem(im->err);
    }
    MX_TRY(read_values(n, texts, MX_KEY_GRAPH_INPUTS, MX_NODE_INPUT));
    MX_TRY(settle_items(n, count));
    MX_TRY(read_values(n, texts, MX_KEY_GRAPH_OUTPUTS, MX_NODE_OUTPUT));
    for (uint32_t i = 0; i < im->n_items; i++) {
        mx_item *item = &im->items[i];
        if (item->kind == MX_NODE_OUTPUT && !(item->flags & MX_ITEM_HAS_INDEX)) number(n, item);
    }
    return MX_OK;
}

/* ---- the graph ---- */

static mx_status add_model(mx_import *im) {
    MX_TRY(mx_import_add_item(im, &im->model));
    mx_item *item = &im->items[im->model];
    item->kind = MX_NODE_MODEL;
    item->flags = MX_ITEM_HAS_INDEX;
    item->xml_id = MX_SID_EMPTY;
    return mx_import_add_compound(im, im->model);
}

/* Where the weights are; those in the graph itself are read at once. */
static mx_status read_weights(mx_import *im, const mx_texts *texts) {
    mx_str strategy = texts->at[MX_KEY_GRAPH_PARAMETER_STRATEGY], file = texts->at[MX_KEY_GRAPH_PARAMETER_FILE];
    mx_str data = texts->at[MX_KEY_PARAMETER_DATA];
    mx_weights *w = im->weights;
    if (mx_str_is(strategy, "reference"))
        return mx_fail(im->err, MX_ERR_UNSUPPORTED,
                       "this older file refers to the weights of an ONNX file: export that file again instead");
    if (data.n && data.p[0] == '{') {
        w->strategy = MX_PARAMETERS_EMBEDDED;
        return mx_legacy_read_parameters(im, data);
    }
    if (mx_str_is(strategy, "embedded"))
        return mx_fail(im->err, MX_ERR_INVALID, "this older file says that it holds the weights, but it does not");
    if (!file.n) return MX_OK;
    if (file.n >= sizeof w->file) return mx_fail(im->err, MX_ERR_INVALID, "the name in \"parameter_file\" is too long");
    memcpy(w->file, file.p, file.n);
    return MX_OK;
}

mx_status mx_legacy_read_graph(mx_import *im, const mx_texts *texts) {
    bool any = false;
    for (size_t i = 0; i < im->n_items && !any; i++)
        any = im->items[i].kind == MX_NODE_OPERATOR;
    if (!any || im->model != MX_NO_INDEX) return MX_OK; /* some other GraphML, or a second graph */
    numbering n = {.im = im, .next = 1};
    mx_map_init(&n.by_name, im->allocator);
    mx_status status = number_items(&n, texts);
    mx_map_free(&n.by_name);
    if (status == MX_OK) status = add_model(im);
    if (status == MX_OK) status = read_model(im, texts);
    im->report->legacy = true;
    return status == MX_OK ? read_weights(im, texts) : status;
}
