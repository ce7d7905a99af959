#include "htp/metadata_write.h"

#include "base/json_out.h"
#include "converter/dtype.h"
#include "htp/modules_write.h"

#include <string.h>

int64_t mx_htp_opset_version(const mx_graph *g) {
    const mx_scope_data *s = &g->scopes[0];
    for (uint32_t i = 0; i < s->n_opsets; i++) {
        mx_str domain = mx_text(g, s->opsets[i].domain);
        if (!s->opsets[i].opaque && (domain.n == 0 || mx_str_is(domain, "ai.onnx"))) return s->opsets[i].version;
    }
    return 0;
}

mx_str mx_htp_root_name(const mx_htp_document *d) {
    const mx_htp_module *root = &d->t->tree.modules[0];
    if (root->class_name != MX_SID_ABSENT) return mx_text(d->g, root->class_name);
    mx_str tag = mx_text(d->g, root->tag);
    return tag.n && tag.p[0] == '/' ? (mx_str){tag.p + 1, tag.n - 1} : tag;
}

static void put_cstr(mx_json_out *j, const char *key, const char *value) {
    mx_json_out_text(j, key, mx_str_of(value));
}

/* ---- the model and its trace ---- */

static void write_context(const mx_htp_document *d, mx_json_out *j) {
    const mx_htp_facts *f = d->facts;
    mx_json_out_object(j, "export_context");
    put_cstr(j, "timestamp", f->timestamp);
    put_cstr(j, "strategy", f->strategy);
    put_cstr(j, "version", f->version);
    put_cstr(j, "exporter", "modelexport");
    mx_json_out_bool(j, "embed_hierarchy_attributes", strcmp(f->hierarchy_attrs, "none") != 0);
    put_cstr(j, "hierarchy_attributes", f->hierarchy_attrs);
    mx_json_out_double(j, "export_time_seconds", f->seconds, 3);
    mx_json_out_close(j, '}');
}

static void write_model(const mx_htp_document *d, mx_json_out *j) {
    mx_str producer = mx_text(d->g, d->g->model.producer_name);
    mx_json_out_object(j, "model");
    if (d->facts->framework) producer = mx_str_of(d->facts->framework);
    put_cstr(j, "name_or_path", d->facts->model_path);
    mx_json_out_text(j, "class_name", mx_htp_root_name(d));
    mx_json_out_text(j, "framework", producer.n ? producer : MX_STR_LITERAL("onnx"));
    mx_json_out_uint(j, "total_modules", d->t->tree.count);
    mx_json_out_uint(j, "total_parameters", d->summary->parameters);
    mx_json_out_close(j, '}');
}

static void write_shape(const mx_graph *g, const mx_type *t, mx_json_out *j) {
    if (!t->has_shape) {
        mx_json_out_null(j, "shape");
        return;
    }
    mx_json_out_flat_array(j, "shape");
    for (uint32_t i = 0; i < t->n_dims; i++) {
        const mx_dim *dim = &t->dims[i];
        if (dim->kind == MX_DIM_VALUE) mx_json_out_int(j, NULL, dim->value);
        else mx_json_out_text(j, NULL, dim->kind == MX_DIM_PARAM ? mx_text(g, dim->param) : (mx_str){NULL, 0});
    }
    mx_json_out_close(j, ']');
}

static const mx_input_spec *spec_of(const mx_htp_document *d, mx_str name) {
    const mx_export_config *c = d->facts->config;
    for (size_t i = 0; c && i < c->n_input_specs; i++)
        if (mx_str_is(name, c->input_specs[i].name)) return &c->input_specs[i];
    return NULL;
}

/* The sample's sizes where a specification gives them, else what the model declares. */
static void write_input(const mx_htp_document *d, const mx_node *n, mx_json_out *j) {
    static const mx_type untyped = {0};
    const mx_input_spec *spec = spec_of(d, mx_text(d->g, n->name));
    const mx_type *t = n->data < d->g->n_types ? &d->g->types[n->data] : &untyped;
    mx_json_out_key(j, mx_text(d->g, n->name));
    mx_json_out_object(j, NULL);
    if (spec && spec->shape) {
        mx_json_out_flat_array(j, "shape");
        for (size_t i = 0; i < spec->rank; i++) mx_json_out_int(j, NULL, spec->shape[i]);
        mx_json_out_close(j, ']');
    } else {
        write_shape(d->g, t, j);
    }
    put_cstr(j, "dtype", t->has_elem ? mx_dtype_name(t->elem) : NULL);
    mx_json_out_close(j, '}');
}

static void write_output_names(const mx_htp_document *d, mx_json_out *j, const char *key) {
    const mx_scope_data *s = &d->g->scopes[0];
    mx_json_out_array(j, key);
    for (size_t i = 0; i < s->n_outputs; i++) mx_json_out_text(j, NULL, mx_text(d->g, mx_node_at(d->g, s->outputs[i])->name));
    mx_json_out_close(j, ']');
}

static void write_tracing(const mx_htp_document *d, mx_json_out *j) {
    const mx_scope_data *s = &d->g->scopes[0];
    mx_json_out_object(j, "tracing");
    put_cstr(j, "builder", d->facts->builder);
    mx_json_out_uint(j, "modules_traced", d->summary->modules_executed ? d->summary->modules_executed
                                                                       : d->summary->modules_used);
    mx_json_out_uint(j, "execution_steps", d->summary->source_operators);
    put_cstr(j, "model_type", d->facts->selection->characteristics.model_type);
    mx_json_out_null(j, "task");
    mx_json_out_object(j, "inputs");
    for (size_t i = 0; i < s->n_inputs; i++) write_input(d, mx_node_at(d->g, s->inputs[i]), j);
    mx_json_out_close(j, '}');
    write_output_names(d, j, "outputs");
    mx_json_out_close(j, '}');
}

/* ---- the tags ---- */

static mx_str tag_of(const mx_htp_document *d, uint32_t module) {
    return module < d->t->tree.count ? mx_text(d->g, d->t->tree.modules[module].tag) : (mx_str){NULL, 0};
}

static void write_nodes(const mx_htp_document *d, mx_json_out *j) {
    mx_json_out_object(j, "nodes");
    for (size_t i = 0; i < d->keys->count; i++) {
        mx_str tag = tag_of(d, mx_htp_label_of(d->t, d->keys->operators[i]).module);
        if (!tag.p) continue;
        mx_json_out_key(j, d->keys->keys[i]);
        mx_json_out_text(j, NULL, tag);
    }
    mx_json_out_close(j, '}');
}

static void write_node_tag(const mx_htp_document *d, const mx_htp_label *l, mx_str op_type, mx_json_out *j) {
    mx_json_out_object(j, NULL);
    mx_json_out_text(j, "op_type", op_type.p ? op_type : MX_STR_LITERAL(""));
    mx_json_out_flat_array(j, "tags");
    if (l->n_served == 0) mx_json_out_text(j, NULL, tag_of(d, l->module));
    for (uint32_t k = 0; k < l->n_served; k++) mx_json_out_text(j, NULL, tag_of(d, d->t->served[l->first_served + k]));
    mx_json_out_close(j, ']');
    mx_json_out_text(j, "primary_path", tag_of(d, l->module));
    mx_json_out_uint(j, "tag_count", l->n_served ? l->n_served : 1);
    put_cstr(j, "method", mx_htp_method_name(l->method));
    mx_json_out_text(j, "scope", mx_text(d->g, d->t->tree.modules[l->module].scope));
    mx_json_out_close(j, '}');
}

static void write_node_tags(const mx_htp_document *d, mx_json_out *j) {
    mx_json_out_object(j, "node_tags");
    for (size_t i = 0; i < d->keys->count; i++) {
        mx_htp_label l = mx_htp_label_of(d->t, d->keys->operators[i]);
        if (l.module >= d->t->tree.count) continue;
        mx_json_out_key(j, d->keys->keys[i]);
        write_node_tag(d, &l, mx_text(d->g, mx_node_at(d->g, d->keys->operators[i])->op_type), j);
    }
    mx_json_out_close(j, '}');
}

static void write_tag_statistics(const mx_htp_document *d, mx_json_out *j) {
    mx_json_out_object(j, "tag_statistics");
    for (size_t i = 0; i < d->summary->n_tags; i++) {
        mx_json_out_key(j, mx_text(d->g, d->summary->tags[i].tag));
        mx_json_out_uint(j, NULL, d->summary->tags[i].operators);
    }
    mx_json_out_close(j, '}');
}

/* ---- outputs, report, statistics ---- */

static void write_outputs(const mx_htp_document *d, mx_json_out *j) {
    const mx_htp_facts *f = d->facts;
    int64_t opset = mx_htp_opset_version(d->g);
    mx_json_out_object(j, "outputs");
    mx_json_out_object(j, "onnx_model");
    put_cstr(j, "path", f->onnx_path);
    mx_json_out_double(j, "size_mb", (double)f->onnx_bytes / 1e6, 3);
    if (opset) mx_json_out_int(j, "opset_version", opset);
    else mx_json_out_null(j, "opset_version");
    write_output_names(d, j, "output_names");
    mx_json_out_close(j, '}');
    mx_json_out_object(j, "metadata");
    put_cstr(j, "path", f->metadata_path);
    mx_json_out_close(j, '}');
    if (f->report_path) {
        mx_json_out_object(j, "report");
        put_cstr(j, "path", f->report_path);
        mx_json_out_close(j, '}');
    }
    mx_json_out_close(j, '}');
}

static void write_node_statistics(const mx_htp_document *d, mx_json_out *j) {
    const mx_htp_summary *s = d->summary;
    mx_json_out_object(j, "statistics");
    mx_json_out_uint(j, "total_nodes", s->operators);
    mx_json_out_uint(j, "root_nodes", s->root_module);
    mx_json_out_uint(j, "scoped_nodes", s->by_method[MX_HTP_DIRECT] + s->by_method[MX_HTP_PARENT]);
    mx_json_out_uint(j, "unique_scopes", s->modules_used);
    mx_json_out_uint(j, "direct_matches", s->by_method[MX_HTP_DIRECT]);
    mx_json_out_uint(j, "parent_matches", s->by_method[MX_HTP_PARENT]);
    mx_json_out_uint(j, "inherited_matches", s->by_method[MX_HTP_INHERITED]);
    mx_json_out_uint(j, "root_fallbacks", s->by_method[MX_HTP_ROOT]);
    mx_json_out_close(j, '}');
    mx_json_out_object(j, "coverage");
    mx_json_out_double(j, "percentage", mx_htp_percentage(s->tagged, s->operators), 2);
    mx_json_out_uint(j, "total_onnx_nodes", s->operators);
    mx_json_out_uint(j, "tagged_nodes", s->tagged);
    mx_json_out_close(j, '}');
}

static void write_steps(const mx_htp_document *d, mx_json_out *j) {
    mx_json_out_object(j, "report");
    mx_json_out_object(j, "steps");
    for (size_t i = 0; i < d->facts->n_steps; i++) {
        const mx_htp_step *step = &d->facts->steps[i];
        mx_json_out_object(j, step->name);
        mx_json_out_double(j, "seconds", step->seconds, 3);
        put_cstr(j, "details", step->detail);
        if (strcmp(step->name, "node_tagging") == 0) write_node_statistics(d, j);
        mx_json_out_close(j, '}');
    }
    mx_json_out_close(j, '}');
    mx_json_out_array(j, "warnings");
    for (size_t i = 0; i < d->facts->n_warnings; i++) put_cstr(j, NULL, d->facts->warnings[i]);
    mx_json_out_close(j, ']');
    mx_json_out_close(j, '}');
}

static void write_statistics(const mx_htp_document *d, mx_json_out *j) {
    const mx_htp_summary *s = d->summary;
    mx_json_out_object(j, "statistics");
    mx_json_out_double(j, "export_time", d->facts->seconds, 3);
    mx_json_out_uint(j, "hierarchy_modules", d->t->tree.count);
    mx_json_out_uint(j, "traced_modules", s->modules_own_tag);
    mx_json_out_uint(j, "onnx_nodes", s->operators);
    mx_json_out_uint(j, "tagged_nodes", s->tagged);
    mx_json_out_uint(j, "empty_tags", s->operators - s->tagged);
    mx_json_out_double(j, "coverage_percentage", mx_htp_percentage(s->tagged, s->operators), 2);
    mx_json_out_array(j, "module_types");
    for (size_t i = 0; i < s->n_module_classes; i++) mx_json_out_text(j, NULL, mx_text(d->g, s->module_classes[i]));
    mx_json_out_close(j, ']');
    mx_json_out_close(j, '}');
}

/* ---- documents ---- */

static mx_status write_metadata(const mx_htp_document *d, mx_json_out *j, mx_error *err) {
    mx_json_out_object(j, NULL);
    write_context(d, j);
    write_model(d, j);
    write_tracing(d, j);
    MX_TRY(mx_htp_write_modules(&d->t->tree, j, "modules", err));
    write_nodes(d, j);
    write_outputs(d, j);
    write_steps(d, j);
    write_statistics(d, j);
    put_cstr(j, "strategy", d->facts->strategy);
    write_node_tags(d, j);
    write_tag_statistics(d, j);
    mx_json_out_close(j, '}');
    return mx_json_out_end(j, err);
}

mx_status mx_htp_write_metadata(const mx_htp_document *d, mx_outfile *f, mx_error *err) {
    mx_json_out j;
    mx_json_out_begin(&j, d->g->allocator, f);
    mx_status status = write_metadata(d, &j, err);
    mx_json_out_free(&j);
    return status;
}

mx_status mx_htp_write_hierarchy(const mx_htp_document *d, mx_outfile *f, mx_error *err) {
    mx_json_out j;
    mx_json_out_begin(&j, d->g->allocator, f);
    mx_json_out_object(&j, NULL);
    put_cstr(&j, "version", d->facts->version);
    put_cstr(&j, "strategy", d->facts->strategy);
    write_node_tags(d, &j);
    write_tag_statistics(d, &j);
    mx_json_out_close(&j, '}');
    mx_status status = mx_json_out_end(&j, err);
    mx_json_out_free(&j);
    return status;
}
