/* The inside of the functional pass: what its files share.
 *
 * Each value of the program has a place in a tree of views: a base (its own storage) or a view of another value. What
 * an in-place operator makes becomes the newest content of its value; it is written back through the chain of views to
 * the base, whose version then goes up; a view that was derived from an older version is derived again when it is read.
 * Nodes are written to a new list while the old one is walked, so they stand in the order of execution. */
#ifndef MX_TORCH_FUNCTIONAL_H
#define MX_TORCH_FUNCTIONAL_H

#include "torch_io/program.h"

typedef enum mx_view_kind {
    MX_VIEW_NOT = 0,    /* makes a value of its own */
    MX_VIEW_FIXED,      /* a view that nothing can be written through */
    MX_VIEW_SAME,       /* gives its argument back */
    MX_VIEW_COPY,       /* a copy of its argument */
    MX_VIEW_TYPE,       /* gives its argument back if that has the type */
    MX_VIEW_CONTIGUOUS, /* gives its argument back if that is laid out so */
    MX_VIEW_DROPOUT,
    MX_VIEW_RESHAPE, /* the same elements in the same order */
    MX_VIEW_MAYBE,   /* the same, a view only where the strides allow it */
    MX_VIEW_SELECT,
    MX_VIEW_SLICE,
    MX_VIEW_DIAGONAL,
    MX_VIEW_NARROW,
    MX_VIEW_SWAP, /* is its own inverse */
    MX_VIEW_PERMUTE,
    MX_VIEW_MOVE,
    MX_VIEW_UNBIND,
    MX_VIEW_SPLIT
} mx_view_kind;

typedef struct mx_alias { /* of a value that the program came with */
    uint32_t same;        /* the value is this one (of equal storage and sizes); MX_NONE: itself */
    uint32_t parent;      /* what it is a view of, MX_NONE: it is a base */
    uint32_t base;
    uint32_t node; /* the node that makes the view, and which of its arguments it views */
    uint16_t arg;
    uint16_t depth;   /* views from the base */
    uint8_t kind;     /* mx_view_kind */
    uint32_t newest;  /* the value with its content, as of ... */
    uint32_t seen;    /* ... this version of the base */
    uint32_t version; /* of a base: how often it was changed */
    bool fixed;       /* a base that may not be changed: an input of a nested graph */
} mx_alias;

typedef struct mx_functional {
    mx_program *p;
    mx_error *err;
    mx_alias *of; /* by value; values that the pass makes have none: they are never changed */
    size_t n;
    uint64_t serial;    /* names of new values end in numbers from here on */
    uint64_t *storages; /* where the payloads of inputs lie, in order; NULL: not asked for so far */
    size_t n_storages;
    uint32_t graph; /* the one that is written */
    uint32_t *out;  /* its new list of nodes */
    size_t n_out, cap_out;
} mx_functional;

/* ---- alias.c ---- */

/* The value that v is: itself, or what it was handed on from. */
uint32_t mx_alias_of(mx_functional *f, uint32_t v);
/* The value that holds v's content at this point of the program; nodes that derive it are written. */
mx_status mx_alias_read(mx_functional *f, uint32_t v, uint32_t *out);
/* From now on the content of v is `content`. */
mx_status mx_alias_write(mx_functional *f, uint32_t v, uint32_t content);
void mx_alias_make_base(mx_functional *f, uint32_t v, uint32_t content);
mx_status mx_alias_make_view(mx_functional *f, uint32_t v, uint32_t parent, uint32_t node, uint16_t arg, uint8_t kind);

/* ---- views.c ---- */

/* What a node makes out of its argument *arg; MX_VIEW_NOT: something new. The node's arguments are still those of the
 * program. */
mx_view_kind mx_view_of(const mx_functional *f, const mx_pnode *n, uint16_t *arg);
/* Write `child` back: *out becomes what `parent` is after the view `a` of it (its output `output`) got the content
 * `child`. */
mx_status mx_view_write(mx_functional *f, const mx_alias *a, uint32_t output, uint32_t parent, uint32_t child,
                        uint32_t *out);

/* ---- inplace.c ---- */

/* The functional twin of an operator that changes its first argument; absent: it has none. Arguments may be changed for
 * it. */
mx_status mx_inplace_twin(mx_functional *f, mx_pnode *n, mx_sid *target);
/* Whether the schema of a node says that it changes an argument (*arg). */
bool mx_inplace_arg(const mx_program *p, const mx_pnode *n, uint16_t *arg);
bool mx_inplace_name(mx_str target); /* "aten.add_.Tensor" */

/* ---- functional.c: writing nodes ---- */

mx_status mx_functional_emit(mx_functional *f, uint32_t node); /* to the list */
/* A node at the place in the source where node `like` stands; its only output is like the value `meta`. args: in the
 * order of the schema, the rest gets its defaults. */
mx_status mx_functional_make(mx_functional *f, const char *target, uint32_t like, const mx_parg *args, uint32_t n_args,
                             uint32_t meta, uint32_t *out);
/* A new value like `meta`, with a name of its own. */
mx_status mx_functional_value(mx_functional *f, uint32_t meta, uint32_t node, uint32_t output, uint32_t *out);
mx_status mx_functional_unsupported(mx_functional *f, const mx_pnode *n, const char *what);

/* ---- dead.c ---- */

/* Drop the nodes of a graph that nothing needs. needed: an entry for each value of the program, 0 at first. */
void mx_functional_drop_dead(mx_program *p, uint32_t graph, uint8_t *needed);

#endif
