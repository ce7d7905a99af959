/* From a GraphML file to a graph, in small passes over one intermediate table.
 *
 *  1. read_*.c            the XML as a stream; every <node> becomes an mx_item, every <edge> an mx_edge. All JSON is
 *                         decoded on the way, into pieces that the new graph owns.
 *     legacy_*.c          files of the earlier v1.1 generation become such a table too
 *  2. import_contain.c    which compound and which scope every item stands in
 *     import_flat.c       in files without nesting, edited tags move operators
 *  3. import_identity.c   which of several items with one node_index is the old one; the others are new
 *  4. import_edges.c      edges become the sources of input ports
 *     import_calls.c      calls follow functions that were renamed
 *     import_sight.c      edges that a body or a function does not let through are refused
 *  5. import_names.c      fresh names for what is new; graph outputs give their names to values
 *     import_fresh.c
 *     import_outputs.c
 *  6. import_build.c      the items become the nodes of the graph, in order
 *  7. import_check.c      mx_graph_wire must find by name what the edges say
 *     import_arity.c      bodies and functions must have the ports that their operators need
 *     import_shadow.c     no name is made in a graph and in its bodies
 *  8. mx_graph_sort       repairs the order of scopes that an edit touched
 *  9. import_tags.c       hierarchy tags follow the containment
 *  10. import_orphans.c   initializers that nothing uses any more are dropped
 *  11. import_tell.c      what was edited is put in words for the report (ports: pass 5)
 */
#ifndef MX_GRAPHML_IMPORT_H
#define MX_GRAPHML_IMPORT_H

#include "converter/orphans.h"
#include "graphml/graphml.h"
#include "graphml/keys.h"
#include "graphml/map.h"
#include "graphml/origin.h"
#include "graphml/source.h"

enum {                      /* kinds of items beyond mx_node_kind */
       MX_ITEM_GROUP = 100, /* a group without our data: transparent */
       MX_ITEM_NOTE         /* a leaf without our data */
};

enum { /* mx_item.flags */
       MX_ITEM_HAS_INDEX = 1u << 0,
       MX_ITEM_NEW = 1u << 1,       /* not in the source model */
       MX_ITEM_UNORDERED = 1u << 2, /* faults of the source model */
       MX_ITEM_DUPLICATE = 1u << 3,
       MX_ITEM_CHANGED = 1u << 4,     /* an edge gives a port another value than its stored name says */
       MX_ITEM_MOVED = 1u << 5,       /* stands in another compound than its stored parent */
       MX_ITEM_FRESH_NAMES = 1u << 6, /* a copy: its name and values need fresh names */
       MX_ITEM_RENAMED = 1u << 7      /* an output gave its name to one of its values */
};

/* One <node>. */
typedef struct mx_item {
    mx_sid xml_id; /* in mx_import.ids */
    uint32_t line;
    uint32_t outer;     /* item of the <node> around it, MX_NO_INDEX: none */
    uint32_t container; /* item of the compound it stands in (pass 2); the model's: MX_NO_INDEX */
    uint32_t scope;     /* item of the model, function or body whose name space it lives in; a scope's own: itself */
    uint32_t depth;     /* compounds between it and its scope */
    uint32_t compound;  /* model, function, body, module: index into compounds */
    uint32_t type;      /* input, output: type or MX_NO_INDEX */
    uint32_t fault;     /* index into faults or MX_NO_INDEX */
    uint32_t original;  /* of a copy: what it is a copy of (pass 3), else MX_NO_INDEX */
    mx_node_id node;    /* pass 6 */
    uint8_t kind;
    uint16_t flags;
    uint16_t edits;    /* bits of mx_origin_field: what is not as it was written */
    int32_t index;     /* node_index */
    mx_origin *origin; /* what it was when it was written; NULL: not said, or not wanted */
    mx_sid key, parent_key;
    mx_sid name, op_type, domain, overload, doc, rest, tag;
    mx_sid label; /* one that was changed by hand */
    uint32_t n_inputs, n_outputs, n_attrs, attr_index;
    uint32_t next_in_scope;        /* pass 6 */
    uint32_t n_in_edges, n_wanted; /* pass 4: edges that end here; ports they ask for */
    mx_port *inputs;               /* operator, output (one). source is an item until pass 6 */
    mx_sid *outputs;
    mx_attr *attrs;
    mx_pairs metadata;
} mx_item;

/* What only compounds have. */
typedef struct mx_compound {
    bool own_tag, has_order, no_graph;
    int32_t order;
    mx_sid class_name, module_type, scope;
    mx_sid graph_name, graph_doc, graph_rest;
    mx_pairs graph_metadata;
    mx_opset *opsets;
    uint32_t *initializers, *sparse;
    mx_sid *attribute_names;
    uint32_t first_item, last_item; /* of a scope, in order (pass 6) */
    uint32_t n_opsets, n_initializers, n_sparse, n_attribute_names;
    uint32_t name_was; /* mx_origin_hash of the name of a function that was renamed, else 0 */
} mx_compound;

/* One <edge>. */
typedef struct mx_edge {
    uint32_t source, target;          /* xml ids until pass 4, then items */
    int32_t source_port, target_port; /* -1: not said */
    uint32_t line;
} mx_edge;

/* A value_info entry. */
typedef struct mx_info {
    uint32_t item;
    uint32_t port;  /* MX_NO_INDEX: by name (a scope's) */
    uint32_t index; /* place in GraphProto.value_info */
    mx_value_info value;
} mx_info;

/* Input ports whose name nothing made in the source model. */
typedef struct mx_item_faults {
    uint32_t *unresolved; /* ascending */
    uint32_t n_unresolved;
} mx_item_faults;

typedef struct mx_import {
    mx_graph *g;
    mx_arena *arena; /* the graph's */
    const mx_allocator *allocator;
    mx_error *err;
    mx_weights *weights;
    mx_graphml_report *report;

    mx_strings ids; /* XML ids of nodes */
    uint32_t *item_of_id;
    size_t cap_item_of_id;
    mx_item *items;
    mx_compound *compounds;
    mx_edge *edges;
    mx_info *infos;
    mx_item_faults *faults;
    mx_rewired *rewired; /* pass 5; the nodes are items until pass 6 */
    size_t n_items, n_compounds, n_edges, n_infos, n_faults, n_rewired;
    size_t cap_items, cap_compounds, cap_edges, cap_infos, cap_faults, cap_rewired;

    mx_buffer values; /* bytes of all "values" tensors; their blobs have source MX_VALUES_PENDING */
    bool legacy;      /* no key is called node_kind: a file of the earlier v1.1 generation */
    bool nested;      /* some <node> stands in another one */
    uint32_t model;   /* item of the model */
    uint32_t *order;  /* live items by node_index, new ones last (pass 3) */
    size_t n_order, cap_order;
    mx_map by_key;       /* compound_key -> item, the first in the file */
    mx_map initializers; /* (scope's item, name) -> 0 (pass 2) */
    mx_map renamed;      /* (scope's item, old name of an initializer) -> new name (pass 5) */

    uint32_t *item_of_node; /* pass 6 */
    mx_port *expected;      /* what the edges said, port by port in order of node ids (pass 6, 7) */
    size_t cap_item_of_node, n_expected;
    mx_unused unused;                  /* initializers that nothing used in the source model (pass 7) */
    uint64_t n_source_nodes;           /* when the file was written; 0: not said */
    mx_sid source_name, metadata_name; /* of the files that it was made from; absent: not said */
    mx_traces *traces;                 /* NULL: not wanted */
    uint64_t fresh;                    /* counter of fresh names */
} mx_import;

#define MX_VALUES_PENDING (MX_NO_INDEX - 1)

static inline bool mx_item_is_scope(const mx_item *i) {
    return i->kind <= MX_NODE_BODY;
}
static inline bool mx_item_is_compound(const mx_item *i) {
    return i->kind <= MX_NODE_MODULE;
}
static inline bool mx_item_is_live(const mx_item *i) { /* will be a node of the graph */
    return i->kind <= MX_NODE_OUTPUT;
}
/* The compound that a stored `parent` means, MX_NO_INDEX: none. A copy has the key of its original and may stand before
 * it; which of them is the original is known from pass 3 on. */
static inline uint32_t mx_item_of_key(const mx_import *im, mx_sid key) {
    uint32_t found = mx_map_get(&im->by_key, key);
    return found != MX_NO_INDEX && im->items[found].original != MX_NO_INDEX ? im->items[found].original : found;
}

/* ---- items (import_items.c) ---- */

mx_status mx_import_add_item(mx_import *im, uint32_t *out);
mx_status mx_import_add_compound(mx_import *im, uint32_t item);
/* An error that names the item and its line. */
mx_status mx_item_fail(mx_import *im, uint32_t item, mx_status code, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The item's place, added to an error that was just made. */
mx_status mx_item_place(mx_import *im, uint32_t item, mx_status code);
/* The name by which messages call an item: its name, or "MatMul (node_index 7)". Ends in NUL. */
typedef struct mx_item_label {
    char text[200];
} mx_item_label;
mx_item_label mx_item_show(const mx_import *im, uint32_t item);
void mx_import_free(mx_import *im);

/* ---- reading (read_xml.c, read_parts.c, read_item.c, read_weights.c) ---- */

/* Parse the source; pass 1. */
mx_status mx_read_xml(mx_import *im, const mx_source *source);
/* The texts of one <node> or <edge>, by key; lines for messages. */
typedef struct mx_texts {
    mx_str at[MX_KEY_COUNT];
    bool has_graph;       /* a <graph> stands in the node */
    mx_origin label;      /* of the first label of its picture or pictures */
    mx_str label_text[2]; /* the beginning of these */
} mx_texts;
mx_status mx_read_item(mx_import *im, uint32_t item, const mx_texts *texts);
/* The one port of an input or output, made from its name. */
mx_status mx_import_value_port(mx_import *im, mx_item *item);
/* Of the outermost <graph>: the names of the files that this one was made from. */
mx_status mx_read_outer_graph(mx_import *im, const mx_texts *texts);
mx_status mx_read_edge(mx_import *im, mx_edge *edge, const mx_texts *texts);
/* The "weights" and "external_files" texts of the model. */
mx_status mx_read_weights(mx_import *im, uint32_t item, const mx_texts *texts);

/* ---- passes ---- */

mx_status mx_import_contain(mx_import *im);
mx_status mx_import_move_by_tags(mx_import *im);
mx_status mx_import_identify(mx_import *im);
mx_status mx_import_connect(mx_import *im);
mx_status mx_import_follow_functions(mx_import *im);
mx_status mx_import_look(mx_import *im);
mx_status mx_import_name(mx_import *im);
mx_status mx_import_name_new(mx_import *im);
/* An edge that leaves an output without a name makes it a value. */
mx_status mx_import_name_used(mx_import *im, const mx_item *item);
mx_status mx_import_name_outputs(mx_import *im);
mx_status mx_import_build(mx_import *im);
mx_status mx_import_check(mx_import *im);
mx_status mx_import_check_arity(mx_import *im);
mx_status mx_import_check_shadows(mx_import *im);
mx_status mx_import_tag(mx_import *im);
mx_status mx_import_drop_orphans(mx_import *im);
mx_status mx_import_tell(mx_import *im);
/* A change of an item, to be completed and told. */
mx_change mx_change_of(const mx_import *im, uint32_t item, const char *kind);
/* Fill im->traces. */
mx_status mx_import_trace(mx_import *im);
/* The kind of an item, as node_kind has it. */
const char *mx_item_kind(const mx_item *item);

/* Whether an initializer of this name can be seen from a scope: its own, or an outer one's. */
bool mx_import_sees_initializer(const mx_import *im, uint32_t scope, mx_sid name);
/* The scope around a scope that sees outer values (a body's); MX_NO_INDEX: none. */
uint32_t mx_import_outer_scope(const mx_import *im, uint32_t scope);
/* A name that nothing in the file uses: base, "_" and a number; an absent or empty base gives `fallback`. */
mx_status mx_import_fresh_name(mx_import *im, mx_sid base, const char *fallback, mx_sid *out);

#endif
