/* A source program: what torch.export wrote (and, later, TorchScript graphs), typed, in the order of execution. Values
 * are numbered per program; every node has its arguments by the position of the operator's schema, defaults filled in.
 *
 * mx_program_functional makes a program functional: afterwards every value is made once and never changed, no node has
 * an effect, and the targets with a trailing underscore are gone. */
#ifndef MX_TORCH_PROGRAM_H
#define MX_TORCH_PROGRAM_H

#include "base/error.h"
#include "base/memory.h"
#include "base/source.h"
#include "base/text.h"
#include "converter/dtype.h"

#define MX_NONE UINT32_MAX /* no value, no node, no graph, no module */

/* No size or stride of a program's tensors is larger: sums, and products with numbers of 15 bits, do not overflow. */
#define MX_MAX_SIZE ((int64_t)1 << 48)

/* A size: a number, or an expression of symbols. Two sizes are known to be equal where both fields are. */
typedef struct mx_size {
    int64_t value; /* the size; of an expression: its hint (what it was in the exporting run), -1: none */
    mx_sid expr;   /* 0: `value` is the size. Else the expression in its canonical text: "s18", "32*s41", "s0//2".
                      MX_SID_EMPTY: not known at all, equal to nothing */
} mx_size;

typedef enum mx_pvalue_kind {
    MX_PV_TENSOR = 0,
    MX_PV_INT,   /* a SymInt: a size, or what is computed from sizes */
    MX_PV_FLOAT, /* a SymFloat */
    MX_PV_BOOL   /* a SymBool */
} mx_pvalue_kind;

typedef struct mx_pvalue {
    mx_sid name;
    uint8_t kind;  /* mx_pvalue_kind */
    int32_t elem;  /* TENSOR: TensorProto.DataType, 0: not known */
    uint32_t rank; /* TENSOR: MX_NONE: not known (then sizes and strides are NULL) */
    const mx_size *sizes;
    const mx_size *strides; /* in elements */
    mx_size size;           /* INT: what it is */
    uint32_t node;          /* the node that makes it; MX_NONE: an input of its graph */
    uint32_t output;        /* which of its outputs, or which input of the graph */
    uint32_t graph;         /* the graph it lives in */
} mx_pvalue;

typedef enum mx_parg_kind {
    MX_ARG_NONE = 0,      /* Python's None, or an argument without a default that was not given */
    MX_ARG_VALUE,         /* `value`: a tensor or a symbolic number */
    MX_ARG_VALUES,        /* `values`: tensors, MX_NONE for None */
    MX_ARG_INT,           /* `i` */
    MX_ARG_INTS,          /* `items`: numbers and symbolic numbers, mixed */
    MX_ARG_FLOAT,         /* `f` */
    MX_ARG_FLOATS,        /* `floats` */
    MX_ARG_BOOL,          /* `i`: 0 or 1 */
    MX_ARG_BOOLS,         /* `items` */
    MX_ARG_STRING,        /* `text` */
    MX_ARG_STRINGS,       /* `texts` */
    MX_ARG_DTYPE,         /* `i`: TensorProto.DataType */
    MX_ARG_LAYOUT,        /* `i`: torch's number of the format (7: strided) */
    MX_ARG_MEMORY_FORMAT, /* `i`: 1 contiguous, 2 channels_last, 3 channels_last_3d, 4 preserve */
    MX_ARG_DEVICE,        /* `text`: "cpu" */
    MX_ARG_GRAPH,         /* `value`: index into graphs */
    MX_ARG_COMPLEX,       /* `floats`: two */
    MX_ARG_OTHER          /* `text`: a kind that no operator here takes ("as_custom_obj"), by its name */
} mx_parg_kind;

typedef struct mx_pitem {
    int64_t i;
    uint32_t value; /* not MX_NONE: a symbolic number (kind INT or BOOL), `i` is not used */
} mx_pitem;

typedef struct mx_parg {
    uint8_t kind;   /* mx_parg_kind */
    mx_sid name;    /* the schema's name; absent for higher-order operators */
    uint32_t count; /* of lists */
    union {
        uint32_t value;
        int64_t i;
        double f;
        mx_sid text;
        const uint32_t *values;
        const mx_pitem *items;
        const double *floats;
        const mx_sid *texts;
    };
} mx_parg;

/* A module, by its dotted name ("encoder.layer.0", "" for the root). modules[0] is the root; parents stand before
 * children. */
typedef struct mx_pmodule {
    mx_sid fqn;
    mx_sid class_path; /* "transformers.models.bert.modeling_bert.BertLayer"; absent: not known (nothing in it runs) */
    uint32_t parent;
    int32_t order; /* of first execution, the root's is 0; -1: never executed */
} mx_pmodule;

/* One call of a module, as a node's module stack tells it: the same module called twice makes two calls. */
typedef struct mx_pcall {
    uint32_t module, parent; /* parent: the call it was made in, MX_NONE: the root's */
    uint32_t time;           /* which call of that module this is, from 0 on */
} mx_pcall;

typedef struct mx_pnode {
    mx_sid target; /* "aten.linear.default", "higher_order.cond", "_operator.mul" */
    mx_sid name;
    mx_parg *args; /* by schema position, complete; for higher-order operators and Python's, as they stand */
    uint32_t n_args;
    uint32_t *outputs; /* values, lists of tensors flattened; MX_NONE: an output that is None */
    uint32_t n_outputs;
    uint32_t call; /* index into calls; MX_NONE: it carries no module stack */
    uint32_t graph;
    mx_sid stack_trace; /* with absolute paths of the exporting machine; absent: none */
    bool dropped;       /* taken out by a pass */
} mx_pnode;

typedef struct mx_pgraph {
    uint32_t parent_node; /* the node that has it as an argument; MX_NONE: the program's own */
    uint32_t *inputs;     /* values */
    mx_parg *outputs;     /* VALUE, or a constant, or NONE */
    uint32_t *nodes;      /* in the order of execution */
    uint32_t n_inputs, n_outputs, n_nodes, cap_nodes;
} mx_pgraph;

typedef enum mx_pinput_kind {
    MX_PIN_USER = 0, /* an input of the model */
    MX_PIN_PARAMETER,
    MX_PIN_BUFFER,
    MX_PIN_CONSTANT, /* a tensor that the program holds ("lifted_tensor_0") */
    MX_PIN_FIXED     /* a Python number or None that was given at export: `fixed` */
} mx_pinput_kind;

/* A payload: a tensor's place in a storage. Offset and strides count elements. */
typedef struct mx_pweight {
    mx_sid name;                           /* dotted name */
    uint32_t source;                       /* the storage: index into sources ... */
    uint64_t storage_offset, storage_size; /* ... and its place there, in bytes. Checked: it lies inside the file */
    int32_t elem;
    uint32_t rank;
    const int64_t *sizes, *strides;
    int64_t offset; /* Checked: every element lies inside the storage */
} mx_pweight;

typedef struct mx_pinput { /* one for each input of graph 0, in order */
    uint8_t kind;          /* mx_pinput_kind */
    uint32_t weight;       /* PARAMETER, BUFFER, CONSTANT: index into weights; MX_NONE: it has no payload */
    mx_parg fixed;
} mx_pinput;

typedef struct mx_program {
    const mx_env *env;
    mx_arena arena; /* all arrays below but the growing ones */
    mx_strings strings;
    mx_source **sources; /* the file */
    mx_pvalue *values;
    mx_pnode *nodes;
    mx_pgraph *graphs; /* 0: the program's own */
    mx_pmodule *modules;
    mx_pcall *calls;
    mx_pweight *weights;
    mx_pinput *inputs;
    mx_sid *output_names; /* by output of graph 0: the user's name for it (a field of the returned dict or class),
                             absent: none */
    size_t n_sources, n_values, n_nodes, n_graphs, n_modules, n_calls, n_weights, n_inputs;
    size_t cap_sources, cap_values, cap_nodes, cap_graphs, cap_modules, cap_calls, cap_weights;
    mx_sid torch_version;
    bool functional;
} mx_program;

static inline mx_str mx_ptext(const mx_program *p, mx_sid id) {
    return p->strings.items[id];
}
static inline bool mx_size_is_number(mx_size s) {
    return s.expr == MX_SID_ABSENT;
}
static inline mx_size mx_size_number(int64_t n) {
    return (mx_size){n, MX_SID_ABSENT};
}
static inline mx_size mx_size_unknown(void) {
    return (mx_size){-1, MX_SID_EMPTY};
}
static inline bool mx_size_is(mx_size s, int64_t n) {
    return mx_size_is_number(s) && s.value == n;
}
static inline bool mx_size_equal(mx_size a, mx_size b) {
    return a.expr == b.expr && a.expr != MX_SID_EMPTY && (a.expr != MX_SID_ABSENT || a.value == b.value);
}

/* ---- pt2_read.c ---- */

/* Read a .pt2 file. *out is released with mx_program_free.
 * Errors: READ; INVALID, SYNTAX, LIMIT (spoiled archive or program: names the entry, node or key);
 * UNSUPPORTED (newer schema, pickled payloads, custom objects, big-endian); NOMEM. */
mx_status mx_pt2_read(const mx_env *env, const char *path, mx_program **out, mx_error *err);
void mx_program_free(mx_program *p);

/* ---- program.c: building; all fail with NOMEM or LIMIT only ---- */

mx_status mx_program_new(const mx_env *env, mx_program **out, mx_error *err); /* with graph 0 and the root module */
mx_status mx_program_string(mx_program *p, mx_str s, mx_sid *out, mx_error *err);
mx_status mx_program_add_value(mx_program *p, const mx_pvalue *v, uint32_t *out, mx_error *err);
mx_status mx_program_add_node(mx_program *p, const mx_pnode *n, uint32_t *out,
                              mx_error *err); /* in no graph's list yet */
mx_status mx_program_add_graph(mx_program *p, uint32_t *out, mx_error *err);
mx_status mx_program_append(mx_program *p, uint32_t graph, uint32_t node, mx_error *err); /* to the graph's list */

/* Whether elements that lie by these strides lie one behind the other, in their order. */
bool mx_strides_in_order(const int64_t *sizes, const int64_t *strides, uint32_t rank);

/* Fill the arguments of a node by its schema: given ones (by name or position) in place, defaults for the rest.
 * Errors: INVALID (an argument that the schema does not have, one without default missing); a target without a schema
 * is left as it stands. schema.c, over a table made by tools/make_torch_schemas.py. */
mx_status mx_program_complete(mx_program *p, mx_pnode *n, mx_error *err);
/* The schema's text for messages, NULL: none: "self,other,*alpha=1". */
const char *mx_torch_schema(const char *target);

/* ---- functional.c ---- */

/* Make the program functional: in-place operators become their functional twins, what they changed is written through
 * views to the base and read again by all other views (alias analysis over the views' chains); asserts, constraints and
 * identities (detach, alias, lift_fresh_copy, dropout outside of training, contiguous, clone, ...) are dropped,
 * graphs of wrap_with_set_grad_enabled inlined, nodes without use removed. The user's outputs keep their meaning.
 * Errors: UNSUPPORTED (names the node), NOMEM, LIMIT. */
mx_status mx_program_functional(mx_program *p, mx_error *err);

#endif
