/* A local function is called by its name: where that was changed, its calls follow. What it was is known by its hash.
 */
#include "graphml/import.h"

typedef struct renames {
    mx_map there; /* (domain, name) of functions that are in the file */
    mx_map was;   /* (domain, hash of the name before) -> function */
} renames;

static mx_sid given(mx_sid text) {
    return text == MX_SID_ABSENT ? MX_SID_EMPTY : text;
}

static mx_status note_functions(mx_import *im, renames *r) {
    for (size_t i = 0; i < im->n_order; i++) {
        const mx_item *f = &im->items[im->order[i]];
        uint32_t have;
        if (f->kind != MX_NODE_FUNCTION) continue;
        uint32_t was = f->flags & MX_ITEM_NEW ? 0 : im->compounds[f->compound].name_was;
        bool noted = mx_map_add(&r->there, mx_map_pair(given(f->domain), f->name), 0, &have);
        if (noted && was) noted = mx_map_add(&r->was, mx_map_pair(given(f->domain), was), im->order[i], &have);
        if (!noted) return mx_nomem(im->err);
    }
    return MX_OK;
}

static void follow(mx_import *im, const renames *r, mx_item *op) {
    uint32_t hash = mx_origin_hash(MX_KEY_NAME, mx_text(im->g, op->op_type));
    uint32_t f = mx_map_get(&r->was, mx_map_pair(given(op->domain), hash));
    if (f == MX_NO_INDEX || mx_map_get(&r->there, mx_map_pair(given(op->domain), op->op_type)) != MX_NO_INDEX) return;
    op->op_type = im->items[f].name;
    op->edits |= 1u << MX_ORIGIN_TYPE;
}

mx_status mx_import_follow_functions(mx_import *im) {
    renames r;
    mx_map_init(&r.there, im->allocator);
    mx_map_init(&r.was, im->allocator);
    mx_status status = note_functions(im, &r);
    for (size_t i = 0; status == MX_OK && r.was.count && i < im->n_order; i++) {
        mx_item *item = &im->items[im->order[i]];
        if (item->kind == MX_NODE_OPERATOR && item->op_type > MX_SID_EMPTY) follow(im, &r, item);
    }
    mx_map_free(&r.there);
    mx_map_free(&r.was);
    return status;
}
