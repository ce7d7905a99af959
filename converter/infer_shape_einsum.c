/* Einsum: the equation tells which dims the result has. */
#include "converter/infer_rules.h"

/* The sizes of the letters, and the dims that an ellipsis stands for. */
typedef struct terms {
    mx_dim letters[128];
    uint32_t uses[128];
    mx_dim rest[MX_INFER_RANK]; /* of ellipses, broadcast */
    uint32_t rest_rank;
    bool rest_known;
} terms;

static bool is_letter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Letters and ellipses of one term; false: neither, or too many. */
static bool count_term(mx_str term, uint32_t *letters, bool *ellipsis) {
    *letters = 0;
    *ellipsis = false;
    for (size_t i = 0; i < term.n; i++) {
        if (is_letter(term.p[i]))
            ++*letters;
        else if (term.p[i] == '.' && i + 2 < term.n && term.p[i + 1] == '.' && term.p[i + 2] == '.' && !*ellipsis) {
            *ellipsis = true;
            i += 2;
        } else if (term.p[i] != ' ') {
            return false;
        }
    }
    return *letters <= MX_INFER_RANK;
}

static bool add_rest(terms *t, const mx_dim *dims, uint32_t count) {
    mx_dim sum[MX_INFER_RANK];
    uint32_t rank;
    mx_shape both[2] = {{t->rest_rank, t->rest}, {count, dims}};
    if (!mx_broadcast(both, 2, sum, &rank)) return false;
    memcpy(t->rest, sum, rank * sizeof *sum);
    t->rest_rank = rank;
    return true;
}

static bool add_term(mx_op *op, terms *t, mx_str term, uint32_t input) {
    mx_shape shape;
    uint32_t letters, at = 0;
    bool ellipsis, known = mx_op_in_shape(op, input, &shape);
    if (!count_term(term, &letters, &ellipsis)) return false;
    if (known && (ellipsis ? letters > shape.rank : letters != shape.rank)) return false;
    if (ellipsis && !known) t->rest_known = false;
    for (size_t i = 0; i < term.n; i++) {
        uint8_t c = (uint8_t)term.p[i];
        if (is_letter(term.p[i])) {
            mx_dim d = known ? shape.dims[at++] : mx_dim_unknown, *have = &t->letters[c];
            bool weak = t->uses[c]++ == 0 || mx_dim_is(*have, 1);
            if (weak)
                *have = d;
            else if (!mx_dim_is(d, 1))
                *have = mx_dim_better(*have, d);
        } else if (c == '.') {
            i += 2;
            if (!known) continue;
            if (!add_rest(t, shape.dims + at, shape.rank - letters)) return false;
            at += shape.rank - letters;
        }
    }
    return true;
}

static bool put(mx_dim *dims, uint32_t *rank, mx_dim d) {
    if (*rank == MX_INFER_RANK) return false;
    dims[(*rank)++] = d;
    return true;
}

static bool put_rest(const terms *t, mx_dim *dims, uint32_t *rank) {
    bool fits = t->rest_known;
    for (uint32_t i = 0; fits && i < t->rest_rank; i++)
        fits = put(dims, rank, t->rest[i]);
    return fits;
}

static void out_explicit(mx_op *op, const terms *t, mx_str result) {
    mx_dim dims[MX_INFER_RANK];
    uint32_t rank = 0, letters;
    bool ellipsis, fits = count_term(result, &letters, &ellipsis);
    for (size_t i = 0; fits && i < result.n; i++) {
        uint8_t c = (uint8_t)result.p[i];
        if (is_letter(result.p[i])) {
            fits = put(dims, &rank, t->letters[c]);
        } else if (c == '.') {
            fits = put_rest(t, dims, &rank);
            i += 2;
        }
    }
    if (fits) mx_op_out_shape(op, 0, rank, dims);
}

/* Without "->": the ellipsis, then in alphabetical order the letters that occur once. */
static void out_implicit(mx_op *op, const terms *t, bool ellipsis) {
    mx_dim dims[MX_INFER_RANK];
    uint32_t rank = 0;
    bool fits = !ellipsis || put_rest(t, dims, &rank);
    for (uint32_t c = 0; fits && c < 128; c++)
        if (t->uses[c] == 1) fits = put(dims, &rank, t->letters[c]);
    if (fits) mx_op_out_shape(op, 0, rank, dims);
}

void mx_shape_einsum(mx_op *op) {
    mx_str equation = mx_op_string(op, "equation", "");
    if (equation.n == 0) return;
    const char *arrow = memmem(equation.p, equation.n, "->", 2);
    size_t end = arrow ? (size_t)(arrow - equation.p) : equation.n;
    terms t = {.rest_known = true};
    uint32_t input = 0;
    bool ellipsis = false;
    for (size_t from = 0; from <= end; input++) {
        const char *comma = end > from ? memchr(equation.p + from, ',', end - from) : NULL;
        size_t to = comma ? (size_t)(comma - equation.p) : end;
        mx_str term = {equation.p + from, to - from};
        if (!add_term(op, &t, term, input)) return;
        ellipsis = ellipsis || memchr(term.p, '.', term.n);
        from = to + 1;
    }
    if (arrow)
        out_explicit(op, &t, (mx_str){arrow + 2, equation.n - end - 2});
    else
        out_implicit(op, &t, ellipsis);
}
