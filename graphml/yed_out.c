/* yEd's own elements: how nodes, groups and edges look. Nothing here is ever read back. */
#include "graphml/write.h"
#include "picture/label.h"

#define FONT " fontFamily=\"Arial\""

static const mx_theme *const theme = &mx_theme_light;

mx_status mx_yed_layout(mx_writer *w) {
    mx_scene_options options = {.depth = w->options->collapse_depth,
                                .frames = w->options->collapse_depth == MX_DEPTH_AUTO,
                                .folded_too = true,
                                .types = w->options->types,
                                .no_layout = w->options->no_layout};
    MX_TRY(mx_scene_make(w->g, &options, &w->scene, w->err));
    return mx_scene_layout(&w->scene, w->err);
}

bool mx_yed_folded(const mx_writer *w, mx_node_id id) {
    return !w->scene.boxes[w->scene.box_of[id]].open;
}

/* ---- pieces ---- */

static void geometry(mx_xml *x, const mx_scene_box *b, int32_t width, int32_t height) {
    mx_xml_raw(x, "<y:Geometry");
    mx_xml_attr_int(x, "height", height);
    mx_xml_attr_int(x, "width", width);
    mx_xml_attr_int(x, "x", b->x);
    mx_xml_attr_int(x, "y", b->y);
    mx_xml_raw(x, "/>");
}

static void fill_and_border(mx_xml *x, const char *fill, const char *border, const char *line, const char *width) {
    mx_xml_raw(x, "<y:Fill");
    mx_xml_attr(x, "color", fill);
    mx_xml_raw(x, " transparent=\"false\"/><y:BorderStyle");
    mx_xml_attr(x, "color", border);
    mx_xml_attr(x, "type", line);
    mx_xml_attr(x, "width", width);
    mx_xml_raw(x, "/>");
}

#define TITLE_LOOK FONT " fontSize=\"12\" fontStyle=\"bold\""
#define LINE_LOOK  FONT " fontSize=\"10\""
/* Of an open group: what is left out yEd takes from its own kind of title, which has a ground and the group's width. */
#define PLAIN       " alignment=\"left\" autoSizePolicy=\"content\""
#define NO_GROUND   " hasBackgroundColor=\"false\" hasLineColor=\"false\""
#define HEADER_LOOK PLAIN " borderDistance=\"0.0\"" NO_GROUND
#define COUNTS_LOOK PLAIN " borderDistance=\"2.0\"" NO_GROUND
/* In the upper left corner of a group yEd draws the sign that opens and closes it; blanks that it keeps make room. */
#define ROOM_FOR_SIGN "\xC2\xA0\xC2\xA0\xC2\xA0\xC2\xA0\xC2\xA0\xC2\xA0"
/* yEd computes the frame of an open group: what it holds, and these around it, above them the height of the title. */
#define INSET        16
#define INSET_TOP    10
#define TITLE_HEIGHT 18
#define STACK_OFFSET "4"

/* What is in w->label. No element where there is no text: some tools cannot write an empty label. */
static void label(mx_writer *w, const char *colour, const char *look, const char *position) {
    mx_xml *x = &w->xml;
    if (!w->label.size) return;
    mx_origin_add_label(&w->origin, mx_buffer_str(&w->label));
    mx_xml_raw(x, "<y:NodeLabel");
    mx_xml_raw(x, look);
    mx_xml_raw(x, " modelName=\"internal\"");
    mx_xml_attr(x, "modelPosition", position);
    mx_xml_attr(x, "textColor", colour);
    mx_xml_raw(x, ">");
    mx_xml_text(x, mx_buffer_str(&w->label));
    mx_xml_raw(x, "</y:NodeLabel>");
}

static void new_line(mx_buffer *b) {
    if (b->size) mx_buffer_byte(b, '\n');
}

static void add_line(void *ctx, mx_str name, mx_str value) {
    mx_buffer *b = ctx;
    new_line(b);
    mx_buffer_add(b, name.p, name.n);
    if (name.n && value.n) mx_buffer_byte(b, ' ');
    mx_buffer_add(b, value.p, value.n);
}

/* `encoder.layer.0 · BertLayer` */
static void group_title(mx_writer *w, uint32_t box) {
    mx_label_title(&w->label, &w->scene, box);
    size_t end = w->label.size;
    mx_buffer_cstr(&w->label, " \xC2\xB7 ");
    if (!mx_label_class(&w->label, &w->scene, box) && !w->label.failed) w->label.size = end;
}

/* ---- leaves ---- */

static mx_status constant(mx_writer *w, uint32_t box) {
    const mx_family_style *style = &mx_family_styles[MX_FAMILY_SHAPE];
    mx_xml *x = &w->xml;
    mx_buffer_clear(&w->label);
    MX_TRY(mx_label_lines(&w->scene, box, add_line, &w->label, w->err));
    fill_and_border(x, style->light.fill, style->light.border, "line", "1.0");
    label(w, style->light.text, LINE_LOOK, "c");
    mx_xml_raw(x, "<y:Shape type=\"ellipse\"/></y:ShapeNode>");
    return MX_OK;
}

static mx_status leaf(mx_writer *w, uint32_t box) {
    const mx_scene_box *b = &w->scene.boxes[box];
    const mx_family_style *style = &mx_family_styles[b->family];
    mx_buffer lines;
    mx_xml *x = &w->xml;
    mx_xml_raw(x, "<y:ShapeNode>");
    geometry(x, b, b->w, b->h);
    if (b->kind == MX_BOX_CONSTANT) return constant(w, box);
    mx_buffer_init(&lines, w->g->allocator);
    mx_label_shape(&lines, &w->scene, box);
    mx_status status = mx_label_lines(&w->scene, box, add_line, &lines, w->err);
    if (lines.failed && status == MX_OK) status = mx_nomem(w->err);
    fill_and_border(x, style->light.fill, style->light.border, style->line, style->width);
    mx_buffer_clear(&w->label);
    mx_label_title(&w->label, &w->scene, box);
    label(w, style->light.text, TITLE_LOOK, lines.size ? "t" : "c");
    mx_buffer_clear(&w->label);
    mx_buffer_add(&w->label, lines.data, lines.size);
    w->label.failed |= lines.failed;
    label(w, style->light.text, LINE_LOOK, "b");
    mx_buffer_free(&lines);
    mx_xml_raw(x, "<y:Shape");
    mx_xml_attr(x, "type", style->shape);
    mx_xml_raw(x, "/></y:ShapeNode>");
    return status;
}

/* ---- groups ---- */

typedef struct look {
    const char *fill, *border, *text, *quiet, *width;
} look;

/* Bodies and functions have colours of their own, operators with bodies and frames the border of their family. */
static look look_of(const mx_scene_box *b, bool closed) {
    const mx_family_style *group = &mx_family_styles[MX_FAMILY_GROUP], *own = &mx_family_styles[b->family];
    look l = {theme->grounds[(b->depth + 1) & 1], theme->frame, theme->text, theme->quiet_text, "1.0"};
    if (closed) l = (look){group->light.fill, group->light.border, group->light.text, group->light.text, "2.0"};
    if (b->kind == MX_BOX_COMPOUND) {
        l.border = own->light.border;
        if (closed) l = (look){own->light.fill, own->light.border, own->light.text, own->light.text, "2.0"};
    }
    if (b->kind == MX_BOX_BODY)
        l = (look){theme->body.fill, theme->body.border, theme->body.text, theme->body.text, closed ? "2.0" : "1.0"};
    if (b->kind == MX_BOX_BUNDLE)
        l = (look){closed ? own->light.fill : theme->grounds[(b->depth + 1) & 1], own->light.border, own->light.text,
                   own->light.text, "1.0"};
    if (b->kind == MX_BOX_FUNCTION)
        l = (look){theme->function.fill, theme->function.border, theme->function.text, theme->function.text,
                   closed ? "2.0" : "1.0"};
    return l;
}

static void group_labels(mx_writer *w, uint32_t box, const look *l, bool closed) {
    mx_buffer_clear(&w->label);
    if (!closed) mx_buffer_cstr(&w->label, ROOM_FOR_SIGN);
    size_t empty = w->label.size;
    group_title(w, box);
    if (w->label.size == empty) mx_buffer_clear(&w->label);
    label(w, l->text, closed ? TITLE_LOOK : TITLE_LOOK HEADER_LOOK, closed ? "t" : "tl");
    mx_buffer_clear(&w->label);
    mx_label_counts(&w->label, &w->scene, box, closed);
    size_t end = w->label.size;
    if (closed) {
        new_line(&w->label);
        if (!mx_label_shape(&w->label, &w->scene, box) && !w->label.failed) w->label.size = end;
    }
    label(w, l->quiet, closed ? LINE_LOOK : LINE_LOOK COUNTS_LOOK, closed ? "b" : "tr");
}

static void insets(mx_xml *x, const char *element, const int32_t sides[4]) {
    static const char *const names[4] = {"bottom", "left", "right", "top"};
    mx_xml_raw(x, element);
    for (int i = 0; i < 4; i++)
        mx_xml_attr_int(x, names[i], sides[i] > 0 ? sides[i] : 0);
    mx_xml_raw(x, "/>");
}

/* What the frame has beyond the insets, for lines beside the boxes and for its title: yEd would make it smaller. */
static void room_around(mx_writer *w, uint32_t group) {
    const mx_scene_box *boxes = w->scene.boxes, *g = &boxes[group];
    int32_t left = g->open_w, top = g->open_h, right = left, bottom = top;
    for (uint32_t c = g->first_child; c != MX_NO_BOX; c = boxes[c].next) {
        const mx_scene_box *b = &boxes[c];
        int32_t x = b->x - g->x, y = b->y - g->y;
        if (x < left) left = x;
        if (y < top) top = y;
        if (g->open_w - x - b->w < right) right = g->open_w - x - b->w;
        if (g->open_h - y - b->h < bottom) bottom = g->open_h - y - b->h;
    }
    if (g->first_child == MX_NO_BOX) return;
    insets(&w->xml, "<y:BorderInsets",
           (int32_t[]){bottom - INSET, left - INSET, right - INSET, top - INSET_TOP - TITLE_HEIGHT});
}

static void realizer(mx_writer *w, uint32_t box, bool closed) {
    const mx_scene_box *b = &w->scene.boxes[box];
    look l = look_of(b, closed);
    mx_xml *x = &w->xml;
    w->origin.picture = closed;
    mx_xml_raw(x, "<y:GroupNode>");
    if (closed)
        geometry(x, b, b->folded_w, b->folded_h);
    else
        geometry(x, b, b->open_w, b->open_h);
    fill_and_border(x, l.fill, l.border, b->kind == MX_BOX_BODY || b->kind == MX_BOX_BUNDLE ? "dashed" : "line",
                    l.width);
    group_labels(w, box, &l, closed);
    mx_xml_raw(x, "<y:Shape type=\"roundrectangle\"/>");
    if (closed) {
        mx_xml_raw(x, "<y:DropShadow");
        mx_xml_attr(x, "color", theme->quiet_edge);
        mx_xml_raw(x, " offsetX=\"" STACK_OFFSET "\" offsetY=\"" STACK_OFFSET "\"/>");
    }
    mx_xml_raw(x, closed ? "<y:State closed=\"true\"" : "<y:State closed=\"false\"");
    mx_xml_attr_int(x, "closedHeight", b->folded_h);
    mx_xml_attr_int(x, "closedWidth", b->folded_w);
    mx_xml_raw(x, " innerGraphDisplayEnabled=\"false\"/>");
    insets(x, "<y:Insets", (int32_t[]){INSET, INSET, INSET, INSET_TOP});
    if (!closed) room_around(w, box);
    mx_xml_raw(x, "</y:GroupNode>");
}

static void group(mx_writer *w, uint32_t box) {
    mx_xml_raw(&w->xml, "<y:ProxyAutoBoundsNode><y:Realizers");
    mx_xml_attr(&w->xml, "active", w->scene.boxes[box].open ? "0" : "1");
    mx_xml_raw(&w->xml, ">");
    realizer(w, box, false);
    realizer(w, box, true);
    mx_xml_raw(&w->xml, "</y:Realizers></y:ProxyAutoBoundsNode>");
}

mx_status mx_yed_node(mx_writer *w, mx_node_id id) {
    uint32_t box = w->scene.box_of[id];
    mx_status status = MX_OK;
    mx_put_open(w, MX_KEY_NODE_GRAPHICS, 0);
    if (w->scene.boxes[box].is_group)
        group(w, box);
    else
        status = leaf(w, box);
    mx_put_close(w);
    mx_buffer_clear(&w->label);
    mx_label_tooltip(&w->label, &w->scene, box, mx_buffer_str(&w->attributes));
    if (w->label.size) mx_put(w, MX_KEY_NODE_DESCRIPTION, mx_buffer_str(&w->label));
    return status;
}

uint32_t mx_yed_frame(const mx_writer *w, mx_node_id id) {
    uint32_t around = w->scene.boxes[w->scene.box_of[id]].parent;
    return around != MX_NO_BOX && w->scene.boxes[around].kind == MX_BOX_BUNDLE ? around : MX_NO_BOX;
}

void mx_yed_frame_node(mx_writer *w, uint32_t frame) {
    mx_put_open(w, MX_KEY_NODE_GRAPHICS, 0);
    group(w, frame);
    mx_put_close(w);
}

/* ---- edges ---- */

/* An end relative to the middle of its node, as yEd wants it: of the folded group that is seen in the node's place. */
static void port_at(mx_xml *x, const char *across, const char *down, const mx_scene_box *b, mx_point p) {
    mx_xml_attr_half(x, across, 2 * (int64_t)(p.x - b->x) - b->w);
    mx_xml_attr_half(x, down, 2 * (int64_t)(p.y - b->y) - b->h);
}

static void path(mx_writer *w) {
    const mx_scene_box *boxes = w->scene.boxes;
    const mx_point *p = w->route.points;
    uint32_t n = (uint32_t)w->route.n;
    mx_xml *x = &w->xml;
    if (n < 2) return;
    mx_xml_raw(x, "<y:Path");
    port_at(x, "sx", "sy", &boxes[w->route.from], p[0]);
    port_at(x, "tx", "ty", &boxes[w->route.to], p[n - 1]);
    mx_xml_raw(x, n > 2 ? ">" : "/>");
    for (uint32_t i = 1; i + 1 < n; i++) {
        mx_xml_raw(x, "<y:Point");
        mx_xml_attr_int(x, "x", p[i].x);
        mx_xml_attr_int(x, "y", p[i].y);
        mx_xml_raw(x, "/>");
    }
    if (n > 2) mx_xml_raw(x, "</y:Path>");
}

mx_status mx_yed_edge(mx_writer *w, mx_node_id target, uint32_t target_port) {
    const mx_port *port = &mx_node_at(w->g, target)->inputs[target_port];
    const mx_scene *s = &w->scene;
    bool known = port->source_port < s->value_start[port->source + 1] - s->value_start[port->source];
    bool quiet = known && s->values[s->value_start[port->source] + port->source_port].quiet;
    mx_xml *x = &w->xml;
    MX_TRY(mx_scene_route(s, target, target_port, &w->route, w->err));
    mx_put_open(w, MX_KEY_EDGE_GRAPHICS, 0);
    mx_xml_raw(x, "<y:PolyLineEdge>");
    path(w);
    mx_xml_raw(x, "<y:LineStyle");
    mx_xml_attr(x, "color", quiet ? theme->quiet_edge : theme->edge);
    mx_xml_attr(x, "type", w->route.back ? "dashed" : "line");
    mx_xml_raw(x, quiet ? " width=\"1.0\"/>" : " width=\"1.5\"/>");
    mx_xml_raw(x, "<y:Arrows source=\"none\" target=\"standard\"/>");
    mx_buffer_clear(&w->label);
    mx_label_value(&w->label, s, port->source, port->source_port);
    if (w->label.size) {
        mx_xml_raw(x, "<y:EdgeLabel" FONT " fontSize=\"9\" modelName=\"six_pos\" modelPosition=\"thead\" "
                      "visible=\"false\"");
        mx_xml_attr(x, "textColor", theme->quiet_text);
        mx_xml_raw(x, ">");
        mx_xml_text(x, mx_buffer_str(&w->label));
        mx_xml_raw(x, "</y:EdgeLabel>");
    }
    mx_xml_raw(x, "<y:BendStyle smoothed=\"true\"/></y:PolyLineEdge>");
    mx_put_close(w);
    return MX_OK;
}
