/* Any ONNX file that can be read comes back through GraphML as it is written directly: to the byte. What is written
 * means the same as the input, and is the same to the byte if that was in canonical form. */
#include "canonical.h"
#include "graphml/graphml.h"
#include "onnx.pb-c.h"
#include "onnx_io/onnx_io.h"
#include "support.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static fuzz_bytes write_onnx(mx_graph *g) {
    fuzz_bytes b;
    mx_error err;
    fuzz_require_ok(fuzz_write_onnx(g, &b, &err), &err, "writing ONNX");
    return b;
}

static bool are_equal(fuzz_bytes a, fuzz_bytes b) {
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static void require_equal(fuzz_bytes a, fuzz_bytes b, const char *what) {
    fuzz_require(are_equal(a, b), what);
}

/* The weights of g into an image without a name; g refers to it from then on. */
static mx_weights store_weights(const mx_env *env, mx_graph *g, mx_outfile *f, bool embedded) {
    mx_onnxdata_info info;
    uint32_t source;
    mx_error err;
    fuzz_require_ok(mx_outfile_open_unnamed(env, fuzz_folder(), f, &err), &err, "a file for the weights");
    fuzz_require_ok(mx_onnxdata_write(g, f, &info, &source, &err), &err, "writing the weights");
    mx_weights weights = {.strategy = embedded ? MX_PARAMETERS_EMBEDDED : MX_PARAMETERS_SIDECAR,
                          .checksum = info.checksum,
                          .file_size = info.size,
                          .count = info.tensors};
    if (!embedded) strcpy(weights.file, "model.onnxdata");
    fuzz_require_ok(mx_outfile_source(f, env, &weights.image, &err), &err, "the image as a source");
    return weights;
}

static void write_graphml(const mx_env *env, const mx_graph *g, mx_weights weights, mx_outfile *f) {
    static const mx_graphml_write_options options = {.collapse_depth = -1};
    mx_error err;
    if (weights.strategy == MX_PARAMETERS_SIDECAR) weights.image = NULL;
    fuzz_require_ok(mx_outfile_open_unnamed(env, fuzz_folder(), f, &err), &err, "a file for the GraphML");
    fuzz_require_ok(mx_graphml_write(g, &weights, &options, f, &err), &err, "writing GraphML");
    fuzz_require_ok(mx_outfile_flush(f, &err), &err, "writing GraphML");
}

static mx_graph *read_graphml(const mx_env *env, const mx_outfile *f, mx_source *sidecar) {
    char path[FUZZ_PATH_BYTES];
    mx_graph *g;
    mx_weights weights = {0};
    mx_graphml_report report;
    mx_error err;
    snprintf(path, sizeof path, "/proc/self/fd/%d", f->fd);
    fuzz_require_ok(mx_graphml_read(env, path, &g, &weights, &report, NULL, &err), &err, "reading GraphML");
    mx_source *image = weights.image ? weights.image : sidecar;
    fuzz_require_ok(mx_onnxdata_bind(g, 0, image, &weights.checksum, &err), &err, "binding the weights");
    mx_source_release(weights.image);
    return g;
}

static fuzz_bytes through_graphml(const mx_env *env, mx_graph *g, bool embedded) {
    mx_outfile image = {.fd = -1}, graphml = {.fd = -1};
    mx_weights weights = store_weights(env, g, &image, embedded);
    write_graphml(env, g, weights, &graphml);
    mx_graph *back = read_graphml(env, &graphml, weights.image);
    fuzz_bytes result = write_onnx(back);
    mx_graph_free(back);
    mx_source_release(weights.image);
    mx_outfile_close(&graphml);
    mx_outfile_close(&image);
    return result;
}

static mx_buffer canonical(fuzz_bytes model) {
    mx_buffer b;
    mx_buffer_init(&b, NULL);
    fuzz_canonical(&b, (mx_str){(const char *)model.data, model.size}, &onnx__model_proto__descriptor);
    return b;
}

static void require_same_meaning(fuzz_bytes source, fuzz_bytes written) {
    mx_buffer a = canonical(source), b = canonical(written);
    fuzz_bytes of_a = {(uint8_t *)a.data, a.size}, of_b = {(uint8_t *)b.data, b.size};
    require_equal(of_a, of_b, "the model that was written means something else than the source");
    if (are_equal(source, of_a)) require_equal(source, written, "a canonical model is written in another way");
    mx_buffer_free(&a);
    mx_buffer_free(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const mx_env *env = fuzz_begin(size);
    mx_graph *g = fuzz_read_onnx(env, data, size);
    if (g) {
        fuzz_bytes direct = write_onnx(g);
        fuzz_bytes through = through_graphml(env, g, size % 2 == 0);
        require_equal(direct, through, "the model through GraphML differs from the one that was written directly");
        require_same_meaning((fuzz_bytes){(uint8_t *)(uintptr_t)data, size}, direct);
        free(direct.data);
        free(through.data);
        mx_graph_free(g);
    }
    fuzz_end();
    return 0;
}
