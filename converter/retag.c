#include "converter/retag.h"

mx_node_id mx_node_next_below(const mx_graph *g, mx_node_id root, mx_node_id id) {
    const mx_node *n = mx_node_at(g, id);
    if (n->first_child != MX_NO_NODE) return n->first_child;
    while (id != root && n->next_sibling == MX_NO_NODE) {
        id = n->parent;
        n = mx_node_at(g, id);
    }
    return id == root ? MX_NO_NODE : n->next_sibling;
}

mx_module_data *mx_module_around(const mx_graph *g, mx_node_id node) {
    const mx_node *n = mx_node_at(g, node);
    while (n->parent != MX_NO_NODE) {
        n = mx_node_at(g, n->parent);
        if (n->kind == MX_NODE_MODULE) return &g->modules[n->data];
    }
    return &g->modules[0];
}

mx_sid mx_operator_tag(const mx_graph *g, const mx_attr *attrs, uint32_t n_attrs, const mx_pairs *metadata) {
    for (uint32_t i = 0; i < metadata->count; i++) {
        const mx_pair *p = &metadata->items[i];
        if (p->opaque == MX_SID_ABSENT && mx_str_is(mx_text(g, p->key), "hierarchy_tag")) return p->value;
    }
    for (uint32_t i = 0; i < n_attrs; i++) {
        const mx_attr *a = &attrs[i];
        bool value = a->type == MX_ATTR_STRING && a->ref_name == MX_SID_ABSENT;
        if (value && mx_str_is(mx_text(g, a->name), "hierarchy_tag")) return a->value.s;
    }
    return MX_SID_ABSENT;
}

/* ---- modules ---- */

/* The number at the end of "layer.0", with its point; empty if the last part is none. */
static mx_str number_part(mx_str name) {
    size_t i = name.n;
    while (i && name.p[i - 1] >= '0' && name.p[i - 1] <= '9')
        i--;
    if (i == name.n || (i && name.p[i - 1] != '.')) return (mx_str){"", 0};
    return (mx_str){name.p + i, name.n - i};
}

static mx_status take(mx_graph *g, mx_buffer *b, mx_sid *out, mx_error *err) {
    mx_status status = b->failed ? mx_nomem(err) : mx_graph_string(g, mx_buffer_str(b), out, err);
    mx_buffer_clear(b);
    return status;
}

static void add(mx_buffer *b, mx_str s) {
    mx_buffer_add(b, s.p, s.n);
}

static mx_status module_scope(mx_graph *g, mx_sid outer, mx_str name, mx_buffer *b, mx_sid *out, mx_error *err) {
    add(b, mx_text(g, outer));
    if (b->size && name.n) mx_buffer_byte(b, '.');
    add(b, name);
    return take(g, b, out, err);
}

static mx_status module_tag(mx_graph *g, const mx_module_data *m, mx_sid outer, mx_str name, mx_buffer *b, mx_sid *out,
                            mx_error *err) {
    mx_str number = number_part(name);
    *out = outer;
    if (outer == MX_SID_ABSENT || !m->has_own_tag) return MX_OK;
    add(b, mx_text(g, outer));
    mx_buffer_byte(b, '/');
    add(b, mx_text(g, m->class_name));
    if (number.n) mx_buffer_byte(b, '.');
    add(b, number);
    return take(g, b, out, err);
}

mx_status mx_retag_module(mx_graph *g, mx_node_id module, mx_error *err) {
    const mx_node *n = mx_node_at(g, module);
    const mx_module_data *outer = mx_module_around(g, module);
    mx_module_data *m = &g->modules[n->data];
    mx_str name = mx_text(g, n->name);
    mx_sid scope = MX_SID_ABSENT, tag = MX_SID_ABSENT;
    mx_buffer b;
    mx_buffer_init(&b, g->allocator);
    mx_status status = module_scope(g, outer->scope, name, &b, &scope, err);
    if (status == MX_OK) status = module_tag(g, m, outer->tag, name, &b, &tag, err);
    mx_buffer_free(&b);
    if (status != MX_OK) return status;
    m->scope = scope;
    m->tag = tag;
    return MX_OK;
}

/* ---- operators ---- */

enum { TAG, SCOPE, METHOD, PATH, TAGS, COUNT, N_PROPERTIES, N_MINIMAL = PATH };

typedef struct properties {
    mx_sid keys[N_PROPERTIES], values[N_PROPERTIES]; /* values absent: the property goes */
} properties;

static mx_status property_keys(mx_graph *g, properties *p, mx_error *err) {
    static const char *const keys[N_PROPERTIES] = {"hierarchy_tag",  "hierarchy_scope", "hierarchy_method",
                                                   "hierarchy_path", "hierarchy_tags",  "hierarchy_count"};
    for (int i = 0; i < N_PROPERTIES; i++)
        MX_TRY(mx_graph_string(g, mx_str_of(keys[i]), &p->keys[i], err));
    return MX_OK;
}

static mx_status property_values(mx_graph *g, const mx_module_data *m, properties *p, mx_error *err) {
    memset(p->values, 0, sizeof p->values);
    if (m->tag == MX_SID_ABSENT) return MX_OK;
    p->values[TAG] = p->values[PATH] = m->tag;
    p->values[SCOPE] = m->scope == MX_SID_ABSENT ? MX_SID_EMPTY : m->scope;
    MX_TRY(mx_graph_string(g, MX_STR_LITERAL("direct"), &p->values[METHOD], err));
    MX_TRY(mx_graph_string(g, MX_STR_LITERAL("1"), &p->values[COUNT], err));
    mx_buffer b;
    mx_buffer_init(&b, g->allocator);
    mx_buffer_byte(&b, '[');
    mx_json_bytes(&b, mx_text(g, m->tag));
    mx_buffer_byte(&b, ']');
    mx_status status = take(g, &b, &p->values[TAGS], err);
    mx_buffer_free(&b);
    return status;
}

static int property_of(const properties *p, mx_sid key) {
    for (int i = 0; i < N_PROPERTIES; i++)
        if (p->keys[i] == key) return i;
    return -1;
}

/* Bits of the properties that the metadata, or the attributes, hold. */
static unsigned in_metadata(const mx_node *n, const properties *p) {
    unsigned found = 0;
    for (uint32_t i = 0; i < n->metadata.count; i++) {
        const mx_pair *pair = &n->metadata.items[i];
        int k = pair->opaque ? -1 : property_of(p, pair->key);
        if (k >= 0) found |= 1u << k;
    }
    return found;
}

static unsigned in_attributes(const mx_node *n, const properties *p) {
    unsigned found = 0;
    for (uint32_t i = 0; i < n->n_attrs; i++) {
        int k = property_of(p, n->attrs[i].name);
        if (k >= 0) found |= 1u << k;
    }
    return found;
}

/* Builds new arrays: those of the node may be shared. `had`: bits of the properties that are there already. */
static mx_status write_metadata(mx_graph *g, mx_node *n, const properties *p, unsigned had, mx_error *err) {
    bool minimal = had && !(had >> N_MINIMAL);
    uint32_t count = 0;
    mx_pair *items = NULL;
    MX_TRY(mx_graph_array(g, n->metadata.count + N_PROPERTIES, sizeof *items, &items, err));
    unsigned done = 0;
    for (uint32_t i = 0; i < n->metadata.count; i++) {
        mx_pair pair = n->metadata.items[i];
        int k = pair.opaque ? -1 : property_of(p, pair.key);
        if (k >= 0) {
            if (p->values[k] == MX_SID_ABSENT || done >> k & 1) continue;
            pair.value = p->values[k];
            done |= 1u << k;
        }
        items[count++] = pair;
    }
    for (int k = 0; k < (minimal ? N_MINIMAL : N_PROPERTIES); k++)
        if (!(done >> k & 1) && p->values[k] != MX_SID_ABSENT) items[count++] = (mx_pair){p->keys[k], p->values[k], 0};
    n->metadata = (mx_pairs){items, count};
    return MX_OK;
}

/* An attribute of the type that it has; hierarchy_tags is a list here, not JSON. */
static mx_status write_attribute(mx_graph *g, mx_attr *a, const properties *p, int k, mx_error *err) {
    a->ref_name = MX_SID_ABSENT;
    if (k == COUNT) {
        a->type = MX_ATTR_INT;
        a->value.i = 1;
    } else if (k == TAGS) {
        mx_sid *list = NULL;
        MX_TRY(mx_graph_array(g, 1, sizeof *list, &list, err));
        list[0] = p->values[TAG];
        a->type = MX_ATTR_STRINGS;
        a->count = 1;
        a->value.sids = list;
    } else {
        a->type = MX_ATTR_STRING;
        a->value.s = p->values[k];
    }
    return MX_OK;
}

static mx_status write_attributes(mx_graph *g, mx_node *n, const properties *p, mx_error *err) {
    mx_attr *attrs = NULL;
    uint32_t count = 0;
    MX_TRY(mx_graph_array(g, n->n_attrs, sizeof *attrs, &attrs, err));
    for (uint32_t i = 0; i < n->n_attrs; i++) {
        int k = property_of(p, n->attrs[i].name);
        if (k >= 0 && p->values[k] == MX_SID_ABSENT) continue;
        attrs[count] = n->attrs[i];
        if (k >= 0) MX_TRY(write_attribute(g, &attrs[count], p, k, err));
        count++;
    }
    n->attrs = attrs;
    n->n_attrs = count;
    return MX_OK;
}

static mx_status retag(mx_graph *g, mx_node_id op, properties *p, bool untagged_too, mx_error *err) {
    mx_node *n = mx_node_at(g, op);
    unsigned metadata = in_metadata(n, p), attributes = in_attributes(n, p);
    if (!metadata && !attributes && !untagged_too) return MX_OK;
    MX_TRY(property_values(g, mx_module_around(g, op), p, err));
    if (attributes) MX_TRY(write_attributes(g, n, p, err));
    if (metadata || (!attributes && p->values[TAG] != MX_SID_ABSENT)) MX_TRY(write_metadata(g, n, p, metadata, err));
    return MX_OK;
}

mx_status mx_retag_operator(mx_graph *g, mx_node_id op, mx_error *err) {
    properties p;
    MX_TRY(property_keys(g, &p, err));
    return retag(g, op, &p, true, err);
}

mx_status mx_retag_below(mx_graph *g, mx_node_id node, mx_error *err) {
    properties p;
    MX_TRY(property_keys(g, &p, err));
    for (mx_node_id id = node; id != MX_NO_NODE; id = mx_node_next_below(g, node, id)) {
        mx_node_kind kind = (mx_node_kind)mx_node_at(g, id)->kind;
        if (kind == MX_NODE_MODULE) MX_TRY(mx_retag_module(g, id, err));
        if (kind == MX_NODE_OPERATOR) MX_TRY(retag(g, id, &p, false, err));
    }
    return MX_OK;
}
