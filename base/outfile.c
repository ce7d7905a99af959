#include "base/outfile.h"

#include "base/hash.h"
#include "base/strided.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    BUFFER_BYTES = 1 << 19, /* a good part of a level-2 cache */
    GATHER_STEP = 32 << 20,
    PAGE_BYTES = 4096, /* the kernel copies from a buffer that begins a page a tenth faster */
    SMALL_COPY = 1 << 16, /* below this a range goes through the buffer: cheaper than two system calls */
    COPY_STEP = 1 << 26
};

static size_t text_size(const char *text) {
    return text ? strlen(text) + 1 : 0;
}

static mx_status init(const mx_env *env, mx_outfile *f, const char *path, size_t temp_size, mx_error *err) {
    *f = (mx_outfile){.allocator = env ? env->allocator : NULL, .fd = -1};
    f->allocation = mx_alloc(f->allocator, BUFFER_BYTES + PAGE_BYTES);
    if (f->allocation)
        f->buffer = (uint8_t *)f->allocation + (PAGE_BYTES - (uintptr_t)f->allocation % PAGE_BYTES) % PAGE_BYTES;
    if (path) {
        f->path = mx_alloc(f->allocator, text_size(path));
        f->temp = mx_alloc_zero(f->allocator, temp_size, 1);
        if (f->path) memcpy(f->path, path, text_size(path)); /* mx_outfile_close measures it */
    }
    if (f->buffer && (!path || (f->path && f->temp))) return MX_OK;
    mx_free(f->allocator, f->temp, temp_size);
    f->temp = NULL;
    mx_outfile_close(f);
    return mx_nomem(err);
}

/* umask() itself would change it for other threads. */
static mode_t current_umask(void) {
    char text[1024];
    unsigned mask = 022;
    int fd = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
    if (fd >= 0) close(fd);
    text[n > 0 ? n : 0] = '\0';
    const char *line = strstr(text, "\nUmask:");
    if (line) sscanf(line, "\nUmask: %o", &mask);
    return (mode_t)mask & 0777;
}

/* The permissions of the file that will be replaced, else what the umask leaves of rw-rw-rw-. */
static void set_mode(int fd, const char *path) {
    struct stat st;
    mode_t mode = stat(path, &st) == 0 ? st.st_mode & 0777 : 0666 & ~current_umask();
    (void)!fchmod(fd, mode);
}

mx_status mx_outfile_open(const mx_env *env, const char *path, mx_outfile *f, mx_error *err) {
    static const char suffix[] = ".tmp-XXXXXX";
    const char *slash = strrchr(path, '/');
    const char *name = slash ? slash + 1 : path;
    size_t dir = (size_t)(name - path), size = dir + strlen(name) + sizeof suffix + 1;
    MX_TRY(init(env, f, path, size, err));
    struct stat st;
    bool folder = stat(path, &st) == 0 && !S_ISREG(st.st_mode);
    if (folder || !*name) {
        mx_outfile_close(f);
        return mx_at_file(err, mx_fail(err, MX_ERR_WRITE, "is not a regular file"), path);
    }
    /* Hidden, and short enough where the final name is as long as names may be. */
    int shown = strlen(name) > 200 ? 200 : (int)strlen(name);
    snprintf(f->temp, size, "%.*s.%.*s%s", (int)dir, path, shown, name, suffix);
    f->fd = mkostemp(f->temp, O_CLOEXEC);
    if (f->fd < 0) {
        mx_status code = mx_fail_errno(err, MX_ERR_WRITE, "cannot be written");
        f->temp[0] = '\0';
        mx_outfile_close(f);
        return mx_at_file(err, code, path);
    }
    set_mode(f->fd, path);
    return MX_OK;
}

mx_status mx_outfile_open_unnamed(const mx_env *env, const char *dir, mx_outfile *f, mx_error *err) {
    char name[PATH_MAX];
    MX_TRY(init(env, f, NULL, 0, err));
    f->fd = open(dir[0] ? dir : ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (f->fd < 0) {
        snprintf(name, sizeof name, "%s/.modelexport-XXXXXX", dir[0] ? dir : ".");
        f->fd = mkostemp(name, O_CLOEXEC);
        if (f->fd >= 0) unlink(name);
    }
    if (f->fd >= 0) return MX_OK;
    mx_fail_errno(err, MX_ERR_WRITE, "no temporary file can be made in this folder");
    mx_outfile_close(f);
    return mx_at_file(err, MX_ERR_WRITE, dir[0] ? dir : ".");
}

static void fail(mx_outfile *f) {
    if (f->failed != MX_OK) return;
    f->failed = MX_ERR_WRITE;
    f->failed_errno = errno;
}

static void write_through(mx_outfile *f, const void *bytes, size_t n) {
    while (n && f->failed == MX_OK) {
        ssize_t done = write(f->fd, bytes, n);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) {
            if (done == 0) errno = ENOSPC;
            fail(f);
            return;
        }
        bytes = (const char *)bytes + done;
        n -= (size_t)done;
    }
}

static void drain(mx_outfile *f) {
    write_through(f, f->buffer, f->buffered);
    f->buffered = 0;
}

void mx_outfile_write(mx_outfile *f, const void *bytes, size_t n) {
    f->position += n;
    if (n > BUFFER_BYTES - f->buffered) {
        drain(f);
        if (n >= BUFFER_BYTES) {
            write_through(f, bytes, n);
            return;
        }
    }
    if (n) memcpy(f->buffer + f->buffered, bytes, n);
    f->buffered += n;
}

static mx_status report(const mx_outfile *f, mx_error *err) {
    if (f->failed == MX_OK) return MX_OK;
    errno = f->failed_errno;
    mx_fail_errno(err, MX_ERR_WRITE, "cannot be written");
    return mx_at_file(err, MX_ERR_WRITE, f->path ? f->path : "a temporary file");
}

mx_status mx_outfile_flush(mx_outfile *f, mx_error *err) {
    drain(f);
    return report(f, err);
}

mx_status mx_outfile_rewrite(mx_outfile *f, uint64_t offset, const void *bytes, size_t n, mx_error *err) {
    MX_TRY(mx_outfile_flush(f, err));
    while (n) {
        ssize_t done = pwrite(f->fd, bytes, n, (off_t)offset);
        if (done < 0 && errno == EINTR) continue;
        if (done <= 0) {
            fail(f);
            return report(f, err);
        }
        bytes = (const char *)bytes + done;
        offset += (uint64_t)done;
        n -= (size_t)done;
    }
    return MX_OK;
}

void mx_outfile_align(mx_outfile *f, uint64_t alignment) {
    static const uint8_t zeros[4096];
    uint64_t n = (alignment - f->position % alignment) % alignment;
    for (; n > sizeof zeros; n -= sizeof zeros) mx_outfile_write(f, zeros, sizeof zeros);
    mx_outfile_write(f, zeros, (size_t)n);
}

/* In the kernel where it can. Returns how much was copied; what it refuses (other file systems, old kernels) is left to
 * the caller. */
static uint64_t copy_in_kernel(mx_outfile *f, const mx_source *s, uint64_t offset, uint64_t size) {
    uint64_t done = 0;
    while (s->fd >= 0 && done < size && !f->no_copy_range) {
        uint64_t left = size - done;
        off_t from = (off_t)(offset + done);
        ssize_t n = copy_file_range(s->fd, &from, f->fd, NULL, left < COPY_STEP ? (size_t)left : COPY_STEP, 0);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && (errno == ENOSPC || errno == EIO || errno == EDQUOT || errno == EFBIG)) {
            fail(f);
            return done;
        }
        if (n <= 0) f->no_copy_range = true;
        else done += (uint64_t)n;
    }
    return done;
}

/* By large windows: each goes over all of the other source. */
static mx_status copy_windows(mx_outfile *f, const mx_source *s, uint64_t offset, uint64_t size, mx_error *err) {
    for (uint64_t done = 0; done < size && f->failed == MX_OK;) {
        uint64_t n = size - done < GATHER_STEP ? size - done : GATHER_STEP;
        mx_window w;
        MX_TRY(mx_window_open(s, offset + done, n, &w, err));
        write_through(f, w.data, (size_t)n);
        mx_window_close(&w);
        done += n;
    }
    return MX_OK;
}

/* What is gathered from all over another source: that one is mapped once, not for every piece. */
static mx_status copy_gathered(mx_outfile *f, const mx_source *s, uint64_t offset, uint64_t size, mx_error *err) {
    mx_gather g;
    if (!mx_gather_fits(s)) return copy_windows(f, s, offset, size, err);
    MX_TRY(mx_gather_open(s, &g, err));
    for (uint64_t done = 0; done < size && f->failed == MX_OK;) {
        size_t n = size - done < BUFFER_BYTES ? (size_t)(size - done) : BUFFER_BYTES;
        mx_gather_read(&g, offset + done, f->buffer, n);
        write_through(f, f->buffer, n);
        done += n;
    }
    mx_gather_close(&g);
    return MX_OK;
}

/* Through the buffer, which stays in the processor's cache. Where source and target begin differently within their pages
 * this is faster than copying in the kernel (measured: 1.0 x cp against 1.4); the hash is made on a second processor. */
static mx_status copy_through(mx_outfile *f, const mx_source *s, uint64_t offset, uint64_t size, mx_error *err) {
    if (s->strided) return copy_gathered(f, s, offset, size, err);
    for (uint64_t done = 0; done < size && f->failed == MX_OK;) {
        size_t n = size - done < BUFFER_BYTES ? (size_t)(size - done) : BUFFER_BYTES;
        MX_TRY(mx_source_read(s, offset + done, f->buffer, n, err));
        write_through(f, f->buffer, n);
        done += n;
    }
    return MX_OK;
}

static mx_status copy_small(mx_outfile *f, const mx_source *s, uint64_t offset, size_t size, mx_hash128 *hash,
                            mx_error *err) {
    if (size > BUFFER_BYTES - f->buffered) drain(f);
    uint8_t *to = f->buffer + f->buffered;
    MX_TRY(mx_source_read(s, offset, to, size, err));
    if (hash) *hash = mx_hash_bytes(to, size);
    f->buffered += size;
    f->position += size;
    return report(f, err);
}

mx_status mx_outfile_copy(mx_outfile *f, const mx_source *s, uint64_t offset, uint64_t size, mx_hash128 *hash,
                          mx_error *err) {
    mx_hash_job job;
    MX_TRY(mx_source_check(s, offset, size, err));
    if (size < SMALL_COPY) return copy_small(f, s, offset, (size_t)size, hash, err);
    drain(f);
    if (hash) mx_hash_job_start(&job, s, offset, size);
    uint64_t done = hash ? 0 : copy_in_kernel(f, s, offset, size);
    mx_status status = copy_through(f, s, offset + done, size - done, err);
    if (hash) {
        mx_status hashed = mx_hash_job_end(&job, status == MX_OK ? err : NULL);
        if (status == MX_OK) status = hashed;
        *hash = job.hash;
    }
    MX_TRY(status);
    f->position += size;
    return report(f, err);
}

mx_status mx_outfile_truncate(mx_outfile *f, uint64_t position, mx_error *err) {
    uint64_t buffered_from = f->position - f->buffered;
    if (position >= buffered_from) {
        f->buffered = (size_t)(position - buffered_from);
    } else {
        f->buffered = 0;
        if (ftruncate(f->fd, (off_t)position) != 0 || lseek(f->fd, (off_t)position, SEEK_SET) < 0) fail(f);
    }
    f->position = position;
    return report(f, err);
}

mx_status mx_outfile_source(mx_outfile *f, const mx_env *env, mx_source **out, mx_error *err) {
    *out = NULL;
    MX_TRY(mx_outfile_flush(f, err));
    int fd = fcntl(f->fd, F_DUPFD_CLOEXEC, 0);
    if (fd < 0) return mx_fail_errno(err, MX_ERR_WRITE, "a file descriptor cannot be duplicated");
    return mx_source_from_fd(env, fd, out, err);
}

/* What replaces a file is forced to the disk first, so that not even a power failure leaves neither old nor new. A new
 * file puts nothing at risk and is not waited for. */
mx_status mx_outfile_finish(mx_outfile *f, mx_error *err) {
    MX_TRY(mx_outfile_flush(f, err));
    if (f->fd < 0) return MX_OK;
    bool replaces = f->path && access(f->path, F_OK) == 0;
    if (replaces && fsync(f->fd) != 0 && errno != EINVAL) fail(f);
    if (close(f->fd) != 0) fail(f);
    f->fd = -1;
    return report(f, err);
}

mx_status mx_outfile_commit(mx_outfile *f, mx_error *err) {
    MX_TRY(mx_outfile_finish(f, err));
    if (rename(f->temp, f->path) != 0) {
        fail(f);
        return report(f, err);
    }
    f->temp[0] = '\0';
    return MX_OK;
}

void mx_outfile_close(mx_outfile *f) {
    if (!f->buffer && !f->path && !f->temp) return;
    if (f->fd >= 0) close(f->fd);
    if (f->temp && f->temp[0]) unlink(f->temp);
    /* The temporary name's allocation: folder, '.', name, suffix and NUL, as mx_outfile_open computed it. */
    if (f->temp) mx_free(f->allocator, f->temp, strlen(f->path) + sizeof ".tmp-XXXXXX" + 1);
    mx_free(f->allocator, f->path, text_size(f->path));
    mx_free(f->allocator, f->allocation, BUFFER_BYTES + PAGE_BYTES);
    *f = (mx_outfile){.fd = -1};
}
