/* How long tagging takes beside reading, on ONNX models.
 *
 * usage: tag_time [--metadata MODULES.json] [--runs N] MODEL.onnx ...
 *
 * For each model: reading and wiring against tagging, the medians of N runs (5) with the median of the ratios, and the
 * ratio of the shortest times, which others on the machine disturb least. Nothing is asserted. */
#include "htp/tagging.h"
#include "onnx_io/onnx_io.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RUNS_MOST = 100 };

typedef struct times {
    double read, tag;
} times;

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void stop(const char *path, const char *why) {
    fprintf(stderr, "tag_time: %s: %s\n", path, why);
    exit(1);
}

static times measure(const char *path, const mx_htp_options *options, size_t *nodes, size_t *modules) {
    mx_graph *g;
    mx_htp_tagging t;
    mx_error err;
    double begin = seconds();
    if (mx_onnx_read(NULL, path, &g, &err) != MX_OK || mx_graph_wire(g, &err) != MX_OK) stop(path, err.message);
    double read = seconds();
    if (mx_htp_tag(g, options, &t, &err) != MX_OK) stop(path, err.message);
    double tagged = seconds();
    *nodes = g->n_nodes;
    *modules = t.tree.count;
    mx_htp_tagging_free(&t);
    mx_graph_release(g);
    return (times){read - begin, tagged - read};
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void report(const char *path, const mx_htp_options *options, int runs) {
    double read[RUNS_MOST], tag[RUNS_MOST], ratio[RUNS_MOST];
    size_t nodes = 0, modules = 0;
    for (int i = 0; i < runs; i++) {
        times t = measure(path, options, &nodes, &modules);
        read[i] = t.read;
        tag[i] = t.tag;
        ratio[i] = t.tag / t.read;
    }
    qsort(read, (size_t)runs, sizeof *read, compare);
    qsort(tag, (size_t)runs, sizeof *tag, compare);
    qsort(ratio, (size_t)runs, sizeof *ratio, compare);
    printf("%-36s %9zu nodes %8zu modules  read %.3f s  tag %.3f s  %.2f x  (shortest: %.2f x)\n", path, nodes, modules,
           read[runs / 2], tag[runs / 2], ratio[runs / 2], tag[0] / read[0]);
    fflush(stdout);
}

static void read_file(const char *path, mx_htp_options *options) {
    static char *text;
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) != 0) stop(path, "cannot be read");
    long size = ftell(file);
    rewind(file);
    text = size < 0 ? NULL : malloc((size_t)size + 1);
    if (!text || fread(text, 1, (size_t)size, file) != (size_t)size) stop(path, "cannot be read");
    fclose(file);
    options->metadata = text;
    options->metadata_size = (size_t)size;
}

int main(int argc, char **argv) {
    mx_htp_options options = {0};
    int runs = 5;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--metadata") == 0 && i + 1 < argc)
            read_file(argv[++i], &options);
        else if (strcmp(argv[i], "--runs") == 0 && i + 1 < argc)
            runs = atoi(argv[++i]);
        else if (runs >= 1 && runs <= RUNS_MOST)
            report(argv[i], &options, runs);
        else
            stop(argv[i], "--runs is 1 to 100");
    }
    return 0;
}
