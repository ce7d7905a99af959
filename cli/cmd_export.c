#include "hand_off.h"
#include "progress.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

/* The command's own look at what the library says: mx_common is first, for the messages that all commands share. */
typedef struct export_command {
    mx_common common;
    const mx_command *command;
    mx_progress progress;
    void (*log)(void *ctx, mx_log_level level, const char *message);
    bool log_auxiliary;

    mx_export_options options;
    mx_export_config config;
    const char *config_path, *result_path, *output_dir, *opset;
    bool clean, no_hierarchy;
    bool list_ops; /* for the help: it is looked for before all else, as it needs no model */
    int strategy, attrs, external;

    const char *given[64]; /* the options, for a program that takes the same ones */
    int n_given;
    const char **models;
    char **outputs;
    int n_models;
    mx_export_result **results;
} export_command;

static void log_export(void *ctx, mx_log_level level, const char *message) {
    export_command *e = ctx;
    mx_progress_wipe(&e->progress);
    if (level == MX_LOG_DEBUG && e->log_auxiliary) fprintf(stderr, "modelexport: %s\n", message);
    else e->log(ctx, level, message);
}

static bool show_progress(void *ctx, const char *stage, uint64_t done, uint64_t total) {
    export_command *e = ctx;
    mx_progress_show(&e->progress, stage, done, total);
    return true;
}

static bool is_set(const char *variable) {
    const char *text = getenv(variable);
    return text && *text && strcmp(text, "0") != 0;
}

/* SOURCE_DATE_EPOCH as ISO 8601; NULL: the library takes the time of the clock. */
static const char *timestamp(char out[32]) {
    const char *text = getenv("SOURCE_DATE_EPOCH");
    char *end;
    struct tm tm;
    if (!text || !*text) return NULL;
    time_t when = (time_t)strtoll(text, &end, 10);
    if (*end || !gmtime_r(&when, &tm) || strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0) return NULL;
    return out;
}

/* ---- options ---- */

enum { OLDEST_OPSET = 14, NEWEST_OPSET = 23 };

static int check_opset(export_command *e) {
    char *end;
    if (!e->opset) return -1;
    long v = strtol(e->opset, &end, 10);
    if (!*e->opset || *end || v < OLDEST_OPSET || v > NEWEST_OPSET)
        return mx_cli_usage(e->command, "'%s' is no value for --opset-version, which takes a number from %d to %d", e->opset,
                            OLDEST_OPSET, NEWEST_OPSET);
    e->options.opset_version = (int)v;
    return -1;
}

static int check_shape(const export_command *e) {
    const char *text = e->options.input_shape;
    for (const char *p = text; p && *p;) {
        char *end;
        long long size = *p >= '0' && *p <= '9' ? strtoll(p, &end, 10) : -1;
        if (size < 0 || (*end && *end != ',') || (*end == ',' && !end[1]))
            return mx_cli_usage(e->command, "'%s' is no value for --input-shape, which takes sizes with commas between", text);
        p = *end ? end + 1 : end;
    }
    return -1;
}

/* What is handed to Python writes its own result, and several of them make no file. */
static int check_result(const export_command *e) {
    for (int i = 0; i < e->n_models && e->result_path && e->n_models > 1; i++)
        if (mx_export_needs_python(e->models[i]))
            return mx_cli_usage(e->command, "'%s' is read by Python, for which --result is for one model at a time",
                                e->models[i]);
    return -1;
}

static int check_options(export_command *e) {
    static const mx_external_data external[] = {MX_EXTERNAL_AUTO, MX_EXTERNAL_BESIDE, MX_EXTERNAL_SOURCE};
    static const mx_strategy strategies[] = {MX_STRATEGY_AUTO, MX_STRATEGY_HTP, MX_STRATEGY_USAGE_BASED, MX_STRATEGY_FX};
    int code = check_opset(e);
    if (code < 0) code = check_shape(e);
    if (code < 0) code = check_result(e);
    if (code >= 0) return code;
    e->options.strategy = strategies[e->strategy];
    e->options.external_data = external[e->external];
    e->options.hierarchy_attrs = e->clean || e->no_hierarchy ? MX_HIERARCHY_NONE : (mx_hierarchy_attrs)e->attrs;
    e->options.with_graphml = e->options.with_graphml || e->options.graphml_output;
    e->options.verbose = e->common.verbose;
    if (is_set("MODELEXPORT_ENABLE_PROFILING")) e->options.performance_monitoring = true;
    e->options.log_auxiliary = e->log_auxiliary = is_set("MODELEXPORT_AUX_OPS_DEBUG");
    if (e->n_models > 1 && (e->options.graphml_output || e->options.metadata))
        return mx_cli_usage(e->command, "%s is for one model, and here are %d",
                            e->options.metadata ? "--metadata" : "--graphml-output", e->n_models);
    return -1;
}

/* ---- outputs ---- */

static const char *base_name(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* DIR/NAME.onnx for the model NAME.anything. */
static char *output_in(const char *dir, const char *model) {
    const char *base = base_name(model), *dot = strrchr(base, '.');
    size_t stem = dot && dot > base ? (size_t)(dot - base) : strlen(base), size = strlen(dir) + stem + sizeof "/.onnx";
    char *out = malloc(size);
    if (out) snprintf(out, size, "%s/%.*s.onnx", dir, (int)stem, base);
    return out;
}

static int out_of_memory(void) {
    mx_error err = {.code = MX_ERR_NOMEM, .offset = UINT64_MAX, .message = "out of memory"};
    return mx_cli_fail(&err);
}

static int by_name(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Two models of one name would overwrite each other's outputs. */
static int check_clashes(const export_command *e) {
    char **sorted = malloc((size_t)e->n_models * sizeof *sorted);
    int code = sorted ? -1 : out_of_memory();
    if (sorted) {
        memcpy(sorted, e->outputs, (size_t)e->n_models * sizeof *sorted);
        qsort(sorted, (size_t)e->n_models, sizeof *sorted, by_name);
    }
    for (int i = 1; sorted && i < e->n_models && code < 0; i++)
        if (strcmp(sorted[i - 1], sorted[i]) == 0) code = mx_cli_usage(e->command, "two models would become '%s'", sorted[i]);
    free(sorted);
    return code;
}

static int make_folder(const export_command *e) {
    if (!e->output_dir || mkdir(e->output_dir, 0777) == 0 || errno == EEXIST) return -1;
    fprintf(stderr, "modelexport: %s: cannot be made: %s\n", e->output_dir, strerror(errno));
    return EXIT_OUTPUT;
}

static int name_outputs(export_command *e) {
    for (int i = 0; i < e->n_models; i++) {
        e->outputs[i] = e->output_dir ? output_in(e->output_dir, e->models[i]) : strdup(e->models[i + 1]);
        if (!e->outputs[i]) return out_of_memory();
    }
    int code = check_clashes(e);
    return code >= 0 ? code : make_folder(e);
}

/* ---- running ---- */

static void print_result(const mx_export_result *r) {
    printf("%s: %llu of %llu operators tagged by %s, %llu modules\n", r->output_path,
           (unsigned long long)r->tagged_operations, (unsigned long long)r->total_operations, r->strategy,
           (unsigned long long)r->selection.characteristics.module_count);
}

static int export_one(export_command *e, int i) {
    const mx_env *env = &e->common.env;
    mx_error err, other;
    if (mx_export_needs_python(e->models[i])) return mx_hand_off(e->models[i], e->outputs[i], e->given, e->n_given);
    mx_status status = mx_export(env, e->models[i], e->outputs[i], &e->options, &e->results[i], &err);
    mx_progress_wipe(&e->progress);
    if (status == MX_OK) {
        bool stdout_is_json = e->result_path && strcmp(e->result_path, "-") == 0;
        if (!e->common.quiet && !stdout_is_json) print_result(e->results[i]);
        return EXIT_DONE;
    }
    if (mx_export_failed(env, e->models[i], &err, &e->results[i], &other) != MX_OK) e->results[i] = NULL;
    return mx_cli_fail(&err);
}

static void write_stdout(void *ctx, const char *text, size_t size) {
    (void)ctx;
    fwrite(text, 1, size, stdout);
}

/* A batch tells of failures too; a single export that failed has written nothing, and so no result. */
static int write_results(export_command *e, int code) {
    const mx_export_result *const *results = (const mx_export_result *const *)e->results;
    size_t count = (size_t)e->n_models;
    bool batch = count > 1;
    mx_error err;
    if (!e->result_path || (!batch && code != EXIT_DONE)) return code;
    for (size_t i = 0; i < count; i++)
        if (!results[i]) return code;
    mx_status status = strcmp(e->result_path, "-") == 0
                           ? mx_export_results_json(&e->common.env, results, count, batch, write_stdout, NULL, &err)
                           : mx_export_results_save(&e->common.env, results, count, batch, e->result_path, &err);
    if (status == MX_OK) return code;
    int failed = mx_cli_fail(&err);
    return code != EXIT_DONE ? code : failed;
}

static int run_all(export_command *e) {
    int code = EXIT_DONE;
    for (int i = 0; i < e->n_models; i++) {
        int one = export_one(e, i);
        if (code == EXIT_DONE) code = one;
    }
    return write_results(e, code);
}

static int run(export_command *e) {
    mx_error err;
    int code = check_options(e);
    if (code >= 0) return code;
    if (e->config_path) {
        if (mx_export_config_read(&e->common.env, e->config_path, &e->config, &err) != MX_OK) return mx_cli_fail(&err);
        e->options.config = &e->config;
    }
    code = name_outputs(e);
    return code >= 0 ? code : run_all(e);
}

static int parse(export_command *e, int argc, char **argv, int *n_args) {
    static const char *const strategies[] = {"auto", "htp", "usage_based", "fx", NULL};
    static const char *const attrs[] = {"metadata", "minimal", "attribute", NULL};
    static const char *const external[] = {"", "", "source", NULL};
    mx_export_options *o = &e->options;
    mx_option options[] = {
        {"--strategy", 0, MX_OPTION_CHOICE, &e->strategy, "auto|htp|usage_based|fx", strategies, "how tags are found"},
        {"--prioritize-speed", 0, MX_OPTION_FLAG, &o->prioritize_speed, NULL, NULL, "auto may prefer usage_based"},
        {"--optimize", 0, MX_OPTION_FLAG, &o->optimize, NULL, NULL, "unused weights go, BatchNormalization into Conv (.pt2)"},
        {"--opset-version", 0, MX_OPTION_TEXT, &e->opset, "N", NULL, "14 to 23; an ONNX model keeps its own"},
        {"--input-text", 0, MX_OPTION_TEXT, &o->input_text, "TEXT", NULL, "sample text for a model that is traced"},
        {"--input-shape", 0, MX_OPTION_TEXT, &o->input_shape, "A,B,..", NULL, "sample sizes for a model that is traced"},
        {"--config", 0, MX_OPTION_TEXT, &e->config_path, "FILE.json", NULL, "names of inputs and outputs, open sizes, ..."},
        {"--temp-dir", 0, MX_OPTION_TEXT, &o->temp_dir, "DIR", NULL, "for intermediate files"},
        {"--with-graphml", 0, MX_OPTION_FLAG, &o->with_graphml, NULL, NULL, "also X_hierarchical_graph.graphml"},
        {"--graphml-output", 0, MX_OPTION_TEXT, &o->graphml_output, "PATH", NULL, "the same, elsewhere"},
        {"--with-report", 0, MX_OPTION_FLAG, &o->with_report, NULL, NULL, "also X_htp_export_report.md"},
        {"--result", 0, MX_OPTION_TEXT, &e->result_path, "FILE.json", NULL, "what was done, as JSON; - is stdout"},
        {"--profile", 0, MX_OPTION_FLAG, &o->performance_monitoring, NULL, NULL, "with measurements in the result"},
        {"--no-hierarchy-attrs", 0, MX_OPTION_FLAG, &e->no_hierarchy, NULL, NULL, "no tags in the ONNX file"},
        {"--clean-onnx", 0, MX_OPTION_FLAG, &e->clean, NULL, NULL, "the same"},
        {"--hierarchy-attrs", 0, MX_OPTION_CHOICE, &e->attrs, "metadata|minimal|attribute", attrs, "where tags are put"},
        {"--torch-module", 0, MX_OPTION_TEXT, &o->torch_module, "none|all|A,B,..", NULL, "classes of torch.nn with a tag"},
        {"--metadata", 0, MX_OPTION_TEXT, &o->metadata, "FILE.json", NULL, "a module tree for the model"},
        {"--external-data", 0, MX_OPTION_OPTIONAL, &e->external, "[source]", external, "weights in OUTPUT.onnx.data, or where they are"},
        {"--with-stack-traces", 0, MX_OPTION_FLAG, &o->with_stack_traces, NULL, NULL, "keep a saved program's stack traces (paths)"},
        {"--list-ops", 0, MX_OPTION_FLAG, &e->list_ops, NULL, NULL, "print the operators of PyTorch that can be exported"},
        {"--output-dir", 0, MX_OPTION_TEXT, &e->output_dir, "DIR", NULL, "a batch: each MODEL becomes DIR/NAME.onnx"},
        {NULL, 0, MX_OPTION_FLAG, NULL, NULL, NULL, NULL}};
    _Static_assert(sizeof options / sizeof *options * 2 + 2 <= sizeof e->given / sizeof *e->given, "too many options");
    int code = mx_cli_parse(e->command, options, &e->common, argc, argv, e->models, 1, argc > 1 ? argc : 1, n_args);
    e->n_given = mx_cli_given(options, &e->common, &e->output_dir, e->given);
    return code;
}

/* ---- the table of operators ---- */

static int by_target(const void *a, const void *b) {
    return strcmp(((const mx_source_operator *)a)->target, ((const mx_source_operator *)b)->target);
}

static int list_operators(void) {
    mx_source_operator op, *all;
    size_t n = 0;
    while (mx_export_operator(n, &op)) n++;
    all = malloc((n + 1) * sizeof *all);
    if (!all) return out_of_memory();
    for (size_t i = 0; i < n; i++) mx_export_operator(i, &all[i]);
    qsort(all, n, sizeof *all, by_target);
    printf("%-52s %-32s %5s  %s\n", "operator", "ONNX", "opset", "family");
    for (size_t i = 0; i < n; i++) printf("%-52s %-32s %5d  %s\n", all[i].target, *all[i].onnx ? all[i].onnx : "-", all[i].opset, all[i].family);
    free(all);
    return mx_cli_finish(EXIT_DONE);
}

static bool wants_list(int argc, char **argv) {
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], "--list-ops") == 0) return true;
    return false;
}

static int count_models(export_command *e, int n_args) {
    e->n_models = e->output_dir ? n_args : 1;
    if (e->output_dir || n_args == 2) return -1;
    return mx_cli_usage(e->command, n_args == 1 ? "OUTPUT.onnx is missing" : "several models need --output-dir DIR");
}

static void close_command(export_command *e, size_t n) {
    for (size_t i = 0; e->outputs && i < n; i++) free(e->outputs[i]);
    for (size_t i = 0; e->results && i < n; i++) mx_export_result_free(e->results[i]);
    mx_export_config_free(&e->config);
    free(e->outputs);
    free(e->results);
    free(e->models);
}

int mx_cmd_export(const mx_command *command, int argc, char **argv) {
    export_command e = {.command = command, .options = mx_export_options_default()};
    size_t n = (size_t)argc + 1;
    char when[32];
    int n_args, code;
    if (wants_list(argc, argv)) return list_operators();
    e.models = malloc(n * sizeof *e.models);
    e.outputs = calloc(n, sizeof *e.outputs);
    e.results = calloc(n, sizeof *e.results);
    code = e.models && e.outputs && e.results ? parse(&e, argc, argv, &n_args) : out_of_memory();
    if (code < 0) code = count_models(&e, n_args);
    if (code < 0) {
        e.log = e.common.env.log;
        e.common.env.log = log_export;
        e.common.env.progress = show_progress;
        e.common.env.ctx = &e;
        e.options.timestamp = timestamp(when);
        mx_progress_init(&e.progress, &e.common);
        code = mx_cli_finish(run(&e));
    }
    close_command(&e, n);
    return code;
}
