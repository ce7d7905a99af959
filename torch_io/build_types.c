/* Element types and sizes: what the inference for ONNX models (converter/infer_single.h) finds out about an operator,
 * with expressions of the source program as names of sizes; for operators with bodies, what their bodies give. */
#include "torch_io/build_internal.h"

#include "converter/infer_single.h"

enum { ITEMS = 64 }; /* elements of a vector whose content is followed */

/* ---- what is known ---- */

int32_t mx_elem_of(const mx_build *b, mx_val v) {
    return v == MX_NO_VAL ? 0 : mx_build_look(b, v)->elem;
}

int mx_rank_of(const mx_build *b, mx_val v) {
    return v == MX_NO_VAL ? -1 : mx_build_look(b, v)->rank;
}

mx_size mx_size_of(const mx_build *b, mx_val v, int axis) {
    const mx_bvalue *value = mx_build_look(b, v);
    if (axis < 0) axis += value->rank;
    bool known = v != MX_NO_VAL && value->sizes && axis >= 0 && axis < value->rank;
    return known ? value->sizes[axis] : mx_size_unknown();
}

bool mx_all_sizes_known(const mx_build *b, mx_val v) {
    int rank = mx_rank_of(b, v);
    for (int i = 0; i < rank; i++)
        if (!mx_size_is_number(mx_size_of(b, v, i))) return false;
    return rank >= 0;
}

int64_t mx_numel_of(const mx_build *b, mx_val v) {
    int64_t n = 1;
    if (!mx_all_sizes_known(b, v)) return -1;
    for (int i = 0; i < mx_rank_of(b, v); i++)
        if (__builtin_mul_overflow(n, mx_size_of(b, v, i).value, &n)) return -1;
    return n;
}

mx_size mx_build_better(mx_size a, mx_size other) {
    if (mx_size_is_number(a)) return a;
    return mx_size_is_number(other) || other.expr != MX_SID_EMPTY ? other : a;
}

bool mx_const_ints(const mx_build *b, mx_val v, int64_t *out, size_t max, size_t *n) {
    const mx_bvalue *c = mx_build_const(b, v);
    int64_t dims[MX_MAX_RANK];
    if (!c || (!mx_elem_is_int(c->elem) && c->elem != MX_ELEM_BOOL)) return false;
    *n = mx_const_dims(c, dims);
    for (size_t i = 0; i < *n && *n <= max; i++)
        out[i] = mx_load_int(c->bytes, i, c->elem);
    return *n <= max;
}

bool mx_const_number(const mx_build *b, mx_val v, double *out) {
    const mx_bvalue *c = mx_build_const(b, v);
    int64_t dims[MX_MAX_RANK];
    if (!c || mx_elem_size(c->elem) == 0 || mx_const_dims(c, dims) != 1) return false;
    *out = mx_load_real(c->bytes, 0, c->elem);
    return true;
}

static void set_sizes(mx_build *b, mx_bvalue *v, const mx_size *sizes) {
    mx_size *merged = mx_build_memory(b, (size_t)v->rank, sizeof *merged);
    for (int i = 0; merged && i < v->rank; i++)
        merged[i] = mx_build_better(v->sizes ? v->sizes[i] : mx_size_unknown(), sizes[i]);
    v->sizes = merged;
}

void mx_set_type(mx_build *b, mx_val v, int32_t elem, int rank, const mx_size *sizes) {
    if (b->status != MX_OK || v == MX_NO_VAL) return;
    mx_bvalue *value = &b->values[v];
    if (value->elem == 0) value->elem = elem;
    if (value->rank < 0 && rank <= MX_MAX_RANK) value->rank = rank;
    if (sizes && value->rank >= 0 && value->rank == rank) set_sizes(b, value, sizes);
}

void mx_set_items(mx_build *b, mx_val v, const mx_size *items, size_t n) {
    if (b->status != MX_OK || v == MX_NO_VAL || n > ITEMS) return;
    mx_bvalue *value = &b->values[v];
    mx_size *merged = mx_build_memory(b, n, sizeof *merged);
    for (size_t i = 0; merged && i < n; i++)
        merged[i] = mx_build_better(value->items && i < value->n_items ? value->items[i] : mx_size_unknown(), items[i]);
    value->items = merged;
    value->n_items = merged ? (uint32_t)n : 0;
}

/* ---- to the inference's terms and back ---- */

static mx_dim as_dim(mx_size s) {
    if (mx_size_is_number(s)) return (mx_dim){.kind = MX_DIM_VALUE, .value = s.value};
    return s.expr == MX_SID_EMPTY ? (mx_dim){0} : (mx_dim){.kind = MX_DIM_PARAM, .param = s.expr};
}

static mx_size as_size(mx_dim d) {
    if (d.kind == MX_DIM_VALUE) return mx_size_number(d.value);
    return d.kind == MX_DIM_PARAM ? (mx_size){-1, d.param} : mx_size_unknown();
}

static const mx_dim *as_dims(mx_build *b, const mx_size *sizes, size_t n) {
    mx_dim *dims = mx_build_memory(b, n, sizeof *dims);
    for (size_t i = 0; dims && i < n; i++)
        dims[i] = sizes ? as_dim(sizes[i]) : (mx_dim){0};
    return dims;
}

static const mx_size *as_sizes(mx_build *b, const mx_dim *dims, size_t n) {
    mx_size *sizes = mx_build_memory(b, n, sizeof *sizes);
    for (size_t i = 0; sizes && i < n; i++)
        sizes[i] = as_size(dims[i]);
    return sizes;
}

static void know_constant(mx_build *b, const mx_bvalue *v, mx_known *k) {
    int64_t dims[MX_MAX_RANK];
    size_t n = mx_const_dims(v, dims);
    if (n > ITEMS || v->elem == MX_ELEM_FLOAT16 || v->elem == MX_ELEM_BFLOAT16 || mx_elem_size(v->elem) == 0) return;
    k->n_items = (uint32_t)n;
    k->has_items = true;
    if (mx_elem_is_float(v->elem)) {
        double *reals = mx_build_memory(b, n, sizeof *reals);
        for (size_t i = 0; reals && i < n; i++)
            reals[i] = mx_load_real(v->bytes, i, v->elem);
        k->reals = reals;
    } else {
        mx_dim *items = mx_build_memory(b, n, sizeof *items);
        for (size_t i = 0; items && i < n; i++)
            items[i] = as_dim(mx_size_number(mx_load_int(v->bytes, i, v->elem)));
        k->items = items;
    }
}

static void know(mx_build *b, mx_val v, mx_known *k) {
    const mx_bvalue *value = mx_build_look(b, v);
    *k = (mx_known){.given = v != MX_NO_VAL, .rank = -1};
    if (!k->given) return;
    k->elem = value->elem;
    k->rank = value->rank;
    if (k->rank >= 0) k->dims = as_dims(b, value->sizes, (size_t)k->rank);
    if (value->bytes) {
        know_constant(b, value, k);
    } else if (value->items) {
        k->has_items = true;
        k->n_items = value->n_items;
        k->items = as_dims(b, value->items, value->n_items);
    }
}

/* Expressions that came through the inference have lost their hint; it is that of the inputs' sizes. */
static mx_size with_hint(const mx_build *b, const mx_bop *o, mx_size s) {
    for (uint32_t i = 0; i < o->n_in && s.expr > MX_SID_EMPTY; i++) {
        const mx_bvalue *v = mx_build_look(b, o->in[i]);
        for (int k = 0; v->sizes && k < v->rank; k++)
            if (v->sizes[k].expr == s.expr) return v->sizes[k];
        for (uint32_t k = 0; v->items && k < v->n_items; k++)
            if (v->items[k].expr == s.expr) return v->items[k];
    }
    return s;
}

/* int32 wraps, the inference does not. */
static bool is_possible(int32_t elem, mx_size s) {
    return elem != MX_ELEM_INT32 || !mx_size_is_number(s) || (s.value >= INT32_MIN && s.value <= INT32_MAX);
}

static void learn(mx_build *b, const mx_bop *o, mx_val v, const mx_known *k) {
    mx_bvalue *value = &b->values[v];
    if (!k->given) return;
    value->elem = k->elem;
    value->rank = k->rank;
    if (k->rank >= 0) {
        mx_size *sizes = (mx_size *)as_sizes(b, k->dims, (size_t)k->rank);
        for (int i = 0; sizes && i < k->rank; i++)
            sizes[i] = with_hint(b, o, sizes[i]);
        value->sizes = sizes;
    }
    if (!k->has_items || (value->elem != MX_ELEM_INT64 && value->elem != MX_ELEM_INT32) || value->rank > 1) return;
    mx_size *items = (mx_size *)as_sizes(b, k->items, k->n_items);
    for (uint32_t i = 0; items && i < k->n_items; i++)
        items[i] = is_possible(value->elem, items[i]) ? with_hint(b, o, items[i]) : mx_size_unknown();
    value->items = items;
    value->n_items = items ? k->n_items : 0;
}

/* ---- attributes ---- */

static mx_status as_attribute(mx_build *b, mx_graph *g, const mx_at *a, mx_attr *out) {
    *out = (mx_attr){.count = (uint32_t)a->n};
    mx_status status = mx_graph_string(g, mx_str_of(a->name), &out->name, &b->error);
    switch (a->kind) {
    case MX_AT_INT:
        out->type = MX_ATTR_INT;
        out->value.i = a->i;
        break;
    case MX_AT_INTS:
        out->type = MX_ATTR_INTS;
        out->value.ints = (int64_t *)a->ints;
        break;
    case MX_AT_FLOAT:
        out->type = MX_ATTR_FLOAT;
        out->value.f = a->f;
        break;
    case MX_AT_FLOATS:
        out->type = MX_ATTR_FLOATS;
        out->value.floats = (float *)a->floats;
        break;
    case MX_AT_STRING:
        out->type = MX_ATTR_STRING;
        if (status == MX_OK) status = mx_graph_string(g, mx_str_of(a->s), &out->value.s, &b->error);
        break;
    default: break; /* no rule of a shape asks for these */
    }
    return status;
}

static void infer_plain(mx_build *b, const mx_bop *o) {
    mx_known *in = mx_build_memory(b, o->n_in, sizeof *in), *out = mx_build_memory(b, o->n_out, sizeof *out);
    mx_attr *attrs = mx_build_memory(b, o->n_at, sizeof *attrs);
    mx_graph *g = mx_infer_single_graph(b->infer);
    for (uint32_t i = 0; i < o->n_in && b->status == MX_OK; i++)
        know(b, o->in[i], &in[i]);
    for (uint32_t i = 0; i < o->n_at && b->status == MX_OK; i++)
        b->status = as_attribute(b, g, &o->at[i], &attrs[i]);
    if (b->status == MX_OK)
        b->status = mx_infer_single_run(b->infer, o->op, in, o->n_in, attrs, o->n_at, out, o->n_out, &b->error);
    for (uint32_t i = 0; i < o->n_out && b->status == MX_OK; i++)
        learn(b, o, o->out[i], &out[i]);
}

/* ---- operators with bodies ---- */

static const mx_bbody *body_of(const mx_build *b, const mx_bop *o, const char *name) {
    const mx_at *a = mx_build_find(o->at, o->n_at, name);
    return a && a->kind == MX_AT_BODY ? &b->bodies[a->i] : NULL;
}

/* What is true of both values, as the type of a third. */
static void join(mx_build *b, mx_val to, mx_val x, mx_val y) {
    const mx_bvalue *one = mx_build_look(b, x), *other = mx_build_look(b, y);
    mx_size sizes[MX_MAX_RANK];
    if (one->elem != other->elem) return;
    bool ranked = one->rank == other->rank && one->rank >= 0 && one->rank <= MX_MAX_RANK;
    for (int i = 0; ranked && i < one->rank; i++) {
        mx_size s = mx_size_of(b, x, i);
        sizes[i] = mx_size_equal(s, mx_size_of(b, y, i)) ? s : mx_size_unknown();
    }
    mx_set_type(b, to, one->elem, ranked ? one->rank : -1, ranked ? sizes : NULL);
}

static void infer_if(mx_build *b, const mx_bop *o) {
    const mx_bbody *yes = body_of(b, o, "then_branch"), *no = body_of(b, o, "else_branch");
    for (uint32_t i = 0; i < o->n_out; i++)
        if (yes && no && i < yes->n_outputs && i < no->n_outputs) join(b, o->out[i], yes->outputs[i], no->outputs[i]);
}

/* Outputs of a Loop are what it carries (as its input, where the body keeps that type), then what it scans. */
static void infer_loop(mx_build *b, const mx_bop *o) {
    const mx_bbody *body = body_of(b, o, "body");
    uint32_t carried = o->n_in > 2 ? o->n_in - 2 : 0;
    for (uint32_t i = 0; body && i < o->n_out && i + 1 < body->n_outputs; i++) {
        const mx_bvalue *made = mx_build_look(b, body->outputs[i + 1]);
        mx_size sizes[MX_MAX_RANK];
        if (i < carried) {
            join(b, o->out[i], o->in[i + 2], body->outputs[i + 1]);
            continue;
        }
        bool ranked = made->rank >= 0 && made->rank < MX_MAX_RANK;
        sizes[0] = mx_size_unknown();
        for (int k = 0; ranked && k < made->rank; k++)
            sizes[k + 1] = mx_size_of(b, body->outputs[i + 1], k);
        mx_set_type(b, o->out[i], made->elem, ranked ? made->rank + 1 : -1, ranked ? sizes : NULL);
    }
}

void mx_build_infer(mx_build *b, uint32_t op) {
    const mx_bop *o = &b->ops[op];
    if (strcmp(o->op, "If") == 0)
        infer_if(b, o);
    else if (strcmp(o->op, "Loop") == 0)
        infer_loop(b, o);
    else if (strcmp(o->op, "Scan") != 0)
        infer_plain(b, o);
}
