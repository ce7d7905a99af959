/* Any bytes as a GraphML file: read with whatever edits they hold. What can be read is written as ONNX, and that must
 * be a file that can be read. */
#include "graphml/source.h"
#include "onnx_io/onnx_io.h"
#include "onnx_io/onnxdata.h"
#include "support.h"

#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    IMAGE_DATA_BYTES = 1 << 16,
    IMAGE_BYTES = MX_ONNXDATA_HEADER_BYTES + IMAGE_DATA_BYTES + MX_ONNXDATA_ENTRY_BYTES
};

/* A valid .onnxdata image of zeros with one entry, so that tensors anywhere in it find their bytes. */
static const uint8_t *zero_image(void) {
    static uint8_t image[IMAGE_BYTES];
    uint8_t *data = image + MX_ONNXDATA_HEADER_BYTES, *entry = data + IMAGE_DATA_BYTES;
    if (image[0]) return image;
    mx_onnxdata_put64(entry + MX_ONNXDATA_AT_OFFSET, MX_ONNXDATA_HEADER_BYTES);
    mx_onnxdata_put64(entry + MX_ONNXDATA_AT_SIZE, IMAGE_DATA_BYTES);
    mx_onnxdata_put_hash(entry + MX_ONNXDATA_AT_HASH, mx_hash_bytes(data, IMAGE_DATA_BYTES));
    memcpy(image, MX_ONNXDATA_MAGIC, 8);
    mx_onnxdata_put32(image + MX_ONNXDATA_AT_VERSION, MX_ONNXDATA_VERSION);
    mx_onnxdata_put32(image + MX_ONNXDATA_AT_HEADER_SIZE, MX_ONNXDATA_HEADER_BYTES);
    mx_onnxdata_put64(image + MX_ONNXDATA_AT_FILE_SIZE, IMAGE_BYTES);
    mx_onnxdata_put64(image + MX_ONNXDATA_AT_INDEX_OFFSET, MX_ONNXDATA_HEADER_BYTES + IMAGE_DATA_BYTES);
    mx_onnxdata_put64(image + MX_ONNXDATA_AT_INDEX_SIZE, MX_ONNXDATA_ENTRY_BYTES);
    mx_onnxdata_put64(image + MX_ONNXDATA_AT_COUNT, 1);
    mx_onnxdata_put_hash(image + MX_ONNXDATA_AT_INDEX_HASH, mx_hash_bytes(entry, MX_ONNXDATA_ENTRY_BYTES));
    mx_onnxdata_put_hash(image + MX_ONNXDATA_AT_HEADER_HASH, mx_hash_bytes(image, MX_ONNXDATA_AT_HEADER_HASH));
    return image;
}

static bool bind(const mx_env *env, mx_graph *g, const mx_weights *weights) {
    mx_error err;
    mx_source *zeros;
    if (weights->strategy == MX_PARAMETERS_REFERENCE || g->n_external_files) return false;
    if (weights->image) return mx_onnxdata_bind(g, 0, weights->image, NULL, &err) == MX_OK;
    fuzz_require_ok(mx_source_from_memory(env, zero_image(), IMAGE_BYTES, false, &zeros, &err), &err, "the zero image");
    mx_status status = mx_onnxdata_bind(g, 0, zeros, NULL, &err);
    mx_source_release(zeros);
    return status == MX_OK;
}

/* External tensors name files that are not there: such a model is not read again. */
static bool is_self_contained(const mx_graph *g) {
    for (size_t i = 0; i < g->n_tensors; i++)
        if (g->tensors[i].has_location || g->tensors[i].external.count) return false;
    return true;
}

static bool checksums_hold(const mx_graph *g) {
    mx_hash128 hash;
    mx_error err;
    for (size_t i = 0; i < g->n_checks; i++) {
        const mx_check *c = &g->checks[i];
        if (mx_source_hash(g->sources[c->source], c->offset, c->size, &hash, &err) != MX_OK) return false;
        if (!mx_hash_eq(hash, c->hash)) return false;
    }
    return true;
}

/* Texts that hold wire bytes are looked into only now, so the writing may fail. */
static void write_and_read(const mx_env *env, mx_graph *g) {
    fuzz_bytes written;
    mx_error err;
    mx_status status = fuzz_write_onnx(g, &written, &err);
    if (status == MX_ERR_INVALID || status == MX_ERR_LIMIT) return;
    fuzz_require_ok(status, &err, "writing ONNX");
    mx_graph *again = fuzz_read_onnx(env, written.data, written.size);
    fuzz_require(again != NULL, "an imported model cannot be read");
    mx_graph_free(again);
    free(written.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const mx_env *env = fuzz_begin(size);
    char path[FUZZ_PATH_BYTES];
    mx_graph *g = NULL;
    mx_weights weights = {0};
    mx_graphml_report report = {0};
    mx_traces traces;
    mx_error err;
    int fd = fuzz_file(data, size, path);
    mx_status status = mx_graphml_read(env, path, &g, &weights, &report, &traces, &err);
    if (status == MX_OK) {
        if (bind(env, g, &weights) && is_self_contained(g) && checksums_hold(g)) write_and_read(env, g);
        mx_source_release(weights.image);
        mx_graph_free(g);
    } else {
        fuzz_require(g == NULL && weights.image == NULL, "a failed reading leaves something");
        fuzz_require(err.code == status && err.message[0], "an error without a code or a message");
    }
    close(fd);
    fuzz_end();
    return 0;
}
