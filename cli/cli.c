#include "cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

static void log_message(void *ctx, mx_log_level level, const char *message) {
    const mx_common *common = ctx;
    if (level == MX_LOG_WARNING ? common->quiet : !common->verbose) return;
    fprintf(stderr, "modelexport: %s%s\n", level == MX_LOG_WARNING ? "warning: " : "", message);
}

int mx_cli_usage(const mx_command *command, const char *format, ...) {
    va_list args;
    fputs("modelexport: ", stderr);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fprintf(stderr, ": see 'modelexport %s --help'\n", command->name);
    return EXIT_USAGE;
}

static int exit_code(mx_status code) {
    switch (code) {
    case MX_OK: return EXIT_DONE;
    case MX_ERR_USAGE: return EXIT_USAGE;
    case MX_ERR_UNSUPPORTED: return EXIT_UNSUPPORTED;
    case MX_ERR_WRITE:
    case MX_ERR_CANCELLED: return EXIT_OUTPUT;
    default: return EXIT_INPUT;
    }
}

int mx_cli_fail(const mx_error *err) {
    fputs("modelexport: ", stderr);
    if (err->file[0]) fputs(err->file, stderr);
    if (err->file[0] && err->line) fprintf(stderr, ":%u", err->line);
    if (err->file[0]) fputs(": ", stderr);
    fputs(err->message, stderr);
    const char *before = ": ";
    if (err->node[0]) {
        fprintf(stderr, "%snode '%s'", before, err->node);
        before = ", ";
    }
    if (err->offset != UINT64_MAX) fprintf(stderr, "%sbyte offset %llu", before, (unsigned long long)err->offset);
    fputc('\n', stderr);
    return exit_code(err->code);
}

int mx_cli_finish(int code) {
    if (fflush(stdout) == 0 && !ferror(stdout)) return code;
    fprintf(stderr, "modelexport: standard output cannot be written: %s\n", strerror(errno));
    return EXIT_OUTPUT;
}

static void print_option(const mx_option *o) {
    char left[80];
    char letter[6] = "";
    if (o->letter) snprintf(letter, sizeof letter, "-%c, ", o->letter);
    snprintf(left, sizeof left, "%s%s%s%s", letter, o->name, o->value ? " " : "", o->value ? o->value : "");
    printf("  %-34s %s\n", left, o->help);
}

static int print_help(const mx_command *command, const mx_option *options) {
    printf("usage: modelexport %s %s\n\n%s\n\n", command->name, command->arguments, command->summary);
    for (const mx_option *o = options; o->name; o++) print_option(o);
    static const mx_option common[] = {
        {"--allow-links", 0, MX_OPTION_TEXT, NULL, "DIR", NULL, "symbolic links to data files may lead into DIR"},
        {"--verbose", 'v', MX_OPTION_FLAG, NULL, NULL, NULL, "say on stderr what is done"},
        {"--quiet", 'q', MX_OPTION_FLAG, NULL, NULL, NULL, "no warnings, no summary"},
        {"--help", 'h', MX_OPTION_FLAG, NULL, NULL, NULL, "this text"},
    };
    for (size_t i = 0; i < sizeof common / sizeof *common; i++) print_option(&common[i]);
    if (command->details) printf("\n%s", command->details);
    return mx_cli_finish(EXIT_DONE);
}

/* The option that an argument names, and in *value what stands behind '=' (or NULL). */
static const mx_option *find_option(const mx_option *options, const char *argument, const char **value) {
    const char *equals = strncmp(argument, "--", 2) == 0 ? strchr(argument, '=') : NULL;
    size_t n = equals ? (size_t)(equals - argument) : strlen(argument);
    *value = equals ? equals + 1 : NULL;
    for (const mx_option *o = options; o->name; o++) {
        if (strlen(o->name) == n && memcmp(o->name, argument, n) == 0) return o;
        if (o->letter && n == 2 && argument[0] == '-' && argument[1] == o->letter) return o;
    }
    return NULL;
}

static int set_choice(const mx_command *command, const mx_option *o, const char *value) {
    for (int i = 0; o->choices[i]; i++) {
        if (strcmp(o->choices[i], value) != 0) continue;
        *(int *)o->target = i;
        return -1;
    }
    return mx_cli_usage(command, "'%s' is no value for %s, which takes %s", value, o->name, o->value);
}

/* Whether an argument is one of the values that an option takes. */
static bool is_choice(const mx_option *o, const char *argument) {
    for (int i = 0; o->choices[i]; i++)
        if (*argument && strcmp(o->choices[i], argument) == 0) return true;
    return false;
}

/* What stands behind an option, if it is the option's value. */
static const char *value_behind(const mx_option *o, const char *argument) {
    if (o->kind == MX_OPTION_FLAG) return NULL;
    return o->kind != MX_OPTION_OPTIONAL || is_choice(o, argument) ? argument : NULL;
}

static int set_option(const mx_command *command, const mx_option *o, const char *value) {
    if (o->kind == MX_OPTION_FLAG) {
        if (value) return mx_cli_usage(command, "%s takes no value", o->name);
        *(bool *)o->target = true;
        return -1;
    }
    if (o->kind == MX_OPTION_OPTIONAL && !value) {
        *(int *)o->target = 1;
        return -1;
    }
    if (!value) return mx_cli_usage(command, "%s needs a value", o->name);
    if (o->kind == MX_OPTION_CHOICE || o->kind == MX_OPTION_OPTIONAL) return set_choice(command, o, value);
    *(const char **)o->target = value;
    return -1;
}

int mx_cli_parse(const mx_command *command, mx_option *options, mx_common *common, int argc, char **argv,
                 const char **args, int least, int most, int *n_args) {
    const mx_option shared[] = {{"--verbose", 'v', MX_OPTION_FLAG, &common->verbose, NULL, NULL, NULL},
                                {"--quiet", 'q', MX_OPTION_FLAG, &common->quiet, NULL, NULL, NULL},
                                {"--allow-links", 0, MX_OPTION_TEXT, &common->allow_links, NULL, NULL, NULL},
                                {NULL, 0, MX_OPTION_FLAG, NULL, NULL, NULL, NULL}};
    bool only_arguments = false;
    *n_args = 0;
    for (int i = 0; i < argc; i++) {
        const char *argument = argv[i], *value;
        if (only_arguments || argument[0] != '-' || !argument[1]) {
            if (*n_args == most) return mx_cli_usage(command, "'%s' is one argument too many", argument);
            args[(*n_args)++] = argument;
            continue;
        }
        only_arguments = strcmp(argument, "--") == 0;
        if (only_arguments) continue;
        if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) return print_help(command, options);
        const mx_option *o = find_option(options, argument, &value);
        if (!o) o = find_option(shared, argument, &value);
        if (!o) return mx_cli_usage(command, "unknown option '%s'", argument);
        if (!value && i + 1 < argc) {
            value = value_behind(o, argv[i + 1]);
            i += value != NULL;
        }
        int code = set_option(command, o, value);
        if (code >= 0) return code;
    }
    if (*n_args < least) return mx_cli_usage(command, "arguments are missing: %s", command->arguments);
    common->env.log = log_message;
    common->env.ctx = common;
    common->env.allow_links = common->allow_links;
    return -1;
}

/* The value that was given to an option, NULL: none, or it has none. */
static const char *given_value(const mx_option *o) {
    if (o->kind == MX_OPTION_TEXT) return *(const char *const *)o->target;
    if (o->kind == MX_OPTION_FLAG) return NULL;
    const char *choice = o->choices[*(const int *)o->target];
    return *choice ? choice : NULL;
}

/* Whether an option says something else than if it had been left out. */
static bool is_given(const mx_option *o) {
    if (o->kind == MX_OPTION_FLAG) return *(const bool *)o->target;
    if (o->kind == MX_OPTION_TEXT) return *(const char *const *)o->target != NULL;
    return *(const int *)o->target != 0;
}

int mx_cli_given(const mx_option *options, const mx_common *common, const void *but, const char **out) {
    int n = 0;
    for (const mx_option *o = options; o->name; o++) {
        if (o->target == but || !is_given(o)) continue;
        out[n++] = o->name;
        if (given_value(o)) out[n++] = given_value(o);
    }
    if (common->verbose) out[n++] = "--verbose";
    if (common->quiet) out[n++] = "--quiet";
    if (common->allow_links) out[n++] = "--allow-links";
    if (common->allow_links) out[n++] = common->allow_links;
    return n;
}
