/* The layout engine alone: what must hold for any graph. */
#include "picture/layout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

typedef struct graph {
    mx_layout layout;
    mx_layout_box *boxes;
    mx_layout_edge *edges;
} graph;

static graph make(uint32_t boxes, uint32_t most_edges) {
    graph g = {.boxes = calloc(boxes, sizeof *g.boxes), .edges = calloc(most_edges + 1, sizeof *g.edges)};
    assert_non_null(g.boxes);
    assert_non_null(g.edges);
    g.layout = (mx_layout){.boxes = g.boxes, .edges = g.edges, .n_boxes = boxes, .n_values = boxes};
    for (uint32_t i = 0; i < boxes; i++)
        g.boxes[i] =
            (mx_layout_box){.w = 60 + (int32_t)(i % 5) * 24, .h = 30 + (int32_t)(i % 3) * 20, .hint = MX_PORT_FREE};
    return g;
}

static void drop(graph *g) {
    mx_layout_free(&g->layout, NULL);
    free(g->boxes);
    free(g->edges);
}

/* The value of an edge is the box it comes from. */
static void join(graph *g, uint32_t from, uint32_t to) {
    g->edges[g->layout.n_edges++] =
        (mx_layout_edge){.from = from, .to = to, .from_x = MX_PORT_FREE, .to_x = MX_PORT_FREE, .value = from};
}

static uint32_t next(uint32_t *state) {
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* ---- what must hold ---- */

static int by_y(const void *a, const void *b) {
    const mx_layout_box *x = *(const mx_layout_box *const *)a, *y = *(const mx_layout_box *const *)b;
    return x->y < y->y ? -1 : x->y > y->y;
}

static void assert_apart(const graph *g) {
    uint32_t n = g->layout.n_boxes;
    const mx_layout_box **sorted = malloc(n * sizeof *sorted);
    for (uint32_t i = 0; i < n; i++)
        sorted[i] = &g->boxes[i];
    qsort(sorted, n, sizeof *sorted, by_y);
    for (uint32_t i = 0; i < n; i++) {
        const mx_layout_box *a = sorted[i];
        assert_true(a->x >= 0 && a->y >= 0 && a->x + a->w <= g->layout.w && a->y + a->h <= g->layout.h);
        for (uint32_t k = i + 1; k < n && sorted[k]->y < a->y + a->h; k++) {
            const mx_layout_box *b = sorted[k];
            assert_true(a->x + a->w <= b->x || b->x + b->w <= a->x);
        }
    }
    free(sorted);
}

static void assert_way(const graph *g, const mx_layout_edge *e) {
    const mx_layout_box *from = &g->boxes[e->from], *to = &g->boxes[e->to];
    const mx_point *p = g->layout.points + e->first_point;
    assert_true(e->n_points >= 2 && e->first_point + e->n_points <= g->layout.n_points);
    assert_int_equal(p[0].x, from->x + e->from_x);
    assert_int_equal(p[0].y, from->y + from->h);
    assert_int_equal(p[e->n_points - 1].x, to->x + e->to_x);
    assert_int_equal(p[e->n_points - 1].y, to->y);
    assert_in_range(e->from_x, 0, from->w);
    assert_in_range(e->to_x, 0, to->w);
    if (!e->back) assert_true(from->y + from->h <= to->y);
    for (uint32_t i = 1; i < e->n_points; i++) {
        assert_true(p[i].x == p[i - 1].x || p[i].y == p[i - 1].y);
        if (!e->back) assert_true(p[i].y >= p[i - 1].y);
    }
}

/* Whether two pieces of different values lie upon each other for some way. */
static bool share_line(mx_point a, mx_point b, mx_point c, mx_point d) {
    bool upright = a.x == b.x;
    if (upright != (c.x == d.x)) return false;
    if (upright ? a.x != c.x : a.y != c.y) return false;
    int32_t from = upright ? a.y : a.x, to = upright ? b.y : b.x, other = upright ? c.y : c.x,
            end = upright ? d.y : d.x;
    int32_t low = from < to ? from : to, high = from < to ? to : from, l = other < end ? other : end,
            h = other < end ? end : other;
    return (low > l ? low : l) < (high < h ? high : h);
}

static bool through(mx_point a, mx_point b, const mx_layout_box *box) {
    int32_t low = a.x < b.x ? a.x : b.x, high = a.x < b.x ? b.x : a.x, top = a.y < b.y ? a.y : b.y,
            bottom = a.y < b.y ? b.y : a.y;
    return low < box->x + box->w && high > box->x && top < box->y + box->h && bottom > box->y;
}

/* Pair by pair: for small graphs. */
static void assert_lines(const graph *g) {
    const mx_point *p = g->layout.points;
    for (uint32_t i = 0; i < g->layout.n_edges; i++) {
        const mx_layout_edge *e = &g->edges[i];
        for (uint32_t s = 1; s < e->n_points; s++) {
            mx_point a = p[e->first_point + s - 1], b = p[e->first_point + s];
            for (uint32_t v = 0; v < g->layout.n_boxes; v++)
                if (through(a, b, &g->boxes[v]))
                    fail_msg("edge %u (%u to %u%s): %d,%d %d,%d through box %u at %d,%d", i, e->from, e->to,
                             e->back ? ", back" : "", a.x, a.y, b.x, b.y, v, g->boxes[v].x, g->boxes[v].y);
            for (uint32_t k = i + 1; k < g->layout.n_edges; k++)
                for (uint32_t t = 1; g->edges[k].value != e->value && t < g->edges[k].n_points; t++)
                    if (share_line(a, b, p[g->edges[k].first_point + t - 1], p[g->edges[k].first_point + t])) {
                        mx_point c = p[g->edges[k].first_point + t - 1], d = p[g->edges[k].first_point + t];
                        fail_msg("edges %u (%u to %u%s) and %u (%u to %u%s): %d,%d %d,%d and %d,%d %d,%d", i, e->from,
                                 e->to, e->back ? ", back" : "", k, g->edges[k].from, g->edges[k].to,
                                 g->edges[k].back ? ", back" : "", a.x, a.y, b.x, b.y, c.x, c.y, d.x, d.y);
                    }
        }
    }
}

static void run(graph *g, bool small) {
    mx_error err = {0};
    assert_int_equal(mx_layout_run(&g->layout, NULL, &err), MX_OK);
    assert_apart(g);
    for (uint32_t i = 0; i < g->layout.n_edges; i++)
        assert_way(g, &g->edges[i]);
    if (small) assert_lines(g);
}

/* ---- graphs ---- */

static void nothing_and_one(void **state) {
    (void)state;
    graph g = make(1, 0);
    run(&g, true);
    assert_int_equal(g.layout.w, g.boxes[0].w);
    assert_int_equal(g.layout.h, g.boxes[0].h);
    g.layout.n_boxes = 0;
    assert_int_equal(mx_layout_run(&g.layout, NULL, NULL), MX_OK);
    drop(&g);
}

static void a_chain_is_straight(void **state) {
    (void)state;
    graph g = make(20, 20);
    for (uint32_t i = 1; i < 20; i++)
        join(&g, i - 1, i);
    run(&g, true);
    for (uint32_t i = 0; i < g.layout.n_edges; i++)
        assert_int_equal(g.edges[i].n_points, 2);
    drop(&g);
}

static void a_skip_runs_beside(void **state) {
    (void)state;
    graph g = make(6, 8);
    for (uint32_t i = 1; i < 6; i++)
        join(&g, i - 1, i);
    join(&g, 0, 4);
    run(&g, true);
    for (uint32_t i = 0; i < 5; i++)
        assert_int_equal(g.edges[i].n_points, 2);
    assert_false(g.edges[5].back);
    assert_true(g.layout.crossings == 0);
    drop(&g);
}

static void a_cycle_has_one_edge_back(void **state) {
    (void)state;
    graph g = make(3, 3);
    join(&g, 0, 1);
    join(&g, 1, 2);
    join(&g, 2, 0);
    run(&g, true);
    assert_int_equal(g.edges[0].back + g.edges[1].back + g.edges[2].back, 1);
    drop(&g);
}

static void pins_stand_first_and_last(void **state) {
    (void)state;
    graph g = make(5, 8);
    g.boxes[0] = (mx_layout_box){.pin = MX_PIN_FIRST, .hint = MX_PORT_FREE};
    g.boxes[1].pin = MX_PIN_FIRST;
    g.boxes[4] = (mx_layout_box){.pin = MX_PIN_LAST, .hint = MX_PORT_FREE};
    join(&g, 0, 3);
    join(&g, 1, 2);
    join(&g, 2, 3);
    join(&g, 3, 4);
    run(&g, true);
    for (uint32_t i = 2; i < 4; i++)
        assert_true(g.boxes[i].y >= g.boxes[1].y + g.boxes[1].h && g.boxes[i].y + g.boxes[i].h <= g.boxes[4].y);
    drop(&g);
}

static void a_planar_ladder_has_no_crossing(void **state) {
    (void)state;
    graph g = make(40, 80);
    for (uint32_t i = 2; i < 40; i++) {
        join(&g, i - 2, i);
        if (i % 2) join(&g, i - 3 > 40 ? 0 : i - 3, i);
    }
    run(&g, true);
    assert_true(g.layout.crossings == 0);
    drop(&g);
}

static void random_graphs(void **state) {
    (void)state;
    for (uint32_t seed = 1; seed <= 60; seed++) {
        uint32_t random = seed, n = 5 + seed % 35;
        graph g = make(n, 3 * n);
        for (uint32_t i = 1; i < n; i++)
            for (uint32_t k = 0; k < 1 + next(&random) % 2; k++) {
                uint32_t from = i - 1 - next(&random) % (i < 8 ? i : 8), to = i;
                if (next(&random) % 16 == 0 && from != to) { /* backwards */
                    to = from;
                    from = i;
                }
                join(&g, from, to);
            }
        run(&g, true);
        drop(&g);
    }
}

static void the_same_twice(void **state) {
    (void)state;
    graph a = make(300, 900), b = make(300, 900);
    uint32_t random = 7;
    for (uint32_t i = 1; i < 300; i++)
        for (uint32_t k = 0; k < 2; k++) {
            uint32_t from = next(&random) % i;
            join(&a, from, i);
            join(&b, from, i);
        }
    run(&a, false);
    run(&b, false);
    assert_memory_equal(a.boxes, b.boxes, 300 * sizeof *a.boxes);
    assert_int_equal(a.layout.n_points, b.layout.n_points);
    assert_memory_equal(a.layout.points, b.layout.points, a.layout.n_points * sizeof(mx_point));
    drop(&a);
    drop(&b);
}

/* Four chains of two boxes, in the order of the lower ones or against it. */
static graph crossed_pairs(int32_t towards) {
    graph g = make(8, 8);
    for (uint32_t i = 0; i < 4; i++) {
        g.boxes[i].pin = MX_PIN_FIRST;
        g.boxes[i].hint = towards > 0 ? (int32_t)i : 3 - (int32_t)i;
        g.boxes[4 + i].pin = MX_PIN_LAST;
        g.boxes[4 + i].hint = (int32_t)i;
        join(&g, i, 4 + i);
    }
    return g;
}

static void hints_cost_what_is_said(void **state) {
    (void)state;
    graph g = crossed_pairs(-1); /* hints that contradict each other: six crossings, or six hints not followed */
    g.layout.crossing_cost = 1;
    g.layout.hint_cost = 100;
    assert_int_equal(mx_layout_order(&g.layout, NULL, NULL), MX_OK);
    assert_int_equal(g.layout.crossings, 6);
    for (uint32_t i = 0; i < 4; i++) { /* order only: x is the place in the layer */
        assert_int_equal(g.boxes[i].x, 3 - i);
        assert_int_equal(g.boxes[4 + i].x, i);
    }
    g.layout.crossing_cost = 100;
    g.layout.hint_cost = 1;
    assert_int_equal(mx_layout_order(&g.layout, NULL, NULL), MX_OK);
    assert_int_equal(g.layout.crossings, 0);
    drop(&g);
}

/* A box with fixed ports in the wrong order tells in which they would cross nothing. */
static void ports_wish(void **state) {
    (void)state;
    graph g = make(7, 8);
    g.layout.n_values = 4;
    for (uint32_t i = 0; i < 3; i++) {
        g.boxes[4 + i].pin = MX_PIN_LAST;
        g.boxes[4 + i].hint = (int32_t)i;
        join(&g, 3, 4 + i);
        g.edges[i].value = i;
        g.edges[i].from_x = 40 - (int32_t)i * 10;
    }
    g.layout.hint_cost = 100;
    assert_int_equal(mx_layout_order(&g.layout, NULL, NULL), MX_OK);
    assert_int_equal(g.layout.crossings, 3);
    for (uint32_t i = 0; i < 3; i++) {
        assert_int_equal(g.edges[i].from_wish, i);
        assert_int_equal(g.edges[i].from_x, 40 - (int32_t)i * 10);
    }
    drop(&g);
}

static double seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Chains with skips, a comb whose teeth all reach the end, one wide layer, two layers with as many wires between them
 * as are put in order, of many pins each, and a value that everything after it uses, a hundred thousand times. */
static graph large(uint32_t kind) {
    uint32_t n = kind == 4 ? 100000 : 20000, random = 3;
    graph g = make(n, 2 * n);
    for (uint32_t i = 1; i < n; i++) {
        if (kind == 0) {
            join(&g, i - 1, i);
            if (i > 8 && i % 3 == 0) join(&g, i - 2 - next(&random) % 6, i);
        } else if (kind == 1) {
            join(&g, i - 1, i);
            if (i < n - 2) join(&g, i, n - 1);
        } else if (kind == 2 && i >= 100) {
            join(&g, next(&random) % 100, i);
        } else if (kind == 3 && i >= 390) {
            join(&g, next(&random) % 390, i);
            join(&g, next(&random) % 390, i);
        } else if (kind == 4) {
            join(&g, i - 1, i);
            if (i > 1) join(&g, 0, i);
        }
    }
    return g;
}

static void lay_out_in_time(graph g, const char *what, uint32_t kind) {
    double start = seconds();
    assert_int_equal(mx_layout_run(&g.layout, NULL, NULL), MX_OK);
    double took = seconds() - start;
    print_message("%s, kind %u: %.2f s, %d by %d\n", what, kind, took, g.layout.w, g.layout.h);
    if (!getenv("MX_VALGRIND")) assert_true(took < 4.0); /* far above what it takes, for slow machines and sanitizers */
    assert_apart(&g);
    drop(&g);
}

static void large_groups(void **state) {
    (void)state;
    for (uint32_t kind = 0; kind < 5; kind++)
        lay_out_in_time(large(kind), "a large group", kind);
}

/* Few wires in a gap, each with very many pins. */
static void dense_gaps(void **state) {
    (void)state;
    uint32_t wide = 290, deep = 4, fan = 70, random = 5;
    graph g = make(wide * deep, wide * (deep - 1) * fan);
    for (uint32_t i = wide; i < wide * deep; i++)
        for (uint32_t k = 0; k < fan; k++)
            join(&g, i - i % wide - wide + (k * 7 + next(&random) % 7) % wide, i);
    lay_out_in_time(g, "dense gaps", 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_and_one),
        cmocka_unit_test(a_chain_is_straight),
        cmocka_unit_test(a_skip_runs_beside),
        cmocka_unit_test(a_cycle_has_one_edge_back),
        cmocka_unit_test(pins_stand_first_and_last),
        cmocka_unit_test(a_planar_ladder_has_no_crossing),
        cmocka_unit_test(random_graphs),
        cmocka_unit_test(the_same_twice),
        cmocka_unit_test(hints_cost_what_is_said),
        cmocka_unit_test(ports_wish),
        cmocka_unit_test(large_groups),
        cmocka_unit_test(dense_gaps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
