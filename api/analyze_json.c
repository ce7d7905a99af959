/* An analysis for programs: JSON with everything, CSV with a line for each operator. */
#include "api/analyze.h"

/* ---- JSON ---- */

static void put_cstr(mx_json_out *j, const char *key, const char *text) {
    mx_json_out_text(j, key, mx_str_of(text));
}

static void put_optional(mx_json_out *j, const char *key, const mx_graph *g, mx_sid text) {
    if (text <= MX_SID_EMPTY) mx_json_out_null(j, key);
    else mx_json_out_text(j, key, mx_text(g, text));
}

static void put_statistics(const mx_analysis *a, mx_json_out *j) {
    const mx_tag_statistics *f = &a->figures;
    mx_json_out_object(j, "statistics");
    mx_json_out_uint(j, "total_nodes", f->operators);
    mx_json_out_uint(j, "tagged_nodes", f->tagged);
    mx_json_out_uint(j, "untagged_nodes", f->operators - f->tagged);
    mx_json_out_double(j, "coverage_percentage", f->coverage, 2);
    mx_json_out_uint(j, "edges", a->edges);
    mx_json_out_uint(j, "modules", f->modules);
    mx_json_out_uint(j, "max_depth", a->depth);
    mx_json_out_uint(j, "unique_tags", f->tags);
    mx_json_out_object(j, "methods");
    mx_json_out_uint(j, "direct", f->direct);
    mx_json_out_uint(j, "parent", f->parent);
    mx_json_out_uint(j, "inherited", f->inherited);
    mx_json_out_uint(j, "root", f->root);
    mx_json_out_close(j, '}');
    mx_json_out_uint(j, "auxiliary_nodes", f->auxiliary);
    mx_json_out_uint(j, "tagged_auxiliary_nodes", f->auxiliary_tagged);
    mx_json_out_double(j, "auxiliary_coverage_percentage", mx_htp_percentage(f->auxiliary_tagged, f->auxiliary), 2);
    mx_json_out_close(j, '}');
}

static void put_filter(const mx_analysis *a, mx_json_out *j) {
    static const char *const by[] = {[MX_HTP_FOUND_NOTHING] = "nothing", [MX_HTP_FOUND_EXACT] = "exact",
                                     [MX_HTP_FOUND_STEPS] = "steps",     [MX_HTP_FOUND_PART] = "substring",
                                     [MX_HTP_FOUND_AUXILIARY] = "auxiliary"};
    if (!a->filter) {
        mx_json_out_null(j, "filter");
        return;
    }
    mx_json_out_object(j, "filter");
    put_cstr(j, "text", a->filter);
    put_cstr(j, "matched_by", by[a->found_by]);
    mx_json_out_uint(j, "matches", a->n_matches);
    mx_json_out_close(j, '}');
}

static void put_module(const mx_analysis *a, const mx_analysis_module *m, mx_json_out *j) {
    const mx_module_data *d = mx_analysis_data(a, m);
    mx_json_out_object(j, NULL);
    mx_json_out_text(j, "scope", d->scope == MX_SID_ABSENT ? MX_STR_LITERAL("") : mx_text(a->g, d->scope));
    put_optional(j, "class_name", a->g, d->class_name);
    put_optional(j, "tag", a->g, d->tag);
    mx_json_out_uint(j, "depth", m->depth);
    mx_json_out_uint(j, "operators", m->operators);
    mx_json_out_uint(j, "own_operators", m->own);
    mx_json_out_uint(j, "edges", m->edges);
    mx_json_out_uint(j, "edges_in", m->edges_in);
    mx_json_out_uint(j, "edges_out", m->edges_out);
    mx_json_out_close(j, '}');
}

static void put_names(const mx_analysis *a, mx_json_out *j, const char *key, const uint32_t *places, uint32_t n) {
    mx_json_out_flat_array(j, key);
    for (uint32_t i = 0; i < n; i++) mx_json_out_text(j, NULL, a->keys.keys[places[i]]);
    mx_json_out_close(j, ']');
}

static void put_operator(const mx_analysis *a, size_t place, mx_json_out *j) {
    const mx_analysis_operator *o = &a->operators[place];
    const mx_node *n = mx_node_at(a->g, a->keys.operators[place]);
    mx_sid scope = mx_analysis_data(a, &a->modules[o->module])->scope;
    mx_json_out_object(j, NULL);
    mx_json_out_text(j, "name", a->keys.keys[place]);
    mx_json_out_text(j, "op_type", n->op_type == MX_SID_ABSENT ? MX_STR_LITERAL("") : mx_text(a->g, n->op_type));
    mx_json_out_text(j, "domain", n->domain == MX_SID_ABSENT ? MX_STR_LITERAL("") : mx_text(a->g, n->domain));
    put_optional(j, "tag", a->g, o->stored.tag);
    put_optional(j, "method", a->g, o->stored.method);
    mx_json_out_text(j, "module", scope == MX_SID_ABSENT ? MX_STR_LITERAL("") : mx_text(a->g, scope));
    mx_json_out_uint(j, "depth", a->modules[o->module].depth);
    mx_json_out_bool(j, "auxiliary", o->auxiliary);
    mx_json_out_uint(j, "order", place);
    put_names(a, j, "predecessors", a->in + o->first_in, o->n_in);
    put_names(a, j, "successors", a->out + o->first_out, o->n_out);
    mx_json_out_close(j, '}');
}

static void put_counts(const mx_analysis *a, mx_json_out *j, const char *key, const mx_analysis_counts *c) {
    mx_buffer b;
    mx_buffer_init(&b, a->g->allocator);
    mx_json_out_object(j, key);
    for (size_t i = 0; i < c->count; i++) {
        mx_buffer_clear(&b);
        mx_utf8_clean(&b, mx_text(a->g, c->items[i].text));
        j->text.failed |= b.failed;
        mx_json_out_key(j, mx_buffer_str(&b));
        mx_json_out_uint(j, NULL, c->items[i].operators);
    }
    mx_json_out_close(j, '}');
    mx_buffer_free(&b);
}

static void put_document(const mx_analysis *a, mx_json_out *j, const mx_analysis_sink *sink) {
    mx_json_out_object(j, NULL);
    put_cstr(j, "model", a->model);
    mx_json_out_bool(j, "tagged", a->tagged);
    put_filter(a, j);
    put_statistics(a, j);
    mx_json_out_array(j, "modules");
    for (size_t i = 0; i < a->n_modules; i++) {
        if (a->modules[i].selected) put_module(a, &a->modules[i], j);
        mx_analysis_drain(sink, &j->text, false);
    }
    mx_json_out_close(j, ']');
    mx_json_out_array(j, "nodes");
    for (size_t i = 0; i < a->keys.count; i++) {
        if (a->operators[i].selected) put_operator(a, i, j);
        mx_analysis_drain(sink, &j->text, false);
    }
    mx_json_out_close(j, ']');
    put_counts(a, j, "tag_statistics", &a->tag_counts);
    put_counts(a, j, "operator_types", &a->type_counts);
    mx_json_out_close(j, '}');
}

mx_status mx_analysis_json(const mx_analysis *a, const mx_analysis_sink *sink, mx_error *err) {
    mx_json_out j;
    mx_json_out_begin(&j, sink->allocator, NULL);
    put_document(a, &j, sink);
    mx_status status = mx_json_out_end(&j, err);
    if (status == MX_OK) mx_analysis_drain(sink, &j.text, true);
    mx_json_out_free(&j);
    return status;
}

/* ---- CSV ---- */

/* RFC 4180: quoted where it has to be. */
static void put_field(mx_buffer *b, mx_str s) {
    bool quoted = false;
    for (size_t i = 0; i < s.n && !quoted; i++)
        quoted = s.p[i] == '"' || s.p[i] == ',' || s.p[i] == '\n' || s.p[i] == '\r';
    if (quoted) mx_buffer_byte(b, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"') mx_buffer_byte(b, '"');
        mx_buffer_byte(b, s.p[i]);
    }
    if (quoted) mx_buffer_byte(b, '"');
}

static void put_text_field(mx_buffer *line, mx_buffer *clean, mx_str s) {
    mx_buffer_clear(clean);
    mx_utf8_clean(clean, s);
    line->failed |= clean->failed;
    mx_buffer_byte(line, ',');
    put_field(line, mx_buffer_str(clean));
}

static void put_list_field(const mx_analysis *a, mx_buffer *line, mx_buffer *list, const uint32_t *places, uint32_t n) {
    mx_buffer_clear(list);
    for (uint32_t i = 0; i < n; i++) {
        if (i) mx_buffer_byte(list, ';');
        mx_buffer_add(list, a->keys.keys[places[i]].p, a->keys.keys[places[i]].n);
    }
    line->failed |= list->failed;
    mx_buffer_byte(line, ',');
    put_field(line, mx_buffer_str(list));
}

static void put_line(const mx_analysis *a, size_t place, mx_buffer *line, mx_buffer *scratch) {
    const mx_analysis_operator *o = &a->operators[place];
    const mx_node *n = mx_node_at(a->g, a->keys.operators[place]);
    const mx_module_data *m = mx_analysis_data(a, &a->modules[o->module]);
    const mx_sid texts[] = {n->op_type, n->domain, o->stored.tag, o->stored.method, m->scope, m->class_name};
    mx_buffer_uint(line, place);
    put_text_field(line, scratch, a->keys.keys[place]);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) put_text_field(line, scratch, mx_text(a->g, texts[i]));
    mx_buffer_byte(line, ',');
    mx_buffer_uint(line, a->modules[o->module].depth);
    mx_buffer_cstr(line, o->auxiliary ? ",true" : ",false");
    put_list_field(a, line, scratch, a->in + o->first_in, o->n_in);
    put_list_field(a, line, scratch, a->out + o->first_out, o->n_out);
    mx_buffer_cstr(line, "\r\n");
}

mx_status mx_analysis_csv(const mx_analysis *a, const mx_analysis_sink *sink, mx_error *err) {
    mx_buffer b, scratch;
    mx_buffer_init(&b, sink->allocator);
    mx_buffer_init(&scratch, sink->allocator);
    mx_buffer_cstr(&b, "order,name,op_type,domain,tag,method,module,class_name,depth,auxiliary,predecessors,successors\r\n");
    for (size_t i = 0; i < a->keys.count; i++) {
        if (a->operators[i].selected) put_line(a, i, &b, &scratch);
        mx_analysis_drain(sink, &b, false);
    }
    mx_status status = b.failed ? mx_nomem(err) : MX_OK;
    if (status == MX_OK) mx_analysis_drain(sink, &b, true);
    mx_buffer_free(&scratch);
    mx_buffer_free(&b);
    return status;
}
