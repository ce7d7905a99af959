#include "htp/stored.h"

static mx_sid find(const mx_graph *g, const char *key) {
    mx_sid sid = mx_strings_find(&g->strings, mx_str_of(key));
    return sid == MX_SID_NOMEM ? MX_SID_ABSENT : sid;
}

mx_htp_stored_keys mx_htp_stored_find_keys(const mx_graph *g) {
    return (mx_htp_stored_keys){.tag = find(g, "hierarchy_tag"),
                                .scope = find(g, "hierarchy_scope"),
                                .method = find(g, "hierarchy_method"),
                                .path = find(g, "hierarchy_path")};
}

/* The first property of a name counts. */
static bool take(const mx_htp_stored_keys *k, mx_sid key, mx_sid value, mx_htp_stored *out) {
    const mx_sid keys[] = {k->tag, k->scope, k->method, k->path};
    mx_sid *const values[] = {&out->tag, &out->scope, &out->method, &out->path};
    if (key == MX_SID_ABSENT) return false;
    for (int i = 0; i < 4; i++) {
        if (keys[i] != key || *values[i] != MX_SID_ABSENT) continue;
        *values[i] = value == MX_SID_ABSENT ? MX_SID_EMPTY : value;
        return true;
    }
    return false;
}

mx_htp_stored mx_htp_stored_of(const mx_node *op, const mx_htp_stored_keys *keys) {
    mx_htp_stored out = {0};
    for (uint32_t i = 0; i < op->metadata.count; i++) {
        const mx_pair *p = &op->metadata.items[i];
        if (p->opaque == MX_SID_ABSENT) take(keys, p->key, p->value, &out);
    }
    for (uint32_t i = 0; i < op->n_attrs; i++) {
        const mx_attr *a = &op->attrs[i];
        if (a->type == MX_ATTR_STRING && a->ref_name == MX_SID_ABSENT && take(keys, a->name, a->value.s, &out))
            out.attribute = true;
    }
    if (out.tag == MX_SID_ABSENT) out.tag = out.path;
    return out;
}

bool mx_htp_is_operator(const mx_node *n) {
    return n->kind == MX_NODE_OPERATOR && !(n->flags & MX_FLAG_REMOVED);
}
