#include "onnx_io/external.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- names ---- */

static size_t text_size(const char *text) {
    return text != NULL ? strlen(text) + 1 : 0;
}

static mx_status forbidden(mx_str location, mx_error *err) {
    return mx_fail(err, MX_ERR_FORBIDDEN_PATH, "the external data file %s does not stay in the model's folder",
                   mx_show(location).text);
}

/* A location without empty and "." steps, so that equal places have equal names. */
static mx_status normal_form(mx_str location, char out[PATH_MAX], mx_error *err) {
    size_t n = 0;
    if (location.p == NULL || location.n == 0 || location.n >= PATH_MAX || location.p[0] == '/' ||
        location.p[location.n - 1] == '/' || memchr(location.p, '\0', location.n) != NULL)
        return forbidden(location, err);
    for (size_t i = 0; i < location.n;) {
        const char *step = location.p + i, *slash = memchr(step, '/', location.n - i);
        size_t length = slash != NULL ? (size_t)(slash - step) : location.n - i;
        i += length + 1;
        if (length == 2 && memcmp(step, "..", 2) == 0) return forbidden(location, err);
        if (length == 0 || (length == 1 && step[0] == '.')) continue;
        if (n > 0) out[n++] = '/';
        memcpy(out + n, step, length);
        n += length;
    }
    out[n] = '\0';
    return n > 0 ? MX_OK : forbidden(location, err);
}

static mx_status full_path(const mx_external_output *e, const char *name, char out[PATH_MAX], mx_error *err) {
    int n = snprintf(out, PATH_MAX, "%s%s", e->dir, name);
    if (n >= 0 && n < PATH_MAX) return MX_OK;
    return mx_fail(err, MX_ERR_WRITE, "the path of the external data file %s is too long",
                   mx_show(mx_str_of(name)).text);
}

/* ---- what is there already ---- */

static mx_status same_parts(const mx_external_file *f, mx_weights_reader *weights, mx_str name, const mx_source *there,
                            bool *same, mx_error *err) {
    uint64_t at = 0;
    for (size_t i = 0; i < f->n_parts && *same; i++) {
        const mx_blob *part = &f->parts[i];
        *same = part->size <= there->size - at;
        if (!*same) break;
        MX_TRY(mx_weights_verify(weights, part, name, err));
        MX_TRY(mx_weights_equal(weights, part, there, at, same, err));
        at += part->size;
    }
    *same = *same && at == there->size;
    return MX_OK;
}

static mx_status same_content(const mx_external_output *e, const mx_external_file *f, mx_weights_reader *weights,
                              const mx_source *there, bool *same, mx_error *err) {
    *same = true;
    if (f->source >= e->g->n_sources) return same_parts(f, weights, mx_text(e->g, f->location), there, same, err);
    const mx_source *s = e->g->sources[f->source];
    if (s->fd >= 0 && s->device == there->device && s->inode == there->inode) return MX_OK;
    *same = s->size == there->size;
    return *same ? mx_source_equal(s, 0, there, 0, s->size, same, err) : MX_OK;
}

/* Compare with a file that is in the target's place, or is about to be; takes the reference. */
static mx_status check_same(const mx_external_output *e, const mx_external_file *f, mx_weights_reader *weights,
                            mx_source *there, const char *path, mx_error *err) {
    bool same;
    mx_status status = same_content(e, f, weights, there, &same, err);
    mx_source_release(there);
    if (status != MX_OK || same) return status;
    return mx_at_file(err, mx_fail(err, MX_ERR_WRITE, "another file stands where external data of the model has to go"),
                      path);
}

/* Look at the target's place. *present: there is a file, with the right content. */
static mx_status look(const mx_external_output *e, const mx_external_file *f, mx_weights_reader *weights,
                      const char *name, const char *path, bool *present, mx_error *err) {
    mx_source *there;
    struct stat st;
    mx_error own;
    *present = false;
    mx_status status = mx_source_open_inside(&e->g->env, e->dir, mx_str_of(name), &there, &own);
    if (status == MX_OK) {
        *present = true;
        return check_same(e, f, weights, there, path, err);
    }
    if (status == MX_ERR_READ && lstat(path, &st) != 0 && errno == ENOENT) return MX_OK;
    if (status == MX_ERR_READ)
        return mx_at_file(err, mx_fail(err, MX_ERR_WRITE, "is in the place of an external data file"), path);
    if (err != NULL) *err = own;
    return status;
}

/* ---- writing ---- */

static mx_status remember_folder(mx_external_output *e, const char *path, mx_error *err) {
    const mx_allocator *a = e->g->allocator;
    if (!mx_grow(a, (void **)&e->folders, &e->cap_folders, e->n_folders, sizeof *e->folders)) return mx_nomem(err);
    char *copy = mx_alloc(a, text_size(path));
    if (copy == NULL) return mx_nomem(err);
    memcpy(copy, path, text_size(path));
    e->folders[e->n_folders++] = copy;
    return MX_OK;
}

/* One folder on the way to a target: made if it is not there; a link is refused. */
static mx_status make_folder(mx_external_output *e, const char *path, mx_error *err) {
    struct stat st;
    if (lstat(path, &st) == 0) {
        if (S_ISDIR(st.st_mode)) return MX_OK;
        if (S_ISLNK(st.st_mode))
            return mx_at_file(err, mx_fail(err, MX_ERR_FORBIDDEN_PATH, "is a symbolic link, not a folder"), path);
        return mx_at_file(err, mx_fail(err, MX_ERR_WRITE, "is not a folder"), path);
    }
    MX_TRY(remember_folder(e, path, err));
    if (mkdir(path, 0777) == 0) return MX_OK;
    mx_fail_errno(err, MX_ERR_WRITE, "cannot be made");
    return mx_at_file(err, MX_ERR_WRITE, path);
}

static mx_status make_folders(mx_external_output *e, char *path, mx_error *err) {
    for (char *slash = strchr(path + e->dir_size - 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mx_status status = make_folder(e, path, err);
        *slash = '/';
        if (status != MX_OK) return status;
    }
    return MX_OK;
}

static mx_status write_content(const mx_graph *g, const mx_external_file *f, mx_weights_reader *weights, mx_outfile *to,
                               mx_error *err) {
    if (f->source < g->n_sources) {
        const mx_source *s = g->sources[f->source];
        return mx_outfile_copy(to, s, 0, s->size, NULL, err);
    }
    for (size_t i = 0; i < f->n_parts; i++)
        MX_TRY(mx_weights_copy(weights, &f->parts[i], mx_text(g, f->location), to, NULL, err));
    return MX_OK;
}

static mx_status write_file(mx_external_output *e, uint32_t file, mx_weights_reader *weights, char *path,
                            mx_error *err) {
    mx_outfile *to = &e->files[file];
    MX_TRY(make_folders(e, path, err));
    MX_TRY(mx_outfile_open(&e->g->env, path, to, err));
    MX_TRY(write_content(e->g, &e->g->external_files[file], weights, to, err));
    return mx_outfile_finish(to, err);
}

/* Two locations may be two ways to write one place: the contents must then be the same. */
static mx_status owner_of(mx_external_output *e, uint32_t file, const char *name, uint32_t *owner, mx_error *err) {
    size_t known = e->targets.count;
    mx_sid target = mx_strings_add(&e->targets, mx_str_of(name));
    if (target == MX_SID_NOMEM) return mx_nomem(err);
    if (target >= known) e->owners[target] = file;
    *owner = e->owners[target];
    return MX_OK;
}

static mx_status prepare_file(mx_external_output *e, uint32_t file, mx_weights_reader *weights, mx_error *err) {
    char name[PATH_MAX], path[PATH_MAX];
    const mx_external_file *f = &e->g->external_files[file];
    uint32_t owner = file;
    bool present;
    MX_TRY(normal_form(mx_text(e->g, f->location), name, err));
    MX_TRY(full_path(e, name, path, err));
    if (strcmp(name, e->model_name) == 0)
        return mx_at_file(
            err, mx_fail(err, MX_ERR_WRITE, "the model would take the place of its own external data file"), path);
    MX_TRY(owner_of(e, file, name, &owner, err));
    if (owner != file && e->files[owner].path != NULL) {
        mx_source *there;
        MX_TRY(mx_source_open(&e->g->env, e->files[owner].temp, &there, err));
        return check_same(e, f, weights, there, path, err);
    }
    MX_TRY(look(e, f, weights, name, path, &present, err));
    return present ? MX_OK : write_file(e, file, weights, path, err);
}

static mx_status start(mx_external_output *e, const mx_graph *g, const char *model_path, mx_error *err) {
    const char *slash = strrchr(model_path, '/');
    size_t dir = slash != NULL ? (size_t)(slash - model_path) + 1 : 0;
    *e = (mx_external_output){.g = g, .model_name = model_path + dir, .n_files = g->n_external_files};
    e->dir_size = dir + 1;
    e->dir = mx_alloc_zero(g->allocator, e->dir_size, 1);
    e->files = mx_alloc_zero(g->allocator, e->n_files + 1, sizeof *e->files);
    e->owners = mx_alloc_zero(g->allocator, e->n_files + 2, sizeof *e->owners);
    if (e->dir == NULL || e->files == NULL || e->owners == NULL) return mx_nomem(err);
    memcpy(e->dir, model_path, dir);
    return mx_strings_init(&e->targets, g->allocator) ? MX_OK : mx_nomem(err);
}

mx_status mx_external_prepare(mx_external_output *e, mx_weights_reader *weights, const bool *used,
                              const char *model_path, mx_error *err) {
    MX_TRY(start(e, weights->g, model_path, err));
    for (uint32_t i = 0; i < e->n_files; i++)
        if (used[i]) MX_TRY(prepare_file(e, i, weights, err));
    return MX_OK;
}

mx_status mx_external_commit(mx_external_output *e, mx_error *err) {
    for (size_t i = 0; i < e->n_files; i++) {
        if (e->files[i].path == NULL) continue;
        mx_status status = mx_outfile_commit(&e->files[i], err);
        if (status == MX_OK) continue;
        mx_external_undo(e);
        return status;
    }
    return MX_OK;
}

void mx_external_undo(mx_external_output *e) {
    for (size_t i = 0; i < e->n_files; i++) {
        const mx_outfile *f = &e->files[i];
        if (f->path != NULL && f->temp[0] == '\0') unlink(f->path); /* no temporary name: it was committed */
    }
}

/* rmdir leaves folders alone that are not empty: those that are needed. */
static void close_folders(mx_external_output *e) {
    for (size_t i = e->n_folders; i-- > 0;) {
        rmdir(e->folders[i]);
        mx_free(e->g->allocator, e->folders[i], text_size(e->folders[i]));
    }
    mx_free(e->g->allocator, e->folders, e->cap_folders * sizeof *e->folders);
}

void mx_external_close(mx_external_output *e) {
    if (e->g == NULL) return;
    const mx_allocator *a = e->g->allocator;
    for (size_t i = 0; e->files != NULL && i < e->n_files; i++)
        mx_outfile_close(&e->files[i]);
    close_folders(e);
    mx_strings_free(&e->targets);
    mx_free(a, e->dir, e->dir_size);
    mx_free(a, e->files, (e->n_files + 1) * sizeof *e->files);
    mx_free(a, e->owners, (e->n_files + 2) * sizeof *e->owners);
    *e = (mx_external_output){0};
}
