/* Operators that correspond, and edges: what each input port is fed by. */
#include "converter/compare_internal.h"

/* ---- edges ---- */

static mx_sid source_name(const mx_cmp *c, int side, const mx_port *p) {
    const mx_node *n = mx_cmp_at(c, side, p->source);
    return p->source_port < n->n_outputs ? n->outputs[p->source_port] : MX_SID_ABSENT;
}

/* A name that both nodes changed alike is reported there. */
static bool same_port(const mx_cmp *c, const mx_port *a, const mx_port *b) {
    bool made_a = a->source != MX_NO_NODE, made_b = b->source != MX_NO_NODE;
    bool same_name = mx_cmp_same(c, a->name, b->name);
    if (!made_a || !made_b) return !made_a && !made_b && same_name;
    if (c->nodes[0][a->source].match != b->source || a->source_port != b->source_port) return false;
    return same_name || !mx_cmp_same(c, source_name(c, 0, a), source_name(c, 1, b));
}

static void show_port(mx_cmp *c, int side, const mx_port *p) {
    if (!p) return;
    if (p->source == MX_NO_NODE) {
        mx_cmp_say(c, side, mx_cmp_named(p->name) ? "value " : "no value");
        if (mx_cmp_named(p->name)) mx_cmp_show(c, side, p->name);
        return;
    }
    mx_cmp_show_node(c, side, p->source);
    if (mx_cmp_at(c, side, p->source)->kind != MX_NODE_OPERATOR) return;
    mx_cmp_say(c, side, " output ");
    mx_buffer_uint(&c->text[side], p->source_port);
}

mx_status mx_cmp_port(mx_cmp *c, const mx_place *at, const mx_port *a, const mx_port *b) {
    if (a && b && same_port(c, a, b)) return MX_OK;
    show_port(c, 0, a);
    show_port(c, 1, b);
    return mx_cmp_report_values(c, "edge", at);
}

static mx_status compare_inputs(mx_cmp *c, const mx_place *at, const mx_node *a, const mx_node *b) {
    uint32_t n = a->n_inputs > b->n_inputs ? a->n_inputs : b->n_inputs;
    for (uint32_t k = 0; k < n; k++) {
        mx_place place = mx_place_index(at, "input", k);
        const mx_port *p = k < a->n_inputs ? &a->inputs[k] : NULL, *q = k < b->n_inputs ? &b->inputs[k] : NULL;
        MX_TRY(mx_cmp_port(c, &place, p, q));
    }
    return MX_OK;
}

/* ---- values it makes ---- */

static mx_status compare_outputs(mx_cmp *c, const mx_place *at, const mx_node *a, const mx_node *b) {
    uint32_t n = a->n_outputs > b->n_outputs ? a->n_outputs : b->n_outputs;
    for (uint32_t k = 0; k < n; k++) {
        mx_place place = mx_place_index(at, "output", k);
        bool in_a = k < a->n_outputs, in_b = k < b->n_outputs;
        if (in_a && in_b && mx_cmp_same(c, a->outputs[k], b->outputs[k])) continue;
        if (in_a) mx_cmp_show(c, 0, a->outputs[k]);
        if (in_b) mx_cmp_show(c, 1, b->outputs[k]);
        MX_TRY(mx_cmp_report_values(c, "value", &place));
    }
    return MX_OK;
}

static mx_status compare(mx_cmp *c, mx_node_id id_a, mx_node_id id_b, bool wired) {
    const mx_node *a = mx_cmp_at(c, 0, id_a), *b = mx_cmp_at(c, 1, id_b);
    mx_place at = mx_place_node(0, id_a);
    MX_TRY(mx_cmp_string(c, "node", &at, "name", a->name, b->name));
    MX_TRY(mx_cmp_string(c, "node", &at, "op_type", a->op_type, b->op_type));
    MX_TRY(mx_cmp_string(c, "node", &at, "domain", a->domain, b->domain));
    MX_TRY(mx_cmp_string(c, "node", &at, "overload", a->overload, b->overload));
    if (wired) MX_TRY(compare_inputs(c, &at, a, b));
    MX_TRY(compare_outputs(c, &at, a, b));
    MX_TRY(mx_cmp_attributes(c, id_a, id_b));
    MX_TRY(mx_cmp_metadata(c, "metadata", &at, &a->metadata, &b->metadata));
    MX_TRY(mx_cmp_string(c, "node", &at, "doc_string", a->doc, b->doc));
    return mx_cmp_json(c, "node", &at, "rest", a->rest, b->rest);
}

mx_status mx_cmp_operator(mx_cmp *c, mx_node_id a, mx_node_id b) {
    return compare(c, a, b, true);
}

mx_status mx_cmp_operator_itself(mx_cmp *c, mx_node_id a, mx_node_id b) {
    return compare(c, a, b, false);
}
