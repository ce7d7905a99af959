#include "torch_io/expr.h"

enum { MAX_DEPTH = 64 };

/* How tightly a text binds: what stands inside something that binds tighter gets parentheses. */
typedef enum binding { BIND_SUM = 1, BIND_PRODUCT, BIND_POWER, BIND_ATOM } binding;

typedef struct reader {
    const char *at, *end;
    mx_buffer *out;
    int depth;
} reader;

static bool expression(reader *r, binding *how);

static void skip_space(reader *r) {
    while (r->at < r->end && *r->at == ' ')
        r->at++;
}

static bool take(reader *r, char c) {
    skip_space(r);
    if (r->at >= r->end || *r->at != c) return false;
    r->at++;
    return true;
}

static bool is_word(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.';
}

/* A name, or a number with its sign; empty: there is none. */
static mx_str word(reader *r) {
    skip_space(r);
    const char *begin = r->at;
    if (r->at < r->end && *r->at == '-') r->at++;
    while (r->at < r->end && is_word(*r->at))
        r->at++;
    return (mx_str){begin, (size_t)(r->at - begin)};
}

static bool quoted(reader *r, mx_str *out) {
    skip_space(r);
    if (r->at >= r->end || (*r->at != '\'' && *r->at != '"')) return false;
    char quote = *r->at++;
    const char *begin = r->at;
    while (r->at < r->end && *r->at != quote && *r->at != '\\')
        r->at++;
    *out = (mx_str){begin, (size_t)(r->at - begin)};
    return take(r, quote);
}

static void wrap(mx_buffer *b, size_t from) {
    mx_buffer_cstr(b, "()");
    if (b->failed) return;
    memmove(b->data + from + 1, b->data + from, b->size - 2 - from);
    b->data[from] = '(';
    b->data[b->size - 1] = ')';
}

/* An operand, in parentheses unless it binds at least as tightly as `least`. */
static bool operand(reader *r, binding least) {
    size_t from = r->out->size;
    binding how;
    if (!expression(r, &how)) return false;
    if (how < least) wrap(r->out, from);
    return true;
}

/* ---- the calls that have a form of their own; each reads what stands behind "(" ---- */

static bool symbol(reader *r, binding *how) {
    mx_str name;
    if (!quoted(r, &name) || name.n == 0) return false;
    mx_buffer_add(r->out, name.p, name.n);
    while (take(r, ',')) /* assumptions: positive=True */
        if (word(r).n == 0 || !take(r, '=') || word(r).n == 0) return false;
    *how = BIND_ATOM;
    return take(r, ')');
}

static bool integer(reader *r, binding *how) {
    mx_str digits = word(r);
    if (digits.n == 0) return false;
    mx_buffer_add(r->out, digits.p, digits.n);
    *how = digits.p[0] == '-' ? BIND_SUM : BIND_ATOM;
    return take(r, ')');
}

static bool rational(reader *r, binding *how) {
    mx_str above = word(r);
    if (above.n == 0 || !take(r, ',')) return false;
    mx_str below = word(r);
    mx_buffer_add(r->out, above.p, above.n);
    mx_buffer_byte(r->out, '/');
    mx_buffer_add(r->out, below.p, below.n);
    *how = above.p[0] == '-' ? BIND_SUM : BIND_PRODUCT;
    return below.n > 0 && take(r, ')');
}

static bool sum(reader *r, binding *how) {
    *how = BIND_SUM;
    if (!operand(r, BIND_SUM)) return false;
    while (take(r, ',')) {
        size_t from = r->out->size;
        mx_buffer_cstr(r->out, " + ");
        if (!operand(r, BIND_SUM)) return false;
        if (r->out->failed) return false;
        char *text = r->out->data + from;
        if (text[3] == '-') { /* a + -b is written a - b */
            text[1] = '-';
            memmove(text + 3, text + 4, r->out->size - from - 4);
            r->out->size--;
        }
    }
    return take(r, ')');
}

static bool product(reader *r, binding *how) {
    size_t from = r->out->size;
    binding first;
    if (!expression(r, &first)) return false;
    mx_str sign = {r->out->data + from, r->out->size - from};
    bool negative = !r->out->failed && sign.n > 0 && sign.p[0] == '-';
    bool minus = negative && mx_str_is(sign, "-1");
    *how = negative ? BIND_SUM : BIND_PRODUCT;
    if (minus) r->out->size--;
    if (first < BIND_POWER && !negative) wrap(r->out, from);
    for (size_t i = 0; take(r, ','); i++) {
        if (i > 0 || !minus) mx_buffer_byte(r->out, '*');
        if (!operand(r, BIND_POWER)) return false;
    }
    return take(r, ')');
}

static bool between(reader *r, const char *sign, binding least) {
    if (!operand(r, least) || !take(r, ',')) return false;
    mx_buffer_cstr(r->out, sign);
    return operand(r, least) && take(r, ')');
}

static bool power(reader *r, binding *how) {
    *how = BIND_POWER;
    return between(r, "**", BIND_ATOM);
}

static bool quotient(reader *r, binding *how) {
    *how = BIND_PRODUCT;
    return between(r, "//", BIND_POWER);
}

static const struct form {
    const char *name;
    bool (*read)(reader *, binding *);
} forms[] = {{"Symbol", symbol}, {"Integer", integer}, {"Rational", rational}, {"Add", sum},
             {"Mul", product},   {"Pow", power},       {"FloorDiv", quotient}, {"CleanDiv", quotient}};

/* Any other function: its name and its arguments. */
static bool call(reader *r, mx_str name) {
    mx_buffer_add(r->out, name.p, name.n);
    mx_buffer_byte(r->out, '(');
    for (size_t i = 0; !take(r, ')'); i++) {
        if (i > 0 && !take(r, ',')) return false;
        if (i > 0) mx_buffer_cstr(r->out, ", ");
        if (!operand(r, BIND_SUM)) return false;
    }
    mx_buffer_byte(r->out, ')');
    return true;
}

static bool expression_inside(reader *r, binding *how) {
    mx_str name = word(r);
    if (name.n == 0) return false;
    *how = BIND_ATOM;
    if (!take(r, '(')) { /* a plain number, true, false */
        mx_buffer_add(r->out, name.p, name.n);
        if (name.p[0] == '-') *how = BIND_SUM;
        return true;
    }
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (mx_str_is(name, forms[i].name)) return forms[i].read(r, how);
    return call(r, name);
}

static bool expression(reader *r, binding *how) {
    if (r->depth >= MAX_DEPTH) return false;
    r->depth++;
    bool good = expression_inside(r, how) && !r->out->failed;
    r->depth--;
    return good;
}

static mx_status finish(mx_program *p, mx_buffer *text, mx_str srepr, bool good, int64_t hint, mx_size *out,
                        mx_error *err) {
    if (text->failed) return mx_nomem(err);
    *out = (mx_size){.value = hint};
    mx_str s = good ? mx_buffer_str(text) : srepr;
    if (good && mx_parse_int(s, &out->value)) return MX_OK;
    return mx_program_string(p, s, &out->expr, err);
}

mx_status mx_size_from_srepr(mx_program *p, mx_str srepr, int64_t hint, mx_size *out, mx_error *err) {
    mx_buffer text;
    binding how;
    mx_buffer_init(&text, p->env->allocator);
    reader r = {.at = srepr.p, .end = srepr.p + srepr.n, .out = &text};
    bool good = expression(&r, &how);
    skip_space(&r);
    mx_status status = finish(p, &text, srepr, good && r.at == r.end, hint, out, err);
    mx_buffer_free(&text);
    return status;
}
