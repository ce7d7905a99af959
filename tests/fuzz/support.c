#include "support.h"

#include "api/group.h"
#include "onnx_io/onnx_io.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* One node of a few bytes becomes some hundred bytes of graph; buffers of output files are counted too. */
enum { BYTES_PER_INPUT_BYTE = 1000, BYTES_ALWAYS = 16 << 20 };

typedef struct memory {
    size_t used, limit;
} memory;

void fuzz_require(bool condition, const char *what) {
    if (condition) return;
    fprintf(stderr, "fault: %s\n", what);
    abort();
}

void fuzz_require_ok(mx_status status, const mx_error *err, const char *what) {
    if (status == MX_OK) return;
    fprintf(stderr, "fault: %s: %s: %s (node '%s')\n", what, mx_status_name(status), err->message, err->node);
    abort();
}

/* ---- memory ---- */

static void count(memory *m, size_t more, size_t less) {
    m->used += more - less;
    fuzz_require(m->used <= m->limit, "more memory is in use than an input of this size may take");
}

static void *counting_alloc(void *ctx, size_t size) {
    void *p = malloc(size);
    if (p) count(ctx, size, 0);
    return p;
}

static void *counting_realloc(void *ctx, void *old, size_t old_size, size_t size) {
    void *p = realloc(old, size);
    if (p) count(ctx, size, old_size);
    return p;
}

static void counting_free(void *ctx, void *old, size_t old_size) {
    count(ctx, 0, old_size);
    free(old);
}

static memory the_memory;
static const mx_allocator the_allocator = {counting_alloc, counting_realloc, counting_free, &the_memory};
static const mx_env the_env = {.allocator = &the_allocator};

const mx_env *fuzz_begin(size_t size) {
    the_memory = (memory){.limit = size * BYTES_PER_INPUT_BYTE + BYTES_ALWAYS};
    return &the_env;
}

void fuzz_end(void) {
    fuzz_require(the_memory.used == 0, "memory is left, or was given back with another size");
}

/* ---- files ---- */

static char the_folder[FUZZ_PATH_BYTES / 2];

static void path_in_folder(const char *name, char path[FUZZ_PATH_BYTES]) {
    int n = snprintf(path, FUZZ_PATH_BYTES, "%s/%s", the_folder, name);
    fuzz_require(n < FUZZ_PATH_BYTES, "$FUZZ_FOLDER is too long");
}

static void remove_files(void) {
    char path[FUZZ_PATH_BYTES];
    static const char *const names[] = {FUZZ_DATA_FILE, "out", ""};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        path_in_folder(names[i], path);
        remove(path);
    }
}

static void write_data_file(void) {
    char path[FUZZ_PATH_BYTES];
    path_in_folder(FUZZ_DATA_FILE, path);
    FILE *file = fopen(path, "wb");
    fuzz_require(file != NULL, "the data file cannot be written");
    for (int byte = 0; byte < 256; byte++)
        putc(byte, file);
    fclose(file);
}

const char *fuzz_folder(void) {
    char path[FUZZ_PATH_BYTES];
    if (the_folder[0]) return the_folder;
    const char *given = getenv("FUZZ_FOLDER");
    fuzz_require(!given || strlen(given) < sizeof the_folder, "$FUZZ_FOLDER is too long");
    strcpy(the_folder, given ? given : "/dev/shm/modelexport-fuzz-XXXXXX");
    fuzz_require(given || mkdtemp(the_folder), "no folder can be made in /dev/shm");
    path_in_folder("out", path);
    mkdir(path, 0700);
    write_data_file();
    if (!given) atexit(remove_files);
    return the_folder;
}

int fuzz_file(const void *bytes, size_t size, char path[FUZZ_PATH_BYTES]) {
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    fuzz_require(fd >= 0, "no file can be made in memory");
    fuzz_require(write(fd, bytes, size) == (ssize_t)size, "a file in memory cannot be written");
    snprintf(path, FUZZ_PATH_BYTES, "/proc/self/fd/%d", fd);
    return fd;
}

/* ---- models ---- */

mx_graph *fuzz_read_onnx(const mx_env *env, const void *data, size_t size) {
    mx_source *source;
    mx_graph *g = NULL;
    mx_error err;
    fuzz_require_ok(mx_source_from_memory(env, data, size, false, &source, &err), &err, "a source in memory");
    mx_status status = mx_onnx_read_source(env, source, fuzz_folder(), &g, &err);
    mx_source_release(source);
    if (status != MX_OK) {
        fuzz_require(g == NULL, "a failed reading leaves a graph");
        fuzz_require(err.code == status && err.message[0], "an error without a code or a message");
        return NULL;
    }
    fuzz_require_ok(mx_graph_wire(g, &err), &err, "wiring");
    fuzz_require_ok(mx_group_modules(g, "", NULL, &err), &err, "grouping");
    return g;
}

static fuzz_bytes read_whole(const char *path) {
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    fuzz_require(fd >= 0 && fstat(fd, &st) == 0, "what was written is not there");
    fuzz_bytes b = {malloc((size_t)st.st_size + 1), (size_t)st.st_size};
    fuzz_require(b.data && read(fd, b.data, b.size) == st.st_size, "what was written cannot be read");
    close(fd);
    return b;
}

mx_status fuzz_write_onnx(mx_graph *g, fuzz_bytes *out, mx_error *err) {
    static const mx_onnx_write_options options = {0};
    char path[FUZZ_PATH_BYTES], data_path[FUZZ_PATH_BYTES];
    fuzz_folder();
    path_in_folder("out/written.onnx", path);
    path_in_folder("out/" FUZZ_DATA_FILE, data_path);
    *out = (fuzz_bytes){NULL, 0};
    mx_status status = mx_onnx_write(g, path, &options, NULL, NULL, err);
    if (status == MX_OK) {
        *out = read_whole(path);
        unlink(path);
        unlink(data_path);
    }
    fuzz_require(access(path, F_OK) != 0 && access(data_path, F_OK) != 0, "a failed writing leaves a file");
    return status;
}
