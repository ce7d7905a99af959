/* The state of one file being written, shared by the writer's parts. */
#ifndef MX_GRAPHML_WRITE_H
#define MX_GRAPHML_WRITE_H

#include "graphml/graphml.h"
#include "graphml/keys.h"
#include "graphml/origin.h"
#include "graphml/plan.h"
#include "graphml/values.h"
#include "graphml/xml_out.h"
#include "picture/scene.h"

typedef struct mx_writer {
    const mx_graph *g;
    const mx_weights *weights;
    const mx_graphml_write_options *options;
    mx_plan plan;
    mx_value_context values;
    mx_xml xml;
    mx_buffer value, label; /* reused from node to node */
    mx_buffer attributes;   /* node_attributes of the operator at hand, for its tooltip */
    mx_origin origin;       /* of the node at hand */
    mx_scene scene;
    mx_route route;                /* of the edge at hand */
    bool measuring;                /* nothing is written: only the pieces of long values are counted */
    uint32_t pieces[MX_KEY_COUNT]; /* how many keys each value needs, at least 1 */
    uint64_t edges, frames;        /* written so far */
    uint64_t done;                 /* nodes and edges, for progress */
    mx_error *err;
} mx_writer;

/* ---- <data> (write_data.c) ---- */

/* One value, in as many pieces as it needs. */
void mx_put(mx_writer *w, mx_key key, mx_str value);
/* The piece's element alone, up to its content and from there on. */
void mx_put_open(mx_writer *w, mx_key key, uint32_t piece);
void mx_put_close(mx_writer *w);
/* A plain text; nothing where it is absent. */
void mx_put_plain(mx_writer *w, mx_key key, mx_sid text);
/* What was put together in w->value. */
void mx_put_value(mx_writer *w, mx_key key);
void mx_put_int(mx_writer *w, mx_key key, int64_t v);
void mx_put_cstr(mx_writer *w, mx_key key, const char *text);
/* A text for readers of graph-level data: left out where it is too long for one piece. */
void mx_put_informative(mx_writer *w, mx_key key);

/* ---- nodes (write_node.c, write_scope.c) ---- */

/* All data of a node but its graphics. */
mx_status mx_write_node_data(mx_writer *w, mx_node_id id);
/* What a model, function or body has beyond other nodes. */
mx_status mx_write_scope_data(mx_writer *w, mx_node_id id);
void mx_write_module_data(mx_writer *w, const mx_module_data *m);
/* The data of graphs, for readers that know the earlier v1.1 files. */
void mx_write_graph_data(mx_writer *w, mx_node_id id);
void mx_write_outer_graph_data(mx_writer *w);
/* How many keys the .onnxdata image needs in base64. */
uint32_t mx_parameter_pieces(const mx_weights *weights);

/* Find how many keys the longest values need (write_measure.c). */
mx_status mx_measure(mx_writer *w);

/* ---- edges (write_edge.c) ---- */

mx_status mx_write_edges(mx_writer *w);

/* ---- yEd's graphics (yed_out.c) ---- */

/* The scene: boxes and their places. */
mx_status mx_yed_layout(mx_writer *w);
mx_status mx_yed_node(mx_writer *w, mx_node_id id);
mx_status mx_yed_edge(mx_writer *w, mx_node_id target, uint32_t target_port);
/* The frame around a node (a box of the scene), MX_NO_BOX: none. Frames are drawn, they mean nothing. */
uint32_t mx_yed_frame(const mx_writer *w, mx_node_id id);
/* Its graphics. */
void mx_yed_frame_node(mx_writer *w, uint32_t frame);
/* Whether a group starts folded. */
bool mx_yed_folded(const mx_writer *w, mx_node_id id);

/* Tell the caller how far it is; MX_ERR_CANCELLED if he wants no more. */
mx_status mx_write_progress(mx_writer *w);

#endif
