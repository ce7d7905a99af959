/* Constants: operators without data inputs, what is computed from small ones, and weights in another form. They are
 * copied into every part that uses them. */
#include "converter/edit.h"
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

static uint32_t depth_of(const mx_cutter *c, mx_node_id scope) {
    for (size_t i = c->chain.count; i-- > 0;)
        if (c->chain.scopes[i] == scope) return (uint32_t)i + 1;
    return 0;
}

/* Judgements are made twice. Of the whole graph, once for all cuts: what is no constant there is none in any part. And of the
 * place of the selection, whose operators are none: this looks only at what may be one, all of which then comes along. */
typedef struct judging {
    mx_cutter *c;
    mx_slate *known; /* by node */
    bool here;       /* the place of the selection counts */
} judging;

static uint8_t judge_tensor(const mx_cutter *c, uint32_t tensor) {
    return is_small(c->g, tensor) ? MX_CUT_CONSTANT : MX_CUT_WEIGHT;
}

/* A port without a source: an initializer that means the same here and where the selection stands. */
static uint8_t judge_initializer_here(const mx_cutter *c, const mx_node *n, mx_sid name) {
    mx_held h = mx_held_find(c->g, &c->initializers, &c->chain, name);
    return h.depth == 0 || h.depth > depth_of(c, n->scope) ? MX_CUT_VARIABLE : judge_tensor(c, h.tensor);
}

static uint8_t judge_initializer(const mx_cutter *c, const mx_node *n, mx_sid name) {
    for (mx_node_id scope = n->scope; scope != MX_NO_NODE; scope = mx_outer_scope(c->g, scope)) {
        uint32_t item = mx_name_index_last(&c->initializers, mx_node_at(c->g, scope)->data, name);
        if (item == MX_NO_INDEX) continue;
        return judge_tensor(c, c->initializers.items[item].sparse ? MX_NO_INDEX : c->initializers.items[item].id);
    }
    return MX_CUT_VARIABLE;
}

/* What a port says of its operator; unknown as long as the source has not been looked at. */
static uint8_t judge_port(const judging *j, const mx_node *n, const mx_port *p) {
    const mx_cutter *c = j->c;
    if (!mx_names_value(p->name)) return MX_CUT_CONSTANT;
    if (p->source == MX_NO_NODE) return j->here ? judge_initializer_here(c, n, p->name) : judge_initializer(c, n, p->name);
    if (j->here && mx_is_selected(c->s, p->source)) return MX_CUT_VARIABLE;
    bool made = mx_node_at(c->g, p->source)->kind == MX_NODE_OPERATOR;
    return made ? (uint8_t)mx_slate_get(j->known, p->source) : MX_CUT_VARIABLE;
}

/* MX_CUT_BUSY: not known before some of the sources are. */
static uint8_t judge(const judging *j, mx_node_id op) {
    const mx_graph *g = j->c->g;
    const mx_node *n = mx_node_at(g, op);
    bool busy = false, weight = n->n_inputs == 0 && !is_small_constant(g, n);
    if (!may_be_constant(g, n)) return MX_CUT_VARIABLE;
    for (uint32_t k = 0; k < n->n_inputs; k++) {
        uint8_t port = judge_port(j, n, &n->inputs[k]);
        if (port == MX_CUT_VARIABLE) return MX_CUT_VARIABLE;
        weight = weight || port == MX_CUT_WEIGHT;
        busy = busy || port == MX_CUT_UNKNOWN || port == MX_CUT_BUSY;
    }
    if (weight && n->n_inputs && !is_form(mx_text(g, n->op_type))) return MX_CUT_VARIABLE;
    return busy ? MX_CUT_BUSY : weight ? MX_CUT_WEIGHT : MX_CUT_CONSTANT;
}

static mx_status push_sources(const judging *j, mx_node_id op) {
    const mx_node *n = mx_node_at(j->c->g, op);
    for (uint32_t k = 0; k < n->n_inputs; k++)
        if (n->inputs[k].source != MX_NO_NODE && mx_slate_get(j->known, n->inputs[k].source) == MX_CUT_UNKNOWN)
            MX_TRY(mx_cutter_add(j->c, &j->c->stack, n->inputs[k].source));
    return MX_OK;
}

/* Every operator is judged at most twice: before its sources are known and afterwards. One that is still busy then comes
 * from itself. */
static mx_status find(const judging *j, mx_node_id op, bool *out) {
    mx_id_list *stack = &j->c->stack;
    stack->count = 0;
    MX_TRY(mx_cutter_add(j->c, stack, op));
    while (stack->count) {
        mx_node_id top = stack->items[stack->count - 1];
        uint32_t *known = mx_slate_at(j->known, top), before = *known;
        if (before == MX_CUT_UNKNOWN || before == MX_CUT_BUSY) *known = judge(j, top);
        if (*known == MX_CUT_BUSY && before == MX_CUT_UNKNOWN) {
            MX_TRY(push_sources(j, top));
            continue;
        }
        if (*known == MX_CUT_BUSY) *known = MX_CUT_VARIABLE;
        stack->count--;
    }
    uint32_t found = mx_slate_get(j->known, op);
    *out = found == MX_CUT_CONSTANT || found == MX_CUT_WEIGHT;
    return MX_OK;
}

mx_status mx_cut_constant(mx_cutter *c, mx_node_id op, bool *out) {
    MX_TRY(find(&(judging){c, &c->anywhere, false}, op, out));
    return *out ? find(&(judging){c, &c->constant, true}, op, out) : MX_OK;
}
