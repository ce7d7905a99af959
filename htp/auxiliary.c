#include "htp/auxiliary.h"

enum { /* what is known of a string as an operator's type, or of an operator's values */
    UNKNOWN = 0,
    ARRANGES,  /* moves, picks, repeats, converts or sums up what others compute */
    MEASURES,  /* its result is a size */
    MAKES,     /* its result is a constant */
    COMPUTES
};

static int kind_of(mx_str op_type) {
    static const struct {
        const char *op_type;
        uint8_t kind;
    } kinds[] = {
        {"Cast", ARRANGES},        {"CastLike", ARRANGES},      {"Concat", ARRANGES},        {"ConstantOfShape", ARRANGES},
        {"Constant", MAKES},       {"Expand", ARRANGES},        {"EyeLike", ARRANGES},       {"Flatten", ARRANGES},
        {"Gather", ARRANGES},      {"GatherND", ARRANGES},      {"GatherElements", ARRANGES}, {"Identity", ARRANGES},
        {"NonZero", ARRANGES},     {"OneHot", ARRANGES},        {"Range", ARRANGES},         {"ReduceL1", ARRANGES},
        {"ReduceL2", ARRANGES},    {"ReduceLogSum", ARRANGES},  {"ReduceLogSumExp", ARRANGES}, {"ReduceMax", ARRANGES},
        {"ReduceMean", ARRANGES},  {"ReduceMin", ARRANGES},     {"ReduceProd", ARRANGES},    {"ReduceSum", ARRANGES},
        {"ReduceSumSquare", ARRANGES}, {"Reshape", ARRANGES},   {"Shape", MEASURES},         {"Size", MEASURES},
        {"Slice", ARRANGES},       {"Split", ARRANGES},         {"Squeeze", ARRANGES},       {"Tile", ARRANGES},
        {"Transpose", ARRANGES},   {"Trilu", ARRANGES},         {"Unsqueeze", ARRANGES},     {"Where", ARRANGES},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (mx_str_is(op_type, kinds[i].op_type)) return kinds[i].kind;
    return COMPUTES;
}

typedef struct marking {
    const mx_htp_sources *s;
    mx_htp_tagging *t;
    uint8_t *kinds; /* by string id */
    uint8_t *still; /* by node: its values come from sizes and constants alone */
} marking;

static int kind_in(marking *w, const mx_node *n) {
    if (n->domain > MX_SID_EMPTY && !mx_str_is(mx_text(w->s->g, n->domain), "ai.onnx")) return COMPUTES;
    uint8_t *kind = &w->kinds[n->op_type];
    if (*kind == UNKNOWN) *kind = (uint8_t)kind_of(mx_text(w->s->g, n->op_type));
    return *kind;
}

/* Initializers without a module count as constants; captured and formal values are data. */
static bool is_still(const marking *w, const mx_node *n) {
    bool any = false;
    for (uint32_t i = 0; i < n->n_inputs; i++) {
        if (n->inputs[i].name <= MX_SID_EMPTY) continue;
        if (n->inputs[i].source != MX_NO_NODE && !w->still[n->inputs[i].source]) return false;
        any = true;
    }
    return any;
}

static bool takes_parameter(const marking *w, const mx_node *n) {
    for (uint32_t i = 0; i < n->n_inputs; i++)
        if (n->inputs[i].source == MX_NO_NODE && mx_htp_is_parameter(w->s, n->inputs[i].name)) return true;
    return false;
}

static void mark(marking *w, mx_node_id id) {
    const mx_node *n = mx_node_at(w->s->g, id);
    int kind = kind_in(w, n);
    bool parameter = takes_parameter(w, n), still = !parameter && is_still(w, n);
    w->still[id] = still || kind == MEASURES || kind == MAKES;
    w->t->labels[id].auxiliary = !parameter && (kind != COMPUTES || still);
}

mx_status mx_htp_mark_auxiliary(const mx_htp_sources *s, mx_htp_tagging *t) {
    const mx_graph *g = s->g;
    size_t n_strings = g->strings.count, n_nodes = g->n_nodes;
    marking w = {.s = s, .t = t};
    w.kinds = mx_alloc_zero(g->allocator, n_strings, 1);
    w.still = mx_alloc_zero(g->allocator, n_nodes, 1);
    mx_status status = w.kinds && w.still ? MX_OK : mx_nomem(s->err);
    for (size_t i = 0; i < g->n_scopes && status == MX_OK; i++)
        for (size_t k = 0; k < g->scopes[i].n_operators; k++) mark(&w, g->scopes[i].operators[k]);
    mx_free(g->allocator, w.kinds, n_strings);
    mx_free(g->allocator, w.still, n_nodes);
    return status;
}
