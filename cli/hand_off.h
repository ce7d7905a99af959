/* Models that only Python can make: Python files, Hugging Face names and folders. */
#ifndef MX_CLI_HAND_OFF_H
#define MX_CLI_HAND_OFF_H

#include "cli.h"

/* Run `$MODELEXPORT_PYTHON -m modelexport export MODEL OUTPUT OPTIONS...` (default: python3), with MODELEXPORT_BINARY naming
 * this program, which the Python side calls with what it made. Returns its exit code; EXIT_UNSUPPORTED, with a message that says
 * what to install, if the interpreter or one of its modules is not there. options: n_options arguments. */
int mx_hand_off(const char *model, const char *output, const char *const *options, int n_options);

#endif
