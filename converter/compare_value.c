/* Types, metadata and attributes. */
#include "converter/compare_internal.h"

#include <stdio.h>

/* ---- types ---- */

static bool same_dim(const mx_cmp *c, const mx_dim *a, const mx_dim *b) {
    return a->kind == b->kind && (a->kind != MX_DIM_VALUE || a->value == b->value) &&
           mx_cmp_same(c, a->param, b->param) && mx_cmp_same(c, a->denotation, b->denotation);
}

static bool same_step(const mx_cmp *c, const mx_type *a, const mx_type *b) {
    if (a->kind != b->kind || a->has_elem != b->has_elem || a->has_shape != b->has_shape || a->n_dims != b->n_dims ||
        (a->has_elem && a->elem != b->elem) || !mx_cmp_same(c, a->domain, b->domain) ||
        !mx_cmp_same(c, a->name, b->name) || !mx_cmp_same(c, a->denotation, b->denotation))
        return false;
    for (uint32_t i = 0; i < a->n_dims; i++)
        if (!same_dim(c, &a->dims[i], &b->dims[i])) return false;
    return true;
}

bool mx_cmp_same_type(const mx_cmp *c, uint32_t a, uint32_t b) {
    while (a != MX_NO_INDEX && b != MX_NO_INDEX) {
        const mx_type *x = &c->g[0]->types[a], *y = &c->g[1]->types[b];
        if (!same_step(c, x, y)) return false;
        a = x->child;
        b = y->child;
    }
    return a == b;
}

mx_status mx_cmp_type(mx_cmp *c, const char *what, const mx_place *at, uint32_t a, uint32_t b) {
    if (mx_cmp_same_type(c, a, b)) return MX_OK;
    mx_place place = mx_place_field(at, "type");
    mx_cmp_show_type(c, 0, a);
    mx_cmp_show_type(c, 1, b);
    return mx_cmp_report_values(c, what, &place);
}

/* ---- metadata ---- */

typedef struct metadata_lists {
    const mx_pairs *of[2];
    const mx_place *at;
    const char *label;
} metadata_lists;

/* The wire bytes of an opaque entry are no key: bit 32 sets them apart. */
static uint64_t metadata_key(const mx_cmp *c, const void *arg, int side, size_t i) {
    const metadata_lists *l = arg;
    const mx_pair *p = &l->of[side]->items[i];
    if (p->opaque != MX_SID_ABSENT) return mx_cmp_word(c, side, p->opaque) | (uint64_t)1 << 32;
    return mx_cmp_word(c, side, p->key);
}

static void show_entry(mx_cmp *c, int side, const mx_pair *p) {
    if (p && p->opaque == MX_SID_ABSENT && p->value == MX_SID_ABSENT) mx_cmp_say(c, side, "no value");
    if (p) mx_cmp_show(c, side, p->opaque == MX_SID_ABSENT ? p->value : p->opaque);
}

static mx_status compare_entry(mx_cmp *c, const void *arg, size_t a, size_t b) {
    const metadata_lists *l = arg;
    const mx_pair *x = a == SIZE_MAX ? NULL : &l->of[0]->items[a];
    const mx_pair *y = b == SIZE_MAX ? NULL : &l->of[1]->items[b];
    if (x && y && (x->opaque != MX_SID_ABSENT || mx_cmp_same(c, x->value, y->value))) return MX_OK;
    mx_place place = mx_place_key(l->at, l->label, x ? 0 : 1, x ? x->key : y->key);
    show_entry(c, 0, x);
    show_entry(c, 1, y);
    return mx_cmp_report_values(c, "metadata", &place);
}

mx_status mx_cmp_metadata(mx_cmp *c, const char *label, const mx_place *at, const mx_pairs *a, const mx_pairs *b) {
    if (a->count == 0 && b->count == 0) return MX_OK;
    metadata_lists lists = {{a, b}, at, label};
    return mx_cmp_pairs(c, &(mx_cmp_lists){{a->count, b->count}, metadata_key, compare_entry, &lists});
}

/* ---- attributes ---- */

typedef struct attribute_lists {
    mx_node_id of[2];
    const mx_place *at;
} attribute_lists;

static const mx_attr *attribute_at(const mx_cmp *c, const void *arg, int side, size_t i) {
    const attribute_lists *l = arg;
    return i == SIZE_MAX ? NULL : &mx_cmp_at(c, side, l->of[side])->attrs[i];
}

static uint64_t attribute_key(const mx_cmp *c, const void *arg, int side, size_t i) {
    return mx_cmp_word(c, side, attribute_at(c, arg, side, i)->name);
}

static bool is_list(int32_t type) {
    return (type >= MX_ATTR_FLOATS && type <= MX_ATTR_GRAPHS) || type == MX_ATTR_SPARSE_TENSORS ||
           type == MX_ATTR_TYPE_PROTOS;
}

static uint32_t index_of(const mx_attr *a, uint32_t i) {
    return is_list(a->type) ? a->value.indices[i] : a->value.index;
}

static bool has_value(const mx_attr *a) {
    return a->ref_name == MX_SID_ABSENT && a->type != MX_ATTR_UNDEFINED;
}

static void show_float(mx_buffer *b, float f) {
    if (mx_json_float(b, f)) return;
    char text[32];
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    snprintf(text, sizeof text, "0x%08x", bits); /* NaN with its payload, or an infinity */
    mx_buffer_cstr(b, text);
}

static void show_element(mx_cmp *c, int side, const mx_attr *a, uint32_t i) {
    mx_buffer *b = &c->text[side];
    switch (a->type) {
    case MX_ATTR_FLOAT: show_float(b, a->value.f); break;
    case MX_ATTR_INT: mx_buffer_int(b, a->value.i); break;
    case MX_ATTR_STRING:
    case MX_ATTR_OPAQUE: mx_cmp_show(c, side, a->value.s); break;
    case MX_ATTR_FLOATS: show_float(b, a->value.floats[i]); break;
    case MX_ATTR_INTS: mx_buffer_int(b, a->value.ints[i]); break;
    case MX_ATTR_STRINGS: mx_cmp_show(c, side, a->value.sids[i]); break;
    case MX_ATTR_TENSOR:
    case MX_ATTR_TENSORS: mx_cmp_show_tensor(c, side, &c->g[side]->tensors[index_of(a, i)]); break;
    case MX_ATTR_TYPE_PROTO:
    case MX_ATTR_TYPE_PROTOS: mx_cmp_show_type(c, side, index_of(a, i)); break;
    default: mx_cmp_say(c, side, "\xE2\x80\xA6"); break; /* a body, a sparse tensor */
    }
}

/* The elements of a list from `first` on. */
static void show_list(mx_cmp *c, int side, const mx_attr *a, uint32_t first) {
    enum { SHOWN = 12 };
    mx_cmp_say(c, side, first ? "[\xE2\x80\xA6, " : "[");
    for (uint32_t i = first; i < a->count && i - first < SHOWN; i++) {
        if (i > first) mx_cmp_say(c, side, ", ");
        show_element(c, side, a, i);
    }
    if (a->count > SHOWN && first < a->count - SHOWN) mx_cmp_say(c, side, ", \xE2\x80\xA6");
    mx_cmp_say(c, side, "]");
    if (first || a->count > SHOWN) {
        mx_cmp_say(c, side, " of ");
        mx_buffer_uint(&c->text[side], a->count);
    }
}

static void show_type_name(mx_cmp *c, int side, int32_t type) {
    static const char *const names[] = {
        "UNDEFINED", "FLOAT",   "INT",    "STRING",        "TENSOR",         "GRAPH",      "FLOATS",     "INTS",
        "STRINGS",   "TENSORS", "GRAPHS", "SPARSE_TENSOR", "SPARSE_TENSORS", "TYPE_PROTO", "TYPE_PROTOS"};
    bool known = type >= 0 && (size_t)type < sizeof names / sizeof *names;
    mx_cmp_say(c, side, known ? names[type] : "opaque");
}

static mx_status show_attribute(mx_cmp *c, int side, const mx_attr *a, uint32_t first) {
    if (!a || c->silent) return MX_OK;
    if (c->texts) return c->texts->attribute(&c->text[side], c->g[side], a, c->err);
    show_type_name(c, side, a->type);
    if (a->ref_name != MX_SID_ABSENT) {
        mx_cmp_say(c, side, " from ");
        mx_cmp_show(c, side, a->ref_name);
    } else if (is_list(a->type)) {
        mx_cmp_say(c, side, " ");
        show_list(c, side, a, first);
    } else if (a->type != MX_ATTR_UNDEFINED) {
        mx_cmp_say(c, side, " ");
        show_element(c, side, a, 0);
    }
    return MX_OK;
}

static mx_status report_attribute(mx_cmp *c, const mx_place *at, const mx_attr *a, const mx_attr *b, uint32_t first) {
    MX_TRY(show_attribute(c, 0, a, first));
    MX_TRY(show_attribute(c, 1, b, first));
    return mx_cmp_report_values(c, "attribute", at);
}

static bool same_element(const mx_cmp *c, const mx_attr *a, const mx_attr *b, uint32_t i) {
    switch (a->type) {
    case MX_ATTR_FLOAT: return memcmp(&a->value.f, &b->value.f, sizeof a->value.f) == 0;
    case MX_ATTR_INT: return a->value.i == b->value.i;
    case MX_ATTR_STRING:
    case MX_ATTR_OPAQUE: return mx_cmp_same(c, a->value.s, b->value.s);
    case MX_ATTR_FLOATS: return memcmp(&a->value.floats[i], &b->value.floats[i], sizeof *a->value.floats) == 0;
    case MX_ATTR_INTS: return a->value.ints[i] == b->value.ints[i];
    case MX_ATTR_STRINGS: return mx_cmp_same(c, a->value.sids[i], b->value.sids[i]);
    case MX_ATTR_TYPE_PROTO:
    case MX_ATTR_TYPE_PROTOS: return mx_cmp_same_type(c, index_of(a, i), index_of(b, i));
    default: return true; /* of those with parts of their own each part is compared */
    }
}

mx_status mx_cmp_add_scopes(mx_cmp *c, mx_node_id a, mx_node_id b, bool *fits) {
    mx_cmp_node *x = &c->nodes[0][a], *y = &c->nodes[1][b];
    bool fresh = x->match == MX_NO_NODE && y->match == MX_NO_NODE;
    *fits = fresh || x->match == b;
    if (!fresh) return MX_OK;
    if (!mx_grow(c->allocator, (void **)&c->scopes, &c->cap_scopes, c->n_scopes, sizeof *c->scopes))
        return mx_nomem(c->err);
    x->match = b;
    y->match = a;
    c->scopes[c->n_scopes++] = (mx_cmp_scopes){{a, b}};
    return MX_OK;
}

/* A body that stands for two attributes on one side and not on the other. */
static mx_status report_shared_body(mx_cmp *c, const mx_place *at, mx_node_id a) {
    int shared = c->nodes[0][a].match == MX_NO_NODE;
    mx_cmp_say(c, shared, "the body of another attribute");
    mx_cmp_say(c, !shared, "its own body");
    return mx_cmp_report(c, MX_CHANGED, "attribute", at);
}

static mx_status compare_part(mx_cmp *c, const mx_place *at, const mx_attr *a, const mx_attr *b, uint32_t i) {
    bool fits;
    mx_place place = is_list(a->type) ? mx_place_index(at, "value", i) : *at;
    switch (a->type) {
    case MX_ATTR_TENSOR:
    case MX_ATTR_TENSORS: return mx_cmp_tensor(c, "attribute", &place, index_of(a, i), index_of(b, i));
    case MX_ATTR_SPARSE_TENSOR:
    case MX_ATTR_SPARSE_TENSORS: return mx_cmp_sparse(c, "attribute", &place, index_of(a, i), index_of(b, i));
    case MX_ATTR_GRAPH:
    case MX_ATTR_GRAPHS:
        MX_TRY(mx_cmp_add_scopes(c, index_of(a, i), index_of(b, i), &fits));
        return fits ? MX_OK : report_shared_body(c, &place, index_of(a, i));
    default: return MX_OK;
    }
}

static mx_status compare_values(mx_cmp *c, const mx_place *at, const mx_attr *a, const mx_attr *b) {
    uint32_t n_a = is_list(a->type) ? a->count : 1, n_b = is_list(b->type) ? b->count : 1;
    uint32_t n = n_a < n_b ? n_a : n_b, first = 0;
    while (first < n && same_element(c, a, b, first))
        first++;
    if (first < n || n_a != n_b) MX_TRY(report_attribute(c, at, a, b, first < 3 ? 0 : first - 2));
    for (uint32_t i = 0; i < n; i++)
        MX_TRY(compare_part(c, at, a, b, i));
    return MX_OK;
}

static mx_status compare_parts(mx_cmp *c, const mx_place *at, const mx_attr *a, const mx_attr *b) {
    if (!a || !b || a->type != b->type || !mx_cmp_same(c, a->ref_name, b->ref_name)) {
        MX_TRY(report_attribute(c, at, a, b, 0));
    } else if (has_value(a)) {
        MX_TRY(compare_values(c, at, a, b));
    }
    if (!a || !b) return MX_OK;
    MX_TRY(mx_cmp_string(c, "attribute", at, "doc_string", a->doc, b->doc));
    return mx_cmp_json(c, "attribute", at, "rest", a->rest, b->rest);
}

static mx_status compare_attribute(mx_cmp *c, const void *arg, size_t i, size_t j) {
    const attribute_lists *l = arg;
    const mx_attr *a = attribute_at(c, arg, 0, i), *b = attribute_at(c, arg, 1, j);
    mx_place place = mx_place_key(l->at, "attribute", a ? 0 : 1, a ? a->name : b->name);
    uint64_t before = c->count;
    if (!c->texts) return compare_parts(c, &place, a, b);
    c->silent++;
    mx_status status = compare_parts(c, &place, a, b);
    c->silent--;
    return status == MX_OK && c->count > before ? report_attribute(c, &place, a, b, 0) : status;
}

mx_status mx_cmp_attributes(mx_cmp *c, mx_node_id a, mx_node_id b) {
    uint32_t n_a = mx_cmp_at(c, 0, a)->n_attrs, n_b = mx_cmp_at(c, 1, b)->n_attrs;
    if (n_a == 0 && n_b == 0) return MX_OK;
    mx_place at = mx_place_node(0, a);
    attribute_lists lists = {{a, b}, &at};
    return mx_cmp_pairs(c, &(mx_cmp_lists){{n_a, n_b}, attribute_key, compare_attribute, &lists});
}
