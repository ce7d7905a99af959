/* The report on an export, in Markdown: what was done, the modules, the tags, and where every operator went. */
#include "htp/metadata_write.h"

#include "base/json_out.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { HAND_ON_BYTES = 1 << 16 };

typedef struct report {
    const mx_htp_document *d;
    mx_outfile *file;
    mx_buffer b;
} report;

static void add(report *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(report *r, const char *format, ...) {
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    mx_buffer_cstr(&r->b, text);
}

/* Text in a table's cell: nothing of it is Markdown. */
static void add_cell(report *r, mx_str s) {
    mx_buffer clean;
    mx_buffer_init(&clean, r->b.allocator);
    mx_utf8_clean(&clean, s);
    if (clean.failed) r->b.failed = true;
    for (size_t i = 0; i < clean.size; i++) {
        char c = clean.data[i];
        if (strchr("\\`*_{}[]<>#|", c) && c) mx_buffer_byte(&r->b, '\\');
        mx_buffer_byte(&r->b, (unsigned char)c < ' ' ? ' ' : c);
    }
    mx_buffer_free(&clean);
}

static void add_cstr_cell(report *r, const char *s) {
    add_cell(r, mx_str_of(s));
}

static void end_line(report *r) {
    mx_buffer_cstr(&r->b, "\n");
    if (r->b.size < HAND_ON_BYTES || r->b.failed) return;
    mx_outfile_write(r->file, r->b.data, r->b.size);
    mx_buffer_clear(&r->b);
}

static void add_row(report *r, const char *name, mx_str value) {
    add(r, "| %s | ", name);
    add_cell(r, value);
    mx_buffer_cstr(&r->b, " |");
    end_line(r);
}

/* ---- sections ---- */

static void add_overview(report *r) {
    const mx_htp_facts *f = r->d->facts;
    mx_buffer_cstr(&r->b, "# Export report: ");
    add_cell(r, mx_htp_root_name(r->d));
    mx_buffer_cstr(&r->b, "\n\n| | |\n| --- | --- |\n");
    add_row(r, "Model", mx_str_of(f->model_path));
    add_row(r, "Output", mx_str_of(f->onnx_path));
    add_row(r, "Metadata", mx_str_of(f->metadata_path));
    add_row(r, "Time", mx_str_of(f->timestamp));
    add_row(r, "Strategy", mx_str_of(f->strategy));
    add_row(r, "Model type", mx_str_of(f->selection->characteristics.model_type));
    add(r, "| Tags in the model | %s |\n| Size | %llu bytes |\n| Opset | %lld |\n| Version | %s |\n", f->hierarchy_attrs,
        (unsigned long long)f->onnx_bytes, (long long)mx_htp_opset_version(r->d->g), f->version);
    for (size_t i = 0; i < f->selection->n_reasoning; i++) {
        mx_buffer_cstr(&r->b, i ? "- " : "\nWhy this strategy:\n\n- ");
        add_cstr_cell(r, f->selection->reasoning[i]);
        end_line(r);
    }
    for (size_t i = 0; i < f->n_warnings; i++) {
        mx_buffer_cstr(&r->b, i ? "- " : "\n## Warnings\n\n- ");
        add_cstr_cell(r, f->warnings[i]);
        end_line(r);
    }
}

static void add_steps(report *r) {
    const mx_htp_facts *f = r->d->facts;
    mx_buffer_cstr(&r->b, "\n## Steps\n\n| step | seconds | |\n| --- | ---: | --- |\n");
    for (size_t i = 0; i < f->n_steps; i++) {
        add(r, "| %s | ", f->steps[i].name);
        mx_buffer_fixed(&r->b, f->steps[i].seconds, 3);
        mx_buffer_cstr(&r->b, " | ");
        add_cstr_cell(r, f->steps[i].detail);
        mx_buffer_cstr(&r->b, " |");
        end_line(r);
    }
}

static uint32_t next_module(const mx_htp_tree *t, uint32_t i) {
    if (t->modules[i].first_child != MX_NO_INDEX) return t->modules[i].first_child;
    while (i != MX_NO_INDEX && t->modules[i].next_sibling == MX_NO_INDEX) i = t->modules[i].parent;
    return i == MX_NO_INDEX ? MX_NO_INDEX : t->modules[i].next_sibling;
}

static void add_modules(report *r) {
    const mx_htp_tree *t = &r->d->t->tree;
    const mx_graph *g = r->d->g;
    mx_buffer_cstr(&r->b, "\n## Modules\n\n| module | class | tag | order | operators |\n| --- | --- | --- | ---: | ---: |\n");
    for (uint32_t i = 0; i != MX_NO_INDEX; i = next_module(t, i)) {
        const mx_htp_module *m = &t->modules[i];
        mx_buffer_cstr(&r->b, "| ");
        add_cell(r, i ? mx_text(g, m->scope) : MX_STR_LITERAL("(root)"));
        mx_buffer_cstr(&r->b, " | ");
        add_cell(r, mx_text(g, m->class_name));
        mx_buffer_cstr(&r->b, " | ");
        add_cell(r, mx_text(g, m->tag));
        if (m->has_order) add(r, " | %d", (int)m->order);
        else mx_buffer_cstr(&r->b, " | ");
        add(r, " | %llu |", (unsigned long long)r->d->summary->module_operators[i]);
        end_line(r);
    }
}

static void add_statistics(report *r) {
    const mx_htp_summary *s = r->d->summary;
    mx_buffer_cstr(&r->b, "\n## Tags\n\n| | |\n| --- | ---: |\n");
    add(r, "| operators | %llu |\n", (unsigned long long)s->operators);
    add(r, "| with a tag | %llu (", (unsigned long long)s->tagged);
    mx_buffer_fixed(&r->b, mx_htp_percentage(s->tagged, s->operators), 2);
    mx_buffer_cstr(&r->b, " %) |\n");
    for (int i = MX_HTP_DIRECT; i < MX_HTP_METHODS; i++)
        add(r, "| %s | %llu |\n", mx_htp_method_name(i), (unsigned long long)s->by_method[i]);
    add(r, "| auxiliary operators | %llu |\n", (unsigned long long)s->auxiliary);
    add(r, "| modules | %llu |\n", (unsigned long long)r->d->t->tree.count);
    add(r, "| modules with a tag of their own | %llu |\n", (unsigned long long)s->modules_own_tag);
    for (int i = 0; i < MX_HTP_SOURCES; i++)
        if (s->by_source[i]) add(r, "| told by %s | %llu |\n", mx_htp_source_name(i), (unsigned long long)s->by_source[i]);
    mx_buffer_cstr(&r->b, "\n| tag | operators |\n| --- | ---: |\n");
    for (size_t i = 0; i < s->n_tags; i++) {
        mx_buffer_cstr(&r->b, "| ");
        add_cell(r, mx_text(r->d->g, s->tags[i].tag));
        add(r, " | %llu |", (unsigned long long)s->tags[i].operators);
        end_line(r);
    }
}

static void add_mapping(report *r) {
    const mx_htp_document *d = r->d;
    mx_buffer_cstr(&r->b, "\n## Operators\n\n| operator | type | tag | module | how |\n| --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < d->keys->count; i++) {
        mx_htp_label l = mx_htp_label_of(d->t, d->keys->operators[i]);
        const mx_htp_module *m = l.module < d->t->tree.count ? &d->t->tree.modules[l.module] : NULL;
        mx_buffer_cstr(&r->b, "| ");
        add_cell(r, d->keys->keys[i]);
        mx_buffer_cstr(&r->b, " | ");
        add_cell(r, mx_text(d->g, mx_node_at(d->g, d->keys->operators[i])->op_type));
        mx_buffer_cstr(&r->b, " | ");
        if (m) add_cell(r, mx_text(d->g, m->tag));
        mx_buffer_cstr(&r->b, " | ");
        if (m) add_cell(r, mx_text(d->g, m->scope));
        add(r, " | %s |", mx_htp_method_name(l.method));
        end_line(r);
    }
}

mx_status mx_htp_write_report(const mx_htp_document *d, mx_outfile *f, mx_error *err) {
    report r = {.d = d, .file = f};
    mx_buffer_init(&r.b, d->g->allocator);
    add_overview(&r);
    add_steps(&r);
    add_modules(&r);
    add_statistics(&r);
    add_mapping(&r);
    bool failed = r.b.failed;
    if (!failed) mx_outfile_write(f, r.b.data, r.b.size);
    mx_buffer_free(&r.b);
    return failed ? mx_nomem(err) : MX_OK;
}
