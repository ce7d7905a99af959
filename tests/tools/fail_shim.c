/* A library for LD_PRELOAD that makes one call fail, to see what a program does then.
 *
 *   FAIL_ALLOCATION=N   the N-th allocation (malloc, calloc, realloc, aligned ones, mmap) finds no memory
 *   FAIL_OUTPUT=N       the N-th call that changes a file (write, pwrite, copy_file_range, ftruncate, fsync, rename,
 * ...) FAIL_HOW=WORD       and how:  full   ENOSPC, nothing done (the default) short  only the first half of the bytes
 * is written; other calls are as usual kill   half of the bytes is written, then the process ends without a chance
 *   FAIL_REPORT=FILE    at the end the counts go there: "ALLOCATIONS OUTPUTS"
 *   FAIL_TRACE=1        where the failing allocation was asked for goes to stderr, as a backtrace
 *
 * Standard output and error are not concerned, and allocations count from the first one on. */
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum how { HOW_FULL, HOW_SHORT, HOW_KILL };

static struct {
    bool ready, trace;
    long fail_allocation, fail_output;
    enum how how;
    const char *report;
    _Atomic long allocations, outputs;
} shim;

static long number(const char *name) {
    const char *text = getenv(name);
    return text ? strtol(text, NULL, 10) : 0;
}

__attribute__((constructor)) static void begin(void) {
    const char *how = getenv("FAIL_HOW");
    shim.how = how && strcmp(how, "short") == 0 ? HOW_SHORT : how && strcmp(how, "kill") == 0 ? HOW_KILL : HOW_FULL;
    shim.report = getenv("FAIL_REPORT");
    shim.fail_output = number("FAIL_OUTPUT");
    shim.fail_allocation = number("FAIL_ALLOCATION");
    shim.trace = number("FAIL_TRACE") != 0;
    if (shim.trace) {
        void *warm[1];
        backtrace(warm, 1); /* its first call allocates */
    }
    shim.allocations = shim.outputs = 0;
    shim.ready = true;
}

__attribute__((destructor)) static void end(void) {
    char line[64];
    if (!shim.report) return;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, shim.report, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    int n = snprintf(line, sizeof line, "%ld %ld\n", shim.allocations, shim.outputs);
    if (fd < 0) return;
    syscall(SYS_write, fd, line, (size_t)n);
    syscall(SYS_close, fd);
}

/* ---- allocations ---- */

/* The C library's own, looked up so that valgrind sees these calls. The look-up does not allocate. */
#define REAL(function, ...)                                                                                            \
    do {                                                                                                               \
        static __typeof__(&function) real;                                                                             \
        if (!real) *(void **)&real = dlsym(RTLD_NEXT, #function);                                                      \
        return real(__VA_ARGS__);                                                                                      \
    } while (0)

static bool no_memory(void) {
    if (!shim.ready || ++shim.allocations != shim.fail_allocation) return false;
    if (shim.trace) {
        void *frames[40];
        backtrace_symbols_fd(frames, backtrace(frames, 40), 2);
    }
    errno = ENOMEM;
    return true;
}

void *malloc(size_t size) {
    if (no_memory()) return NULL;
    REAL(malloc, size);
}

void *calloc(size_t count, size_t size) {
    if (no_memory()) return NULL;
    REAL(calloc, count, size);
}

void *realloc(void *old, size_t size) {
    if (no_memory()) return NULL;
    REAL(realloc, old, size);
}

void *aligned_alloc(size_t alignment, size_t size) {
    if (no_memory()) return NULL;
    REAL(aligned_alloc, alignment, size);
}

int posix_memalign(void **out, size_t alignment, size_t size) {
    if (no_memory()) return ENOMEM;
    REAL(posix_memalign, out, alignment, size);
}

void *mmap(void *address, size_t size, int protection, int flags, int fd, off_t offset) {
    if (no_memory()) return MAP_FAILED;
    return (void *)syscall(SYS_mmap, address, size, protection, flags, fd, offset);
}

/* ---- output ---- */

static bool is_next_output(int fd) {
    return shim.ready && fd > 2 && ++shim.outputs == shim.fail_output;
}

static int full(void) {
    errno = ENOSPC;
    return -1;
}

static void die(void) {
    kill(getpid(), SIGKILL);
}

/* For calls without bytes: true if the call has to fail. */
static bool fails(int fd) {
    if (!is_next_output(fd) || shim.how == HOW_SHORT) return false;
    if (shim.how == HOW_KILL) die();
    full();
    return true;
}

ssize_t write(int fd, const void *bytes, size_t n) {
    if (!is_next_output(fd)) return syscall(SYS_write, fd, bytes, n);
    if (shim.how == HOW_FULL) return full();
    ssize_t done = syscall(SYS_write, fd, bytes, n > 1 ? n / 2 : n);
    if (shim.how == HOW_KILL) die();
    return done;
}

ssize_t pwrite(int fd, const void *bytes, size_t n, off_t offset) {
    if (!is_next_output(fd)) return syscall(SYS_pwrite64, fd, bytes, n, offset);
    if (shim.how == HOW_FULL) return full();
    ssize_t done = syscall(SYS_pwrite64, fd, bytes, n > 1 ? n / 2 : n, offset);
    if (shim.how == HOW_KILL) die();
    return done;
}

ssize_t copy_file_range(int in, off_t *in_offset, int out, off_t *out_offset, size_t n, unsigned flags) {
    bool next = is_next_output(out);
    if (next && shim.how == HOW_FULL) return full();
    ssize_t done = syscall(SYS_copy_file_range, in, in_offset, out, out_offset, next && n > 1 ? n / 2 : n, flags);
    if (next && shim.how == HOW_KILL) die();
    return done;
}

int ftruncate(int fd, off_t size) {
    return fails(fd) ? -1 : (int)syscall(SYS_ftruncate, fd, size);
}

int fsync(int fd) {
    return fails(fd) ? -1 : (int)syscall(SYS_fsync, fd);
}

int fdatasync(int fd) {
    return fails(fd) ? -1 : (int)syscall(SYS_fdatasync, fd);
}

enum { ANY_FILE = 3 }; /* a descriptor that is neither standard output nor error */

int rename(const char *from, const char *to) {
    return fails(ANY_FILE) ? -1 : (int)syscall(SYS_rename, from, to);
}

int renameat(int from_dir, const char *from, int to_dir, const char *to) {
    return fails(ANY_FILE) ? -1 : (int)syscall(SYS_renameat2, from_dir, from, to_dir, to, 0);
}

int linkat(int from_dir, const char *from, int to_dir, const char *to, int flags) {
    return fails(ANY_FILE) ? -1 : (int)syscall(SYS_linkat, from_dir, from, to_dir, to, flags);
}

int mkdir(const char *path, mode_t mode) {
    return fails(ANY_FILE) ? -1 : (int)syscall(SYS_mkdir, path, mode);
}

int mkdirat(int dir, const char *path, mode_t mode) {
    return fails(ANY_FILE) ? -1 : (int)syscall(SYS_mkdirat, dir, path, mode);
}

int mkostemp(char *template, int flags) {
    if (fails(ANY_FILE)) return -1;
    REAL(mkostemp, template, flags);
}
