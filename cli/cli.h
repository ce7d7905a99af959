/* What the commands share: option tables, messages, exit codes. Commands see the library only through its public header. */
#ifndef MX_CLI_H
#define MX_CLI_H

#include "modelexport.h"

#include <stdio.h>

enum { /* exit codes */
    EXIT_DONE = 0,
    EXIT_FINDING = 1,
    EXIT_USAGE = 2,
    EXIT_INPUT = 3,
    EXIT_UNSUPPORTED = 4,
    EXIT_OUTPUT = 5
};

typedef enum mx_option_kind {
    MX_OPTION_FLAG,
    MX_OPTION_TEXT,
    MX_OPTION_CHOICE,
    MX_OPTION_OPTIONAL /* a choice that may be left out, which gives 1 */
} mx_option_kind;

/* One row of a command's option table; the last row has name NULL. */
typedef struct mx_option {
    const char *name;         /* "--strategy" */
    char letter;              /* 'o' for -o, 0: none */
    mx_option_kind kind;
    void *target;             /* FLAG: bool; TEXT: const char *; CHOICE, OPTIONAL: int (index into choices) */
    const char *value;        /* for --help: "FILE" */
    const char *const *choices; /* CHOICE, OPTIONAL: NULL-terminated */
    const char *help;
} mx_option;

typedef struct mx_common {
    bool verbose, quiet;
    const char *allow_links;
    mx_env env;
} mx_common;

typedef struct mx_command {
    const char *name;
    const char *arguments; /* "MODEL.onnx [METADATA.json] -o OUT.graphml" */
    const char *summary;   /* one line */
    const char *details;   /* for --help, may be NULL */
    int (*run)(const struct mx_command *command, int argc, char **argv);
} mx_command;

/* Read options and positional arguments. Returns -1 to go on, or the exit code to return (--help, wrong usage).
 * args gets up to `most` arguments; their number must be between `least` and `most`. */
int mx_cli_parse(const mx_command *command, mx_option *options, mx_common *common, int argc, char **argv,
                 const char **args, int least, int most, int *n_args);
/* The options that were given, as arguments for a program with the same options; `but`: the target of one that is left out.
 * out has room for two arguments for each option and four more. Returns how many there are. */
int mx_cli_given(const mx_option *options, const mx_common *common, const void *but, const char **out);
/* One line on stderr; the exit code that goes with it. */
int mx_cli_fail(const mx_error *err);
int mx_cli_usage(const mx_command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Flush stdout: a full disk behind it is an error like any other. */
int mx_cli_finish(int code);

int mx_cmd_export(const mx_command *command, int argc, char **argv);
int mx_cmd_export_graphml(const mx_command *command, int argc, char **argv);
int mx_cmd_import_onnx(const mx_command *command, int argc, char **argv);
int mx_cmd_analyze(const mx_command *command, int argc, char **argv);
int mx_cmd_validate(const mx_command *command, int argc, char **argv);
int mx_cmd_compare(const mx_command *command, int argc, char **argv);
int mx_cmd_extract(const mx_command *command, int argc, char **argv);
int mx_cmd_render(const mx_command *command, int argc, char **argv);
int mx_cmd_replace(const mx_command *command, int argc, char **argv);

#endif
