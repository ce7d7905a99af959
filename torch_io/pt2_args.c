#include "torch_io/pt2.h"

#include <math.h>

mx_status mx_pt2_value_of(mx_pt2 *r, mx_sid name, const char *key, uint32_t *out) {
    *out = mx_pt2_map_get(&r->values, name);
    if (*out != MX_NONE && r->p->values[*out].graph == r->graph) return MX_OK;
    mx_status status = mx_fail(r->err, MX_ERR_INVALID, "%s: %s uses %s, which nothing before it makes", r->entry,
                               mx_show(mx_str_of(key)).text, mx_show(mx_ptext(r->p, name)).text);
    return r->node == MX_SID_ABSENT ? status : mx_at_node(r->err, status, mx_ptext(r->p, r->node));
}

/* {"name": "x"} */
static mx_status tensor(mx_pt2 *r, const json_t *v, const char *key, uint32_t *out) {
    mx_sid name;
    MX_TRY(mx_pt2_string(r, v, "name", &name));
    return mx_pt2_value_of(r, name, key, out);
}

/* {"as_tensor": {"name": "x"}} or {"as_none": true} */
static mx_status maybe_tensor(mx_pt2 *r, const json_t *v, const char *key, uint32_t *out) {
    const char *kind;
    const json_t *inner;
    MX_TRY(mx_pt2_union(r, v, key, &kind, &inner));
    *out = MX_NONE;
    if (strcmp(kind, "as_none") == 0) return MX_OK;
    if (strcmp(kind, "as_tensor") == 0) return tensor(r, inner, key, out);
    return mx_pt2_wrong(r, key, "is neither a tensor nor None");
}

static bool real_of(const json_t *v, double *out) {
    const char *text = json_string_value(v);
    *out = json_number_value(v);
    if (!text) return json_is_number(v);
    if (strcmp(text, "Infinity") == 0)
        *out = INFINITY;
    else if (strcmp(text, "-Infinity") == 0)
        *out = -INFINITY;
    else if (strcmp(text, "NaN") == 0)
        *out = NAN;
    else
        return false;
    return true;
}

/* {"as_name": "sym_size_int"} or {"as_int": 200}, {"as_bool": true} */
static mx_status maybe_symbol(mx_pt2 *r, const json_t *v, const char *key, mx_pitem *out) {
    const char *kind;
    const json_t *inner;
    mx_sid name;
    MX_TRY(mx_pt2_union(r, v, key, &kind, &inner));
    *out = (mx_pitem){.value = MX_NONE};
    if (strcmp(kind, "as_name") == 0) {
        MX_TRY(mx_pt2_text(r, inner, key, &name));
        return mx_pt2_value_of(r, name, key, &out->value);
    }
    if (json_is_integer(inner))
        out->i = json_integer_value(inner);
    else if (json_is_boolean(inner))
        out->i = json_is_true(inner);
    else
        return mx_pt2_wrong(r, key, "is no symbolic number");
    return MX_OK;
}

/* ---- one function a form of argument ---- */

typedef mx_status reading(mx_pt2 *r, const json_t *v, const char *key, mx_parg *out);

static mx_status read_none(mx_pt2 *r, const json_t *v, const char *key, mx_parg *out) {
    (void)r, (void)v, (void)key, (void)out;
    return MX_OK;
}

static mx_status read_tensor(mx_pt2 *r, const json_t *v, const char *key, mx_parg *out) {
    return tensor(r, v, key, &out->value);
}

static mx_status read_optional_tensor(mx_pt2 *r, const json_t *v, const char *key, mx_parg *out) {
    MX_TRY(maybe_tensor(r, v, key, &out->value));
    if (out->value == MX_NONE) out->kind = MX_ARG_NONE;
    return MX_OK;
}

static mx_status read_symbol(mx_pt2 *r, const json_t *v, const char *key, mx_parg *out) {
    mx_pitem item;
    const json_t *real = json_object_get(v, "as_float");
    if (real) {
        out->kind = MX_ARG_FLOAT;
        return real_of(real, &out->f) ? MX_OK : mx_pt2_wrong(r, key, "is no number");
    }
    MX_TRY(maybe_symbol(r, v, key, &item));
    if (item.value != MX_NONE) {
        out->value = item.value;
        return MX_OK;
    }
    out->kind = json_object_get(v, "as_bool") ? MX_ARG_BOOL : MX_ARG_INT;
    out->i = item.i;
    return MX_OK;
}

static mx_status read_int(mx_pt2 *r, const json_t *v, const char *key, mx_parg *out) {
    if (!json_is_integer(v)) return mx_pt2_wrong(r, key, "is not an integer");
    out->i = json_integer_value(v);
    return MX_OK;
}

static mx_status read_bool(mx_pt2 *r, const json_t *v, const char *key, mx_parg *out) {
    if (!json_is_boolean(v)) return mx_pt2_wrong(r, key, "is not true or false");
    out->i = json_is_true(v);
    return MX_OK;
}

static mx_status read_float(mx_pt2 *r, const json_t *v, const char *key, mx_parg *out) {
    return real_of(v, &out->f) ? MX_OK : mx_pt2_wrong(r, key, "is no number");
}

static mx_status read_string(mx_pt2 *r, const json_t *v, const char *key, mx_parg *out) {
    return mx_pt2_text(r, v, key, &out->text);
}

static mx_status read_dtype(mx_pt2 *r, const json_t *v, const char *key, mx_parg *out) {
    int32_t elem;
    MX_TRY(mx_pt2_dtype(r, v, key, &elem));
    out->i = elem;
    return MX_OK;
}

static mx_status read_device(mx_pt2 *r, const json_t *v, const char *key, mx_parg *out) {
    (void)key;
    return mx_pt2_string(r, v, "type", &out->text);
}

static mx_status read_complex(mx_pt2 *r, const json_t *v, const char *key, mx_parg *out) {
    double *parts = mx_pt2_array_of(r, 2, sizeof *parts);
    if (!parts) return MX_ERR_NOMEM;
    out->floats = parts;
    out->count = 2;
    bool good = real_of(json_object_get(v, "real"), &parts[0]) && real_of(json_object_get(v, "imag"), &parts[1]);
    return good ? MX_OK : mx_pt2_wrong(r, key, "is no complex number");
}

static mx_status read_graph(mx_pt2 *r, const json_t *v, const char *key, mx_parg *out) {
    const json_t *graph;
    (void)key;
    MX_TRY(mx_pt2_object(r, v, "graph", &graph));
    return mx_pt2_nested(r, graph, &out->value);
}

/* Lists: `out->count` elements. */
static mx_status read_each(mx_pt2 *r, const json_t *v, const char *key, mx_parg *out,
                           mx_status (*one)(mx_pt2 *, const json_t *, const char *, uint32_t *)) {
    uint32_t *values = mx_pt2_array_of(r, out->count, sizeof *values);
    if (!values) return MX_ERR_NOMEM;
    out->values = values;
    for (uint32_t i = 0; i < out->count; i++)
        MX_TRY(one(r, json_array_get(v, i), key, &values[i]));
    return MX_OK;
}

static mx_status read_tensors(mx_pt2 *r, const json_t *v, const char *key, mx_parg *out) {
    return read_each(r, v, key, out, tensor);
}

static mx_status read_optional_tensors(mx_pt2 *r, const json_t *v, const char *key, mx_parg *out) {
    return read_each(r, v, key, out, maybe_tensor);
}

static mx_status read_items(mx_pt2 *r, const json_t *v, const char *key, mx_parg *out) {
    mx_pitem *items = mx_pt2_array_of(r, out->count, sizeof *items);
    if (!items) return MX_ERR_NOMEM;
    out->items = items;
    for (uint32_t i = 0; i < out->count; i++) {
        const json_t *one = json_array_get(v, i);
        items[i].value = MX_NONE;
        if (json_is_integer(one))
            items[i].i = json_integer_value(one);
        else if (json_is_boolean(one))
            items[i].i = json_is_true(one);
        else
            MX_TRY(maybe_symbol(r, one, key, &items[i]));
    }
    return MX_OK;
}

static mx_status read_floats(mx_pt2 *r, const json_t *v, const char *key, mx_parg *out) {
    double *floats = mx_pt2_array_of(r, out->count, sizeof *floats);
    if (!floats) return MX_ERR_NOMEM;
    out->floats = floats;
    for (uint32_t i = 0; i < out->count; i++) {
        const json_t *one = json_array_get(v, i), *plain = json_object_get(one, "as_float");
        if (json_object_get(one, "as_name"))
            return mx_pt2_unsupported(r, "symbolic floats in a list are not supported:", mx_str_of(key));
        if (!real_of(plain ? plain : one, &floats[i])) return mx_pt2_wrong(r, key, "holds what is no number");
    }
    return MX_OK;
}

static mx_status read_strings(mx_pt2 *r, const json_t *v, const char *key, mx_parg *out) {
    mx_sid *texts = mx_pt2_array_of(r, out->count, sizeof *texts);
    if (!texts) return MX_ERR_NOMEM;
    out->texts = texts;
    for (uint32_t i = 0; i < out->count; i++)
        MX_TRY(mx_pt2_text(r, json_array_get(v, i), key, &texts[i]));
    return MX_OK;
}

static const struct form {
    const char *name;
    uint8_t kind;
    bool list;
    reading *read;
} forms[] = {
    {"as_tensor", MX_ARG_VALUE, false, read_tensor},
    {"as_int", MX_ARG_INT, false, read_int},
    {"as_ints", MX_ARG_INTS, true, read_items},
    {"as_sym_int", MX_ARG_VALUE, false, read_symbol},
    {"as_sym_ints", MX_ARG_INTS, true, read_items},
    {"as_none", MX_ARG_NONE, false, read_none},
    {"as_tensors", MX_ARG_VALUES, true, read_tensors},
    {"as_optional_tensors", MX_ARG_VALUES, true, read_optional_tensors},
    {"as_optional_tensor", MX_ARG_VALUE, false, read_optional_tensor},
    {"as_float", MX_ARG_FLOAT, false, read_float},
    {"as_floats", MX_ARG_FLOATS, true, read_floats},
    {"as_sym_float", MX_ARG_VALUE, false, read_symbol},
    {"as_sym_floats", MX_ARG_FLOATS, true, read_floats},
    {"as_bool", MX_ARG_BOOL, false, read_bool},
    {"as_bools", MX_ARG_BOOLS, true, read_items},
    {"as_sym_bool", MX_ARG_VALUE, false, read_symbol},
    {"as_sym_bools", MX_ARG_BOOLS, true, read_items},
    {"as_string", MX_ARG_STRING, false, read_string},
    {"as_strings", MX_ARG_STRINGS, true, read_strings},
    {"as_scalar_type", MX_ARG_DTYPE, false, read_dtype},
    {"as_layout", MX_ARG_LAYOUT, false, read_int},
    {"as_memory_format", MX_ARG_MEMORY_FORMAT, false, read_int},
    {"as_device", MX_ARG_DEVICE, false, read_device},
    {"as_complex", MX_ARG_COMPLEX, false, read_complex},
    {"as_graph", MX_ARG_GRAPH, false, read_graph},
};

mx_status mx_pt2_argument(mx_pt2 *r, const json_t *argument, const char *key, mx_parg *out) {
    const char *kind;
    const json_t *v;
    MX_TRY(mx_pt2_union(r, argument, key, &kind, &v));
    if (strcmp(kind, "as_custom_obj") == 0)
        return mx_pt2_unsupported(r, "custom objects are not supported:", mx_str_of(key));
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        if (strcmp(kind, forms[i].name) != 0) continue;
        if (forms[i].list && (!json_is_array(v) || json_array_size(v) >= MX_NONE))
            return mx_pt2_wrong(r, key, "is not a list");
        *out = (mx_parg){.kind = forms[i].kind, .name = out->name};
        if (forms[i].list) out->count = (uint32_t)json_array_size(v);
        return forms[i].read(r, v, key, out);
    }
    out->kind = MX_ARG_OTHER;
    return mx_program_string(r->p, mx_str_of(kind), &out->text, r->err);
}
