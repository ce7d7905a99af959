/* Output files: written beside their final place under a temporary name, flushed, then renamed: whole or absent. */
#ifndef MX_BASE_OUTFILE_H
#define MX_BASE_OUTFILE_H

#include "base/source.h"

typedef struct mx_outfile {
    const mx_allocator *allocator;
    int fd;
    char *path, *temp;     /* the final and the temporary name */
    uint64_t position;     /* bytes written and buffered so far */
    uint8_t *buffer;       /* page-aligned, in allocation */
    void *allocation;
    size_t buffered;
    bool no_copy_range;    /* the kernel refused copy_file_range: read and write instead */
    mx_status failed;      /* first failure; later writes do nothing */
    int failed_errno;
} mx_outfile;

/* Create the temporary file (in path's folder, mode as the umask has it or as the file that it will replace). */
mx_status mx_outfile_open(const mx_env *env, const char *path, mx_outfile *f, mx_error *err);
/* An unnamed temporary file in `dir` (O_TMPFILE, or unlinked at once); commit is not possible. */
mx_status mx_outfile_open_unnamed(const mx_env *env, const char *dir, mx_outfile *f, mx_error *err);
/* Buffered append. A failure is remembered and reported by the next call that returns a status. */
void mx_outfile_write(mx_outfile *f, const void *bytes, size_t n);
mx_status mx_outfile_flush(mx_outfile *f, mx_error *err);
/* Overwrite bytes that were written already (a header whose content is known late). */
mx_status mx_outfile_rewrite(mx_outfile *f, uint64_t offset, const void *bytes, size_t n, mx_error *err);
/* Zero bytes up to a multiple of `alignment`. */
void mx_outfile_align(mx_outfile *f, uint64_t alignment);
/* Append a range of a source: by copy_file_range, or, if its XXH3-128 is wanted (hash not NULL), through a small buffer. */
mx_status mx_outfile_copy(mx_outfile *f, const mx_source *s, uint64_t offset, uint64_t size, mx_hash128 *hash,
                          mx_error *err);
/* Drop everything behind `position` (a duplicate that was found after it was written). */
mx_status mx_outfile_truncate(mx_outfile *f, uint64_t position, mx_error *err);
/* Take the descriptor out as a source (flushes); the file stays open for mx_outfile_commit. */
mx_status mx_outfile_source(mx_outfile *f, const mx_env *env, mx_source **out, mx_error *err);
/* Flush to disk and close, but keep the temporary name: the step before a commit that several files share. */
mx_status mx_outfile_finish(mx_outfile *f, mx_error *err);
/* Put it in place; finishes first if that was not done. */
mx_status mx_outfile_commit(mx_outfile *f, mx_error *err);
/* Remove the temporary file if it was not committed. Safe on a zeroed or committed file; always call it. */
void mx_outfile_close(mx_outfile *f);

#endif
