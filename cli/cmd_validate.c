#include "cli.h"

static void print_finding(void *ctx, const mx_finding *f) {
    (void)ctx;
    printf("%s: %s: ", f->mended ? "mended" : mx_check_part_name(f->part), f->code);
    if (f->where) printf("%s: ", f->where);
    puts(f->message);
}

static void print_parts(const mx_validation *v) {
    for (int i = 0; i < MX_CHECKS; i++) {
        const mx_validation_part *p = &v->parts[i];
        printf("%-22s ", mx_check_part_name((mx_check_part)i));
        if (!p->checked) {
            puts("not checked");
        } else if (i == MX_CHECK_COVERAGE || i == MX_CHECK_AUXILIARY) {
            printf("%s, %.2f %%\n", p->passed ? "passed" : "failed", p->value);
        } else {
            printf("%s, %llu problem%s\n", p->passed ? "passed" : "failed", (unsigned long long)p->problems,
                   p->problems == 1 ? "" : "s");
        }
    }
}

int mx_cmd_validate(const mx_command *command, int argc, char **argv) {
    const char *args[1];
    int n_args;
    mx_common common = {0};
    mx_validate_options what = {0};
    mx_option options[] = {
        {"--check-consistency", 0, MX_OPTION_FLAG, &what.check_consistency, NULL, NULL,
         "also hold tags against metadata JSON and GraphML"},
        {"--metadata", 0, MX_OPTION_TEXT, &what.metadata, "FILE.json", NULL, "the metadata, if it is elsewhere"},
        {"--graphml", 0, MX_OPTION_TEXT, &what.graphml, "FILE.graphml", NULL, "the GraphML, if it is elsewhere"},
        {"--repair", 0, MX_OPTION_FLAG, &what.repair, NULL, NULL, "mend tags and order; MODEL.bak is what was there"},
        {"--output-file", 0, MX_OPTION_TEXT, &what.report, "F.json", NULL, "write the result as JSON too"},
        {NULL, 0, MX_OPTION_FLAG, NULL, NULL, NULL, NULL}};
    int code = mx_cli_parse(command, options, &common, argc, argv, args, 1, 1, &n_args);
    if (code >= 0) return code;
    mx_validation result;
    mx_error err;
    mx_status status =
        mx_validate(&common.env, args[0], &what, common.quiet ? NULL : print_finding, NULL, &result, &err);
    if (status != MX_OK) return mx_cli_fail(&err);
    if (!common.quiet) print_parts(&result);
    if (!common.quiet && result.backup[0]) printf("what was there before is in %s\n", result.backup);
    if (result.problems == 0) puts("valid");
    else printf("%llu problem%s\n", (unsigned long long)result.problems, result.problems == 1 ? "" : "s");
    return mx_cli_finish(result.problems ? EXIT_FINDING : EXIT_DONE);
}
