/* Whether a part fits: its faults, inputs, outputs, operator sets. */
#include "converter/check.h"
#include "converter/put_in.h"

/* ---- faults by which the part's own names would mean something else in the model ---- */

typedef struct fault {
    const mx_graph *g;
    mx_error *err;
    bool found;
} fault;

static void note_fault(void *ctx, const mx_problem *problem) {
    static const char *const codes[] = {"unresolved-input", "unresolved-output", "unordered", "duplicate-value"};
    fault *f = ctx;
    for (size_t i = 0; !f->found && i < sizeof codes / sizeof *codes; i++) {
        if (strcmp(problem->code, codes[i]) != 0) continue;
        f->found = true;
        mx_fail(f->err, MX_ERR_INVALID, "the part is not valid: %s", problem->message);
        mx_at_node(f->err, MX_ERR_INVALID, mx_text(f->g, mx_node_at(f->g, problem->node)->name));
    }
}

static mx_status find_fault(mx_graph *g, bool *found, mx_error *err) {
    fault f = {g, err, false};
    uint64_t count;
    MX_TRY(mx_graph_check(g, note_fault, &f, &count, err));
    *found = f.found;
    return MX_OK;
}

/* Faults that the module has in the model are no reason to refuse the part. */
static mx_status check_faults(const mx_put_in *p) {
    bool found, before;
    MX_TRY(find_fault(p->old, &before, p->err));
    if (before) return MX_OK;
    MX_TRY(find_fault(p->part, &found, p->err));
    return found ? MX_ERR_INVALID : MX_OK;
}

/* ---- inputs and outputs ---- */

static bool same_shape(const mx_type *a, const mx_type *b) {
    if (!a->has_shape || !b->has_shape) return true;
    if (a->n_dims != b->n_dims) return false;
    for (uint32_t i = 0; i < a->n_dims; i++)
        if (a->dims[i].kind == MX_DIM_VALUE && b->dims[i].kind == MX_DIM_VALUE && a->dims[i].value != b->dims[i].value)
            return false;
    return true;
}

/* Types fit unless both say something and it differs. */
static bool types_fit(const mx_graph *a, uint32_t x, const mx_graph *b, uint32_t y) {
    while (x != MX_NO_INDEX && y != MX_NO_INDEX) {
        const mx_type *s = &a->types[x], *t = &b->types[y];
        if (s->kind == MX_TYPE_EMPTY || t->kind == MX_TYPE_EMPTY) return true;
        if (s->kind != t->kind || (s->has_elem && t->has_elem && s->elem != t->elem) || !same_shape(s, t)) return false;
        x = s->child;
        y = t->child;
    }
    return true;
}

/* Formal inputs or outputs, by the name in g. */
typedef struct formals {
    const char *what;
    const mx_node_id *old, *part;
    size_t n_old, n_part;
    uint32_t *of; /* by string id of g: place in old + 1; n_strings of them */
} formals;

static mx_sid old_name(const mx_put_in *p, mx_node_id id) {
    return mx_strings_find(&p->g->strings, mx_text(p->old, mx_node_at(p->old, id)->name));
}

static mx_status misfit(const mx_put_in *p, const formals *f, const char *why, mx_str name) {
    return mx_fail(p->err, MX_ERR_INVALID, why, f->what, mx_show(name).text);
}

/* An input of the part that was an initializer of the module is one still: it has a default value. */
static bool was_initializer(const mx_put_in *p, const mx_node *n) {
    return n->kind == MX_NODE_INPUT &&
           mx_held_find(p->g, &p->initializers, &p->chain, mx_put_in_name(p, n->name)).depth &&
           mx_scope_has_initializer(p->part, &p->part->scopes[0], n->name);
}

static mx_status fit_formal(const mx_put_in *p, const formals *f, mx_node_id id) {
    const mx_node *n = mx_node_at(p->part, id);
    mx_str name = mx_text(p->part, n->name);
    uint32_t *of = &f->of[mx_put_in_name(p, n->name)];
    if (*of == 0 && was_initializer(p, n)) return MX_OK;
    if (*of == 0 || *of == UINT32_MAX)
        return mx_fail(p->err, MX_ERR_INVALID, "the part does not fit: %s %s is %s", f->what, mx_show(name).text,
                       *of ? "there twice" : "not one of the module's");
    if (!types_fit(p->old, mx_node_at(p->old, f->old[*of - 1])->data, p->part, n->data))
        return mx_fail(p->err, MX_ERR_INVALID, "the part does not fit: %s %s has another type or shape than in the model",
                       f->what, mx_show(name).text);
    *of = UINT32_MAX;
    return MX_OK;
}

static mx_status fit_formals(const mx_put_in *p, const formals *f) {
    for (size_t i = 0; i < f->n_old; i++) f->of[old_name(p, f->old[i])] = (uint32_t)i + 1;
    for (size_t i = 0; i < f->n_part; i++) MX_TRY(fit_formal(p, f, f->part[i]));
    for (size_t i = 0; i < f->n_old; i++) {
        uint32_t *of = &f->of[old_name(p, f->old[i])];
        bool missing = *of != UINT32_MAX && mx_node_at(p->old, f->old[i])->kind == MX_NODE_OUTPUT;
        *of = 0;
        if (missing)
            return misfit(p, f, "the part does not fit: %s %s of the module is missing",
                          mx_text(p->old, mx_node_at(p->old, f->old[i])->name));
    }
    return MX_OK;
}

static mx_status fit_interface(const mx_put_in *p, uint32_t *of) {
    const mx_scope_data *old = &p->old->scopes[0], *part = &p->part->scopes[0];
    const formals inputs = {"input", old->inputs, part->inputs, old->n_inputs, part->n_inputs, of};
    const formals outputs = {"output", old->outputs, part->outputs, old->n_outputs, part->n_outputs, of};
    MX_TRY(fit_formals(p, &inputs));
    return fit_formals(p, &outputs);
}

/* ---- operator sets ---- */

static mx_sid domain_of(const mx_opset *o) {
    return o->domain == MX_SID_ABSENT ? MX_SID_EMPTY : o->domain;
}

/* of: by string id of g, place of the domain's first import in `to` + 1, UINT32_MAX once the part's was seen. New imports go
 * behind `count` in `to`. */
static mx_status fit_opset(mx_put_in *p, const mx_opset *from, uint32_t *of, mx_opset *to, uint32_t *count) {
    mx_opset o;
    MX_TRY(mx_transplant_opset(&p->t, from, &o));
    uint32_t *known = &of[domain_of(&o)], at = *known;
    if (o.opaque != MX_SID_ABSENT || at == UINT32_MAX) return MX_OK;
    *known = UINT32_MAX;
    if (at == 0) {
        to[(*count)++] = o;
        return MX_OK;
    }
    if (to[at - 1].version == o.version) return MX_OK;
    return mx_fail(p->err, MX_ERR_INVALID,
                   "the part does not fit: it uses version %lld of the operator set %s, the model version %lld",
                   (long long)o.version, mx_show(mx_text(p->g, domain_of(&o))).text, (long long)to[at - 1].version);
}

static mx_status fit_opsets(mx_put_in *p, uint32_t *of) {
    mx_scope_data *root = &p->g->scopes[mx_node_at(p->g, p->chain.scopes[0])->data];
    const mx_scope_data *part = &p->part->scopes[0];
    uint32_t count = root->n_opsets;
    mx_opset *to = NULL;
    MX_TRY(mx_graph_array(p->g, (size_t)count + part->n_opsets, sizeof *to, &to, p->err));
    for (uint32_t i = 0; i < count; i++) {
        to[i] = root->opsets[i];
        uint32_t *known = &of[domain_of(&to[i])];
        if (to[i].opaque == MX_SID_ABSENT && *known == 0) *known = i + 1;
    }
    for (uint32_t i = 0; i < part->n_opsets; i++) MX_TRY(fit_opset(p, &part->opsets[i], of, to, &count));
    root->opsets = to;
    root->n_opsets = count;
    return MX_OK;
}

mx_status mx_put_in_fit(mx_put_in *p) {
    uint32_t *of = mx_alloc_zero(p->g->allocator, p->n_strings, sizeof *of);
    if (!of) return mx_nomem(p->err);
    mx_status status = check_faults(p);
    if (status == MX_OK) status = fit_interface(p, of);
    if (status == MX_OK) status = fit_opsets(p, of);
    mx_free(p->g->allocator, of, p->n_strings * sizeof *of);
    return status;
}
