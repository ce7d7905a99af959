/* Tensors, dense and sparse. */
#include "converter/compare_internal.h"

mx_status mx_cmp_dims(mx_cmp *c, const char *what, const mx_place *at, const int64_t *a, uint32_t n_a, const int64_t *b,
                      uint32_t n_b) {
    if (n_a == n_b && (n_a == 0 || memcmp(a, b, n_a * sizeof *a) == 0)) return MX_OK;
    mx_place place = mx_place_field(at, "dims");
    mx_cmp_show_dims(c, 0, a, n_a);
    mx_cmp_show_dims(c, 1, b, n_b);
    return mx_cmp_report_values(c, what, &place);
}

static mx_status compare_data_type(mx_cmp *c, const char *what, const mx_place *at, const mx_tensor *a,
                                   const mx_tensor *b) {
    if (a->has_type == b->has_type && (!a->has_type || a->data_type == b->data_type)) return MX_OK;
    mx_place place = mx_place_field(at, "data_type");
    if (a->has_type) mx_cmp_show_data_type(c, 0, a->data_type);
    if (b->has_type) mx_cmp_show_data_type(c, 1, b->data_type);
    return mx_cmp_report_values(c, what, &place);
}

static mx_status show_data(mx_cmp *c, int side, const mx_tensor *t) {
    char hex[MX_HASH_HEX];
    mx_hash128 hash;
    if (!mx_cmp_has_data(t) || !c->each) return MX_OK; /* nothing is read for a text that nobody wants */
    MX_TRY(mx_cmp_data_hash(c, side, &t->data, &hash));
    mx_hash_hex(hash, hex);
    mx_buffer_uint(&c->text[side], t->data.size);
    mx_cmp_say(c, side, " bytes, XXH3-128 ");
    mx_cmp_say(c, side, hex);
    return MX_OK;
}

/* Of single pairs of nodes: what is small, and what an edit gave by value, which is in memory. */
static bool is_looked_at(const mx_cmp *c, const mx_tensor *a, const mx_tensor *b) {
    if (!mx_cmp_has_data(a) || !mx_cmp_has_data(b)) return false;
    const mx_source *s = b->data.source < c->g[1]->n_sources ? c->g[1]->sources[b->data.source] : NULL;
    return (s && mx_source_in_memory(s)) || (a->data.size <= MX_EDIT_BYTES && b->data.size <= MX_EDIT_BYTES);
}

static mx_status compare_data(mx_cmp *c, const char *what, const mx_place *at, const mx_tensor *a, const mx_tensor *b) {
    bool same;
    if (c->texts && !is_looked_at(c, a, b)) return MX_OK;
    MX_TRY(mx_cmp_same_data(c, a, b, &same));
    if (same) return MX_OK;
    mx_place place = mx_place_field(at, "data");
    MX_TRY(show_data(c, 0, a));
    MX_TRY(show_data(c, 1, b));
    return mx_cmp_report_values(c, what, &place);
}

/* ---- what says where the bytes are ---- */

static bool says_place(const mx_graph *g, const mx_pair *p) {
    static const char *const keys[] = {"location", "offset", "length", "checksum", "basepath"};
    if (p->opaque != MX_SID_ABSENT) return false;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (mx_str_is(mx_text(g, p->key), keys[i])) return true;
    return false;
}

/* external_data without the entries that only say where the bytes are; to be freed. */
static mx_status other_entries(mx_cmp *c, int side, const mx_tensor *t, mx_pairs *out) {
    *out = (mx_pairs){mx_alloc(c->allocator, t->external.count * sizeof(mx_pair)), 0};
    if (!out->items) return mx_nomem(c->err);
    for (uint32_t i = 0; i < t->external.count; i++)
        if (!says_place(c->g[side], &t->external.items[i])) out->items[out->count++] = t->external.items[i];
    return MX_OK;
}

/* Whether the bytes come from an external file; if not, entries and EXTERNAL are odd, and count. */
static bool is_placed(const mx_tensor *t) {
    return t->external_file != MX_NO_INDEX;
}

static mx_status compare_external(mx_cmp *c, const mx_place *at, const mx_tensor *a, const mx_tensor *b) {
    static const char label[] = "external_data";
    bool odd = (a->external.count && !is_placed(a)) || (b->external.count && !is_placed(b));
    if (a->external.count == 0 && b->external.count == 0) return MX_OK;
    if (odd) return mx_cmp_metadata(c, label, at, &a->external, &b->external);
    mx_pairs x, y = {0};
    MX_TRY(other_entries(c, 0, a, &x));
    mx_status status = other_entries(c, 1, b, &y);
    if (status == MX_OK) status = mx_cmp_metadata(c, label, at, &x, &y);
    mx_free(c->allocator, x.items, a->external.count * sizeof(mx_pair));
    mx_free(c->allocator, y.items, b->external.count * sizeof(mx_pair));
    return status;
}

/* DEFAULT, EXTERNAL and their absence only say where the bytes are. Other numbers count. */
static bool location_counts(const mx_tensor *t) {
    enum { DEFAULT = 0, EXTERNAL = 1 };
    if (!t->has_location || t->location == DEFAULT) return false;
    return t->location != EXTERNAL || !is_placed(t);
}

static mx_status compare_location(mx_cmp *c, const char *what, const mx_place *at, const mx_tensor *a,
                                  const mx_tensor *b) {
    return mx_cmp_int(c, what, at, "data_location", location_counts(a), a->location, location_counts(b), b->location);
}

mx_status mx_cmp_tensor(mx_cmp *c, const char *what, const mx_place *at, uint32_t a, uint32_t b) {
    if (a == MX_NO_INDEX && b == MX_NO_INDEX) return MX_OK;
    if (a == MX_NO_INDEX || b == MX_NO_INDEX)
        return mx_cmp_report(c, a == MX_NO_INDEX ? MX_ADDED : MX_REMOVED, what, at);
    const mx_tensor *x = &c->g[0]->tensors[a], *y = &c->g[1]->tensors[b];
    MX_TRY(mx_cmp_string(c, what, at, "name", x->name, y->name));
    MX_TRY(compare_data_type(c, what, at, x, y));
    MX_TRY(mx_cmp_dims(c, what, at, x->dims, x->n_dims, y->dims, y->n_dims));
    MX_TRY(compare_data(c, what, at, x, y));
    if (!c->texts) MX_TRY(compare_location(c, what, at, x, y)); /* side 0 was read without its external files */
    if (!c->texts) MX_TRY(compare_external(c, at, x, y));
    MX_TRY(mx_cmp_string(c, what, at, "doc_string", x->doc, y->doc));
    MX_TRY(mx_cmp_json(c, what, at, "rest", x->rest, y->rest));
    return mx_cmp_metadata(c, "metadata", at, &x->metadata, &y->metadata);
}

mx_status mx_cmp_sparse(mx_cmp *c, const char *what, const mx_place *at, uint32_t a, uint32_t b) {
    const mx_sparse *x = &c->g[0]->sparses[a], *y = &c->g[1]->sparses[b];
    mx_place values = mx_place_field(at, "values"), indices = mx_place_field(at, "indices");
    MX_TRY(mx_cmp_tensor(c, what, &values, x->values, y->values));
    MX_TRY(mx_cmp_tensor(c, what, &indices, x->indices, y->indices));
    MX_TRY(mx_cmp_dims(c, what, at, x->dims, x->n_dims, y->dims, y->n_dims));
    return mx_cmp_json(c, what, at, "rest", x->rest, y->rest);
}
