/* `modules` of the metadata JSON: the module tree, nested. */
#ifndef MX_HTP_MODULES_WRITE_H
#define MX_HTP_MODULES_WRITE_H

#include "base/json_out.h"
#include "htp/tree.h"

/* Modules deeper than this stand among the children of the one at this depth; their scope tells where they belong. */
#define MX_HTP_NESTED_MODULES 100u

mx_status mx_htp_write_modules(const mx_htp_tree *t, mx_json_out *j, const char *key, mx_error *err);

#endif
