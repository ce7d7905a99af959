/* Biases that stand for those of several modules: whose they are tells the product, or the scaled norm, before them. */
#include "htp/infer.h"

static void adopt(mx_htp_flow *f, mx_htp_op *o) {
    const mx_htp_op *before = mx_htp_only_producer(f, o);
    if (!o->merged || o->module != MX_NO_INDEX || !mx_htp_is(o, MX_HTP_OP_ADD)) return;
    if (!before || before->module == MX_NO_INDEX || mx_htp_only_user(f, before) != o) return;
    bool takes_bias = mx_htp_is(before, MX_HTP_OP_WEIGHTED) || (mx_htp_is(before, MX_HTP_OP_SCALE) && before->merged);
    if (!takes_bias) return;
    o->module = before->module;
    o->how = MX_HTP_HOW_TOLD;
}

bool mx_htp_infer_merged(mx_htp_flow *f) {
    bool any = false;
    for (uint32_t i = 0; i < f->n; i++) {
        mx_htp_op *o = &f->ops[f->order[i]];
        adopt(f, o);
        any = any || (o->merged && o->module != MX_NO_INDEX);
    }
    return any;
}
