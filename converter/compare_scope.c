/* Two scopes that correspond: the models' graphs, two functions, two bodies. */
#include "converter/compare_internal.h"

/* ---- inputs and outputs ---- */

typedef struct formals {
    const mx_node_id *of[2];
    size_t n[2];
} formals;

static void note_formals(mx_cmp *c, int side, const formals *f, bool forget) {
    for (size_t i = 0; i < f->n[side]; i++) {
        mx_sid name = mx_cmp_at(c, side, f->of[side][i])->name;
        uint32_t *bearer = &c->unique[side][mx_cmp_word(c, side, name)];
        *bearer = forget ? 0 : *bearer || !mx_cmp_named(name) ? UINT32_MAX : (uint32_t)i + 1;
    }
}

static void pair_formals(mx_cmp *c, mx_node_id a, mx_node_id b) {
    if (c->nodes[0][a].match != MX_NO_NODE || c->nodes[1][b].match != MX_NO_NODE) return;
    c->nodes[0][a].match = b;
    c->nodes[1][b].match = a;
}

/* By name where that is unique; what is left, by place. */
static void match_formals(mx_cmp *c, const formals *f) {
    note_formals(c, 0, f, false);
    note_formals(c, 1, f, false);
    for (size_t i = 0; i < f->n[0]; i++) {
        mx_sid name = mx_cmp_at(c, 0, f->of[0][i])->name;
        uint32_t found = c->unique[1][name];
        if (c->unique[0][name] != UINT32_MAX && found != 0 && found != UINT32_MAX)
            pair_formals(c, f->of[0][i], f->of[1][found - 1]);
    }
    note_formals(c, 0, f, true);
    note_formals(c, 1, f, true);
    for (size_t i = 0; i < f->n[0] && i < f->n[1]; i++)
        pair_formals(c, f->of[0][i], f->of[1][i]);
}

void mx_cmp_match_formals(mx_cmp *c, const mx_scope_data *a, const mx_scope_data *b) {
    match_formals(c, &(formals){{a->inputs, b->inputs}, {a->n_inputs, b->n_inputs}});
    match_formals(c, &(formals){{a->outputs, b->outputs}, {a->n_outputs, b->n_outputs}});
}

static const char *formal_what(const mx_node *n) {
    return n->kind == MX_NODE_INPUT ? "input" : "output";
}

static mx_status compare_formal(mx_cmp *c, mx_node_id id_a, mx_node_id id_b, bool wired) {
    const mx_node *a = mx_cmp_at(c, 0, id_a), *b = mx_cmp_at(c, 1, id_b);
    const char *what = formal_what(a);
    mx_place at = mx_place_node(0, id_a);
    MX_TRY(mx_cmp_string(c, what, &at, "name", a->name, b->name));
    MX_TRY(mx_cmp_type(c, what, &at, a->data, b->data));
    if (wired && a->kind == MX_NODE_OUTPUT && a->n_inputs && b->n_inputs)
        MX_TRY(mx_cmp_port(c, &at, &a->inputs[0], &b->inputs[0]));
    MX_TRY(mx_cmp_metadata(c, "metadata", &at, &a->metadata, &b->metadata));
    MX_TRY(mx_cmp_string(c, what, &at, "doc_string", a->doc, b->doc));
    return mx_cmp_json(c, what, &at, "rest", a->rest, b->rest);
}

mx_status mx_cmp_formal_itself(mx_cmp *c, mx_node_id a, mx_node_id b) {
    return compare_formal(c, a, b, false);
}

static mx_status report_lonely(mx_cmp *c, int side, mx_node_id id) {
    const mx_node *n = mx_cmp_at(c, side, id);
    mx_place at = mx_place_node(side, id);
    if (n->kind == MX_NODE_OPERATOR) mx_cmp_show(c, side, n->op_type);
    if (n->kind != MX_NODE_OPERATOR) mx_cmp_show_type(c, side, n->data);
    return mx_cmp_report(c, side ? MX_ADDED : MX_REMOVED, n->kind == MX_NODE_OPERATOR ? "node" : formal_what(n), &at);
}

/* Compare the nodes of a list (operators, inputs or outputs) with their matches, and name those that have none. */
static mx_status compare_nodes(mx_cmp *c, const formals *f) {
    for (size_t i = 0; i < f->n[0]; i++) {
        mx_node_id a = f->of[0][i], b = c->nodes[0][a].match;
        if (b == MX_NO_NODE) {
            MX_TRY(report_lonely(c, 0, a));
        } else if (mx_cmp_at(c, 0, a)->kind == MX_NODE_OPERATOR) {
            MX_TRY(mx_cmp_operator(c, a, b));
        } else {
            MX_TRY(compare_formal(c, a, b, true));
        }
    }
    for (size_t i = 0; i < f->n[1]; i++)
        if (c->nodes[1][f->of[1][i]].match == MX_NO_NODE) MX_TRY(report_lonely(c, 1, f->of[1][i]));
    return MX_OK;
}

/* Reports the first node that stands behind another on one side and before it on the other. */
static mx_status compare_order(mx_cmp *c, const formals *f) {
    mx_node_id before = MX_NO_NODE;
    for (size_t i = 0; i < f->n[0]; i++) {
        mx_node_id a = f->of[0][i], b = c->nodes[0][a].match;
        if (b == MX_NO_NODE) continue;
        if (before != MX_NO_NODE && c->nodes[1][b].position < c->nodes[1][c->nodes[0][before].match].position) {
            mx_place at = mx_place_node(0, a);
            mx_cmp_say(c, 0, "after ");
            mx_cmp_show_node(c, 0, before);
            mx_cmp_say(c, 1, "before ");
            mx_cmp_show_node(c, 1, c->nodes[0][before].match);
            return mx_cmp_report(c, MX_CHANGED, "order", &at);
        }
        before = a;
    }
    return MX_OK;
}

/* ---- lists in no order ---- */

typedef struct scope_lists {
    const mx_scope_data *of[2];
    const mx_place *at;
} scope_lists;

static uint32_t tensor_of(const mx_cmp *c, const void *arg, int side, size_t i) {
    const scope_lists *l = arg;
    (void)c;
    return i == SIZE_MAX ? MX_NO_INDEX : l->of[side]->initializers[i];
}

static uint64_t initializer_key(const mx_cmp *c, const void *arg, int side, size_t i) {
    return mx_cmp_word(c, side, c->g[side]->tensors[tensor_of(c, arg, side, i)].name);
}

/* Where only the values differ there is nothing to show. */
static mx_status compare_whole_tensor(mx_cmp *c, const mx_place *at, uint32_t a, uint32_t b) {
    uint64_t before = c->count;
    c->silent++;
    mx_status status = mx_cmp_tensor(c, "weight", at, a, b);
    c->silent--;
    if (status != MX_OK || c->count == before) return status;
    mx_cmp_show_tensor(c, 0, &c->g[0]->tensors[a]);
    mx_cmp_show_tensor(c, 1, &c->g[1]->tensors[b]);
    if (mx_str_eq(mx_buffer_str(&c->text[0]), mx_buffer_str(&c->text[1])) && !c->text[0].failed && !c->text[1].failed)
        c->text[0].size = c->text[1].size = 0;
    return mx_cmp_report(c, MX_CHANGED, "weight", at);
}

static mx_status compare_initializer(mx_cmp *c, const void *arg, size_t i, size_t j) {
    const scope_lists *l = arg;
    uint32_t a = tensor_of(c, arg, 0, i), b = tensor_of(c, arg, 1, j);
    int side = a == MX_NO_INDEX;
    mx_place at = mx_place_key(l->at, "initializer", side, c->g[side]->tensors[side ? b : a].name);
    bool both = a != MX_NO_INDEX && b != MX_NO_INDEX;
    if (!both) mx_cmp_show_tensor(c, side, &c->g[side]->tensors[side ? b : a]);
    return both && c->texts ? compare_whole_tensor(c, &at, a, b) : mx_cmp_tensor(c, "weight", &at, a, b);
}

static uint32_t sparse_of(const void *arg, int side, size_t i) {
    const scope_lists *l = arg;
    return i == SIZE_MAX ? MX_NO_INDEX : l->of[side]->sparse_initializers[i];
}

/* A sparse initializer has the name of its values. */
static mx_sid sparse_name(const mx_cmp *c, int side, uint32_t sparse) {
    uint32_t values = c->g[side]->sparses[sparse].values;
    return values == MX_NO_INDEX ? MX_SID_ABSENT : c->g[side]->tensors[values].name;
}

static uint64_t sparse_key(const mx_cmp *c, const void *arg, int side, size_t i) {
    return mx_cmp_word(c, side, sparse_name(c, side, sparse_of(arg, side, i)));
}

static mx_status compare_sparse(mx_cmp *c, const void *arg, size_t i, size_t j) {
    const scope_lists *l = arg;
    uint32_t a = sparse_of(arg, 0, i), b = sparse_of(arg, 1, j);
    int side = a == MX_NO_INDEX;
    mx_place at = mx_place_key(l->at, "sparse initializer", side, sparse_name(c, side, side ? b : a));
    if (a != MX_NO_INDEX && b != MX_NO_INDEX) return mx_cmp_sparse(c, "weight", &at, a, b);
    return mx_cmp_report(c, side ? MX_ADDED : MX_REMOVED, "weight", &at);
}

static uint64_t value_info_key(const mx_cmp *c, const void *arg, int side, size_t i) {
    const scope_lists *l = arg;
    return mx_cmp_word(c, side, l->of[side]->value_infos[i].name);
}

static mx_status compare_value_info(mx_cmp *c, const void *arg, size_t i, size_t j) {
    const scope_lists *l = arg;
    const mx_value_info *a = i == SIZE_MAX ? NULL : &l->of[0]->value_infos[i];
    const mx_value_info *b = j == SIZE_MAX ? NULL : &l->of[1]->value_infos[j];
    mx_place at = mx_place_key(l->at, "value_info", a ? 0 : 1, a ? a->name : b->name);
    if (!a || !b) {
        mx_cmp_show_type(c, a ? 0 : 1, a ? a->type : b->type);
        return mx_cmp_report(c, a ? MX_REMOVED : MX_ADDED, "value_info", &at);
    }
    MX_TRY(mx_cmp_type(c, "value_info", &at, a->type, b->type));
    MX_TRY(mx_cmp_metadata(c, "metadata", &at, &a->metadata, &b->metadata));
    MX_TRY(mx_cmp_string(c, "value_info", &at, "doc_string", a->doc, b->doc));
    return mx_cmp_json(c, "value_info", &at, "rest", a->rest, b->rest);
}

static uint64_t opset_key(const mx_cmp *c, const void *arg, int side, size_t i) {
    const scope_lists *l = arg;
    const mx_opset *o = &l->of[side]->opsets[i];
    if (o->opaque != MX_SID_ABSENT) return mx_cmp_word(c, side, o->opaque) | (uint64_t)1 << 32;
    return o->domain == MX_SID_ABSENT ? MX_SID_EMPTY : mx_cmp_word(c, side, o->domain);
}

static void show_opset(mx_cmp *c, int side, const mx_opset *o) {
    if (!o) return;
    if (o->has_version) mx_buffer_int(&c->text[side], o->version);
    if (!o->has_version) mx_cmp_say(c, side, "no version");
    if (o->opaque != MX_SID_ABSENT) mx_cmp_say(c, side, ", encoded ");
    mx_cmp_show(c, side, o->opaque);
}

static mx_status compare_opset(mx_cmp *c, const void *arg, size_t i, size_t j) {
    const scope_lists *l = arg;
    const mx_opset *a = i == SIZE_MAX ? NULL : &l->of[0]->opsets[i], *b = j == SIZE_MAX ? NULL : &l->of[1]->opsets[j];
    mx_place at = mx_place_key(l->at, "opset_import", a ? 0 : 1, a ? a->domain : b->domain);
    if (a && b) {
        if (a->opaque != MX_SID_ABSENT) return MX_OK; /* equal by their key, which holds all */
        MX_TRY(mx_cmp_string(c, "opset", &at, "domain", a->domain, b->domain));
        return mx_cmp_int(c, "opset", &at, "version", a->has_version, a->version, b->has_version, b->version);
    }
    show_opset(c, 0, a);
    show_opset(c, 1, b);
    return mx_cmp_report_values(c, "opset", &at);
}

static uint64_t parameter_key(const mx_cmp *c, const void *arg, int side, size_t i) {
    const scope_lists *l = arg;
    return mx_cmp_word(c, side, l->of[side]->attribute_names[i]);
}

static mx_status compare_parameter(mx_cmp *c, const void *arg, size_t i, size_t j) {
    const scope_lists *l = arg;
    if (i != SIZE_MAX && j != SIZE_MAX) return MX_OK;
    int side = i == SIZE_MAX;
    mx_place at = mx_place_key(l->at, "attribute", side, l->of[side]->attribute_names[side ? j : i]);
    return mx_cmp_report(c, side ? MX_ADDED : MX_REMOVED, "function", &at);
}

static mx_status compare_lists(mx_cmp *c, const mx_place *at, const mx_scope_data *a, const mx_scope_data *b) {
    scope_lists of = {{a, b}, at};
    const mx_cmp_lists lists[] = {
        {{a->n_opsets, b->n_opsets}, opset_key, compare_opset, &of},
        {{a->n_attribute_names, b->n_attribute_names}, parameter_key, compare_parameter, &of},
        {{c->no_initializers ? 0 : a->n_initializers, c->no_initializers ? 0 : b->n_initializers},
         initializer_key,
         compare_initializer,
         &of},
        {{c->no_initializers ? 0 : a->n_sparse, c->no_initializers ? 0 : b->n_sparse}, sparse_key, compare_sparse, &of},
        {{a->n_value_infos, b->n_value_infos}, value_info_key, compare_value_info, &of},
    };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
        MX_TRY(mx_cmp_pairs(c, &lists[i]));
    return MX_OK;
}

/* ---- all of a scope ---- */

/* Fields of the ModelProto or FunctionProto itself; a body has none. */
static mx_status compare_holder(mx_cmp *c, const mx_place *at, mx_node_id id_a, mx_node_id id_b) {
    const mx_node *a = mx_cmp_at(c, 0, id_a), *b = mx_cmp_at(c, 1, id_b);
    const char *what = a->kind == MX_NODE_MODEL ? "model" : "function";
    MX_TRY(mx_cmp_string(c, what, at, "doc_string", a->doc, b->doc));
    MX_TRY(mx_cmp_json(c, what, at, "rest", a->rest, b->rest));
    MX_TRY(mx_cmp_metadata(c, "metadata", at, &a->metadata, &b->metadata));
    if (a->kind != MX_NODE_FUNCTION) return MX_OK;
    MX_TRY(mx_cmp_string(c, what, at, "domain", a->domain, b->domain));
    MX_TRY(mx_cmp_string(c, what, at, "name", a->name, b->name));
    MX_TRY(mx_cmp_string(c, what, at, "overload", a->overload, b->overload));
    return mx_cmp_attributes(c, id_a, id_b);
}

static mx_status compare_graph_fields(mx_cmp *c, const mx_place *at, const mx_scope_data *a, const mx_scope_data *b) {
    MX_TRY(mx_cmp_int(c, "graph", at, "graph", a->has_graph, 0, b->has_graph, 0));
    MX_TRY(mx_cmp_string(c, "graph", at, "graph name", a->name, b->name));
    MX_TRY(mx_cmp_string(c, "graph", at, "graph doc_string", a->doc, b->doc));
    MX_TRY(mx_cmp_json(c, "graph", at, "graph rest", a->rest, b->rest));
    return mx_cmp_metadata(c, "graph metadata", at, &a->metadata, &b->metadata);
}

mx_status mx_cmp_scope_itself(mx_cmp *c, mx_node_id id_a, mx_node_id id_b) {
    const mx_scope_data *a = &c->g[0]->scopes[mx_cmp_at(c, 0, id_a)->data];
    const mx_scope_data *b = &c->g[1]->scopes[mx_cmp_at(c, 1, id_b)->data];
    mx_place at = mx_place_node(0, id_a);
    MX_TRY(compare_holder(c, &at, id_a, id_b));
    MX_TRY(compare_graph_fields(c, &at, a, b));
    return compare_lists(c, &at, a, b);
}

mx_status mx_cmp_scope(mx_cmp *c, mx_node_id id_a, mx_node_id id_b) {
    uint32_t i = mx_cmp_at(c, 0, id_a)->data, j = mx_cmp_at(c, 1, id_b)->data;
    const mx_scope_data *a = &c->g[0]->scopes[i], *b = &c->g[1]->scopes[j];
    formals inputs = {{a->inputs, b->inputs}, {a->n_inputs, b->n_inputs}};
    formals outputs = {{a->outputs, b->outputs}, {a->n_outputs, b->n_outputs}};
    formals operators = {{a->operators, b->operators}, {a->n_operators, b->n_operators}};
    mx_place at = mx_place_node(0, id_a);
    mx_cmp_match_formals(c, a, b);
    MX_TRY(mx_cmp_match_operators(c, a, b));
    MX_TRY(compare_holder(c, &at, id_a, id_b));
    MX_TRY(compare_graph_fields(c, &at, a, b));
    MX_TRY(compare_nodes(c, &inputs));
    MX_TRY(compare_order(c, &inputs));
    MX_TRY(compare_nodes(c, &outputs));
    MX_TRY(compare_order(c, &outputs));
    MX_TRY(compare_lists(c, &at, a, b));
    MX_TRY(compare_nodes(c, &operators));
    return c->unordered[0][i] || c->unordered[1][j] ? compare_order(c, &operators) : MX_OK;
}
