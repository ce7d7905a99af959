/* The tags as properties of the operators: metadata, or attributes as older exports have them. */
#include "htp/tagging.h"

enum { TAG, SCOPE, METHOD, PATH, TAGS, COUNT, N_PROPERTIES, N_MINIMAL = PATH };

typedef struct writing {
    mx_graph *g;
    const mx_htp_tagging *t;
    mx_error *err;
    mx_sid keys[N_PROPERTIES];
    mx_sid methods[MX_HTP_ROOT + 1];
    mx_sid *lists; /* by module: hierarchy_tags of operators that serve it alone */
    mx_sid one;    /* "1" */
    mx_buffer text;
} writing;

static mx_status intern(writing *w, const char *s, mx_sid *out) {
    return mx_graph_string(w->g, mx_str_of(s), out, w->err);
}

static mx_status begin(writing *w) {
    static const char *const keys[N_PROPERTIES] = {"hierarchy_tag",  "hierarchy_scope", "hierarchy_method",
                                                   "hierarchy_path", "hierarchy_tags",  "hierarchy_count"};
    static const char *const methods[] = {"", "direct", "parent", "inherited", "root"};
    for (int i = 0; i < N_PROPERTIES; i++) MX_TRY(intern(w, keys[i], &w->keys[i]));
    for (int i = 0; i <= MX_HTP_ROOT; i++) MX_TRY(intern(w, methods[i], &w->methods[i]));
    MX_TRY(intern(w, "1", &w->one));
    w->lists = mx_alloc_zero(w->g->allocator, w->t->tree.count, sizeof *w->lists);
    return w->lists ? MX_OK : mx_nomem(w->err);
}

static bool is_property(const writing *w, mx_sid key) {
    for (int i = 0; i < N_PROPERTIES; i++)
        if (w->keys[i] == key) return true;
    return false;
}

/* ---- values ---- */

static mx_sid tag_of(const writing *w, uint32_t module) {
    return w->t->tree.modules[module].tag;
}

static uint32_t served_count(const mx_htp_label *label) {
    return label->n_served ? label->n_served : 1;
}

static mx_sid served_tag(const writing *w, const mx_htp_label *label, uint32_t i) {
    return tag_of(w, label->n_served ? w->t->served[label->first_served + i] : label->module);
}

static mx_status taken(writing *w, mx_sid *out) {
    mx_status status = w->text.failed ? mx_nomem(w->err) : mx_graph_string(w->g, mx_buffer_str(&w->text), out, w->err);
    mx_buffer_clear(&w->text);
    return status;
}

/* The JSON list of tags; most operators of a module share one. */
static mx_status list_of(writing *w, const mx_htp_label *label, mx_sid *out) {
    *out = label->n_served ? MX_SID_ABSENT : w->lists[label->module];
    if (*out != MX_SID_ABSENT) return MX_OK;
    mx_buffer_byte(&w->text, '[');
    for (uint32_t i = 0; i < served_count(label); i++) {
        if (i) mx_buffer_add(&w->text, ", ", 2);
        mx_json_bytes(&w->text, mx_text(w->g, served_tag(w, label, i)));
    }
    mx_buffer_byte(&w->text, ']');
    MX_TRY(taken(w, out));
    if (!label->n_served) w->lists[label->module] = *out;
    return MX_OK;
}

static mx_status count_of(writing *w, const mx_htp_label *label, mx_sid *out) {
    *out = w->one;
    if (!label->n_served) return MX_OK;
    mx_buffer_uint(&w->text, label->n_served);
    return taken(w, out);
}

/* ---- metadata ---- */

static uint32_t foreign_pairs(const writing *w, const mx_node *n) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < n->metadata.count; i++)
        count += n->metadata.items[i].opaque != MX_SID_ABSENT || !is_property(w, n->metadata.items[i].key);
    return count;
}

/* Arrays are built anew: those of a node may be shared. The properties of other tools keep their order. */
static mx_status write_metadata(writing *w, mx_node *n, const mx_htp_label *label, uint32_t n_properties) {
    uint32_t kept = foreign_pairs(w, n), count = 0;
    if (!n_properties && kept == n->metadata.count) return MX_OK;
    mx_pair *items = NULL;
    MX_TRY(mx_graph_array(w->g, kept + n_properties, sizeof *items, &items, w->err));
    for (uint32_t i = 0; i < n->metadata.count; i++)
        if (n->metadata.items[i].opaque != MX_SID_ABSENT || !is_property(w, n->metadata.items[i].key))
            items[count++] = n->metadata.items[i];
    mx_sid values[N_PROPERTIES] = {0};
    if (n_properties) {
        values[TAG] = values[PATH] = tag_of(w, label->module);
        values[SCOPE] = w->t->tree.modules[label->module].scope;
        values[METHOD] = w->methods[label->method];
    }
    if (n_properties > N_MINIMAL) {
        MX_TRY(list_of(w, label, &values[TAGS]));
        MX_TRY(count_of(w, label, &values[COUNT]));
    }
    for (uint32_t i = 0; i < n_properties; i++) items[count++] = (mx_pair){w->keys[i], values[i], MX_SID_ABSENT};
    n->metadata = (mx_pairs){items, count};
    return MX_OK;
}

/* ---- attributes ---- */

static mx_status write_list(writing *w, mx_attr *a, const mx_htp_label *label) {
    mx_sid *list = NULL;
    MX_TRY(mx_graph_array(w->g, served_count(label), sizeof *list, &list, w->err));
    for (uint32_t i = 0; i < served_count(label); i++) list[i] = served_tag(w, label, i);
    a->type = MX_ATTR_STRINGS;
    a->count = served_count(label);
    a->value.sids = list;
    return MX_OK;
}

static mx_status write_attributes(writing *w, mx_node *n, const mx_htp_label *label, uint32_t n_properties) {
    uint32_t kept = 0, count = 0;
    for (uint32_t i = 0; i < n->n_attrs; i++) kept += !is_property(w, n->attrs[i].name);
    if (!n_properties && kept == n->n_attrs) return MX_OK;
    mx_attr *attrs = NULL;
    MX_TRY(mx_graph_array(w->g, kept + n_properties, sizeof *attrs, &attrs, w->err));
    for (uint32_t i = 0; i < n->n_attrs; i++)
        if (!is_property(w, n->attrs[i].name)) attrs[count++] = n->attrs[i];
    for (uint32_t i = 0; i < n_properties; i++) {
        mx_attr *a = &attrs[count++];
        *a = (mx_attr){.name = w->keys[i], .type = MX_ATTR_STRING, .count = 1};
        if (i == TAG || i == PATH) a->value.s = tag_of(w, label->module);
        if (i == SCOPE) a->value.s = w->t->tree.modules[label->module].scope;
        if (i == METHOD) a->value.s = w->methods[label->method];
        if (i == TAGS) MX_TRY(write_list(w, a, label));
        if (i == COUNT) {
            a->type = MX_ATTR_INT;
            a->value.i = served_count(label);
        }
    }
    n->attrs = attrs;
    n->n_attrs = count;
    return MX_OK;
}

/* ---- all ---- */

static mx_status write_all(writing *w, mx_htp_attrs how) {
    static const uint32_t in_metadata[] = {N_PROPERTIES, N_MINIMAL, 0, 0}, in_attributes[] = {0, 0, N_PROPERTIES, 0};
    MX_TRY(begin(w));
    for (mx_node_id id = 0; id < w->g->n_nodes; id++) {
        mx_node *n = mx_node_at(w->g, id);
        mx_htp_label none = {.module = MX_NO_INDEX};
        if (n->kind != MX_NODE_OPERATOR || (n->flags & MX_FLAG_REMOVED)) continue;
        const mx_htp_label *label = id < w->t->n_labels ? &w->t->labels[id] : &none;
        bool tagged = label->module != MX_NO_INDEX;
        MX_TRY(write_metadata(w, n, label, tagged ? in_metadata[how] : 0));
        MX_TRY(write_attributes(w, n, label, tagged ? in_attributes[how] : 0));
    }
    return MX_OK;
}

mx_status mx_htp_write_tags(mx_graph *g, const mx_htp_tagging *t, mx_htp_attrs how, mx_error *err) {
    writing w = {.g = g, .t = t, .err = err};
    mx_buffer_init(&w.text, g->allocator);
    mx_status status = write_all(&w, how);
    mx_buffer_free(&w.text);
    mx_free(g->allocator, w.lists, t->tree.count * sizeof *w.lists);
    return status;
}
