/* What the driver sets up and reads; errors (mx_cannot, which knows the source program: lower_place.c). */
#include "torch_io/build_internal.h"

#include "converter/infer_single.h"

/* ---- beginning and end ---- */

static mx_status set_up(mx_build *b, mx_error *err) {
    const mx_allocator *a = b->arena.allocator;
    if (!mx_grow(a, (void **)&b->values, &b->cap_values, 0, sizeof *b->values)) return mx_nomem(err);
    b->values[b->n_values++] = (mx_bvalue){.kind = MX_BV_CONSTANT, .rank = -1}; /* MX_NO_VAL */
    if (!mx_grow(a, (void **)&b->bodies, &b->cap_bodies, 0, sizeof *b->bodies)) return mx_nomem(err);
    b->bodies[b->n_bodies++] = (mx_bbody){.parent = MX_NONE};
    return mx_infer_single_new(b->p->env, b->opset, &b->infer, err);
}

mx_status mx_build_new(const mx_program *p, int opset, mx_build **out, mx_error *err) {
    const mx_allocator *a = p->env ? p->env->allocator : NULL;
    *out = NULL;
    mx_build *b = mx_alloc_zero(a, 1, sizeof *b);
    if (!b) return mx_nomem(err);
    b->p = p;
    b->opset = opset;
    b->node = MX_NONE;
    b->may_load = MX_BUILD_LOADED;
    mx_arena_init(&b->arena, a);
    mx_status status = set_up(b, err);
    if (status != MX_OK) {
        mx_build_free(b);
        return status;
    }
    *out = b;
    return MX_OK;
}

void mx_build_free(mx_build *b) {
    if (!b) return;
    const mx_allocator *a = b->arena.allocator;
    for (size_t i = 0; i < b->n_bodies; i++)
        mx_free(a, b->bodies[i].inputs, b->bodies[i].cap_inputs * sizeof *b->bodies[i].inputs);
    mx_free(a, b->values, b->cap_values * sizeof *b->values);
    mx_free(a, b->ops, b->cap_ops * sizeof *b->ops);
    mx_free(a, b->bodies, b->cap_bodies * sizeof *b->bodies);
    mx_slots_free(a, &b->equal_ops);
    mx_slots_free(a, &b->equal_values);
    mx_slots_free(a, &b->input_sizes);
    mx_infer_single_free(b->infer);
    mx_arena_free(&b->arena);
    mx_free(a, b, sizeof *b);
}

void mx_build_at(mx_build *b, uint32_t node) {
    b->node = node;
}

int mx_build_opset(const mx_build *b) {
    return b->opset;
}

/* ---- inputs and weights ---- */

mx_val mx_build_input(mx_build *b, mx_sid name, int32_t elem, int rank, const mx_size *sizes) {
    mx_bvalue v = {.kind = MX_BV_INPUT, .elem = elem, .rank = rank, .name = name};
    if (sizes && rank >= 0) v.sizes = mx_build_copy(b, sizes, (size_t)rank, sizeof *sizes);
    mx_val input = mx_build_add(b, &v);
    if (input != MX_NO_VAL) mx_build_note_input(b, input);
    return input;
}

static uint32_t mix(uint32_t h, uint64_t v) {
    h = (h ^ (uint32_t)v) * 16777619u;
    return (h ^ (uint32_t)(v >> 32)) * 16777619u;
}

static uint32_t hash_weight(const mx_pweight *w) {
    uint32_t h = mix(mix(mix(0x9E3779B9u, w->storage_offset), (uint64_t)w->offset), (uint64_t)w->elem);
    for (uint32_t i = 0; i < w->rank; i++)
        h = mix(mix(h, (uint64_t)w->sizes[i]), (uint64_t)w->strides[i]);
    return h;
}

static bool equal_weight(const mx_pweight *a, const mx_pweight *b) {
    if (a->source != b->source || a->storage_offset != b->storage_offset || a->offset != b->offset) return false;
    if (a->elem != b->elem || a->rank != b->rank) return false;
    for (uint32_t i = 0; i < a->rank; i++)
        if (a->sizes[i] != b->sizes[i] || a->strides[i] != b->strides[i]) return false;
    return true;
}

static mx_val find_weight(const mx_build *b, const mx_pweight *w, uint32_t hash) {
    uint32_t found;
    size_t at = hash;
    while ((found = mx_slots_next(&b->equal_values, hash, &at)) != 0) {
        const mx_bvalue *v = &b->values[found - 1];
        if (v->kind == MX_BV_WEIGHT && equal_weight(&b->p->weights[v->weight], w)) return found - 1;
    }
    return MX_NO_VAL;
}

static bool is_contiguous(const mx_pweight *w) {
    return mx_strides_in_order(w->sizes, w->strides, w->rank);
}

/* The elements in their order, whatever the strides. */
static mx_status read_elements(const mx_build *b, const mx_pweight *w, size_t n, size_t size, uint8_t *to,
                               mx_error *err) {
    const mx_source *s = b->p->sources[w->source];
    uint64_t begin = w->storage_offset + (uint64_t)w->offset * size;
    if (n == 0 || is_contiguous(w)) return n == 0 ? MX_OK : mx_source_read(s, begin, to, n * size, err);
    for (size_t i = 0; i < n; i++) {
        int64_t at = 0;
        size_t rest = i;
        for (uint32_t k = w->rank; k-- > 0; rest /= (size_t)w->sizes[k])
            at += (int64_t)(rest % (size_t)w->sizes[k]) * w->strides[k];
        MX_TRY(mx_source_read(s, begin + (uint64_t)at * size, to + i * size, size, err));
    }
    return MX_OK;
}

/* Bytes of a weight; UINT64_MAX: too many to count. */
static uint64_t weight_bytes(const mx_pweight *w) {
    uint64_t n = mx_elem_size(w->elem);
    for (uint32_t i = 0; i < w->rank; i++)
        if (__builtin_mul_overflow(n, (uint64_t)w->sizes[i], &n)) return UINT64_MAX;
    return n;
}

static void load(mx_build *b, mx_bvalue *v) {
    const mx_pweight *w = &b->p->weights[v->weight];
    size_t bytes = (size_t)weight_bytes(w), size = mx_elem_size(w->elem);
    uint8_t *to = mx_build_memory(b, bytes, 1);
    if (to) b->status = read_elements(b, w, bytes / size, size, to, &b->error);
    v->bytes = b->status == MX_OK ? to : NULL;
    v->n_bytes = bytes;
}

bool mx_build_can_load(const mx_build *b, mx_val v, uint64_t most) {
    const mx_bvalue *value = mx_build_look(b, v);
    if (v == MX_NO_VAL || value->kind != MX_BV_WEIGHT) return false;
    const mx_pweight *w = &b->p->weights[value->weight];
    uint64_t bytes = weight_bytes(w);
    if (mx_elem_size(w->elem) == 0 || bytes > most || bytes > b->may_load) return false;
    return is_contiguous(w) || bytes <= MX_BUILD_SMALL_WEIGHT;
}

void mx_build_load(mx_build *b, mx_val v) {
    if (b->status != MX_OK || b->values[v].bytes) return;
    load(b, &b->values[v]);
    b->may_load -= b->values[v].n_bytes < b->may_load ? b->values[v].n_bytes : b->may_load;
}

mx_val mx_build_weight(mx_build *b, uint32_t weight) {
    const mx_pweight *w = &b->p->weights[weight];
    mx_bvalue v = {.kind = MX_BV_WEIGHT, .elem = w->elem, .rank = (int)w->rank, .weight = weight};
    if (b->status != MX_OK) return MX_NO_VAL;
    uint32_t hash = hash_weight(w);
    mx_val made = find_weight(b, w, hash);
    if (made != MX_NO_VAL) return made;
    mx_size *sizes = mx_build_memory(b, w->rank, sizeof *sizes);
    for (uint32_t i = 0; sizes && i < w->rank; i++)
        sizes[i] = mx_size_number(w->sizes[i]);
    v.sizes = sizes;
    bool counted = mx_elem_is_int(w->elem) || w->elem == MX_ELEM_BOOL;
    if (counted && weight_bytes(w) <= MX_BUILD_SMALL_WEIGHT) load(b, &v);
    made = mx_build_add(b, &v);
    if (made != MX_NO_VAL && !mx_slots_add(b->arena.allocator, &b->equal_values, hash, made + 1)) mx_build_nomem(b);
    return b->status == MX_OK ? made : MX_NO_VAL;
}

/* ---- what is needed ---- */

static void need(const mx_val *values, uint32_t n, uint8_t *need_value) {
    for (uint32_t i = 0; i < n; i++)
        need_value[values[i]] = values[i] != MX_NO_VAL;
}

/* Operators use what was made before them, and a body is made before the operator that has it: one look, from the end.
 */
void mx_build_needed(const mx_build *b, uint8_t *need_op, uint8_t *need_value) {
    memset(need_op, 0, b->n_ops);
    memset(need_value, 0, b->n_values);
    need(b->bodies[0].outputs, b->bodies[0].n_outputs, need_value);
    for (size_t i = b->n_ops; i-- > 0;) {
        const mx_bop *o = &b->ops[i];
        for (uint32_t k = 0; k < o->n_out; k++)
            need_op[i] |= need_value[o->out[k]];
        if (!need_op[i]) continue;
        need(o->in, o->n_in, need_value);
        for (uint32_t k = 0; k < o->n_at; k++) {
            const mx_bbody *body = o->at[k].kind == MX_AT_BODY ? &b->bodies[o->at[k].i] : NULL;
            if (body) need(body->outputs, body->n_outputs, need_value);
        }
    }
}

/* ---- errors ---- */

bool mx_failed(const mx_build *b) {
    return b->status != MX_OK;
}

mx_status mx_build_status(const mx_build *b, mx_error *err) {
    if (b->status != MX_OK && err) *err = b->error;
    return b->status;
}

bool mx_need_opset(mx_build *b, int lowest, const char *why) {
    if (b->opset >= lowest) return true;
    mx_cannot(b, "%s needs opset %d or later; this is opset %d", why, lowest, b->opset);
    return false;
}
