/* Pieces of labels. */
#ifndef MX_PICTURE_LABEL_INTERNAL_H
#define MX_PICTURE_LABEL_INTERNAL_H

#include "picture/label.h"
#include "picture/scene_internal.h"

#include <stdio.h>

/* "f32", "i64", ...; NULL: no such element type. */
const char *mx_label_dtype(int32_t elem);
/* `batch×seq×32`, `[32]`; false: no shape is known. Symbolic sizes are cut so far that all has room in `most` pixels.
 */
bool mx_label_dims(mx_buffer *b, const mx_graph *g, uint32_t type, int32_t most);
/* The value of a small tensor, the shape of another. */
void mx_label_tensor(mx_buffer *b, const mx_graph *g, uint32_t tensor);
/* The same of a parameter: of a list of fractions the shape tells more than the values. */
void mx_label_parameter(mx_buffer *b, const mx_graph *g, uint32_t tensor);
/* False: it has no short form. */
bool mx_label_attribute(mx_buffer *b, const mx_graph *g, const mx_attr *a);
void mx_label_number(mx_buffer *b, double v);

#endif
