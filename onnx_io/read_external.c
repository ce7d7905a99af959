#include "onnx_io/read.h"

#include "onnx.pb-c.h"
#include "onnx_io/scan.h"

#include <stdio.h>

/* The tensor's external_data entry of that key; the last one counts, as in the onnx package. Absent if there is none.
 */
static mx_sid entry(const mx_reader *r, const mx_tensor *t, const char *key) {
    mx_sid found = MX_SID_ABSENT;
    for (uint32_t i = 0; i < t->external.count; i++)
        if (mx_str_is(mx_text(r->g, t->external.items[i].key), key)) found = t->external.items[i].value;
    return found;
}

static mx_status invalid(const mx_reader *r, const mx_tensor *t, uint64_t offset, const char *what, mx_error *err) {
    mx_status code =
        mx_fail(err, MX_ERR_INVALID, "the external data of tensor %s %s", mx_show(mx_text(r->g, t->name)).text, what);
    return mx_at_offset(err, code, offset);
}

static mx_status add_file(mx_reader *r, mx_sid location, uint32_t *out, mx_error *err) {
    mx_external_file file = {.location = location};
    mx_source *source;
    MX_TRY(mx_source_open_inside(&r->g->env, r->dir, mx_text(r->g, location), &source, err));
    file.size = source->size;
    MX_TRY(mx_graph_add_source(r->g, source, &file.source, err));
    return mx_graph_add_external_file(r->g, &file, out, err);
}

/* Each location is opened once. */
static mx_status find_file(mx_reader *r, mx_sid location, uint32_t *out, mx_error *err) {
    if (location >= r->cap_files) {
        size_t wanted = r->g->strings.count < location + (size_t)1 ? location + (size_t)1 : r->g->strings.count;
        size_t cap = wanted + wanted / 2;
        uint32_t *files = mx_realloc(r->g->allocator, r->files, r->cap_files * sizeof *files, cap * sizeof *files);
        if (!files) return mx_nomem(err);
        memset(files + r->cap_files, 0, (cap - r->cap_files) * sizeof *files);
        r->files = files;
        r->cap_files = cap;
    }
    if (r->files[location] == 0) {
        MX_TRY(add_file(r, location, out, err));
        r->files[location] = *out + 1;
    }
    *out = r->files[location] - 1;
    return MX_OK;
}

/* A decimal entry, `otherwise` where there is none. */
static mx_status number_entry(const mx_reader *r, const mx_tensor *t, const char *key, uint64_t otherwise,
                              uint64_t offset, uint64_t *out, mx_error *err) {
    mx_sid text = entry(r, t, key);
    *out = otherwise;
    if (text == MX_SID_ABSENT || mx_parse_uint(mx_text(r->g, text), out)) return MX_OK;
    char what[300];
    snprintf(what, sizeof what, "has a field '%s' that is not a number: %s", key, mx_show(mx_text(r->g, text)).text);
    return invalid(r, t, offset, what, err);
}

mx_status mx_read_external(mx_reader *r, mx_tensor *t, uint64_t offset, mx_error *err) {
    mx_sid location = entry(r, t, "location");
    if (location == MX_SID_ABSENT || location == MX_SID_EMPTY) return MX_OK; /* a fault of the model to be kept */
    uint32_t index;
    uint64_t start, size;
    mx_status code = find_file(r, location, &index, err);
    if (code != MX_OK) return mx_at_node(err, code, mx_text(r->g, t->name));
    const mx_external_file *file = &r->g->external_files[index];
    MX_TRY(number_entry(r, t, "offset", 0, offset, &start, err));
    if (start > file->size) return invalid(r, t, offset, "begins beyond the end of its file", err);
    MX_TRY(number_entry(r, t, "length", file->size - start, offset, &size, err));
    if (size > file->size - start) return invalid(r, t, offset, "reaches beyond the end of its file", err);
    t->external_file = index;
    t->data = (mx_blob){.source = file->source, .check = MX_NO_INDEX, .offset = start, .size = size};
    return MX_OK;
}

/* ---- tensors in what the graph does not model ---- */

enum { TENSOR_EXTERNAL = 13, TENSOR_LOCATION = 14, LOCATION_EXTERNAL = 1 };

static mx_status hidden_tensor(mx_reader *r, const mx_field *f, mx_error *err) {
    mx_wire wire = mx_wire_inside(&r->in, f);
    mx_sid location = MX_SID_ABSENT;
    uint64_t where = 0;
    while (wire.at < wire.end) {
        mx_field field;
        mx_pair pair = {0};
        mx_pairs one = {&pair, 0};
        bool known;
        MX_TRY(mx_survey_next(r, MX_MESSAGE_TENSOR, &wire, &field, &known, err));
        if (known && field.number == TENSOR_LOCATION) where = field.scalar;
        if (!known || field.number != TENSOR_EXTERNAL) continue;
        MX_TRY(mx_add_pair(r, &field, &one, err));
        if (mx_str_is(mx_text(r->g, pair.key), "location")) location = pair.value;
    }
    if (where != LOCATION_EXTERNAL || location == MX_SID_ABSENT || location == MX_SID_EMPTY) return MX_OK;
    uint32_t index;
    MX_TRY(find_file(r, location, &index, err));
    r->g->external_files[index].hidden_use = true;
    return MX_OK;
}

mx_status mx_read_hidden_external(mx_reader *r, const ProtobufCMessageDescriptor *message, const mx_field *f,
                                  mx_error *err) {
    if (!r->dir) return MX_OK;
    if (message == &onnx__tensor_proto__descriptor) return hidden_tensor(r, f, err);
    mx_wire wire = mx_wire_inside(&r->in, f);
    while (wire.at < wire.end) {
        mx_field field;
        MX_TRY(mx_wire_next(&wire, &field, err));
        const ProtobufCFieldDescriptor *d = mx_scan_known(message, &field);
        if (d && mx_scan_submessage(d)) MX_TRY(mx_read_hidden_external(r, mx_scan_submessage(d), &field, err));
    }
    return MX_OK;
}
