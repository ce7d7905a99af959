/* Figures of a tagging, counted once for the metadata, the report and the result. */
#ifndef MX_HTP_SUMMARY_H
#define MX_HTP_SUMMARY_H

#include "htp/node_key.h"
#include "htp/tagging.h"

enum { MX_HTP_METHODS = MX_HTP_ROOT + 1, MX_HTP_SOURCES = MX_HTP_FROM_PARAMETER + 1 };

typedef struct mx_htp_tag_count {
    mx_sid tag;
    uint64_t operators;
} mx_htp_tag_count;

typedef struct mx_htp_type_count { /* auxiliary operators of a type */
    mx_sid op_type;
    uint64_t operators;
} mx_htp_type_count;

typedef struct mx_htp_summary {
    const mx_allocator *allocator;
    uint64_t operators, tagged, root_module; /* root_module: tagged with the root itself */
    uint64_t by_method[MX_HTP_METHODS];
    uint64_t by_source[MX_HTP_SOURCES];
    uint64_t auxiliary, auxiliary_tagged, auxiliary_inherited, auxiliary_root;
    uint64_t modules_own_tag, modules_executed, modules_used; /* used: some operator belongs to them */
    uint64_t parameters;                /* elements of all initializers */
    uint64_t source_operators, regions; /* of the source program; those that became several nodes */
    uint64_t *module_operators;         /* by module: operators that belong to it, itself alone */
    mx_htp_tag_count *tags;             /* in the order of the file */
    mx_htp_type_count *auxiliary_types; /* likewise */
    mx_sid *module_classes;             /* each class of the tree once, sorted by name */
    size_t n_modules, n_tags, cap_tags, n_auxiliary_types, cap_auxiliary_types, n_module_classes, cap_module_classes;
} mx_htp_summary;

/* Linear, but for sorting the classes. Freed with mx_htp_summary_free, also after a failure. */
mx_status mx_htp_summarize(const mx_graph *g, const mx_htp_tagging *t, const mx_htp_keys *k, mx_htp_summary *out,
                           mx_error *err);
void mx_htp_summary_free(mx_htp_summary *s);

/* The label of an operator; one without a module for nodes that came after the tagging. */
mx_htp_label mx_htp_label_of(const mx_htp_tagging *t, mx_node_id node);
const char *mx_htp_method_name(int method); /* "direct" ...; "" for none */
const char *mx_htp_source_name(int source);
/* 0 to 100; of nothing everything is covered. */
double mx_htp_percentage(uint64_t part, uint64_t whole);

#endif
