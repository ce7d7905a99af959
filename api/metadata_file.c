#include "api/metadata_file.h"

#include "base/json.h"

#include <stdio.h>
#include <sys/stat.h>

#define MAX_METADATA_BYTES ((uint64_t)1 << 30)

static mx_status take_bytes(const mx_source *s, const char *const *keys, mx_buffer *out, mx_error *err) {
    mx_window w;
    if (s->size > MAX_METADATA_BYTES) return mx_fail(err, MX_ERR_LIMIT, "is over 1 GB, too large for metadata");
    if (keys && s->size) {
        MX_TRY(mx_window_open(s, 0, s->size, &w, err));
        bool picked = mx_json_pick((mx_str){(const char *)w.data, (size_t)s->size}, keys, out);
        mx_window_close(&w);
        return picked ? MX_OK : mx_nomem(err);
    }
    if (!mx_buffer_reserve(out, (size_t)s->size + 1)) return mx_nomem(err);
    MX_TRY(mx_source_read(s, 0, out->data, (size_t)s->size, err));
    out->size = (size_t)s->size;
    return MX_OK;
}

static mx_status read_text(const mx_env *env, mx_metadata_file *m, const char *const *keys, mx_error *err) {
    mx_source *s;
    MX_TRY(mx_source_open(env, m->path, &s, err));
    mx_status status = take_bytes(s, keys, &m->text, err);
    mx_source_release(s);
    return mx_at_file(err, status, m->path);
}

mx_status mx_metadata_file_load_members(const mx_env *env, const char *model, const char *given, const char *const *keys,
                                        mx_metadata_file *out, mx_error *err) {
    struct stat st;
    out->path[0] = '\0';
    mx_buffer_init(&out->text, env ? env->allocator : NULL);
    if (given) {
        if ((size_t)snprintf(out->path, MX_PATH_BYTES, "%s", given) >= MX_PATH_BYTES)
            return mx_fail(err, MX_ERR_USAGE, "the path of the metadata is too long");
        return read_text(env, out, keys, err);
    }
    bool there = model[0] && mx_path_with_ending(model, ".onnx", "_htp_metadata.json", out->path) &&
                 stat(out->path, &st) == 0 && S_ISREG(st.st_mode);
    if (there) return read_text(env, out, keys, err);
    out->path[0] = '\0';
    return MX_OK;
}

mx_status mx_metadata_file_load(const mx_env *env, const char *model, const char *given, mx_metadata_file *out,
                                mx_error *err) {
    return mx_metadata_file_load_members(env, model, given, NULL, out, err);
}

void mx_metadata_file_free(mx_metadata_file *m) {
    mx_buffer_free(&m->text);
}
