/* The operators of one scope as a graph with index arrays: producers, users, topological order, times. */
#include "htp/infer.h"

/* Places of other scopes are left in the array: what counts is who stands there. */
uint32_t mx_htp_flow_find(const mx_htp_flow *f, mx_node_id id) {
    if (id == MX_NO_NODE) return MX_NO_INDEX;
    uint32_t place = f->places[id];
    return place < f->n && f->scope->operators[place] == id ? place : MX_NO_INDEX;
}

static void *array(mx_htp_flow *f, size_t count, size_t size) {
    void *p = mx_arena_array(&f->arena, count, size);
    if (p && count) memset(p, 0, count * size);
    return p;
}

/* ---- operators and edges ---- */

/* What a walk over an operator's inputs, and over all that its bodies capture, calls for each port. */
typedef void (*see_port)(mx_htp_flow *f, uint32_t op, const mx_port *port);

static void see_inputs(mx_htp_flow *f, uint32_t op, const mx_node *n, see_port see);

static void see_body(mx_htp_flow *f, uint32_t op, mx_node_id body, see_port see) {
    const mx_scope_data *s = &f->g->scopes[mx_node_at(f->g, body)->data];
    for (size_t i = 0; i < s->n_operators; i++)
        see_inputs(f, op, mx_node_at(f->g, s->operators[i]), see);
    for (size_t i = 0; i < s->n_outputs; i++)
        see_inputs(f, op, mx_node_at(f->g, s->outputs[i]), see);
}

/* Bodies nest no deeper than the reader's limit. */
static void see_bodies(mx_htp_flow *f, uint32_t op, const mx_node *n, see_port see) {
    for (uint32_t i = 0; i < n->n_attrs; i++) {
        const mx_attr *a = &n->attrs[i];
        if (a->ref_name != MX_SID_ABSENT) continue;
        if (a->type == MX_ATTR_GRAPH) see_body(f, op, a->value.index, see);
        if (a->type == MX_ATTR_GRAPHS)
            for (uint32_t k = 0; k < a->count; k++)
                see_body(f, op, a->value.indices[k], see);
    }
}

static void see_inputs(mx_htp_flow *f, uint32_t op, const mx_node *n, see_port see) {
    for (uint32_t i = 0; i < n->n_inputs; i++)
        see(f, op, &n->inputs[i]);
    see_bodies(f, op, n, see);
}

static void count_port(mx_htp_flow *f, uint32_t op, const mx_port *port) {
    f->ops[op].n_in += port->source != MX_NO_NODE;
}

/* Edges to itself and to what is listed a second time are no edges. What comes from elsewhere is free input. */
static void enter_port(mx_htp_flow *f, uint32_t op, const mx_port *port) {
    mx_htp_op *o = &f->ops[op];
    if (port->source == MX_NO_NODE) return;
    uint32_t from = mx_htp_flow_find(f, port->source);
    o->free_input = o->free_input || from == MX_NO_INDEX;
    if (from == MX_NO_INDEX || from == op || f->ops[from].enter == op + 1) return;
    f->ops[from].enter = op + 1; /* scratch: the last operator that it was entered for */
    f->ops[from].n_out++;
    f->in[o->first_in + o->n_in++] = from;
}

static bool has_bodies(const mx_node *n) {
    for (uint32_t i = 0; i < n->n_attrs; i++)
        if (n->attrs[i].type == MX_ATTR_GRAPH || n->attrs[i].type == MX_ATTR_GRAPHS) return true;
    return false;
}

/* Operators of one type come again and again. */
enum { KINDS = 256 };
typedef struct known_kind {
    mx_sid op_type;
    uint32_t kind;
} known_kind;

static uint32_t kind_of(const mx_htp_flow *f, known_kind *known, const mx_node *n) {
    known_kind *k = &known[n->op_type % KINDS];
    if (mx_text(f->g, n->domain).n) return 0;
    if (k->op_type != n->op_type) *k = (known_kind){n->op_type, mx_htp_op_kind(mx_text(f->g, n->op_type))};
    return k->kind;
}

static mx_status make_operators(mx_htp_flow *f) {
    known_kind known[KINDS] = {{0, 0}};
    f->n = (uint32_t)f->scope->n_operators;
    f->ops = mx_arena_array(&f->arena, f->n, sizeof *f->ops);
    if (!f->ops) return mx_nomem(f->err);
    for (uint32_t i = 0; i < f->n; i++) {
        mx_node_id id = f->scope->operators[i];
        uint32_t module = f->t->labels[id].module;
        f->places[id] = i;
        f->ops[i] = (mx_htp_op){.id = id,
                                .module = module,
                                .how = module == MX_NO_INDEX ? MX_HTP_HOW_NOT : MX_HTP_HOW_TOLD,
                                .merged = f->t->labels[id].merged,
                                .folded = f->t->labels[id].folded,
                                .kind = (uint16_t)kind_of(f, known, mx_node_at(f->g, id))};
        see_inputs(f, i, mx_node_at(f->g, id), count_port);
    }
    return MX_OK;
}

/* Values that only its bodies take from elsewhere are no input of the operator itself. */
static void enter_inputs(mx_htp_flow *f, uint32_t op) {
    const mx_node *n = mx_node_at(f->g, f->ops[op].id);
    f->ops[op].n_in = 0;
    for (uint32_t i = 0; i < n->n_inputs; i++)
        enter_port(f, op, &n->inputs[i]);
    bool free_input = f->ops[op].free_input;
    see_bodies(f, op, n, enter_port);
    f->ops[op].free_input = free_input;
}

static mx_status make_edges(mx_htp_flow *f) {
    size_t ports = 0;
    uint32_t n_in = 0, n_out = 0;
    for (uint32_t i = 0; i < f->n; i++)
        ports += f->ops[i].n_in;
    f->in = mx_arena_array(&f->arena, ports, sizeof *f->in);
    f->out = mx_arena_array(&f->arena, ports, sizeof *f->out);
    if (ports > UINT32_MAX || !f->in || !f->out) return mx_nomem(f->err);
    for (uint32_t i = 0; i < f->n; i++) {
        f->ops[i].first_in = n_in;
        enter_inputs(f, i);
        n_in += f->ops[i].n_in;
    }
    for (uint32_t i = 0; i < f->n; i++) {
        f->ops[i].first_out = n_out;
        n_out += f->ops[i].n_out;
        f->ops[i].n_out = f->ops[i].enter = 0;
    }
    for (uint32_t i = 0; i < f->n; i++)
        for (uint32_t k = 0; k < f->ops[i].n_in; k++) {
            mx_htp_op *from = &f->ops[mx_htp_ins(f, &f->ops[i])[k]];
            f->out[from->first_out + from->n_out++] = i;
        }
    return MX_OK;
}

/* Kahn's order. Operators on a cycle (a fault of the file) come last and are taken for ones without producers. */
static mx_status make_order(mx_htp_flow *f) {
    uint32_t n = 0, *missing = array(f, f->n, sizeof *missing);
    f->order = array(f, f->n, sizeof *f->order);
    if (!missing || !f->order) return mx_nomem(f->err);
    for (uint32_t i = 0; i < f->n; i++)
        if ((missing[i] = f->ops[i].n_in) == 0) f->order[n++] = i;
    for (uint32_t done = 0; done < n; done++) {
        const mx_htp_op *o = &f->ops[f->order[done]];
        for (uint32_t k = 0; k < o->n_out; k++) {
            uint32_t user = mx_htp_outs(f, o)[k];
            if (f->ops[user].level <= o->level) f->ops[user].level = o->level + 1;
            if (--missing[user] == 0) f->order[n++] = user;
        }
    }
    for (uint32_t i = 0; i < f->n; i++)
        if (missing[i]) {
            f->ops[i].n_in = 0;
            f->order[n++] = i;
        }
    return MX_OK;
}

/* ---- constants, sizes, weights ---- */

static bool moves_only(const mx_htp_op *o) {
    return mx_htp_is(o, MX_HTP_OP_LAYOUT | MX_HTP_OP_CAST);
}

/* A told operator over constants (an embedding of fixed positions) computes data, unless it only turns a weight. */
static void find_nature(mx_htp_flow *f, mx_htp_op *o) {
    const mx_node *n = mx_node_at(f->g, o->id);
    bool flows = false, sizes = false;
    for (uint32_t i = 0; i < o->n_in; i++) {
        const mx_htp_op *from = &f->ops[mx_htp_ins(f, o)[i]];
        flows = flows || mx_htp_flows(from);
        sizes = sizes || from->size;
    }
    if (mx_htp_is(o, MX_HTP_OP_SIZE)) {
        o->size = o->free_input || flows || sizes;
        o->constant = !o->size;
    } else if (!o->free_input && !flows && !has_bodies(n) && (o->how == MX_HTP_HOW_NOT || moves_only(o))) {
        o->constant = !sizes;
        o->size = sizes && !mx_htp_is(o, MX_HTP_OP_FILL);
    }
}

/* A product with a weight, named or not: one of its operands is constant. */
static void find_weight(mx_htp_flow *f, mx_htp_op *o) {
    const mx_node *n = mx_node_at(f->g, o->id);
    for (uint32_t i = 0; mx_htp_is(o, MX_HTP_OP_PRODUCT) && i < n->n_inputs; i++) {
        uint32_t from = mx_htp_flow_find(f, n->inputs[i].source);
        bool initializer = n->inputs[i].source == MX_NO_NODE && n->inputs[i].name > MX_SID_EMPTY;
        if (initializer || (from != MX_NO_INDEX && f->ops[from].constant)) o->kind |= MX_HTP_OP_WEIGHTED;
    }
}

/* ---- neighbours ---- */

mx_htp_op *mx_htp_only_user(const mx_htp_flow *f, const mx_htp_op *o) {
    return o->n_out == 1 && !o->output ? &f->ops[mx_htp_outs(f, o)[0]] : NULL;
}

mx_htp_op *mx_htp_only_producer(const mx_htp_flow *f, const mx_htp_op *o) {
    mx_htp_op *found = NULL;
    for (uint32_t i = 0; i < o->n_in; i++) {
        mx_htp_op *from = &f->ops[mx_htp_ins(f, o)[i]];
        if (!mx_htp_flows(from)) continue;
        if (found) return NULL;
        found = from;
    }
    return found;
}

static const mx_attr *perm_of(const mx_htp_flow *f, const mx_htp_op *o, bool *transposes) {
    const mx_node *n = mx_node_at(f->g, o->id);
    *transposes = mx_htp_is(o, MX_HTP_OP_LAYOUT) && mx_str_is(mx_text(f->g, n->op_type), "Transpose");
    for (uint32_t i = 0; i < n->n_attrs; i++)
        if (n->attrs[i].type == MX_ATTR_INTS && mx_str_is(mx_text(f->g, n->attrs[i].name), "perm")) return &n->attrs[i];
    return NULL;
}

bool mx_htp_turns_back(const mx_htp_flow *f, const mx_htp_op *a, const mx_htp_op *b) {
    bool one, other;
    const mx_attr *p = perm_of(f, a, &one), *q = perm_of(f, b, &other);
    if (!one || !other || !p || !q) return one && other && !p && !q;
    if (p->count != q->count) return false;
    for (uint32_t i = 0; i < p->count; i++) {
        int64_t k = p->value.ints[i];
        if (k < 0 || k >= q->count || q->value.ints[k] != i) return false;
    }
    return true;
}

mx_status mx_htp_flow_build(mx_htp_flow *f) {
    MX_TRY(make_operators(f));
    MX_TRY(make_edges(f));
    MX_TRY(make_order(f));
    for (uint32_t i = 0; i < f->n; i++) {
        find_nature(f, &f->ops[f->order[i]]);
        find_weight(f, &f->ops[f->order[i]]);
    }
    for (size_t i = 0; i < f->scope->n_outputs; i++) {
        const mx_node *n = mx_node_at(f->g, f->scope->outputs[i]);
        uint32_t from = n->n_inputs ? mx_htp_flow_find(f, n->inputs[0].source) : MX_NO_INDEX;
        if (from != MX_NO_INDEX) f->ops[from].output = true;
    }
    return MX_OK;
}

/* ---- times ---- */

mx_str mx_htp_op_name(const mx_htp_flow *f, const mx_htp_op *o) {
    const mx_node *n = mx_node_at(f->g, o->id);
    return mx_text(f->g, n->n_outputs ? n->outputs[0] : n->name);
}

/* Names decide at last, never places. */
bool mx_htp_name_before(const mx_htp_flow *f, const mx_htp_op *a, const mx_htp_op *b) {
    mx_str x = mx_htp_op_name(f, a), y = mx_htp_op_name(f, b);
    size_t n = x.n < y.n ? x.n : y.n;
    int c = n ? memcmp(x.p, y.p, n) : 0;
    return c ? c < 0 : x.n < y.n;
}

bool mx_htp_newer(const mx_htp_flow *f, uint32_t a, uint32_t b) {
    const mx_htp_op *x = &f->ops[a], *y = &f->ops[b];
    if (b == MX_NO_INDEX || x->time != y->time) return b == MX_NO_INDEX || x->time > y->time;
    if (x->level != y->level) return x->level > y->level;
    return mx_htp_name_before(f, x, y);
}

/* Which of two told operators ahead comes first. */
static bool sooner(const mx_htp_flow *f, uint32_t a, uint32_t b) {
    const mx_htp_op *x = &f->ops[a], *y = &f->ops[b];
    if (b == MX_NO_INDEX || x->time != y->time) return b == MX_NO_INDEX || x->time < y->time;
    uint32_t dx = f->tree->modules[x->module].depth, dy = f->tree->modules[y->module].depth;
    if (dx != dy) return dx < dy;
    if (x->level != y->level) return x->level < y->level;
    return mx_htp_name_before(f, x, y);
}

static const mx_htp_time one_turn = (mx_htp_time)1 << 32;

/* A module that comes earlier than what is upstream of it is called once more: a new turn. Not so one that is still
 * open. */
static mx_htp_time time_of(const mx_htp_flow *f, const mx_htp_op *o, mx_htp_time upstream) {
    const mx_htp_module *m = &f->tree->modules[o->module];
    mx_htp_time turn = upstream & ~(one_turn - 1);
    if (!m->has_order) return upstream ? upstream : 1;
    if (turn + (uint32_t)m->order + 1 >= upstream) return turn + (uint32_t)m->order + 1;
    uint32_t before = f->ops[f->ops[o->newest].origin].module;
    return mx_htp_tree_holds(f->tree, o->module, before) ? upstream : turn + one_turn + (uint32_t)m->order + 1;
}

static void find_time(mx_htp_flow *f, mx_htp_op *o) {
    o->newest = o->origin = MX_NO_INDEX;
    o->time = 0;
    if (!mx_htp_flows(o)) return;
    for (uint32_t i = 0; i < o->n_in; i++) {
        uint32_t from = mx_htp_ins(f, o)[i];
        if (f->ops[from].time && mx_htp_newer(f, from, o->newest)) o->newest = from;
    }
    if (o->newest != MX_NO_INDEX) {
        o->time = f->ops[o->newest].time;
        o->origin = f->ops[o->newest].origin;
    }
    if (o->module == MX_NO_INDEX) return;
    o->time = time_of(f, o, o->time);
    o->origin = (uint32_t)(o - f->ops);
}

static void find_ahead(mx_htp_flow *f, mx_htp_op *o) {
    o->ahead = MX_NO_INDEX;
    for (uint32_t i = 0; mx_htp_flows(o) && i < o->n_out; i++) {
        uint32_t user = mx_htp_outs(f, o)[i];
        const mx_htp_op *u = &f->ops[user];
        if (!mx_htp_flows(u)) continue;
        uint32_t next = u->module != MX_NO_INDEX ? user : u->ahead;
        if (next != MX_NO_INDEX && next != o->ahead && sooner(f, next, o->ahead)) o->ahead = next;
    }
}

/* Its place in the forest of newest producers: behind its producer and what already has got a place below that. */
static void find_place(mx_htp_flow *f, mx_htp_op *o, uint32_t *roots) {
    uint32_t *next = o->newest == MX_NO_INDEX ? roots : &f->ops[o->newest].next;
    o->enter = *next;
    o->next = o->enter + 1;
    *next += o->below;
}

/* A residual: x goes past products, reductions or told operators and is added to what came of it, before any other
 * residual is. */
static void find_residual(mx_htp_flow *f, mx_htp_op *o) {
    const mx_htp_op *p = o->newest == MX_NO_INDEX ? NULL : &f->ops[o->newest];
    o->residual = false;
    for (uint32_t i = 0; p && o->module == MX_NO_INDEX && mx_htp_is(o, MX_HTP_OP_ADD) && i < o->n_in; i++) {
        const mx_htp_op *x = &f->ops[mx_htp_ins(f, o)[i]];
        bool past = x->time && x != p && (x->time < p->time || x->products < p->products);
        o->residual = o->residual || (past && mx_htp_on_chain(x, p) && x->joins == p->joins);
    }
    o->products = (p ? p->products : 0) + mx_htp_is(o, MX_HTP_OP_WEIGHTED | MX_HTP_OP_REDUCTION);
    o->joins = (p ? p->joins : 0) + o->residual;
}

void mx_htp_flow_times(mx_htp_flow *f) {
    for (uint32_t i = 0; i < f->n; i++) {
        find_time(f, &f->ops[f->order[i]]);
        f->ops[f->order[i]].below = 1;
    }
    for (uint32_t i = f->n; i-- > 0;) {
        mx_htp_op *o = &f->ops[f->order[i]];
        find_ahead(f, o);
        if (o->newest != MX_NO_INDEX) f->ops[o->newest].below += o->below;
    }
}

void mx_htp_flow_chains(mx_htp_flow *f) {
    uint32_t roots = 0;
    for (uint32_t i = 0; i < f->n; i++) {
        mx_htp_op *o = &f->ops[f->order[i]];
        find_place(f, o, &roots);
        find_residual(f, o);
    }
}
