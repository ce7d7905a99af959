/* The layout of all groups, from the innermost out. What a group's layout depends on is hashed; groups with the same
 * hash share one. */
#include "picture/scene_ports.h"

#include "base/hash.h"
#include "picture/label.h"

#define PAD       16
#define HEADER    34 /* the title of a frame */
#define SIGN      10 /* the sign that closes a frame, before its title */
#define ROUND     24 /* widths of frames, so that like groups are alike */
#define LOOSE_GAP 28 /* between boxes without links */
#define STACK_GAP 16
/* Boxes and edges of groups with crossings, up to which there is much or some patience with the next; a small model has
 * time for all of its groups. */
#define MUCH  150
#define SOME  4000
#define SMALL 1000 /* links */

typedef struct known {
    mx_hash128 hash;
    uint32_t group; /* box + 1; 0: an empty slot */
} known;

typedef struct laying {
    mx_scene *s;
    mx_error *err;
    mx_question q;
    uint64_t spent; /* boxes and edges of groups that have crossings */
    known *table;
    size_t n_slots;
    mx_buffer text;
} laying;

static const mx_allocator *allocator(const laying *l) {
    return l->s->own->allocator;
}

/* ---- what is known already ---- */

/* The texts at the upper left and right of a frame, with room around them. What comes in passes between them. */
typedef struct header {
    int32_t title, counts;
} header;

static mx_hash128 hash_question(const laying *l, header texts, uint32_t loose) {
    mx_hash128 asked = mx_question_hash(&l->q.layout);
    uint32_t frame[3] = {(uint32_t)texts.title, (uint32_t)texts.counts, loose};
    mx_hasher h;
    mx_hasher_start(&h);
    mx_hasher_add(&h, &asked, sizeof asked);
    mx_hasher_add(&h, frame, sizeof frame);
    return mx_hasher_end(&h);
}

static known *find_known(const laying *l, mx_hash128 hash) {
    size_t i = hash.low & (l->n_slots - 1);
    while (l->table[i].group && !mx_hash_eq(l->table[i].hash, hash))
        i = (i + 1) & (l->n_slots - 1);
    return &l->table[i];
}

/* A model can be made so that two hashes are equal by design: what is copied must at least be there. */
static bool is_alike(const mx_scene *s, uint32_t group, uint32_t other) {
    uint32_t a = s->boxes[group].first_child, b = s->boxes[other].first_child;
    for (; a != MX_NO_BOX && b != MX_NO_BOX; a = s->boxes[a].next)
        b = s->boxes[b].next;
    return a == b && s->boxes[group].n_links == s->boxes[other].n_links;
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
        if (l->q.local[c] == UINT32_MAX)
            area += ((int64_t)s->boxes[c].w + LOOSE_GAP) * ((int64_t)s->boxes[c].h + LOOSE_GAP);
    for (wide = 600; wide * wide < area * 2;)
        wide += wide / 4;
    if (wide < *w) wide = *w;
    for (uint32_t c = s->boxes[group].first_child; c != MX_NO_BOX; c = s->boxes[c].next) {
        mx_scene_box *b = &s->boxes[c];
        if (l->q.local[c] != UINT32_MAX) continue;
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
    for (uint32_t i = 0; i < l->q.layout.n_boxes; i++) {
        if (l->q.child[i] == MX_NO_BOX) continue;
        s->boxes[l->q.child[i]].x = bounded((int64_t)l->q.layout.boxes[i].x + f->dx);
        s->boxes[l->q.child[i]].y = bounded((int64_t)l->q.layout.boxes[i].y + f->dy);
    }
    for (uint32_t c = s->boxes[group].first_child; c != MX_NO_BOX; c = s->boxes[c].next)
        if (l->q.local[c] == UINT32_MAX) {
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
        mx_point p = l->q.layout.points[e->first_point + i];
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
        const mx_layout_edge *e = &l->q.layout.edges[i];
        bool in = link->from == group, out = link->to == group;
        link->back = e->back;
        ports->from_x = in ? bounded((int64_t)l->q.layout.boxes[e->from].x + f->dx) : e->from_x;
        ports->to_x = out ? bounded((int64_t)l->q.layout.boxes[e->to].x + f->dx) : e->to_x;
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

static uint32_t count_loose(const laying *l, uint32_t group) {
    uint32_t n = 0;
    for (uint32_t c = l->s->boxes[group].first_child; c != MX_NO_BOX; c = l->s->boxes[c].next)
        n += l->q.local[c] == UINT32_MAX;
    return n;
}

/* Where the first and the last value come in. */
static bool entries(const laying *l, int32_t *first, int32_t *last) {
    *first = INT32_MAX;
    *last = -1;
    for (uint32_t i = 0; i < l->q.layout.n_boxes; i++) {
        const mx_layout_box *b = &l->q.layout.boxes[i];
        if (l->q.child[i] != MX_NO_BOX || b->pin != MX_PIN_FIRST) continue;
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
    l->q.layout.effort = l->spent < MUCH || l->s->n_links < SMALL ? MX_EFFORT_MUCH
                         : l->spent < SOME                        ? MX_EFFORT_SOME
                                                                  : MX_EFFORT_LITTLE;
    MX_TRY(mx_layout_run(&l->q.layout, allocator(l), l->err));
    if (l->q.layout.crossings) l->spent += l->q.layout.n_boxes + l->q.layout.n_edges;
    int32_t w = l->q.layout.w, h = l->q.layout.h;
    place_loose(l, group, &w, &h);
    frame f = frame_around(l, w, h, texts);
    g->open_w = f.w;
    g->open_h = f.h;
    place_children(l, group, &f);
    return take_links(l, group, &f);
}

static mx_status lay_group(laying *l, uint32_t group) {
    header texts = header_of(l, group);
    MX_TRY(mx_question_ask(&l->q, group, MX_FREE_NONE));
    uint32_t loose = count_loose(l, group);
    mx_hash128 hash = hash_question(l, texts, loose);
    known *k = find_known(l, hash);
    if (k->group && !loose && is_alike(l->s, group, k->group - 1)) {
        take_from(l, group, k->group - 1);
    } else {
        MX_TRY(lay_out(l, group, texts));
        if (!k->group) *k = (known){hash, group + 1};
    }
    mx_scene_tell_entries(l->s, group);
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
    if (!s->options.no_layout) MX_TRY(mx_scene_order_ports(s, l->err));
    l->q.must = true;
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
    l->table = mx_alloc_zero(allocator(l), l->n_slots, sizeof *l->table);
    return l->table ? mx_question_make(&l->q, l->s, l->err) : mx_nomem(l->err);
}

static void give_memory(laying *l) {
    mx_free(allocator(l), l->table, l->n_slots * sizeof *l->table);
    mx_question_free(&l->q);
    mx_buffer_free(&l->text);
}

mx_status mx_scene_layout(mx_scene *s, mx_error *err) {
    laying l = {.s = s, .err = err, .q = {.s = s}};
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
