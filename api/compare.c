#include "converter/compare.h"

mx_status mx_compare(const mx_env *env, const char *a, const char *b, mx_difference_fn each, void *ctx,
                     uint64_t *count, mx_error *err) {
    mx_graph *ga = NULL, *gb = NULL;
    *count = 0;
    mx_status status = mx_graph_load(env, a, &ga, err);
    if (status == MX_OK) status = mx_graph_load(env, b, &gb, err);
    if (status == MX_OK) status = mx_graph_compare(ga, gb, each, ctx, count, err);
    mx_graph_free(ga);
    mx_graph_free(gb);
    return status;
}
