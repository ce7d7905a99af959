/* The inside of the .pt2 reader: what its files share. */
#ifndef MX_TORCH_PT2_H
#define MX_TORCH_PT2_H

#include "base/json.h"
#include "torch_io/archive.h"
#include "torch_io/program.h"

/* A number for each string of the program that was given one. */
typedef struct mx_pt2_map {
    uint32_t *of; /* by mx_sid; MX_NONE: none */
    size_t cap;
} mx_pt2_map;

typedef struct mx_pt2_undo { /* what a name meant outside of the graph that is being read */
    mx_sid name;
    uint32_t value;
} mx_pt2_undo;

typedef struct mx_pt2 {
    mx_program *p;
    mx_archive *archive;
    mx_error *err;
    mx_buffer top;                       /* "model/" */
    json_t *model, *weights, *constants; /* the files; the last two NULL: none there */
    const char *entry;                   /* the file that is being read, for messages */
    mx_sid node;                         /* the node that is being read, absent: none */
    uint32_t graph;                      /* the graph that is being read */
    uint32_t depth;                      /* graphs within graphs */
    const json_t *metas, *sym_ints;      /* of this graph */
    mx_pt2_map values;                   /* names to values */
    mx_pt2_undo *undo;
    size_t n_undo, cap_undo;
    mx_pt2_map modules; /* dotted names to modules */
    mx_pt2_map calls;   /* "PARENT,KEY" to calls */
    mx_pt2_map stacks;  /* module stacks to calls */
    uint32_t *times;    /* by module: calls so far */
    size_t cap_times;
    int32_t executed; /* modules so far that were */
    mx_buffer text;   /* scratch */
} mx_pt2;

/* ---- pt2_json.c: typed looks into JSON; messages name the file, the node and the key ---- */

mx_status mx_pt2_wrong(mx_pt2 *r, const char *key, const char *what);   /* INVALID */
mx_status mx_pt2_unsupported(mx_pt2 *r, const char *what, mx_str name); /* UNSUPPORTED */
mx_status mx_pt2_object(mx_pt2 *r, const json_t *from, const char *key, const json_t **out);
mx_status mx_pt2_array(mx_pt2 *r, const json_t *from, const char *key, const json_t **out);
mx_status mx_pt2_string(mx_pt2 *r, const json_t *from, const char *key, mx_sid *out);
mx_status mx_pt2_int(mx_pt2 *r, const json_t *from, const char *key, int64_t *out);
/* The one member of a union. */
mx_status mx_pt2_union(mx_pt2 *r, const json_t *from, const char *key, const char **kind, const json_t **out);
mx_status mx_pt2_text(mx_pt2 *r, const json_t *string, const char *key, mx_sid *out); /* a value that is a string */
void *mx_pt2_array_of(mx_pt2 *r, size_t count, size_t size); /* in the program's arena, zeroed; NULL: err is filled */
uint32_t mx_pt2_map_get(const mx_pt2_map *m, mx_sid key);
mx_status mx_pt2_map_set(mx_pt2 *r, mx_pt2_map *m, mx_sid key, uint32_t value);
void mx_pt2_map_free(mx_pt2 *r, mx_pt2_map *m);

/* ---- pt2_meta.c: element types, sizes, payloads ---- */

mx_status mx_pt2_dtype(mx_pt2 *r, const json_t *v, const char *key, int32_t *elem); /* 0: no ONNX type */
mx_status mx_pt2_size(mx_pt2 *r, const json_t *sym_int, const char *key, mx_size *out);
mx_status mx_pt2_tensor(mx_pt2 *r, const json_t *meta, mx_pvalue *out);
/* The payload of a parameter, buffer or constant by its dotted name. */
mx_status mx_pt2_weight(mx_pt2 *r, mx_sid name, uint32_t *out);

/* ---- pt2_args.c: arguments ---- */

mx_status mx_pt2_value_of(mx_pt2 *r, mx_sid name, const char *key, uint32_t *out); /* INVALID: nothing made it so far */
mx_status mx_pt2_argument(mx_pt2 *r, const json_t *argument, const char *key, mx_parg *out);

/* ---- pt2_graph.c ---- */

mx_status mx_pt2_graph(mx_pt2 *r, const json_t *graph, uint32_t index);
/* A graph that a node has as its argument. */
mx_status mx_pt2_nested(mx_pt2 *r, const json_t *graph, uint32_t *out);

/* ---- pt2_modules.c ---- */

mx_status mx_pt2_module(mx_pt2 *r, mx_str fqn, uint32_t *out);
mx_status mx_pt2_call(mx_pt2 *r, mx_sid stack, uint32_t *out); /* MX_NONE: the stack says nothing */

/* ---- pt2_signature.c: what inputs and outputs are; names of outputs ---- */

mx_status mx_pt2_signature(mx_pt2 *r, const json_t *graph_module);

#endif
