/* Losses. The argument "reduction" is 0 none, 1 mean, 2 sum. */
#include "torch_io/lower_numeric.h"

#include <math.h>

static const mx_axes all_axes = {.n = 0};

static mx_val operand(const mx_rule *r, size_t i) {
    return mx_arg_as(r, i, mx_out_elem(r, 0));
}

static void reduced(const mx_rule *r, mx_val loss, size_t reduction) {
    int64_t how = mx_arg_int(r, reduction);
    const char *op = how == 1 ? "ReduceMean" : "ReduceSum";
    r->out[0] = how == 0 ? loss : mx_reduce_any(r->b, op, loss, &all_axes, false);
}

static mx_val difference(const mx_rule *r) {
    return mx_op2(r->b, "Sub", operand(r, 0), operand(r, 1));
}

static void mse_loss(const mx_rule *r) {
    mx_val apart = difference(r);
    reduced(r, mx_op2(r->b, "Mul", apart, apart), 2);
}

static void l1_loss(const mx_rule *r) {
    reduced(r, mx_op1(r->b, "Abs", difference(r)), 2);
}

/* Below the limit a parabola, above it a line: smooth_l1_loss is huber_loss divided by its limit. */
static mx_val huber(mx_build *b, mx_val size, double limit, double scale) {
    mx_val parabola = mx_mul_number(b, mx_op2(b, "Mul", size, size), 0.5 * scale);
    mx_val line = mx_mul_number(b, mx_add_number(b, size, -0.5 * limit), limit * scale);
    return mx_where(b, mx_test_number(b, "Less", size, limit), parabola, line);
}

static void smooth_l1_loss(const mx_rule *r) {
    double beta = mx_arg_float(r, 3);
    mx_val size = mx_op1(r->b, "Abs", difference(r));
    reduced(r, beta == 0 ? size : huber(r->b, size, beta, 1 / beta), 2);
}

static void huber_loss(const mx_rule *r) {
    reduced(r, huber(r->b, mx_op1(r->b, "Abs", difference(r)), mx_arg_float(r, 3), 1), 2);
}

/* log(1 + exp(-target * x)) */
static void soft_margin_loss(const mx_rule *r) {
    mx_val product = mx_op2(r->b, "Mul", operand(r, 0), operand(r, 1));
    reduced(r, mx_math1(r->b, "Softplus", mx_op1(r->b, "Neg", product)), 2);
}

static mx_val one_minus(mx_build *b, mx_val x) {
    return mx_op2(b, "Sub", mx_number_like(b, x, 1), x);
}

/* Logarithms not below -100, as torch has it. */
static mx_val bounded_log(mx_build *b, mx_val x) {
    return mx_clip(b, mx_op1(b, "Log", x), mx_number_like(b, x, -100), MX_NO_VAL);
}

static mx_val weighted(const mx_rule *r, mx_val loss, size_t weight) {
    return mx_arg_none(r, weight) ? loss : mx_op2(r->b, "Mul", loss, operand(r, weight));
}

static void binary_cross_entropy(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val x = operand(r, 0), target = operand(r, 1);
    mx_val hit = mx_op2(b, "Mul", target, bounded_log(b, x));
    mx_val miss = mx_op2(b, "Mul", one_minus(b, target), bounded_log(b, one_minus(b, x)));
    reduced(r, weighted(r, mx_op1(b, "Neg", mx_op2(b, "Add", hit, miss)), 2), 3);
}

/* (1 - target) x + (1 + (pos_weight - 1) target) log(1 + e^-x) */
static void binary_cross_entropy_with_logits(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val x = operand(r, 0), target = operand(r, 1);
    mx_val miss = mx_op2(b, "Mul", one_minus(b, target), x);
    mx_val hit = mx_math1(b, "Softplus", mx_op1(b, "Neg", x));
    if (!mx_arg_none(r, 3)) {
        mx_val more = mx_op2(b, "Mul", mx_add_number(b, operand(r, 3), -1), target);
        hit = mx_op2(b, "Mul", hit, mx_add_number(b, more, 1));
    }
    reduced(r, weighted(r, mx_op2(b, "Add", miss, hit), 2), 4);
}

/* kl_div(self, target, reduction, log_target): target (log target - self), 0 where the target is */
static void kl_div(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val x = operand(r, 0), target = operand(r, 1);
    if (mx_arg_bool(r, 3)) {
        reduced(r, mx_op2(b, "Mul", mx_op1(b, "Exp", target), mx_op2(b, "Sub", target, x)), 2);
        return;
    }
    mx_val zero = mx_number_like(b, x, 0);
    mx_val own = mx_op2(b, "Mul", target, mx_op1(b, "Log", target));
    own = mx_where(b, mx_op2(b, "Equal", target, zero), zero, own);
    reduced(r, mx_op2(b, "Sub", own, mx_op2(b, "Mul", target, x)), 2);
}

/* margin_ranking_loss(input1, input2, target, margin, reduction) */
static void margin_ranking_loss(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val apart = mx_op2(b, "Mul", mx_op1(b, "Neg", operand(r, 2)), difference(r));
    reduced(r, mx_op1(b, "Relu", mx_add_number(b, apart, mx_arg_float(r, 3))), 4);
}

/* What a pair costs, whose target says 1 (alike) or -1 (not): both, where it is neither of them. */
static mx_val of_pairs(const mx_rule *r, mx_val target, mx_val alike, mx_val apart, bool neither) {
    mx_build *b = r->b;
    mx_val none = mx_number_like(b, alike, 0);
    mx_val is = mx_op2(b, "Equal", target, mx_number_like(b, target, 1));
    mx_val not = mx_op2(b, "Equal", target, mx_number_like(b, target, -1));
    mx_val first = neither ? mx_not(b, not ) : is, second = neither ? mx_not(b, is) : not ;
    return mx_op2(b, "Add", mx_op(b, "Where", MX_IN(first, alike, none), MX_NO_AT),
                  mx_op(b, "Where", MX_IN(second, apart, none), MX_NO_AT));
}

/* hinge_embedding_loss(self, target, margin, reduction) */
static void hinge_embedding_loss(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val x = operand(r, 0);
    mx_val apart = mx_op1(b, "Relu", mx_add_number(b, mx_op1(b, "Neg", x), mx_arg_float(r, 2)));
    reduced(r, of_pairs(r, operand(r, 1), x, apart, true), 3);
}

/* cosine_embedding_loss(input1, input2, target, margin, reduction) */
static void cosine_embedding_loss(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val x = operand(r, 0), y = operand(r, 1);
    const mx_axes last = {.at = {mx_rank_of(b, x) - 1}, .n = 1};
    mx_val sums[3] = {mx_op2(b, "Mul", x, y), mx_op2(b, "Mul", x, x), mx_op2(b, "Mul", y, y)};
    for (int k = 0; k < 3; ++k)
        sums[k] = mx_reduce_any(b, "ReduceSum", sums[k], &last, false);
    for (int k = 1; k < 3; ++k)
        sums[k] = mx_add_number(b, sums[k], 1e-12); /* as PyTorch has it */
    mx_val cosine = mx_op2(b, "Div", sums[0], mx_op1(b, "Sqrt", mx_op2(b, "Mul", sums[1], sums[2])));
    mx_val alike = mx_add_number(b, mx_op1(b, "Neg", cosine), 1);
    mx_val apart = mx_op1(b, "Relu", mx_add_number(b, cosine, -mx_arg_float(r, 3)));
    reduced(r, of_pairs(r, operand(r, 2), alike, apart, false), 4);
}

/* ---- classes ---- */

static const char *reduction_name(const mx_rule *r, size_t i) {
    static const char *const names[] = {"none", "mean", "sum"};
    int64_t how = mx_arg_int(r, i);
    return names[how < 0 || how > 2 ? 0 : how];
}

/* Of log probabilities x [N, C, ...] and classes [N, ...]; without a batch: [C] and one class. Arguments from `first`
 * on: weight, reduction, ignore_index. */
static mx_val negative_log_likelihood(const mx_rule *r, mx_val x, size_t first) {
    mx_build *b = r->b;
    mx_val classes = mx_arg_as(r, 1, MX_ELEM_INT64);
    bool single = mx_rank_of(b, x) == 1;
    if (single) {
        x = mx_unsqueeze1(b, x, 0);
        classes = mx_unsqueeze1(b, classes, 0);
    }
    const mx_at at[] = {mx_at_s("reduction", reduction_name(r, first + 1)),
                        mx_at_i("ignore_index", mx_arg_int(r, first + 2))};
    mx_val in[] = {x, classes, mx_arg_none(r, first) ? MX_NO_VAL : operand(r, first)};
    mx_val out = mx_op(b, "NegativeLogLikelihoodLoss", in, in[2] ? 3 : 2, at, 2);
    return single && mx_arg_int(r, first + 1) == 0 ? mx_squeeze1(b, out, 0) : out;
}

static void nll_loss(const mx_rule *r) {
    r->out[0] = negative_log_likelihood(r, operand(r, 0), 2);
    if (mx_output_used(r, 1)) mx_cannot(r->b, "the sum of the weights is an output for gradients only");
}

/* Log probabilities times the weight of their class, where there are weights. */
static mx_val by_class(const mx_rule *r, mx_val x, int64_t axis) {
    int64_t sizes[MX_MAX_RANK];
    int rank = mx_rank_of(r->b, x);
    if (mx_arg_none(r, 2)) return x;
    for (int k = 0; k < rank; ++k)
        sizes[k] = k == 0 ? -1 : 1;
    mx_val weight = mx_reshape_to(r->b, operand(r, 2), sizes, rank > axis ? (size_t)(rank - axis) : 0);
    return mx_op2(r->b, "Mul", x, weight);
}

/* The target holds probabilities: -sum(target * x) over the classes; the mean is over all but the classes. */
static void of_probabilities(const mx_rule *r, mx_val x, int64_t axis) {
    mx_build *b = r->b;
    double smoothing = mx_arg_float(r, 5);
    int64_t known;
    const mx_axes classes = {.at = {axis}, .n = 1};
    mx_val target = operand(r, 1);
    if (smoothing != 0) {
        mx_val count = mx_cast(b, mx_count_over(b, x, &classes, &known), mx_elem_of(b, x));
        mx_val share = mx_op2(b, "Div", mx_number_like(b, x, smoothing), count);
        target = mx_op2(b, "Add", mx_mul_number(b, target, 1 - smoothing), share);
    }
    mx_val sum = mx_reduce_any(b, "ReduceSum", mx_op2(b, "Mul", target, by_class(r, x, axis)), &classes, false);
    reduced(r, mx_op1(b, "Neg", sum), 3);
}

/* How much each element counts in the mean: 0 where the target is ignored, else the weight of its class, or 1. */
static mx_val mean_shares(const mx_rule *r, mx_val target, mx_val counts) {
    mx_build *b = r->b;
    if (mx_arg_none(r, 2)) return counts;
    mx_val kept = mx_op2(b, "Mul", target, mx_cast(b, counts, MX_ELEM_INT64)); /* what is ignored may be no class */
    return mx_op2(b, "Mul", mx_gather(b, operand(r, 2), kept, 0), counts);
}

/* Classes with smoothing: a share of the loss is the mean of all log probabilities of the elements that count. */
static void smoothed(const mx_rule *r, mx_val x, int64_t axis) {
    mx_build *b = r->b;
    double smoothing = mx_arg_float(r, 5);
    const mx_axes classes = {.at = {axis}, .n = 1};
    mx_val target = mx_arg_as(r, 1, MX_ELEM_INT64);
    mx_val own = mx_mul_number(b, negative_log_likelihood(r, x, 2), 1 - smoothing);
    mx_val counts = mx_not(b, mx_op2(b, "Equal", target, mx_scalar_int(b, MX_ELEM_INT64, mx_arg_int(r, 4))));
    counts = mx_cast(b, counts, mx_elem_of(b, x));
    mx_val rest = mx_op1(b, "Neg", mx_reduce_any(b, "ReduceMean", by_class(r, x, axis), &classes, false));
    rest = mx_mul_number(b, mx_op2(b, "Mul", rest, counts), smoothing);
    if (mx_arg_int(r, 3) != 0) rest = mx_reduce_any(b, "ReduceSum", rest, &all_axes, false);
    if (mx_arg_int(r, 3) == 1)
        rest = mx_op2(b, "Div", rest, mx_reduce_any(b, "ReduceSum", mean_shares(r, target, counts), &all_axes, false));
    r->out[0] = mx_op2(b, "Add", own, rest);
}

/* cross_entropy_loss(self, target, weight, reduction, ignore_index, label_smoothing) */
static void cross_entropy_loss(const mx_rule *r) {
    mx_build *b = r->b;
    mx_val x = operand(r, 0);
    int64_t axis = mx_rank_of(b, x) == 1 ? 0 : 1;
    x = mx_op(b, "LogSoftmax", MX_IN(x), MX_AT(mx_at_i("axis", axis)));
    if (mx_is_float(mx_elem_of(b, mx_arg(r, 1))))
        of_probabilities(r, x, axis);
    else if (mx_arg_float(r, 5) != 0)
        smoothed(r, x, axis);
    else
        r->out[0] = negative_log_likelihood(r, x, 2);
}

static const mx_lowering rows[] = {
    {"aten.binary_cross_entropy.default", binary_cross_entropy, "Log, Clip, Mul, Add, ReduceMean", 0, 0},
    {"aten.binary_cross_entropy_with_logits.default", binary_cross_entropy_with_logits,
     "Softplus, Mul, Add, ReduceMean", 0, 0},
    {"aten.cosine_embedding_loss.default", cosine_embedding_loss, "Mul, ReduceSum, Sqrt, Div, Where, ReduceMean", 0, 0},
    {"aten.cross_entropy_loss.default", cross_entropy_loss, "LogSoftmax, NegativeLogLikelihoodLoss", 0, 0},
    {"aten.hinge_embedding_loss.default", hinge_embedding_loss, "Neg, Relu, Where, ReduceMean", 0, 0},
    {"aten.huber_loss.default", huber_loss, "Sub, Abs, Less, Where, ReduceMean", 0, 0},
    {"aten.kl_div.default", kl_div, "Log, Mul, Sub, ReduceMean", 0, 0},
    {"aten.l1_loss.default", l1_loss, "Sub, Abs, ReduceMean", 0, 0},
    {"aten.margin_ranking_loss.default", margin_ranking_loss, "Sub, Mul, Relu, ReduceMean", 0, 0},
    {"aten.mse_loss.default", mse_loss, "Sub, Mul, ReduceMean", 0, 0},
    {"aten.nll_loss.default", nll_loss, "NegativeLogLikelihoodLoss", 0, 0},
    {"aten.nll_loss2d.default", nll_loss, "NegativeLogLikelihoodLoss", 0, 0},
    {"aten.nll_loss2d_forward.default", nll_loss, "NegativeLogLikelihoodLoss", 0, 0},
    {"aten.nll_loss_forward.default", nll_loss, "NegativeLogLikelihoodLoss", 0, 0},
    {"aten.nll_loss_nd.default", nll_loss, "NegativeLogLikelihoodLoss", 0, 0},
    {"aten.smooth_l1_loss.default", smooth_l1_loss, "Sub, Abs, Less, Where, ReduceMean", 0, 0},
    {"aten.soft_margin_loss.default", soft_margin_loss, "Mul, Neg, Softplus, ReduceMean", 0, 0},
};

const mx_lowering_family mx_family_loss = {"losses", rows, sizeof rows / sizeof *rows};
