/* The schemas of ATen's operators, parsed. The table is made by tools/make_torch_schemas.py, which describes its texts.
 */
#ifndef MX_TORCH_SCHEMA_H
#define MX_TORCH_SCHEMA_H

#include "torch_io/program.h"

typedef struct mx_schema_arg {
    mx_str name;
    mx_str fallback; /* the default's text; absent: it has none */
    char type;       /* T I F B S s D L M V G X */
    bool list, optional, mutated, aliased;
    uint32_t length; /* of a list of fixed length: a single number stands for so many; 0: any */
} mx_schema_arg;

/* The next argument of a schema's text, false at the end; *at is moved on. */
bool mx_schema_next(const char **at, mx_schema_arg *out);
/* Row i of the table, in the order of targets; false at the end. core: it is tagged so, one of the small set that
 * every backend should have. */
bool mx_torch_schema_at(size_t i, const char **target, const char **text, bool *core);

#endif
