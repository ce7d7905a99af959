#include "cli.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

static void print_count(uint64_t n, const char *what, const char *behind) {
    printf("%llu %s%s%s", (unsigned long long)n, what, n == 1 ? "" : "s", behind);
}

static void print_part(void *ctx, const mx_extracted *what) {
    const mx_common *common = ctx;
    if (common->quiet) return;
    printf("%s: ", what->path);
    if (what->module) {
        fputs(what->module, stdout);
    } else {
        print_count(what->modules, "module", "");
    }
    fputs("; ", stdout);
    print_count(what->operators, "operator", ", ");
    print_count(what->inputs, "input", ", ");
    print_count(what->outputs, "output", "; ");
    print_count(what->initializers, "initializer", ", ");
    print_count(what->parameter_bytes, "byte", "\n");
}

int mx_cmd_extract(const mx_command *command, int argc, char **argv) {
    const char *args[2], *tag = NULL, *folder = NULL;
    int n_args;
    bool all = false, unite = false;
    mx_common common = {0};
    mx_option options[] = {
        {"--tag", 0, MX_OPTION_TEXT, &tag, "TEXT", NULL, "the module"},
        {"--all", 0, MX_OPTION_FLAG, &all, NULL, NULL, "where several modules match: one file each, in --output-dir"},
        {"--output-dir", 0, MX_OPTION_TEXT, &folder, "DIR", NULL, "the folder for --all"},
        {"--union", 0, MX_OPTION_FLAG, &unite, NULL, NULL, "where several modules match: all in one file"},
        {NULL, 0, MX_OPTION_FLAG, NULL, NULL, NULL, NULL}};
    int code = mx_cli_parse(command, options, &common, argc, argv, args, 1, 2, &n_args);
    if (code >= 0) return code;
    if (!tag) return mx_cli_usage(command, "--tag TEXT is missing");
    if (all && unite) return mx_cli_usage(command, "--all and --union exclude each other");
    if (all != (folder != NULL)) return mx_cli_usage(command, "--all and --output-dir DIR belong together");
    if (n_args != (all ? 1 : 2))
        return mx_cli_usage(command, all ? "with --all there is no OUT.onnx" : "OUT.onnx is missing");
    if (folder && mkdir(folder, 0777) != 0 && errno != EEXIST) {
        fprintf(stderr, "modelexport: %s: cannot be made: %s\n", folder, strerror(errno));
        return EXIT_OUTPUT;
    }
    mx_error err;
    mx_extract_mode mode = all ? MX_EXTRACT_ALL : unite ? MX_EXTRACT_UNION : MX_EXTRACT_ONE;
    mx_status status = mx_extract(&common.env, args[0], tag, all ? folder : args[1], mode, print_part, &common, &err);
    return status == MX_OK ? mx_cli_finish(EXIT_DONE) : mx_cli_fail(&err);
}
