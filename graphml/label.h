/* Texts for people: labels, titles and tooltips. Short, one kind of quotation, fit for XML, never empty HTML.
 */
#ifndef MX_GRAPHML_LABEL_H
#define MX_GRAPHML_LABEL_H

#include "graphml/plan.h"

#define MX_LABEL_CHARS 80u

/* Append at most max_chars characters of s: control characters and bytes that are not UTF-8 become U+FFFD,
 * line ends spaces; a longer text loses its end, or its front, to an ellipsis. Returns the number of
 * characters. */
size_t mx_label_text(mx_buffer *b, mx_str s, size_t max_chars, bool keep_end);
/* `batch×seq×32`, unknown sizes `?`, long symbolic ones cut; false: the type has no shape. */
bool mx_label_shape(mx_buffer *b, const mx_graph *g, uint32_t type);
/* `FLOAT batch×seq×32`, or what is known of it; false: nothing. */
bool mx_label_type(mx_buffer *b, const mx_graph *g, uint32_t type);
/* What stands on a node: an operator's type, `encoder.layer.0 · BertLayer`, a value's name. May be empty. */
void mx_label_title(mx_buffer *b, const mx_graph *g, mx_node_id id);
/* The line below it: the shape that comes out of an operator, or of an input or output. May be empty. */
void mx_label_subtitle(mx_buffer *b, const mx_plan *plan, mx_node_id id);
/* Name, type, attributes (JSON text, cut), shapes: one line each. */
void mx_label_tooltip(mx_buffer *b, const mx_plan *plan, mx_node_id id, mx_str attributes);
/* Characters, as a measure of width. */
size_t mx_label_chars(mx_str s);

#endif
