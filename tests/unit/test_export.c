/* The export through the public header: results, configurations, recommendations, tag queries; and all of it without
 * memory. */
#include "allocator.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SAMPLE MX_SOURCE_DIR "/samples/resnet_thin.onnx"
#define BERT   MX_SOURCE_DIR "/samples/bert_tiny.onnx"

static char folder[64];

static int make_folder(void **state) {
    (void)state;
    strcpy(folder, "/tmp/test_export_XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int count_files(void) {
    int n = 0;
    DIR *d = opendir(folder);
    for (struct dirent *e = readdir(d); e; e = readdir(d)) n += e->d_name[0] != '.' || strlen(e->d_name) > 2;
    closedir(d);
    return n;
}

static void empty_folder(void) {
    DIR *d = opendir(folder);
    for (struct dirent *e = readdir(d); e; e = readdir(d)) {
        char path[400];
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        unlink(path);
    }
    closedir(d);
}

static int remove_folder(void **state) {
    (void)state;
    empty_folder();
    return rmdir(folder);
}

static const char *in_folder(const char *name) {
    static char path[400];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name, const char *text) {
    FILE *f = fopen(in_folder(name), "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static bool is(mx_str s, const char *text) {
    return s.p && s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
}

/* ---- export ---- */

static void test_result(void **state) {
    mx_export_options options = mx_export_options_default();
    mx_export_result *r;
    mx_error err;
    (void)state;
    options.performance_monitoring = true;
    options.with_report = true;
    assert_int_equal(mx_export(NULL, SAMPLE, in_folder("out.onnx"), &options, &r, &err), MX_OK);
    assert_true(r->success);
    assert_string_equal(r->strategy, "htp");
    assert_int_equal(r->total_operations, 47);
    assert_int_equal(r->tagged_operations, 47);
    assert_int_equal(r->n_files, 4);
    assert_string_equal(r->selection.characteristics.model_type, "cnn");
    assert_true(r->has_profile);
    assert_int_equal(r->n_warnings, 0);
    mx_export_result_free(r);
    assert_int_equal(count_files(), 4);
    empty_folder();
}

static void test_no_result_is_wanted(void **state) {
    (void)state;
    assert_int_equal(mx_export(NULL, SAMPLE, in_folder("out.onnx"), NULL, NULL, NULL), MX_OK);
    empty_folder();
}

static void test_failure(void **state) {
    mx_export_result *r = (mx_export_result *)1;
    mx_error err;
    (void)state;
    assert_int_equal(mx_export(NULL, "model.pt", in_folder("out.onnx"), NULL, &r, &err), MX_ERR_UNSUPPORTED);
    assert_null(r);
    assert_string_equal(err.file, "model.pt");
    assert_int_equal(mx_export_failed(NULL, "model.pt", &err, &r, NULL), MX_OK);
    assert_false(r->success);
    assert_string_equal(r->error, err.message);
    mx_export_result_free(r);
    mx_export_result_free(NULL);
    assert_int_equal(count_files(), 0);
}

typedef struct stopping {
    int calls, stop_at;
} stopping;

static bool count_down(void *ctx, const char *stage, uint64_t done, uint64_t total) {
    stopping *s = ctx;
    assert_non_null(stage);
    assert_true(done <= total);
    return ++s->calls != s->stop_at;
}

static void test_progress_can_stop_it(void **state) {
    (void)state;
    for (int stop_at = 1; stop_at < 100; stop_at++) {
        stopping s = {0, stop_at};
        mx_env env = {.progress = count_down, .ctx = &s};
        mx_error err;
        mx_status status = mx_export(&env, SAMPLE, in_folder("out.onnx"), NULL, NULL, &err);
        if (status == MX_OK) {
            assert_true(stop_at > 3);
            empty_folder();
            return;
        }
        assert_int_equal(status, MX_ERR_CANCELLED);
        assert_int_equal(count_files(), 0);
    }
    fail();
}

static void test_bad_options(void **state) {
    mx_export_options options = mx_export_options_default();
    (void)state;
    options.strategy = (mx_strategy)17;
    assert_int_equal(mx_export(NULL, SAMPLE, in_folder("out.onnx"), &options, NULL, NULL), MX_ERR_USAGE);
    options = mx_export_options_default();
    options.temp_dir = in_folder("none");
    assert_int_equal(mx_export(NULL, SAMPLE, "out.onnx", &options, NULL, NULL), MX_ERR_WRITE);
}

/* ---- memory ---- */

static mx_status export_with(const mx_env *env, const mx_export_options *options) {
    mx_export_result *r;
    mx_error err;
    mx_status status = mx_export(env, SAMPLE, in_folder("out.onnx"), options, &r, &err);
    if (status != MX_OK) assert_int_equal(err.code, status);
    mx_export_result_free(r);
    return status;
}

/* Every allocation fails once; under valgrind only some do. */
static void test_export_without_memory(void **state) {
    const char *name = "x";
    const mx_dynamic_axis axis = {"x", 0, "n"};
    const mx_export_config config = {.input_names = &name, .n_input_names = 1, .dynamic_axes = &axis, .n_dynamic_axes = 1};
    mx_export_options options = mx_export_options_default();
    size_t step = getenv("MX_VALGRIND") ? 37 : 1;
    (void)state;
    options.performance_monitoring = options.with_report = true;
    options.config = &config;
    options.external_data = MX_EXTERNAL_BESIDE;
    for (size_t n = 1;; n += step) {
        test_allocator t;
        test_allocator_init(&t);
        t.fail_at = n;
        mx_env env = {.allocator = &t.allocator};
        mx_status status = export_with(&env, &options);
        assert_int_equal(t.blocks, 0);
        if (!t.failed) {
            assert_int_equal(status, MX_OK);
            break;
        }
        if (status != MX_OK) {
            assert_int_equal(status, MX_ERR_NOMEM);
            assert_int_equal(count_files(), 0);
        }
        empty_folder();
    }
    empty_folder();
}

/* The same with a saved program, whose sizes get a name; fewer of the allocations fail. */
static void test_program_without_memory(void **state) {
    const char *const program = MX_SOURCE_DIR "/tests/torch/tagged.pt2";
    const mx_dynamic_axis axis = {"ids", 0, "batch"};
    const mx_export_config config = {.dynamic_axes = &axis, .n_dynamic_axes = 1};
    mx_export_options options = mx_export_options_default();
    size_t step = getenv("MX_VALGRIND") ? 997 : 29;
    (void)state;
    options.config = &config;
    options.external_data = MX_EXTERNAL_BESIDE;
    for (size_t n = 1;; n += step) {
        test_allocator t;
        test_allocator_init(&t);
        t.fail_at = n;
        mx_env env = {.allocator = &t.allocator};
        mx_status status = mx_export(&env, program, in_folder("out.onnx"), &options, NULL, NULL);
        assert_int_equal(t.blocks, 0);
        assert_true(status == MX_OK || (t.failed && status == MX_ERR_NOMEM));
        if (status != MX_OK) assert_int_equal(count_files(), 0);
        empty_folder();
        if (!t.failed) break;
    }
}

static mx_status use_tags(const mx_env *env) {
    mx_tags *tags;
    mx_tag_selection selection;
    mx_status status = mx_tags_load(env, SAMPLE, &tags, NULL);
    if (status != MX_OK) return status;
    status = mx_tags_query(tags, (mx_str){"encoder", 7}, &selection, NULL);
    mx_tag_selection_free(&selection);
    mx_tags_free(tags);
    return status;
}

/* A model whose tags only the JSON beside it has. */
static mx_status use_consistency(const mx_env *env) {
    mx_tags *tags;
    uint64_t problems;
    mx_status status = mx_tags_load(env, in_folder("out.onnx"), &tags, NULL);
    if (status != MX_OK) return status;
    status = mx_tags_consistency(tags, NULL, NULL, NULL, NULL, &problems, NULL);
    mx_tags_free(tags);
    return status;
}

static mx_status recommend(const mx_env *env) {
    mx_recommendation r;
    mx_status status = mx_recommend_strategy(env, SAMPLE, NULL, false, &r, NULL);
    mx_recommendation_free(&r);
    return status;
}

static mx_status read_config(const mx_env *env) {
    mx_export_config config;
    mx_status status = mx_export_config_read(env, in_folder("config.json"), &config, NULL);
    mx_export_config_free(&config);
    return status;
}

static void fail_everywhere(mx_status (*call)(const mx_env *env)) {
    size_t step = getenv("MX_VALGRIND") ? 37 : 1;
    for (size_t n = 1;; n += step) {
        test_allocator t;
        test_allocator_init(&t);
        t.fail_at = n;
        mx_env env = {.allocator = &t.allocator};
        mx_status status = call(&env);
        assert_int_equal(t.blocks, 0);
        if (!t.failed) {
            assert_int_equal(status, MX_OK);
            return;
        }
        assert_true(status == MX_OK || status == MX_ERR_NOMEM);
    }
}

static const char config_text[] = "{\"opset_version\": 17, \"input_names\": [\"a\", \"b\"], \"output_names\": [],"
                                  " \"dynamic_axes\": {\"a\": {\"0\": \"n\", \"-1\": \"m\"}, \"b\": [1]},"
                                  " \"do_constant_folding\": true, \"export_params\": true,"
                                  " \"input_specs\": {\"a\": {\"dtype\": \"half\", \"shape\": [2, 3], \"range\": [0, 1.5]}}}";

static void test_others_without_memory(void **state) {
    (void)state;
    write_file("config.json", config_text);
    fail_everywhere(use_tags);
    fail_everywhere(recommend);
    fail_everywhere(read_config);
    mx_export_options options = mx_export_options_default();
    options.hierarchy_attrs = MX_HIERARCHY_NONE;
    assert_int_equal(mx_export(NULL, SAMPLE, in_folder("out.onnx"), &options, NULL, NULL), MX_OK);
    fail_everywhere(use_consistency);
    empty_folder();
}

/* ---- configuration ---- */

static void test_config(void **state) {
    mx_export_config c;
    (void)state;
    write_file("config.json", config_text);
    assert_int_equal(mx_export_config_read(NULL, in_folder("config.json"), &c, NULL), MX_OK);
    assert_int_equal(c.opset_version, 17);
    assert_int_equal(c.n_input_names, 2);
    assert_string_equal(c.input_names[1], "b");
    assert_int_equal(c.n_output_names, 0);
    assert_int_equal(c.n_dynamic_axes, 3);
    assert_string_equal(c.dynamic_axes[0].name, "n");
    assert_int_equal(c.dynamic_axes[1].axis, -1);
    assert_string_equal(c.dynamic_axes[2].name, "b_axis_1");
    assert_int_equal(c.do_constant_folding, MX_YES);
    assert_int_equal(c.input_specs[0].rank, 2);
    assert_true(c.input_specs[0].has_range && c.input_specs[0].high == 1.5);
    mx_export_config_free(&c);
    mx_export_config_free(&c);
    empty_folder();
}

static void test_bad_config(void **state) {
    mx_export_config c;
    mx_error err;
    (void)state;
    write_file("config.json", "{\"a\": 1,\n\n");
    assert_int_equal(mx_export_config_read(NULL, in_folder("config.json"), &c, &err), MX_ERR_SYNTAX);
    assert_int_equal(err.line, 3);
    write_file("config.json", "{\"a\\u0001\": 1}");
    assert_int_equal(mx_export_config_read(NULL, in_folder("config.json"), &c, &err), MX_ERR_INVALID);
    assert_non_null(strstr(err.message, "a\\x01"));
    assert_null(c.owner);
    empty_folder();
}

/* ---- recommending ---- */

static void test_recommendation(void **state) {
    mx_recommendation r;
    (void)state;
    assert_int_equal(mx_recommend_strategy(NULL, BERT, NULL, false, &r, NULL), MX_OK);
    assert_int_equal(r.selected, MX_STRATEGY_HTP);
    assert_true(r.confidence > 0.5 && r.confidence <= 1);
    assert_true(r.n_reasoning > 0);
    assert_string_equal(r.characteristics.model_type, "transformer");
    assert_true(r.characteristics.module_count > 20);
    mx_recommendation_free(&r);
    assert_int_equal(mx_recommend_strategy(NULL, BERT, NULL, true, &r, NULL), MX_OK);
    assert_int_equal(r.selected, MX_STRATEGY_USAGE_BASED);
    mx_recommendation_free(&r);
}

/* ---- tags ---- */

static mx_tags *load_tagged(void) {
    mx_tags *tags;
    assert_int_equal(mx_export(NULL, BERT, in_folder("out.onnx"), NULL, NULL, NULL), MX_OK);
    assert_int_equal(mx_tags_load(NULL, in_folder("out.onnx"), &tags, NULL), MX_OK);
    empty_folder();
    return tags;
}

static void test_tag_statistics(void **state) {
    mx_tags *tags;
    uint64_t operators, sum = 0;
    (void)state;
    assert_int_equal(mx_tags_load(NULL, BERT, &tags, NULL), MX_OK);
    assert_int_equal(mx_tags_statistics(tags).operators, 285);
    assert_int_equal(mx_tags_statistics(tags).tagged, 0);
    assert_true(mx_tags_statistics(tags).coverage == 0);
    mx_tags_free(tags);
    tags = load_tagged();
    mx_tag_statistics s = mx_tags_statistics(tags);
    assert_int_equal(s.tagged, 285);
    assert_int_equal(s.direct + s.parent + s.inherited + s.root, 285);
    assert_int_equal(s.auxiliary, s.auxiliary_tagged);
    assert_int_equal(s.tags, mx_tags_count(tags));
    for (size_t i = 0; i < mx_tags_count(tags); i++) {
        assert_true(mx_tags_tag(tags, i, &operators).n > 0);
        sum += operators;
    }
    assert_int_equal(sum, 285);
    assert_null(mx_tags_tag(tags, mx_tags_count(tags), &operators).p);
    assert_int_equal(operators, 0);
    mx_tags_free(tags);
}

static size_t matches(const mx_tags *tags, const char *text, size_t *modules) {
    mx_tag_selection s;
    assert_int_equal(mx_tags_query(tags, (mx_str){text, strlen(text)}, &s, NULL), MX_OK);
    size_t n = s.n_operators;
    if (modules) *modules = s.n_modules;
    mx_tag_selection_free(&s);
    return n;
}

static void test_tag_query(void **state) {
    mx_tags *tags = load_tagged();
    size_t modules, one, all;
    (void)state;
    one = matches(tags, "encoder.layer.0.attention", &modules); /* a dotted name */
    assert_int_equal(modules, 1);
    assert_true(one > 60);
    assert_int_equal(matches(tags, "/main_graph/encoder/layer.0/attention", &modules), one); /* a tag */
    assert_int_equal(matches(tags, "layer.0/attention", &modules), one);                     /* steps */
    assert_int_equal(modules, 1);
    all = matches(tags, "layer/attention", &modules); /* without the number: both layers */
    assert_int_equal(modules, 2);
    assert_true(all > one);
    assert_int_equal(matches(tags, "attention/self", &modules) > 0, 1);
    assert_int_equal(modules, 2);
    assert_int_equal(matches(tags, "encoder/attention", &modules), 0); /* a step is left out */
    assert_int_equal(matches(tags, "ttenti", &modules), all);          /* a piece */
    assert_int_equal(matches(tags, "nothing of the kind", &modules), 0);
    assert_int_equal(modules, 0);
    assert_int_equal(matches(tags, "", &modules), 0);
    assert_int_equal(matches(tags, "/main_graph", &modules), 285);
    assert_int_equal(matches(tags, "auxiliary", &modules), mx_tags_statistics(tags).auxiliary);
    mx_tags_free(tags);
}

static void test_tag_selection(void **state) {
    mx_tags *tags = load_tagged();
    mx_tag_selection s;
    (void)state;
    assert_int_equal(mx_tags_query(tags, (mx_str){"pooler", 6}, &s, NULL), MX_OK);
    assert_int_equal(s.n_outputs, 1);
    assert_true(is(s.outputs[0], "pooler_output"));
    assert_int_equal(s.n_inputs, 2); /* the other is a constant that embeddings uses too */
    assert_true(is(s.inputs[0], "last_hidden_state"));
    assert_int_equal(s.n_parameters, 2);
    for (size_t i = 0; i < s.n_operators; i++) {
        mx_str tag = mx_tags_of(tags, s.operators[i]);
        assert_true(tag.n >= 18 && memcmp(tag.p, "/main_graph/pooler", 18) == 0);
    }
    mx_tag_selection_free(&s);
    mx_tag_selection_free(&s);
    mx_tags_free(tags);
}

typedef struct faults {
    int count, of_the_part;
    char code[40], where[200];
} faults;

static void take_fault(void *ctx, const mx_finding *f) {
    faults *all = ctx;
    all->count++;
    all->of_the_part += f->part == MX_CHECK_CONSISTENCY && !f->mended && *f->message;
    snprintf(all->code, sizeof all->code, "%s", f->code);
    snprintf(all->where, sizeof all->where, "%s", f->where ? f->where : "");
}

static uint64_t find_faults(const mx_tags *tags, const char *metadata, const char *graphml, faults *out) {
    uint64_t problems, again;
    mx_error err;
    *out = (faults){0};
    if (mx_tags_consistency(tags, metadata, graphml, take_fault, out, &problems, &err) != MX_OK)
        fail_msg("%s: %s", err.file, err.message);
    assert_int_equal(out->count, problems);
    assert_int_equal(out->of_the_part, problems);
    assert_int_equal(mx_tags_consistency(tags, metadata, graphml, NULL, NULL, &again, NULL), MX_OK);
    assert_int_equal(again, problems);
    return problems;
}

static void test_tag_consistency(void **state) {
    (void)state;
    mx_export_options options = mx_export_options_default();
    mx_tags *tags;
    faults found;
    uint64_t problems;
    options.with_graphml = true;
    assert_int_equal(mx_export(NULL, BERT, in_folder("out.onnx"), &options, NULL, NULL), MX_OK);
    assert_int_equal(mx_tags_load(NULL, in_folder("out.onnx"), &tags, NULL), MX_OK);
    assert_int_equal(find_faults(tags, NULL, NULL, &found), 0);

    write_file("stale.json", "{\"modules\": {\"class_name\": \"N\", \"traced_tag\": \"/N\"}, \"nodes\": {\"gone\": \"/N\"}}");
    char stale[400];
    snprintf(stale, sizeof stale, "%s", in_folder("stale.json"));
    assert_true(find_faults(tags, stale, NULL, &found) > 285); /* no tag is known; all operators are missing; one is too many */
    assert_string_equal(found.code, "stale-node-name");
    assert_string_equal(found.where, "'gone'");

    write_file("stale.json", "{\"modules\": 1}");
    mx_error err;
    assert_int_equal(mx_tags_consistency(tags, stale, NULL, NULL, NULL, &problems, &err), MX_ERR_INVALID);
    assert_non_null(strstr(err.message, "modules"));
    assert_int_equal(mx_tags_consistency(tags, NULL, stale, NULL, NULL, &problems, &err), MX_ERR_SYNTAX);
    assert_int_equal(problems, 0);
    mx_tags_free(tags);
    empty_folder();
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_result),           cmocka_unit_test(test_no_result_is_wanted),
        cmocka_unit_test(test_failure),          cmocka_unit_test(test_progress_can_stop_it),
        cmocka_unit_test(test_bad_options),      cmocka_unit_test(test_export_without_memory), cmocka_unit_test(test_program_without_memory),
        cmocka_unit_test(test_others_without_memory),
        cmocka_unit_test(test_config),           cmocka_unit_test(test_bad_config),
        cmocka_unit_test(test_recommendation),   cmocka_unit_test(test_tag_statistics),
        cmocka_unit_test(test_tag_query),        cmocka_unit_test(test_tag_selection),
        cmocka_unit_test(test_tag_consistency),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
