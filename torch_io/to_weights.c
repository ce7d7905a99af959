/* Initializers. Weights stay where they lie in the file. A Transpose or Reshape of a weight that nothing else needs is
 * no operator: the weight is read in the other order when the model is written (base/strided.h), as `weight_T`, or
 * taken with the other sizes, as `weight_reshaped`. */
#include "torch_io/to_graph.h"

#include "base/strided.h"

/* A weight as an initializer will have it. */
typedef struct view {
    uint32_t weight;
    uint32_t rank;
    const int64_t *sizes, *strides;
    bool transposed, reshaped;
} view;

typedef struct weighing {
    mx_to_graph *t;
    view *views;     /* by value */
    mx_val *becomes; /* by value: the value that the operator makes that is left out, 0: it stays as it is */
    bool *copies;    /* by value: made by an operator that is left out, of a weight that others need as it is */
} weighing;

enum { COPIED = 65536 }; /* bytes of a weight that may stand in the model twice, as it is and transposed */

/* ---- views ---- */

/* How many elements, where none of the sizes is 0; -1: more than can be counted. */
static int64_t count_elements(const view *v) {
    int64_t n = 1;
    for (uint32_t i = 0; i < v->rank; i++)
        if (__builtin_mul_overflow(n, v->sizes[i], &n)) return -1;
    return n;
}

static bool is_contiguous(const view *v) {
    return mx_strides_in_order(v->sizes, v->strides, v->rank);
}

static bool has_elements(const view *v) {
    for (uint32_t i = 0; i < v->rank; i++)
        if (v->sizes[i] == 0) return false;
    return true;
}

static const mx_at *attribute(const mx_bop *op, const char *name) {
    for (uint32_t i = 0; i < op->n_at; i++)
        if (strcmp(op->at[i].name, name) == 0) return &op->at[i];
    return NULL;
}

static bool transpose_view(mx_to_graph *t, const mx_bop *op, const view *from, view *to) {
    const mx_at *perm = attribute(op, "perm");
    int64_t *sizes = mx_arena_array(&t->g->arena, from->rank, sizeof *sizes);
    int64_t *strides = mx_arena_array(&t->g->arena, from->rank, sizeof *strides);
    if (!sizes || !strides || (perm && perm->n != from->rank)) return false;
    for (uint32_t i = 0; i < from->rank; i++) {
        int64_t axis = perm ? perm->ints[i] : (int64_t)from->rank - 1 - i;
        if (axis < 0 || axis >= from->rank) return false;
        sizes[i] = from->sizes[axis];
        strides[i] = from->strides[axis];
    }
    *to = (view){from->weight, from->rank, sizes, strides, true, from->reshaped};
    return true;
}

static bool reshape_view(mx_to_graph *t, const mx_bop *op, const view *from, view *to) {
    const mx_bvalue *v = &t->b->values[op->out[0]];
    if (!is_contiguous(from) || v->rank < 0 || (v->rank && !v->sizes)) return false;
    int64_t *sizes = mx_arena_array(&t->g->arena, (size_t)v->rank, sizeof *sizes);
    int64_t *strides = mx_arena_array(&t->g->arena, (size_t)v->rank, sizeof *strides);
    int64_t stride = 1;
    if (!sizes || !strides) return false;
    for (uint32_t i = (uint32_t)v->rank; i-- > 0;) {
        if (!mx_size_is_number(v->sizes[i]) || v->sizes[i].value < 1) return false;
        sizes[i] = v->sizes[i].value;
        strides[i] = stride;
        if (__builtin_mul_overflow(stride, sizes[i], &stride)) return false;
    }
    if (stride != count_elements(from)) return false; /* the program states sizes that cannot be */
    *to = (view){from->weight, (uint32_t)v->rank, sizes, strides, from->transposed, true};
    return true;
}

/* Transposed bytes are other bytes: not where weights are to stay as they lie. */
static bool fold(weighing *w, const mx_bop *op, const view *from, view *to) {
    mx_to_graph *t = w->t;
    if (strcmp(op->op, "Transpose") == 0) return !t->options->weights_in_place && transpose_view(t, op, from, to);
    if (strcmp(op->op, "Reshape") == 0 || strcmp(op->op, "Unsqueeze") == 0 || strcmp(op->op, "Squeeze") == 0)
        return reshape_view(t, op, from, to);
    return false;
}

static bool is_small(const mx_to_graph *t, const view *v) {
    uint64_t bytes = mx_to_elem_bytes(t->p->weights[v->weight].elem);
    for (uint32_t i = 0; i < v->rank; i++)
        if (__builtin_mul_overflow(bytes, (uint64_t)v->sizes[i], &bytes)) return false;
    return bytes <= COPIED;
}

static void fold_operators(weighing *w) {
    mx_to_graph *t = w->t;
    if (t->options->keep_constant_ops || t->options->weights_as_inputs) return;
    for (uint32_t i = 0; i < t->b->n_ops; i++) {
        const mx_bop *op = &t->b->ops[i];
        if (!t->need_op[i] || op->n_in == 0 || op->in[0] == MX_NO_VAL || t->formal[op->out[0]]) continue;
        const view *from = &w->views[op->in[0]];
        if (from->weight == MX_NONE || !has_elements(from)) continue;
        bool shared = t->uses[op->in[0]] != 1;
        if ((shared && !is_small(t, from)) || !fold(w, op, from, &w->views[op->out[0]])) continue;
        if (shared) {
            w->copies[op->out[0]] = true;
            t->uses[op->in[0]]--;
        } else {
            w->becomes[op->in[0]] = op->out[0];
        }
        t->need_op[i] = 0;
        for (uint32_t k = 1; k < op->n_in; k++)
            t->uses[op->in[k]]--;
    }
}

/* ---- tensors ---- */

static mx_status add_tensor(mx_to_graph *t, mx_tensor *tensor, mx_sid name, int32_t elem) {
    uint32_t index;
    tensor->name = name;
    tensor->has_type = true;
    tensor->data_type = elem;
    tensor->field = MX_TENSOR_RAW_DATA;
    tensor->external_file = MX_NO_INDEX;
    tensor->data.check = MX_NO_INDEX;
    MX_TRY(mx_graph_add_tensor(t->g, tensor, &index, t->err));
    return mx_scope_add_initializer(t->g, &t->g->scopes[0], index, t->err);
}

static mx_status name_weight(mx_to_graph *t, const view *v, mx_sid *out) {
    mx_buffer b;
    mx_buffer_init(&b, t->g->allocator);
    mx_str name = mx_ptext(t->p, t->p->weights[v->weight].name);
    mx_buffer_add(&b, name.p, name.n);
    if (v->reshaped) mx_buffer_cstr(&b, "_reshaped");
    if (v->transposed) mx_buffer_cstr(&b, "_T");
    mx_status status = b.failed ? mx_nomem(t->err) : mx_to_name(t, mx_buffer_str(&b), out);
    mx_buffer_free(&b);
    return status;
}

/* The bytes of a view: a range of the file, or a source that reads it in the order of the view. */
static mx_status place_view(mx_to_graph *t, const view *v, size_t elem_bytes, mx_blob *out) {
    const mx_pweight *w = &t->p->weights[v->weight];
    uint64_t bytes = elem_bytes, at = w->storage_offset + (uint64_t)w->offset * elem_bytes;
    for (uint32_t i = 0; i < v->rank; i++)
        if (__builtin_mul_overflow(bytes, (uint64_t)v->sizes[i], &bytes))
            return mx_fail(t->err, MX_ERR_LIMIT, "the sizes of weight %s are too large",
                           mx_show(mx_ptext(t->p, w->name)).text);
    *out = (mx_blob){.source = w->source, .offset = at, .size = bytes};
    if (bytes == 0) out->offset = w->storage_offset;
    if (bytes == 0 || is_contiguous(v)) return MX_OK;
    mx_source *s;
    const mx_strided layout = {
        .elem_bytes = elem_bytes, .rank = v->rank, .offset = at, .sizes = v->sizes, .strides = v->strides};
    MX_TRY(mx_source_strided(&t->g->env, t->p->sources[w->source], &layout, &s, t->err));
    out->offset = 0;
    return mx_graph_add_source(t->g, s, &out->source, t->err);
}

static mx_status add_weight(weighing *w, mx_val value) {
    mx_to_graph *t = w->t;
    const view *v = &w->views[value];
    const mx_pweight *weight = &t->p->weights[v->weight];
    size_t elem_bytes = mx_to_elem_bytes(weight->elem);
    mx_tensor tensor = {.n_dims = v->rank};
    if (elem_bytes == 0)
        return mx_fail(t->err, MX_ERR_UNSUPPORTED, "weight %s has an element type that ONNX does not have",
                       mx_show(mx_ptext(t->p, weight->name)).text);
    MX_TRY(name_weight(t, v, &t->names[value]));
    if (t->options->weights_as_inputs) return mx_to_add_input(t, value);
    MX_TRY(place_view(t, v, elem_bytes, &tensor.data));
    MX_TRY(mx_graph_array(t->g, v->rank, sizeof *tensor.dims, &tensor.dims, t->err));
    if (v->rank) memcpy(tensor.dims, v->sizes, v->rank * sizeof *tensor.dims);
    return add_tensor(t, &tensor, t->names[value], weight->elem);
}

/* "constant", or after the weight that it was computed from. */
static mx_status name_constant(mx_to_graph *t, const mx_bvalue *v, mx_sid *out) {
    mx_buffer b;
    if (v->name == MX_SID_ABSENT) return mx_to_name(t, MX_STR_LITERAL("constant"), out);
    mx_str name = mx_ptext(t->p, v->name);
    mx_buffer_init(&b, t->g->allocator);
    mx_buffer_add(&b, name.p, name.n);
    mx_buffer_cstr(&b, "_folded");
    mx_status status = b.failed ? mx_nomem(t->err) : mx_to_name(t, mx_buffer_str(&b), out);
    mx_buffer_free(&b);
    return status;
}

static mx_status add_constant(mx_to_graph *t, mx_val value) {
    const mx_bvalue *v = &t->b->values[value];
    mx_tensor tensor = {.n_dims = v->rank > 0 ? (uint32_t)v->rank : 0};
    if (t->names[value] == MX_SID_ABSENT) MX_TRY(name_constant(t, v, &t->names[value]));
    MX_TRY(mx_graph_add_bytes(t->g, (mx_str){v->bytes, v->n_bytes}, &tensor.data, t->err));
    MX_TRY(mx_graph_array(t->g, tensor.n_dims, sizeof *tensor.dims, &tensor.dims, t->err));
    for (uint32_t i = 0; i < tensor.n_dims; i++)
        tensor.dims[i] = v->sizes[i].value;
    return add_tensor(t, &tensor, t->names[value], v->elem);
}

static mx_status add_all(weighing *w) {
    mx_to_graph *t = w->t;
    for (mx_val v = 1; v < t->b->n_values; v++) {
        const mx_bvalue *value = &t->b->values[v];
        if ((value->kind == MX_BV_WEIGHT || w->copies[v]) && t->uses[v]) {
            mx_val last = v;
            while (w->becomes[last])
                last = w->becomes[last];
            MX_TRY(add_weight(w, last));
        }
    }
    for (mx_val v = 1; v < t->b->n_values; v++)
        if (t->b->values[v].kind == MX_BV_CONSTANT && t->uses[v]) MX_TRY(add_constant(t, v));
    return MX_OK;
}

mx_status mx_to_add_weights(mx_to_graph *t) {
    const mx_allocator *a = t->g->allocator;
    size_t n = t->b->n_values;
    weighing w = {.t = t,
                  .views = mx_alloc_zero(a, n, sizeof *w.views),
                  .becomes = mx_alloc_zero(a, n, sizeof *w.becomes),
                  .copies = mx_alloc_zero(a, n, sizeof *w.copies)};
    mx_status status = w.views && w.becomes && w.copies ? MX_OK : mx_nomem(t->err);
    for (mx_val v = 0; v < n && status == MX_OK; v++) {
        const mx_bvalue *value = &t->b->values[v];
        w.views[v].weight = MX_NONE;
        if (v == MX_NO_VAL || value->kind != MX_BV_WEIGHT) continue;
        const mx_pweight *p = &t->p->weights[value->weight];
        w.views[v] = (view){value->weight, p->rank, p->sizes, p->strides, false, false};
    }
    if (status == MX_OK) {
        fold_operators(&w);
        status = add_all(&w);
    }
    mx_free(a, w.views, n * sizeof *w.views);
    mx_free(a, w.becomes, n * sizeof *w.becomes);
    mx_free(a, w.copies, n * sizeof *w.copies);
    return status;
}
