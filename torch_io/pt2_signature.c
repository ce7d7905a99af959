#include "torch_io/pt2.h"

/* ---- inputs ---- */

static mx_status check_name(mx_pt2 *r, const json_t *arg, uint32_t value) {
    mx_sid name;
    MX_TRY(mx_pt2_string(r, arg, "name", &name));
    if (value == MX_NONE || r->p->values[value].name != name)
        return mx_pt2_wrong(r, "input_specs", "and the graph's inputs disagree");
    return MX_OK;
}

static mx_status weight_input(mx_pt2 *r, const json_t *spec, const char *name_key, uint32_t value, mx_pinput *in) {
    const json_t *arg;
    mx_sid name;
    MX_TRY(mx_pt2_object(r, spec, "arg", &arg));
    MX_TRY(check_name(r, arg, value));
    MX_TRY(mx_pt2_string(r, spec, name_key, &name));
    return mx_pt2_weight(r, name, &in->weight);
}

static mx_status fixed_input(mx_pt2 *r, const json_t *argument, mx_pinput *in) {
    in->kind = MX_PIN_FIXED;
    MX_TRY(mx_pt2_argument(r, argument, "value", &in->fixed));
    if (in->fixed.kind == MX_ARG_VALUE || in->fixed.kind == MX_ARG_GRAPH)
        return mx_pt2_wrong(r, "constant_input", "is no constant");
    return MX_OK;
}

static mx_status user_input(mx_pt2 *r, const json_t *spec, uint32_t value, mx_pinput *in) {
    const json_t *arg;
    MX_TRY(mx_pt2_object(r, spec, "arg", &arg));
    if (value == MX_NONE) return fixed_input(r, arg, in);
    const json_t *tensor = json_object_get(arg, "as_tensor");
    return tensor ? check_name(r, tensor, value) : MX_OK;
}

static const struct weight_kind {
    const char *spec, *key;
    uint8_t kind;
} weight_kinds[] = {{"parameter", "parameter_name", MX_PIN_PARAMETER},
                    {"buffer", "buffer_name", MX_PIN_BUFFER},
                    {"tensor_constant", "tensor_constant_name", MX_PIN_CONSTANT}};

static mx_status read_input(mx_pt2 *r, const json_t *input, uint32_t value, mx_pinput *in) {
    const char *kind;
    const json_t *spec;
    *in = (mx_pinput){.weight = MX_NONE};
    MX_TRY(mx_pt2_union(r, input, "input_specs", &kind, &spec));
    for (size_t i = 0; i < sizeof weight_kinds / sizeof *weight_kinds; i++) {
        if (strcmp(kind, weight_kinds[i].spec) != 0) continue;
        in->kind = weight_kinds[i].kind;
        return weight_input(r, spec, weight_kinds[i].key, value, in);
    }
    if (strcmp(kind, "user_input") == 0) return user_input(r, spec, value, in);
    if (strcmp(kind, "constant_input") == 0) return fixed_input(r, json_object_get(spec, "value"), in);
    return mx_pt2_unsupported(r, "inputs of this kind are not supported:", mx_str_of(kind));
}

static mx_status read_inputs(mx_pt2 *r, const json_t *specs) {
    const mx_pgraph *g = &r->p->graphs[0];
    if (json_array_size(specs) != g->n_inputs)
        return mx_pt2_wrong(r, "input_specs", "is not as long as the graph's inputs");
    r->p->inputs = mx_pt2_array_of(r, g->n_inputs, sizeof *r->p->inputs);
    if (!r->p->inputs) return MX_ERR_NOMEM;
    r->p->n_inputs = g->n_inputs;
    for (uint32_t i = 0; i < g->n_inputs; i++)
        MX_TRY(read_input(r, json_array_get(specs, i), g->inputs[i], &r->p->inputs[i]));
    return MX_OK;
}

/* ---- outputs ---- */

static mx_status is_for_user(mx_pt2 *r, const json_t *output, bool *user) {
    static const char *const others[] = {"buffer_mutation", "user_input_mutation", "parameter_mutation", "token"};
    const char *kind;
    const json_t *spec;
    MX_TRY(mx_pt2_union(r, output, "output_specs", &kind, &spec));
    *user = strcmp(kind, "user_output") == 0 || strcmp(kind, "loss_output") == 0;
    if (*user) return MX_OK;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (strcmp(kind, others[i]) == 0) return MX_OK;
    return mx_pt2_unsupported(r, "outputs of this kind are not supported:", mx_str_of(kind));
}

/* What a program gives back besides its user's outputs (the new state of buffers) has no place in the model. */
static mx_status read_outputs(mx_pt2 *r, const json_t *specs) {
    mx_pgraph *g = &r->p->graphs[0];
    uint32_t n = 0;
    if (json_array_size(specs) != g->n_outputs)
        return mx_pt2_wrong(r, "output_specs", "is not as long as the graph's outputs");
    for (uint32_t i = 0; i < g->n_outputs; i++) {
        bool user;
        MX_TRY(is_for_user(r, json_array_get(specs, i), &user));
        if (user) g->outputs[n++] = g->outputs[i];
    }
    g->n_outputs = n;
    return MX_OK;
}

/* ---- names of outputs: the keys of dicts and the fields of classes in the tree that forward returns ---- */

typedef struct naming {
    mx_pt2 *r;
    mx_sid *names;
    size_t n, n_max;
    mx_buffer path;
} naming;

/* The keys of a node of the tree as a list of strings; NULL: it has none. Freed with json_decref. */
static mx_status keys_of(mx_pt2 *r, const json_t *spec, size_t children, json_t **out) {
    const json_t *context = json_object_get(spec, "context");
    *out = NULL;
    if (!json_is_string(context)) return MX_OK;
    mx_str text = {json_string_value(context), json_string_length(context)};
    mx_status status = mx_json_parse(text, 64, out, r->err);
    if (status == MX_ERR_NOMEM) return status;
    if (status != MX_OK) return MX_OK;            /* a form of its own */
    if (json_is_array(json_array_get(*out, 0))) { /* a dataclass: [[names], [names of those that are None]] */
        json_t *first = json_incref(json_array_get(*out, 0));
        json_decref(*out);
        *out = first;
    }
    bool good = json_is_array(*out) && json_array_size(*out) == children;
    for (size_t i = 0; good && i < children; i++)
        good = json_is_string(json_array_get(*out, i));
    if (good) return MX_OK;
    json_decref(*out);
    *out = NULL;
    return MX_OK;
}

static mx_status name_tree(naming *w, const json_t *spec);

/* "hidden" for a field, "hidden.0" for what is in a list there; lists outside have no names. */
static mx_status name_child(naming *w, const json_t *child, const json_t *key, size_t i) {
    size_t before = w->path.size;
    if (key || before > 0) {
        if (before > 0) mx_buffer_byte(&w->path, '.');
        if (key)
            mx_buffer_add(&w->path, json_string_value(key), json_string_length(key));
        else
            mx_buffer_uint(&w->path, i);
        if (w->path.failed) return mx_nomem(w->r->err);
    }
    MX_TRY(name_tree(w, child));
    w->path.size = before;
    return MX_OK;
}

static mx_status name_leaf(naming *w) {
    if (w->n < w->n_max && w->path.size > 0)
        MX_TRY(mx_program_string(w->r->p, mx_buffer_str(&w->path), &w->names[w->n], w->r->err));
    w->n++;
    return MX_OK;
}

/* Recursion is bounded by the depth of the JSON text. */
static mx_status name_tree(naming *w, const json_t *spec) {
    const json_t *children = json_object_get(spec, "children_spec");
    json_t *keys;
    size_t n = json_array_size(children);
    if (!json_is_string(json_object_get(spec, "type"))) return name_leaf(w);
    MX_TRY(keys_of(w->r, spec, n, &keys));
    mx_status status = MX_OK;
    for (size_t i = 0; i < n && status == MX_OK; i++)
        status = name_child(w, json_array_get(children, i), json_array_get(keys, i), i);
    json_decref(keys);
    return status;
}

static mx_status name_outputs(mx_pt2 *r, const json_t *spec) {
    naming w = {.r = r, .n_max = r->p->graphs[0].n_outputs};
    w.names = mx_pt2_array_of(r, w.n_max, sizeof *w.names);
    if (!w.names) return MX_ERR_NOMEM;
    r->p->output_names = w.names;
    if (!spec) return MX_OK;
    mx_buffer_init(&w.path, r->p->env->allocator);
    mx_status status = name_tree(&w, spec);
    mx_buffer_free(&w.path);
    if (w.n != w.n_max) memset(w.names, 0, w.n_max * sizeof *w.names); /* of some other tree */
    return status;
}

static mx_status read_out_spec(mx_pt2 *r, const json_t *entry) {
    const json_t *text = json_object_get(json_object_get(entry, "signature"), "out_spec");
    json_t *tree = NULL;
    if (json_is_string(text)) {
        mx_str s = {json_string_value(text), json_string_length(text)};
        MX_TRY(mx_json_parse(s, 256, &tree, r->err));
    }
    mx_status status = name_outputs(r, json_array_get(tree, 1));
    json_decref(tree);
    return status;
}

/* All modules, also those that never run. The first is the root, whose signature is the model's. */
static mx_status read_modules(mx_pt2 *r, const json_t *list) {
    uint32_t module;
    for (size_t i = 0; i < json_array_size(list); i++) {
        mx_sid fqn;
        MX_TRY(mx_pt2_string(r, json_array_get(list, i), "fqn", &fqn));
        MX_TRY(mx_pt2_module(r, mx_ptext(r->p, fqn), &module));
    }
    return MX_OK;
}

static const json_t *root_entry(const json_t *list) {
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *fqn = json_object_get(json_array_get(list, i), "fqn");
        if (json_is_string(fqn) && json_string_length(fqn) == 0) return json_array_get(list, i);
    }
    return NULL;
}

mx_status mx_pt2_signature(mx_pt2 *r, const json_t *graph_module) {
    const json_t *signature, *inputs, *outputs, *modules = json_object_get(graph_module, "module_call_graph");
    MX_TRY(mx_pt2_object(r, graph_module, "signature", &signature));
    MX_TRY(mx_pt2_array(r, signature, "input_specs", &inputs));
    MX_TRY(mx_pt2_array(r, signature, "output_specs", &outputs));
    MX_TRY(read_inputs(r, inputs));
    MX_TRY(read_outputs(r, outputs));
    MX_TRY(read_modules(r, modules));
    return read_out_spec(r, root_entry(modules));
}
