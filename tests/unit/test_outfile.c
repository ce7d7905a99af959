/* Output files are whole or absent; copies carry the right bytes and hashes. */
#include "base/outfile.h"
#include "base/text.h"

#include "allocator.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[256], target[300];

static int set_up(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "%s/mx-outfile-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    if (!mkdtemp(folder)) return -1;
    snprintf(target, sizeof target, "%s/target", folder);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    char command[400];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    return system(command);
}

static void put(const char *path, const char *text) {
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

/* What the target holds; the caller frees it. */
static unsigned char *contents(size_t *n) {
    FILE *f = fopen(target, "r");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    *n = (size_t)ftell(f);
    rewind(f);
    unsigned char *bytes = malloc(*n + 1);
    assert_int_equal(fread(bytes, 1, *n, f), *n);
    bytes[*n] = 0;
    fclose(f);
    return bytes;
}

static void assert_contents(const void *expected, size_t size) {
    size_t n;
    unsigned char *bytes = contents(&n);
    assert_int_equal(n, size);
    if (memcmp(bytes, expected, n) != 0) fail_msg("the %zu bytes written differ", n);
    free(bytes);
}

static int files(void) {
    DIR *d = opendir(folder);
    int n = 0;
    while (readdir(d))
        n++;
    closedir(d);
    return n - 2;
}

static void start_clean(void) {
    unlink(target);
    assert_int_equal(files(), 0);
}

static void test_commit(void **state) {
    (void)state;
    mx_outfile f;
    mx_error err;
    start_clean();
    assert_int_equal(mx_outfile_open(NULL, target, &f, &err), MX_OK);
    mx_outfile_write(&f, "hello", 5);
    assert_int_not_equal(access(target, F_OK), 0);
    assert_int_equal(mx_outfile_commit(&f, &err), MX_OK);
    mx_outfile_close(&f);
    mx_outfile_close(&f);
    assert_contents("hello", 5);
    assert_int_equal(files(), 1);
    mx_outfile zeroed = {0};
    mx_outfile_close(&zeroed);
    assert_int_not_equal(fcntl(0, F_GETFD), -1); /* descriptor 0 was not the file's */
}

static void test_abandon(void **state) {
    (void)state;
    mx_outfile f;
    mx_error err;
    start_clean();
    put(target, "old");
    assert_int_equal(mx_outfile_open(NULL, target, &f, &err), MX_OK);
    mx_outfile_write(&f, "new", 3);
    assert_int_equal(mx_outfile_flush(&f, &err), MX_OK);
    mx_outfile_close(&f);
    assert_contents("old", 3);
    assert_int_equal(mx_outfile_open(NULL, target, &f, &err), MX_OK);
    mx_outfile_write(&f, "new", 3);
    assert_int_equal(mx_outfile_finish(&f, &err), MX_OK);
    assert_contents("old", 3);
    mx_outfile_close(&f);
    assert_contents("old", 3);
    assert_int_equal(files(), 1);
}

static void test_modes(void **state) {
    (void)state;
    mx_outfile f;
    mx_error err;
    struct stat st;
    start_clean();
    mode_t mask = umask(027);
    assert_int_equal(mx_outfile_open(NULL, target, &f, &err), MX_OK);
    assert_int_equal(mx_outfile_commit(&f, &err), MX_OK);
    mx_outfile_close(&f);
    umask(mask);
    assert_int_equal(stat(target, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0640);
    assert_int_equal(chmod(target, 0604), 0);
    assert_int_equal(mx_outfile_open(NULL, target, &f, &err), MX_OK);
    assert_int_equal(mx_outfile_commit(&f, &err), MX_OK);
    mx_outfile_close(&f);
    assert_int_equal(stat(target, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0604);
}

static void test_places(void **state) {
    (void)state;
    mx_outfile f;
    mx_error err;
    char path[600];
    start_clean();
    assert_int_equal(mx_outfile_open(NULL, folder, &f, &err), MX_ERR_WRITE);
    assert_int_equal(mx_outfile_open(NULL, "/dev/null", &f, &err), MX_ERR_WRITE);
    assert_int_equal(mx_outfile_open(NULL, "", &f, &err), MX_ERR_WRITE);
    snprintf(path, sizeof path, "%s/", folder);
    assert_int_equal(mx_outfile_open(NULL, path, &f, &err), MX_ERR_WRITE);
    snprintf(path, sizeof path, "%s/nowhere/x", folder);
    assert_int_equal(mx_outfile_open(NULL, path, &f, &err), MX_ERR_WRITE);
    assert_string_equal(err.file, path);
    mx_outfile_close(&f);
    snprintf(path, sizeof path, "%s/%0255d", folder, 7); /* as long as a name may be */
    assert_int_equal(mx_outfile_open(NULL, path, &f, &err), MX_OK);
    assert_int_equal(mx_outfile_commit(&f, &err), MX_OK);
    mx_outfile_close(&f);
    assert_int_equal(unlink(path), 0);
    char cwd[512];
    assert_non_null(getcwd(cwd, sizeof cwd));
    assert_int_equal(chdir(folder), 0);
    assert_int_equal(mx_outfile_open(NULL, "target", &f, &err), MX_OK); /* without a folder */
    assert_int_equal(mx_outfile_commit(&f, &err), MX_OK);
    mx_outfile_close(&f);
    assert_int_equal(chdir(cwd), 0);
    assert_contents("", 0);
}

/* Whatever the sizes of the pieces, and with truncations and rewrites in between, the bytes are those of a plain array.
 */
static void test_pieces(void **state) {
    (void)state;
    mx_outfile f;
    mx_error err;
    size_t capacity = 6 << 20, n = 0;
    unsigned char *model = malloc(capacity), *piece = malloc(1 << 20);
    uint32_t x = 1;
    start_clean();
    assert_int_equal(mx_outfile_open(NULL, target, &f, &err), MX_OK);
    for (int step = 0; step < 60; step++) {
        x = x * 1664525 + 1013904223;
        static const size_t sizes[] = {0, 1, 100, 70000, 262143, 262144, 262145, 600000};
        size_t size = sizes[x >> 16 & 7];
        memset(piece, step, size);
        if (n + size + 4096 > capacity) break;
        mx_outfile_write(&f, piece, size);
        memcpy(model + n, piece, size);
        n += size;
        if (step % 5 == 3) {
            size_t to = n - (x >> 8) % (n / 2 + 1);
            assert_int_equal(mx_outfile_truncate(&f, to, &err), MX_OK);
            n = to;
        }
        if (step % 7 == 2 && n > 10) {
            assert_int_equal(mx_outfile_rewrite(&f, n / 3, "rewritten", 9, &err), MX_OK);
            memcpy(model + n / 3, "rewritten", 9);
        }
        if (step % 6 == 4) {
            mx_outfile_align(&f, 4096);
            while (n % 4096)
                model[n++] = 0;
            mx_outfile_align(&f, 1);
        }
        assert_true(f.position == n);
    }
    assert_int_equal(mx_outfile_commit(&f, &err), MX_OK);
    mx_outfile_close(&f);
    assert_contents(model, n);
    free(model);
    free(piece);
}

static void test_copy(void **state) {
    (void)state;
    mx_outfile f;
    mx_error err;
    size_t n = 2 * MX_WINDOW_BYTES + 77777;
    unsigned char *bytes = malloc(n), *expected = malloc(4 * n);
    for (size_t i = 0; i < n; i++)
        bytes[i] = (unsigned char)(i * 2654435761u >> 11);
    start_clean();
    char path[300];
    snprintf(path, sizeof path, "%s/source", folder);
    FILE *out = fopen(path, "w");
    fwrite(bytes, 1, n, out);
    fclose(out);
    mx_source *file, *memory;
    assert_int_equal(mx_source_open(NULL, path, &file, &err), MX_OK);
    assert_int_equal(mx_source_from_memory(NULL, bytes, n, false, &memory, &err), MX_OK);
    assert_int_equal(mx_outfile_open(NULL, target, &f, &err), MX_OK);
    static const size_t ranges[][2] = {{0, 0}, {5, 10}, {1, 65535}, {3, 65536}, {4097, 300000}, {0, 0}, {9, 5 << 20}};
    size_t at = 0;
    for (size_t i = 0; i < 14; i++) {
        const mx_source *s = i % 2 ? memory : file;
        const size_t *r = ranges[i / 2];
        mx_hash128 hash;
        mx_outfile_write(&f, "-", 1);
        expected[at++] = '-';
        assert_int_equal(mx_outfile_copy(&f, s, r[0], r[1], &hash, &err), MX_OK);
        mx_hash128 want = mx_hash_bytes(bytes + r[0], r[1]);
        assert_true(mx_hash_eq(hash, want));
        memcpy(expected + at, bytes + r[0], r[1]);
        at += r[1];
        if (i == 9) { /* a copy that is taken back, as a duplicate would be */
            assert_int_equal(mx_outfile_copy(&f, s, 0, 1 << 20, NULL, &err), MX_OK);
            assert_int_equal(mx_outfile_truncate(&f, at, &err), MX_OK);
        }
    }
    assert_true(f.position == at);
    assert_int_equal(mx_outfile_copy(&f, file, n - 1, 2, NULL, &err), MX_ERR_INVALID);
    assert_int_equal(mx_outfile_copy(&f, memory, 1, n, NULL, &err), MX_ERR_INVALID);
    mx_source *written; /* what was written can be read before it is in place */
    assert_int_equal(mx_outfile_source(&f, NULL, &written, &err), MX_OK);
    assert_true(written->size == at);
    mx_source_release(written);
    assert_int_equal(mx_outfile_commit(&f, &err), MX_OK);
    mx_outfile_close(&f);
    assert_contents(expected, at);
    mx_source_release(file);
    mx_source_release(memory);
    unlink(path);
    free(bytes);
    free(expected);
}

static void test_unnamed(void **state) {
    (void)state;
    mx_outfile f;
    mx_error err;
    start_clean();
    assert_int_equal(mx_outfile_open_unnamed(NULL, folder, &f, &err), MX_OK);
    assert_int_equal(files(), 0);
    mx_outfile_write(&f, "text", 4);
    mx_source *s;
    assert_int_equal(mx_outfile_source(&f, NULL, &s, &err), MX_OK);
    mx_outfile_close(&f);
    char text[4];
    assert_int_equal(mx_source_read(s, 0, text, 4, &err), MX_OK);
    assert_memory_equal(text, "text", 4);
    mx_source_release(s);
    char path[600];
    snprintf(path, sizeof path, "%s/nowhere", folder);
    assert_int_equal(mx_outfile_open_unnamed(NULL, path, &f, &err), MX_ERR_WRITE);
    mx_outfile_close(&f);
}

/* ---- a full disk: files of this process may be 1 MB and no more ---- */

static void limit_files(rlim_t bytes) {
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = bytes;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_full(void **state) {
    (void)state;
    mx_outfile f;
    mx_error err;
    start_clean();
    put(target, "old");
    size_t n = 3 << 20;
    char *bytes = calloc(1, n);
    mx_source *memory;
    assert_int_equal(mx_source_from_memory(NULL, bytes, n, false, &memory, &err), MX_OK);
    signal(SIGXFSZ, SIG_IGN);
    limit_files(1 << 20);
    for (int way = 0; way < 4; way++) {
        assert_int_equal(mx_outfile_open(NULL, target, &f, &err), MX_OK);
        if (way == 0) mx_outfile_write(&f, bytes, n);
        for (size_t i = 0; way == 1 && i < n; i += 1000)
            mx_outfile_write(&f, bytes, 1000);
        if (way == 2) assert_int_equal(mx_outfile_copy(&f, memory, 0, n, NULL, &err), MX_ERR_WRITE);
        if (way == 3) {
            mx_outfile_write(&f, bytes, 1000);
            assert_int_equal(mx_outfile_rewrite(&f, n, bytes, 10, &err), MX_ERR_WRITE);
        }
        memset(&err, 0, sizeof err);
        assert_int_equal(mx_outfile_commit(&f, &err), MX_ERR_WRITE);
        assert_int_equal(err.code, MX_ERR_WRITE);
        assert_string_equal(err.file, target);
        mx_outfile_close(&f);
        assert_int_equal(files(), 1);
    }
    limit_files(RLIM_INFINITY);
    signal(SIGXFSZ, SIG_DFL);
    assert_contents("old", 3);
    mx_source_release(memory);
    free(bytes);
}

/* Ended in the middle of writing, the old file stands. */
static void test_kill(void **state) {
    (void)state;
    start_clean();
    put(target, "old");
    for (int way = 0; way < 3; way++) {
        pid_t child = fork();
        if (child == 0) {
            mx_outfile f;
            char bytes[1000] = {0};
            mx_outfile_open(NULL, target, &f, NULL);
            for (int i = 0; i < 1000; i++)
                mx_outfile_write(&f, bytes, sizeof bytes);
            if (way > 0) mx_outfile_flush(&f, NULL);
            if (way > 1) mx_outfile_finish(&f, NULL);
            raise(SIGKILL);
        }
        int status;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(WIFSIGNALED(status));
        assert_contents("old", 3);
    }
    char command[400];
    snprintf(command, sizeof command, "rm '%s'/.target.tmp-*", folder);
    assert_int_equal(system(command), 0);
}

static void test_failing_memory(void **state) {
    (void)state;
    start_clean();
    bool done = false;
    for (size_t n = 1; !done; n++) {
        test_allocator t;
        test_allocator_init(&t);
        t.fail_at = n;
        mx_env env = {.allocator = &t.allocator};
        mx_outfile f, g;
        mx_error err;
        mx_status named = mx_outfile_open(&env, target, &f, &err);
        mx_status unnamed = mx_outfile_open_unnamed(&env, folder, &g, &err);
        done = !t.failed;
        assert_int_equal(named ? named : unnamed, done ? MX_OK : MX_ERR_NOMEM);
        mx_outfile_close(&f);
        mx_outfile_close(&g);
        assert_int_equal(t.blocks, 0);
        assert_int_equal(files(), 0);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_commit),         cmocka_unit_test(test_abandon), cmocka_unit_test(test_modes),
        cmocka_unit_test(test_places),         cmocka_unit_test(test_pieces),  cmocka_unit_test(test_copy),
        cmocka_unit_test(test_unnamed),        cmocka_unit_test(test_full),    cmocka_unit_test(test_kill),
        cmocka_unit_test(test_failing_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
