/* External data files of a model that is written: put beside it under their recorded names, whole, never over another
 * file. They are written under temporary names first; a failure before or after the commit leaves nothing behind. */
#ifndef MX_ONNX_IO_EXTERNAL_H
#define MX_ONNX_IO_EXTERNAL_H

#include "base/outfile.h"
#include "onnx_io/weights.h"

typedef struct mx_external_output {
    const mx_graph *g;
    char *dir; /* folder of the model; "" or with a '/' at its end */
    size_t dir_size;
    const char *model_name; /* base name of the model */
    mx_outfile *files;      /* one for each of g->external_files; those that need no writing stay zeroed */
    mx_strings targets;     /* normal forms of the locations seen so far */
    uint32_t *owners;       /* by string: the first file with that location */
    size_t n_files;
    char **folders; /* folders made for them, outer ones first */
    size_t n_folders, cap_folders;
} mx_external_output;

/* Write the files for which `used` is true and that are not there yet, under temporary names beside `model_path`.
 * Errors: FORBIDDEN_PATH, WRITE (another file stands in the way), CHECKSUM, READ. mx_external_close in any case. */
mx_status mx_external_prepare(mx_external_output *e, mx_weights_reader *weights, const bool *used,
                              const char *model_path, mx_error *err);
/* Put them in place; if one cannot be, none is. */
mx_status mx_external_commit(mx_external_output *e, mx_error *err);
/* Take away again what mx_external_commit has put in place (the model could not be written after all). */
void mx_external_undo(mx_external_output *e);
/* Remove what was not committed, and folders left empty by that. Safe on a zeroed struct. */
void mx_external_close(mx_external_output *e);

#endif
