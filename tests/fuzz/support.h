/* What the fuzz targets share: an environment that watches memory, files in memory, and how a fault is reported. */
#ifndef FUZZ_SUPPORT_H
#define FUZZ_SUPPORT_H

#include "base/outfile.h"
#include "converter/graph.h"

#define FUZZ_PATH_BYTES 256
#define FUZZ_DATA_FILE  "weights.bin" /* external data that models may refer to: the bytes 0 to 255 */

/* An environment for one input of `size` bytes. Memory beyond a fixed multiple of the input ends the process, and so
 * does whatever of it is still in use at fuzz_end. */
const mx_env *fuzz_begin(size_t size);
void fuzz_end(void);

/* A folder of this process in memory, with FUZZ_DATA_FILE and a folder "out" in it. Taken from $FUZZ_FOLDER if that is
 * set; else made, and removed at the end of the process. */
const char *fuzz_folder(void);

/* A file in memory. Its path leads to it as long as the descriptor that is returned is open. */
int fuzz_file(const void *bytes, size_t size, char path[FUZZ_PATH_BYTES]);

/* A model read from memory, wired and grouped; NULL where the bytes are no model. Its weights stay in `data`. */
mx_graph *fuzz_read_onnx(const mx_env *env, const void *data, size_t size);

/* What was written; data is freed with free(). */
typedef struct fuzz_bytes {
    uint8_t *data;
    size_t size;
} fuzz_bytes;
/* Write g as ONNX; external data files are removed again. A failure must leave no file. */
mx_status fuzz_write_onnx(mx_graph *g, fuzz_bytes *out, mx_error *err);

/* End the process where a status or a condition is not what it has to be. */
void fuzz_require_ok(mx_status status, const mx_error *err, const char *what);
void fuzz_require(bool condition, const char *what);

#endif
