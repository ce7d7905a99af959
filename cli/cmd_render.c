#include "cli.h"

#include <stdlib.h>
#include <string.h>

#define BAD_DEPTH (-3)

static int depth_of(const char *text) {
    char *end = NULL;
    if (!text || strcmp(text, "auto") == 0) return MX_COLLAPSE_AUTO;
    if (strcmp(text, "all") == 0) return -1;
    long depth = strtol(text, &end, 10);
    return !*text || *end || depth < 0 || depth > 10000 ? BAD_DEPTH : (int)depth;
}

int mx_cmd_render(const mx_command *command, int argc, char **argv) {
    const char *args[2], *depth = NULL;
    int n_args;
    mx_common common = {0};
    mx_option options[] = {{"--depth", 0, MX_OPTION_TEXT, &depth, "N|all|auto", NULL,
                            "groups deeper than N are folded (default: auto, a readable view)"},
                           {NULL, 0, MX_OPTION_FLAG, NULL, NULL, NULL, NULL}};
    int code = mx_cli_parse(command, options, &common, argc, argv, args, 2, 2, &n_args);
    if (code >= 0) return code;
    mx_render_options what = {.depth = depth_of(depth)};
    if (what.depth == BAD_DEPTH)
        return mx_cli_usage(command, "'%s' is no value for --depth, which takes a number from 0 on, 'all' or 'auto'",
                            depth);
    mx_error err;
    if (mx_render(&common.env, args[0], args[1], &what, &err) != MX_OK) return mx_cli_fail(&err);
    return mx_cli_finish(EXIT_DONE);
}
