/* Who tells of modules and scopes. Every distinct scope text is kept and resolved once; operators only point at it. Texts
 * are resolved in their sorted order, so that the order of nodes decides nothing. */
#ifndef MX_HTP_SOURCES_H
#define MX_HTP_SOURCES_H

#include "htp/tagging.h"

typedef enum mx_htp_form { /* how a scope text is written; resolved in this order */
    MX_HTP_FORM_DOTTED = 0, /* encoder.layer.0 */
    MX_HTP_FORM_TORCH,      /* a Python list without its end: ['', 'encoder', 'encoder.layer.0' */
    MX_HTP_FORM_NAMESPACE,  /* : a.b.Model/encoder: a.b.Encoder */
    MX_HTP_FORM_SLASHED,    /* encoder/layer.0 */
    MX_HTP_FORM_TAG         /* /Model/Encoder: a tag without a scope */
} mx_htp_form;

typedef struct mx_htp_scope {
    mx_str text;
    mx_str classes;   /* TORCH: the list of classes that goes with it; absent: none */
    mx_sid tag;       /* told for its operators by an earlier export; absent: none */
    uint8_t form;
    bool exact;       /* it is a module; else `module` is the nearest ancestor that is one */
    uint32_t module;  /* MX_NO_INDEX: it says nothing */
} mx_htp_scope;

typedef struct mx_htp_sources {
    mx_graph *g;
    mx_htp_tree *tree;
    mx_htp_label *labels; /* by node id; `source` and a told `method` are entered while scopes are collected */
    mx_error *err;
    bool given;           /* the tree came from metadata: no module is added */
    mx_htp_scope *scopes;
    size_t n_scopes, cap_scopes;
    struct mx_string_slot *slots; /* (form, text) -> scope + 1 */
    size_t n_slots;
    uint32_t last;        /* the scope found last: operators of one module mostly stand together */
    uint32_t *scope_of;   /* by node id: scope + 1, 0: none */
    uint32_t *owners;     /* by string id: the module + 1 that owns the parameter of that name */
    uint32_t *uses;       /* by string id: ports that take the parameter */
    bool *merged;         /* by string id: the parameter stands for those of several modules */
    bool *folded;         /* by string id: a constant, no mere vector, that no module owns: computed before the export */
    size_t n_names;
} mx_htp_sources;

mx_status mx_htp_sources_init(mx_htp_sources *s, mx_graph *g, mx_htp_tagging *t, mx_error *err);
void mx_htp_sources_free(mx_htp_sources *s);

/* A module tree in the text of a metadata JSON; sets s->given. Errors: INVALID (names the key), LIMIT, NOMEM. */
mx_status mx_htp_read_metadata(mx_htp_sources *s, const void *text, size_t size);

/* The scope texts of all operators. */
mx_status mx_htp_collect_scopes(mx_htp_sources *s, const mx_htp_options *options);
/* The scope of that form and text, found or new. */
mx_status mx_htp_add_scope(mx_htp_sources *s, mx_htp_form form, mx_str text, uint32_t *out);

/* sources_stack.c: enter the modules that stand in the graph as nodes, and the scope of an operator by the node it stands in. */
mx_status mx_htp_enter_stack(mx_htp_sources *s);
mx_status mx_htp_stack_scope(mx_htp_sources *s, const mx_node *op, uint32_t *out);

/* Modules for all scope texts, and for the names of parameters. */
mx_status mx_htp_resolve_scopes(mx_htp_sources *s);
/* TORCH and NAMESPACE; before: the text that was resolved before this one. */
mx_status mx_htp_resolve_torch(mx_htp_sources *s, mx_htp_scope *scope, mx_str before);
mx_status mx_htp_resolve_dotted(mx_htp_sources *s, mx_htp_scope *scope, mx_str dotted);
mx_status mx_htp_resolve_slashed(mx_htp_sources *s, const uint32_t *sorted, size_t count);
mx_status mx_htp_resolve_tag(mx_htp_sources *s, mx_htp_scope *scope);
mx_status mx_htp_resolve_parameters(mx_htp_sources *s);
/* Classes from the tags of an earlier export. */
mx_status mx_htp_learn_classes(mx_htp_sources *s);

/* sources_merged.c: the parameters whose names tell nothing, s->merged and s->folded; once owners and uses are known. */
mx_status mx_htp_find_merged(mx_htp_sources *s);

/* Whether an operator takes a constant that was computed before the export. */
bool mx_htp_takes_folded(const mx_htp_sources *s, mx_node_id op);
/* Whether a module owns the parameter of that name. */
bool mx_htp_is_parameter(const mx_htp_sources *s, mx_sid name);
/* The module that the parameters of an operator tell, MX_NO_INDEX: none; *exact: it owns them itself, not a module that is missing
 * in the tree; *merged: some stand for those of several modules and tell nothing. Parameters that come through Identity,
 * Transpose, Cast, DequantizeLinear, ... count. */
uint32_t mx_htp_parameter_module(const mx_htp_sources *s, mx_node_id op, bool *exact, bool *merged);

#endif
