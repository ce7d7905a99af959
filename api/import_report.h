/* The JSON of `import-onnx --report`; its form is schemas/import-report.schema.json. */
#ifndef MX_API_IMPORT_REPORT_H
#define MX_API_IMPORT_REPORT_H

#include "api/import_source.h"
#include "base/outfile.h"

typedef struct mx_import_report_names {
    const char *graphml, *output; /* base names */
    const mx_import_source *source;
} mx_import_report_names;

/* Write it to f (open; the caller commits). */
mx_status mx_import_report_write(const mx_graph *g, const mx_graphml_report *report,
                                 const mx_import_report_names *names, mx_outfile *f, mx_error *err);

#endif
