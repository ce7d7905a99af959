/* The report, completed by the source model. */
#include "converter/edits.h"
#include "converter/retag.h"
#include "graphml/source.h"
#include "graphml/values.h"

#define TEXT_BYTES 400u /* of a value; longer ones are cut */

typedef struct teller {
    mx_graph *g, *source;
    const mx_plan *plan;
    mx_graphml_report *report;
    mx_edits *edits;
    const mx_change *change; /* at hand */
    uint64_t told;           /* of it */
    mx_buffer text;
} teller;

/* ---- values in words ---- */

static void add_string(mx_buffer *b, const mx_graph *g, mx_sid s) {
    mx_str text = mx_text(g, s);
    if (text.p) mx_buffer_add(b, text.p, text.n);
}

static void add_tensor(mx_buffer *b, const mx_graph *g, const mx_tensor *t) {
    (void)g;
    mx_value_tensor_kind(b, t);
}

/* Bodies have numbers that mean nothing to a reader; so have the places of long tensors. */
static mx_status add_attribute(mx_buffer *b, const mx_graph *g, const mx_attr *a, mx_error *err) {
    const mx_value_context context = {.g = g};
    bool body = a->ref_name == MX_SID_ABSENT && (a->type == MX_ATTR_GRAPH || a->type == MX_ATTR_GRAPHS);
    bool tensor = a->ref_name == MX_SID_ABSENT && a->type == MX_ATTR_TENSOR;
    if (body) {
        mx_buffer_cstr(b, a->type == MX_ATTR_GRAPH ? "{\"type\": \"GRAPH\"}" : "{\"type\": \"GRAPHS\"}");
        return MX_OK;
    }
    if (tensor && !mx_value_is_short(g, &g->tensors[a->value.index])) {
        mx_value_tensor_kind(b, &g->tensors[a->value.index]);
        return MX_OK;
    }
    return mx_value_attribute(b, &context, a, err);
}

static const mx_edit_texts texts = {add_string, mx_value_type, add_tensor, add_attribute};

/* A text as the report has it: not too long, and then with its size. */
static mx_status keep(teller *t, mx_str s, mx_sid *out, mx_error *err) {
    size_t n = s.n;
    *out = MX_SID_ABSENT;
    if (!s.p) return MX_OK;
    if (n <= TEXT_BYTES) return mx_graph_string(t->g, s, out, err);
    for (n = TEXT_BYTES; n > TEXT_BYTES - 4 && ((uint8_t)s.p[n] & 0xC0) == 0x80;)
        n--;
    mx_buffer_clear(&t->text);
    mx_buffer_add(&t->text, s.p, n);
    mx_buffer_cstr(&t->text, "\xE2\x80\xA6 (");
    mx_buffer_uint(&t->text, s.n);
    mx_buffer_cstr(&t->text, " bytes in all)");
    return t->text.failed ? mx_nomem(err) : mx_graph_string(t->g, mx_buffer_str(&t->text), out, err);
}

/* ---- what was changed ---- */

/* What the comparison finds, the field of the origin that it belongs to, and the key that says it. */
static const struct {
    const char *field;
    mx_origin_field origin;
    mx_key key;
} found[] = {
    {"op_type", MX_ORIGIN_TYPE, MX_KEY_OP_TYPE},
    {"domain", MX_ORIGIN_TYPE, MX_KEY_DOMAIN},
    {"overload", MX_ORIGIN_TYPE, MX_KEY_OVERLOAD},
    {"attribute", MX_ORIGIN_ATTRIBUTES, MX_KEY_NODE_ATTRIBUTES},
    {"name", MX_ORIGIN_NAME, MX_KEY_NAME},
    {"graph name", MX_ORIGIN_NAME, MX_KEY_GRAPH_NAME},
    {"doc_string", MX_ORIGIN_DOC, MX_KEY_DOC_STRING},
    {"graph doc_string", MX_ORIGIN_DOC, MX_KEY_GRAPH_DOC_STRING},
    {"metadata", MX_ORIGIN_METADATA, MX_KEY_METADATA},
    {"graph metadata", MX_ORIGIN_METADATA, MX_KEY_GRAPH_METADATA},
    {"input", MX_ORIGIN_INPUTS, MX_KEY_INPUT_NAMES},
    {"output", MX_ORIGIN_OUTPUTS, MX_KEY_OUTPUT_NAMES},
    {"type", MX_ORIGIN_TYPES, MX_KEY_VALUE_TYPE},
    {"value_info", MX_ORIGIN_TYPES, MX_KEY_VALUE_INFO},
    {"initializer", MX_ORIGIN_INITIALIZERS, MX_KEY_INITIALIZERS},
    {"sparse initializer", MX_ORIGIN_INITIALIZERS, MX_KEY_SPARSE_INITIALIZERS},
    {"ir_version", MX_ORIGIN_MODEL, MX_KEY_IR_VERSION},
    {"model_version", MX_ORIGIN_MODEL, MX_KEY_MODEL_VERSION},
    {"producer_name", MX_ORIGIN_MODEL, MX_KEY_PRODUCER_NAME},
    {"producer_version", MX_ORIGIN_MODEL, MX_KEY_PRODUCER_VERSION},
    {"opset_import", MX_ORIGIN_MODEL, MX_KEY_OPSET_IMPORTS},
};

/* A change with other texts; it stands for a part of the one at hand. */
static mx_status tell_part(teller *t, mx_key key, const mx_edit *e, mx_error *err) {
    mx_change c = *t->change;
    c.key = mx_key_table[key].name;
    c.port = e->port;
    MX_TRY(keep(t, e->key, &c.entry, err));
    MX_TRY(keep(t, e->before, &c.before, err));
    MX_TRY(keep(t, e->after, &c.after, err));
    t->told++;
    return mx_graphml_tell(t->g, t->report, &c, err);
}

static mx_status tell_edit(void *ctx, const mx_edit *e, mx_error *err) {
    teller *t = ctx;
    for (size_t i = 0; i < sizeof found / sizeof *found; i++)
        if (found[i].origin == t->change->field && strcmp(found[i].field, e->field) == 0)
            return tell_part(t, found[i].key, e, err);
    return MX_OK;
}

static mx_status tell_texts(teller *t, mx_key key, mx_sid before, mx_sid after, mx_error *err) {
    mx_edit e = {.port = -1, .before = mx_text(t->source, before), .after = mx_text(t->g, after)};
    return mx_str_eq(e.before, e.after) ? MX_OK : tell_part(t, key, &e, err);
}

/* What is of no meaning in ONNX, and so not compared: the class of a module or of the model, a module's name. */
static mx_status tell_module(teller *t, const mx_node *a, const mx_node *b, mx_error *err) {
    const mx_module_data *x = &t->source->modules[a->kind == MX_NODE_MODULE ? a->data : 0];
    const mx_module_data *y = &t->g->modules[b->kind == MX_NODE_MODULE ? b->data : 0];
    if (t->change->field == MX_ORIGIN_TYPE) MX_TRY(tell_texts(t, MX_KEY_CLASS_NAME, x->class_name, y->class_name, err));
    if (a->kind != MX_NODE_MODULE) return MX_OK;
    if (t->change->field == MX_ORIGIN_NAME) return tell_texts(t, MX_KEY_NAME, a->name, b->name, err);
    return t->change->field == MX_ORIGIN_DOC ? tell_texts(t, MX_KEY_DOC_STRING, a->doc, b->doc, err) : MX_OK;
}

/* Where the model does not differ (blanks in JSON, values of long tensors) the change stays as it is. */
static mx_status tell_changed(teller *t, mx_error *err) {
    mx_node_id id = t->plan->order[t->change->index];
    const mx_node *a = mx_node_at(t->source, id), *b = mx_node_at(t->g, t->change->id);
    t->told = 0;
    if (a->kind == b->kind && (a->kind == MX_NODE_MODULE || a->kind == MX_NODE_MODEL))
        MX_TRY(tell_module(t, a, b, err));
    if (a->kind == b->kind)
        MX_TRY(
            mx_edits_find(t->edits, id, t->change->id, t->change->field == MX_ORIGIN_INITIALIZERS, tell_edit, t, err));
    return t->told ? MX_OK : mx_graphml_tell(t->g, t->report, t->change, err);
}

/* ---- what is gone ---- */

static const mx_module_data *module_around(const mx_graph *g, const mx_node *n) {
    if (n->kind == MX_NODE_MODULE) return &g->modules[n->data];
    while (n->parent != MX_NO_NODE && n->kind != MX_NODE_MODULE)
        n = mx_node_at(g, n->parent);
    return &g->modules[n->kind == MX_NODE_MODULE ? n->data : 0];
}

static mx_status tell_gone(teller *t, uint32_t index, mx_error *err) {
    const mx_graph *s = t->source;
    const mx_node *n = mx_node_at(s, t->plan->order[index]);
    const mx_module_data *m = module_around(s, n);
    mx_change c = {.kind = "removed",
                   .what = mx_node_kind_names[n->kind],
                   .port = -1,
                   .index = index,
                   .last_index = -1,
                   .id = MX_NO_NODE};
    mx_sid own = n->kind == MX_NODE_OPERATOR ? mx_operator_tag(s, n->attrs, n->n_attrs, &n->metadata) : MX_SID_ABSENT;
    bool value = (n->kind == MX_NODE_INPUT || n->kind == MX_NODE_OUTPUT) && n->data != MX_NO_INDEX;
    MX_TRY(keep(t, mx_text(s, n->name), &c.node, err));
    MX_TRY(keep(t, mx_text(s, n->op_type), &c.op_type, err));
    MX_TRY(keep(t, mx_text(s, m->scope), &c.scope, err));
    MX_TRY(keep(t, mx_text(s, own != MX_SID_ABSENT ? own : m->tag), &c.tag, err));
    if (value) {
        mx_buffer type;
        mx_buffer_init(&type, s->allocator);
        mx_value_type(&type, s, n->data);
        mx_status status = type.failed ? mx_nomem(err) : keep(t, mx_buffer_str(&type), &c.before, err);
        mx_buffer_free(&type);
        MX_TRY(status);
    }
    return mx_graphml_tell(t->g, t->report, &c, err);
}

/* Numbers beyond the source's are not removed ones: the nodes that bear them were checked to be none. */
static mx_status tell_removed(teller *t, mx_error *err) {
    for (int64_t i = t->change->index; i <= t->change->last_index && i < t->plan->numbered; i++)
        MX_TRY(tell_gone(t, (uint32_t)i, err));
    return MX_OK;
}

/* ---- the report ---- */

static mx_status tell_again(teller *t, mx_error *err) {
    const mx_change *c = t->change;
    if (strcmp(c->kind, "removed") == 0) return tell_removed(t, err);
    if (strcmp(c->kind, "changed") == 0 && c->id != MX_NO_NODE && c->index >= 0) return tell_changed(t, err);
    return mx_graphml_tell(t->g, t->report, c, err);
}

mx_status mx_source_tell(mx_graph *g, mx_graph *source, const mx_plan *plan, mx_graphml_report *report, mx_error *err) {
    teller t = {.g = g, .source = source, .plan = plan, .report = report};
    mx_change *list = report->changes, **end = report->end;
    report->changes = NULL;
    report->end = &report->changes;
    mx_buffer_init(&t.text, g->allocator);
    mx_status status = mx_edits_open(source, g, &texts, &t.edits, err);
    for (t.change = list; t.change && status == MX_OK; t.change = t.change->next)
        status = tell_again(&t, err);
    mx_edits_close(t.edits);
    mx_buffer_free(&t.text);
    if (status == MX_OK) return MX_OK;
    report->changes = list; /* all was copied: it is as it was */
    report->end = end;
    return status;
}
