/* .onnxdata files: what is stored where, the binding of a graph, and everything that can be wrong with a file. */
#include "onnx_io/onnx_io.h"
#include "onnx_io/onnxdata.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct fixture {
    char dir[64], path[96];
    mx_allocator allocator; /* fails from the countdown's end on, if that is not negative */
    mx_env env;
    long countdown, alive;
    mx_graph *g;
    mx_error err;
} fixture;

static bool may_allocate(fixture *x) {
    return x->countdown < 0 || x->countdown-- > 0;
}

static void *counting_alloc(void *ctx, size_t size) {
    fixture *x = ctx;
    void *p = may_allocate(x) ? malloc(size) : NULL;
    if (p != NULL) x->alive++;
    return p;
}

static void *counting_realloc(void *ctx, void *old, size_t old_size, size_t size) {
    (void)old_size;
    return may_allocate(ctx) ? realloc(old, size) : NULL;
}

static void counting_free(void *ctx, void *old, size_t old_size) {
    (void)old_size;
    ((fixture *)ctx)->alive--;
    free(old);
}

static int setup(void **state) {
    fixture *x = calloc(1, sizeof *x);
    assert_non_null(x);
    strcpy(x->dir, "/tmp/test_onnxdata_XXXXXX");
    assert_non_null(mkdtemp(x->dir));
    snprintf(x->path, sizeof x->path, "%s/m.onnxdata", x->dir);
    x->countdown = -1;
    x->allocator = (mx_allocator){counting_alloc, counting_realloc, counting_free, x};
    x->env.allocator = &x->allocator;
    assert_int_equal(mx_graph_new(&x->env, &x->g, &x->err), MX_OK);
    *state = x;
    return 0;
}

static int teardown(void **state) {
    fixture *x = *state;
    mx_graph_release(x->g);
    assert_int_equal(x->alive, 0);
    unlink(x->path);
    assert_int_equal(rmdir(x->dir), 0);
    free(x);
    return 0;
}

static mx_sid text(fixture *x, const char *s) {
    mx_sid id;
    assert_int_equal(mx_graph_string(x->g, mx_str_of(s), &id, &x->err), MX_OK);
    return id;
}

/* A source of n bytes that repeat only after 2^32. */
static uint32_t add_source(fixture *x, size_t n, uint32_t seed) {
    uint8_t *bytes = malloc(n + 1);
    assert_non_null(bytes);
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        bytes[i] = (uint8_t)(seed >> 24);
    }
    mx_source *s;
    uint32_t index;
    assert_int_equal(mx_source_from_memory(NULL, bytes, n, true, &s, &x->err), MX_OK);
    free(bytes);
    assert_int_equal(mx_graph_add_source(x->g, s, &index, &x->err), MX_OK);
    return index;
}

static uint32_t add_tensor(fixture *x, const char *name, mx_blob data, uint32_t file) {
    mx_tensor t = {.name = text(x, name), .data = data, .external_file = file};
    t.field = file == MX_NO_INDEX ? MX_TENSOR_RAW_DATA : MX_TENSOR_NO_DATA;
    uint32_t index;
    assert_int_equal(mx_graph_add_tensor(x->g, &t, &index, &x->err), MX_OK);
    return index;
}

static mx_onnxdata_info write_image(fixture *x) {
    mx_outfile f;
    mx_onnxdata_info info;
    uint32_t source;
    assert_int_equal(mx_outfile_open(NULL, x->path, &f, &x->err), MX_OK);
    mx_status status = mx_onnxdata_write(x->g, &f, &info, &source, &x->err);
    if (status != MX_OK) fail_msg("%s", x->err.message);
    assert_int_equal(mx_outfile_commit(&f, &x->err), MX_OK);
    mx_outfile_close(&f);
    assert_int_equal(mx_onnxdata_verify(NULL, x->path, &x->err), MX_OK);
    return info;
}

static mx_status bind(fixture *x, const mx_hash128 *expected) {
    mx_source *image;
    assert_int_equal(mx_source_open(NULL, x->path, &image, &x->err), MX_OK);
    mx_status status = mx_onnxdata_bind(x->g, (uint32_t)x->g->n_sources - 1, image, expected, &x->err);
    mx_source_release(image);
    return status;
}

static bool holds(fixture *x, const mx_blob *b, uint32_t source, uint64_t offset) {
    bool equal;
    assert_int_equal(
        mx_source_equal(x->g->sources[b->source], b->offset, x->g->sources[source], offset, b->size, &equal, &x->err),
        MX_OK);
    return equal;
}

/* ---- writing ---- */

static void test_empty(void **state) {
    fixture *x = *state;
    mx_onnxdata_info info = write_image(x);
    assert_int_equal(info.size, MX_ONNXDATA_HEADER_BYTES);
    assert_int_equal(info.tensors, 0);
    assert_int_equal(bind(x, &info.checksum), MX_OK);
}

static void test_alignment_and_order(void **state) {
    fixture *x = *state;
    uint32_t s = add_source(x, 4 << 20, 1);
    add_tensor(x, "a", (mx_blob){s, MX_NO_INDEX, 5, 3}, MX_NO_INDEX);
    add_tensor(x, "large", (mx_blob){s, MX_NO_INDEX, 100, MX_ONNXDATA_LARGE}, MX_NO_INDEX);
    add_tensor(x, "below", (mx_blob){s, MX_NO_INDEX, 200, MX_ONNXDATA_LARGE - 1}, MX_NO_INDEX);
    add_tensor(x, "empty", (mx_blob){s, MX_NO_INDEX, 9, 0}, MX_NO_INDEX);
    add_tensor(x, "none", (mx_blob){MX_NO_INDEX, MX_NO_INDEX, 0, 0}, MX_NO_INDEX);
    mx_onnxdata_info info = write_image(x);
    const mx_tensor *t = x->g->tensors;
    assert_int_equal(info.tensors, 4);
    assert_int_equal(t[0].data.offset, 128);
    assert_int_equal(t[1].data.offset, 4096);
    assert_int_equal(t[2].data.offset, 4096 + MX_ONNXDATA_LARGE);
    assert_int_equal(t[3].data.offset, 0);
    assert_int_equal(t[4].data.source, MX_NO_INDEX);
    assert_true(holds(x, &t[0].data, s, 5) && holds(x, &t[1].data, s, 100) && holds(x, &t[2].data, s, 200));
    assert_int_equal(bind(x, &info.checksum), MX_OK);
    assert_int_equal(t[3].data.check, MX_NO_INDEX);
    assert_int_equal(x->g->checks[t[2].data.check].size, MX_ONNXDATA_LARGE - 1);
}

static void test_equal_content_once(void **state) {
    fixture *x = *state;
    const uint64_t sizes[] = {1, 64, 1000, 65536, 65537, 2 << 20};
    uint32_t a = add_source(x, 4 << 20, 7), b = add_source(x, 4 << 20, 7);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        add_tensor(x, "first", (mx_blob){a, MX_NO_INDEX, 1000 * i, sizes[i]}, MX_NO_INDEX);
        add_tensor(x, "again", (mx_blob){b, MX_NO_INDEX, 1000 * i, sizes[i]}, MX_NO_INDEX);
        add_tensor(x, "same", (mx_blob){a, MX_NO_INDEX, 1000 * i, sizes[i]}, MX_NO_INDEX);
    }
    mx_onnxdata_info info = write_image(x);
    assert_int_equal(bind(x, &info.checksum), MX_OK);
    assert_int_equal(x->g->n_checks, sizeof sizes / sizeof *sizes);
    for (size_t i = 0; i < x->g->n_tensors; i++) {
        assert_int_equal(x->g->tensors[i].data.offset, x->g->tensors[i - i % 3].data.offset);
        assert_true(holds(x, &x->g->tensors[i].data, b, 1000 * (i / 3)));
    }
}

static void test_external_parts(void **state) {
    fixture *x = *state;
    uint32_t s = add_source(x, 10000, 3), file;
    mx_external_file f = {.location = text(x, "w.bin"), .source = s, .size = 10000};
    assert_int_equal(mx_graph_add_external_file(x->g, &f, &file, &x->err), MX_OK);
    const mx_blob ranges[] = {{s, MX_NO_INDEX, 4000, 1000}, {s, MX_NO_INDEX, 4500, 1500}, {s, MX_NO_INDEX, 100, 10},
                              {s, MX_NO_INDEX, 110, 10},    {s, MX_NO_INDEX, 4100, 50},   {s, MX_NO_INDEX, 10000, 0}};
    const size_t n = sizeof ranges / sizeof *ranges;
    for (size_t i = 0; i < n; i++)
        add_tensor(x, "t", ranges[i], file);
    add_tensor(x, "alone", (mx_blob){s, MX_NO_INDEX, 4000, 2000}, MX_NO_INDEX);
    mx_onnxdata_info info = write_image(x);
    assert_int_equal(bind(x, &info.checksum), MX_OK);
    const mx_external_file *now = &x->g->external_files[file];
    const uint64_t sizes[] = {100, 10, 10, 3880, 2000, 4000};
    assert_int_equal(now->source, MX_NO_INDEX);
    assert_int_equal(now->n_parts, sizeof sizes / sizeof *sizes);
    uint64_t at = 0;
    for (size_t i = 0; i < now->n_parts; i++) {
        assert_int_equal(now->parts[i].size, sizes[i]);
        assert_true(holds(x, &now->parts[i], s, at));
        assert_int_not_equal(now->parts[i].check, MX_NO_INDEX);
        at += sizes[i];
    }
    for (size_t i = 0; i < n; i++)
        assert_true(holds(x, &x->g->tensors[i].data, s, ranges[i].offset));
    assert_int_equal(x->g->tensors[n].data.offset, now->parts[4].offset);
}

/* A graph that is bound to an image can be stored again. */
static void test_image_of_an_image(void **state) {
    fixture *x = *state;
    uint32_t s = add_source(x, 300000, 3), file;
    mx_external_file f = {.location = text(x, "w.bin"), .source = s, .size = 300000};
    assert_int_equal(mx_graph_add_external_file(x->g, &f, &file, &x->err), MX_OK);
    add_tensor(x, "t", (mx_blob){s, MX_NO_INDEX, 1000, 200000}, file);
    add_tensor(x, "u", (mx_blob){s, MX_NO_INDEX, 3000, 100}, file);
    add_tensor(x, "v", (mx_blob){s, MX_NO_INDEX, 7, 99}, MX_NO_INDEX);
    mx_onnxdata_info first = write_image(x);
    assert_int_equal(bind(x, &first.checksum), MX_OK);
    mx_onnxdata_info second = write_image(x);
    size_t n_checks = x->g->n_checks;
    assert_int_equal(bind(x, &second.checksum), MX_OK);
    assert_int_equal(x->g->n_checks, 2 * n_checks);
    assert_true(holds(x, &x->g->tensors[1].data, s, 3000));
    assert_true(holds(x, &x->g->external_files[file].parts[2], s, 201000));
}

static void test_deterministic(void **state) {
    fixture *x = *state;
    mx_hash128 sums[2];
    uint32_t s = add_source(x, 100000, 5);
    for (int run = 0; run < 2; run++) {
        for (uint32_t i = 0; i < 1000; i++) {
            mx_blob b = {s, MX_NO_INDEX, (i * 7919u) % 5000u, i % 50};
            if (run == 0) add_tensor(x, "n", b, MX_NO_INDEX);
            x->g->tensors[i].data = b;
        }
        sums[run] = write_image(x).checksum;
    }
    assert_true(mx_hash_eq(sums[0], sums[1]));
}

/* ---- damaged files ---- */

static void spoil(fixture *x, uint64_t at, uint8_t mask) {
    uint8_t byte;
    int fd = open(x->path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pread(fd, &byte, 1, (off_t)at), 1);
    byte ^= mask;
    assert_int_equal(pwrite(fd, &byte, 1, (off_t)at), 1);
    close(fd);
}

static mx_onnxdata_info small_image(fixture *x) {
    uint32_t s = add_source(x, 5000, 9);
    add_tensor(x, "one", (mx_blob){s, MX_NO_INDEX, 0, 100}, MX_NO_INDEX);
    add_tensor(x, "two", (mx_blob){s, MX_NO_INDEX, 100, 100}, MX_NO_INDEX);
    return write_image(x);
}

static void test_every_byte_counts(void **state) {
    fixture *x = *state;
    mx_onnxdata_info info = small_image(x);
    for (uint64_t at = 0; at < info.size; at++) {
        bool padding = (at >= 228 && at < 256) || (at >= 356 && at < 384);
        spoil(x, at, 0x21);
        mx_status status = mx_onnxdata_verify(NULL, x->path, &x->err);
        if ((status == MX_OK) != padding) fail_msg("byte %llu: status %d", (unsigned long long)at, (int)status);
        if (at == 300) assert_string_equal(x->err.message, "the bytes of 'two' differ from their checksum");
        spoil(x, at, 0x21);
    }
}

static void test_every_prefix_is_refused(void **state) {
    fixture *x = *state;
    mx_onnxdata_info info = small_image(x);
    for (uint64_t n = info.size; n-- > 0;) {
        assert_int_equal(truncate(x->path, (off_t)n), 0);
        assert_int_equal(mx_onnxdata_verify(NULL, x->path, &x->err), MX_ERR_SYNTAX);
        assert_int_equal(bind(x, NULL), MX_ERR_SYNTAX);
    }
}

/* Change an integer of the file and make all checksums right again: what a hostile writer can do. */
static void forge(fixture *x, uint64_t at, uint64_t value, size_t bytes) {
    uint8_t all[8192];
    int fd = open(x->path, O_RDWR | O_CLOEXEC);
    ssize_t n = pread(fd, all, sizeof all, 0);
    assert_true(n > MX_ONNXDATA_HEADER_BYTES && n < (ssize_t)sizeof all);
    uint64_t index = 0;
    for (int i = 7; i >= 0; i--)
        index = index << 8 | all[MX_ONNXDATA_AT_INDEX_OFFSET + i];
    for (size_t i = 0; i < bytes; i++)
        all[at + i] = (uint8_t)(value >> (8 * i));
    mx_onnxdata_put_hash(all + MX_ONNXDATA_AT_INDEX_HASH, mx_hash_bytes(all + index, (size_t)n - index));
    mx_onnxdata_put_hash(all + MX_ONNXDATA_AT_HEADER_HASH, mx_hash_bytes(all, MX_ONNXDATA_AT_HEADER_HASH));
    assert_int_equal(pwrite(fd, all, (size_t)n, 0), n);
    close(fd);
}

static void test_forged(void **state) {
    static const struct {
        uint64_t at, value;
        size_t bytes;
        mx_status bind;
    } cases[] = {
        {MX_ONNXDATA_AT_VERSION, 2, 4, MX_ERR_UNSUPPORTED},
        {MX_ONNXDATA_AT_HEADER_SIZE, 64, 4, MX_ERR_SYNTAX},
        {MX_ONNXDATA_AT_FILE_SIZE, 1, 8, MX_ERR_SYNTAX},
        {MX_ONNXDATA_AT_COUNT, 3, 8, MX_ERR_SYNTAX},
        {MX_ONNXDATA_AT_COUNT, UINT64_MAX / 48 + 2, 8, MX_ERR_SYNTAX},
        {MX_ONNXDATA_AT_INDEX_SIZE, UINT64_MAX, 8, MX_ERR_SYNTAX},
        {MX_ONNXDATA_AT_INDEX_SIZE, 48, 8, MX_ERR_SYNTAX},
        {384 + MX_ONNXDATA_AT_OFFSET, 127, 8, MX_ERR_SYNTAX},
        {384 + MX_ONNXDATA_AT_OFFSET, 200, 8, MX_ERR_SYNTAX}, /* runs into the next */
        {384 + MX_ONNXDATA_AT_OFFSET, UINT64_MAX, 8, MX_ERR_SYNTAX},
        {384 + MX_ONNXDATA_AT_SIZE, UINT64_MAX, 8, MX_ERR_SYNTAX},
        {432 + MX_ONNXDATA_AT_SIZE, 129, 8, MX_ERR_SYNTAX}, /* runs into the index */
        {432 + MX_ONNXDATA_AT_NAME, 4, 8, MX_ERR_SYNTAX},
        {432 + MX_ONNXDATA_AT_NAME, UINT64_MAX, 8, MX_ERR_SYNTAX},
        {432 + MX_ONNXDATA_AT_NAME_SIZE, UINT32_MAX, 4, MX_ERR_SYNTAX},
        {432 + MX_ONNXDATA_AT_KIND, 2, 4, MX_ERR_SYNTAX},
        {432 + MX_ONNXDATA_AT_HASH, 0, 8, MX_OK}, /* only whoever reads the bytes sees it */
    };
    fixture *x = *state;
    mx_onnxdata_info info = small_image(x);
    assert_int_equal(info.size, 384 + 2 * 48 + 6);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_image(x);
        forge(x, cases[i].at, cases[i].value, cases[i].bytes);
        if (mx_onnxdata_verify(NULL, x->path, &x->err) == MX_OK) fail_msg("case %zu", i);
        if (bind(x, NULL) != cases[i].bind) fail_msg("bind, case %zu", i);
    }
}

/* ---- binding ---- */

static void test_bind_refuses_ranges(void **state) {
    static const struct {
        uint64_t offset, size;
        bool valid;
    } cases[] = {
        {128, 100, true},       {130, 98, true},          {227, 1, true},    {256, 100, true},      {127, 1, false},
        {128, 101, false},      {228, 1, false},          {130, 200, false}, {0, 1, false},         {384, 10, false},
        {UINT64_MAX, 1, false}, {130, UINT64_MAX, false}, {0, 0, true},      {UINT64_MAX, 0, true},
    };
    fixture *x = *state;
    small_image(x);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        x->g->tensors[1].data = (mx_blob){(uint32_t)x->g->n_sources - 1, MX_NO_INDEX, cases[i].offset, cases[i].size};
        mx_status status = bind(x, NULL);
        if (status != (cases[i].valid ? MX_OK : MX_ERR_INVALID)) fail_msg("case %zu", i);
        if (!cases[i].valid) assert_non_null(strstr(x->err.message, "'two'"));
    }
}

static void test_bind_other_image(void **state) {
    fixture *x = *state;
    mx_onnxdata_info info = small_image(x);
    mx_hash128 other = {info.checksum.low ^ 1, info.checksum.high};
    assert_int_equal(bind(x, &other), MX_ERR_CHECKSUM);
    assert_string_equal(x->err.file, x->path);
    assert_int_equal(bind(x, &info.checksum), MX_OK);
    assert_int_equal(mx_onnxdata_bind(x->g, 99, x->g->sources[0], NULL, &x->err), MX_ERR_USAGE);
}

static mx_status store_and_bind(fixture *x) {
    mx_outfile f;
    mx_onnxdata_info info;
    mx_source *image;
    uint32_t source;
    MX_TRY(mx_outfile_open(&x->env, x->path, &f, &x->err));
    mx_status status = mx_onnxdata_write(x->g, &f, &info, &source, &x->err);
    if (status == MX_OK) status = mx_outfile_source(&f, &x->env, &image, &x->err);
    if (status == MX_OK) {
        status = mx_onnxdata_bind(x->g, source, image, &info.checksum, &x->err);
        mx_source_release(image);
    }
    mx_outfile_close(&f);
    return status;
}

static void test_every_allocation_fails(void **state) {
    fixture *x = *state;
    uint32_t s = add_source(x, 100000, 3), file;
    mx_external_file f = {.location = text(x, "w.bin"), .source = s, .size = 100000};
    assert_int_equal(mx_graph_add_external_file(x->g, &f, &file, &x->err), MX_OK);
    for (uint32_t i = 0; i < 20; i++)
        add_tensor(x, "t", (mx_blob){s, MX_NO_INDEX, 5000 * i, 1000}, i % 2 ? file : MX_NO_INDEX);
    mx_status status = MX_ERR_NOMEM;
    for (long i = 0; status != MX_OK; i++) {
        x->countdown = i;
        status = store_and_bind(x);
        x->countdown = -1;
        if (status != MX_OK && status != MX_ERR_NOMEM) fail_msg("allocation %ld: %s", i, x->err.message);
        assert_int_equal(access(x->path, F_OK), -1);
        assert_true(i < 10000);
    }
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_empty),
        TEST(test_alignment_and_order),
        TEST(test_equal_content_once),
        TEST(test_external_parts),
        TEST(test_image_of_an_image),
        TEST(test_deterministic),
        TEST(test_every_byte_counts),
        TEST(test_every_prefix_is_refused),
        TEST(test_forged),
        TEST(test_bind_refuses_ranges),
        TEST(test_bind_other_image),
        TEST(test_every_allocation_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
