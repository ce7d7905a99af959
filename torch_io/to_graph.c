/* From a .pt2 file to a compound graph: read, make functional, lower, write down what is needed. */
#include "torch_io/to_graph.h"

#include "torch_io/lower_program.h"

#define OPSET_DEFAULT 14

/* ---- the model's own facts ---- */

/* The IR version that came with an opset. */
static int64_t ir_version(int opset) {
    static const uint8_t versions[] = {
        [14] = 7, [15] = 8, [16] = 8, [17] = 8, [18] = 8, [19] = 9, [20] = 9, [21] = 10, [22] = 10, [23] = 11};
    return versions[opset];
}

static mx_status describe_model(mx_to_graph *t) {
    mx_graph *g = t->g;
    mx_scope_data *s = &g->scopes[0];
    mx_str class_name = mx_text(g, g->modules[0].class_name);
    mx_opset *opset = NULL;
    g->model.has_ir_version = true;
    g->model.ir_version = ir_version(t->b->opset);
    MX_TRY(mx_graph_string(g, MX_STR_LITERAL("modelexport"), &g->model.producer_name, t->err));
    MX_TRY(mx_graph_string(g, mx_str_of(mx_version()), &g->model.producer_version, t->err));
    MX_TRY(mx_graph_string(g, class_name.n ? class_name : MX_STR_LITERAL("main_graph"), &s->name, t->err));
    MX_TRY(mx_graph_array(g, 1, sizeof *opset, &opset, t->err));
    *opset = (mx_opset){.domain = MX_SID_EMPTY, .has_version = true, .version = t->b->opset};
    s->opsets = opset;
    s->n_opsets = 1;
    return MX_OK;
}

static mx_status add_sources(mx_to_graph *t) {
    for (size_t i = 0; i < t->p->n_sources; i++) {
        uint32_t index;
        mx_source_retain(t->p->sources[i]);
        MX_TRY(mx_graph_add_source(t->g, t->p->sources[i], &index, t->err));
    }
    return MX_OK;
}

/* ---- what is needed, and where ---- */

static void count_uses(mx_to_graph *t) {
    for (size_t i = 0; i < t->b->n_ops; i++) {
        const mx_bop *op = &t->b->ops[i];
        if (!t->need_op[i]) continue;
        for (uint32_t k = 0; k < op->n_in; k++)
            t->uses[op->in[k]]++;
        for (uint32_t k = 0; k < op->n_at; k++)
            if (op->at[k].kind == MX_AT_BODY) t->owner[op->at[k].i] = (uint32_t)i;
    }
    for (size_t i = 0; i < t->b->n_bodies; i++) {
        const mx_bbody *body = &t->b->bodies[i];
        for (uint32_t k = 0; (i == 0 || t->owner[i] != MX_NONE) && k < body->n_outputs; k++) {
            t->uses[body->outputs[k]]++;
            t->formal[body->outputs[k]] = 1;
        }
    }
}

static void list_operators(mx_to_graph *t) {
    for (uint32_t i = (uint32_t)t->b->n_ops; i-- > 0;) {
        uint32_t body = t->b->ops[i].body;
        t->next[i] = t->first[body];
        t->first[body] = i;
    }
}

/* ---- memory ---- */

/* Arrays that live as long as the writing: all in one arena. */
static void *array(mx_arena *arena, size_t count, size_t size, int fill) {
    void *p = mx_arena_array(arena, count + 1, size);
    if (p) memset(p, fill, (count + 1) * size);
    return p;
}

static bool make_arrays(mx_to_graph *t, mx_arena *a) {
    const mx_build *b = t->b;
    const mx_program *p = t->p;
    t->need_op = array(a, b->n_ops, 1, 0);
    t->need_value = array(a, b->n_values, 1, 0);
    t->formal = array(a, b->n_values, 1, 0);
    t->uses = array(a, b->n_values, sizeof *t->uses, 0);
    t->names = array(a, b->n_values, sizeof *t->names, 0);
    t->output_names = array(a, b->bodies[0].n_outputs, sizeof *t->output_names, 0);
    t->places = array(a, b->n_ops, sizeof *t->places, 0);
    t->call_paths = array(a, p->n_calls, sizeof *t->call_paths, 0);
    t->call_depths = array(a, p->n_calls, sizeof *t->call_depths, 0);
    t->first = array(a, b->n_bodies, sizeof *t->first, 0xFF);
    t->next = array(a, b->n_ops, sizeof *t->next, 0xFF);
    t->owner = array(a, b->n_bodies, sizeof *t->owner, 0xFF);
    t->module_nodes = array(a, p->n_modules, sizeof *t->module_nodes, 0);
    t->body_nodes = array(a, p->n_modules, sizeof *t->body_nodes, 0);
    t->body_of = array(a, p->n_modules, sizeof *t->body_of, 0);
    t->module_of = array(a, p->strings.count, sizeof *t->module_of, 0);
    return t->need_op && t->need_value && t->formal && t->uses && t->names && t->output_names && t->places &&
           t->call_paths && t->call_depths && t->first && t->next && t->owner && t->module_nodes && t->body_nodes &&
           t->body_of && t->module_of;
}

/* ---- the steps ---- */

static mx_status fill(mx_to_graph *t) {
    mx_build_needed(t->b, t->need_op, t->need_value);
    count_uses(t);
    list_operators(t);
    MX_TRY(add_sources(t));
    MX_TRY(mx_to_add_inputs(t));
    MX_TRY(mx_to_name_outputs(t));
    MX_TRY(mx_to_find_places(t));
    MX_TRY(mx_to_add_modules(t));
    MX_TRY(describe_model(t));
    MX_TRY(mx_to_add_weights(t));
    MX_TRY(mx_to_add_operators(t));
    return mx_graph_wire(t->g, t->err);
}

static void count_regions(const mx_to_graph *t, mx_torch_info *info) {
    uint32_t last = MX_NONE, in_row = 0;
    for (size_t i = 0; i < t->p->n_nodes; i++)
        info->source_operators += !t->p->nodes[i].dropped;
    info->modules = t->p->n_modules;
    info->folded_norms = t->b->n_folded_norms;
    for (size_t i = 0; i < t->b->n_ops; i++) {
        uint32_t node = t->b->ops[i].node;
        if (!t->need_op[i] || node == MX_NONE) continue;
        in_row = node == last ? in_row + 1 : 1;
        info->native_op_regions += in_row == 2;
        last = node;
    }
}

static mx_status write_graph(const mx_program *p, const mx_build *b, const mx_torch_options *options, mx_graph **out,
                             mx_torch_info *info, mx_error *err) {
    mx_to_graph t = {.p = p, .b = b, .options = options, .err = err};
    mx_arena arena;
    mx_arena_init(&arena, p->env ? p->env->allocator : NULL);
    mx_status status = mx_graph_new(p->env, &t.g, err);
    if (status == MX_OK && !make_arrays(&t, &arena)) status = mx_nomem(err);
    if (status == MX_OK) status = fill(&t);
    if (status == MX_OK && info) count_regions(&t, info);
    if (t.g) mx_free(t.g->allocator, t.taken, t.n_taken * sizeof *t.taken);
    mx_arena_free(&arena);
    if (status == MX_OK)
        *out = t.g;
    else
        mx_graph_release(t.g);
    return status;
}

static mx_status lower(const mx_program *p, const mx_torch_options *options, mx_graph **out, mx_torch_info *info,
                       mx_error *err) {
    mx_build *b = NULL;
    MX_TRY(mx_build_new(p, options->opset, &b, err));
    b->fold_norms = options->fold_norms;
    if (options->weights_in_place || options->keep_constant_ops || options->weights_as_inputs) {
        b->may_load = 0;
        b->fold_norms = false;
    }
    mx_status status = mx_lower_program(p, b, err);
    if (status == MX_OK) status = write_graph(p, b, options, out, info, err);
    mx_build_free(b);
    return status;
}

mx_status mx_torch_read_pt2(const mx_env *env, const char *path, const mx_torch_options *options, mx_graph **out,
                            mx_torch_info *info, mx_error *err) {
    mx_torch_options own = options ? *options : (mx_torch_options){0};
    mx_program *p = NULL;
    *out = NULL;
    if (info) *info = (mx_torch_info){0};
    if (own.opset == 0) own.opset = OPSET_DEFAULT;
    if (own.opset < MX_TORCH_OPSET_MIN || own.opset > MX_TORCH_OPSET_MAX)
        return mx_fail(err, MX_ERR_USAGE, "opset version %d is not one of %d to %d", own.opset, MX_TORCH_OPSET_MIN,
                       MX_TORCH_OPSET_MAX);
    MX_TRY(mx_pt2_read(env, path, &p, err));
    mx_status status = mx_program_functional(p, err);
    if (status == MX_OK) status = lower(p, &own, out, info, err);
    mx_program_free(p);
    return status;
}
