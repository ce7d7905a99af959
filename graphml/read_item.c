/* The texts of one <node> or <edge> become an item or an edge: one small function per key, and a table of them. */
#include "graphml/import.h"
#include "graphml/legacy.h"
#include "graphml/values_read.h"

#include <stdlib.h>

enum { /* kinds as bits */
       MODEL = 1 << MX_NODE_MODEL,
       FUNCTION = 1 << MX_NODE_FUNCTION,
       BODY = 1 << MX_NODE_BODY,
       MODULE = 1 << MX_NODE_MODULE,
       OPERATOR = 1 << MX_NODE_OPERATOR,
       INPUT = 1 << MX_NODE_INPUT,
       OUTPUT = 1 << MX_NODE_OUTPUT,
       SCOPES = MODEL | FUNCTION | BODY,
       COMPOUNDS = SCOPES | MODULE,
       MODULES = MODEL | MODULE,
       ALL = COMPOUNDS | OPERATOR | INPUT | OUTPUT
};

/* What a handler works on. */
typedef struct target {
    mx_import *im;
    const mx_decoder *d;
    mx_item *item;
    mx_compound *compound; /* NULL for operators, inputs, outputs */
    uint32_t index;        /* of the item */
} target;

/* ---- texts ---- */

static mx_status read_op_type(const target *t, mx_str text) {
    return mx_decode_plain(t->d, text, &t->item->op_type);
}
static mx_status read_tag(const target *t, mx_str text) {
    return mx_decode_plain(t->d, text, &t->item->tag);
}
static mx_status read_name(const target *t, mx_str text) {
    return mx_decode_plain(t->d, text, &t->item->name);
}
static mx_status read_domain(const target *t, mx_str text) {
    return mx_decode_plain(t->d, text, &t->item->domain);
}
static mx_status read_model_domain(const target *t, mx_str text) {
    return mx_decode_plain(t->d, text, &t->im->g->model.domain);
}
static mx_status read_parent(const target *t, mx_str text) {
    return mx_decode_plain(t->d, text, &t->item->parent_key);
}
static mx_status read_key(const target *t, mx_str text) {
    return mx_decode_plain(t->d, text, &t->item->key);
}
static mx_status read_doc(const target *t, mx_str text) {
    return mx_decode_plain(t->d, text, &t->item->doc);
}
static mx_status read_overload(const target *t, mx_str text) {
    return mx_decode_plain(t->d, text, &t->item->overload);
}
/* A rest is JSON, but only onnx_io/ knows what it says: its text travels as it is. */
static mx_status read_rest(const target *t, mx_str text) {
    return mx_graph_string(t->im->g, text, &t->item->rest, t->im->err);
}
static mx_status read_class_name(const target *t, mx_str text) {
    return mx_decode_plain(t->d, text, &t->compound->class_name);
}
static mx_status read_module_type(const target *t, mx_str text) {
    return mx_decode_plain(t->d, text, &t->compound->module_type);
}
static mx_status read_scope(const target *t, mx_str text) {
    return mx_decode_plain(t->d, text, &t->compound->scope);
}
static mx_status read_producer_name(const target *t, mx_str text) {
    return mx_decode_plain(t->d, text, &t->im->g->model.producer_name);
}
static mx_status read_producer_version(const target *t, mx_str text) {
    return mx_decode_plain(t->d, text, &t->im->g->model.producer_version);
}
static mx_status read_graph_name(const target *t, mx_str text) {
    return mx_decode_plain(t->d, text, &t->compound->graph_name);
}
static mx_status read_graph_doc(const target *t, mx_str text) {
    return mx_decode_plain(t->d, text, &t->compound->graph_doc);
}
static mx_status read_graph_rest(const target *t, mx_str text) {
    return mx_graph_string(t->im->g, text, &t->compound->graph_rest, t->im->err);
}

/* ---- numbers ---- */

static mx_status read_index(const target *t, mx_str text) {
    t->item->flags |= MX_ITEM_HAS_INDEX;
    return mx_decode_int32(t->d, text, &t->item->index);
}
static mx_status read_own_tag(const target *t, mx_str text) {
    return mx_decode_bool(t->d, text, &t->compound->own_tag);
}
static mx_status read_execution_order(const target *t, mx_str text) {
    t->compound->has_order = true;
    return mx_decode_int32(t->d, text, &t->compound->order);
}
static mx_status read_ir_version(const target *t, mx_str text) {
    t->im->g->model.has_ir_version = true;
    return mx_decode_int64(t->d, text, &t->im->g->model.ir_version);
}
static mx_status read_model_version(const target *t, mx_str text) {
    t->im->g->model.has_model_version = true;
    return mx_decode_int64(t->d, text, &t->im->g->model.model_version);
}
static mx_status read_has_graph(const target *t, mx_str text) {
    bool has_graph = true;
    MX_TRY(mx_decode_bool(t->d, text, &has_graph));
    t->compound->no_graph = !has_graph;
    return MX_OK;
}

/* ---- JSON ---- */

static mx_status json_attributes(const target *t, const json_t *v) {
    return mx_decode_attributes(t->d, v, &t->item->attrs, &t->item->n_attrs);
}
static mx_status json_input_names(const target *t, const json_t *v) {
    mx_sid *names;
    MX_TRY(mx_decode_names(t->d, v, &names, &t->item->n_inputs));
    MX_TRY(mx_graph_array(t->im->g, t->item->n_inputs, sizeof *t->item->inputs, &t->item->inputs, t->im->err));
    for (uint32_t i = 0; i < t->item->n_inputs; i++)
        t->item->inputs[i] = (mx_port){names[i] == MX_SID_ABSENT ? MX_SID_EMPTY : names[i], MX_NO_NODE, 0};
    return MX_OK;
}
static mx_status json_output_names(const target *t, const json_t *v) {
    return mx_decode_names(t->d, v, &t->item->outputs, &t->item->n_outputs);
}
static mx_status json_metadata(const target *t, const json_t *v) {
    return mx_decode_metadata(t->d, v, &t->item->metadata);
}
static mx_status json_graph_metadata(const target *t, const json_t *v) {
    return mx_decode_metadata(t->d, v, &t->compound->graph_metadata);
}
static mx_status json_value_type(const target *t, const json_t *v) {
    return mx_decode_type(t->d, v, &t->item->type);
}
static mx_status json_opsets(const target *t, const json_t *v) {
    return mx_decode_opsets(t->d, v, &t->compound->opsets, &t->compound->n_opsets);
}
static mx_status json_function_attributes(const target *t, const json_t *v) {
    return mx_decode_names(t->d, v, &t->compound->attribute_names, &t->compound->n_attribute_names);
}

static mx_status json_tensors(const target *t, const json_t *v, uint32_t **out, uint32_t *n,
                              mx_status (*decode)(const mx_decoder *, const json_t *, uint32_t *)) {
    if (!json_is_array(v)) return mx_decode_fail(t->d, "a list of tensors was expected");
    size_t count = json_array_size(v);
    MX_TRY(mx_graph_array(t->im->g, count, sizeof **out, out, t->im->err));
    for (size_t i = 0; i < count; i++)
        MX_TRY(decode(t->d, json_array_get(v, i), &(*out)[i]));
    *n = (uint32_t)count;
    return MX_OK;
}
static mx_status json_initializers(const target *t, const json_t *v) {
    return json_tensors(t, v, &t->compound->initializers, &t->compound->n_initializers, mx_decode_tensor);
}
static mx_status json_sparse_initializers(const target *t, const json_t *v) {
    return json_tensors(t, v, &t->compound->sparse, &t->compound->n_sparse, mx_decode_sparse);
}

static mx_status json_value_info(const target *t, const json_t *v) {
    mx_import *im = t->im;
    if (!json_is_array(v)) return mx_decode_fail(t->d, "a list of value infos was expected");
    for (size_t i = 0; i < json_array_size(v); i++) {
        int64_t port, index;
        if (!mx_grow(im->allocator, (void **)&im->infos, &im->cap_infos, im->n_infos, sizeof *im->infos))
            return mx_nomem(im->err);
        mx_info *info = &im->infos[im->n_infos];
        MX_TRY(mx_decode_info(t->d, json_array_get(v, i), &port, &index, &info->value));
        if ((port >= 0) != (t->item->kind == MX_NODE_OPERATOR))
            return mx_decode_fail(t->d, "a value info has %s", port >= 0 ? "a port" : "no port");
        info->item = t->index;
        info->port = port >= 0 ? (uint32_t)port : MX_NO_INDEX;
        info->index = (uint32_t)index;
        im->n_infos++;
    }
    return MX_OK;
}

static int compare_ports(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static mx_status json_unresolved(const target *t, const json_t *v) {
    mx_import *im = t->im;
    int64_t *ports;
    mx_item_faults fault = {0};
    MX_TRY(mx_decode_ints(t->d, v, &ports, &fault.n_unresolved));
    MX_TRY(mx_graph_array(im->g, fault.n_unresolved, sizeof(uint32_t), &fault.unresolved, im->err));
    for (uint32_t i = 0; i < fault.n_unresolved; i++)
        fault.unresolved[i] = ports[i] >= 0 && ports[i] < MX_NO_INDEX ? (uint32_t)ports[i] : MX_NO_INDEX;
    qsort(fault.unresolved, fault.n_unresolved, sizeof *fault.unresolved, compare_ports);
    if (!mx_grow(im->allocator, (void **)&im->faults, &im->cap_faults, im->n_faults, sizeof *im->faults))
        return mx_nomem(im->err);
    t->item->fault = (uint32_t)im->n_faults;
    im->faults[im->n_faults++] = fault;
    return MX_OK;
}
static mx_status json_faults(const target *t, const json_t *v) {
    if (!json_is_object(v)) return mx_decode_fail(t->d, "an object was expected");
    const json_t *unresolved = json_object_get(v, "unresolved");
    if (json_object_get(v, "duplicate")) t->item->flags |= MX_ITEM_DUPLICATE;
    if (json_is_true(json_object_get(v, "unordered"))) t->item->flags |= MX_ITEM_UNORDERED;
    return unresolved ? json_unresolved(t, unresolved) : MX_OK;
}

/* ---- the table ---- */

typedef struct handler {
    mx_key key;
    int kinds;
    mx_status (*text)(const target *, mx_str);
    mx_status (*json)(const target *, const json_t *);
} handler;

static const handler handlers[] = {
    {MX_KEY_OP_TYPE, OPERATOR, read_op_type, NULL},
    {MX_KEY_NAME, ALL, read_name, NULL},
    {MX_KEY_NODE_INDEX, ALL, read_index, NULL},
    {MX_KEY_PARENT, ALL, read_parent, NULL},
    {MX_KEY_COMPOUND_KEY, COMPOUNDS | OPERATOR, read_key, NULL},
    {MX_KEY_DOMAIN, OPERATOR | FUNCTION, read_domain, NULL},
    {MX_KEY_DOMAIN, MODEL, read_model_domain, NULL},
    {MX_KEY_OVERLOAD, OPERATOR | FUNCTION, read_overload, NULL},
    {MX_KEY_DOC_STRING, ALL, read_doc, NULL},
    {MX_KEY_REST, ALL & ~MODULE, read_rest, NULL},
    {MX_KEY_HIERARCHY_TAG, MODULES | OPERATOR, read_tag, NULL},
    {MX_KEY_INPUT_NAMES, OPERATOR, NULL, json_input_names},
    {MX_KEY_OUTPUT_NAMES, OPERATOR, NULL, json_output_names},
    {MX_KEY_NODE_ATTRIBUTES, OPERATOR | FUNCTION, NULL, json_attributes},
    {MX_KEY_METADATA, ALL & ~MODULE, NULL, json_metadata},
    {MX_KEY_FAULTS, SCOPES | OPERATOR | OUTPUT | INPUT, NULL, json_faults},
    {MX_KEY_VALUE_TYPE, INPUT | OUTPUT, NULL, json_value_type},
    {MX_KEY_VALUE_INFO, SCOPES | OPERATOR, NULL, json_value_info},
    {MX_KEY_CLASS_NAME, MODULES, read_class_name, NULL},
    {MX_KEY_MODULE_TYPE, MODULES, read_module_type, NULL},
    {MX_KEY_HIERARCHY_SCOPE, MODULES, read_scope, NULL},
    {MX_KEY_OWN_TAG, MODULES, read_own_tag, NULL},
    {MX_KEY_EXECUTION_ORDER, MODULES, read_execution_order, NULL},
    {MX_KEY_IR_VERSION, MODEL, read_ir_version, NULL},
    {MX_KEY_PRODUCER_NAME, MODEL, read_producer_name, NULL},
    {MX_KEY_PRODUCER_VERSION, MODEL, read_producer_version, NULL},
    {MX_KEY_MODEL_VERSION, MODEL, read_model_version, NULL},
    {MX_KEY_OPSET_IMPORTS, MODEL | FUNCTION, NULL, json_opsets},
    {MX_KEY_HAS_GRAPH, MODEL, read_has_graph, NULL},
    {MX_KEY_GRAPH_NAME, MODEL | BODY, read_graph_name, NULL},
    {MX_KEY_GRAPH_DOC_STRING, MODEL, read_graph_doc, NULL},
    {MX_KEY_GRAPH_METADATA, MODEL, NULL, json_graph_metadata},
    {MX_KEY_GRAPH_REST, MODEL, read_graph_rest, NULL},
    {MX_KEY_INITIALIZERS, MODEL | BODY, NULL, json_initializers},
    {MX_KEY_SPARSE_INITIALIZERS, MODEL | BODY, NULL, json_sparse_initializers},
    {MX_KEY_FUNCTION_ATTRIBUTES, FUNCTION, NULL, json_function_attributes},
};

static mx_status handle(const target *t, const handler *h, mx_str text) {
    if (h->text) return h->text(t, text);
    json_t *v;
    MX_TRY(mx_decode_json(t->d, text, &v));
    mx_status status = h->json(t, v);
    json_decref(v);
    return status;
}

/* Without node_kind: an operator if it has an op_type, a module if it is a group with a name or a class. */
static mx_status find_kind(mx_import *im, mx_item *item, const mx_texts *texts) {
    if (im->legacy) {
        item->kind = mx_legacy_kind(texts);
        return MX_OK;
    }
    mx_str kind = texts->at[MX_KEY_NODE_KIND];
    for (uint8_t i = 0; kind.p && i < MX_NODE_KINDS; i++) {
        if (!mx_str_is(kind, mx_node_kind_names[i])) continue;
        item->kind = i;
        return MX_OK;
    }
    if (kind.p) return mx_fail(im->err, MX_ERR_INVALID, "the data \"node_kind\": %s is not known", mx_show(kind).text);
    bool named = texts->at[MX_KEY_NAME].p || texts->at[MX_KEY_CLASS_NAME].p;
    if (texts->at[MX_KEY_OP_TYPE].p) {
        item->kind = MX_NODE_OPERATOR;
    } else if (texts->has_graph) {
        item->kind = named ? MX_NODE_MODULE : MX_ITEM_GROUP;
    } else {
        item->kind = MX_ITEM_NOTE;
    }
    return MX_OK;
}

mx_status mx_import_value_port(mx_import *im, mx_item *item) {
    if (item->kind == MX_NODE_INPUT) {
        MX_TRY(mx_graph_array(im->g, 1, sizeof *item->outputs, &item->outputs, im->err));
        item->outputs[0] = item->name;
        item->n_outputs = 1;
    }
    if (item->kind == MX_NODE_OUTPUT) {
        MX_TRY(mx_graph_array(im->g, 1, sizeof *item->inputs, &item->inputs, im->err));
        item->inputs[0] = (mx_port){item->name, MX_NO_NODE, 0};
        item->n_inputs = 1;
    }
    return MX_OK;
}

/* What is not as it was written. Without its origin a node has none that could be told. */
static mx_status note_edits(mx_import *im, mx_item *item, const mx_texts *texts) {
    mx_origin was, is = texts->label;
    mx_str text = texts->at[MX_KEY_ORIGIN];
    if (!text.p || !mx_origin_read(text, &was)) return MX_OK;
    if (im->traces) {
        MX_TRY(mx_graph_array(im->g, 1, sizeof *item->origin, &item->origin, im->err));
        *item->origin = was;
    }
    mx_origin_add_all(&is, texts->at);
    if (!(is.labelled & 1)) is.at[MX_ORIGIN_LABEL] = was.at[MX_ORIGIN_LABEL];
    if (!(is.labelled & 2)) is.at[MX_ORIGIN_FOLDED_LABEL] = was.at[MX_ORIGIN_FOLDED_LABEL];
    item->edits = (uint16_t)mx_origin_differences(&was, &is);
    if (!(item->edits & MX_ORIGIN_LABELS)) return MX_OK;
    bool open = item->edits & 1u << MX_ORIGIN_LABEL;
    return mx_graph_string(im->g, texts->label_text[open ? 0 : 1], &item->label, im->err);
}

static uint32_t name_before(const mx_texts *texts) {
    mx_origin was;
    return mx_origin_read(texts->at[MX_KEY_ORIGIN], &was) ? was.at[MX_ORIGIN_NAME] : 0;
}

static mx_status read_all(mx_import *im, uint32_t index, const mx_texts *texts) {
    mx_item *item = &im->items[index];
    mx_decoder d = {.g = im->g, .values = &im->values, .pending = MX_VALUES_PENDING, .err = im->err};
    d.legacy = im->legacy;
    MX_TRY(find_kind(im, item, texts));
    if (!mx_item_is_live(item)) return MX_OK;
    MX_TRY(note_edits(im, item, texts));
    if (item->kind <= MX_NODE_MODULE) MX_TRY(mx_import_add_compound(im, index));
    if (item->kind == MX_NODE_FUNCTION && item->edits & 1u << MX_ORIGIN_NAME)
        im->compounds[item->compound].name_was = name_before(texts);
    if (item->kind == MX_NODE_MODEL && im->model == MX_NO_INDEX) im->model = index;
    target t = {im, &d, item, item->kind <= MX_NODE_MODULE ? &im->compounds[item->compound] : NULL, index};
    for (size_t i = 0; i < sizeof handlers / sizeof *handlers; i++) {
        const handler *h = &handlers[i];
        if (!texts->at[h->key].p || !(h->kinds & 1 << item->kind)) continue;
        d.what = mx_key_table[h->key].name;
        MX_TRY(handle(&t, h, texts->at[h->key]));
    }
    if (item->kind == MX_NODE_MODEL) MX_TRY(mx_read_weights(im, index, texts));
    if (im->legacy && item->kind == MX_NODE_MODULE) MX_TRY(mx_legacy_read_module(im, index, texts));
    return mx_import_value_port(im, item);
}

mx_status mx_read_item(mx_import *im, uint32_t item, const mx_texts *texts) {
    mx_status status = read_all(im, item, texts);
    return status == MX_OK ? MX_OK : mx_item_place(im, item, status);
}

/* Texts that are no names are as good as absent. */
mx_status mx_read_outer_graph(mx_import *im, const mx_texts *texts) {
    mx_error unread;
    const struct {
        mx_key key;
        mx_sid *to;
    } names[] = {{MX_KEY_GRAPH_SOURCE_ONNX_TEXT, &im->source_name}, {MX_KEY_GRAPH_SOURCE_HTP, &im->metadata_name}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        mx_decoder d = {.g = im->g, .what = mx_key_table[names[i].key].name, .err = &unread};
        mx_str text = texts->at[names[i].key];
        if (text.p && mx_decode_plain(&d, text, names[i].to) == MX_ERR_NOMEM) return mx_nomem(im->err);
    }
    return MX_OK;
}

mx_status mx_read_edge(mx_import *im, mx_edge *edge, const mx_texts *texts) {
    static const mx_key keys[] = {MX_KEY_SOURCE_PORT, MX_KEY_TARGET_PORT};
    int32_t *ports[] = {&edge->source_port, &edge->target_port};
    for (int i = 0; i < 2; i++) {
        mx_decoder d = {.g = im->g, .what = mx_key_table[keys[i]].name, .err = im->err};
        if (!texts->at[keys[i]].p) continue;
        mx_status status = mx_decode_int32(&d, texts->at[keys[i]], ports[i]);
        if (status == MX_OK && *ports[i] < 0) status = mx_decode_fail(&d, "ports count from 0");
        if (status != MX_OK) return mx_at_line(im->err, status, edge->line);
    }
    return MX_OK;
}
