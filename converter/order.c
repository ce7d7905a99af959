/* Every input port, of an operator or inside its bodies, is one dependency of the operator in the scope where the value
 * is made. Three passes over a touched scope:
 *   1. find cycles (Tarjan's strongly connected components, without recursion); they come out consumers last
 *   2. in the reverse of that order, each maker learns where its users want it
 *   3. Kahn's algorithm, taking by that wish and then by the present place */
#include "converter/order.h"

typedef struct dependency {
    mx_node_id maker;
    bool kept; /* out of order at the source: no constraint, but still part of cycles */
} dependency;

typedef struct sorter {
    mx_graph *g;
    mx_error *err;
    bool *touched;   /* by node: a scope with an edit in it, or an operator that is, or holds, an edit */
    uint32_t *place; /* by node: where it stands in its scope's list */
    size_t *first;   /* by node: its dependencies are [first[n], first[n + 1]) */
    dependency *needs;
    size_t n_needs, n_kept;
    uint32_t *visit;   /* by node, Tarjan: 0 not seen, else the number of the visit, lowered to the component's first */
    uint32_t *pull;    /* by node: the first place where an untouched user wants its values */
    uint32_t *wish;    /* by node: the place that it would take if its makers allow */
    size_t *next;      /* by place in the scope */
    mx_node_id *stack; /* by place: open nodes of Tarjan, later the heap */
    mx_node_id *path;  /* by place */
    mx_node_id *order; /* by place: makers before consumers, then the result */
    uint32_t *waiting; /* by place: dependencies that are not placed yet */
    size_t *users_at;  /* by place, one more: users of its values are [users_at[p], users_at[p + 1]) */
    mx_node_id *users;
    size_t n_widest;    /* operators of the largest touched scope */
    mx_node_id **lists; /* by scope: the new list, put in place when all have succeeded */
} sorter;

/* ---- which scopes ---- */

/* Up through the operators that hold the bodies, until someone has been there. */
static void touch(sorter *s, mx_node_id id) {
    const mx_graph *g = s->g;
    for (;;) {
        mx_node_id scope = mx_node_at(g, id)->scope;
        s->touched[id] = true;
        if (s->touched[scope] || mx_node_at(g, scope)->kind != MX_NODE_BODY) {
            s->touched[scope] = true;
            return;
        }
        s->touched[scope] = true;
        id = mx_node_at(g, scope)->parent;
        if (s->touched[id]) return;
    }
}

static bool find_touched(sorter *s) {
    bool any = false;
    for (mx_node_id id = 0; id < s->g->n_nodes; id++) {
        const mx_node *n = mx_node_at(s->g, id);
        if (n->kind < MX_NODE_OPERATOR || n->flags & MX_FLAG_REMOVED) continue;
        if (!(n->flags & (MX_FLAG_NEW | MX_FLAG_CHANGED))) continue;
        any = true;
        if (!s->touched[id]) touch(s, id);
    }
    return any;
}

/* ---- dependencies ---- */

/* The operator in the maker's scope that holds `id` or is it; MX_NO_NODE: the maker is not to be sorted. */
static mx_node_id dependent(const sorter *s, mx_node_id id, mx_node_id maker) {
    const mx_graph *g = s->g;
    const mx_node *m = mx_node_at(g, maker);
    if (m->kind != MX_NODE_OPERATOR || !s->touched[m->scope]) return MX_NO_NODE;
    for (;;) {
        const mx_node *n = mx_node_at(g, id);
        if (n->scope == m->scope) return n->kind == MX_NODE_OPERATOR ? id : MX_NO_NODE;
        if (mx_node_at(g, n->scope)->kind != MX_NODE_BODY) return MX_NO_NODE;
        id = mx_node_at(g, n->scope)->parent;
    }
}

static bool is_kept(const sorter *s, mx_node_id user, mx_node_id dependent_node, mx_node_id maker) {
    return mx_node_at(s->g, user)->flags & MX_FLAG_UNORDERED && !s->touched[dependent_node] && !s->touched[maker] &&
           s->place[maker] >= s->place[dependent_node];
}

/* Once to count (needs NULL), once to fill; `first` is shifted by two so that it comes out right. */
static void collect(sorter *s) {
    const mx_graph *g = s->g;
    for (mx_node_id id = 0; id < g->n_nodes; id++) {
        const mx_node *n = mx_node_at(g, id);
        if ((n->kind != MX_NODE_OPERATOR && n->kind != MX_NODE_OUTPUT) || n->flags & MX_FLAG_REMOVED) continue;
        for (uint32_t k = 0; k < n->n_inputs; k++) {
            mx_node_id maker = n->inputs[k].source;
            mx_node_id by = maker == MX_NO_NODE ? MX_NO_NODE : dependent(s, id, maker);
            if (by == MX_NO_NODE) continue;
            if (!s->needs) {
                s->first[by + 2]++;
                s->n_needs++;
                continue;
            }
            bool kept = is_kept(s, id, by, maker);
            s->needs[s->first[by + 1]++] = (dependency){maker, kept};
            s->n_kept += kept;
        }
    }
}

static void number_places(sorter *s) {
    for (size_t i = 0; i < s->g->n_scopes; i++) {
        const mx_scope_data *d = &s->g->scopes[i];
        if (!s->touched[d->node]) continue;
        if (d->n_operators > s->n_widest) s->n_widest = d->n_operators;
        for (size_t k = 0; k < d->n_operators; k++)
            s->place[d->operators[k]] = (uint32_t)k;
    }
}

static mx_status find_dependencies(sorter *s) {
    size_t n = s->g->n_nodes;
    s->place = mx_alloc_zero(s->g->allocator, n, sizeof *s->place);
    s->first = mx_alloc_zero(s->g->allocator, n + 2, sizeof *s->first);
    if (!s->place || !s->first) return mx_nomem(s->err);
    number_places(s);
    collect(s);
    for (size_t i = 2; i < n + 2; i++)
        s->first[i] += s->first[i - 1];
    s->needs = mx_alloc_zero(s->g->allocator, s->n_needs, sizeof *s->needs);
    if (!s->needs) return mx_nomem(s->err);
    collect(s);
    return MX_OK;
}

static bool in_order(const sorter *s, const mx_scope_data *d) {
    for (size_t i = 0; i < d->n_operators; i++) {
        mx_node_id id = d->operators[i];
        for (size_t k = s->first[id]; k < s->first[id + 1]; k++)
            if (!s->needs[k].kept && s->place[s->needs[k].maker] >= i) return false;
    }
    return true;
}

/* ---- cycles ---- */

/* An operator of the component that fills `members`; with_kept: only those that an edit touched are at fault. */
static mx_status judge_component(sorter *s, const mx_node_id *members, size_t n, bool self, bool with_kept) {
    mx_node_id at = members[0];
    if (n == 1 && !self) return MX_OK;
    for (size_t i = 0; i < n; i++)
        if (s->touched[members[i]]) at = members[i];
    if (with_kept && !s->touched[at]) return MX_OK;
    const mx_node *node = mx_node_at(s->g, at);
    mx_str type = mx_text(s->g, node->op_type), name = mx_text(s->g, node->name);
    mx_fail(s->err, MX_ERR_INVALID, "the operator %s (%s) uses a value that depends on its own result: a cycle of %zu",
            mx_show(name).text, mx_show(type).text, n);
    return mx_at_node(s->err, MX_ERR_INVALID, name.n ? name : type);
}

/* The next dependency of `id` to follow, MX_NO_NODE at the end. */
static mx_node_id next_need(sorter *s, mx_node_id id, bool with_kept) {
    size_t *k = &s->next[s->place[id]];
    while (*k < s->first[id + 1]) {
        const dependency *need = &s->needs[(*k)++];
        if (with_kept || !need->kept) return need->maker;
    }
    return MX_NO_NODE;
}

#define CLOSED UINT32_MAX /* visit: its component is complete */

typedef struct walk {
    size_t n_stack, n_path, n_order;
    uint32_t visits;
    bool with_kept;
} walk;

static void enter(sorter *s, walk *w, mx_node_id id) {
    s->visit[id] = ++w->visits;
    s->waiting[s->place[id]] = w->visits; /* the visit's own number; visit itself sinks to the component's */
    s->next[s->place[id]] = s->first[id];
    s->stack[w->n_stack++] = id;
    s->path[w->n_path++] = id;
}

static bool needs_itself(const sorter *s, mx_node_id id, bool with_kept) {
    for (size_t k = s->first[id]; k < s->first[id + 1]; k++)
        if (s->needs[k].maker == id && (with_kept || !s->needs[k].kept)) return true;
    return false;
}

/* All dependencies of the last node of the path were followed. */
static mx_status leave(sorter *s, walk *w) {
    mx_node_id id = s->path[--w->n_path];
    if (w->n_path) {
        mx_node_id from = s->path[w->n_path - 1];
        if (s->visit[id] < s->visit[from]) s->visit[from] = s->visit[id];
    }
    if (s->visit[id] != s->waiting[s->place[id]]) return MX_OK;
    size_t start = w->n_stack;
    do {
        mx_node_id member = s->stack[--start];
        s->visit[member] = CLOSED;
        s->order[w->n_order++] = member;
    } while (s->stack[start] != id);
    size_t n = w->n_stack - start;
    w->n_stack = start;
    return judge_component(s, s->stack + start, n, needs_itself(s, id, w->with_kept), w->with_kept);
}

/* Fills s->order, makers before consumers. */
static mx_status find_cycles(sorter *s, const mx_scope_data *d, bool with_kept) {
    walk w = {.with_kept = with_kept};
    for (size_t i = 0; i < d->n_operators; i++)
        s->visit[d->operators[i]] = 0;
    for (size_t i = 0; i < d->n_operators; i++) {
        if (s->visit[d->operators[i]]) continue;
        enter(s, &w, d->operators[i]);
        while (w.n_path) {
            mx_node_id id = s->path[w.n_path - 1], maker = next_need(s, id, with_kept);
            if (maker == MX_NO_NODE) {
                MX_TRY(leave(s, &w));
            } else if (!s->visit[maker]) {
                enter(s, &w, maker);
            } else if (s->visit[maker] < s->visit[id]) {
                s->visit[id] = s->visit[maker];
            }
        }
    }
    return MX_OK;
}

/* ---- order ---- */

static void lower(uint32_t *value, uint32_t to) {
    if (to < *value) *value = to;
}

/* An untouched operator stays and pulls its makers before it; a touched one hands that on, and is itself content with
 * where it stands. What is new has no place to keep: it follows what its users wish. */
static void pass_wishes(sorter *s, const mx_scope_data *d) {
    for (size_t i = 0; i < d->n_operators; i++) {
        mx_node_id id = d->operators[i];
        s->pull[id] = s->touched[id] ? UINT32_MAX : (uint32_t)i;
        s->wish[id] = (uint32_t)i;
    }
    for (size_t i = d->n_operators; i-- > 0;) {
        mx_node_id id = s->order[i];
        lower(&s->wish[id], s->pull[id]);
        for (size_t k = s->first[id]; k < s->first[id + 1]; k++) {
            mx_node_id maker = s->needs[k].maker;
            if (s->needs[k].kept) continue;
            lower(&s->pull[maker], s->pull[id]);
            if (mx_node_at(s->g, maker)->flags & MX_FLAG_NEW) lower(&s->wish[maker], s->wish[id]);
        }
    }
}

/* Once to count (at users_at[maker + 2]), once to fill. */
static void add_users(sorter *s, mx_node_id id, bool fill) {
    for (size_t k = s->first[id]; k < s->first[id + 1]; k++) {
        if (s->needs[k].kept) continue;
        size_t maker = s->place[s->needs[k].maker];
        if (!fill) {
            s->users_at[maker + 2]++;
            s->waiting[s->place[id]]++;
        } else {
            s->users[s->users_at[maker + 1]++] = id;
        }
    }
}

static void list_users(sorter *s, const mx_scope_data *d) {
    size_t n = d->n_operators;
    memset(s->users_at, 0, (n + 2) * sizeof *s->users_at);
    memset(s->waiting, 0, n * sizeof *s->waiting);
    for (size_t i = 0; i < n; i++)
        add_users(s, d->operators[i], false);
    for (size_t i = 2; i < n + 2; i++)
        s->users_at[i] += s->users_at[i - 1];
    for (size_t i = 0; i < n; i++)
        add_users(s, d->operators[i], true);
}

static bool before(const sorter *s, mx_node_id a, mx_node_id b) {
    return s->wish[a] != s->wish[b] ? s->wish[a] < s->wish[b] : s->place[a] < s->place[b];
}

static void heap_push(sorter *s, size_t *n, mx_node_id id) {
    size_t i = (*n)++;
    for (; i && before(s, id, s->stack[(i - 1) / 2]); i = (i - 1) / 2)
        s->stack[i] = s->stack[(i - 1) / 2];
    s->stack[i] = id;
}

static mx_node_id heap_pop(sorter *s, size_t *n) {
    mx_node_id least = s->stack[0], last = s->stack[--*n];
    size_t i = 0;
    for (size_t child = 1; child < *n; i = child, child = 2 * i + 1) {
        if (child + 1 < *n && before(s, s->stack[child + 1], s->stack[child])) child++;
        if (!before(s, s->stack[child], last)) break;
        s->stack[i] = s->stack[child];
    }
    s->stack[i] = last;
    return least;
}

static void place_all(sorter *s, const mx_scope_data *d, mx_node_id *list) {
    size_t n = 0, done = 0;
    for (size_t i = 0; i < d->n_operators; i++)
        if (!s->waiting[i]) heap_push(s, &n, d->operators[i]);
    while (n) {
        mx_node_id id = heap_pop(s, &n);
        size_t place = s->place[id];
        list[done++] = id;
        for (size_t k = s->users_at[place]; k < s->users_at[place + 1]; k++)
            if (--s->waiting[s->place[s->users[k]]] == 0) heap_push(s, &n, s->users[k]);
    }
}

static mx_status sort_scope(sorter *s, size_t scope) {
    const mx_scope_data *d = &s->g->scopes[scope];
    bool good = in_order(s, d);
    if (s->n_kept) MX_TRY(find_cycles(s, d, true));
    if (good) return MX_OK;
    MX_TRY(find_cycles(s, d, false));
    s->lists[scope] = mx_alloc(s->g->allocator, d->n_operators * sizeof **s->lists);
    if (!s->lists[scope]) return mx_nomem(s->err);
    pass_wishes(s, d);
    list_users(s, d);
    place_all(s, d, s->lists[scope]);
    return MX_OK;
}

static mx_status allocate_work(sorter *s) {
    const mx_allocator *a = s->g->allocator;
    size_t n = s->n_widest, nodes = s->g->n_nodes;
    s->visit = mx_alloc_zero(a, nodes, sizeof *s->visit);
    s->pull = mx_alloc_zero(a, nodes, sizeof *s->pull);
    s->wish = mx_alloc_zero(a, nodes, sizeof *s->wish);
    s->next = mx_alloc_zero(a, n, sizeof *s->next);
    s->stack = mx_alloc_zero(a, n, sizeof *s->stack);
    s->path = mx_alloc_zero(a, n, sizeof *s->path);
    s->order = mx_alloc_zero(a, n, sizeof *s->order);
    s->waiting = mx_alloc_zero(a, n, sizeof *s->waiting);
    s->users_at = mx_alloc_zero(a, n + 2, sizeof *s->users_at);
    s->users = mx_alloc_zero(a, s->n_needs, sizeof *s->users);
    s->lists = mx_alloc_zero(a, s->g->n_scopes, sizeof *s->lists);
    bool all = s->visit && s->pull && s->wish && s->next && s->stack && s->path && s->order && s->waiting &&
               s->users_at && s->users && s->lists;
    return all ? MX_OK : mx_nomem(s->err);
}

static void put_in_place(sorter *s) {
    for (size_t i = 0; i < s->g->n_scopes; i++) {
        mx_scope_data *d = &s->g->scopes[i];
        if (s->lists[i]) memcpy(d->operators, s->lists[i], d->n_operators * sizeof *d->operators);
    }
    for (mx_node_id id = 0; id < s->g->n_nodes; id++) {
        mx_node *n = mx_node_at(s->g, id);
        if (n->flags & (MX_FLAG_NEW | MX_FLAG_CHANGED)) n->flags &= (uint8_t)~MX_FLAG_UNORDERED;
    }
}

static mx_status sort_all(sorter *s) {
    MX_TRY(find_dependencies(s));
    MX_TRY(allocate_work(s));
    for (size_t i = 0; i < s->g->n_scopes; i++)
        if (s->touched[s->g->scopes[i].node]) MX_TRY(sort_scope(s, i));
    put_in_place(s);
    return MX_OK;
}

static void free_all(sorter *s) {
    const mx_allocator *a = s->g->allocator;
    size_t n = s->n_widest, nodes = s->g->n_nodes;
    for (size_t i = 0; s->lists && i < s->g->n_scopes; i++)
        mx_free(a, s->lists[i], s->g->scopes[i].n_operators * sizeof **s->lists);
    mx_free(a, s->lists, s->g->n_scopes * sizeof *s->lists);
    mx_free(a, s->users, s->n_needs * sizeof *s->users);
    mx_free(a, s->users_at, (n + 2) * sizeof *s->users_at);
    mx_free(a, s->waiting, n * sizeof *s->waiting);
    mx_free(a, s->order, n * sizeof *s->order);
    mx_free(a, s->path, n * sizeof *s->path);
    mx_free(a, s->stack, n * sizeof *s->stack);
    mx_free(a, s->next, n * sizeof *s->next);
    mx_free(a, s->pull, nodes * sizeof *s->pull);
    mx_free(a, s->wish, nodes * sizeof *s->wish);
    mx_free(a, s->visit, nodes * sizeof *s->visit);
    mx_free(a, s->needs, s->n_needs * sizeof *s->needs);
    mx_free(a, s->first, (nodes + 2) * sizeof *s->first);
    mx_free(a, s->place, nodes * sizeof *s->place);
    mx_free(a, s->touched, nodes * sizeof *s->touched);
}

mx_status mx_graph_sort(mx_graph *g, mx_error *err) {
    sorter s = {.g = g, .err = err};
    s.touched = mx_alloc_zero(g->allocator, g->n_nodes, sizeof *s.touched);
    if (!s.touched) return mx_nomem(err);
    mx_status status = find_touched(&s) ? sort_all(&s) : MX_OK;
    free_all(&s);
    return status;
}
