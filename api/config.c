/* The file of --config: each key is understood or refused by name. */
#include "api/paths.h"
#include "base/memory.h"
#include "converter/dtype.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>

enum { OLDEST_OPSET = 14, NEWEST_OPSET = 23, MAX_AXES = 1000 };
#define MAX_CONFIG_BYTES ((uint64_t)16 << 20)

typedef struct config_memory {
    const mx_allocator *allocator;
    mx_arena arena;
} config_memory;

typedef struct config_reader {
    mx_export_config *config;
    mx_arena *arena;
    mx_error *err;
} config_reader;

static mx_status bad(const config_reader *r, const char *format, ...) __attribute__((format(printf, 2, 3)));
static mx_status bad(const config_reader *r, const char *format, ...) {
    char text[400];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return mx_fail(r->err, MX_ERR_INVALID, "%s", text);
}

static mx_shown shown(const char *key) {
    return mx_show(mx_str_of(key));
}

static mx_status array_of(const config_reader *r, size_t count, size_t size, void *out) {
    void *items = mx_arena_array(r->arena, count, size);
    if (!items) return mx_nomem(r->err);
    memset(items, 0, count * size);
    memcpy(out, &items, sizeof items);
    return MX_OK;
}

static mx_status copy_text(const config_reader *r, const char *text, const char **out) {
    *out = mx_arena_text(r->arena, text, strlen(text));
    return *out ? MX_OK : mx_nomem(r->err);
}

/* ---- single values ---- */

static mx_status read_opset(config_reader *r, const char *key, const json_t *v) {
    if (!json_is_integer(v) || json_integer_value(v) < OLDEST_OPSET || json_integer_value(v) > NEWEST_OPSET)
        return bad(r, "\"%s\" must be a number from %d to %d", key, OLDEST_OPSET, NEWEST_OPSET);
    r->config->opset_version = (int)json_integer_value(v);
    return MX_OK;
}

static mx_status read_choice(const config_reader *r, const char *key, const json_t *v, mx_choice *out) {
    if (!json_is_boolean(v)) return bad(r, "\"%s\" must be true or false", key);
    *out = json_is_true(v) ? MX_YES : MX_NO;
    return MX_OK;
}

static mx_status read_folding(config_reader *r, const char *key, const json_t *v) {
    return read_choice(r, key, v, &r->config->do_constant_folding);
}

static mx_status read_params(config_reader *r, const char *key, const json_t *v) {
    return read_choice(r, key, v, &r->config->export_params);
}

/* ---- names ---- */

static mx_status read_names(const config_reader *r, const char *key, const json_t *v, const char *const **out,
                            size_t *count) {
    const char **names = NULL;
    size_t n = json_array_size(v);
    if (!json_is_array(v)) return bad(r, "\"%s\" must be a list of names", key);
    MX_TRY(array_of(r, n, sizeof *names, &names));
    for (size_t i = 0; i < n; i++) {
        const char *name = json_string_value(json_array_get(v, i));
        if (!name || !*name) return bad(r, "\"%s\": its entry %zu must be a name", key, i);
        MX_TRY(copy_text(r, name, &names[i]));
    }
    *out = names;
    *count = n;
    return MX_OK;
}

static mx_status read_input_names(config_reader *r, const char *key, const json_t *v) {
    return read_names(r, key, v, &r->config->input_names, &r->config->n_input_names);
}

static mx_status read_output_names(config_reader *r, const char *key, const json_t *v) {
    return read_names(r, key, v, &r->config->output_names, &r->config->n_output_names);
}

/* ---- dynamic axes: {"x": {"0": "batch"}} or {"x": [0, 1]} ---- */

typedef struct axes {
    mx_dynamic_axis *items;
    size_t count;
} axes;

/* Axes without a name are called after their value. */
static mx_status name_axis(const config_reader *r, const char *value, int64_t axis, const char **out) {
    enum { MORE = 32 };
    size_t size = strlen(value) + MORE;
    char *name = mx_arena_alloc(r->arena, size);
    if (!name) return mx_nomem(r->err);
    snprintf(name, size, "%s_axis_%lld", value, (long long)axis);
    *out = name;
    return MX_OK;
}

static mx_status add_axis(const config_reader *r, axes *a, const char *value, int64_t axis, const char *name) {
    mx_dynamic_axis *item = &a->items[a->count++];
    item->axis = axis;
    MX_TRY(copy_text(r, value, &item->value));
    return name ? copy_text(r, name, &item->name) : name_axis(r, value, axis, &item->name);
}

static mx_status read_axis_list(const config_reader *r, axes *a, const char *value, const json_t *v) {
    for (size_t i = 0; i < json_array_size(v); i++) {
        const json_t *axis = json_array_get(v, i);
        if (!json_is_integer(axis))
            return bad(r, "\"dynamic_axes\", %s: its entry %zu must be the number of an axis", shown(value).text, i);
        MX_TRY(add_axis(r, a, value, json_integer_value(axis), NULL));
    }
    return MX_OK;
}

static mx_status read_axis_names(const config_reader *r, axes *a, const char *value, const json_t *v) {
    const char *key;
    const json_t *name;
    json_object_foreach((json_t *)v, key, name) {
        int64_t axis;
        if (!mx_parse_int(mx_str_of(key), &axis) || !json_is_string(name) || !*json_string_value(name))
            return bad(r, "\"dynamic_axes\", %s: needs the numbers of axes and their names", shown(value).text);
        MX_TRY(add_axis(r, a, value, axis, json_string_value(name)));
    }
    return MX_OK;
}

static mx_status read_axes(config_reader *r, const char *key, const json_t *v) {
    axes a = {0};
    size_t n = 0;
    const char *value;
    const json_t *of_value;
    if (!json_is_object(v)) return bad(r, "\"%s\" must be an object {name: {axis: name}}", key);
    json_object_foreach((json_t *)v, value, of_value) n += json_array_size(of_value) + json_object_size(of_value);
    if (n > MAX_AXES) return bad(r, "\"%s\" has more than %d entries", key, MAX_AXES);
    MX_TRY(array_of(r, n, sizeof *a.items, &a.items));
    json_object_foreach((json_t *)v, value, of_value) {
        if (!json_is_array(of_value) && !json_is_object(of_value))
            return bad(r, "\"%s\", %s: must be a list of axes or an object {axis: name}", key, shown(value).text);
        MX_TRY(json_is_array(of_value) ? read_axis_list(r, &a, value, of_value) : read_axis_names(r, &a, value, of_value));
    }
    r->config->dynamic_axes = a.items;
    r->config->n_dynamic_axes = a.count;
    return MX_OK;
}

/* ---- input specifications ---- */

static mx_status read_spec_dtype(const config_reader *r, const json_t *v, mx_input_spec *spec) {
    const char *name = json_string_value(v);
    if (!name || !mx_dtype_parse(name))
        return bad(r, "\"input_specs\", %s: \"dtype\" must be an element type such as \"float32\"", shown(spec->name).text);
    return copy_text(r, name, &spec->dtype);
}

static mx_status read_spec_shape(const config_reader *r, const json_t *v, mx_input_spec *spec) {
    int64_t *shape = NULL;
    size_t n = json_array_size(v);
    bool good = json_is_array(v);
    MX_TRY(array_of(r, n, sizeof *shape, &shape));
    for (size_t i = 0; i < n && good; i++) {
        const json_t *size = json_array_get(v, i);
        good = json_is_integer(size) && json_integer_value(size) >= 0;
        if (good) shape[i] = json_integer_value(size);
    }
    if (!good) return bad(r, "\"input_specs\", %s: \"shape\" must be a list of sizes", shown(spec->name).text);
    spec->shape = shape;
    spec->rank = n;
    return MX_OK;
}

static mx_status read_spec_range(const config_reader *r, const json_t *v, mx_input_spec *spec) {
    const json_t *low = json_array_get(v, 0), *high = json_array_get(v, 1);
    if (json_array_size(v) != 2 || !json_is_number(low) || !json_is_number(high) ||
        json_number_value(low) > json_number_value(high))
        return bad(r, "\"input_specs\", %s: \"range\" must be two numbers, the smaller one first", shown(spec->name).text);
    spec->has_range = true;
    spec->low = json_number_value(low);
    spec->high = json_number_value(high);
    return MX_OK;
}

static mx_status read_spec(const config_reader *r, const json_t *v, mx_input_spec *spec) {
    static const struct {
        const char *key;
        mx_status (*read)(const config_reader *r, const json_t *v, mx_input_spec *spec);
    } known[] = {{"dtype", read_spec_dtype}, {"shape", read_spec_shape}, {"range", read_spec_range}};
    enum { N = sizeof known / sizeof *known };
    const char *key;
    const json_t *value;
    if (!json_is_object(v)) return bad(r, "\"input_specs\", %s: must be an object", shown(spec->name).text);
    json_object_foreach((json_t *)v, key, value) {
        int i = 0;
        while (i < N && strcmp(known[i].key, key) != 0) i++;
        if (i == N) return bad(r, "\"input_specs\", %s: unknown key %s", shown(spec->name).text, shown(key).text);
        MX_TRY(known[i].read(r, value, spec));
    }
    return MX_OK;
}

static mx_status read_specs(config_reader *r, const char *key, const json_t *v) {
    mx_input_spec *specs = NULL;
    size_t n = 0;
    const char *name;
    const json_t *spec;
    if (!json_is_object(v)) return bad(r, "\"%s\" must be an object {name: {dtype, shape, range}}", key);
    MX_TRY(array_of(r, json_object_size(v), sizeof *specs, &specs));
    json_object_foreach((json_t *)v, name, spec) {
        MX_TRY(copy_text(r, name, &specs[n].name));
        MX_TRY(read_spec(r, spec, &specs[n++]));
    }
    r->config->input_specs = specs;
    r->config->n_input_specs = n;
    return MX_OK;
}

/* ---- the file ---- */

static mx_status read_keys(config_reader *r, const json_t *root) {
    static const struct {
        const char *key;
        mx_status (*read)(config_reader *r, const char *key, const json_t *v);
    } known[] = {{"opset_version", read_opset},       {"input_names", read_input_names},
                 {"output_names", read_output_names}, {"dynamic_axes", read_axes},
                 {"do_constant_folding", read_folding}, {"export_params", read_params},
                 {"input_specs", read_specs}};
    enum { N = sizeof known / sizeof *known };
    const char *key;
    const json_t *value;
    if (!json_is_object(root)) return bad(r, "the configuration must be a JSON object");
    json_object_foreach((json_t *)root, key, value) {
        int i = 0;
        while (i < N && strcmp(known[i].key, key) != 0) i++;
        if (i == N) return bad(r, "unknown key %s", shown(key).text);
        MX_TRY(known[i].read(r, key, value));
    }
    return MX_OK;
}

static mx_status parse(config_reader *r, const char *text, size_t size) {
    json_error_t e;
    json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, &e);
    if (!root && json_error_code(&e) == json_error_out_of_memory) return mx_nomem(r->err);
    if (!root)
        return mx_at_line(r->err, mx_fail(r->err, MX_ERR_SYNTAX, "is not JSON: %s", e.text), e.line > 0 ? (uint32_t)e.line : 0);
    mx_status status = read_keys(r, root);
    json_decref(root);
    return status;
}

static mx_status read_file(const mx_env *env, const char *path, config_reader *r) {
    mx_source *s;
    mx_window w = {0};
    MX_TRY(mx_source_open(env, path, &s, r->err));
    mx_status status = MX_OK;
    if (s->size > MAX_CONFIG_BYTES) status = mx_fail(r->err, MX_ERR_LIMIT, "is too large for a configuration");
    if (status == MX_OK && s->size) status = mx_window_open(s, 0, s->size, &w, r->err);
    if (status == MX_OK) status = parse(r, s->size ? (const char *)w.data : "", (size_t)s->size);
    mx_window_close(&w);
    mx_source_release(s);
    return status;
}

mx_status mx_export_config_read(const mx_env *env, const char *path, mx_export_config *out, mx_error *err) {
    const mx_allocator *a = env ? env->allocator : NULL;
    config_memory *memory = mx_alloc(a, sizeof *memory);
    *out = (mx_export_config){0};
    if (!memory) return mx_nomem(err);
    memory->allocator = a;
    mx_arena_init(&memory->arena, a);
    out->owner = memory;
    config_reader r = {out, &memory->arena, err};
    mx_status status = read_file(env, path, &r);
    if (status != MX_OK) mx_export_config_free(out);
    return mx_at_file(err, status, path);
}

void mx_export_config_free(mx_export_config *config) {
    config_memory *memory = config->owner;
    if (memory) {
        mx_arena_free(&memory->arena);
        mx_free(memory->allocator, memory, sizeof *memory);
    }
    *config = (mx_export_config){0};
}
