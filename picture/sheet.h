/* The style sheet of SVG and HTML: the palette of family.h as classes.
 *
 * Of a family N: `fN`, on a <g>, with `b` a box in it, `k` an accent in the colour of the border, and texts. `g0`, `g1`
 * grounds of groups, `gb` of bodies, `gf` of functions, `h` with `hg0`, ... the titles on them; `e` edges, `eq` quiet
 * ones, `o` those that run upwards, `a`, `aq` their heads; `p` the picture's ground. */
#ifndef MX_PICTURE_SHEET_H
#define MX_PICTURE_SHEET_H

#include "base/text.h"

/* Colours; every selector stands behind `prefix`. */
void mx_sheet_colours(mx_buffer *b, bool dark, const char *prefix);
/* Fonts, widths of lines. */
void mx_sheet_forms(mx_buffer *b);

#endif
