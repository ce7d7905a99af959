/* Symbolic numbers: sizes of tensors and what Python computes from them. Integers are int64, floats double (as
 * Python's), all of rank 1 with one element; what is known is computed by the builder. */
#include "torch_io/lower.h"

#include "torch_io/lower_run.h"

/* ---- operands ---- */

static bool is_float_number(const mx_rule *r, size_t i) {
    return mx_arg_scalar_kind(r, i) == 'f';
}

static mx_val number(const mx_rule *r, size_t i, int32_t elem) {
    return mx_as_vector(r->b, mx_arg_as(r, i, elem));
}

/* Both operands of a Python operator as one type: double where either is a float. */
static void operands(const mx_rule *r, mx_val *a, mx_val *b) {
    int32_t elem = is_float_number(r, 0) || is_float_number(r, 1) ? MX_ELEM_DOUBLE : MX_ELEM_INT64;
    *a = number(r, 0, elem);
    *b = number(r, 1, elem);
}

/* ---- sizes of tensors ---- */

static void lower_size(const mx_rule *r) {
    mx_val x = mx_arg(r, 0);
    int64_t axis = mx_axis(r, mx_arg_int(r, 1), mx_rank_of(r->b, x));
    r->out[0] = mx_dim(r->b, x, axis);
}

static void lower_numel(const mx_rule *r) {
    mx_val x = mx_arg(r, 0);
    int64_t n = mx_numel_of(r->b, x);
    r->out[0] = n >= 0 ? mx_int64(r->b, n) : mx_reduce(r->b, "ReduceProd", mx_shape(r->b, x), NULL, 0, true);
}

/* Only strides that the program states as numbers are known: tensors of ONNX have none. */
static void lower_stride(const mx_rule *r) {
    if (r->node->n_args < 2 || r->node->args[0].kind != MX_ARG_VALUE) {
        mx_cannot(r->b, "its operand is no tensor");
        return;
    }
    const mx_pvalue *v = &r->p->values[r->node->args[0].value];
    int64_t axis = mx_axis(r, mx_arg_int(r, 1), v->rank == MX_NONE ? -1 : (int)v->rank);
    if (mx_failed(r->b)) return;
    if (!v->strides || v->rank == 0 || !mx_size_is_number(v->strides[axis]))
        mx_cannot(r->b, "the stride is not known");
    else
        r->out[0] = mx_int64(r->b, v->strides[axis].value);
}

/* The number in a tensor of one element. */
static void lower_item(const mx_rule *r) {
    r->out[0] = mx_as_vector(r->b, mx_arg(r, 0));
}

/* ---- arithmetic ---- */

static void lower_binary(const mx_rule *r) {
    mx_val a, b;
    operands(r, &a, &b);
    r->out[0] = mx_op2(r->b, r->row->onnx, a, b);
}

static void lower_not_equal(const mx_rule *r) {
    mx_val a, b;
    operands(r, &a, &b);
    r->out[0] = mx_op1(r->b, "Not", mx_op2(r->b, "Equal", a, b));
}

static void lower_true_divide(const mx_rule *r) {
    r->out[0] = mx_op2(r->b, "Div", number(r, 0, MX_ELEM_DOUBLE), number(r, 1, MX_ELEM_DOUBLE));
}

/* Sizes are never negative, nor are sums, products and quotients of such. */
enum { SIGN_DEPTH = 8 };
static bool not_negative(const mx_rule *r, const mx_parg *a, int depth) {
    static const char *const keep[] = {"_operator.add", "_operator.mul", "_operator.floordiv", "_operator.mod",
                                       "torch.sym_max"};
    if (a->kind == MX_ARG_INT) return a->i >= 0;
    if (a->kind != MX_ARG_VALUE || depth == 0 || r->p->values[a->value].kind != MX_PV_INT) return false;
    uint32_t node = r->p->values[a->value].node;
    if (node == MX_NONE) return false;
    const mx_pnode *n = &r->p->nodes[node];
    mx_str target = mx_ptext(r->p, n->target);
    if (mx_str_is(target, "aten.sym_size.int") || mx_str_is(target, "aten.sym_numel.default")) return true;
    for (size_t i = 0; i < sizeof keep / sizeof *keep; i++)
        if (mx_str_is(target, keep[i]) && n->n_args == 2)
            return not_negative(r, &n->args[0], depth - 1) && not_negative(r, &n->args[1], depth - 1);
    return false;
}

static bool both_not_negative(const mx_rule *r) {
    return r->node->n_args == 2 && not_negative(r, &r->node->args[0], SIGN_DEPTH) &&
           not_negative(r, &r->node->args[1], SIGN_DEPTH);
}

/* Python rounds down, ONNX to zero. */
static void lower_floor_divide(const mx_rule *r) {
    mx_val a, b;
    operands(r, &a, &b);
    if (is_float_number(r, 0) || is_float_number(r, 1))
        r->out[0] = mx_op1(r->b, "Floor", mx_op2(r->b, "Div", a, b));
    else if (both_not_negative(r))
        r->out[0] = mx_op2(r->b, "Div", a, b);
    else
        r->out[0] = mx_op2(r->b, "Div", mx_op2(r->b, "Sub", a, mx_op2(r->b, "Mod", a, b)), b);
}

/* The sign of Python's remainder is that of the divisor, as ONNX has it for integers. */
static void lower_modulo(const mx_rule *r) {
    mx_val a, b;
    operands(r, &a, &b);
    if (!is_float_number(r, 0) && !is_float_number(r, 1)) {
        r->out[0] = mx_op2(r->b, "Mod", a, b);
        return;
    }
    mx_val quotient = mx_op1(r->b, "Floor", mx_op2(r->b, "Div", a, b));
    r->out[0] = mx_op2(r->b, "Sub", a, mx_op2(r->b, "Mul", quotient, b));
}

static void lower_unary(const mx_rule *r) {
    r->out[0] = mx_op1(r->b, r->row->onnx, number(r, 0, is_float_number(r, 0) ? MX_ELEM_DOUBLE : MX_ELEM_INT64));
}

static void lower_same(const mx_rule *r) {
    r->out[0] = number(r, 0, is_float_number(r, 0) ? MX_ELEM_DOUBLE : MX_ELEM_INT64);
}

static void lower_root(const mx_rule *r) {
    r->out[0] = mx_op1(r->b, "Sqrt", number(r, 0, MX_ELEM_DOUBLE));
}

/* Rounding to an integer: the row names how; Cast alone cuts towards zero. */
static void lower_to_int(const mx_rule *r) {
    mx_val x = number(r, 0, is_float_number(r, 0) ? MX_ELEM_DOUBLE : MX_ELEM_INT64);
    if (is_float_number(r, 0) && strcmp(r->row->onnx, "Cast") != 0) x = mx_op1(r->b, r->row->onnx, x);
    r->out[0] = mx_cast(r->b, x, MX_ELEM_INT64);
}

static void lower_to_float(const mx_rule *r) {
    r->out[0] = number(r, 0, MX_ELEM_DOUBLE);
}

static void lower_logic(const mx_rule *r) {
    r->out[0] = mx_op2(r->b, r->row->onnx, number(r, 0, MX_ELEM_BOOL), number(r, 1, MX_ELEM_BOOL));
}

static void lower_not(const mx_rule *r) {
    r->out[0] = mx_op1(r->b, "Not", number(r, 0, MX_ELEM_BOOL));
}

static void lower_choice(const mx_rule *r) {
    int32_t elem = is_float_number(r, 1) || is_float_number(r, 2) ? MX_ELEM_DOUBLE : MX_ELEM_INT64;
    r->out[0] = mx_where(r->b, number(r, 0, MX_ELEM_BOOL), number(r, 1, elem), number(r, 2, elem));
}

/* torch.sym_sum((a, b, c)): a list of numbers. */
static void lower_sum(const mx_rule *r) {
    r->out[0] = mx_reduce(r->b, "ReduceSum", mx_arg_sizes(r, 0), NULL, 0, true);
}

static const mx_lowering rows[] = {
    {"aten.sym_size.int", lower_size, "Shape", 0, MX_LOWER_EXACT},
    {"aten.sym_numel.default", lower_numel, "Shape, ReduceProd", 0, MX_LOWER_EXACT},
    {"aten.sym_stride.int", lower_stride, "", 0, MX_LOWER_EXACT},
    {"aten.item.default", lower_item, "Reshape", 0, MX_LOWER_EXACT},
    {"aten._local_scalar_dense.default", lower_item, "Reshape", 0, MX_LOWER_EXACT},
    {"_operator.add", lower_binary, "Add", 0, 0},
    {"_operator.sub", lower_binary, "Sub", 0, 0},
    {"_operator.mul", lower_binary, "Mul", 0, 0},
    {"_operator.pow", lower_binary, "Pow", 0, 0},
    {"_operator.floordiv", lower_floor_divide, "Div, Sub, Mod", 0, 0},
    {"_operator.mod", lower_modulo, "Mod", 0, 0},
    {"_operator.truediv", lower_true_divide, "Div", 0, 0},
    {"_operator.neg", lower_unary, "Neg", 0, 0},
    {"_operator.abs", lower_unary, "Abs", 0, 0},
    {"_operator.pos", lower_same, "", 0, 0},
    {"_operator.eq", lower_binary, "Equal", 0, 0},
    {"_operator.ne", lower_not_equal, "Equal, Not", 0, 0},
    {"_operator.lt", lower_binary, "Less", 0, 0},
    {"_operator.le", lower_binary, "LessOrEqual", 0, 0},
    {"_operator.gt", lower_binary, "Greater", 0, 0},
    {"_operator.ge", lower_binary, "GreaterOrEqual", 0, 0},
    {"_operator.and_", lower_logic, "And", 0, 0},
    {"_operator.or_", lower_logic, "Or", 0, 0},
    {"_operator.not_", lower_not, "Not", 0, 0},
    {"torch.sym_not", lower_not, "Not", 0, 0},
    {"torch.sym_max", lower_binary, "Max", 0, 0},
    {"torch.sym_min", lower_binary, "Min", 0, 0},
    {"torch.sym_ite", lower_choice, "Where", 0, 0},
    {"torch.sym_sum", lower_sum, "ReduceSum", 0, 0},
    {"torch.sym_int", lower_to_int, "Cast", 0, 0},
    {"torch.sym_float", lower_to_float, "Cast", 0, 0},
    {"torch._sym_sqrt", lower_root, "Sqrt", 0, 0},
    {"math.trunc", lower_to_int, "Cast", 0, 0},
    {"math.floor", lower_to_int, "Floor", 0, 0},
    {"math.ceil", lower_to_int, "Ceil", 0, 0},
};

const mx_lowering_family mx_family_symbolic = {"symbolic numbers", rows, sizeof rows / sizeof *rows};
