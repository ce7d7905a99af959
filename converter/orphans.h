/* Initializers that an edit left without a use. */
#ifndef MX_CONVERTER_ORPHANS_H
#define MX_CONVERTER_ORPHANS_H

#include "converter/graph.h"

/* Which initializers nothing used at some moment, by tensor and by sparse tensor. */
typedef struct mx_unused {
    uint8_t *tensors, *sparses;
    size_t n_tensors, n_sparses;
} mx_unused;
/* Remember what mx_graph_wire (or the file) says now. mx_unused_free in any case. */
mx_status mx_unused_note(const mx_graph *g, mx_unused *out, mx_error *err);
void mx_unused_free(const mx_graph *g, mx_unused *u);
/* Whether an initializer, dense or sparse, is one that mx_drop_orphans would drop. */
bool mx_is_orphan(const mx_graph *g, const mx_unused *before, uint32_t tensor);
bool mx_is_sparse_orphan(const mx_graph *g, const mx_unused *before, uint32_t sparse);
/* Drop from all scopes the initializers that nothing uses now (mx_graph_wire was called) though they were used at the time of
 * the note. Returns how many. */
uint64_t mx_drop_orphans(mx_graph *g, const mx_unused *before);

#endif
