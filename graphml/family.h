/* Families of operators, by what they do, and how each is drawn. */
#ifndef MX_GRAPHML_FAMILY_H
#define MX_GRAPHML_FAMILY_H

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
    MX_FAMILY_GROUP,
    MX_FAMILIES
} mx_family;

/* Colours as "#RRGGBB". Shape and border differ too, so that no meaning hangs on hue alone. */
typedef struct mx_family_style {
    const char *name, *fill, *border, *text;
    const char *shape, *line; /* yEd's names */
    const char *width;
} mx_family_style;

extern const mx_family_style mx_family_styles[MX_FAMILIES];

mx_family mx_family_of(mx_str domain, mx_str op_type);

#endif
