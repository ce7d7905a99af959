/* Any bytes as a .pt2 file: read, made functional, and looked at in between.
 *
 * An input that begins with "{" is no archive but the text of model.json, and behind a NUL the configuration of the
 * weights: an archive with right checksums is made around it, so that the fuzzer gets beyond the zip format. */
#include "support.h"
#include "torch_io/program.h"

#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- what a program has to be ---- */

typedef struct looker {
    const mx_program *p;
    uint8_t *made; /* by value: it is there at this point */
} looker;

static void is_there(const looker *l, uint32_t v, uint32_t graph) {
    fuzz_require(v < l->p->n_values, "a value that is not there");
    fuzz_require(l->made[v], "a value that is used before it is made");
    fuzz_require(l->p->values[v].graph == graph, "a value of another graph");
}

static void look_at_arg(const looker *l, const mx_parg *a, uint32_t graph) {
    fuzz_require(a->name < l->p->strings.count, "a name that is not there");
    if (a->kind == MX_ARG_VALUE) is_there(l, a->value, graph);
    if (a->kind == MX_ARG_GRAPH) fuzz_require(a->value < l->p->n_graphs, "a graph that is not there");
    for (uint32_t i = 0; a->kind == MX_ARG_VALUES && i < a->count; i++)
        if (a->values[i] != MX_NONE) is_there(l, a->values[i], graph);
    for (uint32_t i = 0; (a->kind == MX_ARG_INTS || a->kind == MX_ARG_BOOLS) && i < a->count; i++)
        if (a->items[i].value != MX_NONE) is_there(l, a->items[i].value, graph);
}

static void make(const looker *l, uint32_t v, uint32_t node, uint32_t output) {
    if (v == MX_NONE) return;
    fuzz_require(v < l->p->n_values && !l->made[v], "a value that is made twice");
    fuzz_require(l->p->values[v].node == node && l->p->values[v].output == output, "a value that knows another maker");
    l->made[v] = 1;
}

static void look_at_node(const looker *l, uint32_t node, uint32_t graph) {
    const mx_program *p = l->p;
    fuzz_require(node < p->n_nodes, "a node that is not there");
    const mx_pnode *n = &p->nodes[node];
    mx_str target = mx_ptext(p, n->target);
    fuzz_require(!n->dropped && n->graph == graph, "a node that is elsewhere");
    fuzz_require(n->call == MX_NONE || n->call < p->n_calls, "a call that is not there");
    const char *dot = p->functional && mx_str_starts(target, "aten.") ? memchr(target.p + 5, '.', target.n - 5) : NULL;
    fuzz_require(!dot || dot[-1] != '_' || dot[-2] == '_', "an operator in place in a functional program");
    for (uint32_t i = 0; i < n->n_args; i++)
        look_at_arg(l, &n->args[i], graph);
    for (uint32_t i = 0; i < n->n_outputs; i++)
        make(l, n->outputs[i], node, i);
}

static void look_at_graph(const looker *l, uint32_t graph) {
    const mx_pgraph *g = &l->p->graphs[graph];
    for (uint32_t i = 0; i < g->n_inputs; i++)
        make(l, g->inputs[i], MX_NONE, i);
    for (uint32_t i = 0; i < g->n_nodes; i++)
        look_at_node(l, g->nodes[i], graph);
    for (uint32_t i = 0; i < g->n_outputs; i++)
        look_at_arg(l, &g->outputs[i], graph);
}

static void look_at_weights(const mx_program *p) {
    for (size_t i = 0; i < p->n_weights; i++) {
        const mx_pweight *w = &p->weights[i];
        fuzz_require(w->source < p->n_sources, "a source that is not there");
        uint64_t size = p->sources[w->source]->size;
        fuzz_require(w->storage_offset <= size && w->storage_size <= size - w->storage_offset,
                     "a storage outside the file");
        fuzz_require(w->offset >= 0, "a weight before its storage");
    }
}

static void look_at(const mx_program *p, bool *inlined) {
    looker l = {p, calloc(p->n_values + 1, 1)};
    fuzz_require(l.made != NULL, "no memory");
    for (uint32_t i = 0; i < p->n_graphs; i++)
        if (!inlined[i]) look_at_graph(&l, i);
    for (size_t i = 1; i < p->n_modules; i++)
        fuzz_require(p->modules[i].parent < i, "a module before its parent");
    for (size_t i = 0; i < p->n_calls; i++)
        fuzz_require(p->calls[i].module < p->n_modules && (p->calls[i].parent == MX_NONE || p->calls[i].parent < i),
                     "a call before the one that it is in");
    look_at_weights(p);
    free(l.made);
}

/* Graphs whose node is gone from the program were drawn into another one. */
static void find_inlined(const mx_program *p, bool *inlined) {
    for (size_t i = 0; i < p->n_graphs; i++)
        inlined[i] = p->graphs[i].parent_node != MX_NONE &&
                     (p->nodes[p->graphs[i].parent_node].dropped || inlined[p->nodes[p->graphs[i].parent_node].graph]);
}

static void try_file(const mx_env *env, const uint8_t *data, size_t size) {
    char path[FUZZ_PATH_BYTES];
    mx_program *p;
    mx_error err;
    int fd = fuzz_file(data, size, path);
    if (mx_pt2_read(env, path, &p, &err) == MX_OK) {
        bool *inlined = calloc(p->n_graphs, sizeof *inlined);
        fuzz_require(inlined != NULL, "no memory");
        look_at(p, inlined);
        if (mx_program_functional(p, &err) == MX_OK) {
            find_inlined(p, inlined);
            look_at(p, inlined);
        }
        free(inlined);
        mx_program_free(p);
    }
    close(fd);
}

/* ---- an archive around texts ---- */

typedef struct zip {
    mx_buffer file, directory;
    uint16_t entries;
} zip;

static void put(mx_buffer *b, uint32_t v, int bytes) {
    for (int i = 0; i < bytes; i++)
        mx_buffer_byte(b, (char)(v >> 8 * i));
}

/* What both headers of an entry have in common, from the flags on. */
static void put_common(mx_buffer *b, const char *name, const uint8_t *data, size_t size) {
    put(b, 0, 2);
    put(b, 0, 2);
    put(b, 0, 4);
    put(b, (uint32_t)crc32_z(0, data, size), 4);
    put(b, (uint32_t)size, 4);
    put(b, (uint32_t)size, 4);
    put(b, (uint32_t)strlen(name), 2);
    put(b, 0, 2);
}

static void add(zip *z, const char *name, const void *data, size_t size) {
    uint32_t offset = (uint32_t)z->file.size;
    put(&z->file, 0x04034b50, 4);
    put(&z->file, 20, 2);
    put_common(&z->file, name, data, size);
    mx_buffer_cstr(&z->file, name);
    mx_buffer_add(&z->file, data, size);
    put(&z->directory, 0x02014b50, 4);
    put(&z->directory, 20 | 20 << 16, 4);
    put_common(&z->directory, name, data, size);
    put(&z->directory, 0, 2);
    put(&z->directory, 0, 4);
    put(&z->directory, 0, 4);
    put(&z->directory, offset, 4);
    mx_buffer_cstr(&z->directory, name);
    z->entries++;
}

static void finish(zip *z) {
    uint32_t at = (uint32_t)z->file.size;
    mx_buffer_add(&z->file, z->directory.data, z->directory.size);
    put(&z->file, 0x06054b50, 4);
    put(&z->file, 0, 4);
    put(&z->file, z->entries, 2);
    put(&z->file, z->entries, 2);
    put(&z->file, (uint32_t)z->directory.size, 4);
    put(&z->file, at, 4);
    put(&z->file, 0, 2);
    fuzz_require(!z->file.failed && !z->directory.failed, "no memory");
}

static void try_texts(const mx_env *env, const uint8_t *data, size_t size) {
    const uint8_t storage[64] = {1, 2, 3}, *end = memchr(data, '\0', size);
    size_t model = end ? (size_t)(end - data) : size;
    zip z = {.entries = 0};
    mx_buffer_init(&z.file, NULL);
    mx_buffer_init(&z.directory, NULL);
    add(&z, "m/data/weights/weight_0", storage, sizeof storage);
    add(&z, "m/data/weights/weight_1", storage, 16);
    if (end) add(&z, "m/data/weights/model_weights_config.json", end + 1, size - model - 1);
    add(&z, "m/models/model.json", data, model);
    finish(&z);
    try_file(env, (const uint8_t *)z.file.data, z.file.size);
    mx_buffer_free(&z.file);
    mx_buffer_free(&z.directory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const mx_env *env = fuzz_begin(size);
    if (size > 0 && data[0] == '{')
        try_texts(env, data, size);
    else
        try_file(env, data, size);
    fuzz_end();
    return 0;
}
