/* ONNX files and .onnxdata files: what this room offers to the others.
 *
 * Reading: the file is walked field by field, stepping over weights. A bounded scan checks lengths, counts and nesting,
 * leaves the bytes of tensors where they lie (mx_blob ranges of the source) and hands protobuf-c only the small rest of
 * each message. */
#ifndef MX_ONNX_IO_H
#define MX_ONNX_IO_H

#include "base/outfile.h"
#include "converter/graph.h"

/* Read a model. The graph is complete but not wired (mx_graph_wire). sources[0] is the model's file; every external
 * data file becomes an entry of external_files with its source. External files are looked for in the model's folder.
 * Errors: READ, SYNTAX (with offset), LIMIT, FORBIDDEN_PATH, INVALID (external range beyond its file), NOMEM. */
mx_status mx_onnx_read(const mx_env *env, const char *path, mx_graph **out, mx_error *err);
/* The same from any source (takes no reference; dir: folder of external data, NULL: none is reachable). */
mx_status mx_onnx_read_source(const mx_env *env, mx_source *source, const char *dir, mx_graph **out, mx_error *err);

/* Key and value of the metadata entries of which only the wire bytes are known, in a graph that is not from
 * mx_onnx_read. Fails with NOMEM only. */
mx_status mx_onnx_read_opaque(mx_graph *g, mx_error *err);

/* Size and XXH3-128 of all bytes of the model's file that are no tensor data (graph as mx_onnx_read gave it). */
mx_status mx_onnx_skeleton_hash(const mx_graph *g, uint64_t *size, mx_hash128 *out, mx_error *err);

typedef struct mx_onnx_write_options {
    /* Not NULL: tensors whose bytes lie in g->sources[0] (the .onnxdata image, or a model's file) are left there and
     * become external data with this location: raw_data of 1024 bytes or more, and all that was external data before
     * (its own files are then not written). Checksums are verified all the same. Typed data, small tensors, which shape
     * inference needs to see, and what is in sparse tensors are copied. */
    const char *sidecar_location;
} mx_onnx_write_options;

/* Write the model, byte for byte as it was read where nothing was edited. External data files come first (beside
 * `path`, under their recorded names, folders made as needed; a file of the same content is left, another one is
 * MX_ERR_WRITE), the model last. Every byte range with a check is verified while it is copied (MX_ERR_CHECKSUM names
 * the tensor). validate, if not NULL, is called with the finished temporary file's source before anything is put in
 * place; its failure leaves everything as it was. */
mx_status mx_onnx_write(mx_graph *g, const char *path, const mx_onnx_write_options *options,
                        mx_status (*validate)(void *ctx, mx_source *written, mx_error *err), void *ctx, mx_error *err);

/* ---- .onnxdata (layout: schemas/onnxdata.md) ---- */

typedef struct mx_onnxdata_info {
    uint64_t size;       /* of the file */
    uint64_t tensors;    /* tensors with data that refer to it */
    mx_hash128 checksum; /* XXH3-128 of the index */
} mx_onnxdata_info;

/* Store the bytes of all tensors and external files (parts and gaps) of g in an image written to `f` (open, empty; the
 * caller commits). Equal content is stored once (compared, not only hashed). Afterwards every mx_tensor.data and every
 * external_files[].parts refers to `image_source`, an index into g->sources that this call adds; tensor and part
 * offsets are places in the image. */
mx_status mx_onnxdata_write(mx_graph *g, mx_outfile *f, mx_onnxdata_info *info, uint32_t *image_source, mx_error *err);
/* Check header and index of an image against its size and `expected` (NULL: any), and bind g to it: g->sources[source]
 * becomes the image (a reference is taken), every tensor and part range must lie inside one entry and gets its check.
 * Errors: SYNTAX, LIMIT, CHECKSUM (not the image that belongs to the GraphML), INVALID (names the tensor). */
mx_status mx_onnxdata_bind(mx_graph *g, uint32_t source, mx_source *image, const mx_hash128 *expected, mx_error *err);
/* Check an .onnxdata file alone: header, index, and the checksum of every entry. */
mx_status mx_onnxdata_verify(const mx_env *env, const char *path, mx_error *err);

#endif
