/* Values, operators, bodies. Equal operators of one body are made once; one of an outer body serves its inner bodies
 * too. */
#include "torch_io/build_internal.h"

#include "converter/infer_single.h"

#include <stdlib.h>

/* ---- memory ---- */

void mx_build_nomem(mx_build *b) {
    if (b->status == MX_OK) b->status = mx_nomem(&b->error);
}

void *mx_build_memory(mx_build *b, size_t count, size_t size) {
    void *p = b->status == MX_OK ? mx_arena_array(&b->arena, count, size) : NULL;
    if (!p) mx_build_nomem(b);
    return p;
}

void *mx_build_copy(mx_build *b, const void *from, size_t count, size_t size) {
    void *p = mx_build_memory(b, count, size);
    if (p && count > 0) memcpy(p, from, count * size);
    return p;
}

static const mx_allocator *allocator_of(const mx_build *b) {
    return b->arena.allocator;
}

/* ---- values ---- */

mx_val mx_build_add(mx_build *b, const mx_bvalue *v) {
    if (b->status != MX_OK) return MX_NO_VAL;
    if (v->rank > MX_MAX_RANK) {
        mx_cannot(b, "a tensor of rank %d, which is more than %d", v->rank, MX_MAX_RANK);
        return MX_NO_VAL;
    }
    if (b->n_values >= UINT32_MAX - 1 ||
        !mx_grow(allocator_of(b), (void **)&b->values, &b->cap_values, b->n_values, sizeof *b->values)) {
        mx_build_nomem(b);
        return MX_NO_VAL;
    }
    b->values[b->n_values] = *v;
    return (mx_val)b->n_values++;
}

const mx_bop *mx_build_made_by(const mx_build *b, mx_val v, const char *op) {
    const mx_bvalue *value = mx_build_look(b, v);
    if (v == MX_NO_VAL || value->kind != MX_BV_OP) return NULL;
    const mx_bop *made = &b->ops[value->op];
    return strcmp(made->op, op) == 0 ? made : NULL;
}

static int by_op(const void *op, const void *row) {
    return strcmp(op, *(const char *const *)row);
}

const void *mx_build_row(const void *rows, size_t n, size_t size, const char *op) {
    return bsearch(op, rows, n, size, by_op);
}

/* ---- attributes ---- */

const mx_at *mx_build_find(const mx_at *at, size_t n, const char *name) {
    for (size_t i = 0; i < n; i++)
        if (strcmp(at[i].name, name) == 0) return &at[i];
    return NULL;
}

int64_t mx_build_int(const mx_at *at, size_t n, const char *name, int64_t otherwise) {
    const mx_at *a = mx_build_find(at, n, name);
    return a && a->kind == MX_AT_INT ? a->i : otherwise;
}

static const char *copy_text(mx_build *b, const char *s) {
    return s ? mx_build_copy(b, s, strlen(s) + 1, 1) : NULL;
}

static const char *const *copy_texts(mx_build *b, const mx_at *a) {
    const char **copy = mx_build_memory(b, a->n, sizeof *copy);
    for (size_t i = 0; copy && i < a->n; i++)
        copy[i] = copy_text(b, a->strings[i]);
    return copy;
}

static mx_at copy_attribute(mx_build *b, const mx_at *a) {
    mx_at copy = *a;
    copy.name = copy_text(b, a->name);
    switch (a->kind) {
    case MX_AT_INTS: copy.ints = mx_build_copy(b, a->ints, a->n, sizeof *a->ints); break;
    case MX_AT_FLOATS: copy.floats = mx_build_copy(b, a->floats, a->n, sizeof *a->floats); break;
    case MX_AT_STRING: copy.s = copy_text(b, a->s); break;
    case MX_AT_STRINGS: copy.strings = copy_texts(b, a); break;
    default: break;
    }
    return copy;
}

static bool equal_texts(const char *a, const char *b) {
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Floats are compared by their bits: -0.0 is not 0.0. */
static bool equal_attributes(const mx_at *a, const mx_at *b) {
    if (a->kind != b->kind || a->n != b->n || strcmp(a->name, b->name) != 0) return false;
    switch (a->kind) {
    case MX_AT_INT: return a->i == b->i;
    case MX_AT_FLOAT: return memcmp(&a->f, &b->f, sizeof a->f) == 0;
    case MX_AT_INTS: return a->n == 0 || memcmp(a->ints, b->ints, a->n * sizeof *a->ints) == 0;
    case MX_AT_FLOATS: return a->n == 0 || memcmp(a->floats, b->floats, a->n * sizeof *a->floats) == 0;
    case MX_AT_STRING: return equal_texts(a->s, b->s);
    case MX_AT_STRINGS:
        for (size_t i = 0; i < a->n; i++)
            if (!equal_texts(a->strings[i], b->strings[i])) return false;
        return true;
    default: return false;
    }
}

/* ---- equal operators ---- */

static uint32_t mix(uint32_t h, const void *bytes, size_t n) {
    const uint8_t *p = bytes;
    for (size_t i = 0; i < n; i++)
        h = (h ^ p[i]) * 16777619u;
    return h;
}

static uint32_t mix_attribute(uint32_t h, const mx_at *a) {
    h = mix(h, a->name, strlen(a->name));
    switch (a->kind) {
    case MX_AT_INT: return mix(h, &a->i, sizeof a->i);
    case MX_AT_FLOAT: return mix(h, &a->f, sizeof a->f);
    case MX_AT_INTS: return mix(h, a->ints, a->n * sizeof *a->ints);
    case MX_AT_FLOATS: return mix(h, a->floats, a->n * sizeof *a->floats);
    case MX_AT_STRING: return a->s ? mix(h, a->s, strlen(a->s)) : h;
    default: return h;
    }
}

static uint32_t hash_ask(const mx_ask *ask, size_t n_out, uint32_t body) {
    uint32_t h = mix(2166136261u, ask->op, strlen(ask->op));
    h = mix(h, &n_out, sizeof n_out);
    h = mix(h, &body, sizeof body);
    h = mix(h, ask->in, ask->n_in * sizeof *ask->in);
    for (size_t i = 0; i < ask->n_at; i++)
        h = mix_attribute(h, &ask->at[i]);
    return h ^ h >> 15;
}

static bool equal_op(const mx_bop *o, const mx_ask *ask, size_t n_out, uint32_t body) {
    if (o->body != body || o->n_out != n_out || o->n_in != ask->n_in || o->n_at != ask->n_at) return false;
    if (strcmp(o->op, ask->op) != 0) return false;
    if (o->n_in > 0 && memcmp(o->in, ask->in, o->n_in * sizeof *o->in) != 0) return false;
    for (uint32_t i = 0; i < o->n_at; i++)
        if (!equal_attributes(&o->at[i], &ask->at[i])) return false;
    return true;
}

/* Operators that give something else every time; those with bodies; and those that only make an output. */
static bool is_its_own(const mx_ask *ask) {
    static const char *const names[] = {"Bernoulli",     "Identity",          "Multinomial",      "RandomNormal",
                                        "RandomUniform", "RandomUniformLike", "RandomNormalLike", "Dropout"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(names[i], ask->op) == 0) return true;
    for (size_t i = 0; i < ask->n_at; i++)
        if (ask->at[i].kind == MX_AT_BODY) return true;
    return false;
}

static const mx_bop *find_equal(const mx_build *b, const mx_ask *ask, size_t n_out) {
    for (uint32_t body = b->body; body != MX_NONE; body = b->bodies[body].parent) {
        uint32_t hash = hash_ask(ask, n_out, body), found;
        size_t at = hash;
        while ((found = mx_slots_next(&b->equal_ops, hash, &at)) != 0)
            if (equal_op(&b->ops[found - 1], ask, n_out, body)) return &b->ops[found - 1];
    }
    return NULL;
}

/* ---- operators ---- */

static bool add_outputs(mx_build *b, mx_bop *o, uint32_t op, size_t n_out) {
    o->out = mx_build_memory(b, n_out, sizeof *o->out);
    if (!o->out) return false;
    o->n_out = (uint32_t)n_out;
    for (uint32_t i = 0; i < n_out; i++) {
        o->out[i] = mx_build_add(b, &(mx_bvalue){.kind = MX_BV_OP, .rank = -1, .op = op, .port = i, .body = b->body});
        if (o->out[i] == MX_NO_VAL) return false;
    }
    return true;
}

static bool fill_op(mx_build *b, mx_bop *o, const mx_ask *ask) {
    o->op = copy_text(b, ask->op);
    o->in = mx_build_copy(b, ask->in, ask->n_in, sizeof *ask->in);
    o->at = mx_build_memory(b, ask->n_at, sizeof *o->at);
    o->n_in = (uint32_t)ask->n_in;
    o->n_at = (uint32_t)ask->n_at;
    for (size_t i = 0; o->at && i < ask->n_at; i++)
        o->at[i] = copy_attribute(b, &ask->at[i]);
    return b->status == MX_OK;
}

static const mx_bop *add_op(mx_build *b, const mx_ask *ask, size_t n_out) {
    uint32_t index = (uint32_t)b->n_ops;
    mx_bop o = {.body = b->body, .node = b->node};
    if (!mx_grow(allocator_of(b), (void **)&b->ops, &b->cap_ops, b->n_ops, sizeof *b->ops)) {
        mx_build_nomem(b);
        return NULL;
    }
    if (!fill_op(b, &o, ask) || !add_outputs(b, &o, index, n_out)) return NULL;
    b->ops[b->n_ops++] = o;
    bool found =
        is_its_own(ask) || mx_slots_add(allocator_of(b), &b->equal_ops, hash_ask(ask, n_out, b->body), index + 1);
    if (!found) mx_build_nomem(b);
    mx_build_infer(b, index);
    return b->status == MX_OK ? &b->ops[index] : NULL;
}

/* Absent optional inputs at the end are left out, so that equal operators are written in one way. */
static mx_ask trimmed(const mx_ask *ask) {
    mx_ask t = *ask;
    while (t.n_in > 0 && t.in[t.n_in - 1] == MX_NO_VAL)
        t.n_in--;
    return t;
}

void mx_build_emit(mx_build *b, const mx_ask *ask, mx_val *out, size_t n_out) {
    mx_ask t = trimmed(ask);
    memset(out, 0, n_out * sizeof *out);
    if (b->status != MX_OK) return;
    const mx_bop *o = is_its_own(&t) ? NULL : find_equal(b, &t, n_out);
    if (!o) o = add_op(b, &t, n_out);
    if (o) memcpy(out, o->out, n_out * sizeof *out);
}

mx_val mx_op(mx_build *b, const char *op, const mx_val *in, size_t n_in, const mx_at *at, size_t n_at) {
    mx_ask ask = {op, in, at, n_in, n_at};
    mx_val out = MX_NO_VAL;
    if (b->status != MX_OK) return MX_NO_VAL;
    bool done = mx_build_simplify(b, &ask, &out) || mx_build_fold(b, &ask, &out) || mx_build_serve(b, &ask, &out);
    if (!done) out = mx_build_settle(b, mx_build_emit1(b, &ask));
    return b->status == MX_OK ? out : MX_NO_VAL;
}

void mx_op_n(mx_build *b, const char *op, const mx_val *in, size_t n_in, const mx_at *at, size_t n_at, mx_val *out,
             size_t n_out) {
    mx_build_emit(b, &(mx_ask){op, in, at, n_in, n_at}, out, n_out);
}

/* ---- constants ---- */

static uint32_t hash_value(const mx_bvalue *v, const int64_t *dims) {
    uint32_t h = mix(2166136261u, &v->elem, sizeof v->elem);
    h = mix(h, dims, (size_t)v->rank * sizeof *dims);
    return mix(h, v->bytes, v->n_bytes);
}

static bool equal_constant(const mx_bvalue *a, const mx_bvalue *b, const int64_t *dims) {
    if (a->kind != MX_BV_CONSTANT || a->elem != b->elem || a->rank != b->rank || a->n_bytes != b->n_bytes) return false;
    for (int i = 0; i < a->rank; i++)
        if (a->sizes[i].value != dims[i]) return false;
    return a->n_bytes == 0 || memcmp(a->bytes, b->bytes, a->n_bytes) == 0;
}

static const mx_size *numbers_as_sizes(mx_build *b, const int64_t *dims, size_t rank) {
    mx_size *sizes = mx_build_memory(b, rank, sizeof *sizes);
    for (size_t i = 0; sizes && i < rank; i++)
        sizes[i] = mx_size_number(dims[i]);
    return sizes;
}

mx_val mx_constant(mx_build *b, int32_t elem, const int64_t *dims, size_t rank, const void *bytes, size_t size) {
    mx_bvalue v = {.kind = MX_BV_CONSTANT, .elem = elem, .rank = (int)rank, .bytes = bytes, .n_bytes = size};
    if (b->status != MX_OK) return MX_NO_VAL;
    uint32_t hash = hash_value(&v, dims), found;
    size_t at = hash;
    while ((found = mx_slots_next(&b->equal_values, hash, &at)) != 0)
        if (equal_constant(&b->values[found - 1], &v, dims)) return found - 1;
    v.sizes = numbers_as_sizes(b, dims, rank);
    v.bytes = mx_build_copy(b, bytes, size, 1);
    mx_val made = mx_build_add(b, &v);
    if (made != MX_NO_VAL && !mx_slots_add(allocator_of(b), &b->equal_values, hash, made + 1)) mx_build_nomem(b);
    return b->status == MX_OK ? made : MX_NO_VAL;
}

mx_val mx_int64s(mx_build *b, const int64_t *v, size_t n) {
    int64_t length = (int64_t)n;
    uint8_t *bytes = mx_build_memory(b, n, sizeof *v);
    for (size_t i = 0; bytes && i < n; i++)
        mx_store_int(bytes, i, MX_ELEM_INT64, v[i]);
    return bytes ? mx_constant(b, MX_ELEM_INT64, &length, 1, bytes, n * sizeof *v) : MX_NO_VAL;
}

mx_val mx_int64(mx_build *b, int64_t v) {
    return mx_int64s(b, &v, 1);
}

mx_val mx_scalar(mx_build *b, int32_t elem, double v) {
    uint8_t bytes[8];
    if (mx_elem_size(elem) == 0) mx_cannot(b, "a constant of element type %d cannot be made", (int)elem);
    mx_store_real(bytes, 0, elem, v);
    return mx_constant(b, elem, NULL, 0, bytes, mx_elem_size(elem));
}

mx_val mx_scalar_int(mx_build *b, int32_t elem, int64_t v) {
    uint8_t bytes[8];
    if (mx_elem_size(elem) == 0) mx_cannot(b, "a constant of element type %d cannot be made", (int)elem);
    mx_store_int(bytes, 0, elem, v);
    return mx_constant(b, elem, NULL, 0, bytes, mx_elem_size(elem));
}

/* ---- bodies ---- */

int64_t mx_body_begin(mx_build *b) {
    if (b->status != MX_OK) return 0;
    mx_bbody body = {.parent = b->body, .depth = b->bodies[b->body].depth + 1};
    if (body.depth > MX_BUILD_DEPTH) {
        mx_cannot(b, "it stands in more than %d bodies, one in the other", MX_BUILD_DEPTH);
        return 0;
    }
    if (!mx_grow(allocator_of(b), (void **)&b->bodies, &b->cap_bodies, b->n_bodies, sizeof *b->bodies)) {
        mx_build_nomem(b);
        return 0;
    }
    b->bodies[b->n_bodies] = body;
    b->body = (uint32_t)b->n_bodies++;
    return b->body;
}

mx_val mx_body_input(mx_build *b, const char *name, int32_t elem, int rank, const mx_size *sizes) {
    mx_bvalue v = {.kind = MX_BV_BODY_INPUT, .elem = elem, .rank = rank, .body = b->body};
    if (b->status != MX_OK) return MX_NO_VAL;
    /* The table of strings grows; the program as such stays as it is. */
    v.name = mx_strings_add((mx_strings *)&b->p->strings, mx_str_of(name));
    if (v.name == MX_SID_NOMEM) mx_build_nomem(b);
    if (sizes && rank >= 0) v.sizes = mx_build_copy(b, sizes, (size_t)rank, sizeof *sizes);
    mx_bbody *body = &b->bodies[b->body];
    mx_val made = mx_build_add(b, &v);
    if (made == MX_NO_VAL) return made;
    if (!mx_grow(allocator_of(b), (void **)&body->inputs, &body->cap_inputs, body->n_inputs, sizeof *body->inputs)) {
        mx_build_nomem(b);
        return MX_NO_VAL;
    }
    body->inputs[body->n_inputs++] = made;
    return made;
}

/* The value that an output of the open body can be: made in it (of the model's graph also a constant), and no other
 * output of it. */
static mx_val as_output(mx_build *b, mx_val v) {
    const mx_bvalue *value = mx_build_look(b, v);
    bool fits = value->kind == MX_BV_OP ? value->body == b->body : value->kind == MX_BV_CONSTANT && b->body == 0;
    if (!fits || value->is_output) v = mx_build_emit1(b, &(mx_ask){"Identity", &v, NULL, 1, 0});
    if (v != MX_NO_VAL) b->values[v].is_output = true;
    return v;
}

void mx_body_end(mx_build *b, const mx_val *outputs, size_t n) {
    mx_val *kept = mx_build_memory(b, n, sizeof *kept);
    for (size_t i = 0; i < n && b->status == MX_OK; i++) {
        if (outputs[i] == MX_NO_VAL) mx_cannot(b, "an output of a graph is nothing");
        kept[i] = as_output(b, outputs[i]);
    }
    mx_bbody *body = &b->bodies[b->body];
    body->outputs = kept;
    body->n_outputs = kept ? (uint32_t)n : 0;
    if (body->parent != MX_NONE)
        b->body = body->parent;
    else
        mx_build_finish(b);
}
