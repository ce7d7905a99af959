/* What no labelled operator stands above, constants and sizes. */
#include "htp/infer.h"

/* What is made of the scope's inputs is made where inputs are read, and so is what several modules use: an encoder that
 * gets embeddings makes no masks. */
static uint32_t reader(const mx_htp_flow *f, const bool *reads, uint32_t module) {
    while (module && !reads[module])
        module = mx_htp_running_parent(f, module);
    return module;
}

static mx_status find_readers(mx_htp_flow *f, bool **out) {
    bool *reads = mx_arena_array(&f->arena, f->tree->count, sizeof *reads);
    if (!reads) return mx_nomem(f->err);
    memset(reads, 0, f->tree->count * sizeof *reads);
    for (uint32_t i = 0; i < f->n; i++) {
        const mx_htp_op *o = &f->ops[i];
        bool of_input = o->how == MX_HTP_HOW_TOLD && o->newest == MX_NO_INDEX && mx_htp_flows(o) && o->free_input;
        for (uint32_t k = 0; k < o->n_in && o->how == MX_HTP_HOW_TOLD && o->newest == MX_NO_INDEX; k++)
            of_input = of_input || f->ops[mx_htp_ins(f, o)[k]].of_input;
        for (uint32_t m = o->module; of_input && m != MX_NO_INDEX && !reads[m]; m = f->tree->modules[m].parent)
            reads[m] = true;
    }
    *out = reads;
    return MX_OK;
}

static uint32_t of_users(const mx_htp_flow *f, const mx_htp_op *o, const bool *reads) {
    uint32_t found = MX_NO_INDEX;
    const mx_htp_op *first = NULL;
    bool again = o->of_input || mx_htp_is(o, MX_HTP_OP_WEIGHTED);
    for (uint32_t i = 0; i < o->n_out; i++) {
        const mx_htp_op *u = &f->ops[mx_htp_outs(f, o)[i]];
        if (u->module == MX_NO_INDEX) continue;
        if (!first) first = u;
        again = again || first->module != u->module || first->time >> 32 != u->time >> 32;
        found = found == MX_NO_INDEX ? mx_htp_running(f, u->module) : mx_htp_running_common(f, found, u->module);
    }
    if (found == MX_NO_INDEX) return found;
    return mx_htp_caller(f, again ? reader(f, reads, found) : found);
}

/* A part of the shape of an input, asked for by itself: exporters do so outside of all modules. */
static bool is_size_of_input(const mx_htp_flow *f, const mx_htp_op *o) {
    const mx_node *n = mx_node_at(f->g, o->id);
    if (!o->size || (!o->free_input && !mx_htp_is(o, MX_HTP_OP_LAYOUT))) return false;
    if (mx_htp_is(o, MX_HTP_OP_SIZE)) return n->n_attrs > 0;
    return o->n_in == 1 && f->ops[mx_htp_ins(f, o)[0]].how == MX_HTP_HOW_INPUT;
}

/* Constants and sizes are no data of anybody: they stand where all their users can take them from. */
static uint32_t common_to_users(const mx_htp_flow *f, const mx_htp_op *o) {
    uint32_t found = MX_NO_INDEX;
    for (uint32_t i = 0; i < o->n_out; i++) {
        uint32_t module = f->ops[mx_htp_outs(f, o)[i]].module;
        if (module == MX_NO_INDEX || module == found) continue;
        found = found == MX_NO_INDEX ? module : mx_htp_running_common(f, found, module);
    }
    return found != MX_NO_INDEX && o->size ? mx_htp_behind(f, found) : found;
}

/* What is computed from inputs before anything labelled, up to the first product, and sizes of inputs. */
static void look_at_inputs(mx_htp_flow *f) {
    for (uint32_t i = 0; i < f->n; i++) {
        mx_htp_op *o = &f->ops[f->order[i]];
        if (o->module != MX_NO_INDEX) continue;
        o->of_input = o->free_input && mx_htp_flows(o);
        for (uint32_t k = 0; k < o->n_in && mx_htp_flows(o); k++)
            o->of_input = o->of_input || f->ops[mx_htp_ins(f, o)[k]].of_input;
        if (mx_htp_is(o, MX_HTP_OP_WEIGHTED)) o->of_input = false;
        if (!is_size_of_input(f, o)) continue;
        o->module = f->top;
        o->how = MX_HTP_HOW_INPUT;
    }
}

mx_status mx_htp_infer_rest(mx_htp_flow *f) {
    bool *reads = NULL;
    look_at_inputs(f);
    MX_TRY(find_readers(f, &reads));
    for (uint32_t i = f->n; i-- > 0;) {
        mx_htp_op *o = &f->ops[f->order[i]];
        if (o->module != MX_NO_INDEX) continue;
        o->module = mx_htp_flows(o) ? of_users(f, o, reads) : common_to_users(f, o);
        o->how = MX_HTP_HOW_REST;
    }
    return MX_OK;
}
