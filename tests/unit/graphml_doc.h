/* Small GraphML documents for tests, written by hand: every key of the profile is declared, its attr.name being its id.
 */
#ifndef GRAPHML_DOC_H
#define GRAPHML_DOC_H

#include "graphml/graphml.h"

typedef struct doc {
    mx_buffer text;
    int depth;
    char path[64];
    mx_weights weights;
    mx_graphml_report report;
    mx_error err;
    mx_graph *g;
} doc;

void doc_begin(doc *d);
void doc_end(doc *d); /* removes the file, releases the graph */

/* key, value, key, value, ..., NULL. XML specials in values are escaped. */
void doc_node(doc *d, const char *id, ...) __attribute__((sentinel));
/* The same, and a graph in it, until doc_close. */
void doc_group(doc *d, const char *id, ...) __attribute__((sentinel));
void doc_close(doc *d);
/* Ports below 0 are not written. */
void doc_edge(doc *d, const char *source, int source_port, const char *target, int target_port);

/* The model's group, open: key "0", index 0, initializer "w" used by nobody yet if `initializers` is NULL: none. */
void doc_model(doc *d, const char *initializers);
void doc_input(doc *d, const char *name, int index, const char *parent);
void doc_output(doc *d, const char *name, int index, const char *parent);
/* An operator whose id and name are `name`; inputs and outputs are JSON lists. */
void doc_operator(doc *d, const char *name, const char *op_type, int index, const char *parent, const char *inputs,
                  const char *outputs);

/* Finish the document and read it; repeated reading is allowed. */
mx_status doc_read(doc *d, const mx_env *env);
/* Fails the test unless the document is read. */
void doc_good(doc *d);
/* Fails the test unless reading gives the status, and the message holds the text. */
void doc_bad(doc *d, mx_status status, const char *text);

/* Of the graph that was read: the operator of that name, its inputs as "a,b,", the operators of a scope likewise. */
mx_node_id doc_find(const doc *d, const char *name);
const char *doc_inputs(const doc *d, const char *name);
const char *doc_outputs(const doc *d, const char *name);
const char *doc_order(const doc *d, mx_node_id scope);
/* A value of the metadata, "-" if it is not there. */
const char *doc_metadata(const doc *d, const char *name, const char *key);

#endif
