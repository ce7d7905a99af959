#include "htp/served.h"

#include <stdlib.h>

typedef struct serving {
    mx_graph *g;
    mx_htp_tagging *t;
    const mx_htp_functions *functions;
    mx_error *err;
    uint32_t *first; /* by operator, and behind them by function: its uses */
    uint32_t *users; /* modules */
} serving;

/* Whose uses count: auxiliary operators that took their module from the context. */
static bool is_shared(const serving *w, mx_node_id id) {
    const mx_htp_label *label = &w->t->labels[id];
    return label->auxiliary && label->method == MX_HTP_INHERITED;
}

typedef void (*see_use)(serving *w, size_t used, uint32_t module);

static void see_uses(serving *w, see_use see) {
    for (mx_node_id id = 0; id < w->g->n_nodes; id++) {
        const mx_node *n = mx_node_at(w->g, id);
        uint32_t module = n->kind == MX_NODE_OPERATOR ? w->t->labels[id].module : MX_NO_INDEX;
        if (module == MX_NO_INDEX) continue;
        for (uint32_t i = 0; i < n->n_inputs; i++) {
            mx_node_id source = n->inputs[i].source;
            if (source != MX_NO_NODE && is_shared(w, source)) see(w, source, module);
        }
        uint32_t called = mx_htp_function_called(w->functions, w->g, n);
        if (called != MX_NO_INDEX) see(w, w->g->n_nodes + called, module);
    }
}

static void count(serving *w, size_t used, uint32_t module) {
    (void)module;
    w->first[used + 1]++;
}

static void enter(serving *w, size_t used, uint32_t module) {
    w->users[w->first[used]++] = module;
}

static int compare(const void *a, const void *b) {
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static mx_status add_served(serving *w, uint32_t module) {
    mx_htp_tagging *t = w->t;
    if (!mx_grow(w->g->allocator, (void **)&t->served, &t->cap_served, t->n_served, sizeof *t->served)) return mx_nomem(w->err);
    t->served[t->n_served++] = module;
    return MX_OK;
}

/* The label's list from the modules of its users. */
static mx_status list_modules(serving *w, mx_htp_label *label, uint32_t *modules, size_t n) {
    mx_htp_tagging *t = w->t;
    if (!n || label->module == MX_NO_INDEX || label->n_served) return MX_OK;
    qsort(modules, n, sizeof *modules, compare);
    size_t first = t->n_served;
    MX_TRY(add_served(w, label->module));
    for (size_t i = 0; i < n && t->n_served - first < MX_HTP_SERVED; i++) {
        bool listed = i && modules[i] == modules[i - 1];
        for (size_t k = first; k < t->n_served && !listed; k++)
            listed = t->tree.modules[t->served[k]].tag == t->tree.modules[modules[i]].tag;
        if (!listed) MX_TRY(add_served(w, modules[i]));
    }
    if (t->n_served - first < 2) {
        t->n_served = first;
        return MX_OK;
    }
    label->first_served = (uint32_t)first;
    label->n_served = (uint32_t)(t->n_served - first);
    return MX_OK;
}

/* `enter` has moved each beginning to the end of its run. */
static mx_status list_all(serving *w) {
    for (mx_node_id id = 0; id < w->g->n_nodes; id++) {
        uint32_t begin = id ? w->first[id - 1] : 0;
        MX_TRY(list_modules(w, &w->t->labels[id], w->users + begin, w->first[id] - begin));
    }
    for (uint32_t i = 0; i < w->functions->n; i++) {
        size_t at = w->g->n_nodes + i;
        const mx_scope_data *s = &w->g->scopes[mx_node_at(w->g, w->functions->nodes[i])->data];
        for (size_t k = 0; k < s->n_operators; k++)
            MX_TRY(list_modules(w, &w->t->labels[s->operators[k]], w->users + w->first[at - 1], w->first[at] - w->first[at - 1]));
    }
    return MX_OK;
}

mx_status mx_htp_find_served(mx_graph *g, mx_htp_tagging *t, const mx_htp_functions *functions, mx_error *err) {
    serving w = {.g = g, .t = t, .functions = functions, .err = err};
    size_t n = g->n_nodes + functions->n, total = 0;
    mx_status status = MX_OK;
    w.first = mx_alloc_zero(g->allocator, n + 1, sizeof *w.first);
    if (!w.first) return mx_nomem(err);
    see_uses(&w, count);
    for (size_t i = 0; i < n; i++) w.first[i + 1] += w.first[i];
    total = w.first[n];
    w.users = mx_alloc_zero(g->allocator, total + 1, sizeof *w.users);
    if (!w.users) status = mx_nomem(err);
    if (status == MX_OK) {
        see_uses(&w, enter);
        status = list_all(&w);
    }
    mx_free(g->allocator, w.first, (n + 1) * sizeof *w.first);
    mx_free(g->allocator, w.users, (total + 1) * sizeof *w.users);
    return status;
}
