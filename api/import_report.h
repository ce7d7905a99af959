/* The JSON of `import-onnx --report`; its form is schemas/import-report.schema.json. */
#ifndef MX_API_IMPORT_REPORT_H
#define MX_API_IMPORT_REPORT_H

#include "base/outfile.h"
#include "graphml/graphml.h"

/* Write it to f (open; the caller commits). graphml, output: base names are told. */
mx_status mx_import_report_write(const mx_graph *g, const mx_graphml_report *report, const char *graphml,
                                 const char *output, mx_outfile *f, mx_error *err);

#endif
