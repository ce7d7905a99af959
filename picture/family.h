/* Families of operators, by what they do, and how each is drawn. */
#ifndef MX_PICTURE_FAMILY_H
#define MX_PICTURE_FAMILY_H

#include "base/text.h"

typedef enum mx_family {
    MX_FAMILY_LINEAR = 0,
    MX_FAMILY_CONVOLUTION,
    MX_FAMILY_NORMALISATION,
    MX_FAMILY_ACTIVATION,
    MX_FAMILY_ELEMENTWISE, /* also everything unknown */
    MX_FAMILY_SHAPE,       /* shape arithmetic and other auxiliary operators */
    MX_FAMILY_REDUCTION,   /* and pooling */
    MX_FAMILY_INDEXING,    /* and resizing */
    MX_FAMILY_CONTROL,     /* control flow and sequences */
    MX_FAMILY_VALUE,       /* graph inputs and outputs */
    MX_FAMILY_GROUP,       /* a folded group */
    MX_FAMILIES
} mx_family;

/* Colours as "#RRGGBB". */
typedef struct mx_colours {
    const char *fill, *border, *text;
} mx_colours;

/* Shape and border differ as well as colour, so that no meaning hangs on hue alone. */
typedef struct mx_family_style {
    const char *name;
    mx_colours light, dark;
    const char *shape, *line; /* yEd's names; line: "line", "dashed" */
    const char *width;        /* of the border */
} mx_family_style;

extern const mx_family_style mx_family_styles[MX_FAMILIES];

/* What belongs to no family. grounds: of groups, alternating with depth; body: of subgraph bodies, function: of
 * functions. */
typedef struct mx_theme {
    const char *ground, *grounds[2], *frame, *text, *quiet_text, *edge, *quiet_edge;
    mx_colours body, function;
} mx_theme;

extern const mx_theme mx_theme_light, mx_theme_dark;

mx_family mx_family_of(mx_str domain, mx_str op_type);

#endif
