/* Tagging: whatever names, metadata and module trees say, every operator gets a module, the same for any order of
 * operators, and groups and tags can be made of it.
 *
 * The first byte tells the options. Bit 7: a metadata JSON (its length in two bytes) and an ONNX file follow; else the
 * bytes are choices from the tables below, of which a module tree and a graph are put together. */
#include "base/json_out.h"
#include "htp/tagging.h"
#include "onnx_io/onnx_io.h"
#include "support.h"
#include "tests/unit/small_graph.h"

#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { OPERATORS_MOST = 160, MODULES_MOST = 40, BODIES_DEEP = 4, INPUTS_MOST = 4 };

typedef struct choices {
    const uint8_t *p, *end;
} choices;

static uint8_t next(choices *c) {
    return c->p < c->end ? *c->p++ : 0;
}

#define PICK(c, table) (table)[next(c) % (sizeof(table) / sizeof *(table))]

/* ---- a module tree ---- */

static void add_module(choices *c, mx_buffer *b) {
    static const char *const scopes[] = {"layer",        "layer.0",
                                         "layer.1",      "layer.0.proj",
                                         "layer.1.proj", "layer.0.act",
                                         "layer.1.act",  "stack.0",
                                         "stack.1",      "stack",
                                         "head",         "norm",
                                         "emb",          "a.b.c",
                                         "layer.2",      "layer.2.proj",
                                         "layer.10",     ".",
                                         "layer..0",     "head.drop",
                                         "layer.0.norm", "a.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.x"};
    static const char *const classes[] = {"Block",      "Linear", "ReLU",       "LayerNorm", "Embedding", "Own",
                                          "Sequential", "",       "ModuleList", "Conv1d",    "LSTM",      "Dropout"};
    static const char *const types[] = {"torch.nn", "own", "torch.nn.modules.linear"};
    uint8_t flags = next(c);
    mx_buffer_cstr(b, "{\"class_name\":\"");
    mx_buffer_cstr(b, PICK(c, classes));
    mx_buffer_cstr(b, "\",\"scope\":\"");
    mx_buffer_cstr(b, PICK(c, scopes));
    mx_buffer_cstr(b, "\"");
    if (flags & 1) {
        mx_buffer_cstr(b, ",\"execution_order\":");
        mx_buffer_uint(b, next(c) % 32);
    }
    if (flags & 2) {
        mx_buffer_cstr(b, ",\"module_type\":\"");
        mx_buffer_cstr(b, PICK(c, types));
        mx_buffer_cstr(b, "\"");
    }
    mx_buffer_cstr(b, flags & 4 ? ",\"calls\":2}" : "}");
}

static void make_tree(choices *c, mx_buffer *b) {
    int n = next(c) % MODULES_MOST;
    mx_buffer_cstr(b, "{\"modules\":{\"class_name\":\"Model\",\"scope\":\"\",\"execution_order\":0,\"children\":{");
    for (int i = 0; i < n; i++) {
        mx_buffer_cstr(b, i ? ",\"" : "\"");
        mx_buffer_uint(b, (uint64_t)i);
        mx_buffer_cstr(b, "\":");
        add_module(c, b);
    }
    mx_buffer_cstr(b, "}}}");
}

/* ---- a graph ---- */

typedef struct making {
    mx_graph *g;
    choices c;
    mx_node_id values[OPERATORS_MOST + 1]; /* nodes whose first value can be used */
    uint32_t levels[OPERATORS_MOST + 1];   /* how far each is from the inputs, what bodies capture counted */
    uint32_t n_values;
    char parameters[64]; /* which are there already */
} making;

static const char *const parameters[] = {"layer.0.proj.weight", "layer.0.proj.bias",
                                         "layer.1.proj.weight", "layer.1.proj.bias",
                                         "norm.weight",         "norm.bias",
                                         "head.weight",         "stack.0.weight",
                                         "emb.weight",          "w",
                                         "layer.weight",        "a..b",
                                         "layer.0.norm.weight", "nowhere.weight",
                                         "stack.1.weight",      "x.y.z"};

static const char *parameter(making *m) {
    size_t at = next(&m->c) % (sizeof parameters / sizeof *parameters);
    if (!m->parameters[at]) small_initializer(m->g, 0, parameters[at]);
    m->parameters[at] = 1;
    return parameters[at];
}

/* Names of its inputs, and how far they are. */
static uint32_t add_inputs(making *m, mx_buffer *b) {
    int n = next(&m->c) % INPUTS_MOST;
    uint32_t level = 0;
    for (int i = 0; i < n; i++) {
        uint8_t choice = next(&m->c);
        if (i) mx_buffer_byte(b, ',');
        if (choice >= 192) {
            mx_buffer_cstr(b, parameter(m));
        } else if (choice >= 4 && m->n_values) { /* mostly what was made last */
            uint32_t at = m->n_values - 1 - (choice < 128 ? choice % 4u : choice) % m->n_values;
            mx_str name = mx_text(m->g, mx_node_at(m->g, m->values[at])->outputs[0]);
            mx_buffer_add(b, name.p, name.n);
            if (m->levels[at] > level) level = m->levels[at];
        }
    }
    mx_buffer_byte(b, '\0');
    return level;
}

static void add_pair(making *m, mx_node *n, const char *key, const char *value) {
    mx_pair *items;
    mx_error err;
    fuzz_require_ok(mx_graph_array(m->g, n->metadata.count + 1, sizeof *items, &items, &err), &err, "metadata");
    for (uint32_t i = 0; i < n->metadata.count; i++)
        items[i] = n->metadata.items[i];
    items[n->metadata.count] = (mx_pair){small_sid(m->g, key), small_sid(m->g, value), MX_SID_ABSENT};
    n->metadata = (mx_pairs){items, n->metadata.count + 1};
}

static void add_told(making *m, mx_node_id id) {
    static const char *const keys[] = {"pkg.torch.onnx.name_scopes",
                                       "pkg.torch.onnx.class_hierarchy",
                                       "namespace",
                                       "hierarchy_tag",
                                       "hierarchy_scope",
                                       "hierarchy_method",
                                       "hierarchy_path"};
    static const char *const values[] = {"['', 'layer.0', 'layer.0.proj', 'MatMul_1']",
                                         "['', 'proj@1', 'x']",
                                         "['', 'a.b.c",
                                         "[]",
                                         "['m.Model', 'm.Layer', 'torch.nn.Linear', 'x']",
                                         ": m.Model/layer.0: m.Layer/x",
                                         "/Model/Layer.0/Linear",
                                         "/Model/Layer.1",
                                         "layer.0",
                                         "layer.1.proj",
                                         "",
                                         "inherited",
                                         "root",
                                         "/",
                                         "no.such.module",
                                         "['', \"layer\\'\", 'x']"};
    static const char *const names[] = {
        "/layer/layer.0/proj/MatMul", "/layer.1/act/Relu", "/head/MatMul", "/proj_1/Add",  "//x/", "/", "layer.0/x",
        "/stack/stack.1/Add",         "/emb/Gather",       "/a/b/c/x",     "/norm_2_3/Div"};
    uint8_t what = next(&m->c);
    mx_node *n = mx_node_at(m->g, id);
    if (what % 4 == 1) n->name = small_sid(m->g, PICK(&m->c, names));
    for (int i = what % 4 == 2 ? 1 + what / 4 % 3 : 0; i > 0; i--) {
        const char *key = PICK(&m->c, keys);
        add_pair(m, n, key, PICK(&m->c, values));
    }
}

static uint32_t make_operators(making *m, mx_node_id scope, int depth);

static void make_operator(making *m, mx_node_id scope, int depth) {
    static const char *const types[] = {"MatMul",  "Add",     "Mul",    "Relu",     "Transpose", "Reshape",
                                        "Shape",   "Gather",  "Concat", "Constant", "Gemm",      "ReduceMean",
                                        "Sub",     "Div",     "Sqrt",   "Softmax",  "Conv",      "Unsqueeze",
                                        "Squeeze", "LSTM",    "Cast",   "Where",    "Expand",    "Identity",
                                        "Split",   "MaxPool", "If",     "Loop",     "Erf",       "LayerNormalization"};
    const char *type = PICK(&m->c, types);
    mx_buffer b;
    char output[32];
    mx_buffer_init(&b, NULL);
    uint32_t level = add_inputs(m, &b);
    snprintf(output, sizeof output, "v%u", m->n_values);
    mx_node_id id = small_op(m->g, scope, type, b.size > 1 ? b.data : NULL, output);
    mx_buffer_free(&b);
    add_told(m, id);
    if ((mx_str_is(mx_str_of(type), "If") || mx_str_is(mx_str_of(type), "Loop")) && depth < BODIES_DEEP) {
        uint32_t first = m->n_values, captured = make_operators(m, small_body(m->g, id, "body"), depth + 1);
        if (captured > level) level = captured;
        m->n_values = first; /* what a body makes is not seen outside of it */
        mx_node_at(m->g, id)->outputs[0] = small_sid(m->g, output);
    }
    m->levels[m->n_values] = level + 1;
    m->values[m->n_values++] = id;
}

/* Returns the largest level. */
static uint32_t make_operators(making *m, mx_node_id scope, int depth) {
    uint32_t most = 0;
    while (m->c.p < m->c.end && m->n_values < OPERATORS_MOST) {
        if (depth && next(&m->c) % 4 == 0) break;
        make_operator(m, scope, depth);
        if (m->levels[m->n_values - 1] > most) most = m->levels[m->n_values - 1];
    }
    if (m->n_values) {
        mx_str last = mx_text(m->g, mx_node_at(m->g, m->values[m->n_values - 1])->outputs[0]);
        char name[32];
        snprintf(name, sizeof name, "%.*s", (int)last.n, last.p);
        small_output(m->g, scope, name);
    }
    return most;
}

/* ---- another order ---- */

typedef struct placed {
    mx_node_id id;
    uint32_t level, place;
} placed;

static int by_level(const void *a, const void *b) {
    const placed *x = a, *y = b;
    if (x->level != y->level) return x->level < y->level ? -1 : 1;
    return x->place > y->place ? -1 : 1;
}

/* The operators of the graph by level, of one level the last first. */
static void reorder(making *m) {
    mx_scope_data *s = &m->g->scopes[0];
    placed all[OPERATORS_MOST];
    size_t n = 0;
    for (uint32_t i = 0; i < m->n_values; i++)
        if (mx_node_at(m->g, m->values[i])->kind == MX_NODE_OPERATOR)
            all[n++] = (placed){m->values[i], m->levels[i], i};
    fuzz_require(n == s->n_operators, "the operators made are those of the graph");
    qsort(all, n, sizeof *all, by_level);
    for (size_t i = 0; i < n; i++)
        s->operators[i] = all[i].id;
}

/* ---- what has to be true ---- */

static void require_tree(const mx_graph *g, const mx_htp_tree *t) {
    for (uint32_t i = 0; i < t->count; i++) {
        const mx_htp_module *m = &t->modules[i];
        fuzz_require(i == 0 ? m->parent == MX_NO_INDEX : m->parent < i, "a parent comes before its modules");
        fuzz_require(m->tag > MX_SID_EMPTY && mx_text(g, m->tag).p[0] == '/', "a module has a tag");
        fuzz_require(m->scope != MX_SID_ABSENT, "a module has a name");
    }
}

static void require_labels(const mx_graph *g, const mx_htp_tagging *t, bool all) {
    for (mx_node_id id = 0; id < g->n_nodes; id++) {
        const mx_htp_label *l = &t->labels[id];
        if (mx_node_at(g, id)->kind != MX_NODE_OPERATOR) continue;
        fuzz_require(l->module == MX_NO_INDEX || l->module < t->tree.count, "a label names a module of the tree");
        fuzz_require(!all || (l->module != MX_NO_INDEX && l->method != MX_HTP_NONE), "every operator has a module");
        fuzz_require(l->first_served + (size_t)l->n_served <= t->n_served, "what an operator serves is listed");
    }
}

static void require_same(const mx_graph *g, const mx_htp_tagging *a, const mx_htp_tagging *b) {
    fuzz_require(a->tree.count == b->tree.count, "another order, other modules");
    for (mx_node_id id = 0; id < g->n_nodes; id++) {
        const mx_htp_label *x = &a->labels[id], *y = &b->labels[id];
        if (x->module != y->module && getenv("FUZZ_VERBOSE"))
            fprintf(stderr, "node %u: module %u (%d) and %u (%d)\n", id, x->module, x->method, y->module, y->method);
        fuzz_require(x->module == y->module && x->method == y->method, "another order, another tag");
        fuzz_require(x->n_served == y->n_served, "another order, other modules served");
    }
}

static mx_status tag(mx_graph *g, const mx_htp_options *options, mx_htp_tagging *t) {
    mx_error err;
    mx_status status = mx_htp_tag(g, options, t, &err);
    if (status != MX_OK) {
        fuzz_require(err.code == status && err.message[0], "an error without a code or a message");
        fuzz_require(!t->labels && !t->tree.modules, "a failed tagging leaves something");
        return status;
    }
    require_tree(g, &t->tree);
    require_labels(g, t, options->strategy == MX_HTP_STRATEGY_HTP);
    return status;
}

static void use(mx_graph *g, mx_htp_tagging *t, uint8_t choice) {
    mx_error err;
    fuzz_require_ok(mx_htp_write_tags(g, t, (mx_htp_attrs)(choice % 4), &err), &err, "writing the tags");
    fuzz_require_ok(mx_htp_make_groups(g, t, &err), &err, "making groups");
}

/* ---- the two kinds of input ---- */

static mx_htp_options options_of(uint8_t byte) {
    static const char *const torch_module[] = {NULL, "all", "none", "Linear, ReLU"};
    static const mx_htp_strategy strategies[] = {MX_HTP_STRATEGY_HTP, MX_HTP_STRATEGY_HTP, MX_HTP_STRATEGY_USAGE_BASED,
                                                 MX_HTP_STRATEGY_FX};
    return (mx_htp_options){.strategy = strategies[byte & 3],
                            .torch_module = torch_module[byte >> 2 & 3],
                            .ignore_tags = (byte & 16) != 0,
                            .ignore_torch = (byte & 32) != 0};
}

static void run_made(const mx_env *env, choices c, mx_htp_options options, bool with_tree) {
    static making m;
    mx_buffer tree;
    mx_htp_tagging first, second;
    mx_error err;
    m = (making){.g = small_graph(env)};
    mx_buffer_init(&tree, NULL);
    if (with_tree) {
        make_tree(&c, &tree);
        options.metadata = tree.data;
        options.metadata_size = tree.size;
    }
    m.c = c;
    m.values[m.n_values++] = small_input(m.g, 0, "x");
    make_operators(&m, 0, 0);
    fuzz_require_ok(mx_graph_wire(m.g, &err), &err, "wiring");
    if (tag(m.g, &options, &first) == MX_OK) {
        reorder(&m);
        fuzz_require(tag(m.g, &options, &second) == MX_OK, "another order cannot be tagged");
        require_same(m.g, &first, &second);
        use(m.g, &second, (uint8_t)m.n_values);
        mx_htp_tagging_free(&first);
        mx_htp_tagging_free(&second);
    }
    mx_buffer_free(&tree);
    mx_graph_release(m.g);
}

static void run_read(const mx_env *env, choices c, mx_htp_options options) {
    size_t length = next(&c);
    length = length << 8 | next(&c);
    if (length > (size_t)(c.end - c.p)) length = (size_t)(c.end - c.p);
    mx_graph *g = NULL;
    mx_source *source;
    mx_htp_tagging t;
    mx_error err;
    if (length) options.metadata = c.p;
    options.metadata_size = length;
    fuzz_require_ok(mx_source_from_memory(env, c.p + length, (size_t)(c.end - c.p) - length, false, &source, &err),
                    &err, "a source");
    mx_status status = mx_onnx_read_source(env, source, fuzz_folder(), &g, &err);
    mx_source_release(source);
    if (status != MX_OK) return;
    fuzz_require_ok(mx_graph_wire(g, &err), &err, "wiring");
    if (tag(g, &options, &t) == MX_OK) {
        use(g, &t, (uint8_t)length);
        mx_htp_tagging_free(&t);
    }
    mx_graph_release(g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const mx_env *env = fuzz_begin(size);
    choices c = {data, data + size};
    uint8_t byte = next(&c);
    if (byte & 128)
        run_read(env, c, options_of(byte));
    else
        run_made(env, c, options_of(byte), (byte & 64) != 0);
    fuzz_end();
    return 0;
}
