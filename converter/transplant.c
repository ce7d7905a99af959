#include "converter/transplant.h"

enum { LOCATION_EXTERNAL = 1 };

/* ---- the tables ---- */

_Static_assert(MX_SID_NOMEM == MX_NO_INDEX && MX_NO_NODE == MX_NO_INDEX, "one number stands for what was not copied");

mx_status mx_transplant_begin(mx_transplant *t, const mx_graph *from, mx_graph *to, mx_error *err) {
    const mx_allocator *a = from->allocator;
    *t = (mx_transplant){.from = from, .to = to, .err = err};
    bool made = mx_slate_init(&t->strings, a, from->strings.count, MX_NO_INDEX) &&
                mx_slate_init(&t->values, a, from->strings.count, MX_NO_INDEX) &&
                mx_slate_init(&t->tensors, a, from->n_tensors, MX_NO_INDEX) &&
                mx_slate_init(&t->types, a, from->n_types, MX_NO_INDEX) &&
                mx_slate_init(&t->sources, a, from->n_sources, MX_NO_INDEX) &&
                mx_slate_init(&t->checks, a, from->n_checks, MX_NO_INDEX) &&
                mx_slate_init(&t->nodes, a, from->n_nodes, MX_NO_INDEX);
    return made ? MX_OK : mx_nomem(err);
}

void mx_transplant_restart(mx_transplant *t, mx_graph *to, mx_error *err) {
    mx_slate *const slates[] = {&t->strings, &t->values, &t->tensors, &t->types, &t->sources, &t->checks, &t->nodes};
    for (size_t i = 0; i < sizeof slates / sizeof *slates; i++) mx_slate_wipe(slates[i]);
    t->to = to;
    t->err = err;
}

void mx_transplant_end(mx_transplant *t) {
    mx_slate *const slates[] = {&t->strings, &t->values, &t->tensors, &t->types, &t->sources, &t->checks, &t->nodes};
    for (size_t i = 0; i < sizeof slates / sizeof *slates; i++) mx_slate_free(slates[i]);
    *t = (mx_transplant){0};
}

/* ---- texts ---- */

mx_status mx_transplant_string(mx_transplant *t, mx_sid id, mx_sid *out) {
    mx_sid *known = mx_slate_at(&t->strings, id);
    if (*known == MX_SID_NOMEM) MX_TRY(mx_graph_string(t->to, mx_text(t->from, id), known, t->err));
    *out = *known;
    return MX_OK;
}

mx_status mx_transplant_value(mx_transplant *t, mx_sid id, mx_sid *out) {
    *out = mx_slate_get(&t->values, id);
    return *out == MX_SID_NOMEM ? mx_transplant_string(t, id, out) : MX_OK;
}

mx_status mx_transplant_pairs(mx_transplant *t, const mx_pairs *from, mx_pairs *out) {
    *out = (mx_pairs){.count = from->count};
    if (from->count == 0) return MX_OK;
    MX_TRY(mx_graph_array(t->to, from->count, sizeof *out->items, &out->items, t->err));
    for (uint32_t i = 0; i < from->count; i++) {
        MX_TRY(mx_transplant_string(t, from->items[i].key, &out->items[i].key));
        MX_TRY(mx_transplant_string(t, from->items[i].value, &out->items[i].value));
        MX_TRY(mx_transplant_string(t, from->items[i].opaque, &out->items[i].opaque));
    }
    return MX_OK;
}

mx_status mx_transplant_opset(mx_transplant *t, const mx_opset *from, mx_opset *out) {
    *out = *from;
    MX_TRY(mx_transplant_string(t, from->domain, &out->domain));
    return mx_transplant_string(t, from->opaque, &out->opaque);
}

/* ---- types ---- */

static mx_status copy_dims(mx_transplant *t, const mx_type *from, mx_type *out) {
    if (from->n_dims == 0) return MX_OK;
    MX_TRY(mx_graph_array(t->to, from->n_dims, sizeof *out->dims, &out->dims, t->err));
    for (uint32_t i = 0; i < from->n_dims; i++) {
        out->dims[i] = from->dims[i];
        MX_TRY(mx_transplant_string(t, from->dims[i].param, &out->dims[i].param));
        MX_TRY(mx_transplant_string(t, from->dims[i].denotation, &out->dims[i].denotation));
    }
    return MX_OK;
}

static mx_status copy_type(mx_transplant *t, uint32_t type) {
    const mx_type *from = &t->from->types[type];
    mx_type copy = *from;
    if (from->child != MX_NO_INDEX) copy.child = mx_slate_get(&t->types, from->child);
    MX_TRY(mx_transplant_string(t, from->domain, &copy.domain));
    MX_TRY(mx_transplant_string(t, from->name, &copy.name));
    MX_TRY(mx_transplant_string(t, from->denotation, &copy.denotation));
    MX_TRY(copy_dims(t, from, &copy));
    return mx_graph_add_type(t->to, &copy, mx_slate_at(&t->types, type), t->err);
}

/* A type is made after those inside it, which thus have smaller numbers: what is missing is copied from the innermost. */
mx_status mx_transplant_type(mx_transplant *t, uint32_t type, uint32_t *out) {
    *out = MX_NO_INDEX;
    if (type == MX_NO_INDEX) return MX_OK;
    while (mx_slate_get(&t->types, type) == MX_NO_INDEX) {
        uint32_t next = type, child = t->from->types[next].child;
        for (; child != MX_NO_INDEX && mx_slate_get(&t->types, child) == MX_NO_INDEX; child = t->from->types[next].child) next = child;
        MX_TRY(copy_type(t, next));
    }
    *out = mx_slate_get(&t->types, type);
    return MX_OK;
}

/* ---- bytes ---- */

static mx_status copy_source(mx_transplant *t, uint32_t source, uint32_t *out) {
    uint32_t *known = mx_slate_at(&t->sources, source);
    if (*known == MX_NO_INDEX) {
        mx_source *s = t->from->sources[source];
        if (!s) return mx_fail(t->err, MX_ERR_INVALID, "bytes are referred to that are in no file");
        if (s->memory && !s->owned) { /* the other graph's memory, which may end before the copy */
            MX_TRY(mx_source_from_memory(&t->to->env, s->memory, (size_t)s->size, true, &s, t->err));
        } else {
            mx_source_retain(s);
        }
        MX_TRY(mx_graph_add_source(t->to, s, known, t->err));
    }
    *out = *known;
    return MX_OK;
}

static mx_status copy_check(mx_transplant *t, uint32_t check, uint32_t *out) {
    uint32_t *known = mx_slate_at(&t->checks, check);
    if (*known == MX_NO_INDEX) {
        mx_check copy = t->from->checks[check];
        MX_TRY(copy_source(t, copy.source, &copy.source));
        MX_TRY(mx_graph_add_check(t->to, &copy, known, t->err));
    }
    *out = *known;
    return MX_OK;
}

static mx_status copy_blob(mx_transplant *t, const mx_blob *from, mx_blob *out) {
    *out = *from;
    if (from->source != MX_NO_INDEX) MX_TRY(copy_source(t, from->source, &out->source));
    if (from->check != MX_NO_INDEX) MX_TRY(copy_check(t, from->check, &out->check));
    return MX_OK;
}

/* ---- tensors ---- */

static bool says_place(const mx_graph *g, const mx_pair *p) {
    static const char *const keys[] = {"location", "offset", "length", "checksum", "basepath"};
    if (p->opaque != MX_SID_ABSENT) return false;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (mx_str_is(mx_text(g, p->key), keys[i])) return true;
    return false;
}

/* The bytes of an external file become the tensor's own; others that it held beside them mean nothing. */
static void take_inside(const mx_graph *g, mx_tensor *copy) {
    uint32_t kept = 0;
    for (uint32_t i = 0; i < copy->external.count; i++)
        if (!says_place(g, &copy->external.items[i])) copy->external.items[kept++] = copy->external.items[i];
    copy->external.count = kept;
    copy->rest = MX_SID_ABSENT;
    copy->external_file = MX_NO_INDEX;
    copy->field = MX_TENSOR_RAW_DATA;
    copy->has_location = copy->has_location && copy->location != LOCATION_EXTERNAL;
}

static mx_status copy_tensor(mx_transplant *t, const mx_tensor *from, mx_sid name, uint32_t *out) {
    mx_tensor copy = *from;
    copy.name = name;
    MX_TRY(mx_transplant_string(t, from->doc, &copy.doc));
    MX_TRY(mx_transplant_string(t, from->rest, &copy.rest));
    if (from->n_dims) {
        copy.dims = mx_arena_copy(&t->to->arena, from->dims, from->n_dims * sizeof *from->dims);
        if (!copy.dims) return mx_nomem(t->err);
    }
    MX_TRY(copy_blob(t, &from->data, &copy.data));
    MX_TRY(mx_transplant_pairs(t, &from->external, &copy.external));
    MX_TRY(mx_transplant_pairs(t, &from->metadata, &copy.metadata));
    if (from->external_file != MX_NO_INDEX) take_inside(t->to, &copy);
    return mx_graph_add_tensor(t->to, &copy, out, t->err);
}

mx_status mx_transplant_initializer(mx_transplant *t, uint32_t tensor, uint32_t *out) {
    mx_sid name;
    uint32_t *known = mx_slate_at(&t->tensors, tensor);
    if (*known == MX_NO_INDEX) {
        MX_TRY(mx_transplant_value(t, t->from->tensors[tensor].name, &name));
        MX_TRY(copy_tensor(t, &t->from->tensors[tensor], name, known));
    }
    *out = *known;
    return MX_OK;
}

mx_status mx_transplant_tensor(mx_transplant *t, uint32_t tensor, uint32_t *out) {
    mx_sid name;
    *out = MX_NO_INDEX;
    if (tensor == MX_NO_INDEX) return MX_OK;
    MX_TRY(mx_transplant_string(t, t->from->tensors[tensor].name, &name));
    return copy_tensor(t, &t->from->tensors[tensor], name, out);
}

mx_status mx_transplant_sparse(mx_transplant *t, uint32_t sparse, bool initializer, uint32_t *out) {
    const mx_sparse *from = &t->from->sparses[sparse];
    mx_sparse copy = *from;
    if (from->n_dims) {
        copy.dims = mx_arena_copy(&t->to->arena, from->dims, from->n_dims * sizeof *from->dims);
        if (!copy.dims) return mx_nomem(t->err);
    }
    MX_TRY(mx_transplant_string(t, from->rest, &copy.rest));
    if (initializer && from->values != MX_NO_INDEX) {
        MX_TRY(mx_transplant_initializer(t, from->values, &copy.values));
    } else {
        MX_TRY(mx_transplant_tensor(t, from->values, &copy.values));
    }
    MX_TRY(mx_transplant_tensor(t, from->indices, &copy.indices));
    return mx_graph_add_sparse(t->to, &copy, out, t->err);
}

mx_status mx_transplant_value_info(mx_transplant *t, const mx_value_info *from, mx_value_info *out) {
    *out = *from;
    MX_TRY(mx_transplant_value(t, from->name, &out->name));
    MX_TRY(mx_transplant_string(t, from->doc, &out->doc));
    MX_TRY(mx_transplant_string(t, from->rest, &out->rest));
    MX_TRY(mx_transplant_type(t, from->type, &out->type));
    return mx_transplant_pairs(t, &from->metadata, &out->metadata);
}
