/* The picture as SVG: text that can be selected, titles on hover, light and dark. */
#ifndef MX_PICTURE_SVG_H
#define MX_PICTURE_SVG_H

#include "base/outfile.h"
#include "picture/scene.h"

/* Write a scene that was laid out. The file is not committed. Errors: NOMEM. */
mx_status mx_svg_write(const mx_scene *scene, mx_outfile *file, mx_error *err);

#endif
