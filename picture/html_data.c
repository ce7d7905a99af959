#include "picture/html_data.h"

#include "picture/label.h"

#define NAME_CHARACTERS 400

typedef struct making {
    const mx_scene *s;
    mx_markup *m;
    mx_error *err;
    mx_strings looks;    /* interned: strings 0 and 1 are none of ours */
    uint32_t *look;      /* by box */
    uint32_t *number;    /* by box: among its siblings */
    uint32_t *value;     /* by value of the scene: its number here */
    uint32_t *layout_of; /* by the first point of a group's first link: its layout, + 1 */
    uint32_t n_layouts;
} making;

enum { FIRST_LOOK = 2 };

void mx_html_text(mx_markup *m, mx_str s, size_t most) {
    mx_buffer_clear(&m->label);
    mx_text_chars(&m->label, s, most, false);
    mx_buffer *b = &m->text;
    mx_buffer_byte(b, '"');
    for (size_t i = 0; i < m->label.size; i++) {
        char c = m->label.data[i];
        if (c == '"' || c == '\\') mx_buffer_byte(b, '\\');
        if (c == '<')
            mx_buffer_cstr(b, "\\u003c");
        else
            mx_buffer_byte(b, c);
    }
    mx_buffer_byte(b, '"');
}

/* ---- looks ---- */

/* A text made by a label function, of which `made` says whether there is any. */
static void add_text(mx_markup *m, mx_buffer *text, bool made) {
    mx_markup_raw(m, ",");
    mx_html_text(m, made ? mx_buffer_str(text) : (mx_str){"", 0}, NAME_CHARACTERS);
    mx_buffer_clear(text);
}

typedef struct lines {
    mx_markup *m;
    bool behind;
} lines;

static void add_line(void *ctx, mx_str label, mx_str value) {
    lines *l = ctx;
    if (l->behind) mx_markup_raw(l->m, ",");
    l->behind = true;
    mx_html_text(l->m, label, NAME_CHARACTERS);
    mx_markup_raw(l->m, ",");
    mx_html_text(l->m, value, NAME_CHARACTERS);
}

/* text: of use for one label at a time. */
static mx_status look_text(making *k, mx_markup *m, mx_buffer *text, uint32_t box) {
    const mx_scene *s = k->s;
    const mx_scene_box *b = &s->boxes[box];
    lines l = {.m = m};
    mx_markup_put(
        m, "[%,%,%,%,%",
        (int32_t[]){b->family, b->kind, b->quiet, b->is_group ? b->folded_w : b->w, b->is_group ? b->folded_h : b->h});
    if (b->kind != MX_BOX_CONSTANT) mx_label_title(text, s, box);
    add_text(m, text, true);
    add_text(m, text, mx_label_class(text, s, box));
    add_text(m, text, b->is_group && mx_label_counts(text, s, box, false));
    add_text(m, text, b->is_group && mx_label_counts(text, s, box, true));
    add_text(m, text, b->kind != MX_BOX_CONSTANT && mx_label_shape(text, s, box));
    mx_markup_raw(m, ",[");
    MX_TRY(mx_label_lines(s, box, add_line, &l, k->err));
    mx_markup_raw(m, "]]");
    return m->text.failed || m->label.failed || text->failed ? mx_nomem(k->err) : MX_OK;
}

static mx_status find_looks(making *k) {
    mx_markup m;
    mx_buffer text;
    mx_status status = MX_OK;
    mx_markup_begin(&m, k->s->graph->allocator, NULL);
    mx_buffer_init(&text, k->s->graph->allocator);
    for (uint32_t i = 0; i < k->s->n_boxes && status == MX_OK; i++) {
        mx_buffer_clear(&m.text);
        status = look_text(k, &m, &text, i);
        if (status != MX_OK) break;
        k->look[i] = mx_strings_add(&k->looks, mx_buffer_str(&m.text));
        if (k->look[i] == MX_SID_NOMEM) status = mx_nomem(k->err);
    }
    mx_buffer_free(&m.text);
    mx_buffer_free(&m.label);
    mx_buffer_free(&text);
    return status;
}

static void write_looks(making *k) {
    mx_markup_raw(k->m, "{\"looks\":[");
    for (size_t i = FIRST_LOOK; i < k->looks.count; i++) {
        mx_str look = mx_strings_get(&k->looks, (mx_sid)i);
        if (i > FIRST_LOOK) mx_markup_raw(k->m, ",\n");
        mx_buffer_add(&k->m->text, look.p, look.n);
        mx_markup_drain(k->m);
    }
}

/* ---- boxes ---- */

static mx_str name_of(const mx_scene *s, uint32_t box) {
    const mx_scene_box *b = &s->boxes[box];
    if (b->node == MX_NO_NODE) return MX_STR_LITERAL("auxiliary");
    mx_str scope = mx_node_module_scope(s->graph, b->node);
    return scope.n ? scope : mx_node_name(s->graph, b->node);
}

static void write_boxes(making *k) {
    const mx_scene *s = k->s;
    mx_markup_raw(k->m, "],\n\"box\":[");
    for (uint32_t i = 0; i < s->n_boxes; i++) {
        int32_t parent = s->boxes[i].parent == MX_NO_BOX ? -1 : (int32_t)s->boxes[i].parent;
        mx_markup_put(k->m, i ? ",%,%" : "%,%", (int32_t[]){(int32_t)k->look[i] - FIRST_LOOK, parent});
        mx_markup_drain(k->m);
    }
    mx_markup_raw(k->m, "],\n\"name\":[");
    for (uint32_t i = 0; i < s->n_boxes; i++) {
        if (i) mx_markup_raw(k->m, ",");
        mx_html_text(k->m, name_of(s, i), NAME_CHARACTERS);
        mx_markup_drain(k->m);
    }
}

/* ---- layouts ---- */

static void write_link(making *k, uint32_t group, const mx_scene_link *link) {
    const mx_scene *s = k->s;
    int32_t from = link->from == group ? -1 : (int32_t)k->number[link->from];
    int32_t to = link->to == group ? -1 : (int32_t)k->number[link->to];
    mx_markup_put(k->m, "%,%,%,%", (int32_t[]){from, to, link->back, (int32_t)link->n_points});
    for (uint32_t i = 0; i < link->n_points; i++) {
        mx_point p = s->points[link->first_point + i];
        mx_markup_put(k->m, ",%,%", (int32_t[]){p.x, p.y});
    }
    mx_markup_drain(k->m);
}

static void write_layout(making *k, uint32_t group) {
    const mx_scene *s = k->s;
    const mx_scene_box *g = &s->boxes[group];
    mx_markup_put(k->m, k->n_layouts ? ",\n[%,%,[" : "[%,%,[", (int32_t[]){g->open_w, g->open_h});
    for (uint32_t c = g->first_child; c != MX_NO_BOX; c = s->boxes[c].next) {
        mx_markup_put(k->m, c == g->first_child ? "%,%" : ",%,%",
                      (int32_t[]){s->boxes[c].x - g->x, s->boxes[c].y - g->y});
        mx_markup_drain(k->m);
    }
    mx_markup_raw(k->m, "],[");
    for (uint32_t i = 0; i < g->n_links; i++) {
        if (i) mx_markup_raw(k->m, ",");
        write_link(k, group, &s->links[g->first_link + i]);
    }
    mx_markup_raw(k->m, "]]");
    k->n_layouts++;
}

/* look: from here on the layout of a group. */
static void write_layouts(making *k) {
    const mx_scene *s = k->s;
    mx_markup_raw(k->m, "],\n\"layouts\":[");
    for (uint32_t i = 0; i < s->n_boxes; i++) {
        const mx_scene_box *b = &s->boxes[i];
        if (!b->is_group) continue;
        const mx_scene_link *first = b->n_links ? &s->links[b->first_link] : NULL;
        uint32_t *known = first && first->n_points ? &k->layout_of[first->first_point] : NULL;
        k->look[i] = known && *known ? *known - 1 : k->n_layouts;
        if (!known || !*known) write_layout(k, i);
        if (known) *known = k->look[i] + 1;
    }
}

static void write_groups(making *k) {
    const mx_scene *s = k->s;
    bool behind = false;
    mx_markup_raw(k->m, "],\n\"groups\":[");
    for (uint32_t i = 0; i < s->n_boxes; i++) {
        const mx_scene_box *b = &s->boxes[i];
        if (!b->is_group) continue;
        mx_markup_put(k->m, behind ? ",\n[%,%," : "[%,%,", (int32_t[]){(int32_t)i, (int32_t)k->look[i]});
        mx_html_text(k->m, b->node == MX_NO_NODE ? (mx_str){"", 0} : mx_node_module_tag(s->graph, b->node),
                     NAME_CHARACTERS);
        mx_markup_raw(k->m, ",[");
        for (uint32_t l = 0; l < b->n_links; l++)
            mx_markup_put(k->m, l ? ",%" : "%", (int32_t[]){(int32_t)k->value[s->links[b->first_link + l].value]});
        mx_markup_raw(k->m, "]]");
        mx_markup_drain(k->m);
        behind = true;
    }
}

/* Calls for each value of a box that is drawn, box by box: the order of a scene's values is that of a graph's nodes,
 * which depends on the file that it came from. */
static void each_value(making *k, void (*each)(making *k, uint32_t box, uint32_t value, uint32_t number)) {
    const mx_scene *s = k->s;
    uint32_t number = 0;
    for (uint32_t i = 0; i < s->n_boxes; i++) {
        mx_node_id node = s->boxes[i].node;
        if (node == MX_NO_NODE) continue;
        for (uint32_t v = s->value_start[node]; v < s->value_start[node + 1]; v++)
            each(k, i, v, number++);
    }
}

static void number_value(making *k, uint32_t box, uint32_t value, uint32_t number) {
    (void)box;
    k->value[value] = number;
}

static void write_value(making *k, uint32_t box, uint32_t value, uint32_t number) {
    const mx_scene_value *v = &k->s->values[value];
    mx_markup_put(k->m, number ? ",%,%,%" : "%,%,%", (int32_t[]){(int32_t)box, (int32_t)v->port, v->quiet});
    mx_markup_drain(k->m);
}

static void write_open(making *k, const uint8_t *open_first) {
    bool behind = false;
    mx_markup_raw(k->m, "],\n\"open\":[");
    for (uint32_t i = 0; i < k->s->n_boxes; i++) {
        if (!open_first[i]) continue;
        mx_markup_put(k->m, behind ? ",%" : "%", (int32_t[]){(int32_t)i});
        behind = true;
    }
    mx_markup_raw(k->m, "]}");
}

/* ---- what is open at first ---- */

static bool has_open_group(const mx_scene *s, uint32_t group) {
    for (uint32_t c = s->boxes[group].first_child; c != MX_NO_BOX; c = s->boxes[c].next)
        if (s->boxes[c].is_group && s->boxes[c].open) return true;
    return false;
}

static bool is_shown(const mx_scene *s, const uint8_t *shown, uint32_t box) {
    uint32_t parent = s->boxes[box].parent;
    return parent == MX_NO_BOX || (shown[parent] && s->boxes[parent].open);
}

/* A group in which all are folded looks as it does in a page where everything is. */
static void write_first(making *k, uint8_t *shown) {
    const mx_scene *s = k->s;
    bool behind = false;
    mx_markup_raw(k->m, "[[");
    for (uint32_t i = 0; i < s->n_boxes; i++) {
        shown[i] = is_shown(s, shown, i);
        if (!shown[i] || !s->boxes[i].is_group || !s->boxes[i].open || !has_open_group(s, i)) continue;
        mx_markup_put(k->m, behind ? ",%" : "%", (int32_t[]){(int32_t)i});
        behind = true;
    }
    mx_markup_raw(k->m, "],[");
    for (uint32_t i = 0; i < s->n_boxes; i++)
        if (shown[i] && s->boxes[i].is_group && s->boxes[i].open && has_open_group(s, i)) write_layout(k, i);
    mx_markup_raw(k->m, "]]");
}

static void number_children(making *k) {
    const mx_scene *s = k->s;
    for (uint32_t i = 0; i < s->n_boxes; i++) {
        uint32_t n = 0;
        for (uint32_t c = s->boxes[i].first_child; c != MX_NO_BOX; c = s->boxes[c].next)
            k->number[c] = n++;
    }
}

mx_status mx_html_data(const mx_scene *scene, const uint8_t *open_first, mx_markup *m, mx_error *err) {
    const mx_allocator *a = scene->graph->allocator;
    making k = {.s = scene, .m = m, .err = err};
    k.look = mx_alloc_zero(a, scene->n_boxes, sizeof *k.look);
    k.number = mx_alloc_zero(a, scene->n_boxes, sizeof *k.number);
    k.value = mx_alloc_zero(a, (size_t)scene->n_values + 1, sizeof *k.value);
    k.layout_of = mx_alloc_zero(a, scene->n_points + 1, sizeof *k.layout_of);
    bool ok = mx_strings_init(&k.looks, a) && k.look && k.number && k.value && k.layout_of;
    mx_status status = ok ? find_looks(&k) : mx_nomem(err);
    if (status == MX_OK) {
        number_children(&k);
        each_value(&k, number_value);
        write_looks(&k);
        write_boxes(&k);
        write_layouts(&k);
        write_groups(&k);
        mx_markup_raw(m, "],\n\"value\":[");
        each_value(&k, write_value);
        write_open(&k, open_first);
    }
    mx_strings_free(&k.looks);
    mx_free(a, k.look, scene->n_boxes * sizeof *k.look);
    mx_free(a, k.number, scene->n_boxes * sizeof *k.number);
    mx_free(a, k.value, ((size_t)scene->n_values + 1) * sizeof *k.value);
    mx_free(a, k.layout_of, (scene->n_points + 1) * sizeof *k.layout_of);
    return status;
}

mx_status mx_html_first(const mx_scene *scene, mx_markup *m, mx_error *err) {
    const mx_allocator *a = scene->graph->allocator;
    making k = {.s = scene, .m = m, .err = err};
    k.number = mx_alloc_zero(a, scene->n_boxes, sizeof *k.number);
    uint8_t *shown = mx_alloc_zero(a, scene->n_boxes, 1);
    mx_status status = k.number && shown ? MX_OK : mx_nomem(err);
    if (status == MX_OK) {
        number_children(&k);
        write_first(&k, shown);
    }
    mx_free(a, shown, scene->n_boxes);
    mx_free(a, k.number, scene->n_boxes * sizeof *k.number);
    return status;
}
