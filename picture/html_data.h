/* What the page knows of the model, as JSON. */
#ifndef MX_PICTURE_HTML_DATA_H
#define MX_PICTURE_HTML_DATA_H

#include "picture/markup.h"
#include "picture/scene.h"

/* A JSON text that can stand in a script element; s cut to so many characters. */
void mx_html_text(mx_markup *m, mx_str s, size_t most);

/* One object, of columns (an entry for each box, or several), so that it is small and soon read:
 *   looks   [family, kind, quiet, w, h, title, class, counts, counts in full, shape, lines]: how boxes look; equal ones
 * once. lines: label, value, label, value, ... box     look, parent (-1: none) name    of each box layouts [w, h, [x, y
 * of each child], [from, to, back, number of corners, x, y, ...]]: of groups, all in them folded; equal ones once.
 * from, to: number of the child, -1 for the border groups  [box, layout, tag, [value of each link]] value   box, port,
 * quiet open    boxes that are open at first open_first: by box. The scene is laid out with all groups folded. Errors:
 * NOMEM. */
mx_status mx_html_data(const mx_scene *scene, const uint8_t *open_first, mx_markup *m, mx_error *err);

/* Two lists, of the groups that are open and shown and in which another one is open, and of their layouts: those of a
 * scene that is laid out as it is opened at first. Errors: NOMEM. */
mx_status mx_html_first(const mx_scene *scene, mx_markup *m, mx_error *err);

/* A line for each box, read when it is asked for:
 * [name, type, inputs, outputs, attributes, metadata, documentation]
 *   inputs [name, what it is, box, port]   box -1: none that is drawn makes it; else its line has the name
 *   outputs [name, what it is, users...]   boxes */
mx_status mx_html_details(const mx_scene *scene, mx_markup *m, mx_error *err);

#endif
