/* Constants: operators without data inputs, what is computed from small ones, and weights in another form. They are
 * copied into every part that uses them. */
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

/* Operators that give a weight another form, and no more: exporters put them between a weight and its module. */
static bool is_form(mx_str type) {
    static const char *const names[] = {"Cast",    "DequantizeLinear", "Identity", "Reshape",
                                        "Squeeze", "Transpose",        "Unsqueeze"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (mx_str_is(type, names[i])) return true;
    return false;
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
static uint8_t judge_initializer(const mx_cut *c, const mx_node *n, mx_sid name) {
    const mx_held *h = &c->held[name];
    if (h->depth == 0 || h->depth > depth_of(c, n->scope)) return MX_CUT_VARIABLE;
    return is_small(c->g, h->tensor) ? MX_CUT_CONSTANT : MX_CUT_WEIGHT;
}

/* What a port says of its operator; unknown as long as the source has not been looked at. */
static uint8_t judge_port(const mx_cut *c, const mx_node *n, const mx_port *p) {
    if (!mx_names_value(p->name)) return MX_CUT_CONSTANT;
    if (p->source == MX_NO_NODE) return judge_initializer(c, n, p->name);
    const mx_node *source = mx_node_at(c->g, p->source);
    if (c->s->inside[p->source] || source->kind != MX_NODE_OPERATOR) return MX_CUT_VARIABLE;
    return c->constant[p->source];
}

/* MX_CUT_BUSY: not known before some of the sources are. */
static uint8_t judge(const mx_cut *c, mx_node_id op) {
    const mx_node *n = mx_node_at(c->g, op);
    bool busy = false, weight = n->n_inputs == 0 && !is_small_constant(c->g, n);
    if (!may_be_constant(c->g, n)) return MX_CUT_VARIABLE;
    for (uint32_t k = 0; k < n->n_inputs; k++) {
        uint8_t port = judge_port(c, n, &n->inputs[k]);
        if (port == MX_CUT_VARIABLE) return MX_CUT_VARIABLE;
        weight = weight || port == MX_CUT_WEIGHT;
        busy = busy || port == MX_CUT_UNKNOWN || port == MX_CUT_BUSY;
    }
    if (weight && n->n_inputs && !is_form(mx_text(c->g, n->op_type))) return MX_CUT_VARIABLE;
    return busy ? MX_CUT_BUSY : weight ? MX_CUT_WEIGHT : MX_CUT_CONSTANT;
}

static mx_status push(mx_cut *c, mx_node_id op) {
    if (!mx_grow(c->g->allocator, (void **)&c->stack, &c->cap_stack, c->n_stack, sizeof *c->stack))
        return mx_nomem(c->err);
    c->stack[c->n_stack++] = op;
    return MX_OK;
}

static mx_status push_sources(mx_cut *c, mx_node_id op) {
    const mx_node *n = mx_node_at(c->g, op);
    for (uint32_t k = 0; k < n->n_inputs; k++)
        if (n->inputs[k].source != MX_NO_NODE && c->constant[n->inputs[k].source] == MX_CUT_UNKNOWN)
            MX_TRY(push(c, n->inputs[k].source));
    return MX_OK;
}

/* Every operator is judged at most twice: before its sources are known and afterwards. One that is still busy then comes
 * from itself. */
mx_status mx_cut_constant(mx_cut *c, mx_node_id op, bool *out) {
    size_t bottom = c->n_stack;
    MX_TRY(push(c, op));
    while (c->n_stack > bottom) {
        mx_node_id top = c->stack[c->n_stack - 1];
        uint8_t *known = &c->constant[top], before = *known;
        if (before == MX_CUT_UNKNOWN || before == MX_CUT_BUSY) *known = judge(c, top);
        if (*known == MX_CUT_BUSY && before == MX_CUT_UNKNOWN) {
            MX_TRY(push_sources(c, top));
            continue;
        }
        if (*known == MX_CUT_BUSY) *known = MX_CUT_VARIABLE;
        c->n_stack--;
    }
    *out = c->constant[op] == MX_CUT_CONSTANT || c->constant[op] == MX_CUT_WEIGHT;
    return MX_OK;
}
