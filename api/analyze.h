/* What `analyze` finds out about a model, and its four ways to say it. */
#ifndef MX_API_ANALYZE_H
#define MX_API_ANALYZE_H

#include "base/json_out.h"
#include "htp/node_key.h"
#include "htp/query.h"
#include "htp/stored.h"
#include "htp/summary.h"

typedef struct mx_analysis_module { /* a module: all groups of one dotted name */
    mx_node_id node;                /* the first of them; the model for the root */
    uint32_t parent, depth;         /* the root: MX_NO_INDEX, 0 */
    uint32_t first_child, last_child, next_sibling, first_operator;
    uint64_t own, operators;        /* operators in it itself; also in modules below */
    uint64_t edges, edges_in, edges_out;
    bool selected;
} mx_analysis_module;

typedef struct mx_analysis_operator { /* by place in the order */
    mx_htp_stored stored;
    uint32_t module;
    uint32_t next;     /* of the same module, MX_NO_INDEX: none */
    uint32_t first_in, n_in, first_out, n_out; /* in mx_analysis.in, .out: operators, each once */
    bool selected, auxiliary;
} mx_analysis_operator;

typedef struct mx_analysis_count {
    mx_sid text;
    uint64_t operators;
} mx_analysis_count;

typedef struct mx_analysis_counts { /* in the order in which they were met */
    mx_analysis_count *items;
    size_t count, cap;
} mx_analysis_counts;

typedef struct mx_analysis {
    const char *model;
    const char *filter; /* NULL: none */
    mx_htp_found_by found_by;
    size_t n_matches;
    mx_tags *tags;
    const mx_graph *g;
    mx_arena arena;
    mx_htp_keys keys;
    uint32_t *places;         /* by node id */
    uint32_t *rows;           /* by node id: the module that a node stands in; a module's own */
    mx_analysis_module *modules;
    mx_analysis_operator *operators;
    uint32_t *in, *out;       /* places */
    size_t n_modules, n_selected_modules;
    uint64_t edges;           /* between what is selected */
    uint32_t depth;           /* of the deepest module */
    bool tagged;              /* some operator of the model has a tag */
    mx_tag_statistics figures; /* of what is selected; modules: with an operator or around one */
    mx_analysis_counts tag_counts, type_counts;
} mx_analysis;

/* Where the text goes: taken away piece by piece. */
typedef struct mx_analysis_sink {
    mx_write_fn write;
    void *ctx;
    const mx_allocator *allocator;
} mx_analysis_sink;
/* Hand on what stands in the buffer, if that is much or `all`. */
void mx_analysis_drain(const mx_analysis_sink *sink, mx_buffer *b, bool all);

/* analyze_graph.c: modules, edges, neighbours. */
mx_status mx_analysis_build(mx_analysis *a, mx_error *err);
/* analyze_json.c, analyze_text.c */
mx_status mx_analysis_json(const mx_analysis *a, const mx_analysis_sink *sink, mx_error *err);
mx_status mx_analysis_csv(const mx_analysis *a, const mx_analysis_sink *sink, mx_error *err);
mx_status mx_analysis_summary(const mx_analysis *a, const mx_analysis_sink *sink, mx_error *err);
mx_status mx_analysis_detailed(const mx_analysis *a, const mx_analysis_sink *sink, mx_error *err);

static inline const mx_module_data *mx_analysis_data(const mx_analysis *a, const mx_analysis_module *m) {
    return m->node ? &a->g->modules[mx_node_at(a->g, m->node)->data] : &a->g->modules[0];
}

#endif
