/* The arguments of a node, as rules ask for them. */
#include "torch_io/lower.h"

#include "torch_io/lower_run.h"

#include <stdio.h>

static const mx_parg no_argument = {.kind = MX_ARG_NONE};

static const mx_parg *arg(const mx_rule *r, size_t i) {
    return i < r->node->n_args ? &r->node->args[i] : &no_argument;
}

/* The argument's name for messages. */
static mx_shown shown(const mx_rule *r, size_t i) {
    mx_shown s;
    mx_str name = mx_ptext(r->p, arg(r, i)->name);
    if (name.n) return mx_show(name);
    snprintf(s.text, sizeof s.text, "%zu", i + 1);
    return s;
}

static void unfit(const mx_rule *r, size_t i, const char *what) {
    mx_cannot(r->b, "argument %s %s", shown(r, i).text, what);
}

bool mx_arg_none(const mx_rule *r, size_t i) {
    return arg(r, i)->kind == MX_ARG_NONE;
}

/* ---- as values ---- */

mx_val mx_arg(const mx_rule *r, size_t i) {
    const mx_parg *a = arg(r, i);
    if (mx_failed(r->b) || a->kind == MX_ARG_NONE) return MX_NO_VAL;
    mx_val v = a->kind == MX_ARG_VALUE ? mx_lower_value(r->lower, a->value) : mx_lower_number(r->b, a);
    if (v == MX_NO_VAL) unfit(r, i, "is neither a tensor nor a number");
    return v;
}

static mx_val number_as(mx_build *b, const mx_parg *a, int32_t elem) {
    return a->kind == MX_ARG_FLOAT ? mx_scalar(b, elem, a->f) : mx_scalar_int(b, elem, a->i);
}

mx_val mx_arg_as(const mx_rule *r, size_t i, int32_t elem) {
    const mx_parg *a = arg(r, i);
    if (elem == MX_ELEM_BFLOAT16) elem = MX_ELEM_FLOAT;
    if (a->kind == MX_ARG_INT || a->kind == MX_ARG_BOOL || a->kind == MX_ARG_FLOAT) return number_as(r->b, a, elem);
    mx_val v = mx_arg(r, i);
    if (v != MX_NO_VAL && r->p->values[a->value].kind != MX_PV_TENSOR) v = mx_as_scalar(r->b, v);
    return v == MX_NO_VAL ? v : mx_cast(r->b, v, elem);
}

size_t mx_arg_count(const mx_rule *r, size_t i) {
    switch (arg(r, i)->kind) {
    case MX_ARG_NONE: return 0;
    case MX_ARG_VALUES:
    case MX_ARG_INTS:
    case MX_ARG_FLOATS:
    case MX_ARG_BOOLS:
    case MX_ARG_STRINGS:
    case MX_ARG_COMPLEX: return arg(r, i)->count;
    default: return 1;
    }
}

mx_val mx_arg_item(const mx_rule *r, size_t i, size_t k) {
    const mx_parg *a = arg(r, i);
    if (a->kind == MX_ARG_VALUE && k == 0) return mx_arg(r, i);
    if (a->kind != MX_ARG_VALUES || k >= a->count) {
        unfit(r, i, "is no list of tensors, or too short");
        return MX_NO_VAL;
    }
    return a->values[k] == MX_NONE ? MX_NO_VAL : mx_lower_value(r->lower, a->values[k]);
}

/* ---- as numbers ---- */

/* A symbolic number that is known after all. */
static bool known_number(const mx_rule *r, uint32_t value, int64_t *out) {
    const mx_pvalue *v = &r->p->values[value];
    size_t n;
    if (v->kind == MX_PV_INT && mx_size_is_number(v->size) && v->size.value >= 0) {
        *out = v->size.value;
        return true;
    }
    return v->kind != MX_PV_FLOAT && r->lower->values[value] != MX_NO_VAL &&
           mx_const_ints(r->b, r->lower->values[value], out, 1, &n) && n == 1;
}

static bool known_int(const mx_rule *r, const mx_parg *a, int64_t *out) {
    if (a->kind == MX_ARG_INT || a->kind == MX_ARG_BOOL || a->kind == MX_ARG_DTYPE) {
        *out = a->i;
        return true;
    }
    return a->kind == MX_ARG_VALUE && known_number(r, a->value, out);
}

int64_t mx_arg_int(const mx_rule *r, size_t i) {
    int64_t v = 0;
    const mx_parg *a = arg(r, i);
    if (a->kind == MX_ARG_FLOAT && a->f == (double)(int64_t)a->f) return (int64_t)a->f;
    if (!mx_failed(r->b) && !known_int(r, a, &v)) unfit(r, i, "is no integer that is known when the model is written");
    return v;
}

bool mx_arg_bool(const mx_rule *r, size_t i) {
    return mx_arg_none(r, i) ? false : mx_arg_int(r, i) != 0;
}

double mx_arg_float(const mx_rule *r, size_t i) {
    const mx_parg *a = arg(r, i);
    double v = 0;
    if (a->kind == MX_ARG_FLOAT) return a->f;
    if (a->kind == MX_ARG_VALUE && r->lower->values[a->value] != MX_NO_VAL &&
        mx_const_number(r->b, r->lower->values[a->value], &v))
        return v;
    return (double)mx_arg_int(r, i);
}

bool mx_arg_is_text(const mx_rule *r, size_t i, const char *text) {
    const mx_parg *a = arg(r, i);
    return a->kind == MX_ARG_STRING && mx_str_is(mx_ptext(r->p, a->text), text);
}

int32_t mx_arg_dtype(const mx_rule *r, size_t i, int32_t otherwise) {
    if (mx_arg_none(r, i)) return otherwise == MX_ELEM_BFLOAT16 ? MX_ELEM_FLOAT : otherwise;
    int64_t v = mx_arg_int(r, i);
    return v == MX_ELEM_BFLOAT16 ? MX_ELEM_FLOAT : (int32_t)v;
}

char mx_arg_scalar_kind(const mx_rule *r, size_t i) {
    static const char symbolic[] = {[MX_PV_TENSOR] = 0, [MX_PV_INT] = 'i', [MX_PV_FLOAT] = 'f', [MX_PV_BOOL] = 'b'};
    const mx_parg *a = arg(r, i);
    switch (a->kind) {
    case MX_ARG_INT: return 'i';
    case MX_ARG_FLOAT: return 'f';
    case MX_ARG_BOOL: return 'b';
    case MX_ARG_VALUE: return symbolic[r->p->values[a->value].kind];
    default: return 0;
    }
}

/* ---- lists of sizes ---- */

static bool is_int_list(const mx_parg *a) {
    return a->kind == MX_ARG_INTS || a->kind == MX_ARG_BOOLS;
}

bool mx_arg_ints(const mx_rule *r, size_t i, int64_t *out, size_t max, size_t *n) {
    const mx_parg *a = arg(r, i);
    *n = 0;
    if (a->kind == MX_ARG_NONE) return true;
    if (a->kind == MX_ARG_VALUES && a->count == 0) return true;
    if (!is_int_list(a)) {
        *n = 1;
        return max > 0 && known_int(r, a, out);
    }
    if (a->count > max) return false;
    for (*n = 0; *n < a->count; ++*n) {
        const mx_pitem *item = &a->items[*n];
        out[*n] = item->i;
        if (item->value != MX_NONE && !known_number(r, item->value, &out[*n])) return false;
    }
    return true;
}

size_t mx_arg_const_ints(const mx_rule *r, size_t i, int64_t *out, size_t max) {
    size_t n = 0;
    if (mx_failed(r->b) || mx_arg_ints(r, i, out, max, &n)) return n;
    if (mx_arg_count(r, i) > max)
        unfit(r, i, "has too many elements");
    else
        unfit(r, i, "is no list of integers that are known when the model is written");
    return 0;
}

/* Numbers that stand side by side become one constant. */
static mx_val join_sizes(const mx_rule *r, const mx_parg *a) {
    int64_t run[MX_MAX_RANK];
    mx_val parts[MX_MAX_RANK];
    size_t n_parts = 0, n_run = 0;
    if (a->count > MX_MAX_RANK) {
        mx_cannot(r->b, "a list has %u elements, more than %d", a->count, MX_MAX_RANK);
        return MX_NO_VAL;
    }
    for (uint32_t k = 0; k <= a->count; k++) {
        int64_t number = 0;
        bool last = k == a->count;
        if (!last) number = a->items[k].i;
        if (!last && (a->items[k].value == MX_NONE || known_number(r, a->items[k].value, &number))) {
            run[n_run++] = number;
            continue;
        }
        if (n_run) parts[n_parts++] = mx_int64s(r->b, run, n_run);
        n_run = 0;
        if (!last) parts[n_parts++] = mx_lower_value(r->lower, a->items[k].value);
    }
    if (n_parts == 0) return mx_int64s(r->b, run, 0);
    return n_parts == 1 ? parts[0] : mx_concat(r->b, parts, n_parts, 0);
}

mx_val mx_arg_sizes(const mx_rule *r, size_t i) {
    const mx_parg *a = arg(r, i);
    if (mx_failed(r->b)) return MX_NO_VAL;
    if (is_int_list(a)) return join_sizes(r, a);
    if (a->kind == MX_ARG_VALUES && a->count == 0) return mx_int64s(r->b, (const int64_t[]){0}, 0);
    return mx_arg_size(r, i);
}

mx_val mx_arg_size(const mx_rule *r, size_t i) {
    const mx_parg *a = arg(r, i);
    int64_t v;
    if (mx_failed(r->b)) return MX_NO_VAL;
    if (known_int(r, a, &v)) return mx_int64(r->b, v);
    if (a->kind == MX_ARG_VALUE)
        return mx_as_vector(r->b, mx_cast(r->b, mx_lower_value(r->lower, a->value), MX_ELEM_INT64));
    unfit(r, i, "is no size");
    return MX_NO_VAL;
}

mx_size mx_arg_size_known(const mx_rule *r, size_t i, size_t k) {
    const mx_parg *a = arg(r, i);
    uint32_t value = MX_NONE;
    int64_t number = 0;
    if (is_int_list(a) && k < a->count) {
        number = a->items[k].i;
        value = a->items[k].value;
    } else if (k == 0 && (a->kind == MX_ARG_INT || a->kind == MX_ARG_VALUE)) {
        number = a->kind == MX_ARG_INT ? a->i : 0;
        value = a->kind == MX_ARG_VALUE ? a->value : MX_NONE;
    } else {
        return mx_size_unknown();
    }
    if (value == MX_NONE || known_number(r, value, &number)) return (mx_size){.value = number};
    return r->p->values[value].kind == MX_PV_INT ? r->p->values[value].size : mx_size_unknown();
}

/* ---- outputs ---- */

static const mx_pvalue *output(const mx_rule *r, size_t i) {
    static const mx_pvalue nothing = {.rank = MX_NONE, .node = MX_NONE};
    if (i >= r->node->n_outputs || r->node->outputs[i] == MX_NONE) return &nothing;
    return &r->p->values[r->node->outputs[i]];
}

int32_t mx_out_elem(const mx_rule *r, size_t i) {
    int32_t elem = output(r, i)->elem;
    return elem == MX_ELEM_BFLOAT16 ? MX_ELEM_FLOAT : elem;
}

int mx_out_rank(const mx_rule *r, size_t i) {
    return output(r, i)->rank == MX_NONE ? -1 : (int)output(r, i)->rank;
}

const mx_size *mx_out_sizes(const mx_rule *r, size_t i) {
    return output(r, i)->sizes;
}

bool mx_output_used(const mx_rule *r, size_t i) {
    return i < r->node->n_outputs && r->node->outputs[i] != MX_NONE && r->lower->used[r->node->outputs[i]];
}

/* A size that a tensor has at one of its axes. */
static mx_val size_in_tensor(const mx_rule *r, uint32_t value, mx_size size) {
    const mx_pvalue *v = &r->p->values[value];
    if (v->kind == MX_PV_INT && mx_size_equal(v->size, size) && r->lower->values[value])
        return mx_lower_value(r->lower, value);
    if (v->kind != MX_PV_TENSOR || !v->sizes || !r->lower->values[value]) return MX_NO_VAL;
    for (uint32_t k = 0; k < v->rank; k++)
        if (mx_size_equal(v->sizes[k], size)) return mx_dim(r->b, r->lower->values[value], k);
    return MX_NO_VAL;
}

static mx_val size_in_argument(const mx_rule *r, const mx_parg *a, mx_size size) {
    mx_val v = MX_NO_VAL;
    if (a->kind == MX_ARG_VALUE) return size_in_tensor(r, a->value, size);
    for (uint32_t k = 0; k < a->count && v == MX_NO_VAL; k++) {
        if (a->kind == MX_ARG_VALUES && a->values[k] != MX_NONE) v = size_in_tensor(r, a->values[k], size);
        if (is_int_list(a) && a->items[k].value != MX_NONE) v = size_in_tensor(r, a->items[k].value, size);
    }
    return v;
}

/* Symbols come from the model's inputs: they have them at some axis, whatever the node itself is given. */
static mx_val find_size(const mx_rule *r, mx_size size) {
    const mx_pgraph *g = &r->p->graphs[0];
    mx_val v = MX_NO_VAL;
    if (mx_size_is_number(size)) return size.value < 0 ? MX_NO_VAL : mx_int64(r->b, size.value);
    if (size.expr == MX_SID_EMPTY) return MX_NO_VAL;
    for (uint32_t i = 0; i < r->node->n_args && v == MX_NO_VAL; i++)
        v = size_in_argument(r, &r->node->args[i], size);
    for (uint32_t i = 0; i < g->n_inputs && v == MX_NO_VAL; i++)
        if (i < r->p->n_inputs && r->p->inputs[i].kind == MX_PIN_USER && g->inputs[i] != MX_NONE)
            v = size_in_tensor(r, g->inputs[i], size);
    return v;
}

mx_val mx_out_shape(const mx_rule *r, size_t i) {
    const mx_pvalue *v = output(r, i);
    mx_val parts[MX_MAX_RANK];
    if (mx_failed(r->b) || v->rank > MX_MAX_RANK || !v->sizes) return MX_NO_VAL;
    for (uint32_t k = 0; k < v->rank; k++)
        if ((parts[k] = find_size(r, v->sizes[k])) == MX_NO_VAL) return MX_NO_VAL;
    if (v->rank == 0) return mx_int64s(r->b, (const int64_t[]){0}, 0);
    return v->rank == 1 ? parts[0] : mx_concat(r->b, parts, v->rank, 0);
}

int32_t mx_arg_program_elem(const mx_rule *r, size_t i) {
    const mx_parg *a = arg(r, i);
    if (a->kind == MX_ARG_VALUES && a->count && a->values[0] != MX_NONE) return r->p->values[a->values[0]].elem;
    return a->kind == MX_ARG_VALUE ? r->p->values[a->value].elem : 0;
}

/* ---- kinds of things ---- */

int64_t mx_axis(const mx_rule *r, int64_t axis, int rank) {
    int64_t n = rank == 0 ? 1 : rank;
    if (mx_failed(r->b)) return 0;
    if (rank < 0) {
        mx_cannot(r->b, "the number of axes is not known");
        return 0;
    }
    if (axis < -n || axis >= n) {
        mx_cannot(r->b, "axis %lld is not one of %d", (long long)axis, rank);
        return 0;
    }
    return axis < 0 ? axis + n : axis;
}

bool mx_is_float(int32_t elem) {
    return elem == MX_ELEM_FLOAT || elem == MX_ELEM_DOUBLE || elem == MX_ELEM_FLOAT16 || elem == MX_ELEM_BFLOAT16 ||
           (elem >= MX_ELEM_FLOAT8E4M3FN && elem <= MX_ELEM_FLOAT8E5M2FNUZ) || elem == MX_ELEM_FLOAT8E8M0;
}

bool mx_is_int(int32_t elem) {
    return (elem >= MX_ELEM_UINT8 && elem <= MX_ELEM_INT64) || elem == MX_ELEM_UINT32 || elem == MX_ELEM_UINT64;
}
