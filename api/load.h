/* Loading models: GraphML together with the weights it points at, and either kind by its name. */
#ifndef MX_API_LOAD_H
#define MX_API_LOAD_H

#include "graphml/graphml.h"

/* sidecar NULL: as the GraphML says. sidecar_path (MX_PATH_BYTES, may be NULL) gets the path of the .onnxdata file;
 * traces as with mx_graphml_read. */
mx_status mx_load_graphml(const mx_env *env, const char *path, const char *sidecar, mx_graph **out, mx_weights *weights,
                          mx_graphml_report *report, mx_traces *traces, char *sidecar_path, mx_error *err);

/* As mx_graph_load, but an ONNX model gets no module groups: for what does not ask for modules. */
mx_status mx_load_as_it_is(const mx_env *env, const char *path, mx_graph **out, mx_error *err);

#endif
