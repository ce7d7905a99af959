#include "torch_io/functional.h"
#include "torch_io/schema.h"

enum { MAX_INLINE = 256 };

mx_status mx_functional_unsupported(mx_functional *f, const mx_pnode *n, const char *what) {
    mx_status status = mx_fail(f->err, MX_ERR_UNSUPPORTED, "operator %s %s %s", mx_show(mx_ptext(f->p, n->target)).text,
                               what, mx_show(mx_ptext(f->p, n->name)).text);
    return mx_at_node(f->err, status, mx_ptext(f->p, n->name));
}

/* ---- writing nodes ---- */

mx_status mx_functional_emit(mx_functional *f, uint32_t node) {
    mx_pnode *n = &f->p->nodes[node];
    n->graph = f->graph;
    for (uint32_t i = 0; i < n->n_outputs; i++)
        if (n->outputs[i] != MX_NONE) f->p->values[n->outputs[i]].graph = f->graph;
    if (f->n_out >= MX_NONE) return mx_fail(f->err, MX_ERR_LIMIT, "the program has too many nodes");
    if (!mx_grow(f->p->env->allocator, (void **)&f->out, &f->cap_out, f->n_out, sizeof *f->out))
        return mx_nomem(f->err);
    f->out[f->n_out++] = node;
    return MX_OK;
}

mx_status mx_functional_value(mx_functional *f, uint32_t meta, uint32_t node, uint32_t output, uint32_t *out) {
    mx_program *p = f->p;
    mx_pvalue v = p->values[meta];
    mx_str like = mx_ptext(p, v.name);
    mx_buffer name;
    mx_buffer_init(&name, p->env->allocator);
    for (;;) { /* each number is tried once in all */
        mx_buffer_clear(&name);
        mx_buffer_add(&name, like.p, like.n);
        mx_buffer_cstr(&name, "_v");
        mx_buffer_uint(&name, f->serial++);
        if (name.failed || mx_strings_find(&p->strings, mx_buffer_str(&name)) == UINT32_MAX) break;
    }
    mx_status status = name.failed ? mx_nomem(f->err) : mx_program_string(p, mx_buffer_str(&name), &v.name, f->err);
    mx_buffer_free(&name);
    MX_TRY(status);
    v.node = node;
    v.output = output;
    v.graph = f->graph;
    return mx_program_add_value(p, &v, out, f->err);
}

mx_status mx_functional_make(mx_functional *f, const char *target, uint32_t like, const mx_parg *args, uint32_t n_args,
                             uint32_t meta, uint32_t *out) {
    mx_program *p = f->p;
    mx_pnode n = p->nodes[like];
    uint32_t node;
    n.args = mx_arena_copy(&p->arena, args, n_args * sizeof *args);
    n.n_args = n_args;
    n.outputs = mx_arena_array(&p->arena, 1, sizeof *n.outputs);
    n.n_outputs = 1;
    if (!n.args || !n.outputs) return mx_nomem(f->err);
    uint32_t *output = n.outputs;
    MX_TRY(mx_program_string(p, mx_str_of(target), &n.target, f->err));
    MX_TRY(mx_program_complete(p, &n, f->err));
    MX_TRY(mx_functional_value(f, meta, (uint32_t)p->n_nodes, 0, output));
    n.name = p->values[*output].name;
    MX_TRY(mx_program_add_node(p, &n, &node, f->err));
    *out = *output;
    return mx_functional_emit(f, node);
}

/* ---- arguments: each becomes the value with its content of now ---- */

static mx_status read_values(mx_functional *f, mx_parg *a) {
    uint32_t *values = mx_arena_copy(&f->p->arena, a->values, a->count * sizeof *values);
    if (!values) return mx_nomem(f->err);
    for (uint32_t i = 0; i < a->count; i++)
        if (values[i] != MX_NONE) MX_TRY(mx_alias_read(f, values[i], &values[i]));
    a->values = values;
    return MX_OK;
}

static mx_status read_items(mx_functional *f, mx_parg *a) {
    bool symbolic = false;
    for (uint32_t i = 0; i < a->count; i++)
        symbolic = symbolic || a->items[i].value != MX_NONE;
    if (!symbolic) return MX_OK;
    mx_pitem *items = mx_arena_copy(&f->p->arena, a->items, a->count * sizeof *items);
    if (!items) return mx_nomem(f->err);
    for (uint32_t i = 0; i < a->count; i++)
        if (items[i].value != MX_NONE) MX_TRY(mx_alias_read(f, items[i].value, &items[i].value));
    a->items = items;
    return MX_OK;
}

static mx_status read_arg(mx_functional *f, mx_parg *a) {
    switch (a->kind) {
    case MX_ARG_VALUE: return mx_alias_read(f, a->value, &a->value);
    case MX_ARG_VALUES: return read_values(f, a);
    case MX_ARG_INTS:
    case MX_ARG_BOOLS: return read_items(f, a);
    default: return MX_OK;
    }
}

static mx_status read_args(mx_functional *f, uint32_t node) {
    uint32_t n = f->p->nodes[node].n_args;
    for (uint32_t i = 0; i < n; i++) { /* reading may add nodes, so that the array of them moves */
        mx_parg a = f->p->nodes[node].args[i];
        MX_TRY(read_arg(f, &a));
        f->p->nodes[node].args[i] = a;
    }
    return MX_OK;
}

/* ---- one kind of node after the other ---- */

static mx_status walk(mx_functional *f, uint32_t graph, uint32_t depth);

/* Graphs that are called once, where they stand: which argument is the graph, and where what is given to it begins. */
static const struct wrapper {
    const char *target;
    uint32_t graph, operands;
} wrappers[] = {{"higher_order.wrap_with_set_grad_enabled", 1, 2},
                {"higher_order.tag_activation_checkpoint", 0, 1},
                {"higher_order.wrap_activation_checkpoint", 0, 1},
                {"higher_order.invoke_subgraph", 0, 2}};

static const struct wrapper *wrapper_of(const mx_program *p, const mx_pnode *n) {
    for (size_t i = 0; i < sizeof wrappers / sizeof *wrappers; i++)
        if (mx_str_is(mx_ptext(p, n->target), wrappers[i].target)) return &wrappers[i];
    return NULL;
}

static void hand_on(mx_functional *f, uint32_t from, uint32_t to) {
    f->of[to].same = mx_alias_of(f, from);
}

/* One value given to the next input of a graph; constants are given where the graph has no value. */
static bool give(mx_functional *f, const mx_pgraph *g, uint32_t *next, uint32_t value) {
    if (*next >= g->n_inputs) return false;
    uint32_t input = g->inputs[(*next)++];
    if ((input == MX_NONE) != (value == MX_NONE)) return false;
    if (value != MX_NONE) hand_on(f, value, input);
    return true;
}

static bool give_arg(mx_functional *f, const mx_pgraph *g, uint32_t *next, const mx_parg *a) {
    bool good = true;
    switch (a->kind) {
    case MX_ARG_VALUE: return give(f, g, next, a->value);
    case MX_ARG_VALUES:
        for (uint32_t i = 0; i < a->count; i++)
            good = good && give(f, g, next, a->values[i]);
        return good;
    case MX_ARG_INTS:
        for (uint32_t i = 0; i < a->count; i++)
            good = good && give(f, g, next, a->items[i].value);
        return good;
    default: return give(f, g, next, MX_NONE);
    }
}

static mx_status unfit(mx_functional *f, uint32_t node) {
    return mx_functional_unsupported(f, &f->p->nodes[node], "does not give its graph what that takes:");
}

static mx_status inline_graph(mx_functional *f, uint32_t node, const struct wrapper *w, uint32_t depth) {
    const mx_pnode *n = &f->p->nodes[node];
    if (n->n_args < w->operands || n->args[w->graph].kind != MX_ARG_GRAPH) return unfit(f, node);
    uint32_t inner = n->args[w->graph].value, next = 0, call = n->call;
    const mx_pgraph *g = &f->p->graphs[inner];
    for (uint32_t i = w->operands; i < n->n_args; i++)
        if (!give_arg(f, g, &next, &n->args[i])) return unfit(f, node);
    if (next != g->n_inputs || n->n_outputs != g->n_outputs) return unfit(f, node);
    for (uint32_t i = 0; i < g->n_nodes; i++)
        if (f->p->nodes[g->nodes[i]].call == MX_NONE) f->p->nodes[g->nodes[i]].call = call;
    MX_TRY(walk(f, inner, depth + 1));
    n = &f->p->nodes[node];
    g = &f->p->graphs[inner];
    for (uint32_t i = 0; i < n->n_outputs; i++) {
        if (n->outputs[i] == MX_NONE) continue;
        if (g->outputs[i].kind != MX_ARG_VALUE) return unfit(f, node);
        hand_on(f, g->outputs[i].value, n->outputs[i]);
    }
    f->p->nodes[node].dropped = true;
    f->p->graphs[inner].n_nodes = 0; /* they stand outside now */
    return MX_OK;
}

static mx_status plain(mx_functional *f, uint32_t node) {
    MX_TRY(read_args(f, node));
    const mx_pnode *n = &f->p->nodes[node];
    for (uint32_t i = 0; i < n->n_outputs; i++)
        if (n->outputs[i] != MX_NONE) mx_alias_make_base(f, n->outputs[i], n->outputs[i]);
    return mx_functional_emit(f, node);
}

static mx_status view(mx_functional *f, uint32_t node, mx_view_kind kind, uint16_t arg) {
    uint32_t parent = mx_alias_of(f, f->p->nodes[node].args[arg].value);
    MX_TRY(read_args(f, node));
    const mx_pnode *n = &f->p->nodes[node];
    for (uint32_t i = 0; i < n->n_outputs; i++)
        if (n->outputs[i] != MX_NONE) MX_TRY(mx_alias_make_view(f, n->outputs[i], parent, node, arg, (uint8_t)kind));
    return mx_functional_emit(f, node);
}

/* The first output is the argument, as itself or as a copy; what else there may be is left to the node. */
static mx_status identity(mx_functional *f, uint32_t node, bool copy, uint16_t arg) {
    uint32_t from = f->p->nodes[node].args[arg].value, content = MX_NONE;
    if (f->p->nodes[node].n_outputs > 1) {
        MX_TRY(mx_alias_read(f, from, &content));
        MX_TRY(plain(f, node));
        mx_alias_make_base(f, f->p->nodes[node].outputs[0], content);
        return MX_OK;
    }
    f->p->nodes[node].dropped = true;
    if (!copy) {
        hand_on(f, from, f->p->nodes[node].outputs[0]);
        return MX_OK;
    }
    MX_TRY(mx_alias_read(f, from, &content));
    mx_alias_make_base(f, f->p->nodes[node].outputs[0], content);
    return MX_OK;
}

/* dropout(input, p, train): train may be None in native_dropout, which means true. */
static mx_status dropout(mx_functional *f, uint32_t node) {
    const mx_pnode *n = &f->p->nodes[node];
    bool trains = n->n_args > 2 && !(n->args[2].kind == MX_ARG_BOOL && !n->args[2].i);
    bool never = n->n_args > 1 && ((n->args[1].kind == MX_ARG_FLOAT && n->args[1].f == 0) ||
                                   (n->args[1].kind == MX_ARG_INT && n->args[1].i == 0));
    if (trains && !never)
        return mx_functional_unsupported(f, n,
                                         "is random, the model was exported in training mode: export it after eval();");
    return identity(f, node, false, 0);
}

/* ---- in-place operators ---- */

static bool same_kind(const mx_pvalue *a, const mx_pvalue *b) {
    if (a->elem == 0 || a->elem != b->elem || a->rank == MX_NONE || a->rank != b->rank) return false;
    for (uint32_t i = 0; i < a->rank; i++)
        if (!mx_size_equal(a->sizes[i], b->sizes[i])) return false;
    return true;
}

static mx_status result_of(mx_functional *f, uint32_t node, uint32_t *out) {
    if (f->p->nodes[node].n_outputs != 1)
        return mx_functional_unsupported(f, &f->p->nodes[node], "has not the one output of an in-place operator:");
    *out = f->p->nodes[node].outputs[0];
    return MX_OK;
}

/* copy_ of a tensor of the same type and sizes: its content is the other's. */
static mx_status take_over(mx_functional *f, uint32_t node, uint32_t target) {
    uint32_t content = MX_NONE, out = MX_NONE;
    MX_TRY(result_of(f, node, &out));
    MX_TRY(mx_alias_read(f, f->p->nodes[node].args[1].value, &content));
    MX_TRY(mx_alias_write(f, target, content));
    f->p->nodes[node].dropped = true;
    if (out != MX_NONE) hand_on(f, target, out);
    return MX_OK;
}

/* t_() and the like change how the tensor is looked at: from now on its name means the view. */
static mx_status view_in_place(mx_functional *f, uint32_t node, uint32_t target, mx_view_kind kind, uint16_t arg) {
    uint32_t out = MX_NONE;
    MX_TRY(result_of(f, node, &out));
    if (out == MX_NONE) return mx_functional_unsupported(f, &f->p->nodes[node], "has no output:");
    MX_TRY(mx_alias_make_view(f, out, target, node, arg, (uint8_t)kind));
    MX_TRY(mx_functional_emit(f, node));
    f->of[target].same = out;
    return MX_OK;
}

static mx_status write(mx_functional *f, uint32_t node, uint32_t target) {
    mx_program *p = f->p;
    uint32_t out = MX_NONE;
    MX_TRY(result_of(f, node, &out));
    bool named = out != MX_NONE;
    if (!named) MX_TRY(mx_functional_value(f, target, node, 0, &out));
    p->nodes[node].outputs[0] = out;
    p->values[out].elem = p->values[target].elem; /* what is computed in another type is cast, as torch does */
    MX_TRY(mx_functional_emit(f, node));
    MX_TRY(mx_alias_write(f, target, out));
    if (named) hand_on(f, target, out); /* as an operand it is the target; the content is read of that */
    return MX_OK;
}

static mx_status in_place(mx_functional *f, uint32_t node) {
    mx_program *p = f->p;
    mx_pnode *n = &p->nodes[node];
    mx_sid twin;
    uint16_t arg;
    if (!mx_inplace_arg(p, n, &arg) || arg != 0 || n->args[0].kind != MX_ARG_VALUE)
        return mx_functional_unsupported(f, n, "changes its arguments in place in a way that is not known:");
    uint32_t target = mx_alias_of(f, n->args[0].value);
    if (mx_str_is(mx_ptext(p, n->target), "aten.copy_.default") && n->n_args > 1 && n->args[1].kind == MX_ARG_VALUE &&
        same_kind(&p->values[n->args[0].value], &p->values[n->args[1].value]))
        return take_over(f, node, target);
    MX_TRY(read_args(f, node));
    n = &p->nodes[node];
    MX_TRY(mx_inplace_twin(f, n, &twin));
    if (twin == MX_SID_ABSENT) return mx_functional_unsupported(f, n, "has no functional form:");
    mx_view_kind kind = mx_view_of(f, n, &arg);
    if (kind >= MX_VIEW_RESHAPE || kind == MX_VIEW_FIXED) return view_in_place(f, node, target, kind, arg);
    return write(f, node, target);
}

/* Batch normalisation in training also changes its running statistics, which nothing reads again before the end. */
static bool changes_arguments(const mx_program *p, const mx_pnode *n) {
    uint16_t arg;
    mx_str target = mx_ptext(p, n->target);
    if (mx_str_starts(target, "aten._native_batch_norm_legit") || mx_str_starts(target, "aten._batch_norm_with_update"))
        return false;
    return mx_inplace_name(target) || mx_inplace_arg(p, n, &arg);
}

static mx_status step(mx_functional *f, uint32_t node, uint32_t depth) {
    uint16_t arg;
    const mx_pnode *n = &f->p->nodes[node];
    const struct wrapper *w = wrapper_of(f->p, n);
    if (w) return inline_graph(f, node, w, depth);
    mx_view_kind kind = mx_view_of(f, n, &arg);
    switch (kind) {
    case MX_VIEW_NOT: return changes_arguments(f->p, n) ? in_place(f, node) : plain(f, node);
    case MX_VIEW_SAME: return identity(f, node, false, arg);
    case MX_VIEW_COPY: return identity(f, node, true, arg);
    case MX_VIEW_DROPOUT: return dropout(f, node);
    default: return view(f, node, kind, arg);
    }
}

/* ---- graphs ---- */

static mx_status walk(mx_functional *f, uint32_t graph, uint32_t depth) {
    if (depth > MAX_INLINE) return mx_fail(f->err, MX_ERR_LIMIT, "graphs are nested more than %d deep", MAX_INLINE);
    for (uint32_t i = 0; i < f->p->graphs[graph].n_nodes; i++)
        MX_TRY(step(f, f->p->graphs[graph].nodes[i], depth));
    return MX_OK;
}

static mx_status rewrite(mx_functional *f, uint32_t graph) {
    mx_pgraph *g = &f->p->graphs[graph];
    f->graph = graph;
    for (uint32_t i = 0; i < g->n_inputs; i++) {
        if (g->inputs[i] == MX_NONE) continue;
        mx_alias_make_base(f, g->inputs[i], g->inputs[i]);
        f->of[g->inputs[i]].fixed = graph != 0;
    }
    MX_TRY(walk(f, graph, 0));
    for (uint32_t i = 0; i < g->n_outputs; i++)
        MX_TRY(read_arg(f, &g->outputs[i]));
    mx_free(f->p->env->allocator, g->nodes, g->cap_nodes * sizeof *g->nodes);
    g->nodes = f->out;
    g->n_nodes = (uint32_t)f->n_out;
    g->cap_nodes = (uint32_t)f->cap_out;
    f->out = NULL;
    f->n_out = f->cap_out = 0;
    return MX_OK;
}

static bool is_inlined(const mx_program *p, uint32_t graph) {
    uint32_t node = p->graphs[graph].parent_node;
    return node != MX_NONE && wrapper_of(p, &p->nodes[node]);
}

static mx_status rewrite_all(mx_functional *f) {
    mx_program *p = f->p;
    for (uint32_t i = 0; i < p->n_graphs; i++)
        if (!is_inlined(p, i)) MX_TRY(rewrite(f, i));
    uint8_t *needed = mx_alloc_zero(p->env->allocator, p->n_values + 1, 1);
    if (!needed) return mx_nomem(f->err);
    for (uint32_t i = 0; i < p->n_graphs; i++)
        if (!is_inlined(p, i)) mx_functional_drop_dead(p, i, needed);
    mx_free(p->env->allocator, needed, p->n_values + 1);
    return MX_OK;
}

mx_status mx_program_functional(mx_program *p, mx_error *err) {
    const mx_allocator *a = p->env->allocator;
    mx_functional f = {.p = p, .err = err, .n = p->n_values, .serial = p->n_values};
    if (p->functional) return MX_OK;
    f.of = mx_alloc_zero(a, f.n + 1, sizeof *f.of);
    if (!f.of) return mx_nomem(err);
    for (uint32_t i = 0; i < f.n; i++)
        mx_alias_make_base(&f, i, i);
    mx_status status = rewrite_all(&f);
    mx_free(a, f.of, (f.n + 1) * sizeof *f.of);
    mx_free(a, f.out, f.cap_out * sizeof *f.out);
    if (f.storages) mx_free(a, f.storages, p->n_inputs * sizeof *f.storages);
    p->functional = status == MX_OK;
    return status;
}
