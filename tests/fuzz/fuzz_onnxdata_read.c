/* Any bytes as an .onnxdata file: checked alone, and bound to a graph whose tensors refer to it.
 *
 * Checksums would keep a fuzzer out, so each input is also tried with the header and its checksums put right. */
#include "onnx_io/onnx_io.h"
#include "onnx_io/onnxdata.h"
#include "support.h"

#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef struct range {
    uint64_t offset, size;
} range;

static const range tensor_ranges[] = {{128, 8}, {128, 0},     {132, 4},        {192, 64},
                                      {256, 1}, {4096, 4096}, {UINT64_MAX, 1}, {1, UINT64_MAX}};
static const range part_ranges[] = {{128, 64}, {192, 64}};
enum { N_TENSORS = sizeof tensor_ranges / sizeof *tensor_ranges, N_PARTS = sizeof part_ranges / sizeof *part_ranges };

static mx_blob blob_of(range r) {
    return (mx_blob){.source = 0, .check = MX_NO_INDEX, .offset = r.offset, .size = r.size};
}

/* One tensor of the table alone, or all that a well-formed image of two tensors can serve. */
static mx_graph *make_graph(const mx_env *env, size_t tensor) {
    mx_graph *g;
    mx_error err;
    uint32_t index;
    mx_blob *parts;
    fuzz_require_ok(mx_graph_new(env, &g, &err), &err, "a graph");
    fuzz_require_ok(mx_graph_add_source(g, NULL, &index, &err), &err, "a source");
    mx_tensor t = {.name = MX_SID_EMPTY, .field = MX_TENSOR_RAW_DATA, .external_file = MX_NO_INDEX};
    t.data = blob_of(tensor_ranges[tensor]);
    fuzz_require_ok(mx_graph_add_tensor(g, &t, &index, &err), &err, "a tensor");
    if (tensor > 0) return g;
    fuzz_require_ok(mx_graph_array(g, N_PARTS, sizeof *parts, &parts, &err), &err, "parts");
    for (size_t i = 0; i < N_PARTS; i++)
        parts[i] = blob_of(part_ranges[i]);
    mx_external_file file = {MX_SID_EMPTY, MX_NO_INDEX, 128, parts, N_PARTS, false};
    fuzz_require_ok(mx_graph_add_external_file(g, &file, &index, &err), &err, "an external file");
    return g;
}

static void check_binding(const mx_graph *g, const mx_source *image, const mx_blob *b) {
    if (b->size == 0) return;
    fuzz_require(b->check < g->n_checks, "bytes that are bound without a checksum");
    const mx_check *c = &g->checks[b->check];
    fuzz_require(c->offset <= b->offset && b->offset - c->offset <= c->size &&
                     b->size <= c->size - (b->offset - c->offset),
                 "bytes beyond the entry that they are bound to");
    fuzz_require(c->offset <= image->size && c->size <= image->size - c->offset, "an entry beyond the file");
}

static void bind(const mx_env *env, const char *path, size_t tensor) {
    mx_source *image;
    mx_error err;
    mx_graph *g = make_graph(env, tensor);
    fuzz_require_ok(mx_source_open(env, path, &image, &err), &err, "opening the image");
    if (mx_onnxdata_bind(g, 0, image, NULL, &err) == MX_OK) {
        check_binding(g, image, &g->tensors[0].data);
        for (size_t i = 0; i < g->n_external_files; i++)
            for (size_t k = 0; k < g->external_files[i].n_parts; k++)
                check_binding(g, image, &g->external_files[i].parts[k]);
    }
    mx_source_release(image);
    mx_graph_free(g);
}

static void try_image(const mx_env *env, const uint8_t *data, size_t size) {
    char path[FUZZ_PATH_BYTES];
    mx_error err;
    int fd = fuzz_file(data, size, path);
    (void)mx_onnxdata_verify(env, path, &err);
    for (size_t tensor = 0; tensor < N_TENSORS; tensor++)
        bind(env, path, tensor);
    close(fd);
}

static uint64_t get64(const uint8_t *at) {
    uint64_t v;
    memcpy(&v, at, sizeof v);
    return v;
}

/* Magic, version and sizes as they have to be; the place of the index and the count as they came; true checksums. */
static void put_right(uint8_t *image, size_t size) {
    uint64_t index = get64(image + MX_ONNXDATA_AT_INDEX_OFFSET);
    if (index > size) index = size;
    memcpy(image, MX_ONNXDATA_MAGIC, 8);
    mx_onnxdata_put32(image + MX_ONNXDATA_AT_VERSION, MX_ONNXDATA_VERSION);
    mx_onnxdata_put32(image + MX_ONNXDATA_AT_HEADER_SIZE, MX_ONNXDATA_HEADER_BYTES);
    mx_onnxdata_put64(image + MX_ONNXDATA_AT_FILE_SIZE, size);
    mx_onnxdata_put64(image + MX_ONNXDATA_AT_INDEX_OFFSET, index);
    mx_onnxdata_put64(image + MX_ONNXDATA_AT_INDEX_SIZE, size - index);
    mx_onnxdata_put_hash(image + MX_ONNXDATA_AT_INDEX_HASH, mx_hash_bytes(image + index, size - index));
    mx_onnxdata_put_hash(image + MX_ONNXDATA_AT_HEADER_HASH, mx_hash_bytes(image, MX_ONNXDATA_AT_HEADER_HASH));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const mx_env *env = fuzz_begin(size);
    try_image(env, data, size);
    if (size >= MX_ONNXDATA_HEADER_BYTES) {
        uint8_t *image = malloc(size);
        fuzz_require(image != NULL, "no memory");
        memcpy(image, data, size);
        put_right(image, size);
        try_image(env, image, size);
        free(image);
    }
    fuzz_end();
    return 0;
}
