#include "torch_io/functional.h"
#include "torch_io/schema.h"

#include <stdlib.h>

bool mx_inplace_arg(const mx_program *p, const mx_pnode *n, uint16_t *arg) {
    const char *text = mx_torch_schema(mx_ptext(p, n->target).p);
    mx_schema_arg a;
    for (uint16_t i = 0; text && mx_schema_next(&text, &a); i++) {
        if (!a.mutated || i >= n->n_args || n->args[i].kind == MX_ARG_NONE) continue;
        *arg = i;
        return true;
    }
    return false;
}

/* Where the twin is not the name without its underscore. */
static const struct twin {
    const char *target, *twin;
} twins[] = {
    {"aten.__iand__.Scalar", "aten.bitwise_and.Scalar"},
    {"aten.__iand__.Tensor", "aten.bitwise_and.Tensor"},
    {"aten.__ilshift__.Scalar", "aten.__lshift__.Scalar"},
    {"aten.__ilshift__.Tensor", "aten.__lshift__.Tensor"},
    {"aten.__ior__.Scalar", "aten.bitwise_or.Scalar"},
    {"aten.__ior__.Tensor", "aten.bitwise_or.Tensor"},
    {"aten.__irshift__.Scalar", "aten.__rshift__.Scalar"},
    {"aten.__irshift__.Tensor", "aten.__rshift__.Tensor"},
    {"aten.__ixor__.Scalar", "aten.bitwise_xor.Scalar"},
    {"aten.__ixor__.Tensor", "aten.bitwise_xor.Tensor"},
    {"aten._index_put_impl_.default", "aten.index_put.default"},
    {"aten.fill_.Scalar", "aten.full_like.default"},
    {"aten.fill_.Tensor", "aten.copy.default"}, /* both spread their second argument over the first */
    {"aten.zero_.default", "aten.full_like.default"},
};

static int by_target(const void *key, const void *element) {
    return strcmp(key, ((const struct twin *)element)->target);
}

static const struct twin *find_twin(mx_str target) {
    return bsearch(target.p, twins, sizeof twins / sizeof *twins, sizeof *twins, by_target);
}

/* "__iand__" and the like are those in the table; of "__and__" they differ by a letter only. */
bool mx_inplace_name(mx_str target) {
    if (!mx_str_starts(target, "aten.")) return false;
    const char *name = target.p + 5, *dot = memchr(name, '.', target.n - 5);
    size_t n = dot ? (size_t)(dot - name) : target.n - 5;
    bool dunder = n > 4 && memcmp(name, "__", 2) == 0 && memcmp(name + n - 2, "__", 2) == 0;
    return dunder ? find_twin(target) != NULL : n > 1 && name[n - 1] == '_';
}

/* Keep the first n arguments, by position; the twin's defaults do for the rest. */
static mx_status keep(mx_functional *f, mx_pnode *n, const char *twin, const mx_parg *args, uint32_t n_args) {
    n->args = mx_arena_copy(&f->p->arena, args, n_args * sizeof *args);
    if (!n->args) return mx_nomem(f->err);
    for (uint32_t i = 0; i < n_args; i++)
        n->args[i].name = MX_SID_ABSENT;
    n->n_args = n_args;
    MX_TRY(mx_program_string(f->p, mx_str_of(twin), &n->target, f->err));
    return mx_program_complete(f->p, n, f->err);
}

static mx_status table_twin(mx_functional *f, mx_pnode *n, const char *twin) {
    bool zero = mx_str_is(mx_ptext(f->p, n->target), "aten.zero_.default");
    bool put = strcmp(twin, "aten.index_put.default") == 0;
    mx_parg args[4] = {{0}};
    uint32_t n_args = put ? 4 : 2, given = n->n_args < n_args ? n->n_args : n_args;
    memcpy(args, n->args, given * sizeof *args);
    if (zero) args[1] = (mx_parg){.kind = MX_ARG_INT};
    return keep(f, n, twin, args, n_args);
}

/* The same target without its underscore, if there is such an operator. */
static mx_status plain_twin(mx_functional *f, mx_pnode *n, mx_sid *target) {
    mx_str s = mx_ptext(f->p, n->target);
    char name[96];
    const char *dot = s.n > 5 ? memchr(s.p + 5, '.', s.n - 5) : NULL;
    if (!dot || s.n >= sizeof name || dot[-1] != '_') return MX_OK;
    size_t head = (size_t)(dot - s.p) - 1;
    memcpy(name, s.p, head);
    memcpy(name + head, dot, s.n - head - 1);
    name[s.n - 1] = '\0';
    if (!mx_torch_schema(name)) return MX_OK;
    MX_TRY(keep(f, n, name, n->args, n->n_args));
    *target = n->target;
    return MX_OK;
}

mx_status mx_inplace_twin(mx_functional *f, mx_pnode *n, mx_sid *target) {
    const struct twin *t = find_twin(mx_ptext(f->p, n->target));
    *target = MX_SID_ABSENT;
    if (!t) return plain_twin(f, n, target);
    MX_TRY(table_twin(f, n, t->twin));
    *target = n->target;
    return MX_OK;
}
