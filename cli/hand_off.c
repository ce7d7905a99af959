#include "hand_off.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum { MODULE_MISSING = 44 }; /* what the probe below exits with; no other exit code means anything to us */

/* Looks modules up without loading them, which for torch takes seconds. */
static const char probe[] =
    "import importlib.util as u, sys; sys.exit(0 if all(u.find_spec(m) for m in sys.argv[1:]) else 44)";

/* The exit code of a finished child, -1: it could not be started (errno tells), -2: it was ended by a signal. */
static int run(char *const *arguments) {
    pid_t child;
    int status, failed = posix_spawnp(&child, arguments[0], NULL, NULL, arguments, environ);
    if (failed) {
        errno = failed;
        return -1;
    }
    while (waitpid(child, &status, 0) < 0)
        if (errno != EINTR) return -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -2;
}

static const char *interpreter(void) {
    const char *python = getenv("MODELEXPORT_PYTHON");
    return python && *python ? python : "python3";
}

static int missing(const char *model) {
    fprintf(stderr,
            "modelexport: %s: is no ONNX file; Python files, folders and Hugging Face names are read by '%s -m "
            "modelexport', "
            "which is not there: pip install torch transformers ./python (in modelexport's source folder)\n",
            model, interpreter());
    return EXIT_UNSUPPORTED;
}

/* The library of the child calls this very program again. */
static void name_this_program(void) {
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0) return;
    path[n] = '\0';
    setenv("MODELEXPORT_BINARY", path, 0);
}

static int run_module(const char *model, char *const *arguments) {
    int code = run(arguments);
    if (code == -1) return missing(model);
    if (code != -2) return code;
    fprintf(stderr, "modelexport: %s: '%s -m modelexport' was ended by a signal\n", model, interpreter());
    return EXIT_INPUT;
}

/* exec takes pointers to char, and changes nothing behind them. */
static char *argument(const char *text) {
    return (char *)(uintptr_t)text;
}

int mx_hand_off(const char *model, const char *output, const char *const *options, int n_options) {
    const char *const first[] = {interpreter(), "-m", "modelexport", "export", model, output};
    const char *const looking[] = {interpreter(), "-c", probe, "modelexport", "torch", NULL};
    enum { FIRST = sizeof first / sizeof *first };
    char *asked[sizeof looking / sizeof *looking];
    for (size_t i = 0; i < sizeof looking / sizeof *looking; i++)
        asked[i] = argument(looking[i]);
    int there = run(asked);
    if (there == -1 || there == MODULE_MISSING) return missing(model);
    char **arguments = calloc((size_t)n_options + FIRST + 1, sizeof *arguments);
    if (!arguments) {
        fputs("modelexport: out of memory\n", stderr);
        return EXIT_INPUT;
    }
    for (int i = 0; i < FIRST; i++)
        arguments[i] = argument(first[i]);
    for (int i = 0; i < n_options; i++)
        arguments[FIRST + i] = argument(options[i]);
    name_this_program();
    fflush(stdout);
    int code = run_module(model, arguments);
    free(arguments);
    return code;
}
