/* An analysis for people. */
#include "api/analyze.h"

#include <stdio.h>
#include <stdlib.h>

enum { LISTED = 20 };

/* Names in text: control characters and what is no UTF-8 escaped. */
static void put_name(mx_buffer *b, mx_str s) {
    static const char digits[] = "0123456789abcdef";
    size_t from = b->size;
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (c >= 0x20 && c != 0x7f) {
            mx_buffer_byte(b, s.p[i]);
        } else {
            char text[] = {'\\', 'x', digits[c >> 4], digits[c & 15]};
            mx_buffer_add(b, text, sizeof text);
        }
    }
    if (b->failed || mx_utf8_valid(b->data + from, b->size - from)) return;
    b->size = from;
    mx_utf8_clean(b, s);
}

static void put_share(mx_buffer *b, uint64_t part, uint64_t whole) {
    mx_buffer_uint(b, part);
    mx_buffer_cstr(b, " of ");
    mx_buffer_uint(b, whole);
    mx_buffer_cstr(b, " (");
    mx_buffer_fixed(b, mx_htp_percentage(part, whole), 2);
    mx_buffer_cstr(b, " %)");
}

static void put_count(mx_buffer *b, const char *before, uint64_t n, const char *after) {
    mx_buffer_cstr(b, before);
    mx_buffer_uint(b, n);
    mx_buffer_cstr(b, after);
}

/* ---- figures ---- */

static void put_filter(const mx_analysis *a, mx_buffer *b) {
    static const char *const by[] = {[MX_HTP_FOUND_NOTHING] = "selects nothing",
                                     [MX_HTP_FOUND_EXACT] = "is a tag or name of",
                                     [MX_HTP_FOUND_STEPS] = "is part of the path of",
                                     [MX_HTP_FOUND_PART] = "is a part of the tag or name of",
                                     [MX_HTP_FOUND_AUXILIARY] = "selects the auxiliary operators"};
    if (!a->filter) return;
    mx_buffer_cstr(b, "filter     '");
    put_name(b, mx_str_of(a->filter));
    mx_buffer_cstr(b, "' ");
    mx_buffer_cstr(b, by[a->found_by]);
    if (a->n_matches) put_count(b, " ", a->n_matches, a->n_matches == 1 ? " module" : " modules");
    mx_buffer_byte(b, '\n');
}

static void put_figures(const mx_analysis *a, mx_buffer *b) {
    const mx_tag_statistics *f = &a->figures;
    mx_buffer_cstr(b, "model      ");
    put_name(b, mx_str_of(a->model));
    mx_buffer_byte(b, '\n');
    put_filter(a, b);
    put_count(b, "operators  ", f->operators, "\n");
    put_count(b, "edges      ", a->edges, "\n");
    put_count(b, "modules    ", f->modules, "");
    put_count(b, ", at most ", a->depth, a->tagged ? " deep\n" : " deep, inferred: the model has no tags\n");
    mx_buffer_cstr(b, "tagged     ");
    put_share(b, f->tagged, f->operators);
    put_count(b, ", ", f->tags, f->tags == 1 ? " tag\n" : " different tags\n");
    if (f->tagged) {
        put_count(b, "methods    direct ", f->direct, "");
        put_count(b, ", parent ", f->parent, "");
        put_count(b, ", inherited ", f->inherited, "");
        put_count(b, ", root ", f->root, "\n");
    }
    mx_buffer_cstr(b, "auxiliary  ");
    put_share(b, f->auxiliary, f->operators);
    put_count(b, ", ", f->auxiliary_tagged, " of them tagged\n");
}

/* ---- lists ---- */

static int most_first(const void *x, const void *y, void *graph) {
    const mx_analysis_count *a = x, *b = y;
    if (a->operators != b->operators) return a->operators > b->operators ? -1 : 1;
    mx_str s = mx_text(graph, a->text), t = mx_text(graph, b->text);
    int order = s.n && t.n ? memcmp(s.p, t.p, s.n < t.n ? s.n : t.n) : 0;
    return order ? order : (s.n > t.n) - (s.n < t.n);
}

static mx_status put_list(const mx_analysis *a, mx_buffer *b, const char *title, const mx_analysis_counts *c,
                          mx_error *err) {
    if (!c->count) return MX_OK;
    mx_analysis_count *sorted = mx_alloc(a->g->allocator, c->count * sizeof *sorted);
    if (!sorted) return mx_nomem(err);
    memcpy(sorted, c->items, c->count * sizeof *sorted);
    qsort_r(sorted, c->count, sizeof *sorted, most_first, (void *)a->g);
    mx_buffer_byte(b, '\n');
    mx_buffer_cstr(b, title);
    for (size_t i = 0; i < c->count && i < LISTED; i++) {
        char number[24];
        int n = snprintf(number, sizeof number, "%7llu  ", (unsigned long long)sorted[i].operators);
        mx_buffer_add(b, number, (size_t)n);
        mx_str text = mx_text(a->g, sorted[i].text);
        put_name(b, text.n ? text : MX_STR_LITERAL("(none)"));
        mx_buffer_byte(b, '\n');
    }
    if (c->count > LISTED) put_count(b, "         and ", c->count - LISTED, " more\n");
    mx_free(a->g->allocator, sorted, c->count * sizeof *sorted);
    return MX_OK;
}

static mx_status put_summary(const mx_analysis *a, mx_buffer *b, mx_error *err) {
    put_figures(a, b);
    MX_TRY(put_list(a, b, "operators by tag\n", &a->tag_counts, err));
    return put_list(a, b, "operators by type\n", &a->type_counts, err);
}

mx_status mx_analysis_summary(const mx_analysis *a, const mx_analysis_sink *sink, mx_error *err) {
    mx_buffer b;
    mx_buffer_init(&b, sink->allocator);
    mx_status status = put_summary(a, &b, err);
    if (status == MX_OK && b.failed) status = mx_nomem(err);
    if (status == MX_OK) mx_analysis_drain(sink, &b, true);
    mx_buffer_free(&b);
    return status;
}

/* ---- the tree ---- */

static void indent(mx_buffer *b, uint32_t depth) {
    for (uint32_t i = 0; i < depth; i++) mx_buffer_cstr(b, "  ");
}

static void put_module(const mx_analysis *a, const mx_analysis_module *m, mx_buffer *b) {
    const mx_module_data *d = mx_analysis_data(a, m);
    mx_str name = mx_text(a->g, m->node ? mx_node_at(a->g, m->node)->name : MX_SID_ABSENT);
    mx_str class_name = mx_text(a->g, d->class_name), tag = mx_text(a->g, d->tag);
    indent(b, m->depth);
    put_name(b, name.n || class_name.n ? name : MX_STR_LITERAL("(model)"));
    if (name.n && class_name.n) mx_buffer_cstr(b, " \xc2\xb7 ");
    put_name(b, class_name);
    put_count(b, ": ", m->operators, m->operators == 1 ? " operator, " : " operators, ");
    put_count(b, "", m->edges, m->edges == 1 ? " edge, " : " edges, ");
    put_count(b, "", m->edges_in, " in, ");
    put_count(b, "", m->edges_out, " out");
    if (tag.n) mx_buffer_cstr(b, "  ");
    put_name(b, tag);
    mx_buffer_byte(b, '\n');
}

static void put_places(mx_buffer *b, const char *arrow, const uint32_t *places, uint32_t n) {
    for (uint32_t i = 0; i < n; i++) put_count(b, i ? " " : arrow, places[i], "");
}

static void put_operator(const mx_analysis *a, uint32_t place, uint32_t depth, mx_buffer *b) {
    const mx_analysis_operator *o = &a->operators[place];
    mx_str tag = mx_text(a->g, o->stored.tag);
    indent(b, depth);
    put_count(b, "[", place, "] ");
    put_name(b, mx_text(a->g, mx_node_at(a->g, a->keys.operators[place])->op_type));
    mx_buffer_byte(b, ' ');
    put_name(b, a->keys.keys[place]);
    put_places(b, "  <- ", a->in + o->first_in, o->n_in);
    put_places(b, "  -> ", a->out + o->first_out, o->n_out);
    if (tag.n) mx_buffer_cstr(b, "  ");
    put_name(b, tag);
    mx_buffer_byte(b, '\n');
}

static uint32_t next_module(const mx_analysis *a, uint32_t row) {
    if (a->modules[row].first_child != MX_NO_INDEX) return a->modules[row].first_child;
    while (a->modules[row].next_sibling == MX_NO_INDEX) {
        row = a->modules[row].parent;
        if (row == MX_NO_INDEX) return row;
    }
    return a->modules[row].next_sibling;
}

static void put_tree(const mx_analysis *a, mx_buffer *b, const mx_analysis_sink *sink) {
    for (uint32_t row = 0; row != MX_NO_INDEX; row = next_module(a, row)) {
        const mx_analysis_module *m = &a->modules[row];
        if (!m->selected) continue;
        put_module(a, m, b);
        for (uint32_t i = m->first_operator; i != MX_NO_INDEX; i = a->operators[i].next) {
            if (a->operators[i].selected) put_operator(a, i, m->depth + 1, b);
            mx_analysis_drain(sink, b, false);
        }
    }
}

mx_status mx_analysis_detailed(const mx_analysis *a, const mx_analysis_sink *sink, mx_error *err) {
    mx_buffer b;
    mx_buffer_init(&b, sink->allocator);
    mx_status status = put_summary(a, &b, err);
    mx_buffer_cstr(&b, "\nmodules, and in them [place in the order] operators <- predecessors -> successors\n");
    put_tree(a, &b, sink);
    if (status == MX_OK && b.failed) status = mx_nomem(err);
    if (status == MX_OK) mx_analysis_drain(sink, &b, true);
    mx_buffer_free(&b);
    return status;
}
