/* Batch normalisation in the convolution before it: y = (conv(x) - mean) * s + bias with s = weight / sqrt(var + eps)
 * is a convolution whose weights are multiplied by s, channel by channel. Computed in double, rounded once. */
#include "torch_io/lower_fold_norm.h"

#include "converter/dtype.h"
#include "torch_io/build_internal.h"

#include <math.h>

typedef struct folding {
    mx_build *b;
    const mx_bop *conv;
    size_t channels, each; /* weights of one channel */
    float *weights, *bias; /* new ones */
} folding;

/* The numbers of a float32 weight or constant; NULL: it is neither, or holds another number of them. */
static const float *numbers(mx_build *b, mx_val v, size_t n) {
    if (v == MX_NO_VAL || mx_failed(b) || mx_elem_of(b, v) != MX_ELEM_FLOAT) return NULL;
    if (mx_numel_of(b, v) != (int64_t)n) return NULL;
    if (!mx_build_const(b, v) && mx_build_look(b, v)->kind == MX_BV_WEIGHT) mx_build_load(b, v);
    const mx_bvalue *c = mx_build_const(b, v);
    return c && c->n_bytes == n * sizeof(float) ? c->bytes : NULL;
}

static const mx_bop *convolution_of(const mx_build *b, mx_val x) {
    const mx_bvalue *v = mx_build_look(b, x);
    if (x == MX_NO_VAL || v->kind != MX_BV_OP || v->is_output || v->body != b->body) return NULL;
    const mx_bop *op = &b->ops[v->op];
    return strcmp(op->op, "Conv") == 0 && op->n_in >= 2 ? op : NULL;
}

static bool measure(folding *f) {
    int rank = mx_rank_of(f->b, f->conv->in[1]);
    int64_t all = mx_numel_of(f->b, f->conv->in[1]);
    mx_size channels = mx_size_of(f->b, f->conv->in[1], 0);
    if (rank < 3 || all < 1 || !mx_size_is_number(channels) || channels.value < 1) return false;
    f->channels = (size_t)channels.value;
    f->each = (size_t)all / f->channels;
    return true;
}

static bool compute(folding *f, const mx_stored_norm *n) {
    mx_build *b = f->b;
    mx_val own = f->conv->n_in > 2 ? f->conv->in[2] : MX_NO_VAL;
    const float *w = numbers(b, f->conv->in[1], f->channels * f->each), *old = numbers(b, own, f->channels),
                *scale = numbers(b, n->weight, f->channels), *shift = numbers(b, n->bias, f->channels),
                *mean = numbers(b, n->mean, f->channels), *var = numbers(b, n->var, f->channels);
    if (!w || !mean || !var || (own && !old) || (n->weight && !scale) || (n->bias && !shift)) return false;
    f->weights = mx_build_memory(b, f->channels * f->each, sizeof *f->weights);
    f->bias = mx_build_memory(b, f->channels, sizeof *f->bias);
    if (!f->weights || !f->bias) return false;
    for (size_t c = 0; c < f->channels; c++) {
        double s = (scale ? (double)scale[c] : 1.0) / sqrt((double)var[c] + n->eps);
        for (size_t i = 0; i < f->each; i++)
            f->weights[c * f->each + i] = (float)((double)w[c * f->each + i] * s);
        f->bias[c] = (float)(((old ? (double)old[c] : 0.0) - (double)mean[c]) * s + (shift ? (double)shift[c] : 0.0));
    }
    return true;
}

/* A constant that is called after the weight that it was made of. */
static mx_val constant_of(folding *f, const float *v, size_t rank, const int64_t *sizes, size_t n, mx_val made_of) {
    mx_build *b = f->b;
    mx_val out = mx_constant(b, MX_ELEM_FLOAT, sizes, rank, v, n * sizeof *v);
    const mx_bvalue *from = mx_build_look(b, made_of);
    if (out != MX_NO_VAL && made_of != MX_NO_VAL && from->kind == MX_BV_WEIGHT)
        b->values[out].name = b->p->weights[from->weight].name;
    return out;
}

mx_val mx_fold_norm(const mx_rule *r, const mx_stored_norm *n) {
    mx_build *b = r->b;
    folding f = {.b = b, .conv = b->fold_norms && !mx_failed(b) ? convolution_of(b, n->x) : NULL};
    if (!f.conv || !measure(&f) || !compute(&f, n)) return MX_NO_VAL;
    int64_t sizes[MX_MAX_RANK];
    mx_val x = f.conv->in[0], old = f.conv->in[1];
    size_t rank = (size_t)mx_rank_of(b, old), n_at = f.conv->n_at;
    const mx_at *at = f.conv->at;
    for (size_t k = 0; k < rank; k++)
        sizes[k] = mx_size_of(b, old, (int)k).value;
    mx_val w = constant_of(&f, f.weights, rank, sizes, f.channels * f.each, old);
    mx_val bias = constant_of(&f, f.bias, 1, sizes, f.channels, n->bias);
    uint32_t node = b->node;
    mx_build_at(b, f.conv->node); /* it stays in the convolution's module */
    mx_val y = mx_op(b, "Conv", MX_IN(x, w, bias), at, n_at);
    mx_build_at(b, node);
    b->n_folded_norms += y != MX_NO_VAL;
    return y;
}
