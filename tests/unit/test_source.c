/* Reading files: only regular ones, only inside the model's folder, by range. */
#include "base/source.h"
#include "base/text.h"

#include "allocator.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[256];

static const char *in(const char *name) {
    static char paths[4][600];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof *paths, "%s/%s", folder, name);
    return path;
}

static void put(const char *name, const void *bytes, size_t n) {
    int fd = open(in(name), O_WRONLY | O_CREAT | O_TRUNC, 0644);
    assert_true(fd >= 0 && write(fd, bytes, n) == (ssize_t)n);
    close(fd);
}

static int set_up(void **state) {
    (void)state;
    snprintf(folder, sizeof folder, "%s/mx-source-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    if (!mkdtemp(folder)) return -1;
    return mkdir(in("model"), 0755) || mkdir(in("model/sub"), 0755) || mkdir(in("hub"), 0755);
}

static int tear_down(void **state) {
    (void)state;
    char command[400];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    return system(command);
}

static void test_open(void **state) {
    (void)state;
    mx_source *s;
    mx_error err;
    put("plain", "hello", 5);
    assert_int_equal(mx_source_open(NULL, in("plain"), &s, &err), MX_OK);
    assert_int_equal(s->size, 5);
    mx_source_retain(s);
    mx_source_release(s);
    char text[5];
    assert_int_equal(mx_source_read(s, 1, text, 3, &err), MX_OK);
    assert_memory_equal(text, "ell", 3);
    assert_int_equal(mx_source_read(s, 5, text, 0, &err), MX_OK);
    assert_int_equal(mx_source_read(s, 5, text, 1, &err), MX_ERR_INVALID);
    assert_int_equal(mx_source_read(s, UINT64_MAX, text, 2, &err), MX_ERR_INVALID);
    assert_string_equal(err.file, in("plain"));
    mx_source_release(s);
    mx_source_release(NULL);
    assert_int_equal(mx_source_open(NULL, in("model"), &s, &err), MX_ERR_READ);
    assert_string_equal(err.message, "is a folder");
    assert_null(s);
    assert_int_equal(mx_source_open(NULL, in("nothing"), &s, &err), MX_ERR_READ);
    assert_int_equal(mx_source_open(NULL, in("nothing"), &s, NULL), MX_ERR_READ);
    assert_int_equal(mkfifo(in("fifo"), 0644), 0);
    assert_int_equal(mx_source_open(NULL, in("fifo"), &s, &err), MX_ERR_READ); /* does not wait for a writer */
    assert_int_equal(mx_source_open(NULL, "/dev/null", &s, &err), MX_ERR_READ);
    assert_int_equal(mx_source_open(NULL, "", &s, &err), MX_ERR_READ);
}

/* ---- inside the model's folder ---- */

static mx_status inside(const mx_env *env, const char *name, mx_error *err) {
    mx_source *s;
    mx_status status = mx_source_open_inside(env, in("model"), mx_str_of(name), &s, err);
    assert_true((s != NULL) == (status == MX_OK));
    mx_source_release(s);
    return status;
}

static void test_inside_names(void **state) {
    (void)state;
    mx_error err;
    put("model/a", "a", 1);
    put("model/sub/b", "b", 1);
    put("model/..c", "c", 1);
    put("outside", "o", 1);
    assert_int_equal(inside(NULL, "a", &err), MX_OK);
    assert_int_equal(inside(NULL, "./a", &err), MX_OK);
    assert_int_equal(inside(NULL, "sub/b", &err), MX_OK);
    assert_int_equal(inside(NULL, "sub//b", &err), MX_OK);
    assert_int_equal(inside(NULL, "..c", &err), MX_OK);
    static const char *const forbidden[] = {"",  "..", "../outside",   "sub/../a",         "sub/..", "/etc/passwd",
                                            "/", "a/", "./../outside", "sub/../../outside"};
    for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++)
        if (inside(NULL, forbidden[i], &err) != MX_ERR_FORBIDDEN_PATH) fail_msg("'%s' was not refused", forbidden[i]);
    mx_source *s;
    assert_int_equal(mx_source_open_inside(NULL, in("model"), (mx_str){"a\0b", 3}, &s, &err), MX_ERR_FORBIDDEN_PATH);
    assert_int_equal(mx_source_open_inside(NULL, in("model"), (mx_str){NULL, 0}, &s, &err), MX_ERR_FORBIDDEN_PATH);
    assert_int_equal(inside(NULL, "nothing", &err), MX_ERR_READ);
    assert_int_equal(inside(NULL, "sub", &err), MX_ERR_READ);
    assert_int_equal(inside(NULL, ".", &err), MX_ERR_READ);
    assert_int_equal(inside(NULL, "a/b", &err), MX_ERR_READ); /* a file where a folder should be */
    char longer[9000];
    memset(longer, 'x', sizeof longer);
    longer[300] = '\0';
    assert_int_equal(inside(NULL, longer, &err), MX_ERR_READ);
    longer[300] = 'x';
    longer[8999] = '\0';
    assert_int_not_equal(inside(NULL, longer, &err), MX_OK);
    for (size_t i = 0; i < 4000; i += 2)
        longer[i + 1] = '/';
    longer[4001] = '\0';
    assert_int_not_equal(inside(NULL, longer, &err), MX_OK);
}

static void test_inside_kinds(void **state) {
    (void)state;
    mx_error err;
    put("model/data", "d", 1);
    assert_int_equal(link(in("model/data"), in("model/hard")), 0);
    assert_int_equal(inside(NULL, "hard", &err), MX_OK);
    assert_int_equal(mkfifo(in("model/fifo"), 0644), 0);
    assert_int_equal(inside(NULL, "fifo", &err), MX_ERR_READ);
    char cwd[512];
    assert_non_null(getcwd(cwd, sizeof cwd));
    assert_int_equal(chdir(in("model")), 0);
    mx_source *s;
    assert_int_equal(mx_source_open_inside(NULL, "", MX_STR_LITERAL("data"), &s, &err), MX_OK); /* "": here */
    mx_source_release(s);
    assert_int_equal(chdir(cwd), 0);
}

static void test_inside_links(void **state) {
    (void)state;
    mx_error err;
    put("outside", "o", 1);
    put("hub/blob", "blob", 4);
    put("model/real", "r", 1);
    put("model/sub/real", "r", 1);
    assert_int_equal(symlink("../outside", in("model/out")), 0);
    assert_int_equal(symlink("real", in("model/same")), 0);
    assert_int_equal(symlink("sub", in("model/folder")), 0);
    assert_int_equal(symlink("../hub/blob", in("model/cached")), 0);
    assert_int_equal(symlink("../hub", in("model/caches")), 0);
    assert_int_equal(symlink("loop", in("model/loop")), 0);
    assert_int_equal(symlink("nowhere", in("model/dangling")), 0);
    static const char *const links[] = {"out", "same", "folder/real", "cached", "caches/blob", "loop", "dangling"};
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        if (inside(NULL, links[i], &err) != MX_ERR_FORBIDDEN_PATH) fail_msg("the link '%s' was followed", links[i]);
    char hub[300];
    snprintf(hub, sizeof hub, "%s/hub", folder);
    mx_env env = {.allow_links = hub};
    assert_int_equal(inside(&env, "cached", &err), MX_OK);
    assert_int_equal(inside(&env, "caches/blob", &err), MX_OK);
    assert_int_equal(inside(&env, "out", &err), MX_ERR_FORBIDDEN_PATH);
    assert_int_equal(inside(&env, "same", &err), MX_ERR_FORBIDDEN_PATH);
    assert_int_equal(inside(&env, "loop", &err), MX_ERR_FORBIDDEN_PATH);
    assert_int_equal(mkdir(in("hub2"), 0755), 0);
    put("hub2/blob", "blob", 4);
    assert_int_equal(symlink("../hub2/blob", in("model/neighbour")), 0); /* "hub" is only a prefix of "hub2" */
    assert_int_equal(inside(&env, "neighbour", &err), MX_ERR_FORBIDDEN_PATH);
    mx_env root = {.allow_links = "/"};
    assert_int_equal(inside(&root, "out", &err), MX_OK);
}

/* ---- ranges ---- */

static void test_windows(void **state) {
    (void)state;
    size_t n = 3 * MX_WINDOW_BYTES + 12345;
    unsigned char *bytes = malloc(n);
    for (size_t i = 0; i < n; i++)
        bytes[i] = (unsigned char)(i * 2654435761u >> 13);
    put("large", bytes, n);
    mx_source *file, *memory;
    mx_error err;
    assert_int_equal(mx_source_open(NULL, in("large"), &file, &err), MX_OK);
    assert_int_equal(mx_source_from_memory(NULL, bytes, n, true, &memory, &err), MX_OK);
    static const size_t places[] = {0, 1, 4095, 4096, 4097, 1000001};
    for (size_t i = 0; i < 6; i++)
        for (int k = 0; k < 2; k++) {
            mx_window w;
            assert_int_equal(mx_window_open(k ? memory : file, places[i], 5000, &w, &err), MX_OK);
            assert_memory_equal(w.data, bytes + places[i], 5000);
            mx_window_close(&w);
            mx_window_close(&w);
        }
    mx_window w;
    assert_int_equal(mx_window_open(file, n, 0, &w, &err), MX_OK);
    assert_non_null(w.data);
    mx_window_close(&w);
    assert_int_equal(mx_window_open(file, n, 1, &w, &err), MX_ERR_INVALID);
    assert_int_equal(mx_window_open(file, 1, UINT64_MAX, &w, &err), MX_ERR_INVALID);
    mx_window_close(&w);
    mx_hash128 a, b;
    assert_int_equal(mx_source_hash(file, 7, n - 8, &a, &err), MX_OK);
    b = mx_hash_bytes(bytes + 7, n - 8);
    assert_true(mx_hash_eq(a, b));
    assert_int_equal(mx_source_hash(file, 7, n, &a, &err), MX_ERR_INVALID);
    bool equal;
    assert_int_equal(mx_source_equal(file, 0, memory, 0, n, &equal, &err), MX_OK);
    assert_true(equal);
    assert_int_equal(mx_source_equal(file, 0, memory, 1, n - 1, &equal, &err), MX_OK);
    assert_false(equal);
    assert_int_equal(mx_source_equal(file, 0, memory, 0, 0, &equal, &err), MX_OK);
    assert_true(equal);
    assert_int_equal(mx_source_equal(file, 1, memory, 0, n, &equal, &err), MX_ERR_INVALID);
    mx_source_release(file);
    mx_source_release(memory);
    free(bytes);
}

static void test_hash_text(void **state) {
    (void)state;
    char hex[MX_HASH_HEX];
    mx_hash128 h = mx_hash_bytes("", 0), back;
    mx_hash_hex(h, hex);
    assert_string_equal(hex, "99aa06d3014798d86001c324468d497f"); /* XXH128 of nothing, as xxhsum prints it */
    assert_true(mx_hash_parse(mx_str_of(hex), &back));
    assert_true(mx_hash_eq(h, back));
    assert_false(mx_hash_parse((mx_str){hex, 31}, &back));
    hex[3] = 'A';
    assert_false(mx_hash_parse(mx_str_of(hex), &back));
    hex[3] = '\0';
    assert_false(mx_hash_parse((mx_str){hex, 32}, &back));
}

/* A file that shrinks while it is read is an error of reading, not a crash. */
static void test_shrinking(void **state) {
    (void)state;
    char bytes[100] = {0};
    put("shrinks", bytes, sizeof bytes);
    mx_source *s;
    mx_error err;
    assert_int_equal(mx_source_open(NULL, in("shrinks"), &s, &err), MX_OK);
    put("shrinks", bytes, 10);
    assert_int_equal(mx_source_read(s, 0, bytes, 100, &err), MX_ERR_READ);
    mx_source_release(s);
}

static void test_failing_memory(void **state) {
    (void)state;
    put("model/data", "d", 1);
    bool done = false;
    for (size_t n = 1; !done; n++) {
        test_allocator t;
        test_allocator_init(&t);
        t.fail_at = n;
        mx_env env = {.allocator = &t.allocator};
        mx_source *a, *b, *c;
        mx_error err;
        mx_status sa = mx_source_open(&env, in("model/data"), &a, &err);
        mx_status sb = mx_source_open_inside(&env, in("model"), MX_STR_LITERAL("data"), &b, &err);
        mx_status sc = mx_source_from_memory(&env, "abc", 3, true, &c, NULL);
        assert_true((sa == MX_OK) == (a != NULL) && (sb == MX_OK) == (b != NULL) && (sc == MX_OK) == (c != NULL));
        done = !t.failed;
        assert_int_equal(done ? MX_OK : MX_ERR_NOMEM, sa ? sa : sb ? sb : sc);
        mx_source_release(a);
        mx_source_release(b);
        mx_source_release(c);
        assert_int_equal(t.blocks, 0);
        mx_env plain = {.allocator = NULL};
        assert_int_equal(mx_source_open(&plain, in("model/data"), &a, NULL), MX_OK);
        mx_source_release(a);
    }
    mx_source *last; /* no descriptor was lost on the way */
    assert_int_equal(mx_source_open(NULL, in("model/data"), &last, NULL), MX_OK);
    assert_true(last->fd < 10);
    mx_source_release(last);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_open),         cmocka_unit_test(test_inside_names),   cmocka_unit_test(test_inside_kinds),
        cmocka_unit_test(test_inside_links), cmocka_unit_test(test_windows),        cmocka_unit_test(test_hash_text),
        cmocka_unit_test(test_shrinking),    cmocka_unit_test(test_failing_memory),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
