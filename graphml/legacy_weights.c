/* The weights of legacy files: JSON with base64, perhaps compressed. They go into an unnamed temporary file, from which
 * they are written like those of any source. */
#include "graphml/legacy.h"

#include <stdlib.h>
#include <zlib.h>

#define INFLATE_BYTES ((size_t)1 << 20)

typedef struct parameters {
    mx_import *im;
    mx_decoder d;
    mx_outfile file;
    mx_buffer bytes;
    uint32_t *tensors;
} parameters;

static mx_status add_parameter(parameters *p, const char *name, const json_t *v, uint32_t *out) {
    const json_t *data = json_object_get(v, "data"), *shape = json_object_get(v, "shape");
    const json_t *dtype = json_object_get(v, "dtype");
    mx_tensor t = {
        .external_file = MX_NO_INDEX, .has_type = true, .field = MX_TENSOR_RAW_DATA, .unused_at_source = true};
    t.data_type = mx_legacy_data_type((mx_str){json_string_value(dtype), json_string_length(dtype)});
    if (t.data_type < 0) return mx_decode_fail(&p->d, "the dtype of %s is not known", mx_show(mx_str_of(name)).text);
    MX_TRY(mx_graph_string(p->im->g, mx_str_of(name), &t.name, p->im->err));
    if (shape) MX_TRY(mx_decode_ints(&p->d, shape, &t.dims, &t.n_dims));
    mx_buffer_clear(&p->bytes);
    bool good = json_is_string(data) && mx_base64_decode(&p->bytes, json_string_value(data), json_string_length(data));
    if (p->bytes.failed) return mx_nomem(p->im->err);
    if (!good) return mx_decode_fail(&p->d, "the data of %s is not base64", mx_show(mx_str_of(name)).text);
    t.data = (mx_blob){(uint32_t)p->im->g->n_sources, MX_NO_INDEX, p->file.position, p->bytes.size};
    mx_outfile_write(&p->file, p->bytes.data, p->bytes.size);
    return mx_graph_add_tensor(p->im->g, &t, out, p->im->err);
}

static mx_status add_parameters(parameters *p, const json_t *all) {
    mx_import *im = p->im;
    mx_compound *c = &im->compounds[im->items[im->model].compound];
    const char *name;
    json_t *v;
    uint32_t source;
    if (!json_is_object(all)) return mx_decode_fail(&p->d, "there is no object \"parameters\"");
    MX_TRY(mx_graph_array(im->g, json_object_size(all), sizeof *c->initializers, &c->initializers, im->err));
    json_object_foreach((json_t *)all, name, v) {
        MX_TRY(add_parameter(p, name, v, &c->initializers[c->n_initializers]));
        c->n_initializers++;
    }
    mx_source *written;
    MX_TRY(mx_outfile_source(&p->file, &im->g->env, &written, im->err));
    return mx_graph_add_source(im->g, written, &source, im->err);
}

mx_status mx_legacy_read_parameters(mx_import *im, mx_str json) {
    parameters p = {.im = im, .d = {.g = im->g, .what = "parameters", .err = im->err}};
    const char *dir = getenv("TMPDIR");
    json_t *v;
    MX_TRY(mx_decode_json(&p.d, json, &v));
    mx_buffer_init(&p.bytes, im->allocator);
    mx_status status = mx_outfile_open_unnamed(&im->g->env, dir && *dir ? dir : "/tmp", &p.file, im->err);
    if (status == MX_OK) {
        status = add_parameters(&p, json_object_get(v, "parameters"));
        mx_outfile_close(&p.file);
    }
    mx_buffer_free(&p.bytes);
    json_decref(v);
    return status;
}

/* ---- gzip ---- */

static mx_status inflate_window(z_stream *z, mx_buffer *out, int *end, mx_error *err) {
    do {
        if (out->size >= MX_LEGACY_PARAMETER_BYTES)
            return mx_fail(err, MX_ERR_LIMIT, "the parameters are more than %llu bytes",
                           (unsigned long long)MX_LEGACY_PARAMETER_BYTES);
        if (!mx_buffer_reserve(out, INFLATE_BYTES)) return mx_nomem(err);
        z->next_out = (Bytef *)out->data + out->size;
        z->avail_out = (uInt)INFLATE_BYTES;
        *end = inflate(z, Z_NO_FLUSH);
        out->size += INFLATE_BYTES - z->avail_out;
        if (*end == Z_MEM_ERROR) return mx_nomem(err);
        if (*end != Z_OK && *end != Z_STREAM_END && *end != Z_BUF_ERROR)
            return mx_fail(err, MX_ERR_SYNTAX, "this is not gzip data");
    } while (*end != Z_STREAM_END && z->avail_out == 0);
    return MX_OK;
}

static mx_status inflate_all(const mx_source *s, mx_buffer *out, mx_error *err) {
    z_stream z = {0};
    int end = Z_OK;
    mx_status status = MX_OK;
    if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK) return mx_nomem(err);
    for (uint64_t offset = 0; offset < s->size && end != Z_STREAM_END && status == MX_OK;) {
        mx_window w = {0};
        uint64_t n = s->size - offset < MX_WINDOW_BYTES ? s->size - offset : MX_WINDOW_BYTES;
        status = mx_window_open(s, offset, n, &w, err);
        if (status != MX_OK) break;
        z.next_in = (Bytef *)(uintptr_t)w.data;
        z.avail_in = (uInt)n;
        status = inflate_window(&z, out, &end, err);
        mx_window_close(&w);
        offset += n;
    }
    inflateEnd(&z);
    if (status == MX_OK && end != Z_STREAM_END) status = mx_fail(err, MX_ERR_SYNTAX, "the gzip data is cut off");
    return status;
}

mx_status mx_legacy_read_sidecar(mx_import *im, const char *path) {
    const char *slash = strrchr(path, '/');
    mx_source *s;
    mx_buffer text;
    if (!im->weights->file[0] || im->model == MX_NO_INDEX) return MX_OK;
    char *dir = mx_arena_text(im->arena, slash ? path : ".", slash ? (size_t)(slash - path) + (slash == path) : 1);
    if (!dir) return mx_nomem(im->err);
    MX_TRY(mx_source_open_inside(&im->g->env, dir, mx_str_of(im->weights->file), &s, im->err));
    mx_buffer_init(&text, im->allocator);
    mx_status status = inflate_all(s, &text, im->err);
    if (status == MX_OK) status = mx_legacy_read_parameters(im, mx_buffer_str(&text));
    if (status != MX_OK) mx_at_file(im->err, status, s->path);
    mx_buffer_free(&text);
    mx_source_release(s);
    return status;
}
