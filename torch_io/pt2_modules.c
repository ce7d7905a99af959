#include "torch_io/pt2.h"

enum { MAX_DEPTH = 256 }; /* parts of a dotted name; module stacks may be as long */

static mx_status add_module(mx_pt2 *r, mx_sid fqn, uint32_t parent, uint32_t *out) {
    mx_program *p = r->p;
    if (p->n_modules >= MX_NONE) return mx_fail(r->err, MX_ERR_LIMIT, "%s: too many modules", r->entry);
    if (!mx_grow(p->env->allocator, (void **)&p->modules, &p->cap_modules, p->n_modules, sizeof *p->modules))
        return mx_nomem(r->err);
    *out = (uint32_t)p->n_modules;
    p->modules[p->n_modules++] = (mx_pmodule){.fqn = fqn, .parent = parent, .order = -1};
    return mx_pt2_map_set(r, &r->modules, fqn, *out);
}

/* The module of the first n bytes of a name, made if it is not there. */
static mx_status module_at(mx_pt2 *r, mx_str fqn, size_t n, uint32_t parent, uint32_t *out) {
    mx_sid name;
    MX_TRY(mx_program_string(r->p, (mx_str){fqn.p, n}, &name, r->err));
    *out = mx_pt2_map_get(&r->modules, name);
    return *out == MX_NONE ? add_module(r, name, parent, out) : MX_OK;
}

mx_status mx_pt2_module(mx_pt2 *r, mx_str fqn, uint32_t *out) {
    uint32_t parts = 0;
    *out = 0;
    if (fqn.n == 0) return MX_OK;
    mx_sid known = mx_strings_find(&r->p->strings, fqn);
    if (known != UINT32_MAX && (*out = mx_pt2_map_get(&r->modules, known)) != MX_NONE) return MX_OK;
    *out = 0;
    for (size_t i = 0; i <= fqn.n; i++) {
        if (i < fqn.n && fqn.p[i] != '.') continue;
        if (++parts > MAX_DEPTH)
            return mx_fail(r->err, MX_ERR_LIMIT, "%s: the module %s is nested more than %d deep", r->entry,
                           mx_show(fqn).text, MAX_DEPTH);
        MX_TRY(module_at(r, fqn, i, *out, out));
    }
    return MX_OK;
}

/* ---- calls ---- */

/* "KEY,FQN,CLASS"; commas in brackets do not part. */
static bool split(mx_str entry, mx_str part[3]) {
    size_t n = 0, begin = 0, depth = 0;
    for (size_t i = 0; i <= entry.n; i++) {
        char c = i < entry.n ? entry.p[i] : ',';
        if (c == '[' || c == '(') depth++;
        if ((c == ']' || c == ')') && depth > 0) depth--;
        if (c != ',' || (depth > 0 && i < entry.n)) continue;
        if (n == 3) return false;
        part[n++] = (mx_str){entry.p + begin, i - begin};
        begin = i + 1;
    }
    return n == 3;
}

/* What torch writes for nodes that it made itself: KEY, FQN and CLASS are one and the same. */
static bool is_filler(const mx_str part[3]) {
    return part[1].n > 0 && mx_str_eq(part[0], part[1]) && mx_str_eq(part[1], part[2]);
}

static mx_status count_call(mx_pt2 *r, uint32_t module, uint32_t *time) {
    size_t old = r->cap_times;
    while (module >= r->cap_times) {
        if (!mx_grow(r->p->env->allocator, (void **)&r->times, &r->cap_times, r->cap_times, sizeof *r->times))
            return mx_nomem(r->err);
    }
    if (r->cap_times > old) memset(r->times + old, 0, (r->cap_times - old) * sizeof *r->times);
    *time = r->times[module]++;
    return MX_OK;
}

static mx_status add_call(mx_pt2 *r, uint32_t parent, uint32_t module, uint32_t *out) {
    mx_program *p = r->p;
    mx_pcall call = {.module = module, .parent = parent};
    MX_TRY(count_call(r, module, &call.time));
    if (p->n_calls >= MX_NONE) return mx_fail(r->err, MX_ERR_LIMIT, "%s: too many calls of modules", r->entry);
    if (!mx_grow(p->env->allocator, (void **)&p->calls, &p->cap_calls, p->n_calls, sizeof call))
        return mx_nomem(r->err);
    if (p->modules[module].order < 0) p->modules[module].order = ++r->executed;
    *out = (uint32_t)p->n_calls;
    p->calls[p->n_calls++] = call;
    return MX_OK;
}

/* The call of a module inside of another: the same key in the same call is the same one. */
static mx_status call_in(mx_pt2 *r, uint32_t parent, const mx_str part[3], uint32_t *out) {
    uint32_t module;
    mx_sid key;
    mx_buffer_clear(&r->text);
    mx_buffer_uint(&r->text, parent);
    mx_buffer_byte(&r->text, ',');
    mx_buffer_add(&r->text, part[0].p, part[0].n);
    mx_buffer_byte(&r->text, ',');
    mx_buffer_add(&r->text, part[1].p, part[1].n);
    if (r->text.failed) return mx_nomem(r->err);
    MX_TRY(mx_program_string(r->p, mx_buffer_str(&r->text), &key, r->err));
    *out = mx_pt2_map_get(&r->calls, key);
    if (*out != MX_NONE) return MX_OK;
    MX_TRY(mx_pt2_module(r, part[1], &module));
    mx_pmodule *m = &r->p->modules[module];
    if (m->class_path == MX_SID_ABSENT) MX_TRY(mx_program_string(r->p, part[2], &m->class_path, r->err));
    MX_TRY(add_call(r, parent, module, out));
    return mx_pt2_map_set(r, &r->calls, key, *out);
}

static mx_status read_stack(mx_pt2 *r, mx_str stack, uint32_t *out) {
    size_t begin = 0, entries = 0;
    *out = MX_NONE;
    for (size_t i = 0; i <= stack.n; i++) {
        if (i < stack.n && stack.p[i] != ';') continue;
        mx_str part[3], entry = {stack.p + begin, i - begin};
        begin = i + 1;
        if (!split(entry, part)) return mx_pt2_wrong(r, "nn_module_stack", "holds what is no key, name and class");
        if (is_filler(part)) continue;
        if (++entries > MAX_DEPTH)
            return mx_fail(r->err, MX_ERR_LIMIT, "%s: modules call each other more than %d deep", r->entry, MAX_DEPTH);
        MX_TRY(call_in(r, *out, part, out));
    }
    return MX_OK;
}

mx_status mx_pt2_call(mx_pt2 *r, mx_sid stack, uint32_t *out) {
    mx_str text = mx_ptext(r->p, stack);
    *out = MX_NONE;
    if (text.n == 0) return MX_OK;
    *out = mx_pt2_map_get(&r->stacks, stack);
    if (*out != MX_NONE) return MX_OK;
    MX_TRY(read_stack(r, text, out));
    return *out == MX_NONE ? MX_OK : mx_pt2_map_set(r, &r->stacks, stack, *out);
}
