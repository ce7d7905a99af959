/* The module tree, as the rules see it: only modules that run can hold operators. */
#include "htp/infer.h"

/* Classes of torch.nn that hold modules and compute nothing themselves, though they may be called. */
static bool holds_only(const mx_htp_flow *f, const mx_htp_module *m) {
    static const char *const names[] = {"Sequential", "ModuleList", "ModuleDict"};
    mx_str name = mx_text(f->g, m->class_name);
    for (size_t i = 0; m->torch_nn && i < sizeof names / sizeof *names; i++)
        if (mx_str_is(name, names[i])) return true;
    return false;
}

/* The order of execution may have been taken down where a part of the program could not be seen (a branch that is
 * compiled on its own): a module that is not in it although operators are its own did run, and so did those around it.
 */
static void add_unseen(mx_htp_flow *f) {
    const mx_htp_module *all = f->tree->modules;
    for (size_t i = 0; i < f->t->n_labels; i++) {
        uint32_t m = f->t->labels[i].module;
        for (; m != MX_NO_INDEX && !all[m].has_order && !f->runs[m]; m = all[m].parent)
            f->runs[m] = !holds_only(f, &all[m]);
    }
}

mx_status mx_htp_flow_tree(mx_htp_flow *f) {
    const mx_htp_module *all = f->tree->modules;
    for (size_t i = 1; i < f->tree->count && !f->ordered; i++)
        f->ordered = all[i].has_order;
    f->runs = mx_arena_array(&f->kept, f->tree->count, sizeof *f->runs);
    f->leaf = mx_arena_array(&f->kept, f->tree->count, sizeof *f->leaf);
    if (!f->runs || !f->leaf) return mx_nomem(f->err);
    for (uint32_t m = 0; m < f->tree->count; m++) {
        f->runs[m] = m == 0 || ((!f->ordered || all[m].has_order) && !holds_only(f, &all[m]));
        f->leaf[m] = true;
    }
    add_unseen(f);
    for (uint32_t m = 1; m < f->tree->count; m++) {
        if (!f->runs[m]) continue;
        for (uint32_t up = all[m].parent; up != MX_NO_INDEX && f->leaf[up]; up = all[up].parent)
            f->leaf[up] = false;
    }
    return MX_OK;
}

bool mx_htp_runs(const mx_htp_flow *f, uint32_t module) {
    return f->runs[module];
}

bool mx_htp_is_leaf(const mx_htp_flow *f, uint32_t module) {
    return f->leaf[module];
}

uint32_t mx_htp_running(const mx_htp_flow *f, uint32_t module) {
    while (!mx_htp_runs(f, module))
        module = f->tree->modules[module].parent;
    return module;
}

uint32_t mx_htp_running_parent(const mx_htp_flow *f, uint32_t module) {
    return module == 0 ? 0 : mx_htp_running(f, f->tree->modules[module].parent);
}

uint32_t mx_htp_running_common(const mx_htp_flow *f, uint32_t a, uint32_t b) {
    return mx_htp_running(f, mx_htp_tree_common(f->tree, a, b));
}

uint32_t mx_htp_behind(const mx_htp_flow *f, uint32_t module) {
    const mx_htp_module *m = &f->tree->modules[module];
    return m->torch_nn && m->first_child == MX_NO_INDEX ? mx_htp_running_parent(f, module) : module;
}

uint32_t mx_htp_caller(const mx_htp_flow *f, uint32_t module) {
    return mx_htp_is_leaf(f, module) ? mx_htp_running_parent(f, module) : module;
}

uint32_t mx_htp_towards(const mx_htp_flow *f, uint32_t from, uint32_t module) {
    uint32_t child = from;
    while (module != from && f->tree->modules[module].depth > f->tree->modules[from].depth) {
        if (mx_htp_runs(f, module)) child = module;
        module = f->tree->modules[module].parent;
    }
    return module == from ? child : from;
}
