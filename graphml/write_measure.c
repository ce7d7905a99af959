/* Keys are declared at the head of the file, so values that need several must be known before. A cheap upper
 * bound clears nearly every node; the few others are encoded once more, only to count. */
#include "graphml/write.h"

#define ITEM  48u  /* punctuation, member names and a number */
#define ENTRY 256u /* the same for an object with several members */

static uint64_t text(const mx_graph *g, mx_sid id) {
    return (uint64_t)mx_text(g, id).n * 6 + ITEM; /* \u00XX is the longest form of a byte */
}

static uint64_t pairs(const mx_graph *g, const mx_pairs *p) {
    uint64_t sum = 0;
    for (uint32_t i = 0; i < p->count; i++)
        sum += text(g, p->items[i].key) + text(g, p->items[i].value) + text(g, p->items[i].opaque);
    return sum;
}

static uint64_t type(const mx_graph *g, uint32_t index) {
    uint64_t sum = 0;
    for (; index != MX_NO_INDEX; index = g->types[index].child) {
        const mx_type *t = &g->types[index];
        sum += ENTRY + text(g, t->domain) + text(g, t->name) + text(g, t->denotation);
        for (uint32_t i = 0; i < t->n_dims; i++)
            sum += text(g, t->dims[i].param) + text(g, t->dims[i].denotation);
    }
    return sum;
}

static uint64_t tensor(const mx_graph *g, uint32_t index) {
    if (index == MX_NO_INDEX) return 0;
    const mx_tensor *t = &g->tensors[index];
    return ENTRY + text(g, t->name) + text(g, t->doc) + text(g, t->rest) + (uint64_t)t->n_dims * ITEM +
           pairs(g, &t->external) + pairs(g, &t->metadata) + (uint64_t)MX_INLINE_ELEMENTS * ITEM;
}

static uint64_t sparse(const mx_graph *g, uint32_t index) {
    const mx_sparse *s = &g->sparses[index];
    return ENTRY + tensor(g, s->values) + tensor(g, s->indices) + text(g, s->rest) +
           (uint64_t)s->n_dims * ITEM;
}

static uint64_t value_info(const mx_graph *g, const mx_value_info *v) {
    return ENTRY + text(g, v->name) + text(g, v->doc) + text(g, v->rest) + type(g, v->type) +
           pairs(g, &v->metadata);
}

static uint64_t attribute_item(const mx_graph *g, const mx_attr *a, uint32_t i) {
    switch (a->type) {
    case MX_ATTR_STRINGS: return text(g, a->value.sids[i]);
    case MX_ATTR_TENSORS: return tensor(g, a->value.indices[i]);
    case MX_ATTR_SPARSE_TENSORS: return sparse(g, a->value.indices[i]);
    case MX_ATTR_TYPE_PROTOS: return type(g, a->value.indices[i]);
    default: return ITEM;
    }
}

static uint64_t attribute(const mx_graph *g, const mx_attr *a) {
    uint64_t sum = ENTRY + text(g, a->name) + text(g, a->ref_name) + text(g, a->doc) + text(g, a->rest);
    if (a->ref_name != MX_SID_ABSENT) return sum;
    if (a->type == MX_ATTR_STRING || a->type == MX_ATTR_OPAQUE) return sum + text(g, a->value.s);
    if (a->type == MX_ATTR_TENSOR) return sum + tensor(g, a->value.index);
    if (a->type == MX_ATTR_SPARSE_TENSOR) return sum + sparse(g, a->value.index);
    if (a->type == MX_ATTR_TYPE_PROTO) return sum + type(g, a->value.index);
    for (uint32_t i = 0; i < a->count; i++)
        sum += attribute_item(g, a, i);
    return sum;
}

static uint64_t scope(const mx_graph *g, const mx_scope_data *s) {
    uint64_t sum = text(g, s->name) + text(g, s->doc) + text(g, s->rest) + pairs(g, &s->metadata);
    for (size_t i = 0; i < s->n_initializers; i++)
        sum += tensor(g, s->initializers[i]);
    for (size_t i = 0; i < s->n_sparse; i++)
        sum += sparse(g, s->sparse_initializers[i]);
    for (size_t i = 0; i < s->n_value_infos; i++)
        sum += value_info(g, &s->value_infos[i]);
    for (uint32_t i = 0; i < s->n_opsets; i++)
        sum += ENTRY + text(g, s->opsets[i].domain) + text(g, s->opsets[i].opaque);
    for (uint32_t i = 0; i < s->n_attribute_names; i++)
        sum += text(g, s->attribute_names[i]);
    return sum;
}

static uint64_t model(const mx_graph *g) {
    uint64_t sum = ENTRY + text(g, g->model.producer_name) + text(g, g->model.producer_version);
    sum += text(g, g->model.domain);
    for (size_t i = 0; i < g->n_external_files; i++) {
        const mx_external_file *f = &g->external_files[i];
        sum += ENTRY + text(g, f->location) + (uint64_t)f->n_parts * ITEM;
    }
    return sum;
}

static uint64_t module(const mx_graph *g, const mx_module_data *m) {
    return text(g, m->class_name) + text(g, m->module_type) + text(g, m->scope) + text(g, m->tag);
}

static uint64_t ports(const mx_plan *plan, mx_node_id id, const mx_node *n) {
    const mx_graph *g = plan->g;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n->n_inputs; i++)
        sum += text(g, n->inputs[i].name);
    for (uint32_t i = 0; i < n->n_outputs; i++) {
        sum += text(g, n->outputs[i]);
        if (n->kind != MX_NODE_OPERATOR) continue;
        uint32_t info = plan->port_info[plan->port_start[id] + i];
        if (info != MX_NO_INDEX) sum += value_info(g, &mx_scope_of(g, n)->value_infos[info]);
    }
    return sum;
}

static uint64_t node(const mx_plan *plan, mx_node_id id) {
    const mx_graph *g = plan->g;
    const mx_node *n = mx_node_at(g, id);
    uint64_t sum = ENTRY + text(g, n->name) + text(g, n->op_type) + text(g, n->domain) + text(g, n->overload);
    sum += text(g, n->doc) + text(g, n->rest) + pairs(g, &n->metadata) + ports(plan, id, n);
    for (uint32_t i = 0; i < n->n_attrs; i++)
        sum += attribute(g, &n->attrs[i]);
    if (mx_is_scope(n)) sum += scope(g, &g->scopes[n->data]);
    if (n->kind == MX_NODE_MODEL) sum += model(g) + (g->n_modules ? module(g, &g->modules[0]) : 0);
    if (n->kind == MX_NODE_MODULE) sum += module(g, &g->modules[n->data]);
    if (n->kind == MX_NODE_INPUT || n->kind == MX_NODE_OUTPUT) sum += type(g, n->data);
    return sum;
}

mx_status mx_measure(mx_writer *w) {
    mx_status status = MX_OK;
    for (int k = 0; k < MX_KEY_COUNT; k++)
        w->pieces[k] = 1;
    w->measuring = true;
    for (mx_node_id id = 0; id < w->g->n_nodes && status == MX_OK; id++) {
        /* Faults are the one list that grows with the ports but is not counted by bytes: ITEM covers a
         * port's. */
        if (node(&w->plan, id) <= MX_DATA_BYTES) continue;
        status = mx_write_node_data(w, id);
        if (status == MX_OK && (w->value.failed || w->attributes.failed)) status = mx_nomem(w->err);
    }
    w->measuring = false;
    w->pieces[MX_KEY_PARAMETER_DATA] = mx_parameter_pieces(w->weights);
    return status;
}
