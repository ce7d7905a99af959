/* Paths of outputs that belong together. */
#ifndef MX_API_PATHS_H
#define MX_API_PATHS_H

#include "base/error.h"
#include "converter/graph.h"

#define MX_PATH_BYTES 4096

/* The folder of a path as given, with its '/', "" for the current one; cut to MX_PATH_BYTES - 1. */
void mx_path_folder(const char *path, char out[MX_PATH_BYTES]);
const char *mx_path_base(const char *path);
bool mx_path_has_ending(const char *path, const char *ending);
/* `path` with its ending `old` (if it has it) replaced by `ending`. False: too long. */
bool mx_path_with_ending(const char *path, const char *old, const char *ending, char out[MX_PATH_BYTES]);
/* `file` as seen from the folder of `from`, if it lies in that folder or below it (by real paths). False: it does not. */
bool mx_path_below(const char *from, const char *file, char out[MX_PATH_BYTES]);
/* MX_ERR_WRITE if `path` is one of the files that g's bytes come from. */
mx_status mx_path_is_no_source(const mx_graph *g, const char *path, mx_error *err);

#endif
