/* Editing what nodes say of themselves: names, types, texts, metadata. */
#include "converter/edit.h"
#include "converter/retag.h"

#include <stdarg.h>
#include <stdio.h>

mx_status mx_edit_node(mx_graph *g, mx_node_id id, unsigned kinds, mx_node **out, mx_error *err) {
    static const char *const names[] = {"the model",   "a function", "a body",   "a module",
                                        "an operator", "an input",   "an output"};
    *out = NULL;
    if (!g || id >= g->n_nodes || mx_node_at(g, id)->flags & MX_FLAG_REMOVED)
        return mx_fail(err, MX_ERR_USAGE, "there is no node %lu", (unsigned long)id);
    *out = mx_node_at(g, id);
    if (kinds >> (*out)->kind & 1) return MX_OK;
    mx_fail(err, MX_ERR_USAGE, "node %lu is %s: this edit is not for such nodes", (unsigned long)id,
            names[(*out)->kind]);
    return mx_at_node(err, MX_ERR_USAGE, mx_text(g, (*out)->name));
}

mx_status mx_edit_invalid(const mx_graph *g, mx_node_id node, mx_error *err, const char *format, ...) {
    const mx_node *n = mx_node_at(g, node);
    char text[sizeof err->message];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    mx_fail(err, MX_ERR_INVALID, "%s", text);
    mx_str name = mx_text(g, n->name);
    return mx_at_node(err, MX_ERR_INVALID, name.n ? name : mx_text(g, n->op_type));
}

/* ---- fresh names ---- */

mx_status mx_edit_fresh_name(mx_graph *g, mx_str base, mx_sid *out, mx_error *err) {
    mx_buffer b;
    mx_buffer_init(&b, g->allocator);
    mx_buffer_add(&b, base.p, base.n);
    for (uint64_t i = 1; !b.failed && mx_strings_find(&g->strings, mx_buffer_str(&b)) != MX_SID_NOMEM; i++) {
        b.size = base.n;
        mx_buffer_byte(&b, '_');
        mx_buffer_uint(&b, i);
    }
    mx_status status = b.failed ? mx_nomem(err) : mx_graph_string(g, mx_buffer_str(&b), out, err);
    mx_buffer_free(&b);
    return status;
}

/* An unnamed operator's number keeps many of one type from trying the same names. */
static mx_status fresh_output(mx_graph *g, mx_str name, mx_str op_type, mx_node_id id, uint32_t port, mx_sid *out,
                              mx_error *err) {
    mx_buffer b;
    mx_buffer_init(&b, g->allocator);
    mx_buffer_add(&b, name.n ? name.p : op_type.p, name.n ? name.n : op_type.n);
    if (!name.n) {
        mx_buffer_byte(&b, '_');
        mx_buffer_uint(&b, id);
    }
    mx_buffer_cstr(&b, "_output_");
    mx_buffer_uint(&b, port);
    mx_status status = b.failed ? mx_nomem(err) : mx_edit_fresh_name(g, mx_buffer_str(&b), out, err);
    mx_buffer_free(&b);
    return status;
}

mx_status mx_edit_fresh_output(mx_graph *g, mx_node_id node, uint32_t port, mx_sid *out, mx_error *err) {
    const mx_node *n = mx_node_at(g, node);
    return fresh_output(g, mx_text(g, n->name), mx_text(g, n->op_type), node, port, out, err);
}

/* ---- names ---- */

/* mx_graph_string sets *out to MX_SID_NOMEM when it fails: never let that reach the graph. */
static mx_status set_text(mx_graph *g, mx_sid *field, mx_str text, mx_error *err) {
    mx_sid sid = MX_SID_ABSENT;
    MX_TRY(mx_graph_string(g, text, &sid, err));
    *field = sid;
    return MX_OK;
}

/* Whether `id` is the one that decides the value's name: nothing else makes it or gives it out. */
static mx_status may_rename(mx_graph *g, mx_node_id id, mx_error *err) {
    const mx_node *n = mx_node_at(g, id);
    const mx_scope_data *s = mx_scope_of(g, n);
    mx_binding b = mx_scope_binding(g, n->scope, n->name);
    mx_shown value = mx_show(mx_text(g, n->name));
    if (b.makers > 1) return mx_edit_invalid(g, id, err, "the value %s is made more than once", value.text);
    if (n->kind == MX_NODE_INPUT) return MX_OK;
    if (b.kind != MX_BINDS_OPERATOR || b.initializer)
        return mx_edit_invalid(g, id, err, "the value %s is no operator's: only such can be renamed", value.text);
    for (size_t i = 0; i < s->n_outputs; i++)
        if (s->outputs[i] != id && mx_node_at(g, s->outputs[i])->name == n->name)
            return mx_edit_invalid(g, id, err, "another output gives out the value %s too", value.text);
    return MX_OK;
}

/* An input or output has the name of its value, which is renamed wherever it stands. */
static mx_status rename_port_node(mx_graph *g, mx_node_id id, mx_str name, mx_error *err) {
    mx_node *n = mx_node_at(g, id);
    mx_sid sid = MX_SID_ABSENT;
    if (name.n == 0) return mx_edit_invalid(g, id, err, "inputs and outputs need a name");
    if (mx_str_eq(name, mx_text(g, n->name))) return MX_OK;
    sid = mx_strings_find(&g->strings, name);
    if (sid != MX_SID_NOMEM && mx_value_name_used(g, n->scope, sid))
        return mx_edit_invalid(g, id, err, "another value has the name %s", mx_show(name).text);
    bool named = mx_text(g, n->name).n > 0;
    if (named) MX_TRY(may_rename(g, id, err));
    MX_TRY(mx_graph_string(g, name, &sid, err));
    if (named) {
        mx_rename_value(g, n->scope, n->name, sid);
    } else if (n->kind == MX_NODE_INPUT) {
        n->name = n->outputs[0] = sid;
    } else {
        return mx_edit_invalid(g, id, err, "the output gives out nothing: connect it first");
    }
    return MX_OK;
}

static mx_str plain_domain(mx_str domain) {
    return !domain.p || mx_str_is(domain, "ai.onnx") ? (mx_str){"", 0} : domain;
}

static bool same_domain(const mx_graph *g, mx_sid a, mx_sid b) {
    return a == b || mx_str_eq(plain_domain(mx_text(g, a)), plain_domain(mx_text(g, b)));
}

static bool same_overload(mx_sid a, mx_sid b) {
    return a == b || (a <= MX_SID_EMPTY && b <= MX_SID_EMPTY);
}

/* Name and domain of a local function; the operators that call it follow. */
static mx_status rename_function(mx_graph *g, mx_node_id id, mx_str name, mx_str domain, mx_error *err) {
    mx_node *n = mx_node_at(g, id);
    mx_sid new_name = MX_SID_ABSENT, new_domain = MX_SID_ABSENT, old_name = n->name, old_domain = n->domain;
    if (name.n == 0) return mx_edit_invalid(g, id, err, "a function needs a name");
    MX_TRY(mx_graph_string(g, name, &new_name, err));
    MX_TRY(mx_graph_string(g, domain, &new_domain, err));
    for (mx_node_id f = mx_node_at(g, 0)->first_child; f != MX_NO_NODE; f = mx_node_at(g, f)->next_sibling) {
        const mx_node *other = mx_node_at(g, f);
        if (f != id && other->kind == MX_NODE_FUNCTION && other->name == new_name &&
            same_domain(g, other->domain, new_domain) && same_overload(other->overload, n->overload))
            return mx_edit_invalid(g, id, err, "there is a function %s in that domain already", mx_show(name).text);
    }
    for (mx_node_id c = 0; c < g->n_nodes; c++) {
        mx_node *call = mx_node_at(g, c);
        if (call->kind != MX_NODE_OPERATOR || call->op_type != old_name || !same_domain(g, call->domain, old_domain) ||
            !same_overload(call->overload, n->overload))
            continue;
        call->op_type = new_name;
        if (new_domain != old_domain) call->domain = new_domain;
    }
    n->name = new_name;
    n->domain = new_domain;
    return MX_OK;
}

static mx_status rename_module(mx_graph *g, mx_node_id id, mx_str name, mx_error *err) {
    mx_node *n = mx_node_at(g, id);
    if (name.n == 0) return mx_edit_invalid(g, id, err, "a module needs a name");
    if (mx_str_eq(name, mx_text(g, n->name))) return MX_OK;
    MX_TRY(set_text(g, &n->name, name, err));
    return mx_retag_below(g, id, err);
}

mx_status mx_node_set_name(mx_graph *graph, mx_node_id node, mx_str name, mx_error *err) {
    mx_node *n;
    MX_TRY(mx_edit_node(graph, node, ~MX_KIND(BODY), &n, err));
    if (n->kind >= MX_NODE_INPUT) return rename_port_node(graph, node, name, err);
    if (n->kind == MX_NODE_FUNCTION) return rename_function(graph, node, name, mx_text(graph, n->domain), err);
    if (n->kind == MX_NODE_MODULE) return rename_module(graph, node, name, err);
    return set_text(graph, n->kind == MX_NODE_MODEL ? &graph->scopes[n->data].name : &n->name, name, err);
}

/* ---- texts ---- */

mx_status mx_node_set_op_type(mx_graph *graph, mx_node_id node, mx_str op_type, mx_error *err) {
    mx_node *n;
    MX_TRY(mx_edit_node(graph, node, MX_KIND(OPERATOR), &n, err));
    if (op_type.n == 0) return mx_edit_invalid(graph, node, err, "an operator needs an op_type");
    return set_text(graph, &n->op_type, op_type, err);
}

mx_status mx_node_set_domain(mx_graph *graph, mx_node_id node, mx_str domain, mx_error *err) {
    mx_node *n;
    MX_TRY(mx_edit_node(graph, node, MX_KIND(OPERATOR) | MX_KIND(FUNCTION) | MX_KIND(MODEL), &n, err));
    if (n->kind == MX_NODE_FUNCTION) return rename_function(graph, node, mx_text(graph, n->name), domain, err);
    return set_text(graph, n->kind == MX_NODE_MODEL ? &graph->model.domain : &n->domain, domain, err);
}

mx_status mx_node_set_doc_string(mx_graph *graph, mx_node_id node, mx_str doc, mx_error *err) {
    mx_node *n;
    MX_TRY(mx_edit_node(graph, node, ~0u, &n, err));
    return set_text(graph, n->kind == MX_NODE_BODY ? &graph->scopes[n->data].doc : &n->doc, doc, err);
}

/* ---- metadata ---- */

static void remove_pairs(mx_pairs *pairs, mx_pair *into, mx_sid key) {
    uint32_t count = 0;
    for (uint32_t i = 0; i < pairs->count; i++)
        if (pairs->items[i].opaque || pairs->items[i].key != key) into[count++] = pairs->items[i];
    *pairs = (mx_pairs){into, count};
}

mx_status mx_node_set_metadata(mx_graph *graph, mx_node_id node, mx_str key, mx_str value, mx_error *err) {
    mx_node *n;
    mx_sid key_id = MX_SID_ABSENT, value_id = MX_SID_ABSENT;
    MX_TRY(mx_edit_node(graph, node, ~MX_KIND(MODULE), &n, err));
    if (!key.p) return mx_fail(err, MX_ERR_USAGE, "a metadata entry needs a key");
    mx_pairs *pairs = n->kind == MX_NODE_BODY ? &graph->scopes[n->data].metadata : &n->metadata;
    MX_TRY(mx_graph_string(graph, key, &key_id, err));
    MX_TRY(mx_graph_string(graph, value, &value_id, err));
    mx_pair *items = NULL; /* a new array: the old one may be shared */
    MX_TRY(mx_graph_array(graph, (size_t)pairs->count + 1, sizeof *items, &items, err));
    if (!value.p) {
        remove_pairs(pairs, items, key_id);
        return MX_OK;
    }
    uint32_t at = 0;
    while (at < pairs->count && (pairs->items[at].opaque || pairs->items[at].key != key_id))
        at++;
    if (pairs->count) memcpy(items, pairs->items, pairs->count * sizeof *items);
    items[at] = (mx_pair){key_id, value_id, 0};
    *pairs = (mx_pairs){items, pairs->count + (at == pairs->count)};
    return MX_OK;
}

/* ---- the model ---- */

mx_status mx_graph_set_ir_version(mx_graph *g, int64_t version, mx_error *err) {
    if (version < 1) return mx_fail(err, MX_ERR_USAGE, "%lld is no IR version", (long long)version);
    g->model.has_ir_version = true;
    g->model.ir_version = version;
    return MX_OK;
}

mx_status mx_graph_set_opset(mx_graph *g, mx_str domain, int64_t version, mx_error *err) {
    mx_scope_data *s = &g->scopes[0];
    mx_opset *opsets;
    mx_sid sid;
    if (version < 1) return mx_fail(err, MX_ERR_USAGE, "%lld is no version of an operator set", (long long)version);
    MX_TRY(mx_graph_string(g, mx_str_is(domain, "ai.onnx") ? MX_STR_LITERAL("") : domain, &sid, err));
    for (uint32_t i = 0; i < s->n_opsets; i++) {
        mx_opset *o = &s->opsets[i];
        mx_str have = o->domain == MX_SID_ABSENT ? MX_STR_LITERAL("") : mx_text(g, o->domain);
        bool same = mx_str_eq(have, mx_text(g, sid)) || (sid == MX_SID_EMPTY && mx_str_is(have, "ai.onnx"));
        if (o->opaque != MX_SID_ABSENT || !same) continue;
        o->has_version = true;
        o->version = version;
        return MX_OK;
    }
    MX_TRY(mx_graph_array(g, s->n_opsets + 1, sizeof *opsets, &opsets, err));
    if (s->n_opsets) memcpy(opsets, s->opsets, s->n_opsets * sizeof *opsets);
    opsets[s->n_opsets] = (mx_opset){.domain = sid, .has_version = true, .version = version};
    s->opsets = opsets;
    s->n_opsets++;
    return MX_OK;
}
