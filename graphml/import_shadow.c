/* ONNX has no shadows: a name that a graph makes must not be made in its bodies again. Those of the source are left as
 * they are; an edit adds none. Scopes stand in the order of a walk from the outermost in, so what is in sight is a
 * stack. */
#include "graphml/import.h"

typedef struct binding {
    mx_sid name;
    uint32_t before; /* what the name meant until then */
} binding;

typedef struct open_scope {
    uint32_t scope;
    size_t mark; /* where its names begin in the log */
} open_scope;

typedef struct shadows {
    mx_import *im;
    uint32_t *bound; /* by string: the item that makes a value of that name in sight, + 1 */
    binding *log;
    size_t n_log, cap_log;
    open_scope *open;
    size_t n_open, cap_open;
} shadows;

/* ---- who is to blame ---- */

static bool was_renamed(const mx_item *item) {
    uint32_t bit = item->kind == MX_NODE_OPERATOR ? MX_ORIGIN_OUTPUTS : MX_ORIGIN_NAME;
    if (mx_item_is_scope(item)) bit = MX_ORIGIN_INITIALIZERS;
    return item->flags & (MX_ITEM_NEW | MX_ITEM_RENAMED) || item->edits & 1u << bit;
}

/* Whether something was moved that stands between the two values: a body with all that is in it. */
static bool was_carried(const mx_import *im, uint32_t inner, uint32_t outer_scope) {
    uint32_t at = inner;
    while (at != MX_NO_INDEX && at != outer_scope) {
        if (im->items[at].flags & MX_ITEM_MOVED) return true;
        at = im->items[at].container;
    }
    return false;
}

static mx_status refuse(mx_import *im, uint32_t item, uint32_t other, mx_sid name) {
    return mx_item_fail(im, item, MX_ERR_INVALID,
                        "the name %s is used in a body and around it, here and at '%.80s': give one of the values "
                        "another name",
                        mx_show(mx_text(im->g, name)).text, mx_item_show(im, other).text);
}

static mx_status bind(shadows *s, uint32_t item, mx_sid name) {
    mx_import *im = s->im;
    uint32_t outer = name > MX_SID_EMPTY ? s->bound[name] : 0;
    if (name <= MX_SID_EMPTY) return MX_OK;
    if (outer && im->items[outer - 1].scope != im->items[item].scope) {
        uint32_t scope = im->items[outer - 1].scope;
        if (was_renamed(&im->items[item]) || was_carried(im, item, scope)) return refuse(im, item, outer - 1, name);
        if (was_renamed(&im->items[outer - 1])) return refuse(im, outer - 1, item, name);
    }
    if (!mx_grow(im->allocator, (void **)&s->log, &s->cap_log, s->n_log, sizeof *s->log)) return mx_nomem(im->err);
    s->log[s->n_log++] = (binding){name, outer};
    s->bound[name] = item + 1;
    return MX_OK;
}

/* ---- scopes ---- */

static void leave(shadows *s) {
    s->n_open--;
    while (s->n_log > s->open[s->n_open].mark) {
        const binding *b = &s->log[--s->n_log];
        s->bound[b->name] = b->before;
    }
}

static mx_status bind_all(shadows *s, const mx_scope_data *scope) {
    const mx_import *im = s->im;
    const mx_graph *g = im->g;
    for (size_t i = 0; i < scope->n_inputs; i++)
        MX_TRY(bind(s, im->item_of_node[scope->inputs[i]], mx_node_at(g, scope->inputs[i])->name));
    for (size_t i = 0; i < scope->n_initializers; i++)
        MX_TRY(bind(s, im->item_of_node[scope->node], g->tensors[scope->initializers[i]].name));
    for (size_t i = 0; i < scope->n_operators; i++) {
        const mx_node *n = mx_node_at(g, scope->operators[i]);
        for (uint32_t k = 0; k < n->n_outputs; k++)
            MX_TRY(bind(s, im->item_of_node[scope->operators[i]], n->outputs[k]));
    }
    return MX_OK;
}

static mx_status enter(shadows *s, const mx_scope_data *scope) {
    mx_import *im = s->im;
    uint32_t item = im->item_of_node[scope->node];
    uint32_t outer = mx_import_outer_scope(im, item);
    while (s->n_open && s->open[s->n_open - 1].scope != outer)
        leave(s);
    if (!mx_grow(im->allocator, (void **)&s->open, &s->cap_open, s->n_open, sizeof *s->open)) return mx_nomem(im->err);
    s->open[s->n_open++] = (open_scope){item, s->n_log};
    return bind_all(s, scope);
}

static bool is_edited(const mx_import *im) {
    for (size_t i = 0; i < im->n_order; i++) {
        const mx_item *item = &im->items[im->order[i]];
        if (item->flags & MX_ITEM_MOVED || was_renamed(item)) return true;
    }
    return false;
}

mx_status mx_import_check_shadows(mx_import *im) {
    const mx_graph *g = im->g;
    shadows s = {.im = im};
    size_t n_strings = g->strings.count;
    if (g->n_scopes < 2 || !is_edited(im)) return MX_OK;
    s.bound = mx_alloc_zero(im->allocator, n_strings, sizeof *s.bound);
    mx_status status = s.bound ? MX_OK : mx_nomem(im->err);
    for (size_t i = 0; i < g->n_scopes && status == MX_OK; i++)
        status = enter(&s, &g->scopes[i]);
    mx_free(im->allocator, s.bound, n_strings * sizeof *s.bound);
    mx_free(im->allocator, s.open, s.cap_open * sizeof *s.open);
    mx_free(im->allocator, s.log, s.cap_log * sizeof *s.log);
    return status;
}
