/* The picture as one page of HTML that needs nothing else: groups open and close in it. */
#ifndef MX_PICTURE_HTML_H
#define MX_PICTURE_HTML_H

#include "base/outfile.h"
#include "picture/scene.h"

/* Write a scene that was made, but not laid out, with folded_too. The groups that are open are so at first; the scene
 * is laid out anew with all groups folded, which is what the page needs to know of each. The file is not committed.
 * Errors: NOMEM. */
mx_status mx_html_write(mx_scene *scene, mx_outfile *file, mx_error *err);

#endif
