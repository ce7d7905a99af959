/* Types as knowledge: merging what two sources say of one value, joining what is true of two values. */
#include "converter/infer_internal.h"

/* ---- dims ---- */

bool mx_dim_same(mx_dim a, mx_dim b) {
    if (a.kind != b.kind || a.kind == MX_DIM_NONE) return false;
    return a.kind == MX_DIM_VALUE ? a.value == b.value : a.param == b.param && a.param > MX_SID_EMPTY;
}

static int dim_rank(mx_dim d) {
    if (d.kind == MX_DIM_VALUE) return 2;
    return d.kind == MX_DIM_PARAM && d.param > MX_SID_EMPTY ? 1 : 0;
}

mx_dim mx_dim_better(mx_dim a, mx_dim b) {
    return dim_rank(b) > dim_rank(a) ? b : a;
}

mx_dim mx_dim_join(mx_dim a, mx_dim b) {
    return mx_dim_same(a, b) ? a : mx_dim_unknown;
}

mx_dim mx_dim_multiply(mx_dim a, mx_dim b) {
    int64_t product;
    if (mx_dim_is(a, 1)) return b;
    if (mx_dim_is(b, 1)) return a;
    if (mx_dim_is(a, 0) || mx_dim_is(b, 0)) return mx_dim_of(0);
    if (a.kind != MX_DIM_VALUE || b.kind != MX_DIM_VALUE) return mx_dim_unknown;
    return __builtin_mul_overflow(a.value, b.value, &product) ? mx_dim_unknown : mx_dim_of(product);
}

mx_dim mx_dim_add(mx_dim a, mx_dim b) {
    int64_t sum;
    if (mx_dim_is(a, 0)) return b;
    if (mx_dim_is(b, 0)) return a;
    if (a.kind != MX_DIM_VALUE || b.kind != MX_DIM_VALUE) return mx_dim_unknown;
    return __builtin_add_overflow(a.value, b.value, &sum) ? mx_dim_unknown : mx_dim_of(sum);
}

mx_dim mx_dims_product(const mx_dim *dims, uint32_t first, uint32_t last) {
    mx_dim product = mx_dim_of(1);
    for (uint32_t i = first; i < last; i++)
        product = mx_dim_multiply(product, dims[i]);
    return product;
}

bool mx_infer_axis(int64_t axis, uint32_t rank, uint32_t *out) {
    if (axis < 0) axis += rank;
    if (axis < 0 || axis >= (int64_t)rank) return false;
    *out = (uint32_t)axis;
    return true;
}

/* A size other than 1 decides; else the only symbol, if all else is 1. */
static mx_dim broadcast_dim(mx_dim a, mx_dim b) {
    if (mx_dim_is(a, 1) || mx_dim_same(a, b)) return b;
    if (mx_dim_is(b, 1)) return a;
    if (a.kind == MX_DIM_VALUE) return a;
    return b.kind == MX_DIM_VALUE ? b : mx_dim_unknown;
}

bool mx_broadcast(const mx_shape *shapes, uint32_t count, mx_dim *dims, uint32_t *rank) {
    *rank = 0;
    for (uint32_t i = 0; i < count; i++)
        if (shapes[i].rank > *rank) *rank = shapes[i].rank;
    if (*rank > MX_INFER_RANK) return false;
    for (uint32_t d = 0; d < *rank; d++)
        dims[d] = mx_dim_of(1);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t shift = *rank - shapes[i].rank;
        for (uint32_t d = 0; d < shapes[i].rank; d++)
            dims[shift + d] = broadcast_dim(dims[shift + d], shapes[i].dims[d]);
    }
    return true;
}

/* ---- types ---- */

static uint32_t add(mx_infer *in, const mx_type *type) {
    uint32_t index = MX_NO_INDEX;
    if (in->status == MX_OK) in->status = mx_graph_add_type(in->g, type, &index, in->err);
    return in->status == MX_OK ? index : MX_NO_INDEX;
}

static bool is_tensor(const mx_type *t) {
    return t->kind == MX_TYPE_TENSOR || t->kind == MX_TYPE_SPARSE;
}

static bool knows_element(const mx_type *t) {
    return t->has_elem && t->elem != MX_ELEM_UNKNOWN;
}

uint32_t mx_infer_tensor(mx_infer *in, int32_t element, const mx_shape *shape) {
    mx_type t = {.kind = MX_TYPE_TENSOR, .has_elem = element != MX_ELEM_UNKNOWN, .elem = element, .child = MX_NO_INDEX};
    if (!shape && !t.has_elem) return MX_NO_INDEX;
    mx_dim dims[MX_INFER_RANK];
    if (shape && shape->rank <= MX_INFER_RANK) {
        t.has_shape = true;
        t.n_dims = shape->rank;
        t.dims = dims;
        for (uint32_t i = 0; i < shape->rank; i++) {
            dims[i] = shape->dims[i];
            dims[i].denotation = MX_SID_ABSENT;
        }
    }
    return add(in, &t);
}

uint32_t mx_infer_container(mx_infer *in, mx_type_kind kind, uint32_t child) {
    mx_type t = {.kind = kind, .child = child};
    return add(in, &t);
}

uint32_t mx_infer_child(const mx_infer *in, uint32_t type, mx_type_kind kind) {
    if (type == MX_NO_INDEX || in->g->types[type].kind != kind) return MX_NO_INDEX;
    return in->g->types[type].child;
}

bool mx_infer_shape_of(const mx_infer *in, uint32_t type, mx_shape *out) {
    const mx_type *t = type == MX_NO_INDEX ? NULL : &in->g->types[type];
    if (!t || !is_tensor(t) || !t->has_shape || t->n_dims > MX_INFER_RANK) return false;
    *out = (mx_shape){t->n_dims, t->dims ? t->dims : &mx_dim_unknown}; /* memcpy wants a pointer even for nothing */
    return true;
}

uint32_t mx_infer_without_shape(mx_infer *in, uint32_t type) {
    if (type == MX_NO_INDEX) return type;
    mx_type t = in->g->types[type];
    if (t.kind == MX_TYPE_SEQUENCE || t.kind == MX_TYPE_OPTIONAL) {
        uint32_t child = mx_infer_without_shape(in, t.child);
        if (child == t.child) return type;
        t.child = child;
        return add(in, &t);
    }
    if (!is_tensor(&t) || !t.has_shape) return type;
    t.has_shape = false;
    t.n_dims = 0;
    t.dims = NULL;
    return add(in, &t);
}

mx_status mx_infer_tensor_type(mx_graph *g, uint32_t tensor, uint32_t *out, mx_error *err) {
    const mx_tensor *t = &g->tensors[tensor];
    mx_dim few[MX_INFER_RANK], *dims = few;
    *out = MX_NO_INDEX;
    if (t->n_dims > MX_INFER_RANK) {
        dims = mx_alloc_zero(g->allocator, t->n_dims, sizeof *dims);
        if (!dims) return mx_nomem(err);
    }
    for (uint32_t i = 0; i < t->n_dims; i++)
        dims[i] = mx_dim_of(t->dims[i]);
    mx_type type = {.kind = MX_TYPE_TENSOR,
                    .has_elem = t->has_type && t->data_type != MX_ELEM_UNKNOWN,
                    .elem = t->has_type ? t->data_type : 0,
                    .has_shape = true,
                    .child = MX_NO_INDEX,
                    .n_dims = t->n_dims,
                    .dims = dims};
    mx_status status = mx_graph_add_type(g, &type, out, err);
    if (dims != few) mx_free(g->allocator, dims, t->n_dims * sizeof *dims);
    return status;
}

/* ---- merge ---- */

static uint32_t merge_tensors(mx_infer *in, uint32_t first, uint32_t second) {
    const mx_type *a = &in->g->types[first], *b = &in->g->types[second];
    mx_type t = *a;
    mx_dim dims[MX_INFER_RANK];
    bool changed = false;
    if (knows_element(a) && knows_element(b) && a->elem != b->elem) return first;
    if (!knows_element(a) && knows_element(b)) {
        t.has_elem = changed = true;
        t.elem = b->elem;
    }
    if (!a->has_shape && b->has_shape) {
        t.has_shape = changed = true;
        t.n_dims = b->n_dims;
        t.dims = b->dims;
    } else if (a->has_shape && b->has_shape && a->n_dims == b->n_dims && a->n_dims <= MX_INFER_RANK) {
        t.dims = dims;
        for (uint32_t i = 0; i < a->n_dims; i++) {
            dims[i] = mx_dim_better(a->dims[i], b->dims[i]);
            if (dim_rank(b->dims[i]) > dim_rank(a->dims[i])) changed = true;
        }
    }
    return changed ? add(in, &t) : first;
}

uint32_t mx_infer_merge(mx_infer *in, uint32_t first, uint32_t second) {
    if (first == MX_NO_INDEX || second == MX_NO_INDEX || first == second) return first == MX_NO_INDEX ? second : first;
    mx_type a = in->g->types[first], b = in->g->types[second];
    if (a.kind == MX_TYPE_EMPTY) return second;
    if (a.kind != b.kind) return first;
    if (is_tensor(&a)) return merge_tensors(in, first, second);
    if (a.kind != MX_TYPE_SEQUENCE && a.kind != MX_TYPE_OPTIONAL) return first;
    uint32_t child = mx_infer_merge(in, a.child, b.child);
    if (child == a.child) return first;
    a.child = child;
    return add(in, &a);
}

/* ---- join ---- */

static uint32_t join_tensors(mx_infer *in, mx_type a, const mx_type *b) {
    mx_dim dims[MX_INFER_RANK];
    bool ranks = a.has_shape && b->has_shape && a.n_dims == b->n_dims && a.n_dims <= MX_INFER_RANK;
    if (!knows_element(&a) || !knows_element(b) || a.elem != b->elem) {
        a.has_elem = false;
        a.elem = 0;
    }
    a.denotation = MX_SID_ABSENT;
    a.has_shape = ranks;
    if (!ranks) a.n_dims = 0;
    for (uint32_t i = 0; i < a.n_dims; i++)
        dims[i] = mx_dim_join(a.dims[i], b->dims[i]);
    a.dims = dims;
    return a.has_elem || a.has_shape ? add(in, &a) : MX_NO_INDEX;
}

uint32_t mx_infer_join(mx_infer *in, uint32_t a, uint32_t b) {
    if (a == b) return a;
    if (a == MX_NO_INDEX || b == MX_NO_INDEX) return MX_NO_INDEX;
    mx_type x = in->g->types[a], y = in->g->types[b];
    if (x.kind != y.kind) return MX_NO_INDEX;
    if (is_tensor(&x)) return join_tensors(in, x, &y);
    if (x.kind != MX_TYPE_SEQUENCE && x.kind != MX_TYPE_OPTIONAL) return MX_NO_INDEX;
    x.child = mx_infer_join(in, x.child, y.child);
    return add(in, &x);
}
