#include "htp/strategy.h"

#include "base/json_out.h"

#include <stdarg.h>
#include <stdio.h>

/* ---- what operators are about ---- */

enum {
    OP_ATTENTION = 1 << 0, /* only attention has it */
    OP_SOFTMAX = 1 << 1,
    OP_MATMUL = 1 << 2,
    OP_CONV = 1 << 3,
    OP_RECURRENT = 1 << 4,
    OP_CONTROL = 1 << 5
};
static const struct {
    const char *op_type;
    unsigned about;
} kinds[] = {
    {"Attention", OP_ATTENTION}, {"MultiHeadAttention", OP_ATTENTION}, {"GroupQueryAttention", OP_ATTENTION},
    {"RotaryEmbedding", OP_ATTENTION}, {"Softmax", OP_SOFTMAX}, {"MatMul", OP_MATMUL}, {"Gemm", OP_MATMUL},
    {"MatMulInteger", OP_MATMUL}, {"QLinearMatMul", OP_MATMUL}, {"Conv", OP_CONV}, {"ConvTranspose", OP_CONV},
    {"ConvInteger", OP_CONV}, {"QLinearConv", OP_CONV}, {"DeformConv", OP_CONV}, {"LSTM", OP_RECURRENT},
    {"GRU", OP_RECURRENT}, {"RNN", OP_RECURRENT}, {"If", OP_CONTROL}, {"Loop", OP_CONTROL}, {"Scan", OP_CONTROL},
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

typedef struct measures {
    const mx_graph *g;
    uint64_t operators, scoped, stacked, tagged; /* by how they tell their module, each operator once */
    uint64_t attention, softmax, matmul, conv, recurrent, control, bodies;
    uint64_t initializers, named_initializers; /* named like encoder.layer.0.weight */
    bool transformers, stack; /* stack: module nodes tell of every operator */
    mx_sid kind_ids[N_KINDS];
    mx_sid key_stack, key_scopes, key_tag;
} measures;

static unsigned about(const measures *m, mx_sid op_type) {
    for (int i = 0; i < N_KINDS; i++)
        if (m->kind_ids[i] == op_type) return kinds[i].about;
    return 0;
}

static mx_sid metadata_value(const mx_node *n, mx_sid key) {
    if (key == MX_SID_NOMEM) return MX_SID_ABSENT;
    for (uint32_t i = 0; i < n->metadata.count; i++)
        if (!n->metadata.items[i].opaque && n->metadata.items[i].key == key) return n->metadata.items[i].value;
    return MX_SID_ABSENT;
}

static bool is_path(mx_str name) {
    return name.n > 1 && name.p[0] == '/';
}

static void measure_operator(measures *m, const mx_node *n) {
    unsigned kind = about(m, n->op_type);
    mx_sid stack = metadata_value(n, m->key_stack);
    m->operators++;
    m->attention += kind == OP_ATTENTION;
    m->softmax += kind == OP_SOFTMAX;
    m->matmul += kind == OP_MATMUL;
    m->conv += kind == OP_CONV;
    m->recurrent += kind == OP_RECURRENT;
    m->control += kind == OP_CONTROL;
    if (m->stack || stack != MX_SID_ABSENT || metadata_value(n, m->key_scopes) != MX_SID_ABSENT) m->stacked++;
    else if (metadata_value(n, m->key_tag) != MX_SID_ABSENT) m->tagged++;
    else if (is_path(mx_text(m->g, n->name))) m->scoped++;
    mx_str text = mx_text(m->g, stack);
    if (!m->transformers && text.n) m->transformers = memmem(text.p, text.n, "transformers.", 13) != NULL;
}

static void measure_initializers(measures *m, const mx_scope_data *s) {
    for (size_t i = 0; i < s->n_initializers; i++) {
        mx_str name = mx_text(m->g, m->g->tensors[s->initializers[i]].name);
        const char *dot = name.n ? memchr(name.p, '.', name.n) : NULL;
        m->initializers++;
        m->named_initializers += dot && dot > name.p && dot + 1 < name.p + name.n;
    }
}

static void measure(measures *m) {
    const mx_graph *g = m->g;
    for (int i = 0; i < N_KINDS; i++) m->kind_ids[i] = mx_strings_find(&g->strings, mx_str_of(kinds[i].op_type));
    m->key_stack = mx_strings_find(&g->strings, MX_STR_LITERAL("pkg.torch.onnx.class_hierarchy"));
    m->key_scopes = mx_strings_find(&g->strings, MX_STR_LITERAL("pkg.torch.onnx.name_scopes"));
    m->key_tag = mx_strings_find(&g->strings, MX_STR_LITERAL("hierarchy_tag"));
    for (mx_node_id id = 0; id < g->n_nodes; id++) {
        const mx_node *n = mx_node_at(g, id);
        if (n->kind == MX_NODE_OPERATOR && !(n->flags & MX_FLAG_REMOVED)) measure_operator(m, n);
        m->bodies += n->kind == MX_NODE_BODY;
    }
    for (size_t i = 0; i < g->n_scopes; i++) measure_initializers(m, &g->scopes[i]);
}

/* ---- what follows ---- */

static bool has_dynamic_inputs(const mx_graph *g) {
    const mx_scope_data *s = &g->scopes[0];
    for (size_t i = 0; i < s->n_inputs; i++) {
        uint32_t index = mx_node_at(g, s->inputs[i])->data;
        if (index >= g->n_types) continue;
        const mx_type *t = &g->types[index];
        for (uint32_t k = 0; k < t->n_dims; k++)
            if (t->dims[k].kind != MX_DIM_VALUE) return true;
    }
    return false;
}

/* Attention is a product, a softmax, a product; a recurrent layer comes before it, a convolution does not rule it out. */
static const char *model_type(const measures *m) {
    if (m->recurrent && m->recurrent >= m->softmax) return "rnn";
    if (m->attention || (m->softmax && m->matmul >= 4 * m->softmax)) return "transformer";
    if (m->conv) return "cnn";
    return "unknown";
}

static const char *complexity(const measures *m) {
    if (m->operators >= 1000 || m->bodies >= 8) return "high";
    return m->operators >= 150 || m->control ? "medium" : "low";
}

enum { MAX_LINES = 12 };
typedef struct lines {
    mx_arena *arena;
    const char **items;
    size_t count;
    bool failed;
} lines;

static void add_line(lines *l, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add_line(lines *l, const char *format, ...) {
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (l->count >= MAX_LINES) return;
    const char *copy = mx_arena_text(l->arena, text, strlen(text));
    if (copy) l->items[l->count++] = copy;
    else l->failed = true;
}

static bool begin_lines(lines *l, mx_arena *arena) {
    *l = (lines){.arena = arena, .items = mx_arena_array(arena, MAX_LINES, sizeof(const char *))};
    return l->items != NULL;
}

static void add_hint(lines *l, mx_str text) {
    mx_buffer clean;
    mx_buffer_init(&clean, l->arena->allocator);
    mx_utf8_clean(&clean, text);
    if (!clean.failed && clean.size) add_line(l, "%.*s", clean.size > 120 ? 120 : (int)clean.size, clean.data);
    mx_buffer_free(&clean);
}

static mx_status hints(const measures *m, mx_arena *arena, mx_characteristics *c, mx_error *err) {
    const mx_scope_data *s = &m->g->scopes[0];
    lines l;
    if (!begin_lines(&l, arena)) return mx_nomem(err);
    add_hint(&l, m->stack ? MX_STR_LITERAL("pytorch") : mx_text(m->g, m->g->model.producer_name));
    if (m->transformers) add_line(&l, "transformers");
    for (uint32_t i = 0; i < s->n_opsets; i++) {
        mx_str domain = mx_text(m->g, s->opsets[i].domain);
        if (domain.n && !mx_str_is(domain, "ai.onnx")) add_hint(&l, domain);
    }
    c->framework_hints = l.items;
    c->n_framework_hints = l.count;
    return l.failed ? mx_nomem(err) : MX_OK;
}

static double share(uint64_t part, uint64_t whole) {
    return whole ? (double)part / (double)whole : 0;
}

/* How sure one can be of the tags: what operators say themselves counts most, then a tree with named parameters. */
static double confidence(const measures *m, bool has_tree) {
    double own = share(m->stacked + m->tagged + m->scoped, m->operators);
    double names = share(m->named_initializers, m->initializers);
    double guessed = 0.3 + 0.3 * names + (has_tree ? 0.2 : 0);
    double sure = guessed + (0.98 - guessed) * own;
    return m->operators ? sure : 1.0;
}

static void explain_sources(const measures *m, bool has_tree, lines *l) {
    const struct {
        uint64_t count, whole;
        const char *what;
    } found[] = {{m->stacked, m->operators, "operators carry the module stack of the source program"},
                 {m->tagged, m->operators, "operators carry tags of an earlier export"},
                 {m->scoped, m->operators, "operators have a name that is a path of modules"},
                 {m->named_initializers, m->initializers, "initializers have a dotted name that tells a module"}};
    for (size_t i = 0; i < sizeof found / sizeof *found; i++)
        if (found[i].count)
            add_line(l, "%llu of %llu %s", (unsigned long long)found[i].count, (unsigned long long)found[i].whole,
                     found[i].what);
    if (has_tree) add_line(l, "a metadata file gives the module tree");
    if (!m->stacked && !m->tagged && !m->scoped && !m->named_initializers)
        add_line(l, "nothing in the model tells of modules");
}

static bool usage_can_serve(const measures *m) {
    return m->stacked || m->tagged || m->scoped || m->named_initializers;
}

static mx_strategy choose(const measures *m, mx_strategy wanted, bool speed, lines *l) {
    if (wanted != MX_STRATEGY_AUTO) {
        add_line(l, "%s was asked for", mx_strategy_name(wanted));
        return wanted;
    }
    if (speed && usage_can_serve(m)) {
        add_line(l, "speed comes first: usage_based does not look at the operators around, and leaves some without a tag");
        return MX_STRATEGY_USAGE_BASED;
    }
    add_line(l, speed ? "usage_based would leave every operator without a tag: htp in spite of the wish for speed"
                      : "htp leaves no operator without a tag");
    return MX_STRATEGY_HTP;
}

const char *mx_strategy_name(mx_strategy strategy) {
    static const char *const names[] = {"auto", "htp", "usage_based", "fx"};
    return (size_t)strategy < sizeof names / sizeof *names ? names[strategy] : "";
}

mx_status mx_htp_recommend(const mx_graph *g, bool has_tree, mx_strategy wanted, bool prioritize_speed,
                           mx_arena *arena, mx_recommendation *out, mx_error *err) {
    measures m = {.g = g, .stack = g->n_modules > 1};
    measure(&m);
    *out = (mx_recommendation){0};
    out->characteristics = (mx_characteristics){.model_type = model_type(&m),
                                                .estimated_complexity = complexity(&m),
                                                .has_control_flow = m.control > 0,
                                                .is_huggingface = m.transformers,
                                                .has_dynamic_shapes = has_dynamic_inputs(g)};
    MX_TRY(hints(&m, arena, &out->characteristics, err));
    lines l;
    if (!begin_lines(&l, arena)) return mx_nomem(err);
    explain_sources(&m, has_tree, &l);
    out->selected = choose(&m, wanted, prioritize_speed, &l);
    out->confidence = confidence(&m, has_tree);
    out->reasoning = l.items;
    out->n_reasoning = l.count;
    return l.failed ? mx_nomem(err) : MX_OK;
}

void mx_htp_recommend_from_tree(const mx_htp_tree *tree, mx_recommendation *r) {
    r->characteristics.module_count = tree->count;
    for (size_t i = 0; i < tree->count && !r->characteristics.is_huggingface; i++) {
        mx_str type = mx_text(tree->g, tree->modules[i].module_type);
        bool theirs = type.n && (memmem(type.p, type.n, "transformers", 12) || memmem(type.p, type.n, "huggingface", 11));
        r->characteristics.is_huggingface = theirs;
    }
}
