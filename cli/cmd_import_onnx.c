#include "cli.h"

static void print_result(const char *output, const mx_import_onnx_result *r) {
    printf("%s: written", output);
    if (r->nodes_new + r->nodes_deleted + r->nodes_moved + r->ports_changed == 0) {
        puts(", no edits");
        return;
    }
    printf("; edits: %llu nodes new, %llu moved, %llu deleted, %llu ports rewired, %llu initializers dropped\n",
           (unsigned long long)r->nodes_new, (unsigned long long)r->nodes_moved, (unsigned long long)r->nodes_deleted,
           (unsigned long long)r->ports_changed, (unsigned long long)r->initializers_dropped);
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
        {NULL, 0, MX_OPTION_FLAG, NULL, NULL, NULL, NULL}};
    int code = mx_cli_parse(command, options, &common, argc, argv, args, 2, 2, &n_args);
    if (code >= 0) return code;
    mx_import_onnx_result result;
    mx_error err;
    if (mx_import_onnx(&common.env, args[0], args[1], &what, &result, &err) != MX_OK) return mx_cli_fail(&err);
    if (!common.quiet) print_result(args[1], &result);
    return mx_cli_finish(EXIT_DONE);
}
