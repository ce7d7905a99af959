/* Whether a tensor's data is as much as its shape and type say. */
#include "converter/check_internal.h"

/* By TensorProto.DataType: bits of an element in raw_data, and the field for typed data. bits 0: no raw_data. */
static const struct {
    uint8_t bits, field;
} types[] = {
    [1] = {32, MX_TENSOR_FLOAT_DATA},   [2] = {8, MX_TENSOR_INT32_DATA},    [3] = {8, MX_TENSOR_INT32_DATA},
    [4] = {16, MX_TENSOR_INT32_DATA},   [5] = {16, MX_TENSOR_INT32_DATA},   [6] = {32, MX_TENSOR_INT32_DATA},
    [7] = {64, MX_TENSOR_INT64_DATA},   [8] = {0, MX_TENSOR_STRING_DATA},   [9] = {8, MX_TENSOR_INT32_DATA},
    [10] = {16, MX_TENSOR_INT32_DATA},  [11] = {64, MX_TENSOR_DOUBLE_DATA}, [12] = {32, MX_TENSOR_UINT64_DATA},
    [13] = {64, MX_TENSOR_UINT64_DATA}, [14] = {64, MX_TENSOR_FLOAT_DATA},  [15] = {128, MX_TENSOR_DOUBLE_DATA},
    [16] = {16, MX_TENSOR_INT32_DATA},  [17] = {8, MX_TENSOR_INT32_DATA},   [18] = {8, MX_TENSOR_INT32_DATA},
    [19] = {8, MX_TENSOR_INT32_DATA},   [20] = {8, MX_TENSOR_INT32_DATA},   [21] = {4, MX_TENSOR_INT32_DATA},
    [22] = {4, MX_TENSOR_INT32_DATA},   [23] = {4, MX_TENSOR_INT32_DATA},   [24] = {8, MX_TENSOR_INT32_DATA},
    [25] = {2, MX_TENSOR_INT32_DATA},   [26] = {2, MX_TENSOR_INT32_DATA},
};
enum { N_TYPES = sizeof types / sizeof *types, EXTERNAL = 1 };

/* Negative dimensions and products beyond 64 bits give false. */
static bool elements(const int64_t *dims, uint32_t n_dims, uint64_t *out) {
    bool zero = false, fits = true;
    *out = 1;
    for (uint32_t i = 0; i < n_dims; i++) {
        if (dims[i] < 0) return false;
        zero |= dims[i] == 0;
        fits &= !__builtin_mul_overflow(*out, (uint64_t)dims[i], out);
    }
    if (zero) *out = 0;
    return zero || fits;
}

/* Least and most bytes of n elements of a type in a field; false: more than 64 bits can count. */
static bool extent(mx_tensor_field field, unsigned bits, uint64_t n, uint64_t *least, uint64_t *most) {
    uint64_t packed = bits && bits < 8 ? 8 / bits : 1; /* elements in one byte, or in one number of int32_data */
    uint64_t units = n / packed + (n % packed != 0);
    uint64_t low = 1, high = 10; /* a varint */
    if (field == MX_TENSOR_RAW_DATA || field == MX_TENSOR_FLOAT_DATA || field == MX_TENSOR_DOUBLE_DATA)
        low = high = bits < 8 ? 1 : bits / 8;
    if (field == MX_TENSOR_STRING_DATA) {
        low = 2; /* tag and length */
        high = n ? UINT64_MAX / n : 0;
    }
    return !__builtin_mul_overflow(units, low, least) && !__builtin_mul_overflow(units, high, most);
}

static void check_place(mx_checker *c, mx_node_id node, const mx_tensor *t, mx_shown name) {
    const mx_graph *g = c->g;
    if (t->data.source == MX_NO_INDEX) {
        if (t->location == EXTERNAL)
            mx_check_report(c, "external-range", node, MX_NO_INDEX, "the external data of tensor %s is not there",
                            name.text);
        return;
    }
    const mx_source *s = t->data.source < g->n_sources ? g->sources[t->data.source] : NULL;
    if (s && (t->data.offset > s->size || t->data.size > s->size - t->data.offset))
        mx_check_report(c, "external-range", node, MX_NO_INDEX, "the data of tensor %s lies beyond the end of its file",
                        name.text);
}

static void check_size(mx_checker *c, mx_node_id node, const mx_tensor *t, uint64_t n, mx_shown name) {
    bool external = t->location == EXTERNAL;
    mx_tensor_field field = external ? MX_TENSOR_RAW_DATA : t->field;
    unsigned bits = types[t->data_type].bits;
    uint64_t have = t->data.source == MX_NO_INDEX ? 0 : t->data.size, least, most;
    if (field == MX_TENSOR_NO_DATA && n) {
        mx_check_report(c, "tensor-data", node, MX_NO_INDEX, "the tensor %s has no data", name.text);
        return;
    }
    if (field == MX_TENSOR_NO_DATA) return;
    if (field == MX_TENSOR_RAW_DATA ? !bits : field != types[t->data_type].field) {
        mx_check_report(c, "tensor-data", node, MX_NO_INDEX, "the data of tensor %s is in a field for other types",
                        name.text);
        return;
    }
    bool fits = extent(field, bits, n, &least, &most);
    if (fits && have >= least && (have <= most || external)) return;
    mx_check_report(c, "tensor-size", node, MX_NO_INDEX, "the tensor %s has %llu bytes of data, for %llu elements",
                    name.text, (unsigned long long)have, (unsigned long long)n);
}

void mx_check_tensor(mx_checker *c, mx_node_id node, uint32_t tensor) {
    uint64_t n;
    if (tensor >= c->g->n_tensors) {
        mx_check_report(c, "tensor-data", node, MX_NO_INDEX, "a tensor is missing");
        return;
    }
    const mx_tensor *t = &c->g->tensors[tensor];
    mx_shown name = mx_show(mx_text(c->g, t->name));
    check_place(c, node, t, name);
    if (!elements(t->dims, t->n_dims, &n)) {
        mx_check_report(c, "tensor-dims", node, MX_NO_INDEX, "the dimensions of tensor %s make no sense", name.text);
    } else if (!t->has_type || t->data_type <= 0 || t->data_type >= N_TYPES) {
        mx_check_report(c, "tensor-type", node, MX_NO_INDEX, "the tensor %s has no known data type", name.text);
    } else {
        check_size(c, node, t, n, name);
    }
}

void mx_check_sparse(mx_checker *c, mx_node_id node, uint32_t sparse) {
    uint64_t n;
    if (sparse >= c->g->n_sparses) {
        mx_check_report(c, "tensor-data", node, MX_NO_INDEX, "a sparse tensor is missing");
        return;
    }
    const mx_sparse *s = &c->g->sparses[sparse];
    mx_check_tensor(c, node, s->values);
    mx_check_tensor(c, node, s->indices);
    if (!elements(s->dims, s->n_dims, &n))
        mx_check_report(c, "tensor-dims", node, MX_NO_INDEX, "the dimensions of a sparse tensor make no sense");
}
