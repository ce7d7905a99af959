/* What differs between nodes and what they were, where it is known which belong together: mx_graph_compare for single
 * pairs, without looking for counterparts and without reading weights. */
#ifndef MX_CONVERTER_EDITS_H
#define MX_CONVERTER_EDITS_H

#include "converter/graph.h"

/* The bytes of a tensor up to which its values are compared, unless b's are in memory; of larger ones only type, dims
 * and texts. */
#define MX_EDIT_BYTES 4096u

/* How values are put in words. Buffers remember a lack of memory. */
typedef struct mx_edit_texts {
    void (*string)(mx_buffer *b, const mx_graph *g, mx_sid s); /* absent: nothing is to be appended */
    void (*type)(mx_buffer *b, const mx_graph *g, uint32_t type);
    void (*tensor)(mx_buffer *b, const mx_graph *g,
                   const mx_tensor *t); /* an initializer: what it is, not its values */
    mx_status (*attribute)(mx_buffer *b, const mx_graph *g, const mx_attr *a, mx_error *err);
} mx_edit_texts;

/* One difference; texts are valid during the call. */
typedef struct mx_edit {
    const char *field; /* "name", "attribute", "metadata", "opset_import", "initializer", "input", "type", ... */
    mx_str key;        /* the attribute's name, the entry's key, the domain, the initializer, the value; absent: none */
    int64_t port;      /* of "input" and "output" names; -1: does not apply */
    mx_str before, after; /* absent: none */
} mx_edit;
typedef mx_status (*mx_edit_fn)(void *ctx, const mx_edit *edit, mx_error *err);

typedef struct mx_edits mx_edits;

/* a before, b after: two wired graphs, of which a need not reach its external files. They may get new strings
 * meanwhile, but no nodes. On error *out is NULL. Errors: NOMEM, LIMIT. */
mx_status mx_edits_open(mx_graph *a, mx_graph *b, const mx_edit_texts *texts, mx_edits **out, mx_error *err);
/* Tell what differs between two nodes of one kind, each attribute, entry and initializer at most once: all that they
 * are themselves, not which nodes stand in them nor which feed them; initializers only if they are wanted. Of modules
 * nothing. Linear in the nodes. Errors: those of `each`, NOMEM, READ. */
mx_status mx_edits_find(mx_edits *e, mx_node_id a, mx_node_id b, bool initializers, mx_edit_fn each, void *ctx,
                        mx_error *err);
void mx_edits_close(mx_edits *e); /* NULL is fine */

#endif
