/* Pass 10: initializers that an edit left without a user are dropped, unless nothing used them in the source model. */
#include "graphml/import.h"

static void drop_dense(mx_import *im, mx_scope_data *s) {
    const mx_graph *g = im->g;
    size_t kept = 0;
    for (size_t i = 0; i < s->n_initializers; i++) {
        uint32_t t = s->initializers[i];
        bool drop = g->tensors[t].unused_at_source && !im->unused_tensors[t];
        if (!drop) s->initializers[kept++] = t;
        im->report->initializers_dropped += drop;
    }
    s->n_initializers = kept;
}

static void drop_sparse(mx_import *im, mx_scope_data *s) {
    const mx_graph *g = im->g;
    size_t kept = 0;
    for (size_t i = 0; i < s->n_sparse; i++) {
        uint32_t t = s->sparse_initializers[i];
        bool drop = g->sparses[t].unused_at_source && !im->unused_sparses[t];
        if (!drop) s->sparse_initializers[kept++] = t;
        im->report->initializers_dropped += drop;
    }
    s->n_sparse = kept;
}

mx_status mx_import_drop_orphans(mx_import *im) {
    for (size_t i = 0; i < im->g->n_scopes; i++) {
        drop_dense(im, &im->g->scopes[i]);
        drop_sparse(im, &im->g->scopes[i]);
    }
    return MX_OK;
}
