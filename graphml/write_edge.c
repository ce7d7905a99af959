#include "graphml/write.h"

#include "picture/label.h"

static void put_ports(mx_writer *w, const mx_port *port, uint32_t target_port) {
    mx_put_int(w, MX_KEY_SOURCE_PORT, port->source_port);
    mx_put_int(w, MX_KEY_TARGET_PORT, target_port);
}

/* What is known of the value, for people and for readers of v1.1. */
static void put_value(mx_writer *w, mx_sid name, uint32_t type) {
    const mx_graph *g = w->g;
    const char *elem = type == MX_NO_INDEX || !g->types[type].has_elem || g->types[type].kind > MX_TYPE_SPARSE
                           ? NULL
                           : mx_data_type_name(g->types[type].elem);
    if (name != MX_SID_ABSENT) {
        mx_buffer_clear(&w->value);
        mx_value_plain(&w->value, mx_text(g, name));
        mx_put_informative(w, MX_KEY_TENSOR_NAME);
    }
    if (elem) mx_put_cstr(w, MX_KEY_TENSOR_TYPE, elem);
    mx_buffer_clear(&w->value);
    if (type != MX_NO_INDEX && mx_value_shape(&w->value, g, type)) mx_put_informative(w, MX_KEY_TENSOR_SHAPE);
}

static void put_tooltip(mx_writer *w, const mx_port *port) {
    mx_buffer_clear(&w->label);
    mx_label_value(&w->label, &w->scene, port->source, port->source_port);
    if (w->label.size) mx_put(w, MX_KEY_EDGE_DESCRIPTION, mx_buffer_str(&w->label));
}

static mx_status write_edge(mx_writer *w, mx_node_id target, uint32_t target_port) {
    const mx_port *port = &mx_node_at(w->g, target)->inputs[target_port];
    uint32_t type = mx_scene_type(&w->scene, port->source, port->source_port);
    mx_xml *x = &w->xml;
    mx_xml_raw(x, "<edge id=\"e");
    mx_buffer_uint(&x->b, w->edges++);
    mx_xml_raw(x, "\" source=\"n");
    mx_buffer_uint(&x->b, w->plan.index[port->source]);
    mx_xml_raw(x, "\" target=\"n");
    mx_buffer_uint(&x->b, w->plan.index[target]);
    mx_xml_raw(x, "\">\n");
    put_value(w, port->name, type);
    put_ports(w, port, target_port);
    MX_TRY(mx_yed_edge(w, target, target_port));
    put_tooltip(w, port);
    mx_xml_raw(x, "</edge>\n");
    return MX_OK;
}

mx_status mx_write_edges(mx_writer *w) {
    for (uint32_t i = 0; i < w->plan.numbered; i++) {
        mx_node_id id = w->plan.order[i];
        const mx_node *n = mx_node_at(w->g, id);
        for (uint32_t k = 0; k < n->n_inputs; k++) {
            if (n->inputs[k].source == MX_NO_NODE) continue;
            MX_TRY(write_edge(w, id, k));
            MX_TRY(mx_xml_flush(&w->xml, false, w->err));
        }
        MX_TRY(mx_write_progress(w));
    }
    return MX_OK;
}
