#include "cli.h"

int mx_cmd_replace(const mx_command *command, int argc, char **argv) {
    const char *args[3], *tag = NULL;
    int n_args;
    bool unite = false;
    mx_common common = {0};
    mx_option options[] = {
        {"--tag", 0, MX_OPTION_TEXT, &tag, "TEXT", NULL, "the module"},
        {"--union", 0, MX_OPTION_FLAG, &unite, NULL, NULL, "where several modules match: PART.onnx stands for all of them"},
        {NULL, 0, MX_OPTION_FLAG, NULL, NULL, NULL, NULL}};
    int code = mx_cli_parse(command, options, &common, argc, argv, args, 3, 3, &n_args);
    if (code >= 0) return code;
    if (!tag) return mx_cli_usage(command, "--tag TEXT is missing");
    mx_error err;
    mx_status status = mx_replace(&common.env, args[0], tag, args[1], args[2], unite, &err);
    if (status != MX_OK) return mx_cli_fail(&err);
    if (!common.quiet) printf("%s: written\n", args[2]);
    return mx_cli_finish(EXIT_DONE);
}
