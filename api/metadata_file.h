/* The metadata JSON that belongs to a model: as given, or X_htp_metadata.json beside X.onnx. */
#ifndef MX_API_METADATA_FILE_H
#define MX_API_METADATA_FILE_H

#include "api/paths.h"

typedef struct mx_metadata_file {
    char path[MX_PATH_BYTES]; /* "": there is none */
    mx_buffer text;
} mx_metadata_file;

/* given NULL: the one beside the model, if there is one. Freed with mx_metadata_file_free, also after a failure.
 * Errors: READ, LIMIT (over 1 GB), NOMEM. */
mx_status mx_metadata_file_load(const mx_env *env, const char *model, const char *given, mx_metadata_file *out,
                                mx_error *err);
/* The same with these members alone (keys: NULL-terminated): lists of operators can be larger than the model. */
mx_status mx_metadata_file_load_members(const mx_env *env, const char *model, const char *given, const char *const *keys,
                                        mx_metadata_file *out, mx_error *err);
void mx_metadata_file_free(mx_metadata_file *m);

#endif
