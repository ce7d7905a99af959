/* What the model's node says about weights and external files. */
#include "graphml/import.h"
#include "graphml/values_read.h"

static mx_str json_text(const json_t *v) {
    return (mx_str){json_string_value(v), json_string_length(v)};
}

static mx_status member_size(const mx_decoder *d, mx_members *m, const char *name, uint64_t *out) {
    const json_t *v = mx_member(m, name);
    if (!v) return MX_OK;
    if (!json_is_integer(v) || json_integer_value(v) < 0) return mx_decode_fail(d, "\"%s\" is not a size", name);
    *out = (uint64_t)json_integer_value(v);
    return MX_OK;
}

static mx_status decode_strategy(const mx_decoder *d, const json_t *v, mx_parameter_strategy *out) {
    static const char *const names[] = {"sidecar", "embedded", "reference"};
    for (int i = 0; i < 3 && json_is_string(v); i++) {
        if (!mx_str_is(json_text(v), names[i])) continue;
        *out = (mx_parameter_strategy)i;
        return MX_OK;
    }
    return mx_decode_fail(d, "the strategy is neither sidecar nor embedded nor reference");
}

static mx_status decode_weights(const mx_decoder *d, const json_t *v, mx_import *im) {
    mx_weights *w = im->weights;
    mx_members m;
    MX_TRY(mx_members_begin(d, v, "the object", &m));
    MX_TRY(decode_strategy(d, mx_member(&m, "strategy"), &w->strategy));
    const json_t *file = mx_member(&m, "file"), *checksum = mx_member(&m, "checksum");
    if (file) {
        mx_str name = json_text(file);
        if (!json_is_string(file) || name.n >= sizeof w->file || memchr(name.p, 0, name.n))
            return mx_decode_fail(d, "\"file\" is not a file's name");
        memcpy(w->file, name.p, name.n);
        w->file[name.n] = 0;
    }
    if (!json_is_string(checksum) || !mx_hash_parse(json_text(checksum), &w->checksum))
        return mx_decode_fail(d, "\"checksum\" is not 32 hexadecimal digits");
    MX_TRY(member_size(d, &m, "size", &w->file_size));
    MX_TRY(member_size(d, &m, "count", &w->count));
    MX_TRY(member_size(d, &m, "nodes", &im->n_source_nodes));
    MX_TRY(mx_member_name(d, &m, "source", &im->source_name));
    MX_TRY(mx_member_name(d, &m, "metadata", &im->metadata_name));
    return mx_members_end(d, &m, "the object");
}

/* ---- external files ---- */

static mx_status decode_part(const mx_decoder *d, const json_t *v, mx_blob *out) {
    const json_t *offset = json_array_get(v, 0), *size = json_array_get(v, 1);
    bool good = json_array_size(v) == 2 && json_is_integer(offset) && json_is_integer(size) &&
                json_integer_value(offset) >= 0 && json_integer_value(size) >= 0;
    if (!good) return mx_decode_fail(d, "a part is not [offset, size]");
    *out = (mx_blob){0, MX_NO_INDEX, (uint64_t)json_integer_value(offset), (uint64_t)json_integer_value(size)};
    return MX_OK;
}

static mx_status decode_parts(const mx_decoder *d, const json_t *v, mx_external_file *f) {
    uint64_t sum = 0;
    if (!v) return MX_OK;
    if (!json_is_array(v)) return mx_decode_fail(d, "\"parts\" is not a list");
    size_t n = json_array_size(v);
    MX_TRY(mx_graph_array(d->g, n, sizeof *f->parts, &f->parts, d->err));
    for (size_t i = 0; i < n; i++) {
        MX_TRY(decode_part(d, json_array_get(v, i), &f->parts[i]));
        if (f->parts[i].size > UINT64_MAX - sum) return mx_decode_fail(d, "the parts are out of range");
        sum += f->parts[i].size;
    }
    f->n_parts = n;
    return sum == f->size ? MX_OK : mx_decode_fail(d, "the parts of a file do not make its size");
}

static mx_status decode_file(const mx_decoder *d, const json_t *v, bool reference) {
    mx_members m;
    mx_external_file f = {.source = MX_NO_INDEX};
    uint32_t index;
    MX_TRY(mx_members_begin(d, v, "a file", &m));
    MX_TRY(mx_member_name(d, &m, "location", &f.location));
    MX_TRY(member_size(d, &m, "size", &f.size));
    if (!reference) MX_TRY(decode_parts(d, mx_member(&m, "parts"), &f));
    const json_t *hidden = mx_member(&m, "hidden_use");
    f.hidden_use = json_is_true(hidden);
    MX_TRY(mx_members_end(d, &m, "a file"));
    if (reference) MX_TRY(mx_graph_add_source(d->g, NULL, &f.source, d->err));
    return mx_graph_add_external_file(d->g, &f, &index, d->err);
}

static mx_status decode_files(const mx_decoder *d, const json_t *v, bool reference) {
    if (!json_is_array(v)) return mx_decode_fail(d, "a list of files was expected");
    for (size_t i = 0; i < json_array_size(v); i++)
        MX_TRY(decode_file(d, json_array_get(v, i), reference));
    return MX_OK;
}

mx_status mx_read_weights(mx_import *im, uint32_t item, const mx_texts *texts) {
    mx_decoder d = {.g = im->g, .err = im->err};
    mx_str weights = texts->at[MX_KEY_WEIGHTS], files = texts->at[MX_KEY_EXTERNAL_FILES];
    json_t *v;
    mx_status status = MX_OK;
    if (item != im->model) return MX_OK; /* a second model is an error that a later pass finds */
    if (weights.p) {
        d.what = mx_key_table[MX_KEY_WEIGHTS].name;
        MX_TRY(mx_decode_json(&d, weights, &v));
        status = decode_weights(&d, v, im);
        json_decref(v);
    }
    if (status != MX_OK || !files.p) return status;
    d.what = mx_key_table[MX_KEY_EXTERNAL_FILES].name;
    MX_TRY(mx_decode_json(&d, files, &v));
    status = decode_files(&d, v, im->weights->strategy == MX_PARAMETERS_REFERENCE);
    json_decref(v);
    return status;
}
