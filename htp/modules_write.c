#include "htp/modules_write.h"

/* Keys of children: the last part of the tag that a module has, or would have if its class made one; with "@name" where
 * siblings would share it. */
typedef struct module_keys {
    const mx_htp_tree *t;
    mx_strings table; /* "PARENT/KEY" */
    mx_sid *ids;      /* by module */
    uint32_t *uses;   /* by string id */
    mx_buffer b;
} module_keys;

static bool is_number(mx_str s) {
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] < '0' || s.p[i] > '9') return false;
    return s.n > 0;
}

static void add_plain_key(const mx_htp_tree *t, const mx_htp_module *m, mx_buffer *b) {
    mx_str part = mx_text(t->g, m->part), class_name = mx_text(t->g, m->class_name), tag = mx_text(t->g, m->tag);
    const char *slash = m->own_tag && tag.n ? memrchr(tag.p, '/', tag.n) : NULL;
    if (slash) {
        mx_utf8_clean(b, (mx_str){slash + 1, (size_t)(tag.p + tag.n - slash) - 1});
        return;
    }
    mx_utf8_clean(b, class_name.n ? class_name : part);
    if (!class_name.n || !is_number(part)) return;
    mx_buffer_byte(b, '.');
    mx_buffer_add(b, part.p, part.n);
}

static mx_status count_keys(module_keys *k, mx_error *err) {
    const mx_htp_tree *t = k->t;
    for (uint32_t i = 1; i < t->count; i++) {
        mx_buffer_clear(&k->b);
        mx_buffer_uint(&k->b, t->modules[i].parent);
        mx_buffer_byte(&k->b, '/');
        add_plain_key(t, &t->modules[i], &k->b);
        k->ids[i] = k->b.failed ? MX_SID_NOMEM : mx_strings_add(&k->table, mx_buffer_str(&k->b));
        if (k->ids[i] == MX_SID_NOMEM) return mx_nomem(err);
        k->uses[k->ids[i]]++;
    }
    return MX_OK;
}

static mx_status write_key(module_keys *k, uint32_t module, mx_json_out *j, mx_error *err) {
    const mx_htp_tree *t = k->t;
    const mx_htp_module *m = &t->modules[module];
    bool flattened = m->depth > MX_HTP_NESTED_MODULES;
    mx_buffer_clear(&k->b);
    add_plain_key(t, m, &k->b);
    if (flattened || k->uses[k->ids[module]] > 1) {
        mx_buffer_byte(&k->b, '@');
        mx_utf8_clean(&k->b, mx_text(t->g, flattened ? m->scope : m->part));
    }
    if (k->b.failed) return mx_nomem(err);
    mx_json_out_key(j, mx_buffer_str(&k->b));
    return MX_OK;
}

static void write_fields(const mx_htp_tree *t, const mx_htp_module *m, mx_json_out *j) {
    mx_json_out_text(j, "class_name", mx_text(t->g, m->class_name));
    mx_json_out_text(j, "traced_tag", mx_text(t->g, m->tag));
    mx_json_out_text(j, "scope", m->scope == MX_SID_ABSENT ? MX_STR_LITERAL("") : mx_text(t->g, m->scope));
    if (m->module_type != MX_SID_ABSENT) mx_json_out_text(j, "module_type", mx_text(t->g, m->module_type));
    if (m->n_calls) mx_json_out_uint(j, "calls", m->n_calls);
    if (m->has_order) mx_json_out_int(j, "execution_order", m->order);
    else mx_json_out_null(j, "execution_order");
    mx_json_out_object(j, "children");
}

/* From a module on to the next in the tree, closing what ends: a module and its children. */
static uint32_t next_module(const mx_htp_tree *t, uint32_t module, mx_json_out *j) {
    const mx_htp_module *m = &t->modules[module];
    if (m->first_child != MX_NO_INDEX) return m->first_child;
    for (;;) {
        if (m->depth <= MX_HTP_NESTED_MODULES) {
            mx_json_out_close(j, '}');
            mx_json_out_close(j, '}');
        }
        if (m->next_sibling != MX_NO_INDEX) return m->next_sibling;
        if (m->parent == MX_NO_INDEX) return MX_NO_INDEX;
        m = &t->modules[m->parent];
    }
}

static mx_status write_all(module_keys *k, mx_json_out *j, const char *key, mx_error *err) {
    const mx_htp_tree *t = k->t;
    for (uint32_t i = 0; i != MX_NO_INDEX; i = next_module(t, i, j)) {
        if (i) MX_TRY(write_key(k, i, j, err));
        mx_json_out_object(j, i ? NULL : key);
        write_fields(t, &t->modules[i], j);
        if (t->modules[i].depth <= MX_HTP_NESTED_MODULES) continue;
        mx_json_out_close(j, '}');
        mx_json_out_close(j, '}');
    }
    return MX_OK;
}

mx_status mx_htp_write_modules(const mx_htp_tree *t, mx_json_out *j, const char *key, mx_error *err) {
    const mx_allocator *a = t->g->allocator;
    module_keys k = {.t = t};
    bool table = mx_strings_init(&k.table, a);
    k.ids = mx_alloc_zero(a, t->count, sizeof *k.ids);
    k.uses = mx_alloc_zero(a, t->count + 2, sizeof *k.uses); /* ids begin behind absent and empty */
    mx_buffer_init(&k.b, a);
    mx_status status = table && k.ids && k.uses ? count_keys(&k, err) : mx_nomem(err);
    if (status == MX_OK) status = write_all(&k, j, key, err);
    mx_buffer_free(&k.b);
    mx_free(a, k.ids, t->count * sizeof *k.ids);
    mx_free(a, k.uses, (t->count + 2) * sizeof *k.uses);
    mx_strings_free(&k.table);
    return status;
}
