/* The layout of all groups, from the innermost out. What a group's layout depends on is hashed; groups with the same
 * hash share one. */
#include "picture/scene_internal.h"

#include "base/hash.h"
#include "picture/label.h"

#define PAD        16
#define HEADER     34 /* the title of a frame */
#define SIGN       10 /* the sign that closes a frame, before its title */
#define ROUND      24 /* widths of frames, so that like groups are alike */
#define LOOSE_GAP  28 /* between boxes without links */
#define STACK_GAP  16
#define HINT_WIDTH 4096

/* What a layout is asked: hashed as it stands. */
typedef struct asked_box {
    int32_t w, h, hint;
    uint32_t pin;
} asked_box;
typedef struct asked_edge {
    uint32_t from, to, value, quiet;
    int32_t from_x, to_x;
} asked_edge;

typedef struct known {
    mx_hash128 hash;
    uint32_t group; /* box + 1; 0: an empty slot */
} known;

typedef struct laying {
    mx_scene *s;
    mx_error *err;
    uint32_t *local;     /* by box: its number among its siblings */
    uint32_t *border_in; /* by value: number of its place on the upper border of the group at hand, + 1 */
    uint32_t *border_out;
    uint32_t *local_value; /* by value: its number in the group at hand, + 1 */
    mx_layout layout;
    size_t cap_boxes, cap_edges, cap_child;
    uint32_t *child; /* of the group at hand: the box of each box of the layout; MX_NO_BOX: on the border */
    bool hinting;    /* only the order is wanted, for what the groups inside should know of it */
    known *table;
    size_t n_slots;
    mx_buffer text;
} laying;

static const mx_allocator *allocator(const laying *l) {
    return l->s->own->allocator;
}

/* ---- what goes in ---- */

static mx_status add_box(laying *l, uint32_t box, mx_layout_box what) {
    mx_layout *y = &l->layout;
    if (!mx_grow(allocator(l), (void **)&y->boxes, &l->cap_boxes, y->n_boxes, sizeof *y->boxes))
        return mx_nomem(l->err);
    if (!mx_grow(allocator(l), (void **)&l->child, &l->cap_child, y->n_boxes, sizeof *l->child))
        return mx_nomem(l->err);
    l->child[y->n_boxes] = box;
    y->boxes[y->n_boxes++] = what;
    return MX_OK;
}

static uint8_t pin_of(const mx_scene *s, const mx_scene_box *b) {
    if (b->kind != MX_BOX_VALUE) return MX_PIN_NONE;
    return mx_node_at(s->graph, b->node)->kind == MX_NODE_INPUT ? MX_PIN_FIRST : MX_PIN_LAST;
}

/* Children that nothing is linked to do not take part, but formal inputs and outputs. local: UINT32_MAX for those. */
static mx_status add_children(laying *l, uint32_t group) {
    mx_scene *s = l->s;
    const mx_scene_box *g = &s->boxes[group];
    for (uint32_t c = g->first_child; c != MX_NO_BOX; c = s->boxes[c].next)
        l->local[c] = pin_of(s, &s->boxes[c]) == MX_PIN_NONE ? UINT32_MAX : 0;
    for (uint32_t i = g->first_link; i < g->first_link + g->n_links; i++) {
        if (s->links[i].from != group) l->local[s->links[i].from] = 0;
        if (s->links[i].to != group) l->local[s->links[i].to] = 0;
    }
    for (uint32_t c = g->first_child; c != MX_NO_BOX; c = s->boxes[c].next) {
        mx_scene_box *b = &s->boxes[c];
        if (l->local[c] == UINT32_MAX) continue;
        l->local[c] = l->layout.n_boxes;
        MX_TRY(add_box(l, c,
                       (mx_layout_box){
                           .w = l->hinting ? HINT_WIDTH : b->w, .h = b->h, .pin = pin_of(s, b), .hint = MX_PORT_FREE}));
    }
    return MX_OK;
}

static mx_status border(laying *l, uint32_t *place, mx_layout_pin pin, int32_t hint, uint32_t *number) {
    if (!*place) {
        MX_TRY(add_box(l, MX_NO_BOX, (mx_layout_box){.pin = (uint8_t)pin, .hint = hint}));
        *place = l->layout.n_boxes;
    }
    *number = *place - 1;
    return MX_OK;
}

/* An open group has its ports where its inside has put them; everything else has free ones. */
static int32_t port_out(const laying *l, const mx_scene_link *link) {
    const mx_scene_box *from = &l->s->boxes[link->from];
    uint32_t exit = from->is_group && from->open && !l->hinting
                        ? mx_scene_find_link(l->s, link->value, link->from, MX_LINK_OUT)
                        : MX_NO_INDEX;
    return exit == MX_NO_INDEX ? MX_PORT_FREE : l->s->own->ports[exit].to_x;
}

static int32_t port_in(const laying *l, uint32_t link) {
    const mx_scene_box *to = &l->s->boxes[l->s->links[link].to];
    bool into = l->s->own->ports[link].to_port == MX_LINK_INTO;
    return to->is_group && to->open && into && !l->hinting ? l->s->own->ports[link].to_x : MX_PORT_FREE;
}

/* What the group around said of the border. */
static int32_t hint_in(const laying *l, uint32_t group, uint32_t value) {
    uint32_t outer = mx_scene_find_link(l->s, value, group, MX_LINK_INTO);
    return outer == MX_NO_INDEX ? MX_PORT_FREE : l->s->own->ports[outer].to_hint;
}

static int32_t hint_out(const laying *l, uint32_t link) {
    return l->s->own->ports[link].from_hint;
}

static mx_status add_link(laying *l, uint32_t group, uint32_t i) {
    mx_scene *s = l->s;
    const mx_scene_link *link = &s->links[i];
    mx_layout *y = &l->layout;
    mx_layout_edge e = {.from_x = MX_PORT_FREE, .to_x = MX_PORT_FREE, .quiet = s->values[link->value].quiet};
    if (link->from == group)
        MX_TRY(border(l, &l->border_in[link->value], MX_PIN_FIRST, hint_in(l, group, link->value), &e.from));
    else
        e.from = l->local[link->from], e.from_x = port_out(l, link);
    if (link->to == group)
        MX_TRY(border(l, &l->border_out[link->value], MX_PIN_LAST, hint_out(l, i), &e.to));
    else
        e.to = l->local[link->to], e.to_x = port_in(l, i);
    if (!l->local_value[link->value]) l->local_value[link->value] = ++y->n_values;
    e.value = l->local_value[link->value] - 1;
    if (!mx_grow(allocator(l), (void **)&y->edges, &l->cap_edges, y->n_edges, sizeof *y->edges))
        return mx_nomem(l->err);
    y->edges[y->n_edges++] = e;
    return MX_OK;
}

static mx_status ask(laying *l, uint32_t group) {
    mx_scene *s = l->s;
    const mx_scene_box *g = &s->boxes[group];
    l->layout.n_boxes = l->layout.n_edges = l->layout.n_values = 0;
    MX_TRY(add_children(l, group));
    mx_status status = MX_OK;
    for (uint32_t i = g->first_link; i < g->first_link + g->n_links && status == MX_OK; i++)
        status = add_link(l, group, i);
    for (uint32_t i = g->first_link; i < g->first_link + g->n_links; i++) {
        uint32_t v = s->links[i].value;
        l->border_in[v] = l->border_out[v] = l->local_value[v] = 0;
    }
    return status;
}

/* ---- what is known already ---- */

/* The texts at the upper left and right of a frame, with room around them. What comes in passes between them. */
typedef struct header {
    int32_t title, counts;
} header;

static mx_status hash_question(laying *l, header texts, uint32_t loose, mx_hash128 *out) {
    const mx_layout *y = &l->layout;
    mx_hasher h;
    int32_t head[5] = {texts.title, texts.counts, (int32_t)y->n_boxes, (int32_t)y->n_edges, (int32_t)loose};
    mx_hasher_start(&h);
    mx_hasher_add(&h, head, sizeof head);
    for (uint32_t i = 0; i < y->n_boxes; i++) {
        asked_box b = {y->boxes[i].w, y->boxes[i].h, y->boxes[i].hint, y->boxes[i].pin};
        mx_hasher_add(&h, &b, sizeof b);
    }
    for (uint32_t i = 0; i < y->n_edges; i++) {
        const mx_layout_edge *x = &y->edges[i];
        asked_edge e = {x->from, x->to, x->value, x->quiet, x->from_x, x->to_x};
        mx_hasher_add(&h, &e, sizeof e);
    }
    *out = mx_hasher_end(&h);
    return MX_OK;
}

static known *find_known(laying *l, mx_hash128 hash) {
    size_t i = hash.low & (l->n_slots - 1);
    while (l->table[i].group && !mx_hash_eq(l->table[i].hash, hash))
        i = (i + 1) & (l->n_slots - 1);
    return &l->table[i];
}

/* ---- what comes out ---- */

/* Frame and places within it. x, y of children are relative until all is placed. */
typedef struct frame {
    int32_t w, h, dx, dy; /* dx, dy: of the layout in it */
} frame;

static int32_t bounded(int64_t v) {
    return v > MX_LAYOUT_FAR ? MX_LAYOUT_FAR : (int32_t)v;
}

static int32_t rounded(int64_t w) {
    return bounded((w + ROUND - 1) / ROUND * ROUND);
}

static header header_of(laying *l, uint32_t group) {
    int32_t w;
    mx_buffer_clear(&l->text);
    mx_label_title(&l->text, l->s, group); /* the class is drawn as bold as the name where letters are of one kind */
    w = mx_text_width(mx_buffer_str(&l->text), MX_FONT_TITLE);
    mx_buffer_clear(&l->text);
    mx_buffer_cstr(&l->text, " \xC2\xB7 ");
    if (mx_label_class(&l->text, l->s, group)) w += mx_text_width(mx_buffer_str(&l->text), MX_FONT_TITLE);
    mx_buffer_clear(&l->text);
    mx_label_counts(&l->text, l->s, group, false);
    return (header){rounded((int64_t)w + PAD + SIGN),
                    rounded((int64_t)mx_text_width(mx_buffer_str(&l->text), MX_FONT_LINE) + PAD)};
}

/* Boxes without links in rows below the others, about as wide as these or as high. */
static void place_loose(laying *l, uint32_t group, int32_t *w, int32_t *h) {
    mx_scene *s = l->s;
    int64_t area = 0, wide, x = 0, y = *h ? (int64_t)*h + LOOSE_GAP : 0, row = 0, right = *w;
    for (uint32_t c = s->boxes[group].first_child; c != MX_NO_BOX; c = s->boxes[c].next)
        if (l->local[c] == UINT32_MAX)
            area += ((int64_t)s->boxes[c].w + LOOSE_GAP) * ((int64_t)s->boxes[c].h + LOOSE_GAP);
    for (wide = 600; wide * wide < area * 2;)
        wide += wide / 4;
    if (wide < *w) wide = *w;
    for (uint32_t c = s->boxes[group].first_child; c != MX_NO_BOX; c = s->boxes[c].next) {
        mx_scene_box *b = &s->boxes[c];
        if (l->local[c] != UINT32_MAX) continue;
        if (x && x + b->w > wide) {
            y += row + LOOSE_GAP;
            x = row = 0;
        }
        b->x = bounded(x);
        b->y = bounded(y);
        x += (int64_t)b->w + LOOSE_GAP;
        if (x - LOOSE_GAP > right) right = x - LOOSE_GAP;
        if (b->h > row) row = b->h;
        *h = bounded(y + row);
    }
    *w = bounded(right);
}

static void place_children(laying *l, uint32_t group, const frame *f) {
    mx_scene *s = l->s;
    for (uint32_t i = 0; i < l->layout.n_boxes; i++) {
        if (l->child[i] == MX_NO_BOX) continue;
        s->boxes[l->child[i]].x = bounded((int64_t)l->layout.boxes[i].x + f->dx);
        s->boxes[l->child[i]].y = bounded((int64_t)l->layout.boxes[i].y + f->dy);
    }
    for (uint32_t c = s->boxes[group].first_child; c != MX_NO_BOX; c = s->boxes[c].next)
        if (l->local[c] == UINT32_MAX) {
            s->boxes[c].x = bounded((int64_t)s->boxes[c].x + f->dx);
            s->boxes[c].y = bounded((int64_t)s->boxes[c].y + f->dy);
        }
}

static mx_status copy_points(laying *l, mx_scene_link *link, const mx_layout_edge *e, const frame *f, bool in,
                             bool out) {
    mx_scene *s = l->s;
    if (s->n_points + e->n_points >= MX_NO_INDEX) return mx_nomem(l->err);
    link->first_point = (uint32_t)s->n_points;
    link->n_points = e->n_points;
    for (uint32_t i = 0; i < e->n_points; i++) {
        mx_point p = l->layout.points[e->first_point + i];
        p.x = bounded((int64_t)p.x + f->dx);
        p.y = bounded((int64_t)p.y + f->dy);
        if (in && i == 0) p.y = 0;
        if (out && i + 1 == e->n_points) p.y = f->h;
        if (!mx_grow(allocator(l), (void **)&s->points, &s->own->cap_points, s->n_points, sizeof *s->points))
            return mx_nomem(l->err);
        s->points[s->n_points++] = p;
    }
    return MX_OK;
}

static mx_status take_links(laying *l, uint32_t group, const frame *f) {
    mx_scene *s = l->s;
    const mx_scene_box *g = &s->boxes[group];
    for (uint32_t i = 0; i < g->n_links; i++) {
        mx_scene_link *link = &s->links[g->first_link + i];
        mx_link_ports *ports = &s->own->ports[g->first_link + i];
        const mx_layout_edge *e = &l->layout.edges[i];
        bool in = link->from == group, out = link->to == group;
        link->back = e->back;
        ports->from_x = in ? bounded((int64_t)l->layout.boxes[e->from].x + f->dx) : e->from_x;
        ports->to_x = out ? bounded((int64_t)l->layout.boxes[e->to].x + f->dx) : e->to_x;
        MX_TRY(copy_points(l, link, e, f, in, out));
    }
    return MX_OK;
}

/* The i-th child and the i-th link of one are those of the other. */
static void take_from(laying *l, uint32_t group, uint32_t other) {
    mx_scene *s = l->s;
    const mx_scene_box *from = &s->boxes[other];
    mx_scene_box *g = &s->boxes[group];
    for (uint32_t a = from->first_child, b = g->first_child; b != MX_NO_BOX;
         a = s->boxes[a].next, b = s->boxes[b].next) {
        s->boxes[b].x = s->boxes[a].x;
        s->boxes[b].y = s->boxes[a].y;
    }
    for (uint32_t i = 0; i < g->n_links; i++) {
        mx_scene_link *to = &s->links[g->first_link + i];
        const mx_scene_link *source = &s->links[from->first_link + i];
        uint32_t way = s->own->ports[g->first_link + i].to_port, in = s->own->ports[g->first_link + i].group;
        to->back = source->back;
        to->first_point = source->first_point;
        to->n_points = source->n_points;
        s->own->ports[g->first_link + i] = s->own->ports[from->first_link + i];
        s->own->ports[g->first_link + i].to_port = way;
        s->own->ports[g->first_link + i].group = in;
    }
    g->open_w = from->open_w;
    g->open_h = from->open_h;
}

/* Where values enter a group is asked by the links that lead to it. */
static void tell_entries(laying *l, uint32_t group) {
    mx_scene *s = l->s;
    const mx_scene_box *g = &s->boxes[group];
    for (uint32_t i = g->first_link; i < g->first_link + g->n_links; i++) {
        if (s->links[i].from != group) continue;
        uint32_t outer = mx_scene_find_link(s, s->links[i].value, group, MX_LINK_INTO);
        if (outer != MX_NO_INDEX) s->own->ports[outer].to_x = s->own->ports[i].from_x;
    }
}

static uint32_t count_loose(const laying *l, uint32_t group) {
    uint32_t n = 0;
    for (uint32_t c = l->s->boxes[group].first_child; c != MX_NO_BOX; c = l->s->boxes[c].next)
        n += l->local[c] == UINT32_MAX;
    return n;
}

/* Where the first and the last value come in. */
static bool entries(const laying *l, int32_t *first, int32_t *last) {
    *first = INT32_MAX;
    *last = -1;
    for (uint32_t i = 0; i < l->layout.n_boxes; i++) {
        const mx_layout_box *b = &l->layout.boxes[i];
        if (l->child[i] != MX_NO_BOX || b->pin != MX_PIN_FIRST) continue;
        if (b->x < *first) *first = b->x;
        if (b->x > *last) *last = b->x;
    }
    return *last >= 0;
}

static frame frame_around(const laying *l, int32_t w, int32_t h, header texts) {
    int32_t first, last, outer = rounded((int64_t)w + 2 * PAD), least = texts.title + texts.counts;
    frame f = {.w = outer > least ? outer : least, .h = bounded((int64_t)h + HEADER + PAD), .dy = HEADER};
    f.dx = (f.w - w) / 2;
    if (!entries(l, &first, &last)) return f;
    if (f.dx + first < texts.title) f.dx = texts.title - first;
    int64_t right = (int64_t)f.dx + w + PAD, beside = (int64_t)f.dx + last + texts.counts;
    if (right < beside) right = beside;
    if (right > f.w) f.w = rounded(right);
    return f;
}

static mx_status lay_out(laying *l, uint32_t group, header texts) {
    mx_scene_box *g = &l->s->boxes[group];
    MX_TRY(mx_layout_run(&l->layout, allocator(l), l->err));
    int32_t w = l->layout.w, h = l->layout.h;
    place_loose(l, group, &w, &h);
    frame f = frame_around(l, w, h, texts);
    g->open_w = f.w;
    g->open_h = f.h;
    place_children(l, group, &f);
    return take_links(l, group, &f);
}

static mx_status lay_group(laying *l, uint32_t group) {
    mx_hash128 hash;
    header texts = header_of(l, group);
    MX_TRY(ask(l, group));
    uint32_t loose = count_loose(l, group);
    MX_TRY(hash_question(l, texts, loose, &hash));
    known *k = find_known(l, hash);
    if (k->group && !loose) {
        take_from(l, group, k->group - 1);
    } else {
        MX_TRY(lay_out(l, group, texts));
        if (!k->group) *k = (known){hash, group + 1};
    }
    tell_entries(l, group);
    return MX_OK;
}

/* ---- hints, from the outside in ---- */

/* The order of a group's edges, found without knowing what its children look like, is passed on to these: the ways into
 * them by the links that lead there, the ways out by those that end at their lower border. */
static mx_status hint_group(laying *l, uint32_t group) {
    mx_scene *s = l->s;
    const mx_scene_box *g = &s->boxes[group];
    MX_TRY(ask(l, group));
    MX_TRY(mx_layout_order(&l->layout, allocator(l), l->err));
    for (uint32_t i = 0; i < g->n_links; i++) {
        const mx_scene_link *link = &s->links[g->first_link + i];
        const mx_layout_edge *e = &l->layout.edges[i];
        s->own->ports[g->first_link + i].to_hint = e->to_x;
        if (link->from == group || !s->boxes[link->from].is_group) continue;
        uint32_t exit = mx_scene_find_link(s, link->value, link->from, MX_LINK_OUT);
        if (exit != MX_NO_INDEX) s->own->ports[exit].from_hint = e->from_x;
    }
    return MX_OK;
}

static bool has_open_child(const mx_scene *s, uint32_t group) {
    for (uint32_t c = s->boxes[group].first_child; c != MX_NO_BOX; c = s->boxes[c].next)
        if (s->boxes[c].is_group && (s->boxes[c].open || s->options.folded_too)) return true;
    return false;
}

static mx_status all_hints(laying *l) {
    mx_scene *s = l->s;
    l->hinting = true;
    for (uint32_t i = 0; i < s->n_boxes; i++)
        if (s->boxes[i].is_group && s->boxes[i].n_links && has_open_child(s, i)) MX_TRY(hint_group(l, i));
    l->hinting = false;
    return MX_OK;
}

/* ---- without a layout ---- */

static void stack_group(laying *l, uint32_t group) {
    mx_scene *s = l->s;
    mx_scene_box *g = &s->boxes[group];
    int64_t y = HEADER;
    header texts = header_of(l, group);
    int32_t w = texts.title + texts.counts - 2 * PAD;
    for (uint32_t c = g->first_child; c != MX_NO_BOX; c = s->boxes[c].next) {
        s->boxes[c].x = PAD;
        s->boxes[c].y = bounded(y);
        y += (int64_t)s->boxes[c].h + STACK_GAP;
        if (s->boxes[c].w > w) w = s->boxes[c].w;
    }
    g->open_w = bounded((int64_t)w + 2 * PAD);
    g->open_h = bounded(y + PAD);
}

/* ---- all ---- */

static mx_status all_groups(laying *l) {
    mx_scene *s = l->s;
    if (!s->options.no_layout) MX_TRY(all_hints(l));
    for (uint32_t i = s->n_boxes; i-- > 0;) { /* what a group holds has higher numbers */
        mx_scene_box *b = &s->boxes[i];
        if (!b->is_group) continue;
        b->w = b->folded_w;
        b->h = b->folded_h;
        if (!b->open && !s->options.folded_too) continue;
        if (s->options.no_layout)
            stack_group(l, i);
        else
            MX_TRY(lay_group(l, i));
        if (l->text.failed) return mx_nomem(l->err);
        if (!b->open) continue;
        b->w = b->open_w;
        b->h = b->open_h;
    }
    s->boxes[0].x = s->boxes[0].y = 0;
    for (uint32_t i = 1; i < s->n_boxes; i++) {
        mx_scene_box *b = &s->boxes[i];
        const mx_scene_box *parent = &s->boxes[b->parent];
        b->x = bounded((int64_t)b->x + parent->x);
        b->y = bounded((int64_t)b->y + parent->y);
    }
    return MX_OK;
}

static mx_status take_memory(laying *l) {
    const mx_scene *s = l->s;
    l->n_slots = 64;
    while (l->n_slots < s->n_boxes)
        l->n_slots *= 2;
    l->local = mx_alloc_zero(allocator(l), s->n_boxes, sizeof(uint32_t));
    l->border_in = mx_alloc_zero(allocator(l), (size_t)s->n_values + 1, sizeof(uint32_t));
    l->border_out = mx_alloc_zero(allocator(l), (size_t)s->n_values + 1, sizeof(uint32_t));
    l->local_value = mx_alloc_zero(allocator(l), (size_t)s->n_values + 1, sizeof(uint32_t));
    l->table = mx_alloc_zero(allocator(l), l->n_slots, sizeof *l->table);
    return l->local && l->border_in && l->border_out && l->local_value && l->table ? MX_OK : mx_nomem(l->err);
}

static void give_memory(laying *l) {
    const mx_allocator *a = allocator(l);
    size_t values = (size_t)l->s->n_values + 1;
    mx_free(a, l->local, l->s->n_boxes * sizeof(uint32_t));
    mx_free(a, l->border_in, values * sizeof(uint32_t));
    mx_free(a, l->border_out, values * sizeof(uint32_t));
    mx_free(a, l->local_value, values * sizeof(uint32_t));
    mx_free(a, l->table, l->n_slots * sizeof *l->table);
    mx_free(a, l->layout.boxes, l->cap_boxes * sizeof *l->layout.boxes);
    mx_free(a, l->layout.edges, l->cap_edges * sizeof *l->layout.edges);
    mx_free(a, l->child, l->cap_child * sizeof *l->child);
    mx_layout_free(&l->layout, a);
    mx_buffer_free(&l->text);
}

mx_status mx_scene_layout(mx_scene *s, mx_error *err) {
    laying l = {.s = s, .err = err};
    s->n_points = 0;
    for (uint32_t i = 0; i < s->n_boxes; i++)
        s->boxes[i].x = s->boxes[i].y = s->boxes[i].open_w = s->boxes[i].open_h = 0;
    for (size_t i = 0; i < s->n_links; i++)
        s->links[i].n_points = 0;
    mx_buffer_init(&l.text, s->own->allocator);
    mx_status status = take_memory(&l);
    if (status == MX_OK) status = all_groups(&l);
    give_memory(&l);
    return status;
}
