#include "torch_io/pt2.h"

/* ---- values ---- */

static mx_status describe(mx_pt2 *r, mx_sid name, mx_pvalue *v) {
    mx_str text = mx_ptext(r->p, name);
    if (v->kind == MX_PV_TENSOR) {
        const json_t *meta = json_object_getn(r->metas, text.p, text.n);
        if (meta) return mx_pt2_tensor(r, meta, v);
    }
    if (v->kind == MX_PV_INT) {
        const json_t *size = json_object_getn(r->sym_ints, text.p, text.n);
        if (size) return mx_pt2_size(r, size, "sym_int_values", &v->size);
    }
    return MX_OK;
}

static mx_status define(mx_pt2 *r, mx_sid name, mx_pvalue v, uint32_t *out) {
    uint32_t before = mx_pt2_map_get(&r->values, name);
    if (before != MX_NONE && r->p->values[before].graph == r->graph)
        return mx_pt2_wrong(r, mx_ptext(r->p, name).p, "is made twice");
    v.name = name;
    v.graph = r->graph;
    v.rank = MX_NONE;
    v.size = mx_size_unknown();
    MX_TRY(describe(r, name, &v));
    MX_TRY(mx_program_add_value(r->p, &v, out, r->err));
    if (!mx_grow(r->p->env->allocator, (void **)&r->undo, &r->cap_undo, r->n_undo, sizeof *r->undo))
        return mx_nomem(r->err);
    r->undo[r->n_undo++] = (mx_pt2_undo){name, before};
    return mx_pt2_map_set(r, &r->values, name, *out);
}

/* A value where a graph's input or a node's output is declared; none where a constant or None stands there. */
static mx_status declare(mx_pt2 *r, const json_t *argument, const char *key, mx_pvalue v, uint32_t *out) {
    static const struct {
        const char *name, *member;
        uint8_t kind;
    } kinds[] = {{"as_tensor", "name", MX_PV_TENSOR},
                 {"as_sym_int", "as_name", MX_PV_INT},
                 {"as_sym_float", "as_name", MX_PV_FLOAT},
                 {"as_sym_bool", "as_name", MX_PV_BOOL}};
    const char *kind;
    const json_t *inner;
    mx_sid name;
    *out = MX_NONE;
    MX_TRY(mx_pt2_union(r, argument, key, &kind, &inner));
    if (strcmp(kind, "as_custom_obj") == 0)
        return mx_pt2_unsupported(r, "custom objects are not supported:", mx_str_of(key));
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(kind, kinds[i].name) != 0) continue;
        v.kind = kinds[i].kind;
        if (v.kind != MX_PV_TENSOR && !json_object_get(inner, "as_name")) return MX_OK;
        MX_TRY(mx_pt2_string(r, inner, kinds[i].member, &name));
        return define(r, name, v, out);
    }
    return MX_OK;
}

/* ---- nodes ---- */

static mx_status read_args(mx_pt2 *r, const json_t *list, mx_pnode *n) {
    if (json_array_size(list) >= MX_NONE) return mx_pt2_wrong(r, "inputs", "is too long");
    n->n_args = (uint32_t)json_array_size(list);
    n->args = mx_pt2_array_of(r, n->n_args, sizeof *n->args);
    if (!n->args) return MX_ERR_NOMEM;
    for (uint32_t i = 0; i < n->n_args; i++) {
        const json_t *named = json_array_get(list, i), *arg;
        mx_sid name;
        MX_TRY(mx_pt2_string(r, named, "name", &name));
        MX_TRY(mx_pt2_object(r, named, "arg", &arg));
        n->args[i].name = name == MX_SID_EMPTY ? MX_SID_ABSENT : name;
        MX_TRY(mx_pt2_argument(r, arg, name == MX_SID_EMPTY ? "arg" : mx_ptext(r->p, name).p, &n->args[i]));
    }
    return MX_OK;
}

/* The elements of an output that is a list of tensors; NULL: it is a single one. */
static const json_t *list_of(const json_t *output) {
    const json_t *list = json_object_get(output, "as_tensors");
    if (!list) list = json_object_get(output, "as_optional_tensors");
    return json_is_array(list) ? list : NULL;
}

static mx_status read_output_list(mx_pt2 *r, const json_t *list, mx_pvalue *v, uint32_t *outputs) {
    for (size_t i = 0; i < json_array_size(list); i++, v->output++) {
        const json_t *one = json_array_get(list, i);
        mx_sid name;
        if (json_object_get(one, "name")) {
            MX_TRY(mx_pt2_string(r, one, "name", &name));
            v->kind = MX_PV_TENSOR;
            MX_TRY(define(r, name, *v, &outputs[v->output]));
        } else {
            MX_TRY(declare(r, one, "outputs", *v, &outputs[v->output]));
        }
    }
    return MX_OK;
}

static mx_status read_outputs(mx_pt2 *r, const json_t *list, uint32_t node) {
    size_t n = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *inner = list_of(json_array_get(list, i));
        n += inner ? json_array_size(inner) : 1;
    }
    if (n >= MX_NONE) return mx_pt2_wrong(r, "outputs", "is too long");
    uint32_t *outputs = mx_pt2_array_of(r, n, sizeof *outputs);
    if (!outputs) return MX_ERR_NOMEM;
    mx_pvalue v = {.node = node};
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i), *inner = list_of(one);
        if (inner) {
            MX_TRY(read_output_list(r, inner, &v, outputs));
        } else {
            MX_TRY(declare(r, one, "outputs", v, &outputs[v.output]));
            v.output++;
        }
    }
    r->p->nodes[node].outputs = outputs;
    r->p->nodes[node].n_outputs = (uint32_t)n;
    return MX_OK;
}

/* "torch.ops.aten.add.Tensor" is "aten.add.Tensor" here; Python's functions keep their names. */
static mx_status read_target(mx_pt2 *r, const json_t *node, mx_pnode *n) {
    static const char prefix[] = "torch.ops.";
    MX_TRY(mx_pt2_string(r, node, "target", &n->target));
    mx_str s = mx_ptext(r->p, n->target);
    if (!mx_str_starts(s, prefix)) return MX_OK;
    size_t skip = sizeof prefix - 1;
    return mx_program_string(r->p, (mx_str){s.p + skip, s.n - skip}, &n->target, r->err);
}

/* Files of earlier versions do not name their nodes: then the first output's name serves. */
static mx_status read_name(mx_pt2 *r, const json_t *node, mx_pnode *n) {
    const json_t *name = json_object_get(node, "name"), *first = json_array_get(json_object_get(node, "outputs"), 0);
    if (!json_is_string(name)) name = json_object_get(json_object_get(first, "as_tensor"), "name");
    if (json_is_string(name)) return mx_pt2_text(r, name, "name", &n->name);
    n->name = n->target;
    return MX_OK;
}

static mx_status read_metadata(mx_pt2 *r, const json_t *node, mx_pnode *n) {
    const json_t *metadata = json_object_get(node, "metadata");
    const json_t *stack = json_object_get(metadata, "nn_module_stack"),
                 *trace = json_object_get(metadata, "stack_trace");
    mx_sid text;
    if (json_is_string(trace)) MX_TRY(mx_pt2_text(r, trace, "stack_trace", &n->stack_trace));
    if (!json_is_string(stack)) return MX_OK;
    MX_TRY(mx_pt2_text(r, stack, "nn_module_stack", &text));
    return mx_pt2_call(r, text, &n->call);
}

static mx_status read_node(mx_pt2 *r, const json_t *node) {
    mx_pnode n = {.call = MX_NONE, .graph = r->graph};
    const json_t *inputs, *outputs;
    uint32_t index;
    r->node = MX_SID_ABSENT;
    if (!json_is_object(node)) return mx_pt2_wrong(r, "nodes", "holds what is no node");
    MX_TRY(read_target(r, node, &n));
    MX_TRY(read_name(r, node, &n));
    r->node = n.name;
    MX_TRY(mx_pt2_array(r, node, "inputs", &inputs));
    MX_TRY(mx_pt2_array(r, node, "outputs", &outputs));
    MX_TRY(read_metadata(r, node, &n)); /* before what is in its graphs: modules are numbered as they run */
    MX_TRY(read_args(r, inputs, &n));
    MX_TRY(mx_program_complete(r->p, &n, r->err));
    MX_TRY(mx_program_add_node(r->p, &n, &index, r->err));
    for (uint32_t i = 0; i < n.n_args; i++)
        if (n.args[i].kind == MX_ARG_GRAPH) r->p->graphs[n.args[i].value].parent_node = index;
    MX_TRY(mx_program_append(r->p, r->graph, index, r->err));
    MX_TRY(read_outputs(r, outputs, index));
    r->node = MX_SID_ABSENT;
    return MX_OK;
}

/* ---- graphs ---- */

static mx_status read_inputs(mx_pt2 *r, const json_t *list) {
    size_t n = json_array_size(list);
    uint32_t *inputs = n < MX_NONE ? mx_pt2_array_of(r, n, sizeof *inputs) : NULL;
    if (!inputs) return n < MX_NONE ? MX_ERR_NOMEM : mx_pt2_wrong(r, "inputs", "is too long");
    for (size_t i = 0; i < n; i++) {
        mx_pvalue v = {.node = MX_NONE, .output = (uint32_t)i};
        MX_TRY(declare(r, json_array_get(list, i), "inputs", v, &inputs[i]));
    }
    r->p->graphs[r->graph].inputs = inputs;
    r->p->graphs[r->graph].n_inputs = (uint32_t)n;
    return MX_OK;
}

static mx_status read_results(mx_pt2 *r, const json_t *list) {
    size_t n = json_array_size(list);
    mx_parg *outputs = n < MX_NONE ? mx_pt2_array_of(r, n, sizeof *outputs) : NULL;
    if (!outputs) return n < MX_NONE ? MX_ERR_NOMEM : mx_pt2_wrong(r, "outputs", "is too long");
    for (size_t i = 0; i < n; i++) {
        MX_TRY(mx_pt2_argument(r, json_array_get(list, i), "outputs", &outputs[i]));
        if (outputs[i].kind == MX_ARG_GRAPH) return mx_pt2_wrong(r, "outputs", "holds a graph");
    }
    r->p->graphs[r->graph].outputs = outputs;
    r->p->graphs[r->graph].n_outputs = (uint32_t)n;
    return MX_OK;
}

static mx_status read_inside(mx_pt2 *r, const json_t *graph) {
    const json_t *inputs, *outputs, *nodes;
    MX_TRY(mx_pt2_array(r, graph, "inputs", &inputs));
    MX_TRY(mx_pt2_array(r, graph, "outputs", &outputs));
    MX_TRY(mx_pt2_array(r, graph, "nodes", &nodes));
    MX_TRY(mx_pt2_object(r, graph, "tensor_values", &r->metas));
    r->sym_ints = json_object_get(graph, "sym_int_values");
    MX_TRY(read_inputs(r, inputs));
    for (size_t i = 0; i < json_array_size(nodes); i++)
        MX_TRY(read_node(r, json_array_get(nodes, i)));
    return read_results(r, outputs);
}

mx_status mx_pt2_graph(mx_pt2 *r, const json_t *graph, uint32_t index) {
    size_t begin = r->n_undo;
    r->graph = index;
    MX_TRY(read_inside(r, graph));
    while (r->n_undo > begin) { /* names inside are no names outside */
        r->n_undo--;
        r->values.of[r->undo[r->n_undo].name] = r->undo[r->n_undo].value;
    }
    return MX_OK;
}

mx_status mx_pt2_nested(mx_pt2 *r, const json_t *graph, uint32_t *out) {
    mx_limits defaults = mx_limits_default();
    const mx_limits *limits = r->p->env->limits ? r->p->env->limits : &defaults;
    mx_pt2 outside = *r;
    if (r->depth >= limits->body_depth)
        return mx_fail(r->err, MX_ERR_LIMIT, "%s: graphs are nested more than %u deep", r->entry, limits->body_depth);
    MX_TRY(mx_program_add_graph(r->p, out, r->err));
    r->depth++;
    MX_TRY(mx_pt2_graph(r, graph, *out));
    r->depth--;
    r->graph = outside.graph;
    r->node = outside.node;
    r->metas = outside.metas;
    r->sym_ints = outside.sym_ints;
    return MX_OK;
}
