#include "api/paths.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

const char *mx_path_base(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

void mx_path_folder(const char *path, char out[MX_PATH_BYTES]) {
    size_t n = (size_t)(mx_path_base(path) - path);
    if (n >= MX_PATH_BYTES) n = MX_PATH_BYTES - 1;
    memcpy(out, path, n);
    out[n] = '\0';
}

bool mx_path_has_ending(const char *path, const char *ending) {
    size_t n = strlen(path), e = strlen(ending);
    return n >= e && strcmp(path + n - e, ending) == 0;
}

bool mx_path_with_ending(const char *path, const char *old, const char *ending, char out[MX_PATH_BYTES]) {
    size_t n = strlen(path);
    if (mx_path_has_ending(path, old) && n > strlen(old)) n -= strlen(old);
    return (size_t)snprintf(out, MX_PATH_BYTES, "%.*s%s", (int)n, path, ending) < MX_PATH_BYTES;
}

bool mx_path_below(const char *from, const char *file, char out[MX_PATH_BYTES]) {
    char folder[MX_PATH_BYTES], real_folder[PATH_MAX], file_folder[MX_PATH_BYTES], real_file_folder[PATH_MAX];
    mx_path_folder(from, folder);
    mx_path_folder(file, file_folder);
    if (!realpath(folder[0] ? folder : ".", real_folder)) return false;
    if (!realpath(file_folder[0] ? file_folder : ".", real_file_folder)) return false;
    size_t n = strcmp(real_folder, "/") == 0 ? 0 : strlen(real_folder);
    if (strncmp(real_file_folder, real_folder, n) != 0) return false;
    const char *rest = real_file_folder + n;
    if (*rest != '\0' && *rest != '/') return false;
    while (*rest == '/') rest++;
    const char *joint = *rest ? "/" : "";
    return (size_t)snprintf(out, MX_PATH_BYTES, "%s%s%s", rest, joint, mx_path_base(file)) < MX_PATH_BYTES;
}

mx_status mx_path_is_no_source(const mx_graph *g, const char *path, mx_error *err) {
    struct stat st;
    if (stat(path, &st) != 0) return MX_OK;
    for (size_t i = 0; i < g->n_sources; i++) {
        const mx_source *s = g->sources[i];
        if (!s || s->fd < 0 || s->device != (uint64_t)st.st_dev || s->inode != (uint64_t)st.st_ino) continue;
        return mx_at_file(err, mx_fail(err, MX_ERR_WRITE, "this file holds weights of the input and is not overwritten"),
                          path);
    }
    return MX_OK;
}
