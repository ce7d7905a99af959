#include "torch_io/program.h"

static mx_status too_many(mx_error *err) {
    return mx_fail(err, MX_ERR_LIMIT, "the program has more parts than can be counted");
}

void mx_program_free(mx_program *p) {
    if (!p) return;
    const mx_allocator *a = p->env->allocator;
    for (size_t i = 0; i < p->n_sources; i++)
        mx_source_release(p->sources[i]);
    for (size_t i = 0; i < p->n_graphs; i++)
        mx_free(a, p->graphs[i].nodes, p->graphs[i].cap_nodes * sizeof *p->graphs[i].nodes);
    mx_free(a, p->sources, p->cap_sources * sizeof(*p->sources));
    mx_free(a, p->values, p->cap_values * sizeof *p->values);
    mx_free(a, p->nodes, p->cap_nodes * sizeof *p->nodes);
    mx_free(a, p->graphs, p->cap_graphs * sizeof *p->graphs);
    mx_free(a, p->modules, p->cap_modules * sizeof *p->modules);
    mx_free(a, p->calls, p->cap_calls * sizeof *p->calls);
    mx_free(a, p->weights, p->cap_weights * sizeof *p->weights);
    mx_strings_free(&p->strings);
    mx_arena_free(&p->arena);
    mx_free(a, p, sizeof *p);
}

static mx_status begin(mx_program *p, mx_error *err) {
    uint32_t graph;
    if (!mx_strings_init(&p->strings, p->env->allocator)) return mx_nomem(err);
    if (!mx_grow(p->env->allocator, (void **)&p->modules, &p->cap_modules, 0, sizeof *p->modules)) return mx_nomem(err);
    p->modules[p->n_modules++] = (mx_pmodule){.fqn = MX_SID_EMPTY, .parent = MX_NONE};
    return mx_program_add_graph(p, &graph, err);
}

mx_status mx_program_new(const mx_env *env, mx_program **out, mx_error *err) {
    static const mx_env defaults;
    if (!env) env = &defaults;
    *out = NULL;
    mx_program *p = mx_alloc_zero(env->allocator, 1, sizeof *p);
    if (!p) return mx_nomem(err);
    p->env = env;
    mx_arena_init(&p->arena, env->allocator);
    mx_status status = begin(p, err);
    if (status != MX_OK) {
        mx_program_free(p);
        return status;
    }
    *out = p;
    return MX_OK;
}

mx_status mx_program_string(mx_program *p, mx_str s, mx_sid *out, mx_error *err) {
    *out = mx_strings_add(&p->strings, s);
    return *out == MX_SID_NOMEM ? mx_nomem(err) : MX_OK;
}

mx_status mx_program_add_value(mx_program *p, const mx_pvalue *v, uint32_t *out, mx_error *err) {
    mx_pvalue copy = *v; /* v may stand in the array that moves */
    if (p->n_values >= MX_NONE) return too_many(err);
    if (!mx_grow(p->env->allocator, (void **)&p->values, &p->cap_values, p->n_values, sizeof copy))
        return mx_nomem(err);
    *out = (uint32_t)p->n_values;
    p->values[p->n_values++] = copy;
    return MX_OK;
}

mx_status mx_program_add_node(mx_program *p, const mx_pnode *n, uint32_t *out, mx_error *err) {
    mx_pnode copy = *n;
    if (p->n_nodes >= MX_NONE) return too_many(err);
    if (!mx_grow(p->env->allocator, (void **)&p->nodes, &p->cap_nodes, p->n_nodes, sizeof copy)) return mx_nomem(err);
    *out = (uint32_t)p->n_nodes;
    p->nodes[p->n_nodes++] = copy;
    return MX_OK;
}

mx_status mx_program_add_graph(mx_program *p, uint32_t *out, mx_error *err) {
    if (p->n_graphs >= MX_NONE) return too_many(err);
    if (!mx_grow(p->env->allocator, (void **)&p->graphs, &p->cap_graphs, p->n_graphs, sizeof *p->graphs))
        return mx_nomem(err);
    *out = (uint32_t)p->n_graphs;
    p->graphs[p->n_graphs++] = (mx_pgraph){.parent_node = MX_NONE};
    return MX_OK;
}

mx_status mx_program_append(mx_program *p, uint32_t graph, uint32_t node, mx_error *err) {
    mx_pgraph *g = &p->graphs[graph];
    size_t cap = g->cap_nodes;
    if (g->n_nodes >= MX_NONE - 1) return too_many(err);
    if (!mx_grow(p->env->allocator, (void **)&g->nodes, &cap, g->n_nodes, sizeof *g->nodes)) return mx_nomem(err);
    g->cap_nodes = (uint32_t)cap;
    g->nodes[g->n_nodes++] = node;
    return MX_OK;
}

bool mx_strides_in_order(const int64_t *sizes, const int64_t *strides, uint32_t rank) {
    int64_t expected = 1;
    for (uint32_t k = rank; k-- > 0;) {
        if (sizes[k] != 1 && strides[k] != expected) return false;
        if (__builtin_mul_overflow(expected, sizes[k], &expected)) return false;
    }
    return true;
}
