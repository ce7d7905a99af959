/* Steps of an export that a file alone does not lead to: a strategy that falls back, and leaving out dead weights. */
#include "api/export.h"

#include "small_graph.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* ---- falling back ---- */

typedef struct heard {
    int warnings;
    char last[400];
} heard;

static void hear(void *ctx, mx_log_level level, const char *message) {
    heard *h = ctx;
    h->warnings += level == MX_LOG_WARNING;
    snprintf(h->last, sizeof h->last, "%s", message);
}

/* A model without a module stack, which fx cannot serve. */
static mx_graph *plain_model(const mx_env *env) {
    mx_graph *g = small_graph(env);
    small_input(g, 0, "x");
    small_op(g, 0, "Relu", "x", "/encoder/part/y");
    small_op(g, 0, "Neg", "/encoder/part/y", "z");
    small_output(g, 0, "z");
    small_wire(g);
    return g;
}

static mx_export_job begin(const mx_env *env, const mx_export_options *options, mx_arena *arena) {
    mx_arena_init(arena, NULL);
    return (mx_export_job){.env = env, .model = "m.onnx", .options = options, .arena = arena, .graph = plain_model(env)};
}

static void end(mx_export_job *job) {
    mx_htp_tagging_free(&job->tagging);
    mx_graph_release(job->graph);
    mx_arena_free(job->arena);
}

static void test_falls_back(void **state) {
    (void)state;
    heard h = {0};
    mx_env env = {.log = hear, .ctx = &h};
    mx_export_options options = mx_export_options_default();
    mx_arena arena;
    mx_error err;
    mx_export_job job = begin(&env, &options, &arena);
    mx_strategy strategy = MX_STRATEGY_FX;
    assert_int_equal(mx_export_tag_by(&job, &strategy, &err), MX_OK);
    assert_int_equal(strategy, MX_STRATEGY_HTP);
    assert_int_equal(job.tried.count, 2);
    assert_string_equal(job.tried.items[0], "fx");
    assert_string_equal(job.tried.items[1], "htp");
    assert_int_equal(job.warnings.count, 1);
    assert_int_equal(h.warnings, 1);
    assert_string_equal(h.last, job.warnings.items[0]);
    assert_non_null(strstr(h.last, "strategy fx cannot serve"));
    assert_non_null(strstr(h.last, "falling back to htp"));
    for (mx_node_id id = 0; id < job.graph->n_nodes; id++)
        if (mx_node_at(job.graph, id)->kind == MX_NODE_OPERATOR)
            assert_true(mx_htp_label_of(&job.tagging, id).module < job.tagging.tree.count);
    end(&job);
}

static void test_a_named_strategy_does_not(void **state) {
    (void)state;
    heard h = {0};
    mx_env env = {.log = hear, .ctx = &h};
    mx_export_options options = mx_export_options_default();
    options.strategy = MX_STRATEGY_FX;
    mx_arena arena;
    mx_error err;
    mx_export_job job = begin(&env, &options, &arena);
    mx_strategy strategy = MX_STRATEGY_FX;
    assert_int_equal(mx_export_tag_by(&job, &strategy, &err), MX_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "fx"));
    assert_int_equal(job.tried.count, 1);
    assert_int_equal(job.warnings.count, 0);
    assert_int_equal(h.warnings, 0);
    end(&job);
}

/* ---- dead weights ---- */

typedef struct place {
    char folder[40], model[80], output[80];
} place;

static void save_model(const place *p) {
    mx_graph *g = small_graph(NULL);
    mx_error err;
    small_input(g, 0, "x");
    small_input(g, 0, "unused_default");
    small_initializer(g, 0, "used");
    small_initializer(g, 0, "dead");
    small_initializer(g, 0, "unused_default"); /* an input's value: not dead */
    small_sparse(g, 0, "dead_sparse");
    small_op(g, 0, "Add", "x,used", "y");
    small_output(g, 0, "y");
    small_wire(g);
    if (mx_graph_save_onnx(g, p->model, &err) != MX_OK) fail_msg("%s", err.message);
    mx_graph_release(g);
}

static size_t exported_initializers(const place *p, bool optimize, mx_export_result **result) {
    mx_export_options options = mx_export_options_default();
    mx_graph *g;
    mx_error err;
    options.optimize = optimize;
    if (mx_export(NULL, p->model, p->output, &options, result, &err) != MX_OK) fail_msg("%s", err.message);
    assert_int_equal(mx_graph_load(NULL, p->output, &g, &err), MX_OK);
    size_t n = mx_scope_initializer_count(g, 0);
    mx_graph_free(g);
    return n;
}

static void test_optimize(void **state) {
    (void)state;
    place p = {.folder = "/tmp/test_steps_XXXXXX"};
    mx_export_result *result;
    assert_non_null(mkdtemp(p.folder));
    snprintf(p.model, sizeof p.model, "%s/m.onnx", p.folder);
    snprintf(p.output, sizeof p.output, "%s/o.onnx", p.folder);
    save_model(&p);
    assert_int_equal(exported_initializers(&p, false, &result), 3);
    assert_int_equal(result->n_optimizations_applied, 0);
    mx_export_result_free(result);
    assert_int_equal(exported_initializers(&p, true, &result), 2);
    assert_int_equal(result->n_optimizations_applied, 1);
    assert_string_equal(result->optimizations_applied[0], "2 initializers that nothing uses were left out");
    mx_export_result_free(result);
    static const char *const files[] = {"m.onnx", "o.onnx", "o_htp_metadata.json", "o_hierarchy.json"};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[120];
        snprintf(path, sizeof path, "%s/%s", p.folder, files[i]);
        assert_int_equal(unlink(path), 0);
    }
    assert_int_equal(rmdir(p.folder), 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_falls_back),
        cmocka_unit_test(test_a_named_strategy_does_not),
        cmocka_unit_test(test_optimize),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
