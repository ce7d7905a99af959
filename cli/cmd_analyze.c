#include "cli.h"

static void print_text(void *ctx, const char *text, size_t size) {
    fwrite(text, 1, size, ctx);
}

int mx_cmd_analyze(const mx_command *command, int argc, char **argv) {
    static const char *const formats[] = {"summary", "detailed", "json", "csv", NULL};
    const char *args[1], *output = NULL;
    int n_args, format = 0;
    mx_common common = {0};
    mx_analysis_options what = {0};
    mx_option options[] = {
        {"--output-format", 0, MX_OPTION_CHOICE, &format, "summary|detailed|json|csv", formats, "default: summary"},
        {"--output-file", 0, MX_OPTION_TEXT, &output, "FILE", NULL, "write there instead of to stdout"},
        {"--filter-tag", 0, MX_OPTION_TEXT, &what.filter_tag, "TEXT", NULL, "only what TEXT selects"},
        {NULL, 0, MX_OPTION_FLAG, NULL, NULL, NULL, NULL}};
    int code = mx_cli_parse(command, options, &common, argc, argv, args, 1, 1, &n_args);
    if (code >= 0) return code;
    if (what.filter_tag && !*what.filter_tag) return mx_cli_usage(command, "--filter-tag needs a text that is not empty");
    what.format = (mx_analysis_format)format;
    mx_error err;
    mx_status status = output ? mx_analyze_to_file(&common.env, args[0], &what, output, NULL, &err)
                              : mx_analyze(&common.env, args[0], &what, print_text, stdout, NULL, &err);
    if (status != MX_OK) return mx_cli_fail(&err);
    return mx_cli_finish(EXIT_DONE);
}
