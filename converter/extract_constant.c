/* Constants: operators without data inputs, and what follows from such. They are copied into every part that uses them. */
#include "converter/extract_internal.h"

static bool is_standard(const mx_graph *g, const mx_node *n) {
    return n->domain == MX_SID_ABSENT || n->domain == MX_SID_EMPTY || mx_str_is(mx_text(g, n->domain), "ai.onnx");
}

static bool is_random(mx_str type) {
    static const char *const names[] = {"Bernoulli",         "Dropout",       "Multinomial",      "RandomNormal",
                                        "RandomNormalLike",  "RandomUniform", "RandomUniformLike"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (mx_str_is(type, names[i])) return true;
    return false;
}

static bool refers(const mx_node *n) {
    for (uint32_t i = 0; i < n->n_attrs; i++)
        if (n->attrs[i].ref_name != MX_SID_ABSENT) return true;
    return false;
}

static bool may_be_constant(const mx_graph *g, const mx_node *n) {
    return n->kind == MX_NODE_OPERATOR && n->first_child == MX_NO_NODE && is_standard(g, n) &&
           !is_random(mx_text(g, n->op_type)) && !refers(n);
}

static bool is_small(const mx_graph *g, uint32_t tensor) {
    return tensor != MX_NO_INDEX && g->tensors[tensor].data.size <= MX_EXTRACT_SHARED_BYTES;
}

/* A Constant whose value is small enough to be computed with. */
static bool is_small_constant(const mx_graph *g, const mx_node *n) {
    for (uint32_t i = 0; i < n->n_attrs; i++) {
        const mx_attr *a = &n->attrs[i];
        if (a->type == MX_ATTR_TENSOR && !is_small(g, a->value.index)) return false;
        if (a->type == MX_ATTR_SPARSE_TENSOR) return false;
    }
    return true;
}

static uint32_t depth_of(const mx_cut *c, mx_node_id scope) {
    for (size_t i = c->chain.count; i-- > 0;)
        if (c->chain.scopes[i] == scope) return (uint32_t)i + 1;
    return 0;
}

/* A port without a source: an initializer that means the same here and where the selection stands. */
static bool is_small_initializer(const mx_cut *c, const mx_node *n, mx_sid name) {
    const mx_held *h = &c->held[name];
    return h->depth && h->depth <= depth_of(c, n->scope) && is_small(c->g, h->tensor);
}

/* What follows from the inputs: MX_CUT_UNKNOWN where one has to be looked at first, *next. */
static uint8_t judge(const mx_cut *c, mx_node_id op, mx_node_id *next) {
    const mx_node *n = mx_node_at(c->g, op);
    if (!may_be_constant(c->g, n)) return MX_CUT_VARIABLE;
    for (uint32_t k = 0; k < n->n_inputs; k++) {
        const mx_port *p = &n->inputs[k];
        if (!mx_names_value(p->name)) continue;
        if (p->source == MX_NO_NODE) {
            if (!is_small_initializer(c, n, p->name)) return MX_CUT_VARIABLE;
            continue;
        }
        const mx_node *source = mx_node_at(c->g, p->source);
        if (c->s->inside[p->source] || source->kind != MX_NODE_OPERATOR) return MX_CUT_VARIABLE;
        if (source->n_inputs == 0 && !is_small_constant(c->g, source)) return MX_CUT_VARIABLE;
        if (c->constant[p->source] == MX_CUT_VARIABLE) return MX_CUT_VARIABLE;
        if (c->constant[p->source] == MX_CUT_CONSTANT) continue;
        *next = p->source;
        return MX_CUT_UNKNOWN;
    }
    return MX_CUT_CONSTANT;
}

static mx_status push(mx_cut *c, mx_node_id op) {
    if (!mx_grow(c->g->allocator, (void **)&c->stack, &c->cap_stack, c->n_stack, sizeof *c->stack))
        return mx_nomem(c->err);
    c->stack[c->n_stack++] = op;
    return MX_OK;
}

/* An operator that (in a model with a fault) comes from itself is looked at twice: the second time it is variable. */
mx_status mx_cut_constant(mx_cut *c, mx_node_id op, bool *out) {
    size_t bottom = c->n_stack;
    mx_node_id next = MX_NO_NODE;
    if (c->constant[op] == MX_CUT_UNKNOWN) MX_TRY(push(c, op));
    while (c->n_stack > bottom) {
        mx_node_id top = c->stack[c->n_stack - 1];
        uint8_t what = judge(c, top, &next);
        if (what == MX_CUT_UNKNOWN && c->n_stack - bottom > c->g->n_nodes) what = MX_CUT_VARIABLE;
        if (what == MX_CUT_UNKNOWN) {
            MX_TRY(push(c, next));
            continue;
        }
        c->constant[top] = what;
        c->n_stack--;
    }
    *out = c->constant[op] == MX_CUT_CONSTANT;
    return MX_OK;
}
