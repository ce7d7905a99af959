/* Classes from the tags of an earlier export: /BertModel/BertEncoder/BertLayer.0. */
#include "htp/sources.h"

/* A tag's last step, "BertLayer.0", and what stands before its '/'. */
static mx_str last_step(mx_str tag, mx_str *before) {
    const char *slash = tag.n ? memrchr(tag.p, '/', tag.n) : NULL;
    *before = (mx_str){tag.p, slash ? (size_t)(slash - tag.p) : 0};
    return slash ? (mx_str){slash + 1, tag.n - before->n - 1} : tag;
}

/* The digits that a text ends with, behind a dot or alone; empty if there are none. */
static mx_str number_of(mx_str text) {
    size_t i = text.n;
    while (i && text.p[i - 1] >= '0' && text.p[i - 1] <= '9') i--;
    bool number = i < text.n && (i == 0 || text.p[i - 1] == '.');
    return number ? (mx_str){text.p + i, text.n - i} : (mx_str){"", 0};
}

/* ---- a tag without a scope: classes stand for names ---- */

mx_status mx_htp_resolve_tag(mx_htp_sources *s, mx_htp_scope *scope) {
    mx_str rest = scope->text;
    bool root = true;
    scope->module = 0;
    scope->exact = true;
    while (rest.n) {
        const char *slash = memchr(rest.p, '/', rest.n);
        mx_str step = {rest.p, slash ? (size_t)(slash - rest.p) : rest.n};
        rest = slash ? (mx_str){slash + 1, rest.n - step.n - 1} : (mx_str){"", 0};
        if (step.n == 0) continue;
        mx_str number = number_of(step), parts[2] = {step, number};
        if (number.n && number.n < step.n) parts[0].n -= number.n + 1;
        for (int i = 0; i < (number.n && number.n < step.n ? 2 : 1) && !root; i++) {
            mx_sid part;
            MX_TRY(mx_graph_string(s->g, parts[i], &part, s->err));
            MX_TRY(mx_htp_tree_add(s->tree, scope->module, part, &scope->module, s->err));
        }
        root = false;
    }
    return MX_OK;
}

/* ---- learning ---- */

typedef struct learning {
    mx_htp_sources *s;
    mx_sid *tags;      /* by module */
    uint8_t *inferred; /* its tag was derived from those of its children */
} learning;

static void enter_told_tags(learning *w) {
    const mx_htp_sources *s = w->s;
    for (size_t i = 0; i < s->n_scopes; i++) {
        const mx_htp_scope *x = &s->scopes[i];
        if (x->tag == MX_SID_ABSENT || !x->exact || x->module == MX_NO_INDEX) continue;
        mx_str a = mx_text(s->g, x->tag), b = mx_text(s->g, w->tags[x->module]);
        int c = b.p ? memcmp(a.p, b.p, a.n < b.n ? a.n : b.n) : -1;
        if (c < 0 || (c == 0 && a.n < b.n)) w->tags[x->module] = x->tag;
    }
}

/* What a module's tag tells of its parent's: all but the last step. A list takes its own from its elements, and makes none. */
static mx_str tag_around(const learning *w, uint32_t module) {
    mx_str tag = mx_text(w->s->g, w->tags[module]), before;
    if (w->inferred[module] && mx_htp_tree_is_list(w->s->tree, module)) return tag;
    last_step(tag, &before);
    return before;
}

/* A module without operators of its own: what its children's tags begin with; where they disagree (a child that makes no
 * step of its own), the longest. Children have larger numbers than their parents. */
static mx_status infer_from_children(learning *w) {
    const mx_htp_sources *s = w->s;
    for (uint32_t i = (uint32_t)s->tree->count; i-- > 1;) {
        uint32_t parent = s->tree->modules[i].parent;
        if (w->tags[i] == MX_SID_ABSENT) continue;
        mx_str around = tag_around(w, i);
        if (around.n == 0 || (w->tags[parent] != MX_SID_ABSENT && !w->inferred[parent])) continue;
        if (w->tags[parent] != MX_SID_ABSENT && mx_text(s->g, w->tags[parent]).n >= around.n) continue;
        MX_TRY(mx_graph_string(s->g, around, &w->tags[parent], s->err));
        w->inferred[parent] = 1;
    }
    return MX_OK;
}

/* Every tag begins with the root's. */
static mx_status infer_root(learning *w) {
    const mx_htp_sources *s = w->s;
    for (size_t i = 1; i < s->tree->count && w->tags[0] == MX_SID_ABSENT; i++) {
        mx_str tag = mx_text(s->g, w->tags[i]);
        if (tag.n < 2 || tag.p[0] != '/') continue;
        const char *slash = memchr(tag.p + 1, '/', tag.n - 1);
        if (slash) tag.n = (size_t)(slash - tag.p);
        MX_TRY(mx_graph_string(s->g, tag, &w->tags[0], s->err));
    }
    return MX_OK;
}

/* Whether `tag` is that of a child `part` of a module with the tag `around`; class_name: the child's. */
static bool is_step(mx_str tag, mx_str around, mx_str part, mx_str *class_name) {
    mx_str before, step = last_step(tag, &before), number = number_of(step), own = number_of(part);
    if (own.n != part.n) own.n = 0;
    if (number.n == step.n) number.n = 0;
    if (step.n == tag.n || !mx_str_eq(before, around) || number.n != own.n || (own.n && memcmp(number.p, own.p, own.n) != 0)) return false;
    *class_name = (mx_str){step.p, step.n - (number.n ? number.n + 1 : 0)};
    return class_name->n > 0;
}

static mx_status enter_classes(learning *w) {
    mx_htp_sources *s = w->s;
    for (uint32_t i = 0; i < s->tree->count; i++) {
        const mx_htp_module *m = &s->tree->modules[i];
        mx_sid around = i ? w->tags[m->parent] : MX_SID_EMPTY;
        mx_str class_name;
        if (m->class_name != MX_SID_ABSENT || w->tags[i] == MX_SID_ABSENT || around == MX_SID_ABSENT) continue;
        mx_str outer = i ? mx_text(s->g, around) : (mx_str){mx_text(s->g, w->tags[i]).p, 0};
        if (!is_step(mx_text(s->g, w->tags[i]), outer, mx_text(s->g, m->part), &class_name)) continue;
        MX_TRY(mx_htp_tree_set_class(s->tree, i, class_name, s->err));
    }
    return MX_OK;
}

mx_status mx_htp_learn_classes(mx_htp_sources *s) {
    const mx_allocator *a = s->g->allocator;
    size_t n = s->tree->count;
    learning w = {.s = s};
    w.tags = mx_alloc_zero(a, n, sizeof *w.tags);
    w.inferred = mx_alloc_zero(a, n, 1);
    mx_status status = w.tags && w.inferred ? MX_OK : mx_nomem(s->err);
    if (status == MX_OK) {
        enter_told_tags(&w);
        status = infer_from_children(&w);
        if (status == MX_OK) status = infer_root(&w);
        if (status == MX_OK) status = enter_classes(&w);
    }
    mx_free(a, w.tags, n * sizeof *w.tags);
    mx_free(a, w.inferred, n);
    return status;
}
