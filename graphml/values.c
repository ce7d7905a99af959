#include "graphml/values.h"

#include <stdlib.h>

/* ---- shared pieces ---- */

void mx_json_member(mx_buffer *b, bool *first, const char *key) {
    if (!*first) mx_buffer_add(b, ", ", 2);
    *first = false;
    mx_buffer_byte(b, '"');
    mx_buffer_cstr(b, key);
    mx_buffer_add(b, "\": ", 3);
}

void mx_json_text_member(mx_buffer *b, const mx_graph *g, bool *first, const char *key, mx_sid text) {
    if (text == MX_SID_ABSENT) return;
    mx_json_member(b, first, key);
    mx_value_name(b, g, text);
}

void mx_json_rest_member(mx_buffer *b, const mx_graph *g, bool *first, const char *key, mx_sid rest) {
    if (rest == MX_SID_ABSENT) return;
    mx_str s = mx_text(g, rest);
    mx_json_member(b, first, key);
    mx_buffer_add(b, s.p, s.n);
}

static mx_sid name_at(const void *items, size_t i, size_t stride) {
    mx_sid id;
    memcpy(&id, (const char *)items + i * stride, sizeof id);
    return id;
}

static int compare_sids(const void *a, const void *b) {
    mx_sid x = *(const mx_sid *)a, y = *(const mx_sid *)b;
    return x < y ? -1 : x > y;
}

/* Names are interned, so equal names have equal ids. */
static bool repeats(mx_buffer *b, const mx_graph *g, const void *items, size_t n, size_t stride) {
    bool found = false;
    mx_sid few[32], *ids = few;
    if (n > 32) ids = mx_alloc_zero(g->allocator, n, sizeof *ids);
    if (!ids) {
        b->failed = true;
        return true;
    }
    for (size_t i = 0; i < n; i++)
        ids[i] = name_at(items, i, stride);
    qsort(ids, n, sizeof *ids, compare_sids);
    for (size_t i = 1; i < n && !found; i++)
        found = ids[i] == ids[i - 1];
    if (n > 32) mx_free(g->allocator, ids, n * sizeof *ids);
    return found;
}

bool mx_json_keys_fit(mx_buffer *b, const mx_graph *g, const void *items, size_t n, size_t stride) {
    for (size_t i = 0; i < n; i++) {
        mx_sid id = name_at(items, i, stride);
        mx_str s = mx_text(g, id);
        if (id == MX_SID_ABSENT || memchr(s.p, 0, s.n) || !mx_utf8_valid(s.p, s.n)) return false;
    }
    return n < 2 || !repeats(b, g, items, n, stride);
}

/* ---- texts ---- */

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

void mx_value_plain(mx_buffer *b, mx_str s) {
    bool plain = s.n > 0 && s.p[0] != '"' && s.p[0] != '{' && !is_space(s.p[0]) && !is_space(s.p[s.n - 1]) &&
                 !memchr(s.p, '\r', s.n) && mx_xml_chars(s.p, s.n);
    if (plain)
        mx_buffer_add(b, s.p, s.n);
    else
        mx_json_bytes(b, s.p ? s : MX_STR_LITERAL(""));
}

void mx_value_name(mx_buffer *b, const mx_graph *g, mx_sid name) {
    if (name == MX_SID_ABSENT)
        mx_buffer_cstr(b, "null");
    else
        mx_json_bytes(b, mx_text(g, name));
}

static void base64_object(mx_buffer *b, const mx_graph *g, mx_sid bytes) {
    mx_str s = mx_text(g, bytes);
    mx_buffer_cstr(b, "{\"base64\": \"");
    mx_base64_add(b, s.p, s.n);
    mx_buffer_cstr(b, "\"}");
}

/* ---- types ---- */

static void element_name(mx_buffer *b, int32_t elem) {
    const char *name = mx_data_type_name(elem);
    if (name) {
        mx_buffer_byte(b, '"');
        mx_buffer_cstr(b, name);
        mx_buffer_byte(b, '"');
    } else {
        mx_buffer_int(b, elem);
    }
}

static void dimension(mx_buffer *b, const mx_graph *g, const mx_dim *d) {
    bool first = true, plain = d->denotation == MX_SID_ABSENT;
    if (plain && d->kind == MX_DIM_PARAM) {
        mx_str s = mx_text(g, d->param);
        plain = mx_utf8_valid(s.p, s.n);
    }
    if (!plain) mx_buffer_byte(b, '{');
    if (d->kind == MX_DIM_VALUE) {
        if (!plain) mx_json_member(b, &first, "value");
        mx_buffer_int(b, d->value);
    } else if (d->kind == MX_DIM_PARAM) {
        if (!plain) mx_json_member(b, &first, "param");
        mx_value_name(b, g, d->param);
    } else if (plain) {
        mx_buffer_cstr(b, "null");
    }
    if (plain) return;
    mx_json_text_member(b, g, &first, "denotation", d->denotation);
    mx_buffer_byte(b, '}');
}

bool mx_value_shape(mx_buffer *b, const mx_graph *g, uint32_t type) {
    const mx_type *t = &g->types[type];
    if ((t->kind != MX_TYPE_TENSOR && t->kind != MX_TYPE_SPARSE) || !t->has_shape) return false;
    mx_buffer_byte(b, '[');
    for (uint32_t i = 0; i < t->n_dims; i++) {
        if (i) mx_buffer_add(b, ", ", 2);
        dimension(b, g, &t->dims[i]);
    }
    mx_buffer_byte(b, ']');
    return true;
}

static void tensor_type_members(mx_buffer *b, const mx_graph *g, uint32_t type, bool *first) {
    const mx_type *t = &g->types[type];
    if (t->has_elem) {
        mx_json_member(b, first, "elem");
        element_name(b, t->elem);
    }
    if (t->has_shape) {
        mx_json_member(b, first, "shape");
        mx_value_shape(b, g, type);
    }
}

static void child_type(mx_buffer *b, const mx_graph *g, uint32_t child) {
    if (child == MX_NO_INDEX)
        mx_buffer_cstr(b, "null");
    else
        mx_value_type(b, g, child);
}

static void sparse_type(mx_buffer *b, const mx_graph *g, uint32_t type) {
    bool first = true;
    mx_buffer_byte(b, '{');
    tensor_type_members(b, g, type, &first);
    mx_buffer_byte(b, '}');
}

static void map_type(mx_buffer *b, const mx_graph *g, const mx_type *t) {
    bool first = true;
    mx_buffer_byte(b, '{');
    if (t->has_elem) {
        mx_json_member(b, &first, "key");
        element_name(b, t->elem);
    }
    if (t->child != MX_NO_INDEX) {
        mx_json_member(b, &first, "value");
        mx_value_type(b, g, t->child);
    }
    mx_buffer_byte(b, '}');
}

static void opaque_type(mx_buffer *b, const mx_graph *g, const mx_type *t) {
    bool first = true;
    mx_buffer_byte(b, '{');
    mx_json_text_member(b, g, &first, "domain", t->domain);
    mx_json_text_member(b, g, &first, "name", t->name);
    mx_buffer_byte(b, '}');
}

/* The member that says which kind of type it is; nested types were bounded in depth when they were read. */
static void type_form(mx_buffer *b, const mx_graph *g, uint32_t type, bool *first) {
    const mx_type *t = &g->types[type];
    switch (t->kind) {
    case MX_TYPE_EMPTY: break;
    case MX_TYPE_TENSOR:
        tensor_type_members(b, g, type, first);
        if (*first) {
            mx_json_member(b, first, "tensor");
            mx_buffer_cstr(b, "{}");
        }
        break;
    case MX_TYPE_SPARSE:
        mx_json_member(b, first, "sparse");
        sparse_type(b, g, type);
        break;
    case MX_TYPE_SEQUENCE:
    case MX_TYPE_OPTIONAL:
        mx_json_member(b, first, t->kind == MX_TYPE_SEQUENCE ? "sequence" : "optional");
        child_type(b, g, t->child);
        break;
    case MX_TYPE_MAP:
        mx_json_member(b, first, "map");
        map_type(b, g, t);
        break;
    case MX_TYPE_OPAQUE:
        mx_json_member(b, first, "opaque");
        opaque_type(b, g, t);
        break;
    case MX_TYPE_WIRE: break;
    }
}

void mx_value_type(mx_buffer *b, const mx_graph *g, uint32_t type) {
    const mx_type *t = &g->types[type];
    bool first = true;
    if (t->kind == MX_TYPE_WIRE) {
        base64_object(b, g, t->domain);
        return;
    }
    mx_buffer_byte(b, '{');
    type_form(b, g, type, &first);
    mx_json_text_member(b, g, &first, "denotation", t->denotation);
    mx_buffer_byte(b, '}');
}

/* ---- metadata, opsets, value infos ---- */

void mx_value_pair_list(mx_buffer *b, const mx_graph *g, const mx_pairs *pairs) {
    mx_buffer_byte(b, '[');
    for (uint32_t i = 0; i < pairs->count; i++) {
        const mx_pair *p = &pairs->items[i];
        if (i) mx_buffer_add(b, ", ", 2);
        if (p->opaque != MX_SID_ABSENT) {
            base64_object(b, g, p->opaque);
            continue;
        }
        mx_buffer_byte(b, '[');
        mx_value_name(b, g, p->key);
        mx_buffer_add(b, ", ", 2);
        mx_value_name(b, g, p->value);
        mx_buffer_byte(b, ']');
    }
    mx_buffer_byte(b, ']');
}

void mx_value_metadata(mx_buffer *b, const mx_graph *g, const mx_pairs *pairs) {
    bool odd = !mx_json_keys_fit(b, g, pairs->items, pairs->count, sizeof *pairs->items);
    for (uint32_t i = 0; i < pairs->count && !odd; i++)
        odd = pairs->items[i].opaque != MX_SID_ABSENT;
    if (odd) {
        mx_value_pair_list(b, g, pairs);
        return;
    }
    mx_buffer_byte(b, '{');
    for (uint32_t i = 0; i < pairs->count; i++) {
        if (i) mx_buffer_add(b, ", ", 2);
        mx_value_name(b, g, pairs->items[i].key);
        mx_buffer_add(b, ": ", 2);
        mx_value_name(b, g, pairs->items[i].value);
    }
    mx_buffer_byte(b, '}');
}

void mx_value_opsets(mx_buffer *b, const mx_graph *g, const mx_opset *opsets, size_t n) {
    mx_buffer_byte(b, '[');
    for (size_t i = 0; i < n; i++) {
        if (i) mx_buffer_add(b, ", ", 2);
        if (opsets[i].opaque != MX_SID_ABSENT) {
            base64_object(b, g, opsets[i].opaque);
            continue;
        }
        mx_buffer_byte(b, '[');
        mx_value_name(b, g, opsets[i].domain);
        mx_buffer_add(b, ", ", 2);
        if (opsets[i].has_version)
            mx_buffer_int(b, opsets[i].version);
        else
            mx_buffer_cstr(b, "null");
        mx_buffer_byte(b, ']');
    }
    mx_buffer_byte(b, ']');
}

void mx_value_info_entry(mx_buffer *b, const mx_graph *g, const mx_value_info *v, int64_t port,
                         size_t index) {
    bool first = true;
    mx_buffer_byte(b, '{');
    if (port >= 0) {
        mx_json_member(b, &first, "port");
        mx_buffer_int(b, port);
    } else {
        mx_json_member(b, &first, "name");
        mx_value_name(b, g, v->name);
    }
    mx_json_member(b, &first, "index");
    mx_buffer_uint(b, index);
    if (v->type != MX_NO_INDEX) {
        mx_json_member(b, &first, "type");
        mx_value_type(b, g, v->type);
    }
    mx_json_text_member(b, g, &first, "doc_string", v->doc);
    if (v->metadata.count) {
        mx_json_member(b, &first, "metadata");
        mx_value_metadata(b, g, &v->metadata);
    }
    mx_json_rest_member(b, g, &first, "rest", v->rest);
    mx_buffer_byte(b, '}');
}
