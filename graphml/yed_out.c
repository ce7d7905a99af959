/* yEd's own elements: how nodes, groups and edges look. Nothing here is ever read back. */
#include "picture/family.h"
#include "graphml/label.h"
#include "graphml/write.h"

#define MIN_WIDTH    60
#define MAX_WIDTH    240
#define CHAR_WIDTH   8 /* of the bold title, in pixels; the line below is smaller */
#define SMALL_WIDTH  6
#define LOW_HEIGHT   30
#define HIGH_HEIGHT  44
#define MAX_GROUP    720
#define EDGE_COLOUR  "#566273"
#define QUIET_COLOUR "#B3BBC6"
#define GROUP_FRAME  "#C6CFDB"

/* ---- sizes ---- */

static int32_t between(size_t v, int32_t low, int32_t high) {
    return v < (size_t)low ? low : v > (size_t)high ? high : (int32_t)v;
}

static mx_box leaf_size(mx_writer *w, mx_node_id id) {
    size_t title, line;
    mx_label_title(&w->label, w->g, id);
    title = mx_label_chars(mx_buffer_str(&w->label)) * CHAR_WIDTH + 24;
    if (mx_plan_is_group(&w->plan, id)) return (mx_box){0, 0, between(title + 24, 140, MAX_GROUP), 0};
    mx_label_subtitle(&w->label, &w->plan, id);
    line = w->label.size ? mx_label_chars(mx_buffer_str(&w->label)) * SMALL_WIDTH + 20 : 0;
    return (mx_box){0, 0, between(title > line ? title : line, MIN_WIDTH, MAX_WIDTH),
                    line ? HIGH_HEIGHT : LOW_HEIGHT};
}

mx_status mx_yed_layout(mx_writer *w) {
    mx_place_options options = {w->options->collapse_depth, w->options->no_layout};
    for (mx_node_id id = 0; id < w->g->n_nodes; id++)
        w->boxes[id] = leaf_size(w, id);
    return mx_place(&w->plan, &options, w->boxes, w->err);
}

bool mx_yed_folded(const mx_writer *w, uint32_t depth) {
    return w->options->collapse_depth >= 0 && depth > (uint32_t)w->options->collapse_depth;
}

/* ---- pieces ---- */

static void geometry(mx_xml *x, const mx_box *box) {
    mx_xml_raw(x, "<y:Geometry");
    mx_xml_attr_int(x, "height", box->h);
    mx_xml_attr_int(x, "width", box->w);
    mx_xml_attr_int(x, "x", box->x);
    mx_xml_attr_int(x, "y", box->y);
    mx_xml_raw(x, "/>");
}

static void fill_and_border(mx_xml *x, const char *fill, const mx_family_style *style, const char *border) {
    mx_xml_raw(x, "<y:Fill");
    mx_xml_attr(x, "color", fill);
    mx_xml_raw(x, " transparent=\"false\"/><y:BorderStyle");
    mx_xml_attr(x, "color", border);
    mx_xml_attr(x, "type", style->line);
    mx_xml_attr(x, "width", style->width);
    mx_xml_raw(x, "/>");
}

/* No element where there is no text: some tools cannot write an empty label. */
static void label(mx_writer *w, const char *colour, const char *look, const char *position) {
    mx_xml *x = &w->xml;
    if (!w->label.size) return;
    mx_xml_raw(x, "<y:NodeLabel");
    mx_xml_raw(x, look);
    mx_xml_raw(x, " modelName=\"internal\"");
    mx_xml_attr(x, "modelPosition", position);
    mx_xml_attr(x, "textColor", colour);
    mx_xml_raw(x, ">");
    mx_xml_text(x, mx_buffer_str(&w->label));
    mx_xml_raw(x, "</y:NodeLabel>");
}

/* ---- leaves ---- */

static mx_family family_of(const mx_graph *g, mx_node_id id) {
    const mx_node *n = mx_node_at(g, id);
    if (n->kind == MX_NODE_OPERATOR) return mx_family_of(mx_text(g, n->domain), mx_text(g, n->op_type));
    return n->kind == MX_NODE_INPUT || n->kind == MX_NODE_OUTPUT ? MX_FAMILY_VALUE : MX_FAMILY_GROUP;
}

static void leaf(mx_writer *w, mx_node_id id) {
    const mx_family_style *style = &mx_family_styles[family_of(w->g, id)];
    bool low = w->boxes[id].h == LOW_HEIGHT;
    mx_xml *x = &w->xml;
    mx_xml_raw(x, "<y:ShapeNode>");
    geometry(x, &w->boxes[id]);
    fill_and_border(x, style->light.fill, style, style->light.border);
    mx_label_title(&w->label, w->g, id);
    label(w, style->light.text, " fontSize=\"12\" fontStyle=\"bold\"", low ? "c" : "t");
    mx_label_subtitle(&w->label, &w->plan, id);
    label(w, style->light.text, " fontSize=\"10\"", "b");
    mx_xml_raw(x, "<y:Shape");
    mx_xml_attr(x, "type", style->shape);
    mx_xml_raw(x, "/></y:ShapeNode>");
}

/* ---- groups ---- */

static void realizer(mx_writer *w, mx_node_id id, const mx_box *box, bool closed) {
    const mx_family_style *style = &mx_family_styles[MX_FAMILY_GROUP];
    const mx_family_style *own = &mx_family_styles[family_of(w->g, id)];
    bool is_operator = mx_node_at(w->g, id)->kind == MX_NODE_OPERATOR;
    const char *fill = closed && is_operator ? own->light.fill : closed ? style->light.fill : "#F6F8FB";
    mx_xml *x = &w->xml;
    mx_xml_raw(x, "<y:GroupNode>");
    geometry(x, box);
    fill_and_border(x, fill, style, is_operator ? own->light.border : closed ? style->light.border : GROUP_FRAME);
    mx_label_title(&w->label, w->g, id);
    label(w, is_operator && closed ? own->light.text : style->light.text, " fontSize=\"12\" fontStyle=\"bold\"",
          closed ? "c" : "tl");
    mx_xml_raw(x, "<y:Shape type=\"roundrectangle\"/><y:State closed=\"");
    mx_xml_raw(x, closed ? "true" : "false");
    mx_xml_raw(
        x,
        "\" innerGraphDisplayEnabled=\"false\"/><y:Insets bottom=\"20\" left=\"20\" right=\"20\" top=\"10\"/>"
        "</y:GroupNode>");
}

static uint32_t depth_of(const mx_graph *g, mx_node_id id, uint32_t most) {
    uint32_t depth = 0;
    for (id = mx_node_at(g, id)->parent; id != MX_NO_NODE && depth < most; id = mx_node_at(g, id)->parent)
        depth++;
    return depth;
}

static void group(mx_writer *w, mx_node_id id) {
    int limit = w->options->collapse_depth;
    bool folded = limit >= 0 && mx_yed_folded(w, depth_of(w->g, id, (uint32_t)limit + 1));
    mx_box closed = w->boxes[id];
    mx_label_title(&w->label, w->g, id);
    closed.w = between(mx_label_chars(mx_buffer_str(&w->label)) * CHAR_WIDTH + 40, 120, MAX_GROUP);
    closed.h = MX_CLOSED_HEIGHT;
    mx_xml_raw(&w->xml, "<y:ProxyAutoBoundsNode><y:Realizers");
    mx_xml_attr(&w->xml, "active", folded ? "1" : "0");
    mx_xml_raw(&w->xml, ">");
    realizer(w, id, &w->boxes[id], false);
    realizer(w, id, &closed, true);
    mx_xml_raw(&w->xml, "</y:Realizers></y:ProxyAutoBoundsNode>");
}

void mx_yed_node(mx_writer *w, mx_node_id id) {
    mx_put_open(w, MX_KEY_NODE_GRAPHICS, 0);
    if (mx_plan_is_group(&w->plan, id))
        group(w, id);
    else
        leaf(w, id);
    mx_put_close(w);
    mx_label_tooltip(&w->label, &w->plan, id, mx_buffer_str(&w->attributes));
    if (w->label.size) mx_put(w, MX_KEY_NODE_DESCRIPTION, mx_buffer_str(&w->label));
}

/* ---- edges ---- */

void mx_yed_edge(mx_writer *w, mx_node_id source, uint32_t type) {
    mx_xml *x = &w->xml;
    bool quiet = family_of(w->g, source) == MX_FAMILY_SHAPE;
    mx_put_open(w, MX_KEY_EDGE_GRAPHICS, 0);
    mx_xml_raw(x, "<y:PolyLineEdge><y:LineStyle");
    mx_xml_attr(x, "color", quiet ? QUIET_COLOUR : EDGE_COLOUR);
    mx_xml_raw(x, " type=\"line\" width=\"1.0\"/><y:Arrows source=\"none\" target=\"standard\"/>");
    mx_buffer_clear(&w->label);
    if (mx_label_type(&w->label, w->g, type)) {
        mx_xml_raw(x, "<y:EdgeLabel fontSize=\"9\" textColor=\"#6B7686\">");
        mx_xml_text(x, mx_buffer_str(&w->label));
        mx_xml_raw(x, "</y:EdgeLabel>");
    }
    mx_xml_raw(x, "</y:PolyLineEdge>");
    mx_put_close(w);
}
