#include "base/source.h"

#include "base/strided.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static mx_status new_source(const mx_env *env, mx_source **out, mx_error *err) {
    const mx_allocator *a = env ? env->allocator : NULL;
    mx_source *s = mx_alloc_zero(a, 1, sizeof *s);
    if (!s) return mx_nomem(err);
    s->allocator = a;
    s->refs = 1;
    s->fd = -1;
    *out = s;
    return MX_OK;
}

mx_status mx_source_from_fd(const mx_env *env, int fd, mx_source **out, mx_error *err) {
    struct stat st;
    mx_status status = MX_ERR_READ;
    *out = NULL;
    if (fstat(fd, &st) != 0) {
        mx_fail_errno(err, status, "cannot be examined");
    } else if (!S_ISREG(st.st_mode)) {
        mx_fail(err, status, S_ISDIR(st.st_mode) ? "is a folder" : "is not a regular file");
    } else {
        status = new_source(env, out, err);
    }
    if (status != MX_OK) {
        close(fd);
        return status;
    }
    (*out)->fd = fd;
    (*out)->size = (uint64_t)st.st_size;
    (*out)->device = (uint64_t)st.st_dev;
    (*out)->inode = (uint64_t)st.st_ino;
    (*out)->mtime_ns = (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    return MX_OK;
}

static mx_status name_source(mx_source **s, const char *path, mx_error *err) {
    size_t n = strlen(path) + 1;
    (*s)->path = mx_alloc((*s)->allocator, n);
    if (!(*s)->path) {
        mx_source_release(*s);
        *s = NULL;
        return mx_nomem(err);
    }
    memcpy((*s)->path, path, n);
    return MX_OK;
}

/* O_NONBLOCK keeps a FIFO from blocking the open; it means nothing for regular files. */
static mx_status open_path(const mx_env *env, const char *path, int flags, mx_source **out, mx_error *err) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags);
    *out = NULL;
    if (fd < 0) return mx_at_file(err, mx_fail_errno(err, MX_ERR_READ, "cannot be opened"), path);
    mx_status status = mx_source_from_fd(env, fd, out, err);
    if (status != MX_OK) return mx_at_file(err, status, path);
    return name_source(out, path, err);
}

mx_status mx_source_open(const mx_env *env, const char *path, mx_source **out, mx_error *err) {
    return open_path(env, path, 0, out, err);
}

static bool plain_relative(mx_str name) {
    if (!name.p || name.n == 0 || name.n >= PATH_MAX || name.p[0] == '/' || memchr(name.p, '\0', name.n)) return false;
    for (size_t i = 0; i < name.n;) {
        const char *slash = memchr(name.p + i, '/', name.n - i);
        size_t n = slash ? (size_t)(slash - name.p) - i : name.n - i;
        if (n == 2 && memcmp(name.p + i, "..", 2) == 0) return false;
        i += n + 1;
    }
    return name.p[name.n - 1] != '/';
}

/* Open step by step without following any link. Returns the descriptor or -1 (errno ELOOP or ENOTDIR for a link). */
static int open_no_links(const char *dir, const char *name) {
    char step[NAME_MAX + 1];
    int at = open(dir[0] ? dir : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    while (at >= 0) {
        size_t n = strcspn(name, "/");
        bool last = name[n] == '\0';
        if (n > NAME_MAX) {
            close(at);
            errno = ENAMETOOLONG;
            return -1;
        }
        memcpy(step, name, n);
        step[n] = '\0';
        int next = at;
        if (n || last) {
            int flags = last ? O_RDONLY | O_NONBLOCK | O_NOCTTY : O_PATH | O_DIRECTORY;
            next = openat(at, step, flags | O_NOFOLLOW | O_CLOEXEC);
            int number = errno;
            close(at);
            errno = number;
        }
        if (last || next < 0) return next;
        at = next;
        name += n + 1;
    }
    return -1;
}

/* Links are allowed only if the file they lead to lies in the folder that the caller named. */
static mx_status open_linked(const mx_env *env, const char *path, mx_source **out, mx_error *err) {
    char real[PATH_MAX], allowed[PATH_MAX];
    if (!env || !env->allow_links || !realpath(env->allow_links, allowed) || !realpath(path, real))
        return mx_at_file(err, mx_fail(err, MX_ERR_FORBIDDEN_PATH, "a symbolic link is on the way to this file"), path);
    size_t n = strlen(allowed);
    if (strncmp(real, allowed, n) != 0 || (real[n] != '/' && n > 1))
        return mx_at_file(err, mx_fail(err, MX_ERR_FORBIDDEN_PATH, "a symbolic link leads out of '%s'", allowed), path);
    return open_path(env, real, O_NOFOLLOW, out, err);
}

mx_status mx_source_open_inside(const mx_env *env, const char *dir, mx_str name, mx_source **out, mx_error *err) {
    char path[PATH_MAX], relative[PATH_MAX];
    *out = NULL;
    if (!plain_relative(name))
        return mx_fail(err, MX_ERR_FORBIDDEN_PATH, "the path %s does not stay in the model's folder", mx_show(name).text);
    memcpy(relative, name.p, name.n);
    relative[name.n] = '\0';
    size_t n = strlen(dir);
    const char *joint = n == 0 || dir[n - 1] == '/' ? "" : "/";
    if ((size_t)snprintf(path, sizeof path, "%s%s%s", dir, joint, relative) >= sizeof path)
        return mx_fail(err, MX_ERR_READ, "the path %s is too long", mx_show(name).text);
    int fd = open_no_links(dir, relative);
    if (fd < 0 && (errno == ELOOP || errno == EMLINK)) return open_linked(env, path, out, err);
    if (fd < 0 && errno == ENOTDIR) { /* a link in the middle, or a file where a folder should be */
        struct stat st;
        if (stat(path, &st) == 0) return open_linked(env, path, out, err);
        errno = ENOTDIR;
    }
    if (fd < 0) return mx_at_file(err, mx_fail_errno(err, MX_ERR_READ, "cannot be opened"), path);
    mx_status status = mx_source_from_fd(env, fd, out, err);
    if (status != MX_OK) return mx_at_file(err, status, path);
    return name_source(out, path, err);
}

mx_status mx_source_from_memory(const mx_env *env, const void *bytes, size_t size, bool copy, mx_source **out,
                                mx_error *err) {
    mx_source *s = NULL;
    *out = NULL;
    MX_TRY(new_source(env, &s, err));
    s->size = size;
    s->memory = bytes;
    if (copy) {
        uint8_t *own = mx_alloc(s->allocator, size);
        if (!own) {
            mx_source_release(s);
            return mx_nomem(err);
        }
        if (size) memcpy(own, bytes, size);
        s->memory = own;
        s->owned = true;
    }
    *out = s;
    return MX_OK;
}

void mx_source_retain(mx_source *s) {
    s->refs++;
}

void mx_source_release(mx_source *s) {
    if (!s || --s->refs > 0) return;
    mx_strided_free(s);
    if (s->fd >= 0) close(s->fd);
    if (s->owned) mx_free(s->allocator, (void *)(uintptr_t)s->memory, (size_t)s->size);
    if (s->path) mx_free(s->allocator, s->path, strlen(s->path) + 1);
    mx_free(s->allocator, s, sizeof *s);
}

/* ---- ranges ---- */

mx_status mx_source_check(const mx_source *s, uint64_t offset, uint64_t size, mx_error *err) {
    if (offset <= s->size && size <= s->size - offset) return MX_OK;
    mx_fail(err, MX_ERR_INVALID, "%llu bytes at offset %llu lie beyond the file's end", (unsigned long long)size,
            (unsigned long long)offset);
    return mx_at_file(err, MX_ERR_INVALID, s->path);
}

/* A window of its own, filled. */
static mx_status open_strided(const mx_source *s, mx_window *w, mx_error *err) {
    if (w->size > SIZE_MAX) return mx_nomem(err);
    void *base = mmap(NULL, (size_t)w->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED) return mx_nomem(err);
    mx_status status = mx_strided_read(s, w->offset, base, (size_t)w->size, err);
    if (status != MX_OK) {
        munmap(base, (size_t)w->size);
        return status;
    }
    w->base = base;
    w->mapped = (size_t)w->size;
    w->data = base;
    return MX_OK;
}

mx_status mx_window_open(const mx_source *s, uint64_t offset, uint64_t size, mx_window *w, mx_error *err) {
    *w = (mx_window){.offset = offset, .size = size};
    MX_TRY(mx_source_check(s, offset, size, err));
    if (mx_source_in_memory(s)) {
        w->data = s->memory + offset;
        return MX_OK;
    }
    if (size == 0) {
        w->data = (const uint8_t *)"";
        return MX_OK;
    }
    if (s->strided) return open_strided(s, w, err);
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), slack = offset % page;
    if (size > SIZE_MAX - slack) return mx_nomem(err);
    void *base = mmap(NULL, (size_t)(size + slack), PROT_READ, MAP_SHARED, s->fd, (off_t)(offset - slack));
    if (base == MAP_FAILED) {
        mx_status code = errno == ENOMEM ? MX_ERR_NOMEM : MX_ERR_READ;
        return mx_at_file(err, mx_fail_errno(err, code, "cannot be mapped"), s->path);
    }
    w->base = base;
    w->mapped = (size_t)(size + slack);
    w->data = (const uint8_t *)base + slack;
    return MX_OK;
}

void mx_window_close(mx_window *w) {
    if (w->base) munmap(w->base, w->mapped);
    *w = (mx_window){0};
}

mx_status mx_source_read(const mx_source *s, uint64_t offset, void *to, size_t size, mx_error *err) {
    MX_TRY(mx_source_check(s, offset, size, err));
    if (s->strided) return mx_strided_read(s, offset, to, size, err);
    if (s->fd < 0) {
        if (size) memcpy(to, s->memory + offset, size);
        return MX_OK;
    }
    for (size_t done = 0; done < size;) {
        ssize_t n = pread(s->fd, (char *)to + done, size - done, (off_t)(offset + done));
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return mx_at_file(err, mx_fail_errno(err, MX_ERR_READ, "cannot be read"), s->path);
        if (n == 0) return mx_at_file(err, mx_fail(err, MX_ERR_READ, "became shorter while it was read"), s->path);
        done += (size_t)n;
    }
    return MX_OK;
}

/* ---- comparing, hashes as text ---- */

mx_status mx_source_equal(const mx_source *a, uint64_t a_offset, const mx_source *b, uint64_t b_offset, uint64_t size,
                          bool *equal, mx_error *err) {
    *equal = false;
    MX_TRY(mx_source_check(a, a_offset, size, err));
    MX_TRY(mx_source_check(b, b_offset, size, err));
    *equal = true;
    for (uint64_t done = 0; done < size && *equal;) {
        mx_window wa, wb;
        uint64_t n = size - done < MX_WINDOW_BYTES ? size - done : MX_WINDOW_BYTES;
        MX_TRY(mx_window_open(a, a_offset + done, n, &wa, err));
        mx_status status = mx_window_open(b, b_offset + done, n, &wb, err);
        if (status == MX_OK) *equal = memcmp(wa.data, wb.data, (size_t)n) == 0;
        mx_window_close(&wb);
        mx_window_close(&wa);
        MX_TRY(status);
        done += n;
    }
    return MX_OK;
}

void mx_hash_hex(mx_hash128 h, char out[MX_HASH_HEX]) {
    snprintf(out, MX_HASH_HEX, "%016llx%016llx", (unsigned long long)h.high, (unsigned long long)h.low);
}

bool mx_hash_parse(mx_str s, mx_hash128 *out) {
    uint64_t half[2] = {0, 0};
    if (!s.p || s.n != MX_HASH_HEX - 1) return false;
    for (size_t i = 0; i < s.n; i++) {
        const char *digits = "0123456789abcdef", *at = s.p[i] ? strchr(digits, s.p[i]) : NULL;
        if (!at) return false;
        half[i / 16] = half[i / 16] << 4 | (uint64_t)(at - digits);
    }
    *out = (mx_hash128){.low = half[1], .high = half[0]};
    return true;
}
