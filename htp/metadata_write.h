/* What an export writes beside the model: X_htp_metadata.json, X_hierarchy.json, and (report.c) the report. */
#ifndef MX_HTP_METADATA_WRITE_H
#define MX_HTP_METADATA_WRITE_H

#include "base/outfile.h"
#include "htp/summary.h"

typedef struct mx_htp_step { /* of the export, in order */
    const char *name;        /* "node_tagging" */
    double seconds;
    char detail[160];        /* for people; "" for none */
} mx_htp_step;

/* What only the caller knows. Paths as they were given. */
typedef struct mx_htp_facts {
    const char *timestamp, *strategy, *version;
    const char *builder, *framework; /* who told of the model: "onnx", "torch.export"; where it comes from, NULL: its producer */
    const char *model_path, *onnx_path, *metadata_path, *report_path; /* report_path NULL: none */
    const char *hierarchy_attrs;                                      /* "metadata", "minimal", "attribute", "none" */
    double seconds;
    uint64_t onnx_bytes;
    const mx_recommendation *selection;
    const mx_export_config *config; /* NULL: none */
    const mx_htp_step *steps;
    size_t n_steps;
    const char *const *warnings;
    size_t n_warnings;
} mx_htp_facts;

typedef struct mx_htp_document {
    const mx_graph *g;
    const mx_htp_tagging *t;
    const mx_htp_keys *keys;
    const mx_htp_summary *summary;
    const mx_htp_facts *facts;
} mx_htp_document;

/* Written as a stream to f (open; the caller commits). schemas/htp-metadata.schema.json describes the first. */
mx_status mx_htp_write_metadata(const mx_htp_document *d, mx_outfile *f, mx_error *err);
mx_status mx_htp_write_hierarchy(const mx_htp_document *d, mx_outfile *f, mx_error *err); /* the short form */
mx_status mx_htp_write_report(const mx_htp_document *d, mx_outfile *f, mx_error *err);    /* Markdown */

/* The version of the default operator set; 0: the model imports none. */
int64_t mx_htp_opset_version(const mx_graph *g);
/* "BertModel": the class of the root, or what stands in its place. */
mx_str mx_htp_root_name(const mx_htp_document *d);

#endif
