#include "cli.h"

static bool print_difference(void *ctx, const mx_difference *d) {
    static const char *const words[] = {"added", "removed", "changed"};
    (void)ctx;
    printf("%s %s %s", words[d->kind], d->what, d->where);
    if (d->before && d->after) {
        printf(": %s -> %s", d->before, d->after);
    } else if (d->before || d->after) {
        printf(": %s", d->before ? d->before : d->after);
    }
    putchar('\n');
    return true;
}

int mx_cmd_compare(const mx_command *command, int argc, char **argv) {
    const char *args[2], *report = NULL;
    int n_args;
    bool exit_zero = false;
    mx_common common = {0};
    mx_option options[] = {
        {"--output-file", 0, MX_OPTION_TEXT, &report, "F.json", NULL, "write the differences as JSON too"},
        {"--exit-zero", 0, MX_OPTION_FLAG, &exit_zero, NULL, NULL, "exit with 0 also when there are differences"},
        {NULL, 0, MX_OPTION_FLAG, NULL, NULL, NULL, NULL}};
    int code = mx_cli_parse(command, options, &common, argc, argv, args, 2, 2, &n_args);
    if (code >= 0) return code;
    uint64_t count;
    mx_error err;
    mx_status status =
        mx_compare(&common.env, args[0], args[1], report, common.quiet ? NULL : print_difference, NULL, &count, &err);
    if (status != MX_OK) return mx_cli_fail(&err);
    if (count == 0) {
        puts("identical");
    } else {
        printf("%llu difference%s\n", (unsigned long long)count, count == 1 ? "" : "s");
    }
    return mx_cli_finish(count && !exit_zero ? EXIT_FINDING : EXIT_DONE);
}
