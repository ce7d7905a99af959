#include "htp/functions.h"

static void *array(const mx_graph *g, size_t n, size_t size) {
    return mx_alloc_zero(g->allocator, n + 1, size);
}

mx_status mx_htp_functions_init(mx_htp_functions *x, const mx_htp_sources *s) {
    const mx_graph *g = s->g;
    *x = (mx_htp_functions){.n_names = g->strings.count};
    for (size_t i = 0; i < g->n_scopes; i++) x->n += mx_node_at(g, g->scopes[i].node)->kind == MX_NODE_FUNCTION;
    if (!x->n) return MX_OK;
    x->nodes = array(g, x->n, sizeof *x->nodes);
    x->homes = array(g, x->n, sizeof *x->homes);
    x->exact = array(g, x->n, sizeof *x->exact);
    x->next = array(g, x->n, sizeof *x->next);
    x->calls = array(g, x->n, sizeof *x->calls);
    x->by_name = array(g, x->n_names, sizeof *x->by_name);
    if (!x->nodes || !x->homes || !x->exact || !x->next || !x->calls || !x->by_name) return mx_nomem(s->err);
    uint32_t n = 0;
    for (size_t i = 0; i < g->n_scopes; i++) {
        const mx_node *f = mx_node_at(g, g->scopes[i].node);
        if (f->kind != MX_NODE_FUNCTION) continue;
        x->nodes[n] = g->scopes[i].node;
        x->homes[n] = MX_NO_INDEX;
        x->next[n] = x->by_name[f->name];
        x->by_name[f->name] = ++n;
    }
    return MX_OK;
}

void mx_htp_functions_free(mx_htp_functions *x, const mx_graph *g) {
    const mx_allocator *a = g->allocator;
    mx_free(a, x->nodes, (x->n + 1) * sizeof *x->nodes);
    mx_free(a, x->homes, (x->n + 1) * sizeof *x->homes);
    mx_free(a, x->exact, (x->n + 1) * sizeof *x->exact);
    mx_free(a, x->next, (x->n + 1) * sizeof *x->next);
    mx_free(a, x->calls, (x->n + 1) * sizeof *x->calls);
    mx_free(a, x->by_name, (x->n_names + 1) * sizeof *x->by_name);
}

static bool same_text(const mx_graph *g, mx_sid a, mx_sid b) { /* absent and empty are one */
    return a == b || (mx_text(g, a).n == 0 && mx_text(g, b).n == 0);
}

uint32_t mx_htp_function_called(const mx_htp_functions *x, const mx_graph *g, const mx_node *op) {
    if (!x->n || op->op_type >= x->n_names) return MX_NO_INDEX;
    for (uint32_t i = x->by_name[op->op_type]; i; i = x->next[i - 1]) {
        const mx_node *f = mx_node_at(g, x->nodes[i - 1]);
        if (same_text(g, f->domain, op->domain) && same_text(g, f->overload, op->overload)) return i - 1;
    }
    return MX_NO_INDEX;
}

/* ---- homes ---- */

/* A function's own module below the one that all its calls stand in: a new one of its name; in a given tree the first child of
 * its class. */
static mx_status settle_home(mx_htp_functions *x, mx_htp_sources *s, uint32_t function) {
    mx_htp_tree *t = s->tree;
    mx_sid name = mx_node_at(s->g, x->nodes[function])->name;
    uint32_t around = x->homes[function] == MX_NO_INDEX ? 0 : x->homes[function];
    x->homes[function] = around;
    if (name <= MX_SID_EMPTY) return MX_OK;
    if (!s->given) {
        MX_TRY(mx_htp_tree_add(t, around, name, &x->homes[function], s->err));
        x->exact[function] = true;
        return MX_OK;
    }
    for (uint32_t c = t->modules[around].first_child; c != MX_NO_INDEX && !x->exact[function]; c = t->modules[c].next_sibling) {
        x->exact[function] = t->modules[c].class_name == name;
        if (x->exact[function]) x->homes[function] = c;
    }
    return MX_OK;
}

/* The module that a call tells of itself, else that of the function or graph it stands in. */
static uint32_t module_of_call(const mx_htp_functions *x, const mx_htp_sources *s, mx_node_id op, const uint32_t *function_of) {
    uint32_t scope = s->scope_of[op], outer = function_of[mx_node_at(s->g, op)->scope];
    if (scope && s->scopes[scope - 1].module != MX_NO_INDEX) return s->scopes[scope - 1].module;
    return outer ? x->homes[outer - 1] : 0;
}

/* The function that each scope belongs to, + 1: bodies to that of their operator. Owners have smaller ids. */
static uint32_t *find_functions(const mx_htp_functions *x, const mx_graph *g) {
    uint32_t *function_of = array(g, g->n_nodes, sizeof *function_of);
    if (!function_of) return NULL;
    for (uint32_t i = 0; i < x->n; i++) function_of[x->nodes[i]] = i + 1;
    for (mx_node_id id = 0; id < g->n_nodes; id++) {
        const mx_node *n = mx_node_at(g, id);
        if (n->kind == MX_NODE_BODY) function_of[id] = function_of[mx_node_at(g, n->parent)->scope];
    }
    return function_of;
}

typedef struct placing {
    mx_htp_functions *x;
    mx_htp_sources *s;
    uint32_t *function_of; /* by scope */
    uint32_t *first_call;  /* by function + 1 (0: the model): first call that stands in it, + 1 */
    uint32_t *next_call;   /* by node: the next call in the same function, + 1 */
} placing;

static void list_calls(placing *w) {
    const mx_graph *g = w->s->g;
    for (mx_node_id id = 0; id < g->n_nodes; id++) {
        const mx_node *n = mx_node_at(g, id);
        uint32_t called = n->kind == MX_NODE_OPERATOR ? mx_htp_function_called(w->x, g, n) : MX_NO_INDEX;
        if (called == MX_NO_INDEX) continue;
        uint32_t in = w->function_of[n->scope];
        w->x->calls[called]++;
        w->next_call[id] = w->first_call[in];
        w->first_call[in] = id + 1;
    }
}

/* A function is placed when all its calls are seen. Of functions that call each other in a ring, nothing is known. */
static mx_status place_all(placing *w) {
    mx_htp_functions *x = w->x;
    uint32_t n = 0, *ready = array(w->s->g, x->n + 1, sizeof *ready);
    if (!ready) return mx_nomem(w->s->err);
    mx_status status = MX_OK;
    ready[n++] = 0;
    for (uint32_t i = 0; i < x->n; i++)
        if (!x->calls[i]) ready[n++] = i + 1;
    for (uint32_t done = 0; done < n && status == MX_OK; done++) {
        if (ready[done]) status = settle_home(x, w->s, ready[done] - 1);
        for (uint32_t c = w->first_call[ready[done]]; c; c = w->next_call[c - 1]) {
            uint32_t called = mx_htp_function_called(x, w->s->g, mx_node_at(w->s->g, c - 1));
            uint32_t from = module_of_call(x, w->s, c - 1, w->function_of), *home = &x->homes[called];
            *home = *home == MX_NO_INDEX ? from : mx_htp_tree_common(w->s->tree, *home, from);
            if (--x->calls[called] == 0) ready[n++] = called + 1;
        }
    }
    for (uint32_t i = 0; i < x->n; i++)
        if (x->calls[i] || x->homes[i] == MX_NO_INDEX) x->homes[i] = 0;
    mx_free(w->s->g->allocator, ready, (x->n + 2) * sizeof *ready);
    return status;
}

mx_status mx_htp_functions_place(mx_htp_functions *x, mx_htp_sources *s) {
    const mx_graph *g = s->g;
    placing w = {.x = x, .s = s};
    if (!x->n) return MX_OK;
    w.function_of = find_functions(x, g);
    w.first_call = array(g, x->n, sizeof *w.first_call);
    w.next_call = array(g, g->n_nodes, sizeof *w.next_call);
    mx_status status = w.function_of && w.first_call && w.next_call ? MX_OK : mx_nomem(s->err);
    if (status == MX_OK) {
        list_calls(&w);
        status = place_all(&w);
    }
    mx_free(g->allocator, w.function_of, (g->n_nodes + 1) * sizeof *w.function_of);
    mx_free(g->allocator, w.first_call, (x->n + 1) * sizeof *w.first_call);
    mx_free(g->allocator, w.next_call, (g->n_nodes + 1) * sizeof *w.next_call);
    return status;
}
