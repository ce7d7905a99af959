/* Writing models: bytes of hand-made graphs, external data files, and that a failure leaves everything as it was. */
#include "onnx_io/onnx_io.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct fixture {
    char dir[64], model[96];
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
    fixture *x = ctx;
    (void)old_size;
    return may_allocate(x) ? realloc(old, size) : NULL;
}

static void counting_free(void *ctx, void *old, size_t old_size) {
    (void)old_size;
    ((fixture *)ctx)->alive--;
    free(old);
}

static int setup(void **state) {
    fixture *x = calloc(1, sizeof *x);
    assert_non_null(x);
    strcpy(x->dir, "/tmp/test_onnx_write_XXXXXX");
    assert_non_null(mkdtemp(x->dir));
    snprintf(x->model, sizeof x->model, "%s/m.onnx", x->dir);
    x->countdown = -1;
    x->allocator = (mx_allocator){counting_alloc, counting_realloc, counting_free, x};
    x->env.allocator = &x->allocator;
    assert_int_equal(mx_graph_new(&x->env, &x->g, &x->err), MX_OK);
    *state = x;
    return 0;
}

static int teardown(void **state) {
    fixture *x = *state;
    char command[128];
    x->countdown = -1;
    mx_graph_release(x->g);
    assert_int_equal(x->alive, 0);
    snprintf(command, sizeof command, "rm -r %s", x->dir);
    assert_int_equal(system(command), 0);
    free(x);
    return 0;
}

static const char *in_dir(fixture *x, const char *name) {
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", x->dir, name);
    return path;
}

static mx_sid text(fixture *x, const char *s) {
    mx_sid id;
    assert_int_equal(mx_graph_string(x->g, mx_str_of(s), &id, &x->err), MX_OK);
    return id;
}

static size_t slurp(const char *path, char *to, size_t size) {
    FILE *f = fopen(path, "rb");
    if (f == NULL) return SIZE_MAX;
    size_t n = fread(to, 1, size, f);
    fclose(f);
    return n;
}

static void spit(const char *path, const char *bytes) {
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    fputs(bytes, f);
    fclose(f);
}

/* How many files and folders stand in the folder. */
static int entries(fixture *x) {
    int n = 0;
    DIR *d = opendir(x->dir);
    assert_non_null(d);
    for (const struct dirent *e = readdir(d); e != NULL; e = readdir(d))
        n += strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
    closedir(d);
    return n;
}

static mx_status write_model(fixture *x) {
    return mx_onnx_write(x->g, x->model, NULL, NULL, NULL, &x->err);
}

static void expect_bytes(fixture *x, const char *bytes, size_t n) {
    char got[4096];
    mx_status status = write_model(x);
    if (status != MX_OK) fail_msg("%s", x->err.message);
    assert_int_equal(slurp(x->model, got, sizeof got), n);
    assert_memory_equal(got, bytes, n);
}
#define EXPECT_BYTES(x, literal) expect_bytes(x, literal, sizeof(literal) - 1)

static mx_node *add_node(fixture *x, mx_node_kind kind, mx_node_id parent, mx_node_id *id) {
    assert_int_equal(mx_graph_add_node(x->g, kind, parent, id, &x->err), MX_OK);
    return mx_node_at(x->g, *id);
}

static mx_scope_data *main_scope(fixture *x) {
    x->g->scopes[0].has_graph = true;
    return &x->g->scopes[0];
}

static uint32_t add_bytes(fixture *x, const char *bytes, mx_blob *b) {
    assert_int_equal(mx_graph_add_bytes(x->g, mx_str_of(bytes), b, &x->err), MX_OK);
    return b->source;
}

static uint32_t add_initializer(fixture *x, mx_tensor t) {
    uint32_t index;
    assert_int_equal(mx_graph_add_tensor(x->g, &t, &index, &x->err), MX_OK);
    assert_int_equal(mx_scope_add_initializer(x->g, main_scope(x), index, &x->err), MX_OK);
    return index;
}

/* ---- messages ---- */

static void test_empty_model(void **state) {
    fixture *x = *state;
    x->g->scopes[0].has_graph = false;
    EXPECT_BYTES(x, "");
    x->g->scopes[0].has_graph = true;
    EXPECT_BYTES(x, "\x3a\0");
}

static void test_model_fields(void **state) {
    fixture *x = *state;
    mx_opset opsets[] = {{.domain = MX_SID_EMPTY, .has_version = true, .version = 14},
                         {.domain = MX_SID_ABSENT},
                         {.opaque = text(x, "\x10\x01\x10\x02")}};
    mx_pair pairs[] = {{text(x, "k"), MX_SID_EMPTY, 0}, {MX_SID_ABSENT, text(x, "v"), 0}};
    x->g->model = (mx_model_data){.has_ir_version = true,
                                  .ir_version = 8,
                                  .has_model_version = true,
                                  .model_version = -1,
                                  .producer_name = text(x, "p"),
                                  .producer_version = MX_SID_EMPTY};
    mx_node_at(x->g, 0)->doc = text(x, "d");
    mx_node_at(x->g, 0)->metadata = (mx_pairs){pairs, 2};
    x->g->scopes[0].opsets = opsets;
    x->g->scopes[0].n_opsets = 3;
    x->g->scopes[0].has_graph = false;
    EXPECT_BYTES(x, "\x08\x08\x12\1p\x1a\0\x28\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x32\1d"
                    "\x42\4\x0a\0\x10\x0e\x42\0\x42\4\x10\x01\x10\x02"
                    "\x72\5\x0a\1k\x12\0\x72\3\x12\1v");
}

/* Fields of the rest stand among the others by their numbers, or behind all of them. */
static void test_rest(void **state) {
    fixture *x = *state;
    mx_node *n = mx_node_at(x->g, 0);
    x->g->scopes[0].has_graph = false;
    x->g->model.producer_name = text(x, "p");
    n->doc = text(x, "d");
    n->rest = text(x, "{\"unknown\": \"SAGYBgE=\"}"); /* 9: 1, 99: 1 */
    EXPECT_BYTES(x, "\x12\1p\x32\1d\x48\x01\x98\x06\x01");
    x->g->scopes[0].has_graph = true;
    n->rest = text(x, "{\"training_info\": [{}], \"unknown_last\": \"SAE=\"}");
    EXPECT_BYTES(x, "\x12\1p\x32\1d\x3a\0\xa2\x01\0\x48\x01");
    n->rest = text(x, "{\"no such field\": 1}");
    assert_int_equal(write_model(x), MX_ERR_INVALID);
}

static void test_node_and_body(void **state) {
    fixture *x = *state;
    mx_node_id id, body, inner;
    main_scope(x);
    mx_node *n = add_node(x, MX_NODE_OPERATOR, 0, &id);
    mx_port in = {text(x, "a"), MX_NO_NODE, 0};
    mx_sid out = MX_SID_EMPTY;
    n->op_type = text(x, "If");
    n->inputs = &in;
    n->n_inputs = 1;
    n->outputs = &out;
    n->n_outputs = 1;
    add_node(x, MX_NODE_BODY, id, &body);
    add_node(x, MX_NODE_OPERATOR, body, &inner)->op_type = text(x, "X");
    int64_t ints[] = {1, -1};
    float floats[] = {1.0f};
    mx_attr attrs[] = {
        {.name = text(x, "g"), .type = MX_ATTR_GRAPH, .value.index = body},
        {.name = text(x, "i"), .type = MX_ATTR_INTS, .count = 2, .value.ints = ints},
        {.name = text(x, "f"), .type = MX_ATTR_FLOATS, .count = 1, .value.floats = floats},
        {.name = text(x, "r"), .type = MX_ATTR_INT, .ref_name = text(x, "s"), .doc = MX_SID_EMPTY},
        {.type = MX_ATTR_OPAQUE, .value.s = text(x, "\x18\x01")},
        {.name = MX_SID_EMPTY, .type = MX_ATTR_UNDEFINED},
    };
    n->attrs = attrs;
    n->n_attrs = sizeof attrs / sizeof *attrs;
    EXPECT_BYTES(x, "\x3a\x55\x0a\x53\x0a\1a\x12\0\x22\2If"
                    "\x2a\x0d\x0a\1g\x32\5\x0a\3\x22\1X\xa0\x01\x05"
                    "\x2a\x13\x0a\1i\x40\x01\x40\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\xa0\x01\x07"
                    "\x2a\x0b\x0a\1f\x3d\0\0\x80\x3f\xa0\x01\x06"
                    "\x2a\x0c\x0a\1r\x6a\0\xa0\x01\x02\xaa\x01\1s"
                    "\x2a\2\x18\x01"
                    "\x2a\5\x0a\0\xa0\x01\0");
}

static void test_tensor_fields(void **state) {
    fixture *x = *state;
    mx_blob b;
    int64_t dims[] = {2};
    add_bytes(x, "ab", &b);
    mx_tensor t = {.name = text(x, "w"), .doc = MX_SID_EMPTY, .has_type = true, .data_type = 2, .data = b};
    t.external_file = MX_NO_INDEX;
    t.n_dims = 1;
    t.dims = dims;
    t.field = MX_TENSOR_RAW_DATA;
    uint32_t index = add_initializer(x, t);
    EXPECT_BYTES(x, "\x3a\x0f\x2a\x0d\x08\x02\x10\x02\x42\1w\x4a\2ab\x62\0");
    x->g->tensors[index].field = MX_TENSOR_INT32_DATA;
    EXPECT_BYTES(x, "\x3a\x0f\x2a\x0d\x08\x02\x10\x02\x2a\2ab\x42\1w\x62\0");
    x->g->tensors[index].field = MX_TENSOR_STRING_DATA; /* the blob has the tags in it */
    EXPECT_BYTES(x, "\x3a\x0d\x2a\x0b\x08\x02\x10\x02"
                    "ab\x42\1w\x62\0");
    x->g->tensors[index].data.size = 3;
    assert_int_equal(write_model(x), MX_ERR_INVALID);
}

static void test_depth(void **state) {
    fixture *x = *state;
    const uint32_t depth = x->g->limits.body_depth;
    mx_node_id at = 0, last = 0;
    mx_attr *attrs = calloc(depth + 1, sizeof *attrs);
    assert_non_null(attrs);
    main_scope(x);
    for (uint32_t i = 0; i < depth + 1; i++) {
        mx_node *n = add_node(x, MX_NODE_OPERATOR, at, &last);
        add_node(x, MX_NODE_BODY, last, &at);
        attrs[i] = (mx_attr){.type = MX_ATTR_GRAPH, .value.index = at};
        n->attrs = &attrs[i];
        n->n_attrs = 1;
    }
    assert_int_equal(write_model(x), MX_ERR_LIMIT);
    mx_node_at(x->g, last)->n_attrs = 0;
    assert_int_equal(write_model(x), MX_OK);
    attrs[0].value.index = last; /* an operator is no body */
    assert_int_equal(write_model(x), MX_ERR_INVALID);
    free(attrs);
}

/* ---- external data ---- */

/* A tensor in an external file that is put together from parts: `content`. */
static void add_external(fixture *x, const char *location, const char *content) {
    mx_blob b;
    mx_check c = {.source = add_bytes(x, content, &b), .size = b.size, .hash = mx_hash_bytes(content, b.size)};
    mx_external_file f = {.location = text(x, location), .source = MX_NO_INDEX, .size = b.size, .n_parts = 1};
    mx_tensor t = {.name = text(x, "w"), .has_location = true, .location = 1};
    assert_int_equal(mx_graph_add_check(x->g, &c, &b.check, &x->err), MX_OK);
    assert_int_equal(mx_graph_array(x->g, 1, sizeof *f.parts, &f.parts, &x->err), MX_OK);
    f.parts[0] = b;
    t.data = b;
    assert_int_equal(mx_graph_add_external_file(x->g, &f, &t.external_file, &x->err), MX_OK);
    add_initializer(x, t);
}

static void expect_file(fixture *x, const char *name, const char *content) {
    char got[256];
    size_t n = slurp(in_dir(x, name), got, sizeof got);
    assert_int_equal(n, strlen(content));
    assert_memory_equal(got, content, n);
}

static void test_external_written(void **state) {
    fixture *x = *state;
    add_external(x, "w.bin", "weights");
    add_external(x, "a/b//./c.bin", "more");
    add_external(x, "a/d.bin", "again");
    assert_int_equal(write_model(x), MX_OK);
    expect_file(x, "w.bin", "weights");
    expect_file(x, "a/b/c.bin", "more");
    expect_file(x, "a/d.bin", "again");
    assert_int_equal(entries(x), 3);
    assert_int_equal(write_model(x), MX_OK); /* what is there is as it should be */
    assert_int_equal(entries(x), 3);
}

static void test_external_in_the_way(void **state) {
    fixture *x = *state;
    const char *others[] = {"weighty", "weight", "weights!", ""};
    add_external(x, "n/new.bin", "new");
    add_external(x, "w.bin", "weights");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        spit(in_dir(x, "w.bin"), others[i]);
        assert_int_equal(write_model(x), MX_ERR_WRITE);
        assert_string_equal(x->err.file, in_dir(x, "w.bin"));
        expect_file(x, "w.bin", others[i]);
        assert_int_equal(entries(x), 1);
    }
    unlink(in_dir(x, "w.bin"));
    assert_int_equal(mkdir(in_dir(x, "w.bin"), 0700), 0);
    assert_int_equal(write_model(x), MX_ERR_WRITE);
    assert_int_equal(entries(x), 1);
}

static void test_external_forbidden(void **state) {
    static const char *locations[] = {"/tmp/w.bin", "../w.bin", "a/../w.bin", "a/..", "", ".", "./", "a/", "/"};
    fixture *x = *state;
    add_external(x, "w.bin", "weights");
    for (size_t i = 0; i < sizeof locations / sizeof *locations; i++) {
        x->g->external_files[0].location = text(x, locations[i]);
        if (write_model(x) != MX_ERR_FORBIDDEN_PATH) fail_msg("%s", locations[i]);
        assert_int_equal(entries(x), 0);
    }
    mx_status status = mx_graph_string(x->g, (mx_str){"w\0x", 3}, &x->g->external_files[0].location, &x->err);
    assert_int_equal(status, MX_OK);
    assert_int_equal(write_model(x), MX_ERR_FORBIDDEN_PATH);
}

static void test_external_links(void **state) {
    fixture *x = *state;
    add_external(x, "link/w.bin", "weights");
    assert_int_equal(mkdir(in_dir(x, "real"), 0700), 0);
    assert_int_equal(symlink("real", in_dir(x, "link")), 0);
    assert_int_equal(write_model(x), MX_ERR_FORBIDDEN_PATH);
    spit(in_dir(x, "real/w.bin"), "weights");
    assert_int_equal(write_model(x), MX_ERR_FORBIDDEN_PATH);
    unlink(in_dir(x, "link"));
    x->g->external_files[0].location = text(x, "l.bin");
    assert_int_equal(symlink("nowhere", in_dir(x, "l.bin")), 0);
    assert_int_equal(write_model(x), MX_ERR_FORBIDDEN_PATH);
    assert_int_equal(entries(x), 2);
}

static void test_external_is_the_model(void **state) {
    fixture *x = *state;
    add_external(x, "./m.onnx", "weights");
    assert_int_equal(write_model(x), MX_ERR_WRITE);
    assert_int_equal(entries(x), 0);
}

/* Two names of one place are fine as long as they agree. */
static void test_external_two_names(void **state) {
    fixture *x = *state;
    add_external(x, "w.bin", "weights");
    add_external(x, "./w.bin", "weights");
    assert_int_equal(write_model(x), MX_OK);
    expect_file(x, "w.bin", "weights");
    add_external(x, ".//w.bin", "WEIGHTS");
    unlink(in_dir(x, "w.bin"));
    unlink(x->model);
    assert_int_equal(write_model(x), MX_ERR_WRITE);
    assert_int_equal(entries(x), 0);
}

static void test_external_without_tensors(void **state) {
    fixture *x = *state;
    add_external(x, "w.bin", "weights");
    add_external(x, "x.bin", "others");
    main_scope(x)->n_initializers = 1; /* an edit dropped the second */
    assert_int_equal(write_model(x), MX_OK);
    assert_int_equal(entries(x), 2);
    expect_file(x, "w.bin", "weights");
}

/* ---- failures ---- */

static void test_checksum(void **state) {
    fixture *x = *state;
    spit(x->model, "old");
    add_external(x, "d/w.bin", "weights");
    x->g->checks[0].hash.low ^= 1;
    assert_int_equal(write_model(x), MX_ERR_CHECKSUM);
    assert_int_equal(entries(x), 1);
    expect_file(x, "m.onnx", "old");
    x->g->checks[0].hash.low ^= 1;
    x->g->external_files[0].parts[0].size--; /* part of an entry: all of it is verified */
    assert_int_equal(write_model(x), MX_OK);
    expect_file(x, "d/w.bin", "weight");
}

static mx_status refuse(void *ctx, mx_source *written, mx_error *err) {
    assert_int_equal(entries(ctx), 3); /* the old model and the temporary files of the new one */
    assert_true(written->size > 0);
    return mx_fail(err, MX_ERR_INVALID, "no");
}

static mx_status block(void *ctx, mx_source *written, mx_error *err) {
    (void)written;
    (void)err;
    fixture *x = ctx;
    unlink(x->model);
    assert_int_equal(mkdir(x->model, 0700), 0);
    return MX_OK;
}

static void test_validation(void **state) {
    fixture *x = *state;
    spit(x->model, "old");
    add_external(x, "w.bin", "weights");
    assert_int_equal(mx_onnx_write(x->g, x->model, NULL, refuse, x, &x->err), MX_ERR_INVALID);
    assert_string_equal(x->err.message, "no");
    expect_file(x, "m.onnx", "old");
    assert_int_equal(entries(x), 1);
    /* A folder comes in the model's way at the last moment: the external data goes away again. */
    assert_int_equal(mx_onnx_write(x->g, x->model, NULL, block, x, &x->err), MX_ERR_WRITE);
    assert_int_equal(entries(x), 1);
}

static void test_every_allocation_fails(void **state) {
    fixture *x = *state;
    mx_node_id id;
    mx_node *n = add_node(x, MX_NODE_OPERATOR, 0, &id);
    n->rest = text(x, "{\"device_configurations\": [{\"configuration_id\": \"c\"}], \"unknown\": \"mAYB\"}");
    add_external(x, "d/e/w.bin", "weights");
    long alive = x->alive;
    mx_status status = MX_ERR_NOMEM;
    for (long i = 0; status != MX_OK; i++) {
        x->countdown = i;
        status = write_model(x);
        x->countdown = -1;
        if (status != MX_OK && status != MX_ERR_NOMEM) fail_msg("allocation %ld: %s", i, x->err.message);
        if (status != MX_OK) assert_int_equal(entries(x), 0);
        assert_int_equal(x->alive, alive);
        assert_true(i < 10000);
    }
    assert_int_equal(entries(x), 2);
}

/* Files may not grow beyond n bytes, as if the disk were full. */
static void limit_files(rlim_t n) {
    struct rlimit limit;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = n;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

static void test_disk_full(void **state) {
    fixture *x = *state;
    signal(SIGXFSZ, SIG_IGN);
    spit(x->model, "old");
    add_external(x, "d/w.bin",
                 "weights that are longer than the model itself is, as weights mostly are, by far, far, far");
    mx_status status = MX_ERR_WRITE;
    for (rlim_t n = 0; status != MX_OK; n += 7) {
        limit_files(n);
        status = write_model(x);
        limit_files(RLIM_INFINITY);
        if (status == MX_OK) break;
        assert_int_equal(status, MX_ERR_WRITE);
        assert_int_equal(entries(x), 1);
        expect_file(x, "m.onnx", "old");
        assert_true(n < 1000);
    }
    signal(SIGXFSZ, SIG_DFL);
    assert_int_equal(entries(x), 2);
}

static bool stop(void *ctx, const char *stage, uint64_t done, uint64_t total) {
    (void)ctx;
    assert_string_equal(stage, "writing ONNX");
    assert_true(done <= total);
    return false;
}

static void test_cancel(void **state) {
    fixture *x = *state;
    const size_t size = 20 << 20;
    char *bytes = calloc(1, size);
    assert_non_null(bytes);
    mx_tensor t = {.field = MX_TENSOR_RAW_DATA, .external_file = MX_NO_INDEX};
    assert_int_equal(mx_graph_add_bytes(x->g, (mx_str){bytes, size}, &t.data, &x->err), MX_OK);
    free(bytes);
    add_initializer(x, t);
    x->g->env.progress = stop;
    assert_int_equal(write_model(x), MX_ERR_CANCELLED);
    assert_int_equal(entries(x), 0);
}

/* ---- the model points into its .onnxdata file ---- */

static void test_sidecar(void **state) {
    fixture *x = *state;
    static char zeros[5000];
    mx_onnx_write_options options = {.sidecar_location = "s.onnxdata"};
    mx_source *s;
    uint32_t index;
    assert_int_equal(mx_onnx_write(x->g, x->model, &options, NULL, NULL, &x->err), MX_ERR_USAGE);
    int fd = open(in_dir(x, "s.onnxdata"), O_RDWR | O_CREAT, 0600);
    assert_int_equal(write(fd, zeros, sizeof zeros), sizeof zeros);
    assert_int_equal(mx_source_from_fd(&x->env, fd, &s, &x->err), MX_OK);
    assert_int_equal(mx_graph_add_source(x->g, s, &index, &x->err), MX_OK);
    mx_check c = {index, 0, 1024, mx_hash_bytes(zeros, 1024)};
    mx_tensor t = {.name = text(x, "w"), .external_file = MX_NO_INDEX, .field = MX_TENSOR_RAW_DATA};
    t.data = (mx_blob){index, 0, 0, 1024};
    assert_int_equal(mx_graph_add_check(x->g, &c, &t.data.check, &x->err), MX_OK);
    add_initializer(x, t);
    assert_int_equal(mx_onnx_write(x->g, x->model, &options, NULL, NULL, &x->err), MX_OK);
    char got[4096];
    static const char expected[] = "\x3a\x3c\x2a\x3a\x42\1w\x6a\x16\x0a\x08location\x12\x0as.onnxdata"
                                   "\x6a\x0b\x0a\6offset\x12\1"
                                   "0\x6a\x0e\x0a\6length\x12\4"
                                   "1024\x70\x01";
    assert_int_equal(slurp(x->model, got, sizeof got), sizeof expected - 1);
    assert_memory_equal(got, expected, sizeof expected - 1);
    x->g->checks[0].hash.high ^= 1;
    assert_int_equal(mx_onnx_write(x->g, x->model, &options, NULL, NULL, &x->err), MX_ERR_CHECKSUM);
    x->g->checks[0].hash.high ^= 1;
    assert_int_equal(mx_onnx_write(x->g, in_dir(x, "s.onnxdata"), &options, NULL, NULL, &x->err), MX_ERR_USAGE);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_empty_model),
        TEST(test_model_fields),
        TEST(test_rest),
        TEST(test_node_and_body),
        TEST(test_tensor_fields),
        TEST(test_depth),
        TEST(test_external_written),
        TEST(test_external_in_the_way),
        TEST(test_external_forbidden),
        TEST(test_external_links),
        TEST(test_external_is_the_model),
        TEST(test_external_two_names),
        TEST(test_external_without_tensors),
        TEST(test_checksum),
        TEST(test_validation),
        TEST(test_every_allocation_fails),
        TEST(test_disk_full),
        TEST(test_cancel),
        TEST(test_sidecar),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
