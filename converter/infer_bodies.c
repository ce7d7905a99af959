/* Operators with bodies: If, Loop, Scan, SequenceMap. */
#include "converter/infer_internal.h"
#include "converter/infer_rules.h"

/* Types for the formal inputs of a body, in an array that lives as long as the inference. */
static uint32_t *input_types(mx_op *op, mx_node_id body, size_t *count) {
    *count = op->g->scopes[mx_node_at(op->g, body)->data].n_inputs;
    uint32_t *types = mx_arena_array(&op->in->arena, *count, sizeof *types);
    if (!types) op->in->status = mx_nomem(op->in->err);
    for (size_t i = 0; types && i < *count; i++)
        types[i] = MX_NO_INDEX;
    return types;
}

static bool is_body(const mx_op *op, mx_node_id body) {
    return op->in->status == MX_OK && body < op->g->n_nodes && mx_is_scope(mx_node_at(op->g, body));
}

static uint32_t bool_type(mx_infer *in) {
    return mx_infer_tensor(in, MX_ELEM_BOOL, NULL);
}

/* ---- If ---- */

void mx_shape_if(mx_op *op) {
    mx_node_id yes = mx_op_body(op, "then_branch"), no = mx_op_body(op, "else_branch");
    if (!is_body(op, yes) || !is_body(op, no)) return;
    op->bodies_done = true;
    mx_infer_scope(op->in, yes, NULL, NULL, 0);
    mx_infer_scope(op->in, no, NULL, NULL, 0);
    for (uint32_t k = 0; k < op->node->n_outputs && op->in->status == MX_OK; k++) {
        uint32_t a = mx_infer_scope_output(op->in, yes, k), b = mx_infer_scope_output(op->in, no, k);
        mx_op_out_type(op, k, mx_infer_join(op->in, a, b));
    }
}

/* ---- Loop ---- */

enum { LOOP_STATES = 2 }; /* inputs before the states: trip count and condition; body: iteration and condition */

/* What it costs to look at a body twice more: all below it, so that bodies in bodies do not multiply the work. Calls
 * would be looked at again wherever their functions stand, so they have no price. */
static uint64_t repeat_cost(const mx_op *op, mx_node_id body) {
    uint32_t size = op->in->scope_sizes[mx_node_at(op->g, body)->data];
    return size == MX_NO_INDEX ? UINT64_MAX : 2 * (uint64_t)size;
}

/* What is true of the states before the first and after each iteration; returns whether `types` said just that. */
static bool loop_join(mx_op *op, mx_node_id body, uint32_t *types, size_t n_types) {
    bool stable = true;
    for (size_t i = 1; i < n_types && op->in->status == MX_OK; i++) {
        uint32_t joined = mx_infer_join(op->in, types[i], mx_infer_scope_output(op->in, body, i - 1));
        stable = stable && joined == types[i];
        types[i] = joined;
    }
    return stable;
}

/* Shapes may change from one iteration to the next, element types not. */
static void loop_start(mx_op *op, uint32_t *types, size_t n_types, bool shapes) {
    mx_dim none = mx_dim_unknown;
    mx_shape scalar = {0, &none};
    if (n_types > 0) types[0] = mx_infer_tensor(op->in, MX_ELEM_INT64, &scalar);
    for (uint32_t i = 1; i < n_types; i++) {
        types[i] = mx_op_in_type(op, i);
        if (!shapes) types[i] = mx_infer_without_shape(op->in, types[i]);
    }
    if (n_types > 1 && !mx_op_in_given(op, 1)) types[1] = mx_infer_tensor(op->in, MX_ELEM_BOOL, &scalar);
    if (n_types > 1) types[1] = mx_infer_merge(op->in, types[1], bool_type(op->in));
}

/* A body that is stable with the shapes of its first iteration, or with what they have in common with the next, keeps
 * them. */
static bool loop_with_shapes(mx_op *op, mx_node_id body, uint32_t *types, size_t n_types) {
    uint64_t cost = repeat_cost(op, body), *budget = &op->in->loop_budget;
    if (cost > *budget) return false;
    loop_start(op, types, n_types, true);
    mx_infer_scope(op->in, body, types, NULL, n_types);
    if (loop_join(op, body, types, n_types)) return true;
    *budget -= cost < *budget ? cost : *budget; /* bodies in it may have spent some */
    mx_infer_scope(op->in, body, types, NULL, n_types);
    return loop_join(op, body, types, n_types);
}

/* A tensor of one more dim in front of those of `type`. */
static uint32_t stacked(mx_infer *in, uint32_t type, uint32_t at, mx_dim size) {
    mx_shape shape;
    mx_dim dims[MX_INFER_RANK];
    if (type == MX_NO_INDEX || in->g->types[type].kind != MX_TYPE_TENSOR) return MX_NO_INDEX;
    int32_t element = in->g->types[type].elem;
    if (!mx_infer_shape_of(in, type, &shape) || shape.rank == MX_INFER_RANK || at > shape.rank)
        return mx_infer_tensor(in, element, NULL);
    for (uint32_t i = 0, from = 0; i <= shape.rank; i++)
        dims[i] = i == at ? size : shape.dims[from++];
    shape = (mx_shape){shape.rank + 1, dims};
    return mx_infer_tensor(in, element, &shape);
}

void mx_shape_loop(mx_op *op) {
    mx_node_id body = mx_op_body(op, "body");
    size_t n_types;
    uint32_t *types = is_body(op, body) ? input_types(op, body, &n_types) : NULL;
    if (!types) return;
    op->bodies_done = true;
    bool shapes = loop_with_shapes(op, body, types, n_types);
    if (!shapes) {
        loop_start(op, types, n_types, false);
        mx_infer_scope(op->in, body, types, NULL, n_types);
    }
    uint32_t states = op->node->n_inputs > LOOP_STATES ? op->node->n_inputs - LOOP_STATES : 0;
    for (uint32_t k = 0; k < op->node->n_outputs && op->in->status == MX_OK; k++) {
        uint32_t made = mx_infer_scope_output(op->in, body, (size_t)k + 1);
        bool known = k + LOOP_STATES < n_types;
        if (k >= states)
            made = stacked(op->in, made, 0, mx_dim_unknown);
        else if (shapes && known && types[k + LOOP_STATES] != MX_NO_INDEX)
            made = types[k + LOOP_STATES];
        else
            made = mx_infer_without_shape(op->in, mx_infer_merge(op->in, made, known ? types[k + LOOP_STATES] : made));
        mx_op_out_type(op, k, made);
    }
}

/* ---- Scan ---- */

/* The first dims of a type taken away: `count` of them from `at` on. */
static uint32_t sliced(mx_infer *in, uint32_t type, int64_t at, uint32_t count) {
    mx_shape shape;
    mx_dim dims[MX_INFER_RANK];
    uint32_t axis;
    if (type == MX_NO_INDEX) return type;
    int32_t element = in->g->types[type].elem;
    if (!mx_infer_shape_of(in, type, &shape) || !mx_infer_axis(at, shape.rank, &axis) || axis + count > shape.rank)
        return mx_infer_without_shape(in, type);
    uint32_t rank = 0;
    for (uint32_t i = 0; i < shape.rank; i++)
        if (i < axis || i >= axis + count) dims[rank++] = shape.dims[i];
    shape = (mx_shape){rank, dims};
    return mx_infer_tensor(in, element, &shape);
}

static int64_t axis_of(mx_op *op, const char *name, uint32_t index) {
    const int64_t *axes;
    uint32_t count;
    return mx_op_ints(op, name, &axes, &count) && index < count ? axes[index] : 0;
}

typedef struct scan {
    mx_node_id body;
    bool batched; /* version 8: sequence lengths come first, and every tensor has a batch dim in front */
    uint32_t first, states, scanned;
    mx_dim batch, length;
} scan;

static void scan_inputs(mx_op *op, scan *s, uint32_t *types, size_t n_types) {
    for (uint32_t i = 0; i < s->states + s->scanned && i < n_types && op->in->status == MX_OK; i++) {
        mx_shape shape;
        uint32_t axis;
        types[i] = mx_op_in_type(op, s->first + i);
        bool known = mx_infer_shape_of(op->in, types[i], &shape);
        if (s->batched && known && shape.rank > 0) s->batch = mx_dim_better(s->batch, shape.dims[0]);
        if (i < s->states) {
            if (s->batched) types[i] = sliced(op->in, types[i], 0, 1);
            continue;
        }
        int64_t at = s->batched ? 1 : axis_of(op, "scan_input_axes", i - s->states);
        if (known && mx_infer_axis(at, shape.rank, &axis)) s->length = mx_dim_better(s->length, shape.dims[axis]);
        types[i] = sliced(op->in, types[i], s->batched ? 0 : at, s->batched ? 2 : 1);
    }
}

static void scan_outputs(mx_op *op, const scan *s, const uint32_t *types, size_t n_types) {
    for (uint32_t k = 0; k < op->node->n_outputs && op->in->status == MX_OK; k++) {
        uint32_t made = mx_infer_scope_output(op->in, s->body, k);
        mx_shape shape;
        if (k < s->states) {
            made = mx_infer_merge(op->in, made, k < n_types ? types[k] : made);
        } else {
            int64_t at = axis_of(op, "scan_output_axes", k - s->states);
            uint32_t axis = 0;
            bool known = mx_infer_shape_of(op->in, made, &shape);
            if (known && !mx_infer_axis(at, shape.rank + 1, &axis)) axis = UINT32_MAX;
            made = stacked(op->in, made, axis, s->length);
        }
        if (s->batched) made = stacked(op->in, made, 0, s->batch);
        mx_op_out_type(op, k, made);
    }
}

void mx_shape_scan(mx_op *op) {
    scan s = {.body = mx_op_body(op, "body"), .batched = op->version >= 0 && op->version < 9};
    int64_t scanned = mx_op_int(op, "num_scan_inputs", -1);
    s.first = s.batched;
    size_t n_types;
    if (!is_body(op, s.body) || op->node->n_inputs < s.first) return;
    uint32_t count = op->node->n_inputs - s.first;
    uint32_t *types = scanned >= 0 && scanned <= count ? input_types(op, s.body, &n_types) : NULL;
    if (!types) return;
    s.scanned = (uint32_t)scanned;
    s.states = count - s.scanned;
    op->bodies_done = true;
    scan_inputs(op, &s, types, n_types);
    mx_infer_scope(op->in, s.body, types, NULL, n_types);
    scan_outputs(op, &s, types, n_types);
}

/* ---- SequenceMap ---- */

void mx_shape_sequence_map(mx_op *op) {
    mx_node_id body = mx_op_body(op, "body");
    size_t n_types;
    uint32_t *types = is_body(op, body) ? input_types(op, body, &n_types) : NULL;
    if (!types) return;
    op->bodies_done = true;
    for (uint32_t i = 0; i < n_types; i++) {
        uint32_t type = mx_op_in_type(op, i), child = mx_infer_child(op->in, type, MX_TYPE_SEQUENCE);
        types[i] = child != MX_NO_INDEX ? child : type;
    }
    mx_infer_scope(op->in, body, types, NULL, n_types);
    for (uint32_t k = 0; k < op->node->n_outputs && op->in->status == MX_OK; k++) {
        uint32_t made = mx_infer_scope_output(op->in, body, k);
        if (made != MX_NO_INDEX) mx_op_out_type(op, k, mx_infer_container(op->in, MX_TYPE_SEQUENCE, made));
    }
}
