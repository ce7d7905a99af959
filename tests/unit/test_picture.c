/* Texts and scenes: what stands on boxes, how it is cut, what is quiet, what is bundled. */
#include "picture/label.h"
#include "small_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_text(mx_buffer *b, const char *expected) {
    assert_false(b->failed);
    mx_buffer_byte(b, 0);
    assert_string_equal(b->data, expected);
    mx_buffer_clear(b);
}

/* ---- texts ---- */

static void counts(void **state) {
    static const struct {
        uint64_t n;
        const char *text;
    } rows[] = {
        {0, "0"},           {999, "999"},           {1000, "1 K"},        {8512, "8.5 K"},       {26700, "26.7 K"},
        {999999, "1000 K"}, {109482240, "109.5 M"}, {7000000000u, "7 G"}, {UINT64_MAX, "18.4 E"}};
    (void)state;
    mx_buffer b;
    mx_buffer_init(&b, NULL);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        mx_text_count(&b, rows[i].n);
        assert_text(&b, rows[i].text);
    }
    mx_buffer_free(&b);
}

static void cut(mx_buffer *b, const char *text, size_t most, bool keep_end, const char *expected) {
    mx_text_chars(b, mx_str_of(text), most, keep_end);
    assert_text(b, expected);
}

static void cutting(void **state) {
    (void)state;
    mx_buffer b;
    mx_buffer_init(&b, NULL);
    cut(&b, "encoder.layer.0", 15, true, "encoder.layer.0");
    cut(&b, "encoder.layer.0", 8, true, "\xE2\x80\xA6layer.0");
    cut(&b, "encoder.layer.0", 8, false, "encoder\xE2\x80\xA6");
    cut(&b, "a\nb\tc\x01", 20, false, "a b c\xEF\xBF\xBD");
    cut(&b, "\xFF\xFE", 20, true, "\xEF\xBF\xBD\xEF\xBF\xBD");
    cut(&b, "<HTML><b>x", 20, false, "\xE2\x80\xB9HTML><b>x");
    cut(&b, " \t\r\n<HtMl><b>x", 20, false, "    \xE2\x80\xB9HtMl><b>x");
    cut(&b, "\xC2\xA0<html>", 20, true, "\xC2\xA0\xE2\x80\xB9html>");
    cut(&b, "0123456789 <html>", 7, true, "\xE2\x80\xA6\xE2\x80\xB9html>");
    cut(&b, "<htm <ht", 20, false, "<htm <ht");
    cut(&b, "", 5, true, "");
    mx_buffer_free(&b);
}

static void widths(void **state) {
    (void)state;
    mx_font small = {10, false}, bold = {10, true};
    mx_buffer b;
    assert_int_equal(mx_text_width(mx_str_of(""), small), 0);
    assert_int_equal(mx_text_width(mx_str_of("0000000000"), small), 56);
    assert_true(mx_text_width(mx_str_of("MatMul"), bold) > mx_text_width(mx_str_of("MatMul"), small));
    assert_true(mx_text_width(mx_str_of("WWWW"), small) > mx_text_width(mx_str_of("iiii"), small));
    mx_buffer_init(&b, NULL);
    for (int32_t most = 20; most < 300; most += 7) {
        mx_text_fit(&b, mx_str_of("a.rather.long.name.of.a.module.with.many.parts"), small, most, true);
        assert_true(mx_text_width(mx_buffer_str(&b), small) <= most);
        mx_buffer_clear(&b);
    }
    mx_buffer_free(&b);
}

/* A hostile name of a megabyte costs no more than its end. */
static void a_long_name(void **state) {
    (void)state;
    static char name[1 << 20];
    mx_buffer b;
    mx_buffer_init(&b, NULL);
    memset(name, '<', sizeof name);
    mx_text_fit(&b, (mx_str){name, sizeof name}, MX_FONT_TITLE, 200, true);
    assert_in_range(b.size, 10, 60);
    mx_buffer_free(&b);
}

/* ---- scenes ---- */

/* x goes into a module (a product and an activation) and past it to a sum, which goes to y. A body uses x from outside.
 */
static mx_graph *sample(void) {
    mx_graph *g = small_graph(NULL);
    small_input(g, 0, "x");
    small_output(g, 0, "y");
    small_initializer(g, 0, "encoder.weight");
    mx_node_id module = small_module(g, 0, "encoder", "Encoder");
    small_op(g, module, "MatMul", "x,encoder.weight", "p");
    small_op(g, module, "Relu", "p", "r");
    small_op(g, 0, "Add", "r,x", "s");
    mx_node_id choice = small_op(g, 0, "If", "s", "y"), body = small_body(g, choice, "then_branch");
    small_op(g, body, "Neg", "x", "n");
    small_output(g, body, "n");
    small_wire(g);
    return g;
}

static mx_scene make_scene(mx_graph *g, const mx_scene_options *options) {
    mx_scene s;
    mx_error err = {0};
    assert_int_equal(mx_scene_make(g, options, &s, &err), MX_OK);
    assert_int_equal(mx_scene_layout(&s, &err), MX_OK);
    return s;
}

static bool inside(const mx_scene_box *b, const mx_scene_box *parent) {
    return b->x >= parent->x && b->y >= parent->y && b->x + b->w <= parent->x + parent->open_w &&
           b->y + b->h <= parent->y + parent->open_h;
}

static void boxes_of_a_graph(void **state) {
    (void)state;
    mx_graph *g = sample();
    mx_scene_options options = {.depth = MX_DEPTH_ALL, .folded_too = true};
    mx_scene s = make_scene(g, &options);
    uint32_t operators = 0;
    for (uint32_t i = 1; i < s.n_boxes; i++) {
        const mx_scene_box *b = &s.boxes[i];
        assert_true(b->parent < i);
        assert_int_equal(s.box_of[b->node], i);
        assert_int_equal(b->open, b->is_group);
        assert_true(inside(b, &s.boxes[b->parent]));
        operators += mx_node_at(g, b->node)->kind == MX_NODE_OPERATOR;
    }
    assert_int_equal(s.boxes[0].operators, operators);
    assert_int_equal(operators, 5);
    assert_int_equal(s.boxes[0].parameters, 1);
    mx_scene_free(&s);
    mx_graph_release(g);
}

/* The way of an edge begins at the lower side of its source and ends at the upper side of its target. */
static void ways_of_edges(void **state) {
    (void)state;
    mx_graph *g = sample();
    mx_scene_options options = {.depth = MX_DEPTH_ALL};
    mx_scene s = make_scene(g, &options);
    mx_route route = {0};
    uint32_t ways = 0;
    for (mx_node_id id = 0; id < g->n_nodes; id++)
        for (uint32_t k = 0; k < mx_node_at(g, id)->n_inputs; k++) {
            const mx_port *p = &mx_node_at(g, id)->inputs[k];
            assert_int_equal(mx_scene_route(&s, id, k, &route, NULL), MX_OK);
            if (!route.n) continue;
            const mx_scene_box *from = &s.boxes[s.box_of[p->source]], *to = &s.boxes[s.box_of[id]];
            assert_int_equal(route.points[0].y, from->y + from->h);
            assert_int_equal(route.points[route.n - 1].y, to->y);
            assert_in_range(route.points[0].x, from->x, from->x + from->w);
            assert_in_range(route.points[route.n - 1].x, to->x, to->x + to->w);
            ways++;
        }
    assert_int_equal(ways, 8);
    mx_route_free(&route, g->allocator);
    mx_scene_free(&s);
    mx_graph_release(g);
}

static void folding_makes_smaller(void **state) {
    (void)state;
    mx_graph *g = sample();
    mx_scene_options options = {.depth = MX_DEPTH_ALL};
    mx_scene s = make_scene(g, &options);
    int32_t open = s.boxes[0].h;
    s.boxes[0].open = false;
    assert_int_equal(mx_scene_layout(&s, NULL), MX_OK);
    assert_true(s.boxes[0].h < open);
    s.boxes[0].open = true;
    assert_int_equal(mx_scene_layout(&s, NULL), MX_OK);
    assert_int_equal(s.boxes[0].h, open);
    mx_scene_free(&s);
    mx_graph_release(g);
}

static void expect_label(const mx_scene *s, uint32_t box, const char *title, const char *class,
                         const char *counts_text) {
    mx_buffer b;
    mx_buffer_init(&b, NULL);
    mx_label_title(&b, s, box);
    assert_text(&b, title);
    assert_int_equal(mx_label_class(&b, s, box), class != NULL);
    assert_text(&b, class ? class : "");
    mx_label_counts(&b, s, box, false);
    assert_text(&b, counts_text);
    mx_buffer_free(&b);
}

static void one_line(void *ctx, mx_str label, mx_str value) {
    mx_buffer *b = ctx;
    mx_buffer_add(b, label.p, label.n);
    mx_buffer_byte(b, '=');
    mx_buffer_add(b, value.p, value.n);
    mx_buffer_byte(b, ';');
}

static void texts_of_boxes(void **state) {
    (void)state;
    mx_graph *g = sample();
    mx_scene_options options = {.depth = MX_DEPTH_ALL};
    mx_scene s = make_scene(g, &options);
    mx_buffer b;
    mx_buffer_init(&b, NULL);
    for (uint32_t i = 1; i < s.n_boxes; i++) {
        if (s.boxes[i].kind == MX_BOX_MODULE) expect_label(&s, i, "encoder", "Encoder", "2 ops \xC2\xB7 1");
        if (s.boxes[i].kind == MX_BOX_COMPOUND) expect_label(&s, i, "If", NULL, "2 ops");
        if (s.boxes[i].kind == MX_BOX_BODY) expect_label(&s, i, "then_branch", NULL, "1 op");
        if (s.boxes[i].family != MX_FAMILY_LINEAR) continue;
        assert_int_equal(mx_label_lines(&s, i, one_line, &b, NULL), MX_OK);
        assert_true(b.size > 7 && memcmp(b.data, "weight=", 7) == 0);
    }
    mx_buffer_free(&b);
    mx_scene_free(&s);
    mx_graph_release(g);
}

/* ---- a run of auxiliary operators ---- */

static mx_node_id add_operator(mx_graph *g, const char *op_type, mx_node_id source) {
    mx_node_id id;
    assert_int_equal(mx_graph_add_operator(g, 0, mx_str_of(op_type), (mx_str){NULL, 0}, 1, 1, &id, NULL), MX_OK);
    if (source != MX_NO_NODE) assert_int_equal(mx_graph_connect(g, source, 0, id, 0, NULL), MX_OK);
    return id;
}

static void runs_are_bundled(void **state) {
    (void)state;
    static const char *const run[] = {"Shape", "Cast", "Unsqueeze", "Squeeze"};
    mx_graph *g;
    assert_int_equal(mx_graph_create(NULL, &g, NULL), MX_OK);
    mx_node_id relu = add_operator(g, "Relu", MX_NO_NODE), last = relu;
    for (size_t i = 0; i < 4; i++)
        last = add_operator(g, run[i], last);
    mx_node_id add = add_operator(g, "Expand", relu), sum = add_operator(g, "Relu", add);
    mx_scene_options options = {.depth = MX_DEPTH_ALL, .bundle = true};
    mx_scene s = make_scene(g, &options);
    const mx_scene_box *bundle = &s.boxes[s.boxes[s.box_of[last]].parent];
    assert_int_equal(bundle->kind, MX_BOX_BUNDLE);
    assert_int_equal(bundle->n_children, 4);
    assert_int_equal(bundle->operators, 4);
    assert_false(bundle->open);
    assert_int_equal(s.boxes[s.box_of[add]].parent, 0); /* one alone stays */
    assert_int_equal(s.boxes[s.box_of[sum]].parent, 0);
    assert_true(s.values[s.value_start[last]].quiet);
    assert_false(s.values[s.value_start[relu]].quiet);
    mx_scene_free(&s);
    mx_graph_release(g);
}

/* Two runs, each with a constant of its own and one that both use, among many others. */
static mx_graph *crowd(size_t others, mx_node_id ends[2], mx_node_id own[2], mx_node_id *shared) {
    static const char *const run[] = {"Cast", "Unsqueeze", "Squeeze"};
    mx_graph *g;
    assert_int_equal(mx_graph_create(NULL, &g, NULL), MX_OK);
    mx_node_id last = MX_NO_NODE;
    for (size_t i = 0; i < others; i++)
        last = add_operator(g, "Relu", last);
    assert_int_equal(mx_graph_add_operator(g, 0, MX_STR_LITERAL("Constant"), (mx_str){NULL, 0}, 0, 1, shared, NULL),
                     MX_OK);
    for (size_t k = 0; k < 2; k++) {
        assert_int_equal(
            mx_graph_add_operator(g, 0, MX_STR_LITERAL("Constant"), (mx_str){NULL, 0}, 0, 1, &own[k], NULL), MX_OK);
        assert_int_equal(
            mx_graph_add_operator(g, 0, MX_STR_LITERAL("Reshape"), (mx_str){NULL, 0}, 3, 1, &ends[k], NULL), MX_OK);
        assert_int_equal(mx_graph_connect(g, last, 0, ends[k], 0, NULL), MX_OK);
        assert_int_equal(mx_graph_connect(g, own[k], 0, ends[k], 1, NULL), MX_OK);
        assert_int_equal(mx_graph_connect(g, *shared, 0, ends[k], 2, NULL), MX_OK);
        for (size_t i = 0; i < 3; i++)
            ends[k] = add_operator(g, run[i], ends[k]);
    }
    return g;
}

static void frames_where_there_are_many(void **state) {
    (void)state;
    mx_node_id ends[2], own[2], shared;
    mx_graph *g = crowd(20, ends, own, &shared); /* 20 and 2 * 5 and 1 */
    mx_scene_options options = {.depth = MX_DEPTH_AUTO, .frames = true};
    mx_scene s = make_scene(g, &options);
    mx_buffer b;
    mx_buffer_init(&b, NULL);
    assert_int_equal(s.boxes[0].n_children, 23);
    assert_int_equal(s.boxes[s.box_of[shared]].parent, 0);
    for (size_t k = 0; k < 2; k++) {
        uint32_t frame = s.boxes[s.box_of[ends[k]]].parent;
        assert_int_equal(s.boxes[frame].kind, MX_BOX_BUNDLE);
        assert_int_equal(s.boxes[s.box_of[own[k]]].parent, frame);
        assert_int_equal(s.boxes[frame].n_children, 5);
        assert_false(s.boxes[frame].open);
        mx_label_title(&b, &s, frame);
        assert_text(&b, "auxiliary, 5 operators");
        assert_false(mx_label_counts(&b, &s, frame, true));
        assert_text(&b, "");
    }
    mx_buffer_free(&b);
    mx_scene_free(&s);
    mx_graph_release(g);
}

static void no_frames_where_there_are_few(void **state) {
    (void)state;
    mx_node_id ends[2], own[2], shared;
    mx_graph *g = crowd(19, ends, own, &shared); /* 30 in all */
    mx_scene_options options = {.depth = MX_DEPTH_AUTO, .frames = true};
    mx_scene s = make_scene(g, &options);
    assert_int_equal(s.boxes[0].n_children, 30);
    mx_scene_free(&s);
    mx_graph_release(g);
}

/* Long runs do not make it small enough here: then one operator with its constant is a frame too. */
static void shorter_frames_where_there_are_still_many(void **state) {
    (void)state;
    mx_node_id ends[2], own[2], shared, last, constant;
    mx_graph *g = crowd(40, ends, own, &shared);
    assert_int_equal(mx_graph_add_operator(g, 0, MX_STR_LITERAL("Constant"), (mx_str){NULL, 0}, 0, 1, &constant, NULL),
                     MX_OK);
    mx_node_id relu = add_operator(g, "Relu", ends[0]);
    assert_int_equal(mx_graph_add_operator(g, 0, MX_STR_LITERAL("Reshape"), (mx_str){NULL, 0}, 2, 1, &last, NULL),
                     MX_OK);
    assert_int_equal(mx_graph_connect(g, relu, 0, last, 0, NULL), MX_OK);
    assert_int_equal(mx_graph_connect(g, constant, 0, last, 1, NULL), MX_OK);
    mx_scene_options options = {.depth = MX_DEPTH_AUTO, .frames = true};
    mx_scene s = make_scene(g, &options);
    assert_int_equal(s.boxes[0].n_children, 40 + 3 + 2);
    assert_int_equal(s.boxes[s.box_of[last]].parent, s.boxes[s.box_of[constant]].parent);
    assert_int_equal(s.boxes[s.boxes[s.box_of[last]].parent].n_children, 2);
    mx_scene_free(&s);
    mx_graph_release(g);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts),
        cmocka_unit_test(cutting),
        cmocka_unit_test(widths),
        cmocka_unit_test(a_long_name),
        cmocka_unit_test(boxes_of_a_graph),
        cmocka_unit_test(texts_of_boxes),
        cmocka_unit_test(ways_of_edges),
        cmocka_unit_test(folding_makes_smaller),
        cmocka_unit_test(runs_are_bundled),
        cmocka_unit_test(frames_where_there_are_many),
        cmocka_unit_test(no_frames_where_there_are_few),
        cmocka_unit_test(shorter_frames_where_there_are_still_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
