#include "torch_io/functional.h"

#include <stdlib.h>

enum { MAX_DEPTH = 256 }; /* views of views */

uint32_t mx_alias_of(mx_functional *f, uint32_t v) {
    uint32_t root = v, next;
    while (f->of[root].same != MX_NONE)
        root = f->of[root].same;
    for (; v != root; v = next) { /* the next time it is one step */
        next = f->of[v].same;
        f->of[v].same = root;
    }
    return root;
}

void mx_alias_make_base(mx_functional *f, uint32_t v, uint32_t content) {
    f->of[v] = (mx_alias){.same = MX_NONE, .parent = MX_NONE, .base = v, .node = MX_NONE, .newest = content};
}

mx_status mx_alias_make_view(mx_functional *f, uint32_t v, uint32_t parent, uint32_t node, uint16_t arg, uint8_t kind) {
    const mx_alias *above = &f->of[parent];
    if (above->depth >= MAX_DEPTH)
        return mx_fail(f->err, MX_ERR_LIMIT, "views are made of views more than %d deep", MAX_DEPTH);
    f->of[v] = (mx_alias){.same = MX_NONE,
                          .parent = parent,
                          .base = above->base,
                          .node = node,
                          .arg = arg,
                          .depth = (uint16_t)(above->depth + 1),
                          .kind = kind,
                          .newest = v,
                          .seen = f->of[above->base].version};
    return MX_OK;
}

static bool is_fresh(const mx_functional *f, uint32_t v) {
    return f->of[v].seen == f->of[f->of[v].base].version;
}

/* Write the node that makes a view once more, now of the parent's newest content. All its outputs are then new. */
static mx_status derive(mx_functional *f, uint32_t v) {
    mx_alias *a = &f->of[v];
    uint32_t node, n = f->p->nodes[a->node].n_outputs;
    mx_pnode again = f->p->nodes[a->node];
    uint32_t *outputs = mx_arena_array(&f->p->arena, n, sizeof *outputs);
    again.args = mx_arena_copy(&f->p->arena, again.args, again.n_args * sizeof *again.args);
    if (!outputs || !again.args) return mx_nomem(f->err);
    again.args[a->arg].value = f->of[a->parent].newest;
    again.graph = f->graph;
    again.outputs = outputs;
    MX_TRY(mx_program_add_node(f->p, &again, &node, f->err));
    for (uint32_t i = 0; i < n; i++) {
        uint32_t old = f->p->nodes[a->node].outputs[i];
        outputs[i] = MX_NONE;
        if (old == MX_NONE) continue;
        MX_TRY(mx_functional_value(f, old, node, i, &outputs[i]));
        f->p->nodes[node].name = f->p->values[outputs[i]].name; /* its own, too */
        if (f->of[old].node != a->node) continue;               /* an output that is no view */
        f->of[old].newest = outputs[i];
        f->of[old].seen = f->of[a->base].version;
    }
    return mx_functional_emit(f, node);
}

/* The content of v itself, not of what it was handed on from. */
static mx_status refresh(mx_functional *f, uint32_t v) {
    uint32_t stale[MAX_DEPTH + 1], n = 0;
    for (; !is_fresh(f, v); v = f->of[v].parent)
        stale[n++] = v;
    while (n > 0)
        MX_TRY(derive(f, stale[--n]));
    return MX_OK;
}

mx_status mx_alias_read(mx_functional *f, uint32_t v, uint32_t *out) {
    v = mx_alias_of(f, v);
    MX_TRY(refresh(f, v));
    *out = f->of[v].newest;
    return MX_OK;
}

static int by_number(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static mx_status collect_storages(mx_functional *f) {
    const mx_program *p = f->p;
    if (f->storages || p->n_inputs == 0) return MX_OK;
    f->storages = mx_alloc_zero(p->env->allocator, p->n_inputs, sizeof *f->storages);
    if (!f->storages) return mx_nomem(f->err);
    for (size_t i = 0; i < p->n_inputs; i++) {
        const mx_pweight *w = p->inputs[i].weight == MX_NONE ? NULL : &p->weights[p->inputs[i].weight];
        if (w && w->storage_size > 0) f->storages[f->n_storages++] = w->storage_offset;
    }
    qsort(f->storages, f->n_storages, sizeof *f->storages, by_number);
    return MX_OK;
}

/* Two weights in one storage are two bases here: what changes the one would have to change the other. */
static mx_status shares_storage(mx_functional *f, uint32_t base, bool *shares) {
    const mx_program *p = f->p;
    const mx_pvalue *v = &p->values[base];
    *shares = false;
    if (v->node != MX_NONE || v->graph != 0 || v->output >= p->n_inputs || p->inputs[v->output].weight == MX_NONE)
        return MX_OK;
    MX_TRY(collect_storages(f));
    uint64_t own = p->weights[p->inputs[v->output].weight].storage_offset;
    const uint64_t *at = bsearch(&own, f->storages, f->n_storages, sizeof *f->storages, by_number);
    *shares = at && ((at > f->storages && at[-1] == own) || (at + 1 < f->storages + f->n_storages && at[1] == own));
    return MX_OK;
}

static mx_status check_base(mx_functional *f, uint32_t base) {
    const mx_alias *b = &f->of[base];
    mx_str name = mx_ptext(f->p, f->p->values[base].name);
    if (b->fixed)
        return mx_fail(f->err, MX_ERR_UNSUPPORTED, "%s, an input of a branch or loop, is changed there in place",
                       mx_show(name).text);
    bool shares = false;
    if (b->version == 0) MX_TRY(shares_storage(f, base, &shares));
    if (shares)
        return mx_fail(f->err, MX_ERR_UNSUPPORTED, "%s is changed in place and shares its storage with another tensor",
                       mx_show(name).text);
    return MX_OK;
}

mx_status mx_alias_write(mx_functional *f, uint32_t v, uint32_t content) {
    v = mx_alias_of(f, v);
    uint32_t base = f->of[v].base;
    MX_TRY(check_base(f, base));
    MX_TRY(refresh(f, v));
    uint32_t version = f->of[base].version + 1; /* refresh does not look at it before all are written */
    for (;; v = f->of[v].parent) {
        mx_alias *a = &f->of[v];
        a->newest = content;
        a->seen = version;
        if (v == base) break;
        uint32_t output = f->p->values[v].output;
        MX_TRY(mx_view_write(f, a, output, f->of[a->parent].newest, content, &content));
    }
    f->of[base].version = version;
    return MX_OK;
}
