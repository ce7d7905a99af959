#include "build_program.h"

#include <stdio.h>

bool test_build_init(test_build *t, const mx_env *env, int opset) {
    mx_error err;
    *t = (test_build){.p = {.env = env}};
    if (!mx_strings_init(&t->p.strings, env ? env->allocator : NULL)) {
        mx_strings_free(&t->p.strings);
        return false;
    }
    if (mx_build_new(&t->p, opset, &t->b, &err) == MX_OK) return true;
    mx_strings_free(&t->p.strings);
    return false;
}

void test_build_free(test_build *t) {
    mx_build_free(t->b);
    mx_strings_free(&t->p.strings);
}

mx_size test_symbol(test_build *t, const char *expr) {
    return (mx_size){7, mx_strings_add(&t->p.strings, mx_str_of(expr))};
}

mx_val test_input(test_build *t, int32_t elem, int rank, const mx_size *sizes) {
    return mx_build_input(t->b, MX_SID_ABSENT, elem, rank, sizes);
}

mx_val test_numbers(test_build *t, int32_t elem, int rank, const int64_t *sizes) {
    mx_size s[MX_MAX_RANK];
    for (int i = 0; i < rank; i++)
        s[i] = (mx_size){sizes[i], MX_SID_ABSENT};
    return test_input(t, elem, rank, s);
}

const mx_bop *test_made_by(const test_build *t, mx_val v) {
    const mx_bvalue *value = &t->b->values[v];
    return v != MX_NO_VAL && value->kind == MX_BV_OP ? &t->b->ops[value->op] : NULL;
}

/* ---- text ---- */

typedef struct text {
    char bytes[2000];
    size_t n;
} text;

static void add(text *to, const char *s) {
    int n = snprintf(to->bytes + to->n, sizeof to->bytes - to->n, "%s", s);
    to->n += (size_t)n < sizeof to->bytes - to->n ? (size_t)n : sizeof to->bytes - to->n - 1;
}

static void add_integers(const test_build *t, mx_val v, text *to) {
    int64_t items[64];
    size_t n;
    char number[32];
    if (!mx_const_ints(t->b, v, items, 64, &n)) {
        add(to, "C");
        return;
    }
    bool list = mx_rank_of(t->b, v) > 0;
    if (list) add(to, "[");
    for (size_t i = 0; i < n; i++) {
        snprintf(number, sizeof number, i ? ",%lld" : "%lld", (long long)items[i]);
        add(to, number);
    }
    if (list) add(to, "]");
}

static void add_value(const test_build *t, mx_val v, text *to, int depth) {
    const mx_bop *o = test_made_by(t, v);
    if (v == MX_NO_VAL) {
        add(to, "-");
    } else if (t->b->values[v].bytes) {
        add_integers(t, v, to);
    } else if (!o || depth > 20) {
        add(to, "#");
    } else {
        add(to, o->op);
        add(to, "(");
        for (uint32_t i = 0; i < o->n_in; i++) {
            if (i) add(to, ",");
            add_value(t, o->in[i], to, depth + 1);
        }
        add(to, ")");
    }
}

const char *test_text(const test_build *t, mx_val v) {
    static text shown;
    shown.n = 0;
    shown.bytes[0] = 0;
    if (mx_failed(t->b)) return t->b->error.message;
    add_value(t, v, &shown, 0);
    return shown.bytes;
}
