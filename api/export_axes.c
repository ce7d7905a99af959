/* "dynamic_axes" of a configuration: names for sizes that the model leaves open. */
#include "api/export.h"

typedef struct axis_naming { /* one open size; old absent: it has no name yet */
    mx_sid old, name;
    mx_node_id node;
    uint32_t axis;
} axis_naming;

typedef struct axes {
    mx_graph *g;
    axis_naming *items;
    size_t count;
    bool expressions; /* names of sizes may be expressions of names: "4*s0" */
    mx_error *err;
} axes;

static mx_node_id find_value(const mx_graph *g, const char *name) {
    const mx_scope_data *s = &g->scopes[0];
    for (size_t i = 0; i < s->n_inputs; i++)
        if (mx_str_is(mx_text(g, mx_node_at(g, s->inputs[i])->name), name)) return s->inputs[i];
    for (size_t i = 0; i < s->n_outputs; i++)
        if (mx_str_is(mx_text(g, mx_node_at(g, s->outputs[i])->name), name)) return s->outputs[i];
    return MX_NO_NODE;
}

/* ---- from the configuration to sizes ---- */

static mx_status bad_axis(const axes *a, mx_status code, const mx_dynamic_axis *d, const char *why) {
    return mx_fail(a->err, code, "\"dynamic_axes\" of the configuration: axis %lld of %s %s", (long long)d->axis,
                   mx_show(mx_str_of(d->value)).text, why);
}

static mx_status find_axis(axes *a, const mx_dynamic_axis *d, axis_naming *out) {
    out->node = find_value(a->g, d->value);
    if (out->node == MX_NO_NODE)
        return mx_fail(a->err, MX_ERR_INVALID, "\"dynamic_axes\" of the configuration: the model has no input or output %s",
                       mx_show(mx_str_of(d->value)).text);
    uint32_t type = mx_node_at(a->g, out->node)->data;
    const mx_type *t = type < a->g->n_types ? &a->g->types[type] : NULL;
    if (!t || t->kind != MX_TYPE_TENSOR || !t->has_shape) return bad_axis(a, MX_ERR_INVALID, d, "has no shape in the model");
    int64_t axis = d->axis < 0 ? d->axis + t->n_dims : d->axis;
    if (axis < 0 || axis >= t->n_dims) return bad_axis(a, MX_ERR_INVALID, d, "is not there");
    out->axis = (uint32_t)axis;
    const mx_dim *dim = &t->dims[axis];
    if (dim->kind == MX_DIM_VALUE)
        return bad_axis(a, MX_ERR_UNSUPPORTED, d, "has a fixed size; it cannot be made open afterwards");
    out->old = dim->kind == MX_DIM_PARAM ? dim->param : MX_SID_ABSENT;
    return mx_graph_string(a->g, mx_str_of(d->name), &out->name, a->err);
}

/* One name for one size: what had one name still has one, and two do not become one. */
static mx_status check_names(const axes *a, const mx_dynamic_axis *given) {
    for (size_t i = 0; i < a->count; i++)
        for (size_t k = 0; k < i; k++) {
            const axis_naming *x = &a->items[i], *y = &a->items[k];
            bool same_place = x->node == y->node && x->axis == y->axis;
            bool same_size = same_place || (x->old != MX_SID_ABSENT && x->old == y->old);
            if (same_size && x->name != y->name)
                return bad_axis(a, MX_ERR_INVALID, &given[i], "gets two names, and it is one size in the model");
            if (x->old != MX_SID_ABSENT && y->old != MX_SID_ABSENT && x->old != y->old && x->name == y->name)
                return bad_axis(a, MX_ERR_INVALID, &given[i], "gets the name of another size");
        }
    return MX_OK;
}

static bool is_renamed(const axes *a, mx_sid param) {
    for (size_t i = 0; i < a->count; i++)
        if (a->items[i].old == param) return true;
    return false;
}

static mx_status check_clashes(const axes *a, const mx_dynamic_axis *given) {
    for (size_t i = 0; i < a->g->n_types; i++) {
        const mx_type *t = &a->g->types[i];
        for (uint32_t k = 0; k < t->n_dims; k++) {
            if (t->dims[k].kind != MX_DIM_PARAM || is_renamed(a, t->dims[k].param)) continue;
            for (size_t n = 0; n < a->count; n++)
                if (a->items[n].name == t->dims[k].param)
                    return bad_axis(a, MX_ERR_INVALID, &given[n], "gets the name of another size");
        }
    }
    return MX_OK;
}

/* ---- from sizes to types ---- */

static const axis_naming *naming_of(const axes *a, const mx_dim *dim, mx_node_id node, uint32_t axis) {
    for (size_t i = 0; i < a->count; i++) {
        const axis_naming *x = &a->items[i];
        if (dim->kind == MX_DIM_PARAM ? x->old == dim->param : dim->kind == MX_DIM_NONE && x->node == node && x->axis == axis)
            return x;
    }
    return NULL;
}

static bool in_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* An expression with the new names in it; the same id where it has none of the old ones. */
static mx_status rename_in_expression(const axes *a, mx_sid *text) {
    mx_str s = mx_text(a->g, *text);
    mx_buffer b;
    mx_buffer_init(&b, a->g->allocator);
    for (size_t i = 0, n; i < s.n; i += n) {
        mx_str part = {s.p + i, 1};
        while (in_name(s.p[i]) && i + part.n < s.n && in_name(s.p[i + part.n])) part.n++;
        n = part.n;
        for (size_t k = 0; k < a->count; k++)
            if (a->items[k].old != MX_SID_ABSENT && mx_str_eq(part, mx_text(a->g, a->items[k].old))) {
                part = mx_text(a->g, a->items[k].name);
                break;
            }
        mx_buffer_add(&b, part.p, part.n);
    }
    mx_status status = b.failed ? mx_nomem(a->err) : mx_graph_string(a->g, mx_buffer_str(&b), text, a->err);
    mx_buffer_free(&b);
    return status;
}

static mx_status rename_dims(const axes *a, mx_node_id node, mx_type *t, mx_dim *dims, bool *changed) {
    for (uint32_t i = 0; i < t->n_dims; i++) {
        const axis_naming *x = naming_of(a, &t->dims[i], node, i);
        dims[i] = t->dims[i];
        if (x) {
            dims[i].kind = MX_DIM_PARAM;
            dims[i].param = x->name;
        } else if (a->expressions && dims[i].kind == MX_DIM_PARAM) {
            MX_TRY(rename_in_expression(a, &dims[i].param));
        }
        *changed = *changed || dims[i].kind != t->dims[i].kind || dims[i].param != t->dims[i].param;
    }
    t->dims = dims;
    return MX_OK;
}

/* The type with its sizes renamed; node: whose type it is, MX_NO_NODE for a value_info. Types are shared, so a new one. */
static mx_status rename_type(axes *a, mx_node_id node, uint32_t *type) {
    if (*type >= a->g->n_types || !a->g->types[*type].n_dims) return MX_OK;
    mx_type t = a->g->types[*type];
    bool changed = false;
    mx_dim *dims = mx_alloc(a->g->allocator, t.n_dims * sizeof *dims);
    if (!dims) return mx_nomem(a->err);
    mx_status status = rename_dims(a, node, &t, dims, &changed);
    if (status == MX_OK && changed) status = mx_graph_add_type(a->g, &t, type, a->err);
    mx_free(a->g->allocator, dims, t.n_dims * sizeof *dims);
    return status;
}

static mx_status rename_all(axes *a) {
    for (mx_node_id id = 0; id < a->g->n_nodes; id++) {
        mx_node *n = mx_node_at(a->g, id);
        if (n->kind == MX_NODE_INPUT || n->kind == MX_NODE_OUTPUT) MX_TRY(rename_type(a, id, &n->data));
    }
    for (size_t i = 0; i < a->g->n_scopes; i++)
        for (size_t k = 0; k < a->g->scopes[i].n_value_infos; k++)
            MX_TRY(rename_type(a, MX_NO_NODE, &a->g->scopes[i].value_infos[k].type));
    return MX_OK;
}

mx_status mx_export_apply_axes(mx_export_job *job, mx_error *err) {
    axes a = {.g = job->graph, .expressions = job->kind == MX_EXPORT_PT2, .err = err};
    const mx_dynamic_axis *given = job->config.dynamic_axes;
    if (!job->config.n_dynamic_axes) return MX_OK;
    a.items = mx_arena_array(job->arena, job->config.n_dynamic_axes, sizeof *a.items);
    if (!a.items) return mx_nomem(err);
    for (size_t i = 0; i < job->config.n_dynamic_axes; i++) MX_TRY(find_axis(&a, &given[i], &a.items[a.count++]));
    MX_TRY(check_names(&a, given));
    MX_TRY(check_clashes(&a, given));
    return rename_all(&a);
}
