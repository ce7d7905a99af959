/* How large boxes are that hold no others, and groups when they are folded. */
#include "picture/label.h"
#include "picture/scene_internal.h"

#define PAD        12 /* left and right of the text */
#define LEAST      56
#define TITLE      26 /* height with a title alone */
#define LINE       13
#define PILL       20
#define PORT       7  /* room of an edge that ends at a box */
#define STEP       8  /* widths are rounded, so that like boxes are alike */
#define BETWEEN    12 /* a line's label and its value */
#define LESS_BELOW 4
#define SIGN       8 /* what a sign that opens a group takes, on both sides of the title in the middle */

typedef struct measuring {
    int32_t w;
    uint32_t lines;
} measuring;

static void measure_line(void *ctx, mx_str label, mx_str value) {
    measuring *m = ctx;
    int32_t w = mx_text_width(label, MX_FONT_LINE) + mx_text_width(value, MX_FONT_LINE) + (label.n ? BETWEEN : 0);
    if (w > m->w) m->w = w;
    m->lines++;
}

static int32_t rounded(int32_t w, uint32_t ports) {
    int64_t least = ports < 1000000 ? (int64_t)(ports + 1) * PORT : 1000000 * PORT;
    if (w < LEAST) w = LEAST;
    if (w < least) w = (int32_t)least;
    return (w + STEP - 1) / STEP * STEP;
}

static uint32_t ports_of(const mx_scene *s, const mx_scene_box *b) {
    if (b->node == MX_NO_NODE) return 0;
    const mx_node *n = mx_node_at(s->graph, b->node);
    return n->n_inputs > n->n_outputs ? n->n_inputs : n->n_outputs;
}

static void add_shape(const mx_scene *s, uint32_t box, mx_buffer *text, measuring *m) {
    mx_buffer_clear(text);
    if (mx_label_shape(text, s, box)) measure_line(m, (mx_str){"", 0}, mx_buffer_str(text));
}

static mx_status leaf_size(mx_scene *s, uint32_t box, mx_buffer *text, mx_error *err) {
    mx_scene_box *b = &s->boxes[box];
    measuring m = {0};
    MX_TRY(mx_label_lines(s, box, measure_line, &m, err));
    if (b->kind == MX_BOX_CONSTANT) {
        b->w = rounded(m.w + PAD, 1);
        b->h = PILL;
        return MX_OK;
    }
    mx_buffer_clear(text);
    mx_label_title(text, s, box);
    int32_t title = mx_text_width(mx_buffer_str(text), MX_FONT_TITLE);
    if (title > m.w) m.w = title;
    add_shape(s, box, text, &m);
    b->w = rounded(m.w + 2 * PAD, ports_of(s, b));
    b->h = TITLE + (m.lines ? (int32_t)m.lines * LINE + LESS_BELOW : 0);
    return MX_OK;
}

/* Title and class (bold too where letters are of one kind), counts, the shape that comes out. */
static void folded_size(mx_scene *s, uint32_t box, mx_buffer *text) {
    mx_scene_box *b = &s->boxes[box];
    measuring m = {0};
    mx_buffer_clear(text);
    mx_label_title(text, s, box);
    m.w = mx_text_width(mx_buffer_str(text), MX_FONT_TITLE);
    mx_buffer_clear(text);
    mx_buffer_cstr(text, " \xC2\xB7 ");
    if (mx_label_class(text, s, box)) m.w += mx_text_width(mx_buffer_str(text), MX_FONT_TITLE);
    m.w += 2 * SIGN;
    mx_buffer_clear(text);
    if (mx_label_counts(text, s, box, true)) measure_line(&m, (mx_str){"", 0}, mx_buffer_str(text));
    add_shape(s, box, text, &m);
    b->w = b->folded_w = rounded(m.w + 2 * PAD, ports_of(s, b));
    b->h = b->folded_h = TITLE + (int32_t)m.lines * LINE + LESS_BELOW;
}

mx_status mx_scene_sizes(mx_scene *s, mx_error *err) {
    mx_buffer text;
    mx_status status = MX_OK;
    mx_buffer_init(&text, s->graph->allocator);
    for (uint32_t i = 0; i < s->n_boxes && status == MX_OK; i++) {
        if (s->boxes[i].is_group)
            folded_size(s, i, &text);
        else
            status = leaf_size(s, i, &text, err);
    }
    if (status == MX_OK && text.failed) status = mx_nomem(err);
    mx_buffer_free(&text);
    return status;
}
