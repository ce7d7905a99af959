/* A progress bar on stderr, where that is a terminal. */
#ifndef MX_CLI_PROGRESS_H
#define MX_CLI_PROGRESS_H

#include "cli.h"

typedef struct mx_progress {
    bool active;   /* stderr is a terminal, and nobody asked for quiet */
    bool drawn;    /* there is a bar to be wiped off */
    int percent;   /* as drawn */
    const char *stage;
} mx_progress;

void mx_progress_init(mx_progress *p, const mx_common *common);
void mx_progress_show(mx_progress *p, const char *stage, uint64_t done, uint64_t total);
void mx_progress_wipe(mx_progress *p); /* before anything else is written to stderr, and at the end */

#endif
