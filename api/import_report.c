#include "api/import_report.h"

#include "base/json_out.h"

static void member(mx_json_out *j, const mx_graph *g, const char *key, mx_sid text) {
    if (text != MX_SID_ABSENT) mx_json_out_text(j, key, mx_text(g, text));
}

static void number(mx_json_out *j, const char *key, int64_t value) {
    if (value >= 0) mx_json_out_int(j, key, value);
}

static void write_change(mx_json_out *j, const mx_graph *g, const mx_change *c) {
    mx_json_out_object(j, NULL);
    mx_json_out_text(j, "kind", mx_str_of(c->kind));
    mx_json_out_text(j, "what", mx_str_of(c->what));
    member(j, g, "node", c->node);
    member(j, g, "op_type", c->op_type);
    number(j, "node_index", c->index);
    if (c->last_index > c->index) number(j, "last_node_index", c->last_index);
    number(j, "port", c->port);
    if (c->key) mx_json_out_text(j, "key", mx_str_of(c->key));
    member(j, g, "entry", c->entry);
    member(j, g, "scope", c->scope);
    member(j, g, "tag", c->tag);
    member(j, g, "before", c->before);
    member(j, g, "after", c->after);
    mx_json_out_close(j, '}');
}

static void write_summary(mx_json_out *j, const mx_graphml_report *r) {
    const struct {
        const char *key;
        uint64_t value;
    } figures[] = {{"nodes_added", r->nodes_new},
                   {"nodes_removed", r->nodes_deleted},
                   {"nodes_changed", r->nodes_changed},
                   {"nodes_moved", r->nodes_moved},
                   {"nodes_retagged", r->nodes_retagged},
                   {"ports_rewired", r->ports_changed},
                   {"initializers_dropped", r->initializers_dropped},
                   {"types_dropped", r->types_dropped},
                   {"labels_ignored", r->labels_changed},
                   {"tags_ignored", r->tags_ignored},
                   {"unknown_data", r->unknown_keys}};
    mx_json_out_object(j, "summary");
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++)
        mx_json_out_uint(j, figures[i].key, figures[i].value);
    mx_json_out_close(j, '}');
}

mx_status mx_import_report_write(const mx_graph *g, const mx_graphml_report *report,
                                 const mx_import_report_names *names, mx_outfile *f, mx_error *err) {
    mx_json_out j;
    mx_json_out_begin(&j, g->allocator, f);
    mx_json_out_object(&j, NULL);
    mx_json_out_text(&j, "graphml", mx_str_of(names->graphml));
    mx_json_out_text(&j, "onnx", mx_str_of(names->output));
    mx_json_out_text(&j, "source", mx_str_of(names->source->used ? names->source->name : NULL));
    if (!names->source->used) mx_json_out_text(&j, "source_note", mx_str_of(names->source->note));
    write_summary(&j, report);
    mx_json_out_array(&j, "changes");
    for (const mx_change *c = report->changes; c; c = c->next)
        write_change(&j, g, c);
    mx_json_out_close(&j, ']');
    mx_json_out_close(&j, '}');
    mx_status status = mx_json_out_end(&j, err);
    mx_json_out_free(&j);
    return status;
}
