#include "torch_io/expr.h"
#include "torch_io/pt2.h"

enum { LAYOUT_STRIDED = 7 };

/* The schema's ScalarType, by number: TensorProto.DataType and the bytes of an element. 0: ONNX has none. */
static const struct dtype {
    uint8_t elem, bytes;
} dtypes[] = {[1] = {MX_ELEM_UINT8, 1},
              [2] = {MX_ELEM_INT8, 1},
              [3] = {MX_ELEM_INT16, 2},
              [4] = {MX_ELEM_INT32, 4},
              [5] = {MX_ELEM_INT64, 8},
              [6] = {MX_ELEM_FLOAT16, 2},
              [7] = {MX_ELEM_FLOAT, 4},
              [8] = {MX_ELEM_DOUBLE, 8},
              [9] = {0, 4},
              [10] = {MX_ELEM_COMPLEX64, 8},
              [11] = {MX_ELEM_COMPLEX128, 16},
              [12] = {MX_ELEM_BOOL, 1},
              [13] = {MX_ELEM_BFLOAT16, 2},
              [28] = {MX_ELEM_UINT16, 2},
              [29] = {MX_ELEM_FLOAT8E4M3FN, 1},
              [30] = {MX_ELEM_FLOAT8E5M2, 1},
              [31] = {MX_ELEM_FLOAT8E4M3FNUZ, 1},
              [32] = {MX_ELEM_FLOAT8E5M2FNUZ, 1},
              [33] = {MX_ELEM_FLOAT8E8M0, 1},
              [34] = {MX_ELEM_UINT32, 4},
              [35] = {MX_ELEM_UINT64, 8}};

static mx_status dtype_of(mx_pt2 *r, const json_t *v, const char *key, struct dtype *out) {
    json_int_t number = json_integer_value(v);
    if (!json_is_integer(v) || number < 0 || (size_t)number >= sizeof dtypes / sizeof *dtypes ||
        (number > 0 && !dtypes[number].bytes))
        return mx_pt2_wrong(r, key, "is no element type");
    *out = dtypes[number];
    return MX_OK;
}

mx_status mx_pt2_dtype(mx_pt2 *r, const json_t *v, const char *key, int32_t *elem) {
    struct dtype d = {0, 0};
    MX_TRY(dtype_of(r, v, key, &d));
    *elem = d.elem;
    return MX_OK;
}

mx_status mx_pt2_size(mx_pt2 *r, const json_t *sym_int, const char *key, mx_size *out) {
    const char *kind;
    const json_t *v;
    MX_TRY(mx_pt2_union(r, sym_int, key, &kind, &v));
    if (strcmp(kind, "as_int") == 0 && json_is_integer(v)) {
        *out = (mx_size){.value = json_integer_value(v)};
        return MX_OK;
    }
    const json_t *text = json_object_get(v, "expr_str"), *hint = json_object_get(json_object_get(v, "hint"), "as_int");
    if (strcmp(kind, "as_expr") != 0 || !json_is_string(text)) return mx_pt2_wrong(r, key, "is no size");
    mx_str srepr = {json_string_value(text), json_string_length(text)};
    return mx_size_from_srepr(r->p, srepr, json_is_integer(hint) ? json_integer_value(hint) : -1, out, r->err);
}

static mx_status sizes_of(mx_pt2 *r, const json_t *list, const char *key, const mx_size **out) {
    size_t n = json_array_size(list);
    mx_size *sizes = mx_pt2_array_of(r, n, sizeof *sizes);
    if (!sizes) return MX_ERR_NOMEM;
    for (size_t i = 0; i < n; i++) {
        MX_TRY(mx_pt2_size(r, json_array_get(list, i), key, &sizes[i]));
        if (mx_size_is_number(sizes[i]) && sizes[i].value < 0) return mx_pt2_wrong(r, key, "holds a negative number");
    }
    *out = sizes;
    return MX_OK;
}

mx_status mx_pt2_tensor(mx_pt2 *r, const json_t *meta, mx_pvalue *out) {
    const json_t *sizes, *strides;
    if (!json_is_object(meta)) return mx_pt2_wrong(r, "tensor_values", "holds what is no tensor");
    MX_TRY(mx_pt2_array(r, meta, "sizes", &sizes));
    MX_TRY(mx_pt2_array(r, meta, "strides", &strides));
    if (json_array_size(sizes) != json_array_size(strides))
        return mx_pt2_wrong(r, "strides", "is not as long as 'sizes'");
    if (json_array_size(sizes) >= MX_NONE) return mx_pt2_wrong(r, "sizes", "is too long");
    MX_TRY(mx_pt2_dtype(r, json_object_get(meta, "dtype"), "dtype", &out->elem));
    MX_TRY(sizes_of(r, sizes, "sizes", &out->sizes));
    MX_TRY(sizes_of(r, strides, "strides", &out->strides));
    out->kind = MX_PV_TENSOR;
    out->rank = (uint32_t)json_array_size(sizes);
    return MX_OK;
}

/* ---- payloads ---- */

static mx_status plain_ints(mx_pt2 *r, const json_t *meta, const char *key, const int64_t **out, uint32_t *n) {
    const json_t *list;
    MX_TRY(mx_pt2_array(r, meta, key, &list));
    if (json_array_size(list) >= MX_NONE) return mx_pt2_wrong(r, key, "is too long");
    *n = (uint32_t)json_array_size(list);
    int64_t *ints = mx_pt2_array_of(r, *n, sizeof *ints);
    if (!ints) return MX_ERR_NOMEM;
    for (uint32_t i = 0; i < *n; i++) {
        const json_t *v = json_object_get(json_array_get(list, i), "as_int");
        if (!json_is_integer(v) || json_integer_value(v) < 0) return mx_pt2_wrong(r, key, "is no list of sizes");
        ints[i] = json_integer_value(v);
    }
    *out = ints;
    return MX_OK;
}

/* Whether every element lies inside a storage of so many bytes. */
static bool fits(const mx_pweight *w, uint64_t bytes, uint64_t element) {
    int64_t last = w->offset, step;
    for (uint32_t i = 0; i < w->rank; i++)
        if (w->sizes[i] == 0) return true;
    for (uint32_t i = 0; i < w->rank; i++)
        if (__builtin_mul_overflow(w->sizes[i] - 1, w->strides[i], &step) || __builtin_add_overflow(last, step, &last))
            return false;
    return (uint64_t)last < bytes / element;
}

/* The number of elements must be a number, even where strides are 0. */
static bool countable(const mx_pweight *w, uint64_t element) {
    int64_t n = (int64_t)element;
    for (uint32_t i = 0; i < w->rank; i++)
        if (w->sizes[i] && __builtin_mul_overflow(n, w->sizes[i], &n)) return false;
    return true;
}

static mx_status read_meta(mx_pt2 *r, const json_t *meta, mx_pweight *w, uint64_t *element) {
    struct dtype d = {0, 0};
    const json_t *offset;
    int64_t layout;
    uint32_t n_strides;
    MX_TRY(dtype_of(r, json_object_get(meta, "dtype"), "dtype", &d));
    MX_TRY(mx_pt2_int(r, meta, "layout", &layout));
    if (layout != LAYOUT_STRIDED)
        return mx_pt2_unsupported(r, "sparse tensors are not supported:", mx_ptext(r->p, w->name));
    if (!d.elem) return mx_pt2_unsupported(r, "ONNX has no element type for", mx_ptext(r->p, w->name));
    MX_TRY(plain_ints(r, meta, "sizes", &w->sizes, &w->rank));
    MX_TRY(plain_ints(r, meta, "strides", &w->strides, &n_strides));
    if (n_strides != w->rank) return mx_pt2_wrong(r, "strides", "is not as long as 'sizes'");
    MX_TRY(mx_pt2_object(r, meta, "storage_offset", &offset));
    MX_TRY(mx_pt2_int(r, offset, "as_int", &w->offset));
    if (w->offset < 0) return mx_pt2_wrong(r, "storage_offset", "is negative");
    w->elem = d.elem;
    *element = d.bytes;
    return MX_OK;
}

static mx_status place_of(mx_pt2 *r, const char *folder, const json_t *payload, mx_pweight *w) {
    mx_sid path;
    MX_TRY(mx_pt2_string(r, payload, "path_name", &path));
    mx_str name = mx_ptext(r->p, path);
    mx_buffer_clear(&r->text);
    mx_buffer_add(&r->text, r->top.data, r->top.size);
    mx_buffer_cstr(&r->text, folder);
    mx_buffer_add(&r->text, name.p, name.n);
    if (r->text.failed) return mx_nomem(r->err);
    const mx_archive_entry *e = mx_archive_find(r->archive, mx_buffer_str(&r->text));
    if (!e) return mx_pt2_wrong(r, "path_name", "names an entry that the archive does not have");
    w->storage_size = e->size;
    return mx_archive_place(r->archive, e, &w->storage_offset, r->err);
}

static mx_status read_payload(mx_pt2 *r, const char *folder, const json_t *payload, mx_pweight *w) {
    const json_t *meta;
    uint64_t element = 0;
    if (!json_is_object(payload)) return mx_pt2_wrong(r, "config", "holds what is no payload");
    if (json_is_true(json_object_get(payload, "use_pickle")))
        return mx_pt2_unsupported(r, "pickled payloads are not supported:", mx_ptext(r->p, w->name));
    MX_TRY(mx_pt2_object(r, payload, "tensor_meta", &meta));
    MX_TRY(read_meta(r, meta, w, &element));
    MX_TRY(place_of(r, folder, payload, w));
    if (!countable(w, element)) return mx_pt2_wrong(r, "sizes", "is more than can be counted");
    return fits(w, w->storage_size, element) ? MX_OK : mx_pt2_wrong(r, "sizes", "reaches beyond the payload's bytes");
}

static mx_status add_weight(mx_pt2 *r, const mx_pweight *w, uint32_t *out) {
    mx_program *p = r->p;
    if (!mx_grow(p->env->allocator, (void **)&p->weights, &p->cap_weights, p->n_weights, sizeof *w))
        return mx_nomem(r->err);
    *out = (uint32_t)p->n_weights;
    p->weights[p->n_weights++] = *w;
    return MX_OK;
}

mx_status mx_pt2_weight(mx_pt2 *r, mx_sid name, uint32_t *out) {
    static const char *const folders[] = {"data/weights/", "data/constants/"};
    static const char *const entries[] = {"model_weights_config.json", "model_constants_config.json"};
    const json_t *const configs[] = {r->weights, r->constants};
    const char *outside = r->entry;
    mx_str text = mx_ptext(r->p, name);
    mx_pweight w = {.name = name};
    for (int i = 0; i < 2; i++) {
        const json_t *payload = json_object_getn(json_object_get(configs[i], "config"), text.p, text.n);
        if (!payload) continue;
        r->entry = entries[i];
        MX_TRY(mx_at_node(r->err, read_payload(r, folders[i], payload, &w), text));
        r->entry = outside;
        return add_weight(r, &w, out);
    }
    return mx_at_node(r->err, mx_pt2_wrong(r, "signature", "names a tensor that has no payload"), text);
}
