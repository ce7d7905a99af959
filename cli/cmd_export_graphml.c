#include "cli.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* SOURCE_DATE_EPOCH as ISO 8601; without it no time is written, so that the same model gives the same bytes. */
static const char *timestamp(char out[32]) {
    const char *text = getenv("SOURCE_DATE_EPOCH");
    char *end;
    struct tm tm;
    if (!text || !*text) return NULL;
    long long seconds = strtoll(text, &end, 10);
    time_t when = (time_t)seconds;
    if (*end || !gmtime_r(&when, &tm) || strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0) return NULL;
    return out;
}

static void print_result(const char *output, const mx_export_graphml_result *r) {
    printf("%s: %llu nodes, %llu edges; %llu tensors, %llu bytes", output, (unsigned long long)r->nodes,
           (unsigned long long)r->edges, (unsigned long long)r->tensors, (unsigned long long)r->parameter_bytes);
    if (r->parameter_file[0]) printf(", in %s", r->parameter_file);
    putchar('\n');
}

#define BAD_DEPTH (-3)

static int collapse_depth(const char *text) {
    char *end = NULL;
    if (!text) return -1;
    if (strcmp(text, "auto") == 0) return MX_COLLAPSE_AUTO;
    long depth = strtol(text, &end, 10);
    return !*text || *end || depth < 0 || depth > 10000 ? BAD_DEPTH : (int)depth;
}

int mx_cmd_export_graphml(const mx_command *command, int argc, char **argv) {
    static const char *const strategies[] = {"sidecar", "embedded", "reference", NULL};
    const char *args[2], *output = NULL, *depth = NULL;
    char when[32];
    int strategy = 0, n_args;
    bool no_layout = false;
    mx_common common = {0};
    mx_option options[] = {
        {"--output", 'o', MX_OPTION_TEXT, &output, "OUT.graphml", NULL, "the file to write"},
        {"--strategy", 0, MX_OPTION_CHOICE, &strategy, "sidecar|embedded|reference", strategies, "where the weights go"},
        {"--collapse-depth", 0, MX_OPTION_TEXT, &depth, "N|auto", NULL, "groups deeper than N start folded in yEd; auto: a readable first view"},
        {"--no-layout", 0, MX_OPTION_FLAG, &no_layout, NULL, NULL, "compute no positions"},
        {NULL, 0, MX_OPTION_FLAG, NULL, NULL, NULL, NULL}};
    int code = mx_cli_parse(command, options, &common, argc, argv, args, 1, 2, &n_args);
    if (code >= 0) return code;
    if (!output) return mx_cli_usage(command, "-o OUT.graphml is missing");
    int collapse = collapse_depth(depth);
    if (collapse == BAD_DEPTH)
        return mx_cli_usage(command, "'%s' is no value for --collapse-depth, which takes a number from 0 on or 'auto'", depth);
    mx_export_graphml_options what = {.strategy = (mx_parameter_strategy)strategy,
                                      .metadata = n_args > 1 ? args[1] : NULL,
                                      .collapse_depth = collapse,
                                      .no_layout = no_layout,
                                      .timestamp = timestamp(when)};
    mx_export_graphml_result result;
    mx_error err;
    if (mx_export_graphml(&common.env, args[0], output, &what, &result, &err) != MX_OK) return mx_cli_fail(&err);
    if (!common.quiet) print_result(output, &result);
    return mx_cli_finish(EXIT_DONE);
}
