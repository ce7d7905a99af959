/* The module tree of a source program: classes, dotted names, order of execution; and the one rule that makes tags of it.
 *
 * A tree is put together from whatever tells of modules (metadata JSON, tags of an earlier export, torch's metadata, scoped
 * names, names of parameters). Module 0 is the root. All modules that are known stand in it, containers included. */
#ifndef MX_HTP_TREE_H
#define MX_HTP_TREE_H

#include "converter/graph.h"

typedef struct mx_htp_module {
    uint32_t parent, first_child, last_child, next_sibling; /* MX_NO_INDEX: none */
    uint32_t depth;     /* root: 0 */
    mx_sid part;        /* last dotted part of the name: "layer", "0" */
    mx_sid scope;       /* set by mx_htp_tree_settle: dotted name, "encoder.layer.0"; root: "" */
    mx_sid class_name;  /* "BertLayer"; absent: not known */
    mx_sid module_type; /* "torch.nn", or where else the class comes from; absent: not known */
    bool torch_nn;      /* a class of torch.nn: makes a tag only if it is asked for */
    bool own_tag;       /* set by mx_htp_tree_settle: its class (or name) is the last step of its tag */
    bool has_order;     /* executed */
    int32_t order;      /* of first execution; the root's is 0 */
    uint32_t n_calls;   /* how often it is called, 0: not known */
    mx_sid tag;         /* set by mx_htp_tree_settle: the tag of its operators */
    mx_node_id node;    /* its group in the graph, MX_NO_NODE: none yet */
} mx_htp_module;

enum { MX_HTP_TRAIL = 16 };
typedef struct mx_htp_trail { /* the way of the last search: names that follow each other mostly begin alike */
    mx_buffer text;
    uint32_t n_stops;
    struct mx_htp_stop {
        size_t end; /* behind a part, in the text */
        uint32_t module;
    } stops[MX_HTP_TRAIL];
} mx_htp_trail;

typedef struct mx_htp_tree {
    mx_graph *g;        /* strings are those of the graph */
    mx_htp_module *modules;
    size_t count, cap;
    struct mx_string_slot *slots; /* (parent, part) -> module + 1 */
    size_t n_slots;
    mx_htp_trail trail;
    bool classes_known; /* for some module at least: then those without a class make no tag; else names stand in */
} mx_htp_tree;

mx_status mx_htp_tree_init(mx_htp_tree *t, mx_graph *g, mx_error *err); /* with the root */
void mx_htp_tree_free(mx_htp_tree *t);
uint32_t mx_htp_tree_child(const mx_htp_tree *t, uint32_t parent, mx_sid part); /* MX_NO_INDEX: none */
mx_status mx_htp_tree_add(mx_htp_tree *t, uint32_t parent, mx_sid part, uint32_t *out, mx_error *err); /* found or new */
/* The module of a dotted name; `add`: make what is missing, else the deepest that exists (never MX_NO_INDEX). */
mx_status mx_htp_tree_find(mx_htp_tree *t, mx_str dotted, bool add, uint32_t *out, mx_error *err);
/* Whether the name leads all the way to the module that was found for it. */
bool mx_htp_tree_is_whole(const mx_htp_tree *t, uint32_t module, mx_str dotted);
uint32_t mx_htp_tree_common(const mx_htp_tree *t, uint32_t a, uint32_t b); /* deepest module that holds both */
bool mx_htp_tree_holds(const mx_htp_tree *t, uint32_t ancestor, uint32_t module); /* a module holds itself */
/* A list of modules: all that it holds is numbered. */
bool mx_htp_tree_is_list(const mx_htp_tree *t, uint32_t module);
/* What a module is: a class, with or without the path of what it comes from ("torch.nn.modules.sparse.Embedding"). Without,
 * the names of torch.nn's own classes decide whether it is one of them. */
mx_status mx_htp_tree_set_class(mx_htp_tree *t, uint32_t module, mx_str path, mx_error *err);
/* Number the modules anew, parents first, children by their execution order, then their names: the same numbers whatever the order
 * in which they were found. new_number (t->count numbers) is filled with the new number of every old one. */
mx_status mx_htp_tree_arrange(mx_htp_tree *t, uint32_t *new_number, mx_error *err);
/* Dotted names and tags. Which classes of torch.nn make a tag of their own: "none", "all" or a list "LayerNorm,Embedding" (NULL: that list). */
mx_status mx_htp_tree_settle(mx_htp_tree *t, const char *torch_module, mx_error *err);

#endif
