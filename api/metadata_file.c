#include "api/metadata_file.h"

#include <stdio.h>
#include <sys/stat.h>

#define MAX_METADATA_BYTES ((uint64_t)1 << 30)

static mx_status read_text(const mx_env *env, mx_metadata_file *m, mx_error *err) {
    mx_source *s;
    MX_TRY(mx_source_open(env, m->path, &s, err));
    mx_status status = MX_OK;
    if (s->size > MAX_METADATA_BYTES)
        status = mx_fail(err, MX_ERR_LIMIT, "is over 1 GB, too large for metadata");
    else if (!mx_buffer_reserve(&m->text, (size_t)s->size + 1))
        status = mx_nomem(err);
    if (status == MX_OK) status = mx_source_read(s, 0, m->text.data, (size_t)s->size, err);
    if (status == MX_OK) m->text.size = (size_t)s->size;
    mx_source_release(s);
    return mx_at_file(err, status, m->path);
}

mx_status mx_metadata_file_load(const mx_env *env, const char *model, const char *given, mx_metadata_file *out,
                                mx_error *err) {
    struct stat st;
    out->path[0] = '\0';
    mx_buffer_init(&out->text, env ? env->allocator : NULL);
    if (given) {
        if ((size_t)snprintf(out->path, MX_PATH_BYTES, "%s", given) >= MX_PATH_BYTES)
            return mx_fail(err, MX_ERR_USAGE, "the path of the metadata is too long");
        return read_text(env, out, err);
    }
    bool there = model[0] && mx_path_with_ending(model, ".onnx", "_htp_metadata.json", out->path) &&
                 stat(out->path, &st) == 0 && S_ISREG(st.st_mode);
    if (there) return read_text(env, out, err);
    out->path[0] = '\0';
    return MX_OK;
}

void mx_metadata_file_free(mx_metadata_file *m) {
    mx_buffer_free(&m->text);
}
