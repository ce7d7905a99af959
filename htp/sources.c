#include "htp/sources.h"

#define XXH_INLINE_ALL
#include <stdlib.h>
#include <xxhash.h>

mx_status mx_htp_sources_init(mx_htp_sources *s, mx_graph *g, mx_htp_tagging *t, mx_error *err) {
    *s = (mx_htp_sources){.g = g, .tree = &t->tree, .labels = t->labels, .err = err, .n_slots = 256};
    s->slots = mx_alloc_zero(g->allocator, s->n_slots, sizeof *s->slots);
    s->scope_of = mx_alloc_zero(g->allocator, g->n_nodes, sizeof *s->scope_of);
    return s->slots && s->scope_of ? MX_OK : mx_nomem(err);
}

void mx_htp_sources_free(mx_htp_sources *s) {
    const mx_allocator *a = s->g->allocator;
    mx_free(a, s->scopes, s->cap_scopes * sizeof *s->scopes);
    mx_free(a, s->slots, s->n_slots * sizeof *s->slots);
    mx_free(a, s->scope_of, s->g->n_nodes * sizeof *s->scope_of);
    mx_free(a, s->owners, s->n_names * sizeof *s->owners);
    mx_free(a, s->uses, s->n_names * sizeof *s->uses);
    mx_free(a, s->merged, s->n_names * sizeof *s->merged);
    mx_free(a, s->folded, s->n_names * sizeof *s->folded);
}

/* ---- the table of scope texts ---- */

static bool is_scope(const mx_htp_sources *s, uint32_t scope, mx_htp_form form, mx_str text) {
    const mx_htp_scope *x = &s->scopes[scope];
    return x->form == form && mx_str_eq(x->text, text);
}

static size_t scope_slot(const mx_htp_sources *s, uint32_t hash, mx_htp_form form, mx_str text) {
    size_t mask = s->n_slots - 1, i = hash & mask;
    for (; s->slots[i].id; i = (i + 1) & mask)
        if (s->slots[i].hash == hash && is_scope(s, s->slots[i].id - 1, form, text)) break;
    return i;
}

static mx_status grow_table(mx_htp_sources *s) {
    size_t old = s->n_slots, mask = 2 * old - 1;
    struct mx_string_slot *slots = mx_alloc_zero(s->g->allocator, old * 2, sizeof *slots);
    if (!slots) return mx_nomem(s->err);
    for (size_t k = 0; k < old; k++) {
        size_t i = s->slots[k].hash & mask;
        if (!s->slots[k].id) continue;
        while (slots[i].id) i = (i + 1) & mask;
        slots[i] = s->slots[k];
    }
    mx_free(s->g->allocator, s->slots, old * sizeof *s->slots);
    s->slots = slots;
    s->n_slots = old * 2;
    return MX_OK;
}

mx_status mx_htp_add_scope(mx_htp_sources *s, mx_htp_form form, mx_str text, uint32_t *out) {
    *out = s->last;
    if (s->last < s->n_scopes && is_scope(s, s->last, form, text)) return MX_OK;
    if (s->n_scopes * 2 >= s->n_slots) MX_TRY(grow_table(s));
    uint32_t hash = (uint32_t)XXH3_64bits_withSeed(text.p, text.n, form);
    struct mx_string_slot *slot = &s->slots[scope_slot(s, hash, form, text)];
    if (!slot->id) {
        if (!mx_grow(s->g->allocator, (void **)&s->scopes, &s->cap_scopes, s->n_scopes, sizeof *s->scopes))
            return mx_nomem(s->err);
        s->scopes[s->n_scopes++] = (mx_htp_scope){.text = text, .form = (uint8_t)form, .module = MX_NO_INDEX};
        *slot = (struct mx_string_slot){hash, (uint32_t)s->n_scopes};
    }
    *out = s->last = slot->id - 1;
    return MX_OK;
}

/* ---- resolving ---- */

typedef struct sorted_scope {
    mx_str text;
    uint32_t scope;
    uint8_t form;
} sorted_scope;

static int compare(const void *a, const void *b) {
    const sorted_scope *x = a, *y = b;
    if (x->form != y->form) return x->form < y->form ? -1 : 1;
    int c = memcmp(x->text.p, y->text.p, x->text.n < y->text.n ? x->text.n : y->text.n);
    return c ? c : (x->text.n > y->text.n) - (x->text.n < y->text.n);
}

mx_status mx_htp_resolve_dotted(mx_htp_sources *s, mx_htp_scope *scope, mx_str dotted) {
    MX_TRY(mx_htp_tree_find(s->tree, dotted, !s->given, &scope->module, s->err));
    scope->exact = mx_htp_tree_is_whole(s->tree, scope->module, dotted);
    return MX_OK;
}

static mx_status resolve(mx_htp_sources *s, const uint32_t *sorted, size_t count) {
    size_t i = 0;
    for (; i < count && s->scopes[sorted[i]].form < MX_HTP_FORM_SLASHED; i++) {
        mx_htp_scope *x = &s->scopes[sorted[i]];
        if (x->form == MX_HTP_FORM_DOTTED) {
            MX_TRY(mx_htp_resolve_dotted(s, x, x->text));
        } else {
            bool follows = i && s->scopes[sorted[i - 1]].form == x->form;
            MX_TRY(mx_htp_resolve_torch(s, x, follows ? s->scopes[sorted[i - 1]].text : (mx_str){"", 0}));
        }
    }
    MX_TRY(mx_htp_resolve_parameters(s));
    size_t end = i;
    while (end < count && s->scopes[sorted[end]].form == MX_HTP_FORM_SLASHED) end++;
    MX_TRY(mx_htp_resolve_slashed(s, sorted + i, end - i));
    for (; end < count; end++) MX_TRY(mx_htp_resolve_tag(s, &s->scopes[sorted[end]]));
    return mx_htp_learn_classes(s);
}

mx_status mx_htp_resolve_scopes(mx_htp_sources *s) {
    const mx_allocator *a = s->g->allocator;
    size_t n = s->n_scopes;
    sorted_scope *items = mx_alloc_zero(a, n + 1, sizeof *items);
    uint32_t *sorted = mx_alloc_zero(a, n + 1, sizeof *sorted);
    mx_status status = items && sorted ? MX_OK : mx_nomem(s->err);
    if (status == MX_OK) {
        for (size_t i = 0; i < n; i++) items[i] = (sorted_scope){s->scopes[i].text, (uint32_t)i, s->scopes[i].form};
        qsort(items, n, sizeof *items, compare);
        for (size_t i = 0; i < n; i++) sorted[i] = items[i].scope;
        status = resolve(s, sorted, n);
    }
    mx_free(a, items, (n + 1) * sizeof *items);
    mx_free(a, sorted, (n + 1) * sizeof *sorted);
    return status;
}
