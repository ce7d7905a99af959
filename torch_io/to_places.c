/* Which module an operator stands in. The source node's module stack says it; where there is none, it is where the
 * values go that the operator makes, and in a body where the operator stands that has it, or the submodule whose
 * parameters it uses. */
#include "torch_io/to_graph.h"

#include <stdio.h>

/* Names are untrusted: what lies deeper stays at this depth, and a path that is longer than this grows no further. */
enum { MODULE_DEPTH = 200, PATH_BYTES = 1024 };

/* ---- paths of calls ---- */

/* A module's name as seen from another: without that one's name before it. */
static mx_str name_within(mx_str fqn, mx_str outer) {
    bool inside = outer.n && fqn.n > outer.n && fqn.p[outer.n] == '.' && memcmp(fqn.p, outer.p, outer.n) == 0;
    return inside ? (mx_str){fqn.p + outer.n + 1, fqn.n - outer.n - 1} : fqn;
}

static mx_status join(mx_to_graph *t, mx_sid path, mx_str step, uint32_t time, mx_sid *out) {
    char digits[16] = "";
    mx_buffer b;
    mx_buffer_init(&b, t->g->allocator);
    mx_str before = mx_text(t->g, path);
    mx_buffer_add(&b, before.p, before.n);
    mx_buffer_byte(&b, '/');
    mx_buffer_add(&b, step.p, step.n);
    if (time) snprintf(digits, sizeof digits, "_%u", time);
    mx_buffer_cstr(&b, digits);
    mx_status status = b.failed ? mx_nomem(t->err) : mx_graph_string(t->g, mx_buffer_str(&b), out, t->err);
    mx_buffer_free(&b);
    return status;
}

/* Callers have smaller numbers, so that one pass does. Of the root there is no step. */
static mx_status make_call_paths(mx_to_graph *t) {
    for (uint32_t i = 0; i < t->p->n_calls; i++) {
        const mx_pcall *c = &t->p->calls[i];
        bool inner = c->parent < i;
        mx_sid outer = inner ? t->call_paths[c->parent] : MX_SID_EMPTY;
        mx_str fqn = mx_ptext(t->p, t->p->modules[c->module].fqn);
        mx_str around = inner ? mx_ptext(t->p, t->p->modules[t->p->calls[c->parent].module].fqn) : (mx_str){"", 0};
        t->call_depths[i] = inner ? t->call_depths[c->parent] + 1 : 0;
        t->call_paths[i] = outer;
        if (fqn.n && mx_text(t->g, outer).n < PATH_BYTES)
            MX_TRY(join(t, outer, name_within(fqn, around), c->time, &t->call_paths[i]));
    }
    return MX_OK;
}

static uint32_t common_call(const mx_to_graph *t, uint32_t a, uint32_t b) {
    if (a == MX_NONE || b == MX_NONE) return a == MX_NONE ? b : a;
    while (a != b && a != MX_NONE && b != MX_NONE) {
        if (t->call_depths[a] >= t->call_depths[b]) {
            if (t->call_depths[a] == t->call_depths[b]) b = t->p->calls[b].parent;
            a = t->p->calls[a].parent;
        } else {
            b = t->p->calls[b].parent;
        }
    }
    return a == b ? a : MX_NONE;
}

/* ---- places ---- */

static mx_to_place place_of_call(const mx_to_graph *t, uint32_t call) {
    if (call == MX_NONE) return (mx_to_place){0, MX_NONE, MX_SID_EMPTY};
    return (mx_to_place){t->p->calls[call].module, call, t->call_paths[call]};
}

static uint32_t call_of(const mx_to_graph *t, uint32_t op) {
    uint32_t node = t->b->ops[op].node;
    uint32_t call = node < t->p->n_nodes ? t->p->nodes[node].call : MX_NONE;
    return call < t->p->n_calls ? call : MX_NONE;
}

static uint32_t module_of_name(const mx_to_graph *t, mx_str fqn) {
    mx_sid id = mx_strings_find(&t->p->strings, fqn);
    return id == MX_SID_NOMEM || !t->module_of[id] ? MX_NONE : t->module_of[id] - 1;
}

/* The module that owns a weight, if it lies below `outer`. */
static uint32_t owner_below(const mx_to_graph *t, uint32_t weight, uint32_t outer) {
    mx_str name = mx_ptext(t->p, t->p->weights[weight].name);
    const char *dot = name.n ? memrchr(name.p, '.', name.n) : NULL;
    if (!dot) return MX_NONE;
    uint32_t module = module_of_name(t, (mx_str){name.p, (size_t)(dot - name.p)});
    for (uint32_t m = module; m != MX_NONE; m = t->p->modules[m].parent)
        if (m == outer) return module == outer ? MX_NONE : module;
    return MX_NONE;
}

static mx_status place_in_body(mx_to_graph *t, uint32_t i) {
    const mx_bop *op = &t->b->ops[i];
    uint32_t own = call_of(t, i), has = t->owner[op->body];
    t->places[i] = own == MX_NONE && has != MX_NONE ? t->places[has] : place_of_call(t, own);
    if (own != MX_NONE) return MX_OK;
    for (uint32_t k = 0; k < op->n_in; k++) {
        const mx_bvalue *v = &t->b->values[op->in[k]];
        uint32_t outer = t->places[i].module, module = MX_NONE;
        if (v->kind == MX_BV_WEIGHT) module = owner_below(t, v->weight, outer);
        if (module == MX_NONE) continue;
        mx_str step = name_within(mx_ptext(t->p, t->p->modules[module].fqn), mx_ptext(t->p, t->p->modules[outer].fqn));
        t->places[i].module = module;
        return join(t, t->places[i].path, step, 0, &t->places[i].path);
    }
    return MX_OK;
}

/* Consumers stand behind their producers, and bodies before the operators that have them: going backwards, their places
 * are known. */
static mx_status place_all(mx_to_graph *t, uint32_t *wanted) {
    for (uint32_t i = (uint32_t)t->b->n_ops; i-- > 0;) {
        const mx_bop *op = &t->b->ops[i];
        uint32_t call = call_of(t, i);
        if (!t->need_op[i]) continue;
        for (uint32_t k = 0; call == MX_NONE && op->body == 0 && k < op->n_out; k++)
            call = common_call(t, call, wanted[op->out[k]]);
        t->places[i] = place_of_call(t, call);
        if (op->body != 0) MX_TRY(place_in_body(t, i));
        call = t->places[i].call;
        for (uint32_t k = 0; k < op->n_in; k++)
            wanted[op->in[k]] = common_call(t, wanted[op->in[k]], call);
    }
    return MX_OK;
}

mx_status mx_to_find_places(mx_to_graph *t) {
    const mx_allocator *a = t->g->allocator;
    size_t n = t->b->n_values + 1;
    uint32_t *wanted = mx_alloc(a, n * sizeof *wanted);
    if (!wanted) return mx_nomem(t->err);
    memset(wanted, 0xFF, n * sizeof *wanted);
    for (uint32_t i = (uint32_t)t->p->n_modules; i-- > 0;)
        t->module_of[t->p->modules[i].fqn] = i + 1;
    mx_status status = make_call_paths(t);
    if (status == MX_OK) status = place_all(t, wanted);
    mx_free(a, wanted, n * sizeof *wanted);
    return status;
}

/* ---- module nodes ---- */

/* "torch.nn" or where else the class comes from, and the class itself. */
static mx_status describe(mx_to_graph *t, uint32_t module, mx_module_data *d) {
    static const char torch_nn[] = "torch.nn";
    const mx_pmodule *m = &t->p->modules[module];
    mx_str path = mx_ptext(t->p, m->class_path);
    const char *dot = path.n ? memrchr(path.p, '.', path.n) : NULL;
    mx_str name = dot ? (mx_str){dot + 1, path.n - (size_t)(dot + 1 - path.p)} : path;
    mx_str from = dot ? (mx_str){path.p, (size_t)(dot - path.p)} : (mx_str){NULL, 0};
    if (mx_str_starts(from, torch_nn) && (from.n == 8 || from.p[8] == '.')) from.n = 8;
    d->has_order = m->order >= 0;
    d->execution_order = m->order;
    MX_TRY(mx_graph_string(t->g, mx_ptext(t->p, m->fqn), &d->scope, t->err));
    if (name.n) MX_TRY(mx_graph_string(t->g, name, &d->class_name, t->err));
    return from.n ? mx_graph_string(t->g, from, &d->module_type, t->err) : MX_OK;
}

static mx_status add_module(mx_to_graph *t, uint32_t module, uint32_t outer, mx_node_id parent, mx_node_id *out) {
    mx_str step = name_within(mx_ptext(t->p, t->p->modules[module].fqn), mx_ptext(t->p, t->p->modules[outer].fqn));
    MX_TRY(mx_graph_add_node(t->g, MX_NODE_MODULE, parent, out, t->err));
    mx_node *n = mx_node_at(t->g, *out);
    MX_TRY(mx_graph_string(t->g, step, &n->name, t->err));
    return describe(t, module, &t->g->modules[n->data]);
}

static bool too_deep(const mx_graph *g, mx_node_id at) {
    int depth = 0;
    for (; at != MX_NO_NODE && depth < MODULE_DEPTH; at = mx_node_at(g, at)->parent)
        depth++;
    return depth >= MODULE_DEPTH;
}

mx_status mx_to_add_modules(mx_to_graph *t) {
    MX_TRY(describe(t, 0, &t->g->modules[0]));
    t->module_nodes[0] = 0;
    for (uint32_t i = 1; i < t->p->n_modules; i++) {
        uint32_t outer = t->p->modules[i].parent;
        mx_node_id parent = t->module_nodes[outer];
        t->module_nodes[i] = parent;
        if (!too_deep(t->g, parent)) MX_TRY(add_module(t, i, outer, parent, &t->module_nodes[i]));
    }
    return MX_OK;
}

/* The node of a module under another node of a body, found or new. A body in the body may have taken its place in the
 * table: then it is looked for. */
static mx_status child_module(mx_to_graph *t, mx_node_id scope, uint32_t module, mx_node_id parent, mx_node_id *out) {
    mx_sid fqn;
    *out = t->body_nodes[module];
    if (t->body_of[module] == scope) return MX_OK;
    MX_TRY(mx_graph_string(t->g, mx_ptext(t->p, t->p->modules[module].fqn), &fqn, t->err));
    for (*out = mx_node_at(t->g, parent)->first_child; *out != MX_NO_NODE;
         *out = mx_node_at(t->g, *out)->next_sibling) {
        const mx_node *c = mx_node_at(t->g, *out);
        if (c->kind == MX_NODE_MODULE && t->g->modules[c->data].scope == fqn) break;
    }
    if (*out == MX_NO_NODE) MX_TRY(add_module(t, module, t->p->modules[module].parent, parent, out));
    t->body_of[module] = scope;
    t->body_nodes[module] = *out;
    return MX_OK;
}

/* In a body, only what lies below the module of its operator makes nodes. */
static mx_status module_in_body(mx_to_graph *t, mx_node_id scope, uint32_t outer, uint32_t module, mx_node_id *out) {
    uint32_t chain[MODULE_DEPTH], n = 0;
    *out = scope;
    for (uint32_t m = module; m != outer; m = t->p->modules[m].parent) {
        if (m == MX_NONE || n == MODULE_DEPTH) return MX_OK;
        chain[n++] = m;
    }
    while (n-- && !too_deep(t->g, *out))
        MX_TRY(child_module(t, scope, chain[n], *out, out));
    return MX_OK;
}

mx_status mx_to_parent(mx_to_graph *t, mx_node_id scope, uint32_t outer, uint32_t op, mx_node_id *out) {
    uint32_t module = t->places[op].module;
    if (scope != 0) return module_in_body(t, scope, outer, module, out);
    *out = t->module_nodes[module];
    return MX_OK;
}
