/* Pass 10: initializers that an edit left without a user are dropped, unless nothing used them in the source model. */
#include "graphml/import.h"
#include "graphml/values.h"

/* What it was is put in words where somebody is to read it. */
static mx_status tell_dropped(mx_import *im, mx_sid name, const mx_tensor *values) {
    mx_change c = {.kind = "dropped",
                   .what = "initializer",
                   .node = name,
                   .port = -1,
                   .index = -1,
                   .last_index = -1,
                   .id = MX_NO_NODE};
    mx_buffer b;
    mx_status status = MX_OK;
    mx_buffer_init(&b, im->allocator);
    if (im->traces && values) {
        mx_value_tensor_kind(&b, values);
        status = b.failed ? mx_nomem(im->err) : mx_graph_string(im->g, mx_buffer_str(&b), &c.before, im->err);
    }
    mx_buffer_free(&b);
    return status == MX_OK ? mx_graphml_tell(im->g, im->report, &c, im->err) : status;
}

static mx_status tell_of_scope(mx_import *im, const mx_scope_data *s) {
    const mx_graph *g = im->g;
    for (size_t i = 0; i < s->n_initializers; i++)
        if (mx_is_orphan(g, &im->unused, s->initializers[i]))
            MX_TRY(tell_dropped(im, g->tensors[s->initializers[i]].name, &g->tensors[s->initializers[i]]));
    for (size_t i = 0; i < s->n_sparse; i++) {
        uint32_t values = g->sparses[s->sparse_initializers[i]].values;
        if (mx_is_sparse_orphan(g, &im->unused, s->sparse_initializers[i]))
            MX_TRY(tell_dropped(im, values == MX_NO_INDEX ? MX_SID_ABSENT : g->tensors[values].name, NULL));
    }
    return MX_OK;
}

mx_status mx_import_drop_orphans(mx_import *im) {
    for (size_t i = 0; i < im->g->n_scopes; i++)
        MX_TRY(tell_of_scope(im, &im->g->scopes[i]));
    im->report->initializers_dropped += mx_drop_orphans(im->g, &im->unused);
    return MX_OK;
}
