#include "api/beside.h"

#include "api/paths.h"

#include <stdio.h>

#define BESIDE_FROM_BYTES ((uint64_t)1500 * 1000 * 1000)

enum {
    SMALLEST = 1024, /* smaller tensors stay in the model: shape inference needs to see them */
    ALIGNMENT = 64,
    LARGE = 1 << 20,
    LARGE_ALIGNMENT = 4096,
    LOCATION_EXTERNAL = 1
};

static bool is_movable(const mx_tensor *t) {
    return t->field == MX_TENSOR_RAW_DATA && t->data.source != MX_NO_INDEX && t->data.size >= SMALLEST &&
           t->external_file == MX_NO_INDEX && t->external.count == 0 &&
           (!t->has_location || t->location != LOCATION_EXTERNAL);
}

typedef struct moving {
    mx_graph *g;
    uint32_t file;
    mx_external_file *f;
    mx_blob zeros;
    mx_sid key_location, key_offset, key_length, location;
    mx_error *err;
} moving;

static uint64_t count_movable(const mx_graph *g, size_t *tensors) {
    uint64_t bytes = 0;
    *tensors = 0;
    for (size_t i = 0; i < g->n_scopes; i++)
        for (size_t k = 0; k < g->scopes[i].n_initializers; k++) {
            const mx_tensor *t = &g->tensors[g->scopes[i].initializers[k]];
            if (!is_movable(t)) continue;
            bytes += t->data.size;
            ++*tensors;
        }
    return bytes;
}

static mx_status number_text(moving *m, uint64_t v, mx_sid *out) {
    char digits[24];
    snprintf(digits, sizeof digits, "%llu", (unsigned long long)v);
    return mx_graph_string(m->g, mx_str_of(digits), out, m->err);
}

static void add_part(moving *m, mx_blob part) {
    if (part.size) m->f->parts[m->f->n_parts++] = part;
    m->f->size += part.size;
}

static mx_status move_tensor(moving *m, mx_tensor *t) {
    uint64_t alignment = t->data.size >= LARGE ? LARGE_ALIGNMENT : ALIGNMENT;
    mx_blob gap = m->zeros;
    mx_pair *pairs = NULL;
    gap.size = (alignment - m->f->size % alignment) % alignment;
    add_part(m, gap);
    MX_TRY(mx_graph_array(m->g, 3, sizeof *pairs, &pairs, m->err));
    pairs[0] = (mx_pair){.key = m->key_location, .value = m->location};
    pairs[1].key = m->key_offset;
    pairs[2].key = m->key_length;
    MX_TRY(number_text(m, m->f->size, &pairs[1].value));
    MX_TRY(number_text(m, t->data.size, &pairs[2].value));
    add_part(m, t->data);
    t->external = (mx_pairs){pairs, 3};
    t->external_file = m->file;
    t->has_location = true;
    t->location = LOCATION_EXTERNAL;
    return MX_OK;
}

static mx_status begin_file(moving *m, const char *location, size_t tensors) {
    static const char zeros[LARGE_ALIGNMENT];
    mx_external_file f = {.source = MX_NO_INDEX};
    MX_TRY(mx_graph_string(m->g, mx_str_of(location), &f.location, m->err));
    MX_TRY(mx_graph_string(m->g, MX_STR_LITERAL("location"), &m->key_location, m->err));
    MX_TRY(mx_graph_string(m->g, MX_STR_LITERAL("offset"), &m->key_offset, m->err));
    MX_TRY(mx_graph_string(m->g, MX_STR_LITERAL("length"), &m->key_length, m->err));
    MX_TRY(mx_graph_add_bytes(m->g, (mx_str){zeros, sizeof zeros}, &m->zeros, m->err));
    MX_TRY(mx_graph_array(m->g, 2 * tensors, sizeof *f.parts, &f.parts, m->err));
    MX_TRY(mx_graph_add_external_file(m->g, &f, &m->file, m->err));
    m->location = f.location;
    m->f = &m->g->external_files[m->file];
    return MX_OK;
}

mx_status mx_weights_beside(mx_graph *g, const char *output, bool always, bool *moved, mx_error *err) {
    char location[MX_PATH_BYTES];
    size_t tensors;
    moving m = {.g = g, .err = err};
    bool move = count_movable(g, &tensors) > BESIDE_FROM_BYTES || (always && tensors);
    if (moved) *moved = move;
    if (!move) return MX_OK;
    if (!mx_path_with_ending(mx_path_base(output), "", ".data", location))
        return mx_at_file(err, mx_fail(err, MX_ERR_USAGE, "the path is too long"), output);
    MX_TRY(begin_file(&m, location, tensors));
    for (size_t i = 0; i < g->n_scopes; i++)
        for (size_t k = 0; k < g->scopes[i].n_initializers; k++) {
            mx_tensor *t = &g->tensors[g->scopes[i].initializers[k]];
            if (is_movable(t)) MX_TRY(move_tensor(&m, t));
        }
    return MX_OK;
}
