/* Inside the comparison. Side 0 is the graph before, side 1 the one after. Names of both are compared as "words": the
 * string ids of side 0, behind which the strings follow that only side 1 has. */
#ifndef MX_CONVERTER_COMPARE_INTERNAL_H
#define MX_CONVERTER_COMPARE_INTERNAL_H

#include "converter/compare.h"
#include "converter/edits.h"

typedef struct mx_cmp_node {
    mx_node_id match;  /* its counterpart on the other side, or MX_NO_NODE */
    uint32_t position; /* operators: place in their scope */
} mx_cmp_node;

typedef struct mx_cmp_scopes {
    mx_node_id of[2];
} mx_cmp_scopes;

struct mx_place;

typedef struct mx_cmp {
    mx_graph *g[2];
    const mx_allocator *allocator;
    mx_error *err;
    mx_difference_fn each;
    void *ctx;
    uint64_t count;
    bool stopped; /* by the callback */
    /* Pairs of nodes alone (edits.c): differences go to `placed` instead of `each`, one for a whole attribute or
     * tensor, in the words of `texts`, and no more than a few bytes of weights are looked at. NULL: two graphs are
     * compared. */
    const mx_edit_texts *texts;
    mx_status (*placed)(struct mx_cmp *c, mx_difference_kind kind, const struct mx_place *at);
    bool no_initializers;
    uint32_t silent;           /* within something that is told as a whole */
    uint32_t *words;           /* of side 1, by string id */
    size_t n_words, n_strings; /* in all; of side 1 */
    uint32_t *unique[2];       /* by word: who bears the name (place in the scope + 1); all 0 between uses */
    mx_cmp_node *nodes[2];     /* by node id */
    uint64_t *hashes[2];       /* by node id: structure of operators and bodies; NULL until it is needed */
    bool *unordered[2];        /* by scope index: an operator in it, or in a body below, uses what is made later */
    mx_cmp_scopes *scopes;     /* pairs of scopes; those from `next_scope` on are to be compared */
    size_t n_scopes, cap_scopes, next_scope;
    mx_node_id *chain; /* of the place being named */
    size_t cap_chain;
    mx_buffer where, text[2];
} mx_cmp;

static inline mx_node *mx_cmp_at(const mx_cmp *c, int side, mx_node_id id) {
    return mx_node_at(c->g[side], id);
}
static inline uint32_t mx_cmp_word(const mx_cmp *c, int side, mx_sid s) {
    return side ? c->words[s] : s;
}
static inline bool mx_cmp_same(const mx_cmp *c, mx_sid a, mx_sid b) {
    return a == c->words[b];
}
static inline bool mx_cmp_named(mx_sid name) {
    return name != MX_SID_ABSENT && name != MX_SID_EMPTY;
}

/* ---- reports (compare_report.c) ---- */

/* Where something stands: a node, then steps into it. Lives on the stack; made into text only for a report. */
typedef struct mx_place {
    const struct mx_place *outer; /* NULL: this is the node */
    int side;
    mx_node_id node;   /* without outer */
    const char *label; /* a step: "attribute", "input", ... */
    mx_sid key;        /* its name on that side, 0: none */
    int64_t index;     /* its number, -1: none */
} mx_place;

static inline mx_place mx_place_node(int side, mx_node_id node) {
    return (mx_place){.side = side, .node = node, .index = -1};
}
static inline mx_place mx_place_field(const mx_place *outer, const char *label) {
    return (mx_place){.outer = outer, .label = label, .index = -1};
}
static inline mx_place mx_place_key(const mx_place *outer, const char *label, int side, mx_sid key) {
    return (mx_place){.outer = outer, .label = label, .side = side, .key = key, .index = -1};
}
static inline mx_place mx_place_index(const mx_place *outer, const char *label, int64_t index) {
    return (mx_place){.outer = outer, .label = label, .index = index};
}

/* Report a difference whose texts before and after are in c->text (empty: none), and clear them.
 * MX_ERR_CANCELLED once the callback wants no more. */
mx_status mx_cmp_report(mx_cmp *c, mx_difference_kind kind, const char *what, const mx_place *at);
/* Likewise, ADDED or REMOVED where one of the texts is empty, else CHANGED. */
mx_status mx_cmp_report_values(mx_cmp *c, const char *what, const mx_place *at);
/* Write to c->text[side]: a string (absent: nothing); an operator's or another node's short name. */
void mx_cmp_show(mx_cmp *c, int side, mx_sid s);
void mx_cmp_show_node(mx_cmp *c, int side, mx_node_id node);
void mx_cmp_say(mx_cmp *c, int side, const char *text);
void mx_cmp_show_type(mx_cmp *c, int side, uint32_t type);
void mx_cmp_show_tensor(mx_cmp *c, int side, const mx_tensor *t);
/* A number in brackets for each dimension. */
void mx_cmp_show_dims(mx_cmp *c, int side, const int64_t *dims, uint32_t n);
void mx_cmp_show_data_type(mx_cmp *c, int side, int32_t data_type);

/* Compare one field and report where it differs. */
mx_status mx_cmp_string(mx_cmp *c, const char *what, const mx_place *at, const char *field, mx_sid a, mx_sid b);
/* The same for two texts of JSON, which may say one thing in two ways (blanks, digits of numbers). */
mx_status mx_cmp_json(mx_cmp *c, const char *what, const mx_place *at, const char *field, mx_sid a, mx_sid b);
mx_status mx_cmp_int(mx_cmp *c, const char *what, const mx_place *at, const char *field, bool has_a, int64_t a,
                     bool has_b, int64_t b);

/* ---- pairs (compare_pairs.c) ---- */

/* Two lists whose order is of no meaning. Of several elements with one key the k-th belongs to the k-th. */
typedef struct mx_cmp_lists {
    size_t n[2];
    uint64_t (*key)(const mx_cmp *c, const void *arg, int side, size_t i);
    /* SIZE_MAX for a or b: the other has no counterpart */
    mx_status (*each)(mx_cmp *c, const void *arg, size_t a, size_t b);
    const void *arg;
} mx_cmp_lists;
/* Calls `each` for all of side 0 in order, then for what only side 1 has. */
mx_status mx_cmp_pairs(mx_cmp *c, const mx_cmp_lists *lists);
/* Match keys likewise: match[i] is the counterpart of a[i] plus 1, or 0. next: room for n_b numbers, where those of b
 * that have a counterpart are UINT32_MAX afterwards. Both counts are below UINT32_MAX. */
mx_status mx_cmp_match_keys(mx_cmp *c, const uint64_t *a, size_t n_a, const uint64_t *b, size_t n_b, uint32_t *match,
                            uint32_t *next);

/* ---- values (compare_value.c) ---- */

bool mx_cmp_same_type(const mx_cmp *c, uint32_t a, uint32_t b);
mx_status mx_cmp_type(mx_cmp *c, const char *what, const mx_place *at, uint32_t a, uint32_t b);
mx_status mx_cmp_metadata(mx_cmp *c, const char *label, const mx_place *at, const mx_pairs *a, const mx_pairs *b);
/* The attributes of two operators or functions. Their bodies are put on the list of scopes to be compared. */
mx_status mx_cmp_attributes(mx_cmp *c, mx_node_id a, mx_node_id b);
/* Put a pair of scopes on the list. False: one of them has another counterpart already. */
mx_status mx_cmp_add_scopes(mx_cmp *c, mx_node_id a, mx_node_id b, bool *fits);

/* ---- tensors (compare_tensor.c, compare_data.c) ---- */

mx_status mx_cmp_tensor(mx_cmp *c, const char *what, const mx_place *at, uint32_t a, uint32_t b);
mx_status mx_cmp_sparse(mx_cmp *c, const char *what, const mx_place *at, uint32_t a, uint32_t b);
mx_status mx_cmp_dims(mx_cmp *c, const char *what, const mx_place *at, const int64_t *a, uint32_t n_a, const int64_t *b,
                      uint32_t n_b);
/* Whether two tensors of one element type hold the same values, however they are stored. */
mx_status mx_cmp_same_data(mx_cmp *c, const mx_tensor *a, const mx_tensor *b, bool *same);
/* Whether there are bytes (perhaps none of them) behind a tensor. */
static inline bool mx_cmp_has_data(const mx_tensor *t) {
    return t->data.source != MX_NO_INDEX;
}
/* The source of a tensor's bytes. MX_ERR_INVALID if the graph was not bound to it. */
mx_status mx_cmp_source(const mx_cmp *c, int side, const mx_blob *data, const mx_source **out);
/* The checksum of all bytes of a tensor, recorded or computed. */
mx_status mx_cmp_data_hash(const mx_cmp *c, int side, const mx_blob *data, mx_hash128 *out);

/* ---- the whole (compare.c) ---- */

/* Make the tables for c->g; mx_cmp_finish in any case. */
mx_status mx_cmp_start(mx_cmp *c);
void mx_cmp_finish(mx_cmp *c);
/* What a ModelProto has beside its graph. */
mx_status mx_cmp_model(mx_cmp *c);
/* Put the pairs of functions on the list of scopes, and report those that have no counterpart. */
mx_status mx_cmp_match_functions(mx_cmp *c);

/* ---- operators and scopes ---- */

/* Match the inputs and the outputs of two scopes (compare_scope.c). */
void mx_cmp_match_formals(mx_cmp *c, const mx_scope_data *a, const mx_scope_data *b);

/* Match the operators of two scopes whose inputs are matched already (compare_match.c). */
mx_status mx_cmp_match_operators(mx_cmp *c, const mx_scope_data *a, const mx_scope_data *b);
/* Compare two scopes and all in them but the bodies of operators (compare_scope.c). */
mx_status mx_cmp_scope(mx_cmp *c, mx_node_id a, mx_node_id b);
/* All of two scopes but the nodes in them. */
mx_status mx_cmp_scope_itself(mx_cmp *c, mx_node_id a, mx_node_id b);
/* An input, or an output but for its port. */
mx_status mx_cmp_formal_itself(mx_cmp *c, mx_node_id a, mx_node_id b);
/* Compare two matched operators (compare_operator.c), and the port of two matched outputs. */
mx_status mx_cmp_operator(mx_cmp *c, mx_node_id a, mx_node_id b);
/* An operator but for its input ports. */
mx_status mx_cmp_operator_itself(mx_cmp *c, mx_node_id a, mx_node_id b);
mx_status mx_cmp_port(mx_cmp *c, const mx_place *at, const mx_port *a, const mx_port *b);

#endif
