/* Exporters keep equal tensors once, under one of their names. In a model that was not trained all biases of a size are
 * zero and all scales one, so that one name stands for those of many modules.
 *
 * A parameter whose elements are all equal and which is used more often than its owner is called belongs to nobody for
 * sure. Trained parameters hardly ever are like that, so tied weights and modules that are called again keep theirs. */
#include "htp/sources.h"

enum { CHUNK_BYTES = 4096 };

static size_t element_bytes(const mx_tensor *t) {
    static const struct {
        int32_t data_type;
        size_t bytes;
    } sizes[] = {{1, 4}, {10, 2}, {11, 8}, {16, 2}}; /* FLOAT, FLOAT16, DOUBLE, BFLOAT16 */
    if (t->field == MX_TENSOR_FLOAT_DATA) return 4;
    if (t->field == MX_TENSOR_DOUBLE_DATA) return 8;
    bool raw = t->field == MX_TENSOR_RAW_DATA || t->external_file != MX_NO_INDEX;
    for (size_t i = 0; raw && i < sizeof sizes / sizeof *sizes; i++)
        if (t->data_type == sizes[i].data_type) return sizes[i].bytes;
    return 0;
}

/* Two elements at least. Bytes that cannot be read are not known to be equal. Stops at the first that differs. */
static bool is_uniform(const mx_graph *g, const mx_tensor *t) {
    unsigned char bytes[CHUNK_BYTES + 8];
    size_t element = element_bytes(t), kept = 0;
    mx_error unread;
    if (!element || t->data.source == MX_NO_INDEX || t->data.size < 2 * element) return false;
    for (uint64_t done = 0; done < t->data.size;) {
        uint64_t left = t->data.size - done;
        size_t n = left < CHUNK_BYTES ? (size_t)left : CHUNK_BYTES;
        const mx_source *source = g->sources[t->data.source];
        if (mx_source_read(source, t->data.offset + done, bytes + kept, n, &unread) != MX_OK) return false;
        if (memcmp(bytes, bytes + element, kept + n - element) != 0) return false;
        kept = element;
        done += n;
    }
    return true;
}

typedef struct merging {
    mx_htp_sources *s;
    uint32_t *calls; /* by module: how often its own parameters are used, as far as that says something; 0: not known */
} merging;

typedef void (*see_parameter)(merging *w, const mx_tensor *t, uint32_t owner);

static void see_all(merging *w, see_parameter see) {
    const mx_graph *g = w->s->g;
    for (size_t i = 0; i < g->n_scopes; i++)
        for (size_t k = 0; k < g->scopes[i].n_initializers; k++) {
            const mx_tensor *t = &g->tensors[g->scopes[i].initializers[k]];
            if (mx_htp_is_parameter(w->s, t->name) && w->s->uses[t->name]) see(w, t, w->s->owners[t->name] - 1);
        }
}

static void find_uniform(merging *w, const mx_tensor *t, uint32_t owner) {
    uint32_t uses = w->s->uses[t->name];
    bool uniform = uses > 1 && is_uniform(w->s->g, t);
    w->s->merged[t->name] = uniform;
    if (!uniform && (!w->calls[owner] || uses < w->calls[owner])) w->calls[owner] = uses;
}

/* What the tree tells of calls comes first; then the owner's other parameters. */
static void keep_called(merging *w, const mx_tensor *t, uint32_t owner) {
    uint32_t calls = w->s->tree->modules[owner].n_calls;
    if (!calls) calls = w->calls[owner];
    if (w->s->uses[t->name] <= (calls ? calls : 1)) w->s->merged[t->name] = false;
}

/* A matrix or more, of numbers that are not whole; a vector is a parameter in another form. */
static bool is_computed(const mx_tensor *t) {
    uint32_t axes = 0;
    for (uint32_t i = 0; i < t->n_dims; i++)
        axes += t->dims[i] > 1;
    return axes > 1 && element_bytes(t) > 0;
}

static void find_folded(mx_htp_sources *s) {
    const mx_graph *g = s->g;
    for (size_t i = 0; i < g->n_scopes; i++)
        for (size_t k = 0; k < g->scopes[i].n_initializers; k++) {
            const mx_tensor *t = &g->tensors[g->scopes[i].initializers[k]];
            bool owned = mx_htp_is_parameter(s, t->name);
            if (t->name < s->n_names) s->folded[t->name] = !owned && is_computed(t);
        }
}

bool mx_htp_takes_folded(const mx_htp_sources *s, mx_node_id op) {
    const mx_node *n = mx_node_at(s->g, op);
    for (uint32_t i = 0; i < n->n_inputs; i++)
        if (n->inputs[i].source == MX_NO_NODE && n->inputs[i].name < s->n_names && s->folded[n->inputs[i].name])
            return true;
    return false;
}

mx_status mx_htp_find_merged(mx_htp_sources *s) {
    merging w = {.s = s};
    const mx_allocator *a = s->g->allocator;
    w.calls = mx_alloc_zero(a, s->tree->count, sizeof *w.calls);
    s->merged = mx_alloc_zero(a, s->n_names, sizeof *s->merged);
    s->folded = mx_alloc_zero(a, s->n_names, sizeof *s->folded);
    if (w.calls && s->merged && s->folded) {
        find_folded(s);
        see_all(&w, find_uniform);
        see_all(&w, keep_called);
    }
    bool failed = !w.calls || !s->merged || !s->folded;
    mx_free(a, w.calls, s->tree->count * sizeof *w.calls);
    return failed ? mx_nomem(s->err) : MX_OK;
}
