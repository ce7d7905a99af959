#include "torch_io/pt2.h"

#include <stdio.h>

static mx_status place(mx_pt2 *r, mx_status status) {
    if (r->node != MX_SID_ABSENT) return mx_at_node(r->err, status, mx_ptext(r->p, r->node));
    return status;
}

mx_status mx_pt2_wrong(mx_pt2 *r, const char *key, const char *what) {
    return place(r, mx_fail(r->err, MX_ERR_INVALID, "%s: %s %s", r->entry, mx_show(mx_str_of(key)).text, what));
}

mx_status mx_pt2_unsupported(mx_pt2 *r, const char *what, mx_str name) {
    return place(r, mx_fail(r->err, MX_ERR_UNSUPPORTED, "%s: %s %s", r->entry, what, mx_show(name).text));
}

mx_status mx_pt2_object(mx_pt2 *r, const json_t *from, const char *key, const json_t **out) {
    *out = json_object_get(from, key);
    return json_is_object(*out) ? MX_OK : mx_pt2_wrong(r, key, *out ? "is not an object" : "is missing");
}

mx_status mx_pt2_array(mx_pt2 *r, const json_t *from, const char *key, const json_t **out) {
    *out = json_object_get(from, key);
    return json_is_array(*out) ? MX_OK : mx_pt2_wrong(r, key, *out ? "is not a list" : "is missing");
}

mx_status mx_pt2_text(mx_pt2 *r, const json_t *string, const char *key, mx_sid *out) {
    if (!json_is_string(string)) return mx_pt2_wrong(r, key, string ? "is not a string" : "is missing");
    mx_str s = {json_string_value(string), json_string_length(string)};
    if (memchr(s.p, '\0', s.n)) return mx_pt2_wrong(r, key, "holds a NUL");
    return mx_program_string(r->p, s, out, r->err);
}

mx_status mx_pt2_string(mx_pt2 *r, const json_t *from, const char *key, mx_sid *out) {
    return mx_pt2_text(r, json_object_get(from, key), key, out);
}

mx_status mx_pt2_int(mx_pt2 *r, const json_t *from, const char *key, int64_t *out) {
    const json_t *v = json_object_get(from, key);
    if (!json_is_integer(v)) return mx_pt2_wrong(r, key, v ? "is not an integer" : "is missing");
    *out = json_integer_value(v);
    return MX_OK;
}

mx_status mx_pt2_union(mx_pt2 *r, const json_t *from, const char *key, const char **kind, const json_t **out) {
    if (!json_is_object(from) || json_object_size(from) != 1)
        return mx_pt2_wrong(r, key, "is not an object with one member");
    void *member = json_object_iter((json_t *)(uintptr_t)from);
    *kind = json_object_iter_key(member);
    *out = json_object_iter_value(member);
    return MX_OK;
}

void *mx_pt2_array_of(mx_pt2 *r, size_t count, size_t size) {
    void *p = mx_arena_array(&r->p->arena, count, size);
    if (!p)
        (void)mx_nomem(r->err);
    else
        memset(p, 0, count * size);
    return p;
}

uint32_t mx_pt2_map_get(const mx_pt2_map *m, mx_sid key) {
    return key < m->cap ? m->of[key] : MX_NONE;
}

mx_status mx_pt2_map_set(mx_pt2 *r, mx_pt2_map *m, mx_sid key, uint32_t value) {
    if (key >= m->cap) {
        size_t cap = m->cap ? m->cap : 64;
        while (cap <= key)
            cap *= 2;
        uint32_t *grown = mx_realloc(r->p->env->allocator, m->of, m->cap * sizeof *grown, cap * sizeof *grown);
        if (!grown) return mx_nomem(r->err);
        memset(grown + m->cap, 0xFF, (cap - m->cap) * sizeof *grown);
        m->of = grown;
        m->cap = cap;
    }
    m->of[key] = value;
    return MX_OK;
}

void mx_pt2_map_free(mx_pt2 *r, mx_pt2_map *m) {
    mx_free(r->p->env->allocator, m->of, m->cap * sizeof *m->of);
    *m = (mx_pt2_map){0};
}
