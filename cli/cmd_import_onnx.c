#include "cli.h"

static void print_result(const char *output, const mx_import_onnx_result *r) {
    printf("%s: written", output);
    const struct {
        uint64_t count;
        const char *what;
    } figures[] = {{r->nodes_new, "nodes new"},
                   {r->nodes_moved, "moved"},
                   {r->nodes_deleted, "deleted"},
                   {r->nodes_changed, "changed"},
                   {r->nodes_retagged, "retagged"},
                   {r->ports_changed, "ports rewired"},
                   {r->initializers_dropped, "initializers dropped"},
                   {r->types_dropped, "types dropped"}};
    const char *before = "; edits: ";
    for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
        if (!figures[i].count) continue;
        printf("%s%llu %s", before, (unsigned long long)figures[i].count, figures[i].what);
        before = ", ";
    }
    puts(*before == ';' ? ", no edits" : "");
}

int mx_cmd_import_onnx(const mx_command *command, int argc, char **argv) {
    const char *args[2];
    int n_args;
    mx_common common = {0};
    mx_import_onnx_options what = {0};
    mx_option options[] = {
        {"--validate", 0, MX_OPTION_FLAG, &what.validate, NULL, NULL, "check the result before it is put in place"},
        {"--external-data", 0, MX_OPTION_FLAG, &what.external_data, NULL, NULL, "point into the .onnxdata file"},
        {"--sidecar", 0, MX_OPTION_TEXT, &what.sidecar, "FILE", NULL, "the .onnxdata file, if it is elsewhere"},
        {"--report", 0, MX_OPTION_TEXT, &what.report, "FILE.json", NULL, "say what was edited"},
        {"--source", 0, MX_OPTION_TEXT, &what.source, "MODEL.onnx", NULL, "with --report: the model that was exported"},
        {NULL, 0, MX_OPTION_FLAG, NULL, NULL, NULL, NULL}};
    int code = mx_cli_parse(command, options, &common, argc, argv, args, 2, 2, &n_args);
    if (code >= 0) return code;
    mx_import_onnx_result result;
    mx_error err;
    if (mx_import_onnx(&common.env, args[0], args[1], &what, &result, &err) != MX_OK) return mx_cli_fail(&err);
    if (!common.quiet) print_result(args[1], &result);
    return mx_cli_finish(EXIT_DONE);
}
