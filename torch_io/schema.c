#include "torch_io/schema.h"

#include "base/json.h"

#include <stdlib.h>

typedef struct row {
    const char *target, *text;
    bool core;
} row;

static const row rows[] = {
#include "torch_io/schemas.inc"
};
enum { N_ROWS = sizeof rows / sizeof *rows };

static int by_target(const void *key, const void *element) {
    return strcmp(key, ((const row *)element)->target);
}

const char *mx_torch_schema(const char *target) {
    const row *found = bsearch(target, rows, N_ROWS, sizeof *rows, by_target);
    return found ? found->text : NULL;
}

bool mx_torch_schema_at(size_t i, const char **target, const char **text, bool *core) {
    if (i >= N_ROWS) return false;
    *target = rows[i].target;
    *text = rows[i].text;
    *core = rows[i].core;
    return true;
}

/* ---- the text of a schema ---- */

static mx_str until(const char **at, const char *stop) {
    const char *begin = *at;
    *at += strcspn(begin, stop);
    return (mx_str){begin, (size_t)(*at - begin)};
}

/* Behind the letter: [], [2], ?, !, &. */
static void read_marks(const char **at, mx_schema_arg *out) {
    for (; **at && **at != ',' && **at != '='; ++*at) {
        if (**at == '[') {
            out->list = true;
            out->optional = false; /* a "?" before it belongs to the elements */
        }
        if (**at >= '0' && **at <= '9') out->length = out->length * 10 + (uint32_t)(**at - '0');
        if (**at == '?') out->optional = true;
        if (**at == '!') out->mutated = true;
        if (**at == '&') out->aliased = true;
    }
}

bool mx_schema_next(const char **at, mx_schema_arg *out) {
    if (!**at) return false;
    *out = (mx_schema_arg){.name = {NULL, 0}};
    if (**at == '*') ++*at;
    out->name = until(at, ":");
    ++*at;
    out->type = *(*at)++;
    read_marks(at, out);
    if (**at == '=') {
        ++*at;
        out->fallback = until(at, ",");
    }
    if (**at == ',') ++*at;
    return true;
}

/* ---- defaults ---- */

static int64_t number(mx_str s) {
    int64_t v = 0;
    (void)mx_parse_int(s, &v);
    return v;
}

static mx_status ints(mx_program *p, size_t n, mx_parg *out, mx_pitem **items, mx_error *err) {
    *items = mx_arena_array(&p->arena, n, sizeof **items);
    if (!*items) return mx_nomem(err);
    out->kind = MX_ARG_INTS;
    out->count = (uint32_t)n;
    out->items = *items;
    return MX_OK;
}

/* "[-2;-1]", or "1" for as many as the list has. */
static mx_status default_ints(mx_program *p, const mx_schema_arg *a, mx_parg *out, mx_error *err) {
    mx_pitem *items;
    bool many = a->fallback.p[0] == '[';
    size_t n = many ? a->fallback.n > 2 : a->length ? a->length : 1;
    for (size_t i = 0; many && i < a->fallback.n; i++)
        n += a->fallback.p[i] == ';';
    MX_TRY(ints(p, n, out, &items, err));
    const char *at = a->fallback.p + (many ? 1 : 0);
    for (size_t i = 0; i < n; i++) {
        mx_str one = many ? until(&at, ";]") : a->fallback;
        if (many) at++;
        items[i] = (mx_pitem){number(one), MX_NONE};
    }
    return MX_OK;
}

/* A Scalar's default is written as Python's type has it. JSON's reader does not look at the locale. */
static mx_status default_number(mx_str s, bool real, mx_parg *out, mx_error *err) {
    json_t *v;
    MX_TRY(mx_json_parse(s, 1, &v, err));
    if (real || json_is_real(v)) {
        out->kind = MX_ARG_FLOAT;
        out->f = json_number_value(v);
    } else {
        out->kind = MX_ARG_INT;
        out->i = json_integer_value(v);
    }
    json_decref(v);
    return MX_OK;
}

static mx_status default_value(mx_program *p, const mx_schema_arg *a, mx_parg *out, mx_error *err) {
    if (mx_str_is(a->fallback, "None")) return MX_OK;
    if (a->list && a->type == 'I') return default_ints(p, a, out, err);
    switch (a->type) {
    case 'I': out->kind = MX_ARG_INT; break;
    case 'B': out->kind = MX_ARG_BOOL; break;
    case 'D': out->kind = MX_ARG_DTYPE; break;
    case 'M': out->kind = MX_ARG_MEMORY_FORMAT; break;
    case 'S':
    case 'F': return default_number(a->fallback, a->type == 'F', out, err);
    case 's': out->kind = MX_ARG_STRING; return mx_program_string(p, a->fallback, &out->text, err);
    default: return MX_OK;
    }
    out->i = number(a->fallback);
    return MX_OK;
}

/* ---- completing a node ---- */

static mx_status wrong(const mx_program *p, const mx_pnode *n, const char *what, mx_str name, mx_error *err) {
    mx_status status = mx_fail(err, MX_ERR_INVALID, "operator %s %s %s", mx_show(mx_ptext(p, n->target)).text, what,
                               mx_show(name).text);
    return mx_at_node(err, status, mx_ptext(p, n->name));
}

static size_t count_args(const char *text) {
    size_t n = 0;
    for (mx_schema_arg a; mx_schema_next(&text, &a);)
        n++;
    return n;
}

/* One number where a list of a fixed length is wanted. */
static mx_status spread(mx_program *p, const mx_schema_arg *a, mx_parg *arg, mx_error *err) {
    mx_pitem *items, one = {.i = arg->i, .value = MX_NONE};
    if (!a->list || a->type != 'I') return MX_OK;
    if (arg->kind == MX_ARG_VALUE)
        one = (mx_pitem){.value = arg->value};
    else if (arg->kind != MX_ARG_INT)
        return MX_OK;
    size_t n = a->length ? a->length : 1;
    MX_TRY(ints(p, n, arg, &items, err));
    for (size_t i = 0; i < n; i++)
        items[i] = one;
    return MX_OK;
}

/* The place of a given argument: by its name, by its position where it has none. */
static size_t place_of(const mx_program *p, const char *text, const mx_parg *arg, size_t position, size_t n) {
    mx_schema_arg a;
    if (arg->name == MX_SID_ABSENT || arg->name == MX_SID_EMPTY) return position;
    for (size_t i = 0; i < n && mx_schema_next(&text, &a); i++)
        if (mx_str_eq(a.name, mx_ptext(p, arg->name))) return i;
    return n;
}

static mx_status put_given(mx_program *p, const mx_pnode *n, const char *text, mx_parg *args, uint8_t *given,
                           size_t n_args, mx_error *err) {
    for (size_t i = 0; i < n->n_args; i++) {
        size_t at = place_of(p, text, &n->args[i], i, n_args);
        if (at >= n_args) return wrong(p, n, "has no argument", mx_ptext(p, n->args[i].name), err);
        if (given[at]) return wrong(p, n, "is given twice the argument", mx_ptext(p, n->args[i].name), err);
        given[at] = 1;
        args[at] = n->args[i];
    }
    return MX_OK;
}

static mx_status put_defaults(mx_program *p, const mx_pnode *n, const char *text, mx_parg *args, const uint8_t *given,
                              mx_error *err) {
    mx_schema_arg a;
    for (size_t i = 0; mx_schema_next(&text, &a); i++) {
        if (!given[i] && !a.fallback.p) {
            if (a.optional || a.type == 'G') continue; /* None; as torch itself takes it when it reads a program */
            return wrong(p, n, "lacks its argument", a.name, err);
        }
        if (!given[i]) MX_TRY(default_value(p, &a, &args[i], err));
        MX_TRY(spread(p, &a, &args[i], err));
        MX_TRY(mx_program_string(p, a.name, &args[i].name, err));
    }
    return MX_OK;
}

mx_status mx_program_complete(mx_program *p, mx_pnode *n, mx_error *err) {
    const char *text = mx_torch_schema(mx_ptext(p, n->target).p);
    if (!text) return MX_OK;
    size_t n_args = count_args(text);
    mx_parg *args = mx_arena_array(&p->arena, n_args, sizeof *args);
    uint8_t *given = mx_arena_array(&p->arena, n_args, 1);
    if (!args || !given) return mx_nomem(err);
    memset(args, 0, n_args * sizeof *args);
    memset(given, 0, n_args);
    MX_TRY(put_given(p, n, text, args, given, n_args, err));
    MX_TRY(put_defaults(p, n, text, args, given, err));
    n->args = args;
    n->n_args = (uint32_t)n_args;
    return MX_OK;
}
