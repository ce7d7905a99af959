/* One operator as its rules see it. */
#include "converter/infer_internal.h"

/* ---- inputs ---- */

bool mx_op_in_given(const mx_op *op, uint32_t input) {
    return input < op->node->n_inputs && op->node->inputs[input].name > MX_SID_EMPTY;
}

uint32_t mx_op_in_type(const mx_op *op, uint32_t input) {
    return mx_op_in_given(op, input) ? mx_infer_port_type(op->in, &op->node->inputs[input]) : MX_NO_INDEX;
}

int32_t mx_op_in_element(const mx_op *op, uint32_t input) {
    uint32_t type = mx_op_in_type(op, input);
    if (type == MX_NO_INDEX) return MX_ELEM_UNKNOWN;
    const mx_type *t = &op->g->types[type];
    return (t->kind == MX_TYPE_TENSOR || t->kind == MX_TYPE_SPARSE) && t->has_elem ? t->elem : MX_ELEM_UNKNOWN;
}

bool mx_op_in_shape(const mx_op *op, uint32_t input, mx_shape *out) {
    *out = (mx_shape){0, &mx_dim_unknown};
    return mx_infer_shape_of(op->in, mx_op_in_type(op, input), out);
}

const mx_contents *mx_op_in_contents(const mx_op *op, uint32_t input) {
    return mx_op_in_given(op, input) ? mx_infer_port_contents(op->in, &op->node->inputs[input]) : NULL;
}

bool mx_op_in_ints(const mx_op *op, uint32_t input, int64_t *values, uint32_t max, uint32_t *count) {
    const mx_contents *c = mx_op_in_contents(op, input);
    if (!c || !c->items || c->count > max) return false;
    for (uint32_t i = 0; i < c->count; i++) {
        if (c->items[i].kind != MX_DIM_VALUE) return false;
        values[i] = c->items[i].value;
    }
    *count = c->count;
    return true;
}

bool mx_op_in_reals(const mx_op *op, uint32_t input, double *values, uint32_t max, uint32_t *count) {
    const mx_contents *c = mx_op_in_contents(op, input);
    if (!c || c->count > max) return false;
    for (uint32_t i = 0; i < c->count; i++) {
        if (c->items && c->items[i].kind != MX_DIM_VALUE) return false;
        values[i] = c->items ? (double)c->items[i].value : c->reals[i];
    }
    *count = c->count;
    return true;
}

/* ---- attributes ---- */

static const mx_attr *find_attribute(const mx_graph *g, const mx_node *n, const char *name) {
    for (uint32_t i = 0; i < n->n_attrs; i++)
        if (mx_str_is(mx_text(g, n->attrs[i].name), name)) return &n->attrs[i];
    return NULL;
}

static const mx_attr *find_reference(const mx_node *n, mx_sid name) {
    for (uint32_t i = 0; i < n->n_attrs; i++)
        if (n->attrs[i].name == name) return &n->attrs[i];
    return NULL;
}

/* Neither the call nor the function may have more attributes than are looked at, or "not there" would be a guess. */
static bool can_refer(const mx_infer_frame *frame) {
    return frame && frame->call && frame->call->n_attrs <= MX_INFER_REFERRED &&
           frame->function->n_attrs <= MX_INFER_REFERRED;
}

/* A reference names an attribute of the call; if that is a reference too, one of the call around it. A function's
 * attribute_proto are defaults. */
const mx_attr *mx_op_attribute(mx_op *op, const char *name) {
    const mx_attr *a = find_attribute(op->g, op->node, name);
    const mx_infer_frame *frame = op->in->frame;
    while (a && a->ref_name != MX_SID_ABSENT) {
        if (!can_refer(frame)) {
            op->blind = true;
            return NULL;
        }
        mx_sid wanted = a->ref_name;
        a = find_reference(frame->call, wanted);
        if (!a) return find_reference(frame->function, wanted);
        frame = frame->outer;
    }
    return a;
}

int64_t mx_op_int(mx_op *op, const char *name, int64_t otherwise) {
    const mx_attr *a = mx_op_attribute(op, name);
    return a && a->type == MX_ATTR_INT ? a->value.i : otherwise;
}

bool mx_op_ints(mx_op *op, const char *name, const int64_t **values, uint32_t *count) {
    const mx_attr *a = mx_op_attribute(op, name);
    *values = NULL;
    *count = 0;
    if (!a || a->type != MX_ATTR_INTS) return false;
    *values = a->value.ints;
    *count = a->count;
    return true;
}

bool mx_op_floats(mx_op *op, const char *name, const float **values, uint32_t *count) {
    const mx_attr *a = mx_op_attribute(op, name);
    *values = NULL;
    *count = 0;
    if (!a || a->type != MX_ATTR_FLOATS) return false;
    *values = a->value.floats;
    *count = a->count;
    return true;
}

mx_str mx_op_string(mx_op *op, const char *name, const char *otherwise) {
    const mx_attr *a = mx_op_attribute(op, name);
    return a && a->type == MX_ATTR_STRING ? mx_text(op->g, a->value.s) : mx_str_of(otherwise);
}

mx_node_id mx_op_body(mx_op *op, const char *name) {
    const mx_attr *a = mx_op_attribute(op, name);
    return a && a->type == MX_ATTR_GRAPH ? a->value.index : MX_NO_NODE;
}

/* ---- outputs ---- */

static size_t output_slot(const mx_op *op, uint32_t output) {
    if (op->in->status != MX_OK || output >= op->node->n_outputs) return SIZE_MAX;
    return mx_infer_slot(op->in, op->id, output);
}

void mx_op_out_type(mx_op *op, uint32_t output, uint32_t type) {
    size_t slot = output_slot(op, output);
    if (slot == SIZE_MAX || type == MX_NO_INDEX) return;
    uint32_t *now = &op->in->types->types[slot];
    /* names of dims that a function declares mean nothing to its callers */
    *now = op->in->frame ? mx_infer_merge(op->in, type, *now) : mx_infer_merge(op->in, *now, type);
}

uint32_t mx_op_out_type_now(const mx_op *op, uint32_t output) {
    size_t slot = output_slot(op, output);
    return slot == SIZE_MAX ? MX_NO_INDEX : op->in->types->types[slot];
}

void mx_op_out_tensor(mx_op *op, uint32_t output, int32_t element, const mx_shape *shape) {
    if (output_slot(op, output) == SIZE_MAX) return;
    mx_op_out_type(op, output, mx_infer_tensor(op->in, element, op->blind ? NULL : shape));
}

void mx_op_out_shape(mx_op *op, uint32_t output, uint32_t rank, const mx_dim *dims) {
    mx_shape shape = {rank, dims};
    if (output_slot(op, output) != SIZE_MAX) mx_op_out_tensor(op, output, mx_op_element(op, output), &shape);
}

void mx_op_out_rank(mx_op *op, uint32_t output, uint32_t rank) {
    mx_dim dims[MX_INFER_RANK] = {{0}};
    if (rank <= MX_INFER_RANK) mx_op_out_shape(op, output, rank, dims);
}

void mx_op_out_like(mx_op *op, uint32_t output, uint32_t input) {
    mx_shape shape;
    if (mx_op_in_shape(op, input, &shape)) mx_op_out_shape(op, output, shape.rank, shape.dims);
}

void mx_op_out_contents(mx_op *op, uint32_t output, const mx_contents *contents) {
    size_t slot = output_slot(op, output);
    if (slot != SIZE_MAX && !op->blind) op->in->port_contents[slot] = contents;
}

void mx_op_out_elements(mx_op *op) {
    for (uint32_t k = 0; k < op->node->n_outputs && op->in->status == MX_OK; k++) {
        uint32_t now = mx_op_out_type_now(op, k);
        if (now != MX_NO_INDEX && op->g->types[now].has_elem) continue;
        int32_t element = mx_op_element(op, k);
        if (element != MX_ELEM_UNKNOWN) mx_op_out_type(op, k, mx_infer_tensor(op->in, element, NULL));
    }
}
