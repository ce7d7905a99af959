#include "picture/svg.h"

#include "picture/label.h"
#include "picture/markup.h"
#include "picture/sheet.h"

#define MARGIN 16
#define CORNER 6  /* of edges */
#define ROUND  4  /* of boxes */
#define STACK  4  /* the second edge of a folded group */
#define SIDE   10 /* left and right of lines */
#define TITLE  18 /* base lines, from the top */
#define LINES  33
#define LINE   13
#define HEADER 20 /* base line of a frame's title */

typedef struct drawing {
    const mx_scene *s;
    mx_markup m;
    mx_error *err;
    uint8_t *shown;          /* by box: all groups around it are open */
    const mx_scene_box *box; /* whose lines are being written */
    int32_t y;
} drawing;

/* ---- texts ---- */

/* `<text class=".." x=".." y="..">`, then m.label. */
static void text_at(drawing *d, const char *class, int32_t x, int32_t y) {
    mx_markup_raw(&d->m, "<text class=\"");
    mx_markup_raw(&d->m, class);
    mx_markup_put(&d->m, "\" x=\"%\" y=\"%\">", (int32_t[]){x, y});
    mx_markup_text(&d->m, mx_buffer_str(&d->m.label));
    mx_markup_raw(&d->m, "</text>\n");
}

static void title_on_hover(drawing *d, uint32_t box) {
    mx_buffer_clear(&d->m.label);
    mx_label_tooltip(&d->m.label, d->s, box, (mx_str){NULL, 0});
    mx_markup_raw(&d->m, "<title>");
    mx_markup_text(&d->m, mx_buffer_str(&d->m.label));
    mx_markup_raw(&d->m, "</title>\n");
}

/* `<tspan class="c"> · BertLayer</tspan>` */
static void add_class(drawing *d, uint32_t box) {
    mx_buffer_clear(&d->m.label);
    mx_buffer_cstr(&d->m.label, " \xC2\xB7 ");
    if (!mx_label_class(&d->m.label, d->s, box)) return;
    mx_markup_raw(&d->m, "<tspan class=\"q\">");
    mx_markup_text(&d->m, mx_buffer_str(&d->m.label));
    mx_markup_raw(&d->m, "</tspan>");
}

/* Name in bold, class behind it. sign: a triangle for what can be opened or closed. */
static void group_title(drawing *d, uint32_t box, const char *class, int32_t x, int32_t y, const char *sign,
                        int32_t most) {
    mx_markup_raw(&d->m, "<text class=\"");
    mx_markup_raw(&d->m, class);
    mx_markup_put(&d->m, "\" x=\"%\" y=\"%\">", (int32_t[]){x, y});
    mx_markup_raw(&d->m, sign);
    mx_markup_raw(&d->m, "<tspan class=\"n\">");
    mx_buffer_clear(&d->m.label);
    mx_label_title_within(&d->m.label, d->s, box, most);
    mx_markup_text(&d->m, mx_buffer_str(&d->m.label));
    mx_markup_raw(&d->m, "</tspan>");
    add_class(d, box);
    mx_markup_raw(&d->m, "</text>\n");
}

/* ---- open groups ---- */

static const char *ground(const mx_scene_box *b) {
    if (b->kind == MX_BOX_BODY) return "gb";
    if (b->kind == MX_BOX_FUNCTION) return "gf";
    return b->depth % 2 ? "g1" : "g0";
}

static void frame(drawing *d, uint32_t box) {
    const mx_scene_box *b = &d->s->boxes[box];
    mx_markup_raw(&d->m, "<g>");
    title_on_hover(d, box);
    mx_markup_raw(&d->m, "<rect class=\"");
    mx_markup_raw(&d->m, ground(b));
    mx_markup_put(&d->m, "\" x=\"%\" y=\"%\" width=\"%\" height=\"%\" rx=\"6\"/></g>\n",
                  (int32_t[]){b->x, b->y, b->w, b->h});
}

static int32_t class_width(drawing *d, uint32_t box) {
    mx_buffer_clear(&d->m.label);
    mx_buffer_cstr(&d->m.label, " \xC2\xB7 ");
    return mx_label_class(&d->m.label, d->s, box) ? mx_text_width(mx_buffer_str(&d->m.label), MX_FONT_CLASS) : 0;
}

/* Above the edges, whose lines it interrupts. */
static void header(drawing *d, uint32_t box) {
    const mx_scene_box *b = &d->s->boxes[box];
    int32_t most = b->w - class_width(d, box) - 4 * SIDE;
    mx_markup_raw(&d->m, "<g class=\"h h");
    mx_markup_raw(&d->m, ground(b));
    mx_markup_raw(&d->m, "\">");
    mx_buffer_clear(&d->m.label);
    if (mx_label_counts(&d->m.label, d->s, box, false)) {
        most -= mx_text_width(mx_buffer_str(&d->m.label), MX_FONT_LINE);
        text_at(d, "q r", b->x + b->w - SIDE, b->y + HEADER);
    }
    group_title(d, box, "c", b->x + SIDE, b->y + HEADER, "\xE2\x96\xBE ",
                most < MX_LABEL_WIDTH ? most : MX_LABEL_WIDTH);
    mx_markup_raw(&d->m, "</g>\n");
}

/* ---- edges ---- */

static int32_t length(mx_point a, mx_point b) {
    int32_t dx = a.x > b.x ? a.x - b.x : b.x - a.x, dy = a.y > b.y ? a.y - b.y : b.y - a.y;
    return dx + dy;
}

/* The point r pixels from `at` on the way to `to`. */
static mx_point towards(mx_point at, mx_point to, int32_t r) {
    if (at.x != to.x) return (mx_point){at.x + (to.x > at.x ? r : -r), at.y};
    return (mx_point){at.x, at.y + (to.y > at.y ? r : -r)};
}

static void corner(drawing *d, mx_point before, mx_point at, mx_point after) {
    int32_t r = CORNER, a = length(before, at) / 2, b = length(at, after) / 2;
    if (a < r) r = a;
    if (b < r) r = b;
    mx_point in = towards(at, before, r), out = towards(at, after, r);
    mx_markup_put(&d->m, "L% %Q% % % %", (int32_t[]){in.x, in.y, at.x, at.y, out.x, out.y});
}

static void edge(drawing *d, const mx_scene_box *group, const mx_scene_link *link) {
    const mx_scene_value *v = &d->s->values[link->value];
    const mx_scene_box *to = &d->s->boxes[link->to];
    bool arrives = to != group && !(to->is_group && to->open);
    mx_point p[3] = {{0, 0}};
    if (link->n_points < 2) return;
    mx_markup_raw(&d->m, v->quiet ? "<path class=\"eq" : "<path class=\"e");
    mx_markup_raw(&d->m, link->back ? " o\"" : "\"");
    if (arrives) mx_markup_raw(&d->m, v->quiet ? " marker-end=\"url(#hq)\"" : " marker-end=\"url(#h)\"");
    for (uint32_t i = 0; i < link->n_points; i++) {
        p[0] = p[1];
        p[1] = p[2];
        p[2] = d->s->points[link->first_point + i];
        p[2].x += group->x;
        p[2].y += group->y;
        if (i == 0) mx_markup_put(&d->m, " d=\"M% %", (int32_t[]){p[2].x, p[2].y});
        if (i >= 2) corner(d, p[0], p[1], p[2]);
    }
    mx_markup_put(&d->m, "L% %\"><title>", (int32_t[]){p[2].x, p[2].y});
    mx_buffer_clear(&d->m.label);
    mx_label_value(&d->m.label, d->s, v->node, v->port);
    mx_markup_text(&d->m, mx_buffer_str(&d->m.label));
    mx_markup_raw(&d->m, "</title></path>\n");
}

static void edges_of(drawing *d, uint32_t group, bool quiet) {
    const mx_scene_box *g = &d->s->boxes[group];
    for (uint32_t i = g->first_link; i < g->first_link + g->n_links; i++)
        if (d->s->values[d->s->links[i].value].quiet == quiet) edge(d, g, &d->s->links[i]);
}

/* ---- boxes ---- */

static void rectangle(drawing *d, const mx_scene_box *b, int32_t shift, int32_t round) {
    mx_markup_put(&d->m, "<rect class=\"b\" x=\"%\" y=\"%\" width=\"%\" height=\"%\" rx=\"%\"/>\n",
                  (int32_t[]){b->x + shift, b->y + shift, b->w, b->h, round});
}

/* No meaning hangs on hue alone: families differ in their corners, and some have a bar. */
static void outline(drawing *d, const mx_scene_box *b) {
    if (b->is_group && b->kind != MX_BOX_BUNDLE) rectangle(d, b, STACK, ROUND);
    if (b->kind == MX_BOX_VALUE || b->kind == MX_BOX_CONSTANT) {
        rectangle(d, b, 0, b->h / 2);
        return;
    }
    int32_t round = b->family == MX_FAMILY_CONVOLUTION || b->family == MX_FAMILY_REDUCTION ? 0 : ROUND;
    rectangle(d, b, 0, b->family == MX_FAMILY_ACTIVATION ? 3 * ROUND : round);
    const char *bar = "<rect class=\"k\" x=\"%\" y=\"%\" width=\"%\" height=\"%\"/>\n";
    if (b->family == MX_FAMILY_INDEXING)
        mx_markup_put(&d->m, bar, (int32_t[]){b->x, b->y + ROUND, 3, b->h - 2 * ROUND});
    if (b->family == MX_FAMILY_REDUCTION) mx_markup_put(&d->m, bar, (int32_t[]){b->x, b->y + b->h - 3, b->w, 3});
    if (b->family == MX_FAMILY_CONTROL && !b->is_group) {
        mx_markup_put(&d->m, bar, (int32_t[]){b->x, b->y + ROUND, 3, b->h - 2 * ROUND});
        mx_markup_put(&d->m, bar, (int32_t[]){b->x + b->w - 3, b->y + ROUND, 3, b->h - 2 * ROUND});
    }
}

static void line(void *ctx, mx_str label, mx_str value) {
    drawing *d = ctx;
    const mx_scene_box *b = d->box;
    mx_buffer_clear(&d->m.label);
    mx_buffer_add(&d->m.label, label.p, label.n);
    if (label.n) text_at(d, "q", b->x + SIDE, d->y);
    mx_buffer_clear(&d->m.label);
    mx_buffer_add(&d->m.label, value.p, value.n);
    text_at(d, "r", b->x + b->w - SIDE, d->y);
    d->y += LINE;
}

static mx_status leaf_texts(drawing *d, uint32_t box) {
    const mx_scene_box *b = d->box;
    if (b->kind == MX_BOX_CONSTANT) {
        d->y = b->y + b->h / 2 + 4;
        return mx_label_lines(d->s, box, line, d, d->err);
    }
    mx_buffer_clear(&d->m.label);
    mx_label_title(&d->m.label, d->s, box);
    text_at(d, "n m", b->x + b->w / 2, b->y + TITLE);
    mx_buffer_clear(&d->m.label);
    d->y = b->y + LINES;
    if (mx_label_shape(&d->m.label, d->s, box)) {
        text_at(d, "q m", b->x + b->w / 2, d->y);
        d->y += LINE;
    }
    return mx_label_lines(d->s, box, line, d, d->err);
}

static void folded_texts(drawing *d, uint32_t box) {
    const mx_scene_box *b = d->box;
    int32_t middle = b->x + b->w / 2;
    group_title(d, box, "c m", middle, b->y + TITLE, "\xE2\x96\xB8 ", MX_LABEL_WIDTH);
    mx_buffer_clear(&d->m.label);
    mx_label_counts(&d->m.label, d->s, box, true);
    text_at(d, "q m", middle, b->y + LINES);
    mx_buffer_clear(&d->m.label);
    mx_buffer_cstr(&d->m.label, "\xE2\x86\x92 ");
    if (mx_label_shape(&d->m.label, d->s, box)) text_at(d, "q m", middle, b->y + LINES + LINE);
}

static mx_status box(drawing *d, uint32_t i) {
    d->box = &d->s->boxes[i];
    mx_markup_raw(&d->m, "<g class=\"f");
    mx_markup_raw(&d->m, d->box->family < 10 ? "0" : "");
    mx_markup_int(&d->m, d->box->family);
    mx_markup_raw(&d->m, d->box->kind == MX_BOX_BUNDLE ? " z\">" : "\">");
    title_on_hover(d, i);
    outline(d, d->box);
    mx_status status = MX_OK;
    if (d->box->is_group)
        folded_texts(d, i);
    else
        status = leaf_texts(d, i);
    mx_markup_raw(&d->m, "</g>\n");
    return status;
}

/* ---- the whole ---- */

static void style(drawing *d) {
    mx_markup_raw(&d->m, "<style>\n");
    mx_sheet_forms(&d->m.text);
    mx_sheet_colours(&d->m.text, false, "");
    mx_markup_raw(&d->m, "@media (prefers-color-scheme:dark){\n");
    mx_sheet_colours(&d->m.text, true, "");
    mx_markup_raw(&d->m, "}\n</style>\n");
}

static void head(drawing *d) {
    static const char arrow[] = "\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" "
                                "markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"";
    const mx_scene_box *all = &d->s->boxes[0];
    int32_t w = all->w + 2 * MARGIN, h = all->h + 2 * MARGIN;
    mx_markup_raw(&d->m, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"");
    mx_markup_put(&d->m, " width=\"%\" height=\"%\" viewBox=\"% % % %\" role=\"img\">\n<title>",
                  (int32_t[]){w, h, -MARGIN, -MARGIN, w, h});
    mx_buffer_clear(&d->m.label);
    mx_label_title(&d->m.label, d->s, 0);
    mx_markup_text(&d->m, mx_buffer_str(&d->m.label));
    mx_markup_raw(&d->m, "</title>\n");
    style(d);
    mx_markup_raw(&d->m, "<defs><marker id=\"h");
    mx_markup_raw(&d->m, arrow);
    mx_markup_raw(&d->m, "a\" d=\"M0 0L8 4L0 8z\"/></marker><marker id=\"hq");
    mx_markup_raw(&d->m, arrow);
    mx_markup_raw(&d->m, "aq\" d=\"M0 0L8 4L0 8z\"/></marker></defs>\n");
    mx_markup_put(&d->m, "<rect class=\"p\" x=\"%\" y=\"%\" width=\"%\" height=\"%\"/>\n",
                  (int32_t[]){-MARGIN, -MARGIN, w, h});
}

static bool is_frame(const mx_scene *s, uint32_t i) {
    return s->boxes[i].is_group && s->boxes[i].open;
}

/* Frames below edges below texts and boxes; quiet edges below the others. */
static mx_status everything(drawing *d) {
    const mx_scene *s = d->s;
    for (uint32_t i = 0; i < s->n_boxes; i++) {
        uint32_t parent = s->boxes[i].parent;
        d->shown[i] = parent == MX_NO_BOX || (d->shown[parent] && s->boxes[parent].open);
    }
    head(d);
    for (uint32_t i = 0; i < s->n_boxes; i++)
        if (d->shown[i] && is_frame(s, i)) frame(d, i), mx_markup_drain(&d->m);
    for (int quiet = 1; quiet >= 0; quiet--)
        for (uint32_t i = 0; i < s->n_boxes; i++)
            if (d->shown[i] && is_frame(s, i)) edges_of(d, i, quiet), mx_markup_drain(&d->m);
    for (uint32_t i = 0; i < s->n_boxes; i++)
        if (d->shown[i] && is_frame(s, i)) header(d, i), mx_markup_drain(&d->m);
    for (uint32_t i = 0; i < s->n_boxes; i++) {
        if (!d->shown[i] || is_frame(s, i)) continue;
        MX_TRY(box(d, i));
        mx_markup_drain(&d->m);
    }
    mx_markup_raw(&d->m, "</svg>\n");
    return MX_OK;
}

mx_status mx_svg_write(const mx_scene *scene, mx_outfile *file, mx_error *err) {
    const mx_allocator *a = scene->graph->allocator;
    drawing d = {.s = scene, .err = err, .shown = mx_alloc_zero(a, scene->n_boxes, 1)};
    if (!d.shown) return mx_nomem(err);
    mx_markup_begin(&d.m, a, file);
    mx_status status = everything(&d), ended = mx_markup_end(&d.m, err);
    mx_free(a, d.shown, scene->n_boxes);
    return status == MX_OK ? ended : status;
}
