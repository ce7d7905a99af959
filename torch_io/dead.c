#include "torch_io/functional.h"

/* What has no effect besides its outputs: ATen's operators (asserts have no outputs at all, so they are never needed),
 * Python's arithmetic, and the control flow that is known. Anything else may have one and stays. */
static bool has_no_effect(mx_str target) {
    static const char *const prefixes[] = {"_operator.",           "math.",
                                           "torch.sym_",           "builtins.",
                                           "higher_order.cond",    "higher_order.while_loop",
                                           "higher_order.scan",    "higher_order.associative_scan",
                                           "higher_order.map_impl"};
    if (mx_torch_schema(target.p)) return true;
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
        if (mx_str_starts(target, prefixes[i])) return true;
    return false;
}

static void need(uint8_t *needed, const mx_parg *a) {
    if (a->kind == MX_ARG_VALUE) needed[a->value] = 1;
    for (uint32_t i = 0; a->kind == MX_ARG_VALUES && i < a->count; i++)
        if (a->values[i] != MX_NONE) needed[a->values[i]] = 1;
    for (uint32_t i = 0; (a->kind == MX_ARG_INTS || a->kind == MX_ARG_BOOLS) && i < a->count; i++)
        if (a->items[i].value != MX_NONE) needed[a->items[i].value] = 1;
}

static bool is_needed(const mx_program *p, const uint8_t *needed, const mx_pnode *n) {
    for (uint32_t i = 0; i < n->n_outputs; i++)
        if (n->outputs[i] != MX_NONE && needed[n->outputs[i]]) return true;
    return !has_no_effect(mx_ptext(p, n->target));
}

void mx_functional_drop_dead(mx_program *p, uint32_t graph, uint8_t *needed) {
    mx_pgraph *g = &p->graphs[graph];
    uint32_t kept = 0;
    for (uint32_t i = 0; i < g->n_outputs; i++)
        need(needed, &g->outputs[i]);
    for (uint32_t i = g->n_nodes; i-- > 0;) {
        mx_pnode *n = &p->nodes[g->nodes[i]];
        n->dropped = !is_needed(p, needed, n);
        for (uint32_t k = 0; !n->dropped && k < n->n_args; k++)
            need(needed, &n->args[k]);
    }
    for (uint32_t i = 0; i < g->n_nodes; i++)
        if (!p->nodes[g->nodes[i]].dropped) g->nodes[kept++] = g->nodes[i];
    g->n_nodes = kept;
}
