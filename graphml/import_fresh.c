/* Pass 5, first part: names of what is new, and of values that were carried into another body. What an editor gave is
 * kept as far as nothing else is called so; a copy is called after its original, and where it stands in another group
 * than that, after this group. */
#include "graphml/import.h"

#include <stdio.h>

#define PATH_STEPS 256u  /* groups and bodies around an operator whose names are looked for in its own */
#define PATH_BYTES 4096u /* of these names together */

typedef struct fresh {
    mx_import *im;
    mx_map nodes;   /* name -> an operator of that name */
    mx_map values;  /* name -> an item that makes a value of that name */
    mx_map shared;  /* names of values that several items make, in whatever bodies, or that an initializer has */
    mx_map modules; /* (compound, name) -> the module of that name in it */
    mx_map numbers; /* (compound, beginning of a name) -> place in `last` */
    mx_map called;  /* module -> its name before it got a fresh one */
    uint32_t *last; /* the number that was given last */
    mx_sid *path;
    size_t n_last, cap_last, cap_path;
} fresh;

mx_status mx_import_fresh_name(mx_import *im, mx_sid base, const char *fallback, mx_sid *out) {
    mx_str text = mx_text(im->g, base);
    mx_buffer b;
    mx_status status = MX_OK;
    if (!text.n) text = mx_str_of(fallback);
    mx_buffer_init(&b, im->allocator);
    do {
        mx_buffer_clear(&b);
        mx_buffer_add(&b, text.p, text.n);
        mx_buffer_byte(&b, '_');
        mx_buffer_uint(&b, ++im->fresh);
    } while (!b.failed && mx_strings_find(&im->g->strings, mx_buffer_str(&b)) != UINT32_MAX);
    status = b.failed ? mx_nomem(im->err) : mx_graph_string(im->g, mx_buffer_str(&b), out, im->err);
    mx_buffer_free(&b);
    return status;
}

/* ---- who is called what ---- */

static mx_status bear(fresh *f, mx_sid name, uint32_t item) {
    uint32_t have;
    if (name <= MX_SID_EMPTY) return MX_OK;
    bool noted = mx_map_add(&f->values, name, item, &have);
    if (noted && have != item) noted = mx_map_add(&f->shared, name, 0, &have);
    return noted ? MX_OK : mx_nomem(f->im->err);
}

static bool is_taken(const fresh *f, mx_sid name, uint32_t by_another_than) {
    uint32_t first = mx_map_get(&f->values, name);
    if (mx_map_get(&f->shared, name) != MX_NO_INDEX) return true;
    return first != MX_NO_INDEX && first != by_another_than;
}

static mx_status note_tensors(fresh *f, uint32_t scope) {
    const mx_graph *g = f->im->g;
    const mx_compound *c = &f->im->compounds[f->im->items[scope].compound];
    for (uint32_t i = 0; i < c->n_initializers; i++)
        MX_TRY(bear(f, g->tensors[c->initializers[i]].name, scope));
    for (uint32_t i = 0; i < c->n_sparse; i++) {
        uint32_t values = g->sparses[c->sparse[i]].values;
        if (values != MX_NO_INDEX) MX_TRY(bear(f, g->tensors[values].name, scope));
    }
    return MX_OK;
}

static mx_status note_names(fresh *f) {
    const mx_import *im = f->im;
    for (size_t i = 0; i < im->n_order; i++) {
        uint32_t index = im->order[i], have;
        const mx_item *item = &im->items[index];
        bool named = item->name > MX_SID_EMPTY, old = !(item->flags & MX_ITEM_NEW);
        if (mx_item_is_scope(item)) MX_TRY(note_tensors(f, index));
        for (uint32_t k = 0; k < item->n_outputs; k++)
            MX_TRY(bear(f, item->outputs[k], index));
        if (old && named && item->kind == MX_NODE_OPERATOR && !mx_map_add(&f->nodes, item->name, index, &have))
            return mx_nomem(im->err);
        if (old && named && item->kind == MX_NODE_MODULE &&
            !mx_map_add(&f->modules, mx_map_pair(item->container, item->name), index, &have))
            return mx_nomem(im->err);
    }
    return MX_OK;
}

/* ---- modules ---- */

/* The number at the end of `layer.0` or `head_2`, and how much of the name stands before it. */
static size_t split_number(mx_str name, uint32_t *number) {
    size_t n = name.n;
    uint64_t value = 0, unit = 1;
    while (n && name.p[n - 1] >= '0' && name.p[n - 1] <= '9' && name.n - n < 9) {
        value += unit * (uint64_t)(name.p[--n] - '0');
        unit *= 10;
    }
    *number = (uint32_t)value;
    bool split = n < name.n && (n == 0 || name.p[n - 1] == '.' || name.p[n - 1] == '_');
    return split ? n : name.n;
}

static mx_status last_number(fresh *f, uint32_t container, mx_str stem, uint32_t number, uint32_t **out) {
    mx_import *im = f->im;
    mx_sid sid;
    uint32_t place;
    MX_TRY(mx_graph_string(im->g, stem, &sid, im->err));
    if (!mx_grow(im->allocator, (void **)&f->last, &f->cap_last, f->n_last, sizeof *f->last) ||
        !mx_map_add(&f->numbers, mx_map_pair(container, sid), (uint32_t)f->n_last, &place))
        return mx_nomem(im->err);
    if (place == f->n_last) f->last[f->n_last++] = number;
    if (f->last[place] < number) f->last[place] = number;
    *out = &f->last[place];
    return MX_OK;
}

/* A copy beside its original: `layer.2` where there are layers 0 and 1, `head_1` beside `head`. */
static mx_status number_module(fresh *f, uint32_t index) {
    mx_import *im = f->im;
    mx_item *item = &im->items[index];
    mx_str name = mx_text(im->g, item->name);
    uint32_t number, have, *last = NULL;
    size_t n = split_number(name, &number);
    if (!mx_map_add(&f->called, index, item->name, &have)) return mx_nomem(im->err);
    mx_buffer b;
    mx_buffer_init(&b, im->allocator);
    mx_buffer_add(&b, name.p, n);
    if (n == name.n) mx_buffer_byte(&b, '_');
    size_t stem = b.size;
    mx_status status = b.failed ? mx_nomem(im->err)
                                : last_number(f, item->container, mx_buffer_str(&b), n == name.n ? 0 : number, &last);
    for (bool is_free = false; status == MX_OK && !is_free;) {
        b.size = stem;
        mx_buffer_uint(&b, ++*last);
        status = b.failed ? mx_nomem(im->err) : mx_graph_string(im->g, mx_buffer_str(&b), &item->name, im->err);
        is_free = mx_map_get(&f->modules, mx_map_pair(item->container, item->name)) == MX_NO_INDEX;
    }
    mx_buffer_free(&b);
    return status;
}

static mx_status name_module(fresh *f, uint32_t index) {
    const mx_item *item = &f->im->items[index];
    uint32_t have;
    if (item->kind != MX_NODE_MODULE || item->name <= MX_SID_EMPTY) return MX_OK;
    bool taken = mx_map_get(&f->modules, mx_map_pair(item->container, item->name)) != MX_NO_INDEX;
    if (taken && item->flags & MX_ITEM_FRESH_NAMES) MX_TRY(number_module(f, index));
    bool noted = mx_map_add(&f->modules, mx_map_pair(item->container, item->name), index, &have);
    return noted ? MX_OK : mx_nomem(f->im->err);
}

/* ---- groups in names ---- */

/* What an item stands in: now, or when the file was written. */
static uint32_t outer_of(const mx_import *im, uint32_t i, bool before) {
    const mx_item *item = &im->items[i];
    if (item->kind == MX_NODE_MODEL || item->kind == MX_NODE_FUNCTION) return MX_NO_INDEX;
    return before && item->parent_key != MX_SID_ABSENT ? mx_item_of_key(im, item->parent_key) : item->container;
}

/* "/encoder/layer.0/": the modules around an item, or around what it was copied from, through bodies too. "/" where
 * that is longer than any name would be. */
static mx_status add_path(fresh *f, uint32_t i, bool before, mx_buffer *b) {
    mx_import *im = f->im;
    size_t n = 0, size = 0;
    bool copy = before && im->items[i].original != MX_NO_INDEX;
    uint32_t at = outer_of(im, copy ? im->items[i].original : i, before);
    for (uint32_t steps = 0; at != MX_NO_INDEX && steps < PATH_STEPS; steps++) {
        uint32_t called = before ? mx_map_get(&f->called, at) : MX_NO_INDEX;
        if (!mx_grow(im->allocator, (void **)&f->path, &f->cap_path, n, sizeof *f->path)) return mx_nomem(im->err);
        f->path[n] = called == MX_NO_INDEX ? im->items[at].name : called;
        if (im->items[at].kind == MX_NODE_MODULE) size += mx_text(im->g, f->path[n++]).n;
        at = outer_of(im, at, before);
    }
    mx_buffer_byte(b, '/');
    if (at != MX_NO_INDEX || size > PATH_BYTES) n = 0;
    while (n--) {
        mx_str part = mx_text(im->g, f->path[n]);
        mx_buffer_add(b, part.p, part.n);
        mx_buffer_byte(b, '/');
    }
    return b->failed ? mx_nomem(im->err) : MX_OK;
}

/* The beginnings of names in the group of the original, and in that of the copy. */
typedef struct paths {
    mx_buffer before, now;
} paths;

static mx_status find_paths(fresh *f, uint32_t i, paths *p) {
    mx_buffer_init(&p->before, f->im->allocator);
    mx_buffer_init(&p->now, f->im->allocator);
    MX_TRY(add_path(f, i, true, &p->before));
    return add_path(f, i, false, &p->now);
}

static void free_paths(paths *p) {
    mx_buffer_free(&p->before);
    mx_buffer_free(&p->now);
}

/* A name like that of the original, in the group of the copy: as it is if nothing is called so, else with a number. */
static mx_status name_like(fresh *f, const paths *p, const char *fallback, mx_sid *name) {
    mx_import *im = f->im;
    mx_str text = mx_text(im->g, *name), before = mx_buffer_str(&p->before), now = mx_buffer_str(&p->now);
    bool moved = before.n != now.n || memcmp(before.p, now.p, now.n) != 0;
    if (!moved || text.n <= before.n || memcmp(text.p, before.p, before.n) != 0)
        return mx_import_fresh_name(im, *name, fallback, name);
    mx_buffer b;
    mx_buffer_init(&b, im->allocator);
    mx_buffer_add(&b, now.p, now.n);
    mx_buffer_add(&b, text.p + before.n, text.n - before.n);
    bool is_free = !b.failed && mx_strings_find(&im->g->strings, mx_buffer_str(&b)) == UINT32_MAX;
    mx_status status = b.failed ? mx_nomem(im->err) : mx_graph_string(im->g, mx_buffer_str(&b), name, im->err);
    mx_buffer_free(&b);
    return status == MX_OK && !is_free ? mx_import_fresh_name(im, *name, fallback, name) : status;
}

/* ---- copies ---- */

static const char *fallback_name(const mx_item *item) {
    return item->kind == MX_NODE_INPUT ? "input" : item->kind == MX_NODE_OUTPUT ? "output" : "node";
}

/* A copy keeps which of its outputs are left out (""), and names that were changed by hand. */
static mx_status rename_all(fresh *f, uint32_t index, const paths *p) {
    mx_item *item = &f->im->items[index];
    bool by_hand = item->edits & 1u << MX_ORIGIN_NAME, outputs_by_hand = item->edits & 1u << MX_ORIGIN_OUTPUTS;
    bool op = item->kind == MX_NODE_OPERATOR;
    bool keep = by_hand && (op ? mx_map_get(&f->nodes, item->name) == MX_NO_INDEX : !is_taken(f, item->name, index));
    if (item->name > MX_SID_EMPTY && !keep) MX_TRY(name_like(f, p, fallback_name(item), &item->name));
    if (item->kind == MX_NODE_INPUT) item->outputs[0] = item->name;
    if (item->kind == MX_NODE_OUTPUT) item->inputs[0].name = item->name;
    for (uint32_t k = 0; op && k < item->n_outputs; k++) {
        mx_sid *name = &item->outputs[k];
        if (*name <= MX_SID_EMPTY || (outputs_by_hand && !is_taken(f, *name, index))) continue;
        MX_TRY(name_like(f, p, "value", name));
    }
    return MX_OK;
}

static mx_status rename_tensor(mx_import *im, uint32_t scope, mx_sid *name) {
    mx_sid fresh_name;
    uint32_t have, was = mx_map_get(&im->renamed, mx_map_pair(scope, *name));
    if (*name <= MX_SID_EMPTY || was != MX_NO_INDEX) {
        if (was != MX_NO_INDEX) *name = was;
        return MX_OK;
    }
    MX_TRY(mx_import_fresh_name(im, *name, "initializer", &fresh_name));
    bool noted = mx_map_add(&im->renamed, mx_map_pair(scope, *name), fresh_name, &have) &&
                 mx_map_add(&im->initializers, mx_map_pair(scope, fresh_name), 0, &have);
    *name = fresh_name;
    return noted ? MX_OK : mx_nomem(im->err);
}

/* The weights of a copied body; its operators find them by im->renamed. */
static mx_status rename_tensors(mx_import *im, uint32_t body) {
    const mx_compound *c = &im->compounds[im->items[body].compound];
    for (uint32_t i = 0; i < c->n_initializers; i++)
        MX_TRY(rename_tensor(im, body, &im->g->tensors[c->initializers[i]].name));
    for (uint32_t i = 0; i < c->n_sparse; i++) {
        uint32_t values = im->g->sparses[c->sparse[i]].values;
        if (values != MX_NO_INDEX) MX_TRY(rename_tensor(im, body, &im->g->tensors[values].name));
    }
    return MX_OK;
}

static mx_status rename_copy(fresh *f, uint32_t index) {
    const mx_item *item = &f->im->items[index];
    paths p;
    if (item->kind == MX_NODE_BODY) return rename_tensors(f->im, index);
    if (item->kind != MX_NODE_OPERATOR && item->kind != MX_NODE_INPUT && item->kind != MX_NODE_OUTPUT) return MX_OK;
    mx_status status = find_paths(f, index, &p);
    if (status == MX_OK) status = rename_all(f, index, &p);
    free_paths(&p);
    return status;
}

/* ---- new nodes ---- */

static mx_status check_new(mx_import *im, uint32_t i) {
    const mx_item *item = &im->items[i];
    if (item->kind == MX_NODE_OPERATOR && item->op_type <= MX_SID_EMPTY)
        return mx_item_fail(im, i, MX_ERR_INVALID, "a new operator needs an op_type");
    if (item->kind == MX_NODE_INPUT && item->name <= MX_SID_EMPTY)
        return mx_item_fail(im, i, MX_ERR_INVALID, "a new input needs a name");
    if (item->kind == MX_NODE_INPUT && item->scope == im->model && item->type == MX_NO_INDEX)
        return mx_item_fail(
            im, i, MX_ERR_INVALID,
            "a new input of the model needs a value_type, such as {\"elem\": \"FLOAT\", \"shape\": [1, 4]}");
    return MX_OK;
}

/* `/encoder/layer.0/Relu`: ONNX has no groups, and from a name like this one the group is found again. */
static mx_status scoped_name(fresh *f, uint32_t index, mx_sid *out) {
    mx_import *im = f->im;
    const mx_item *item = &im->items[index];
    mx_str type = mx_text(im->g, item->op_type);
    mx_buffer b;
    mx_buffer_init(&b, im->allocator);
    mx_status status = MX_OK;
    if (im->items[item->container].kind == MX_NODE_MODULE) status = add_path(f, index, false, &b);
    mx_buffer_add(&b, type.p, type.n);
    if (status == MX_OK)
        status = b.failed ? mx_nomem(im->err) : mx_graph_string(im->g, mx_buffer_str(&b), out, im->err);
    mx_buffer_free(&b);
    return status;
}

/* Names of nodes that an editor gave, or nobody: a new operator gets one that no other node has. */
static mx_status name_operator(fresh *f, uint32_t index) {
    mx_import *im = f->im;
    mx_item *item = &im->items[index];
    uint32_t have = index;
    bool named = item->name > MX_SID_EMPTY;
    if (named && !mx_map_add(&f->nodes, item->name, index, &have)) return mx_nomem(im->err);
    if (named && have == index) return MX_OK;
    mx_sid base = item->name;
    if (!named) MX_TRY(scoped_name(f, index, &base));
    return mx_import_fresh_name(im, base, "node", &item->name);
}

static mx_status name_output(mx_import *im, mx_item *item, uint32_t port) {
    mx_sid base = item->name > MX_SID_EMPTY ? item->name : item->op_type;
    return mx_import_fresh_name(im, base, "value", &item->outputs[port]);
}

/* Values that an editor named as others are called get other names; an operator that was added without any makes one.
 */
static mx_status name_values(fresh *f, uint32_t index) {
    mx_import *im = f->im;
    mx_item *item = &im->items[index];
    for (uint32_t k = 0; k < item->n_outputs; k++)
        if (item->outputs[k] > MX_SID_EMPTY && is_taken(f, item->outputs[k], index))
            MX_TRY(mx_import_fresh_name(im, item->outputs[k], "value", &item->outputs[k]));
    if (item->n_outputs) return MX_OK;
    MX_TRY(mx_graph_array(im->g, 1, sizeof *item->outputs, &item->outputs, im->err));
    item->n_outputs = 1;
    return name_output(im, item, 0);
}

static mx_status name_new(fresh *f, uint32_t index) {
    mx_import *im = f->im;
    const mx_item *item = &im->items[index];
    MX_TRY(check_new(im, index));
    if (item->flags & MX_ITEM_FRESH_NAMES) MX_TRY(rename_copy(f, index));
    if (item->kind != MX_NODE_OPERATOR) return MX_OK;
    MX_TRY(name_operator(f, index));
    return name_values(f, index);
}

mx_status mx_import_name_used(mx_import *im, const mx_item *item) {
    for (uint32_t k = 0; k < item->n_inputs; k++) {
        const mx_port *p = &item->inputs[k];
        if (p->source == MX_NO_NODE) continue;
        mx_item *from = &im->items[p->source];
        if (from->outputs[p->source_port] <= MX_SID_EMPTY && from->kind == MX_NODE_OPERATOR)
            MX_TRY(name_output(im, from, p->source_port));
    }
    return MX_OK;
}

/* ---- moves between bodies ---- */

static uint32_t scope_before(const mx_import *im, uint32_t i) {
    uint32_t at = outer_of(im, i, true);
    for (uint32_t steps = 0; at != MX_NO_INDEX && steps < im->g->limits.xml_depth; steps++) {
        if (mx_item_is_scope(&im->items[at])) return at;
        at = outer_of(im, at, true);
    }
    return MX_NO_INDEX;
}

/* Where a flat file was changed by hand nobody knows from where something came: then any move counts. */
static bool crosses(const mx_import *im, uint32_t i) {
    bool moved = false, by_hand = false;
    for (uint32_t at = i; at != MX_NO_INDEX && !mx_item_is_scope(&im->items[at]); at = im->items[at].container) {
        moved |= im->items[at].flags & MX_ITEM_MOVED;
        by_hand |= !im->nested && im->items[at].edits & 1u << MX_ORIGIN_PARENT;
    }
    return moved && (by_hand || scope_before(im, i) != im->items[i].scope);
}

/* Bodies beside each other can use the same names, but one in the other cannot. */
static mx_status name_moved(fresh *f, uint32_t index) {
    mx_import *im = f->im;
    mx_item *item = &im->items[index];
    if (item->kind != MX_NODE_OPERATOR || !crosses(im, index)) return MX_OK;
    for (uint32_t k = 0; k < item->n_outputs; k++)
        if (item->outputs[k] > MX_SID_EMPTY && is_taken(f, item->outputs[k], index))
            MX_TRY(mx_import_fresh_name(im, item->outputs[k], "value", &item->outputs[k]));
    return MX_OK;
}

/* ---- all of it ---- */

static mx_status name_all(fresh *f) {
    const mx_import *im = f->im;
    MX_TRY(note_names(f));
    for (size_t i = 0; i < im->n_order; i++)
        if (im->items[im->order[i]].flags & MX_ITEM_NEW) MX_TRY(name_module(f, im->order[i]));
    for (size_t i = 0; i < im->n_order; i++) {
        bool is_new = im->items[im->order[i]].flags & MX_ITEM_NEW;
        MX_TRY(is_new ? name_new(f, im->order[i]) : name_moved(f, im->order[i]));
    }
    return MX_OK;
}

mx_status mx_import_name_new(mx_import *im) {
    fresh f = {.im = im};
    mx_map *maps[] = {&f.nodes, &f.values, &f.shared, &f.modules, &f.numbers, &f.called};
    bool any = false;
    for (size_t i = 0; i < im->n_order && !any; i++)
        any = im->items[im->order[i]].flags & (MX_ITEM_NEW | MX_ITEM_MOVED);
    if (!any) return MX_OK;
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
        mx_map_init(maps[i], im->allocator);
    mx_status status = name_all(&f);
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++)
        mx_map_free(maps[i]);
    mx_free(im->allocator, f.last, f.cap_last * sizeof *f.last);
    mx_free(im->allocator, f.path, f.cap_path * sizeof *f.path);
    return status;
}
