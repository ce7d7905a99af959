#include "converter/retag.h"
#include "graphml/write.h"

#include <stdio.h>

/* ---- hierarchy ---- */

void mx_write_module_data(mx_writer *w, const mx_module_data *m) {
    mx_put_plain(w, MX_KEY_CLASS_NAME, m->class_name);
    mx_put_plain(w, MX_KEY_MODULE_TYPE, m->module_type);
    mx_put_plain(w, MX_KEY_HIERARCHY_SCOPE, m->scope);
    if (m->has_own_tag) mx_put_cstr(w, MX_KEY_OWN_TAG, "true");
    if (m->has_order) mx_put_int(w, MX_KEY_EXECUTION_ORDER, m->execution_order);
}

static void put_tag(mx_writer *w, const mx_node *n) {
    mx_sid tag = MX_SID_ABSENT;
    if (n->kind == MX_NODE_OPERATOR)
        tag = mx_operator_tag(w->g, n->attrs, n->n_attrs, &n->metadata);
    else if (n->kind == MX_NODE_MODULE)
        tag = w->g->modules[n->data].tag;
    else if (n->kind == MX_NODE_MODEL && w->g->n_modules)
        tag = w->g->modules[0].tag;
    mx_put_plain(w, MX_KEY_HIERARCHY_TAG, tag);
}

/* ---- ports ---- */

static void put_inputs(mx_writer *w, const mx_node *n) {
    mx_buffer_clear(&w->value);
    mx_buffer_byte(&w->value, '[');
    for (uint32_t i = 0; i < n->n_inputs; i++) {
        if (i) mx_buffer_add(&w->value, ", ", 2);
        mx_value_name(&w->value, w->g, n->inputs[i].name);
    }
    mx_buffer_byte(&w->value, ']');
    mx_put_value(w, MX_KEY_INPUT_NAMES);
}

static void put_outputs(mx_writer *w, const mx_node *n) {
    mx_buffer_clear(&w->value);
    mx_buffer_byte(&w->value, '[');
    for (uint32_t i = 0; i < n->n_outputs; i++) {
        if (i) mx_buffer_add(&w->value, ", ", 2);
        mx_value_name(&w->value, w->g, n->outputs[i]);
    }
    mx_buffer_byte(&w->value, ']');
    mx_put_value(w, MX_KEY_OUTPUT_NAMES);
}

/* ---- faults ---- */

static size_t put_fault_ports(mx_buffer *b, const mx_fault *faults, size_t n, const char *key, bool *first) {
    size_t run = 0;
    mx_json_member(b, first, key);
    mx_buffer_byte(b, '[');
    for (; run < n && faults[run].kind == faults[0].kind; run++) {
        if (run) mx_buffer_add(b, ", ", 2);
        mx_buffer_uint(b, faults[run].port);
    }
    mx_buffer_byte(b, ']');
    return run;
}

static void put_faults(mx_writer *w, mx_node_id id) {
    static const char *const names[] = {"unresolved", "duplicate"};
    bool unordered = mx_node_at(w->g, id)->flags & MX_FLAG_UNORDERED, first = true;
    size_t n = 0;
    const mx_fault *faults = w->plan.n_faults ? mx_plan_faults(&w->plan, id, &n) : NULL;
    if (!faults && !unordered) return;
    mx_buffer_clear(&w->value);
    mx_buffer_byte(&w->value, '{');
    while (n > 0) {
        size_t run = put_fault_ports(&w->value, faults, n, names[faults->kind], &first);
        faults += run;
        n -= run;
    }
    if (unordered) {
        mx_json_member(&w->value, &first, "unordered");
        mx_buffer_cstr(&w->value, "true");
    }
    mx_buffer_byte(&w->value, '}');
    mx_put_value(w, MX_KEY_FAULTS);
}

/* ---- value infos that an operator carries ---- */

static void put_value_infos(mx_writer *w, mx_node_id id, const mx_node *n) {
    const mx_plan *plan = &w->plan;
    const mx_scope_data *s = mx_scope_of(w->g, n);
    bool first = true;
    mx_buffer_clear(&w->value);
    for (uint32_t k = 0; k < n->n_outputs; k++) {
        uint32_t info = plan->port_info[plan->port_start[id] + k];
        if (info == MX_NO_INDEX) continue;
        mx_buffer_cstr(&w->value, first ? "[" : ", ");
        first = false;
        mx_value_info_entry(&w->value, w->g, &s->value_infos[info], k, info);
    }
    if (first) return;
    mx_buffer_byte(&w->value, ']');
    mx_put_value(w, MX_KEY_VALUE_INFO);
}

/* ---- all nodes ---- */

static void put_metadata(mx_writer *w, mx_key key, const mx_pairs *pairs) {
    if (!pairs->count) return;
    mx_buffer_clear(&w->value);
    mx_value_metadata(&w->value, w->g, pairs);
    mx_put_value(w, key);
}

/* A text that is JSON already. */
static void put_json(mx_writer *w, mx_key key, mx_sid json) {
    if (json != MX_SID_ABSENT) mx_put(w, key, mx_text(w->g, json));
}

static mx_status put_attributes(mx_writer *w, const mx_node *n) {
    mx_buffer_clear(&w->attributes);
    if (!n->n_attrs) return MX_OK;
    MX_TRY(mx_value_attributes(&w->attributes, &w->values, n->attrs, n->n_attrs, w->err));
    mx_put(w, MX_KEY_NODE_ATTRIBUTES, mx_buffer_str(&w->attributes));
    return MX_OK;
}

static void put_place(mx_writer *w, mx_node_id id, const mx_node *n) {
    const mx_plan *plan = &w->plan;
    char key[16];
    mx_put_cstr(w, MX_KEY_NODE_KIND, mx_node_kind_names[n->kind]);
    mx_put_int(w, MX_KEY_NODE_INDEX, plan->index[id]);
    if (n->parent != MX_NO_NODE) {
        snprintf(key, sizeof key, "%u", plan->key[n->parent]);
        mx_put_cstr(w, MX_KEY_PARENT, key);
    }
    if (plan->key[id] == MX_NO_INDEX) return;
    snprintf(key, sizeof key, "%u", plan->key[id]);
    mx_put_cstr(w, MX_KEY_COMPOUND_KEY, key);
}

/* GraphProto's texts stand on a body itself, but beside ModelProto's own on the model. */
static void put_texts(mx_writer *w, const mx_node *n) {
    const mx_scope_data *s = n->kind == MX_NODE_BODY ? &w->g->scopes[n->data] : NULL;
    if (n->kind == MX_NODE_MODULE) {
        mx_put_plain(w, MX_KEY_DOC_STRING, n->doc);
        return;
    }
    mx_put_plain(w, MX_KEY_DOC_STRING, s ? s->doc : n->doc);
    put_metadata(w, MX_KEY_METADATA, s ? &s->metadata : &n->metadata);
    put_json(w, MX_KEY_REST, s ? s->rest : n->rest);
}

static void put_value_type(mx_writer *w, const mx_node *n) {
    if (n->data == MX_NO_INDEX) return;
    mx_buffer_clear(&w->value);
    mx_value_type(&w->value, w->g, n->data);
    mx_put_value(w, MX_KEY_VALUE_TYPE);
}

mx_status mx_write_node_data(mx_writer *w, mx_node_id id) {
    const mx_node *n = mx_node_at(w->g, id);
    bool is_operator = n->kind == MX_NODE_OPERATOR;
    if (is_operator) mx_put_plain(w, MX_KEY_OP_TYPE, n->op_type);
    put_tag(w, n);
    MX_TRY(put_attributes(w, n));
    mx_put_plain(w, MX_KEY_NAME, n->name);
    if (is_operator) {
        put_inputs(w, n);
        put_outputs(w, n);
    }
    mx_put_plain(w, MX_KEY_DOMAIN, n->kind == MX_NODE_MODEL ? w->g->model.domain : n->domain);
    put_place(w, id, n);
    put_texts(w, n);
    mx_put_plain(w, MX_KEY_OVERLOAD, n->overload);
    if (is_operator) put_value_infos(w, id, n);
    if (n->kind == MX_NODE_INPUT || n->kind == MX_NODE_OUTPUT) put_value_type(w, n);
    put_faults(w, id);
    if (n->kind == MX_NODE_MODULE) mx_write_module_data(w, &w->g->modules[n->data]);
    if (n->kind == MX_NODE_MODEL && w->g->n_modules) mx_write_module_data(w, &w->g->modules[0]);
    return mx_is_scope(n) ? mx_write_scope_data(w, id) : MX_OK;
}
