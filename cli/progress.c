#include "progress.h"

#include <unistd.h>

enum { BAR_WIDTH = 30 };

void mx_progress_init(mx_progress *p, const mx_common *common) {
    *p = (mx_progress){.active = !common->quiet && isatty(STDERR_FILENO), .percent = -1};
}

void mx_progress_show(mx_progress *p, const char *stage, uint64_t done, uint64_t total) {
    char bar[BAR_WIDTH + 1];
    int percent = total ? (int)(100.0 * (double)done / (double)total) : 0;
    if (!p->active || (p->drawn && percent == p->percent && stage == p->stage)) return;
    if (percent > 100) percent = 100;
    for (int i = 0; i < BAR_WIDTH; i++) bar[i] = i < percent * BAR_WIDTH / 100 ? '#' : '.';
    bar[BAR_WIDTH] = '\0';
    fprintf(stderr, "\r[%s] %3d %% %-20.40s", bar, percent, stage);
    fflush(stderr);
    p->drawn = true;
    p->percent = percent;
    p->stage = stage;
}

void mx_progress_wipe(mx_progress *p) {
    if (p->drawn) fputs("\r\033[K", stderr);
    p->drawn = false;
    p->percent = -1;
}
