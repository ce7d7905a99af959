/* The texts of boxes, values and tooltips; made when asked, nothing is kept. All fit for XML, never HTML. */
#ifndef MX_PICTURE_LABEL_H
#define MX_PICTURE_LABEL_H

#include "picture/scene.h"
#include "picture/text.h"

#define MX_LABEL_WIDTH 200 /* lines are cut at about this many pixels */

/* The fonts that sizes are computed with. */
#define MX_FONT_TITLE ((mx_font){12, true})
#define MX_FONT_CLASS ((mx_font){12, false})
#define MX_FONT_LINE  ((mx_font){10, false})

/* All append to b. */

/* In bold: an operator's type, a module's dotted name (without its front where it is long), a value's name; of a frame
 * `auxiliary, 11 operators`. */
void mx_label_title(mx_buffer *b, const mx_scene *scene, uint32_t box);
/* The title of a group cut to `most` pixels; it loses its front. b is empty before. */
void mx_label_title_within(mx_buffer *b, const mx_scene *scene, uint32_t box, int32_t most);
/* In quiet letters behind " · ": a module's class, a function's domain. False: nothing. */
bool mx_label_class(mx_buffer *b, const mx_scene *scene, uint32_t box);
/* `61 ops · 8.5 K` for a frame, `61 operators · 8.5 K parameters` for a folded box (`full`). False: nothing to tell,
 * or its title has it. */
bool mx_label_counts(mx_buffer *b, const mx_scene *scene, uint32_t box, bool full);
/* The shape that comes out: `batch×seq×32`; of values with the type: `f32 batch×3×32×32`. False: not known. */
bool mx_label_shape(mx_buffer *b, const mx_scene *scene, uint32_t box);

/* The lines below: parameters (`weight`, `32×32`), small constants and telling attributes (`axis`, `-1`). `label` and
 * `value` are valid during the call. fold_constants of the scene decides whether constants of other nodes are among
 * them. */
typedef void (*mx_line_fn)(void *ctx, mx_str label, mx_str value);
mx_status mx_label_lines(const mx_scene *scene, uint32_t box, mx_line_fn each, void *ctx, mx_error *err);

/* `FLOAT batch×seq×32` of a type (index into graph->types), cut at `most` pixels. False: nothing is known. */
bool mx_label_type(mx_buffer *b, const mx_graph *g, uint32_t type, int32_t most);
/* What a value is called, and its type: `encoder/Add_output_0 · FLOAT batch×seq×32`. */
void mx_label_value(mx_buffer *b, const mx_scene *scene, mx_node_id node, uint32_t port);
/* Everything there is to know of a box, a line each. attributes: as text, may be empty. */
void mx_label_tooltip(mx_buffer *b, const mx_scene *scene, uint32_t box, mx_str attributes);

#endif
