/* Sizes as values, and Reshape in terms of the sizes that are known. */
#include "torch_io/build_internal.h"

/* ---- one size ---- */

/* The input that has an expression among its sizes: every other place of that size is the same number. */
static bool find_input_size(const mx_build *b, mx_sid expr, mx_val *input, int *axis) {
    uint32_t found;
    size_t at = expr;
    if (expr <= MX_SID_EMPTY) return false;
    while ((found = mx_slots_next(&b->input_sizes, expr, &at)) != 0) {
        const mx_bvalue *v = &b->values[found - 1];
        for (int i = 0; i < v->rank; i++) {
            if (v->sizes[i].expr != expr) continue;
            *input = found - 1;
            *axis = i;
            return true;
        }
    }
    return false;
}

void mx_build_note_input(mx_build *b, mx_val input) {
    const mx_bvalue v = *mx_build_look(b, input);
    mx_val other;
    int axis;
    for (int i = 0; v.sizes && i < v.rank; i++) {
        mx_sid expr = v.sizes[i].expr;
        if (expr <= MX_SID_EMPTY || find_input_size(b, expr, &other, &axis)) continue;
        if (!mx_slots_add(b->arena.allocator, &b->input_sizes, expr, input + 1)) mx_build_nomem(b);
    }
}

static mx_val emit_size(mx_build *b, mx_val v, int axis) {
    if (b->opset < 15) {
        mx_val in[2] = {mx_build_emit1(b, &(mx_ask){"Shape", &v, NULL, 1, 0}), mx_int64(b, axis)};
        return mx_build_emit1(b, &(mx_ask){"Gather", in, NULL, 2, 0});
    }
    mx_at at[2] = {mx_at_i("start", axis), mx_at_i("end", axis + 1)};
    return mx_build_emit1(b, &(mx_ask){"Shape", &v, at, 1, 2});
}

bool mx_build_named_size(mx_build *b, mx_size s, mx_val *out) {
    mx_val input;
    int axis;
    if (mx_size_is_number(s) || !find_input_size(b, s.expr, &input, &axis)) return false;
    *out = emit_size(b, input, axis);
    return true;
}

mx_val mx_build_dim(mx_build *b, mx_val v, int64_t axis) {
    int rank = mx_rank_of(b, v);
    mx_val out;
    if (mx_failed(b) || v == MX_NO_VAL) return MX_NO_VAL;
    if (axis < 0) axis += rank;
    if (axis < 0 || axis >= rank) {
        mx_cannot(b, "a tensor of rank %d has no such size", rank);
        return MX_NO_VAL;
    }
    mx_size s = mx_size_of(b, v, (int)axis);
    if (mx_size_is_number(s)) return mx_int64(b, s.value);
    return mx_build_named_size(b, s, &out) ? out : emit_size(b, v, (int)axis);
}

bool mx_build_items(const mx_build *b, mx_val v, mx_size *items, size_t max, size_t *n) {
    const mx_bvalue *value = mx_build_look(b, v);
    const mx_bvalue *c = mx_build_const(b, v);
    int64_t dims[MX_MAX_RANK];
    *n = c ? mx_const_dims(c, dims) : value->n_items;
    if (v == MX_NO_VAL || *n > max || (c ? !mx_elem_is_int(c->elem) : !value->items)) return false;
    for (size_t i = 0; i < *n; i++)
        items[i] = c ? mx_size_number(mx_load_int(c->bytes, i, c->elem)) : value->items[i];
    return true;
}

/* ---- Reshape ---- */

/* A list of sizes, as it is wanted: numbers (0 is 0), expressions, not known; `open` is where -1 stands, -1: nowhere.
 */
typedef struct wanted {
    mx_size sizes[MX_MAX_RANK];
    size_t n;
    int open;
    bool empty;  /* one of the numbers is 0 */
    bool copies; /* a 0 stood for the input's size */
} wanted;

enum { CHAIN = 16 }; /* links that are looked through; most chains were shortened link by link */

/* What a chain of operators begins with that give the same elements other sizes. */
static mx_val before_reshapes(const mx_build *b, mx_val v) {
    static const char *const names[] = {"Reshape", "Unsqueeze", "Squeeze", "Flatten"};
    for (int link = 0; link < CHAIN; link++) {
        const mx_bop *o = NULL;
        for (size_t i = 0; i < sizeof names / sizeof *names && !o; i++)
            o = mx_build_made_by(b, v, names[i]);
        if (!o) break;
        v = o->in[0];
    }
    return v;
}

/* A symbol of torch.export's that stands for a size that is not 0: it takes 0 and 1 for numbers of their own. */
static bool cannot_be_zero(const mx_build *b, mx_size s) {
    mx_str text = s.expr < b->p->strings.count ? mx_ptext(b->p, s.expr) : (mx_str){NULL, 0};
    if (text.n < 2 || text.p[0] != 's') return false;
    for (size_t i = 1; i < text.n; i++)
        if (text.p[i] < '0' || text.p[i] > '9') return false;
    return true;
}

static bool is_above_zero(const mx_build *b, mx_size s) {
    return mx_size_is_number(s) ? s.value > 0 : cannot_be_zero(b, s);
}

/* One size may be unknown: where all others are the same, and not 0, it is the same too. */
static bool has_sizes(const mx_build *b, mx_val v, const wanted *w) {
    size_t other = 0, zero = 0;
    if (mx_rank_of(b, v) != (int)w->n) return false;
    for (size_t i = 0; i < w->n; i++) {
        bool equal = mx_size_equal(mx_size_of(b, v, (int)i), w->sizes[i]);
        if (!equal && mx_size_is_number(w->sizes[i])) return false;
        other += !equal;
        zero += equal && !is_above_zero(b, w->sizes[i]);
    }
    return other == 0 || (other == 1 && zero == 0);
}

/* The list as constants: at most one place is -1, and 0 stands where v has the same size at the same place. */
static bool as_constants(const mx_build *b, mx_val v, const wanted *w, int64_t *list) {
    int copies = 0, zeros = 0;
    size_t open = 0, unknown = 0;
    for (size_t i = 0; i < w->n; i++)
        unknown += !mx_size_is_number(w->sizes[i]);
    for (size_t i = 0; i < w->n; i++) {
        list[i] = mx_size_is_number(w->sizes[i]) ? w->sizes[i].value : -1;
        bool copied = list[i] < 0 && unknown > 1 && mx_size_equal(w->sizes[i], mx_size_of(b, v, (int)i));
        if (copied) {
            list[i] = 0;
            copies++;
            zeros += !cannot_be_zero(b, w->sizes[i]);
        } else if (list[i] < 0) {
            open++;
        }
    }
    if (w->empty && unknown > 0) return false;
    return open == 0 || (open == 1 && (copies == 0 || zeros == 0));
}

static mx_val emit_reshape(mx_build *b, mx_val v, mx_val sizes, bool allow_zero) {
    mx_at at = mx_at_i("allowzero", 1);
    mx_val in[2] = {v, sizes};
    mx_ask ask = {"Reshape", in, &at, 2, allow_zero};
    mx_val out = MX_NO_VAL;
    if (mx_build_fold(b, &ask, &out)) return out;
    return mx_build_emit1(b, &ask);
}

/* Sizes that are wanted say more than the inference can find out. */
static mx_val reshape_known(mx_build *b, mx_val v, const wanted *w, mx_val sizes) {
    int64_t list[MX_MAX_RANK];
    mx_val first = before_reshapes(b, v), out;
    if (has_sizes(b, v, w)) return v;
    if (has_sizes(b, first, w)) return first;
    if (as_constants(b, first, w, list))
        out = emit_reshape(b, first, mx_int64s(b, list, w->n), w->empty);
    else if (as_constants(b, v, w, list))
        out = emit_reshape(b, v, mx_int64s(b, list, w->n), w->empty);
    else
        out = emit_reshape(b, w->copies ? v : first, sizes, !w->copies && w->open < 0);
    mx_set_type(b, out, mx_elem_of(b, v), (int)w->n, w->sizes);
    return out;
}

/* What -1 stands for, where all sizes are numbers; or the one expression that is left over. */
static mx_size left_over(const mx_build *b, mx_val v, const wanted *w) {
    bool taken[MX_MAX_RANK] = {false};
    int64_t have = 1, want = 1;
    mx_size name = mx_size_number(1);
    for (size_t i = 0; i < w->n; i++) {
        mx_size s = w->sizes[i];
        int k = 0;
        if ((int)i == w->open) continue;
        if (mx_size_is_number(s) && __builtin_mul_overflow(want, s.value, &want)) return mx_size_unknown();
        if (mx_size_is_number(s)) continue;
        while (k < mx_rank_of(b, v) && (taken[k] || !mx_size_equal(s, mx_size_of(b, v, k))))
            k++;
        if (k == mx_rank_of(b, v)) return mx_size_unknown();
        taken[k] = true;
    }
    for (int k = 0; k < mx_rank_of(b, v); k++) {
        mx_size s = mx_size_of(b, v, k);
        if (taken[k]) continue;
        if (mx_size_is_number(s) && __builtin_mul_overflow(have, s.value, &have)) return mx_size_unknown();
        if (mx_size_is_number(s)) continue;
        if (!mx_size_is(name, 1)) return mx_size_unknown();
        name = s;
    }
    if (mx_rank_of(b, v) < 0 || want <= 0 || have % want != 0) return mx_size_unknown();
    if (mx_size_is_number(name)) return mx_size_number(have / want);
    return have == want ? name : mx_size_unknown();
}

static bool wanted_of(const mx_build *b, mx_val v, mx_val sizes, bool zero_copies, wanted *w) {
    if (!mx_build_items(b, sizes, w->sizes, MX_MAX_RANK, &w->n)) return false;
    w->open = -1;
    w->empty = w->copies = false;
    for (size_t i = 0; i < w->n; i++) {
        if (zero_copies && mx_size_is(w->sizes[i], 0)) {
            w->sizes[i] = mx_size_of(b, v, (int)i);
            w->copies = true;
        }
        if (mx_size_is(w->sizes[i], 0)) w->empty = true;
        if (!mx_size_is_number(w->sizes[i]) || w->sizes[i].value >= 0) continue;
        if (w->open >= 0) return false;
        w->open = (int)i;
        w->sizes[i] = mx_size_unknown();
    }
    if (w->open >= 0 && !w->empty) w->sizes[w->open] = left_over(b, v, w);
    if (w->open >= 0 && mx_size_is(w->sizes[w->open], 0)) w->empty = true;
    return true;
}

/* With allowzero not set, a 0 that cannot be told is left to the operator. */
bool mx_build_reshape(mx_build *b, const mx_ask *ask, mx_val *out) {
    bool allow_zero = mx_build_int(ask->at, ask->n_at, "allowzero", 0) != 0;
    wanted w;
    if (ask->n_in != 2 || mx_rank_of(b, ask->in[0]) < 0) return false;
    if (!wanted_of(b, ask->in[0], ask->in[1], !allow_zero, &w)) return false;
    for (size_t i = 0; i < w.n && !allow_zero; i++)
        if ((int)i != w.open && w.sizes[i].expr == MX_SID_EMPTY) return false;
    *out = reshape_known(b, ask->in[0], &w, ask->in[1]);
    return true;
}

mx_val mx_reshape(mx_build *b, mx_val v, mx_val sizes) {
    wanted w;
    if (mx_failed(b)) return MX_NO_VAL;
    if (wanted_of(b, v, sizes, false, &w)) return reshape_known(b, v, &w, sizes);
    return emit_reshape(b, v, sizes, true);
}

bool mx_build_reshape_to(mx_build *b, mx_val v, const mx_size *sizes, size_t n, mx_val *out) {
    wanted w = {.n = n, .open = -1};
    int64_t list[MX_MAX_RANK];
    mx_val first = before_reshapes(b, v);
    for (size_t i = 0; i < n; i++) {
        w.sizes[i] = sizes[i];
        if (mx_size_is(sizes[i], 0)) w.empty = true;
    }
    if (!has_sizes(b, first, &w) && !as_constants(b, first, &w, list)) return false;
    *out = reshape_known(b, v, &w, MX_NO_VAL);
    return true;
}
