/* Files that a repair replaces stay under a second name. */
#include "api/validate.h"
#include "base/outfile.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

enum { MOST = 1000 };

static mx_status copy_file(const mx_validate_job *job, const char *from, const char *to, mx_error *err) {
    mx_source *s;
    mx_outfile f;
    MX_TRY(mx_source_open(job->env, from, &s, err));
    mx_status status = mx_outfile_open(job->env, to, &f, err);
    if (status == MX_OK) {
        status = mx_outfile_copy(&f, s, 0, s->size, NULL, err);
        if (status == MX_OK) status = mx_outfile_commit(&f, err);
        mx_outfile_close(&f);
    }
    mx_source_release(s);
    return status;
}

/* A link, so that even a large file is kept at once; a copy where the file system has no links. */
static mx_status keep(const mx_validate_job *job, const char *path, char out[MX_PATH_BYTES], mx_error *err) {
    for (int i = 1; i < MOST; i++) {
        char number[12] = "";
        if (i > 1) snprintf(number, sizeof number, "%d", i);
        if (snprintf(out, MX_PATH_BYTES, "%s.bak%s", path, number) >= MX_PATH_BYTES)
            return mx_fail(err, MX_ERR_USAGE, "the path is too long for a backup");
        if (link(path, out) == 0) return MX_OK;
        if (errno != EEXIST) return copy_file(job, path, out, err);
    }
    return mx_fail(err, MX_ERR_WRITE, "there are %d backups of it already", MOST);
}

mx_status mx_validate_keep(mx_validate_job *job, const char *path, mx_error *err) {
    mx_backup *b = &job->backups[job->n_backups];
    MX_TRY(mx_at_file(err, keep(job, path, b->kept, err), path));
    snprintf(b->path, MX_PATH_BYTES, "%s", path);
    if (job->n_backups++ == 0 && path == job->model) snprintf(job->out->backup, sizeof job->out->backup, "%s", b->kept);
    return MX_OK;
}

/* Where the file was not replaced yet, both names are one file, and renaming would leave both. */
void mx_validate_restore(mx_validate_job *job) {
    for (int i = 0; i < job->n_backups; i++) {
        if (rename(job->backups[i].kept, job->backups[i].path) == 0) unlink(job->backups[i].kept);
    }
    job->n_backups = 0;
    job->out->backup[0] = '\0';
}
