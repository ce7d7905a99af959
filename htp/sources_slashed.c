/* Scoped names as torch's tracing exporter writes them: encoder/layer.0/attention. A step is the last part of a
 * module's name that is no number, with the numbers behind it: layer/layer.0   one step: the container and its element
 *   proj_1          proj, entered again (where proj_1 is no module)
 *   a               may be heads.a, where heads is a container that is never called itself */
#include "htp/sources.h"

enum { CONTAINERS_TRIED = 64, TRAIL = 64 };

typedef struct stop { /* behind a step */
    size_t end;       /* of the step, in the text */
    uint32_t module;
    mx_str step;
} stop;

typedef struct walk {
    mx_htp_sources *s;
    uint8_t *entered; /* by module: some name steps into it; modules behind n_entered: none has yet */
    size_t n_entered, cap_entered;
    uint32_t at; /* where the steps so far lead */
    mx_str step; /* the last of them, without the count of its calls */
    mx_str text; /* the path at hand, or the one before: paths come sorted, so most begin alike */
    stop trail[TRAIL];
    uint32_t n_trail;
} walk;

static mx_str next_step(mx_str *rest) {
    const char *slash = memchr(rest->p, '/', rest->n);
    mx_str step = {rest->p, slash ? (size_t)(slash - rest->p) : rest->n};
    size_t used = step.n + (slash != NULL);
    *rest = (mx_str){rest->p + used, rest->n - used};
    return step;
}

/* Begin a path where it leaves the one before. */
static mx_str begin(walk *w, mx_str text) {
    size_t same = 0, n = text.n < w->text.n ? text.n : w->text.n;
    while (same < n && text.p[same] == w->text.p[same])
        same++;
    while (w->n_trail) {
        size_t end = w->trail[w->n_trail - 1].end;
        if (end < same || (end == same && (end == text.n || text.p[end] == '/'))) break;
        w->n_trail--;
    }
    const stop *last = w->n_trail ? &w->trail[w->n_trail - 1] : NULL;
    size_t from = last ? last->end : 0;
    if (last && from < text.n) from++;
    w->at = last ? last->module : 0;
    w->step = last ? last->step : (mx_str){"", 0};
    w->text = text;
    return (mx_str){text.p + from, text.n - from};
}

/* Without "_1"; false if there is none. */
static bool strip_count(mx_str *step) {
    size_t n = step->n;
    while (n && step->p[n - 1] >= '0' && step->p[n - 1] <= '9')
        n--;
    if (n == step->n || n < 2 || step->p[n - 1] != '_') return false;
    step->n = n - 1;
    return true;
}

static uint32_t descend(const mx_htp_tree *t, uint32_t at, mx_str dotted) {
    while (dotted.n && at != MX_NO_INDEX) {
        const char *dot = memchr(dotted.p, '.', dotted.n);
        mx_str part = {dotted.p, dot ? (size_t)(dot - dotted.p) : dotted.n};
        mx_sid sid = mx_strings_find(&t->g->strings, part);
        at = sid == MX_SID_NOMEM ? MX_NO_INDEX : mx_htp_tree_child(t, at, sid);
        dotted = dot ? (mx_str){dot + 1, dotted.n - part.n - 1} : (mx_str){"", 0};
    }
    return at;
}

/* What `layer.0` adds behind `layer`; the step itself if it does not go on from the one before. */
static mx_str beyond(mx_str step, mx_str before) {
    bool goes_on =
        before.n && step.n > before.n + 1 && step.p[before.n] == '.' && memcmp(step.p, before.p, before.n) == 0;
    return goes_on ? (mx_str){step.p + before.n + 1, step.n - before.n - 1} : step;
}

static uint32_t below(const walk *w, uint32_t from, mx_str step) {
    uint32_t found = descend(w->s->tree, from, beyond(step, w->step));
    return found == MX_NO_INDEX ? descend(w->s->tree, from, step) : found;
}

/* The module that a step names, with or without a count of calls; *step is then what named it. */
static uint32_t named(const walk *w, uint32_t from, mx_str *step) {
    mx_str name = *step;
    uint32_t found = below(w, from, name);
    while (found == MX_NO_INDEX && strip_count(&name))
        found = below(w, from, name);
    if (found != MX_NO_INDEX) *step = name;
    return found;
}

/* `whole`: the step as it stands in the path. */
static mx_status enter(walk *w, uint32_t module, mx_str step, mx_str whole) {
    w->at = module;
    w->step = step;
    while (w->n_entered <= module) {
        if (!mx_grow(w->s->g->allocator, (void **)&w->entered, &w->cap_entered, w->n_entered, 1))
            return mx_nomem(w->s->err);
        w->entered[w->n_entered++] = 0;
    }
    w->entered[module] = 1;
    if (w->n_trail < TRAIL) w->trail[w->n_trail++] = (stop){(size_t)(whole.p + whole.n - w->text.p), module, step};
    return MX_OK;
}

static bool is_container(const walk *w, uint32_t module) {
    const mx_htp_module *m = &w->s->tree->modules[module];
    return m->first_child != MX_NO_INDEX && !m->has_order && !(module < w->n_entered && w->entered[module]);
}

/* Through containers below `from` that no name steps into, which few are tried. */
static uint32_t inside_containers(const walk *w, uint32_t from, mx_str *step, int *budget) {
    const mx_htp_tree *t = w->s->tree;
    for (uint32_t c = t->modules[from].first_child; c != MX_NO_INDEX; c = t->modules[c].next_sibling) {
        if (--*budget < 0) return MX_NO_INDEX;
        if (!is_container(w, c)) continue;
        uint32_t found = named(w, c, step);
        if (found == MX_NO_INDEX) found = inside_containers(w, c, step, budget);
        if (found != MX_NO_INDEX) return found;
    }
    return MX_NO_INDEX;
}

/* Where all steps lead to known modules. */
static mx_status resolve_known(walk *w, mx_htp_scope *scope) {
    mx_str rest = begin(w, scope->text);
    while (rest.n) {
        mx_str step = next_step(&rest), whole = step;
        if (step.n == 0) continue;
        uint32_t found = named(w, w->at, &step);
        if (found == MX_NO_INDEX) return MX_OK;
        MX_TRY(enter(w, found, step, whole));
    }
    scope->module = w->at;
    scope->exact = true;
    return MX_OK;
}

static mx_status add_parts(walk *w, mx_str dotted, uint32_t *out) {
    mx_htp_tree *t = w->s->tree;
    *out = w->at;
    while (dotted.n) {
        const char *dot = memchr(dotted.p, '.', dotted.n);
        mx_str part = {dotted.p, dot ? (size_t)(dot - dotted.p) : dotted.n};
        mx_sid sid;
        dotted = dot ? (mx_str){dot + 1, dotted.n - part.n - 1} : (mx_str){"", 0};
        if (part.n == 0) continue;
        MX_TRY(mx_graph_string(w->s->g, part, &sid, w->s->err));
        MX_TRY(mx_htp_tree_add(t, *out, sid, out, w->s->err));
    }
    return MX_OK;
}

/* The rest: elements of containers, and modules that nothing else tells of, which are added unless the tree is given.
 */
static mx_status resolve_unknown(walk *w, mx_htp_scope *scope) {
    mx_str rest = begin(w, scope->text);
    bool any = w->n_trail > 0;
    scope->exact = true;
    while (rest.n && scope->exact) {
        mx_str step = next_step(&rest), whole = step;
        int budget = CONTAINERS_TRIED;
        if (step.n == 0) continue;
        uint32_t found = named(w, w->at, &step);
        if (found == MX_NO_INDEX) found = inside_containers(w, w->at, &step, &budget);
        if (found == MX_NO_INDEX && !w->s->given) MX_TRY(add_parts(w, beyond(step, w->step), &found));
        scope->exact = found != MX_NO_INDEX;
        any |= scope->exact;
        if (scope->exact) MX_TRY(enter(w, found, step, whole));
    }
    if (any) scope->module = w->at;
    return MX_OK;
}

mx_status mx_htp_resolve_slashed(mx_htp_sources *s, const uint32_t *sorted, size_t count) {
    walk w = {.s = s, .text = {"", 0}};
    mx_status status = MX_OK;
    for (size_t i = 0; i < count && status == MX_OK; i++)
        status = resolve_known(&w, &s->scopes[sorted[i]]);
    w.n_trail = 0;
    for (size_t i = 0; i < count && status == MX_OK; i++)
        if (s->scopes[sorted[i]].module == MX_NO_INDEX) status = resolve_unknown(&w, &s->scopes[sorted[i]]);
    mx_free(s->g->allocator, w.entered, w.cap_entered);
    return status;
}
