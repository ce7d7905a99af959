/* Any ONNX file that can be read comes back through GraphML as it is written directly: to the byte. And what was written
 * is canonical: read and written once more it stays the same. */
#include "graphml/graphml.h"
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

static void require_equal(fuzz_bytes a, fuzz_bytes b, const char *what) {
    fuzz_require(a.size == b.size && memcmp(a.data, b.data, a.size) == 0, what);
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
    fuzz_require_ok(mx_graphml_read(env, path, &g, &weights, &report, &err), &err, "reading GraphML");
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

static void require_stable(const mx_env *env, fuzz_bytes written) {
    mx_graph *g = fuzz_read_onnx(env, written.data, written.size);
    fuzz_require(g != NULL, "a model that was written cannot be read");
    fuzz_bytes again = write_onnx(g);
    require_equal(written, again, "a model that was written changes when it is read and written");
    free(again.data);
    mx_graph_free(g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const mx_env *env = fuzz_begin(size);
    mx_graph *g = fuzz_read_onnx(env, data, size);
    if (g) {
        fuzz_bytes direct = write_onnx(g);
        fuzz_bytes through = through_graphml(env, g, size % 2 == 0);
        require_equal(direct, through, "the model through GraphML differs from the one that was written directly");
        require_stable(env, direct);
        free(direct.data);
        free(through.data);
        mx_graph_free(g);
    }
    fuzz_end();
    return 0;
}
