/* Padding: ONNX's Pad where it does what torch does. Negative pads cut. */
#include "torch_io/lower_move.h"
#include "torch_io/lower_shape.h"

typedef enum pad_mode { PAD_CONSTANT, PAD_REFLECT, PAD_REPLICATE, PAD_CIRCULAR } pad_mode;

/* torch lists (before, after) from the last axis on; ONNX all befores, then all afters, from the first axis on. */
static bool pad_numbers(const mx_rule *r, int rank, int64_t *out) {
    int64_t given[2 * MX_MAX_RANK];
    size_t n = 0;
    if (!mx_arg_ints(r, 1, given, 2 * MX_MAX_RANK, &n)) return false;
    for (int k = 0; k < 2 * rank; ++k)
        out[k] = 0;
    if (n > 2 * (size_t)rank) mx_cannot(r->b, "more pads than axes");
    for (size_t i = 0; i < n / 2 && !mx_failed(r->b); ++i) {
        out[rank - 1 - (int)i] = given[2 * i];
        out[2 * rank - 1 - (int)i] = given[2 * i + 1];
    }
    return true;
}

/* The same of symbolic ones, as a value: taken out of the list with a 0 at its end. */
static mx_val pad_values(const mx_rule *r, int rank) {
    mx_build *b = r->b;
    int64_t from[2 * MX_MAX_RANK];
    int n = (int)mx_arg_count(r, 1);
    for (int k = 0; k < rank; ++k) {
        int pair = 2 * (rank - 1 - k);
        from[k] = pair < n ? pair : n;
        from[rank + k] = pair < n ? pair + 1 : n;
    }
    mx_val list = mx_concat(b, (mx_val[]){mx_arg_sizes(r, 1), mx_int64(b, 0)}, 2, 0);
    return mx_gather(b, list, mx_int64s(b, from, 2 * (size_t)rank), 0);
}

/* Take off what negative pads say, and make them 0. */
static mx_val crop(mx_build *b, mx_val v, int rank, int64_t *pads) {
    for (int k = 0; k < rank; ++k) {
        int64_t start = pads[k] < 0 ? -pads[k] : 0, end = pads[rank + k] < 0 ? pads[rank + k] : MX_TO_END;
        if (start || end != MX_TO_END) v = mx_slice_const(b, v, k, start, end, 1);
        pads[k] = start ? 0 : pads[k];
        pads[rank + k] = end != MX_TO_END ? 0 : pads[rank + k];
    }
    return v;
}

static bool any_pad(const int64_t *pads, int rank) {
    for (int k = 0; k < 2 * rank; ++k) {
        if (pads[k]) return true;
    }
    return false;
}

static mx_val wrap(mx_build *b, mx_val v, int rank, const int64_t *pads) {
    for (int k = 0; k < rank; ++k) {
        mx_val parts[3];
        size_t n = 0;
        if (pads[k]) parts[n++] = mx_slice_const(b, v, k, -pads[k], MX_TO_END, 1);
        parts[n++] = v;
        if (pads[rank + k]) parts[n++] = mx_slice_const(b, v, k, 0, pads[rank + k], 1);
        if (n > 1) v = mx_concat(b, parts, n, k);
    }
    return v;
}

/* Argument 1 holds the pads. value: rank 0, of v's type; for PAD_CONSTANT. */
static void pad(const mx_rule *r, pad_mode mode, mx_val value) {
    static const char *const names[] = {"constant", "reflect", "edge", "wrap"};
    mx_build *b = r->b;
    mx_val v = mx_arg(r, 0);
    int rank = mx_need_rank(r, v);
    int64_t pads[2 * MX_MAX_RANK];
    if (mx_failed(b)) return;
    if (!pad_numbers(r, rank, pads)) {
        if (mode != PAD_CONSTANT) mx_cannot(b, "%s pads of symbolic sizes", names[mode]);
        r->out[0] = mx_op3(b, "Pad", v, pad_values(r, rank), value);
        return;
    }
    if (mx_failed(b)) return;
    v = crop(b, v, rank, pads);
    r->out[0] = v;
    if (!any_pad(pads, rank)) return;
    mx_val list = mx_int64s(b, pads, 2 * (size_t)rank);
    if (mode == PAD_CONSTANT) {
        r->out[0] = mx_op3(b, "Pad", v, list, value);
    } else if (mode == PAD_CIRCULAR) {
        r->out[0] = wrap(b, v, rank, pads);
    } else {
        r->out[0] = mx_op(b, "Pad", MX_IN(v, list), MX_AT(mx_at_s("mode", names[mode])));
    }
}

static mx_val pad_value(const mx_rule *r, size_t i) {
    int32_t elem = mx_elem_of(r->b, mx_arg(r, 0));
    return mx_arg_none(r, i) ? mx_scalar(r->b, elem, 0) : mx_arg_as(r, i, elem);
}

void mx_rule_constant_pad(const mx_rule *r) { /* self, pad, value=0 */
    pad(r, PAD_CONSTANT, pad_value(r, 2));
}

void mx_rule_pad(const mx_rule *r) { /* self, pad, mode="constant", value=None */
    static const char *const names[] = {"constant", "reflect", "replicate", "circular"};
    for (pad_mode mode = PAD_CONSTANT; mode <= PAD_CIRCULAR; ++mode) {
        if (!mx_arg_is_text(r, 2, names[mode])) continue;
        pad(r, mode, mode == PAD_CONSTANT ? pad_value(r, 3) : MX_NO_VAL);
        return;
    }
    mx_cannot(r->b, "a mode of padding that is not known");
}

void mx_rule_pad_enum(const mx_rule *r) { /* self, pad, mode, value=None */
    static const pad_mode modes[] = {PAD_REFLECT, PAD_REPLICATE, PAD_CIRCULAR, PAD_CONSTANT};
    int64_t mode = mx_arg_int(r, 2);
    if (mode < 0 || mode > 3) {
        mx_cannot(r->b, "a mode of padding that is not known");
        return;
    }
    pad(r, modes[mode], modes[mode] == PAD_CONSTANT ? pad_value(r, 3) : MX_NO_VAL);
}

void mx_rule_reflection_pad(const mx_rule *r) {
    pad(r, PAD_REFLECT, MX_NO_VAL);
}

void mx_rule_replication_pad(const mx_rule *r) {
    pad(r, PAD_REPLICATE, MX_NO_VAL);
}

void mx_rule_circular_pad(const mx_rule *r) {
    pad(r, PAD_CIRCULAR, MX_NO_VAL);
}
