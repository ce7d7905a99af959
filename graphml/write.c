/* A GraphML file from a graph: what is needed is planned and measured, then everything is streamed once. */
#include "graphml/write.h"

#include <limits.h>

#define PROGRESS_STEP 65536u

/* ---- head ---- */

static void declare_key(mx_xml *x, const mx_key_info *info, uint32_t piece) {
    mx_xml_raw(x, "<key id=\"");
    mx_xml_raw(x, info->id);
    if (piece) {
        mx_buffer_byte(&x->b, '_');
        mx_buffer_uint(&x->b, piece);
    }
    mx_xml_raw(x, "\"");
    mx_xml_attr(x, "for", mx_key_for_name(info->where));
    if (info->yfiles) {
        mx_xml_attr(x, "yfiles.type", info->yfiles);
    } else {
        mx_xml_raw(x, " attr.name=\"");
        mx_xml_raw(x, info->name);
        if (piece) {
            mx_buffer_byte(&x->b, '_');
            mx_buffer_uint(&x->b, piece);
        }
        mx_xml_raw(x, "\"");
        mx_xml_attr(x, "attr.type", info->type);
    }
    mx_xml_raw(x, "/>\n");
}

static mx_status write_head(mx_writer *w) {
    mx_xml *x = &w->xml;
    mx_xml_raw(x, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                  "<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\"\n"
                  "  xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"\n"
                  "  xmlns:y=\"http://www.yworks.com/xml/graphml\"\n"
                  "  xsi:schemaLocation=\"http://graphml.graphdrawing.org/xmlns "
                  "http://www.yworks.com/xml/schema/graphml/1.1/ygraphml.xsd\">\n");
    for (int k = 0; k < MX_KEY_COUNT; k++)
        for (uint32_t piece = 0; piece < w->pieces[k]; piece++) {
            declare_key(x, &mx_key_table[k], piece);
            MX_TRY(mx_xml_flush(x, false, w->err));
        }
    return MX_OK;
}

/* ---- nodes ---- */

mx_status mx_write_progress(mx_writer *w) {
    const mx_env *env = &w->g->env;
    if (++w->done % PROGRESS_STEP || !env->progress) return MX_OK;
    if (env->progress(env->ctx, "writing GraphML", w->done, (uint64_t)w->plan.numbered * 2)) return MX_OK;
    return mx_fail(w->err, MX_ERR_CANCELLED, "cancelled");
}

static mx_status check_memory(const mx_writer *w) {
    return w->value.failed || w->label.failed || w->attributes.failed ? mx_nomem(w->err) : MX_OK;
}

static void put_origin(mx_writer *w) {
    mx_buffer_clear(&w->value);
    mx_origin_write(&w->value, &w->origin);
    if (w->value.size) mx_put_value(w, MX_KEY_ORIGIN);
}

/* A node up to the place where its children go. */
static mx_status open_node(mx_writer *w, mx_node_id id) {
    mx_xml *x = &w->xml;
    bool is_group = mx_plan_is_group(&w->plan, id);
    mx_xml_raw(x, "<node id=\"n");
    mx_buffer_uint(&x->b, w->plan.index[id]);
    mx_xml_raw(x, is_group ? "\" yfiles.foldertype=\"" : "");
    if (is_group) mx_xml_raw(x, mx_yed_folded(w, id) ? "folder" : "group");
    mx_xml_raw(x, "\">\n");
    w->origin = (mx_origin){0};
    MX_TRY(mx_write_node_data(w, id));
    MX_TRY(mx_yed_node(w, id));
    put_origin(w);
    if (is_group) {
        mx_xml_raw(x, "<graph id=\"n");
        mx_buffer_uint(&x->b, w->plan.index[id]);
        mx_xml_raw(x, ":\" edgedefault=\"directed\">\n");
        mx_write_graph_data(w, id);
    }
    MX_TRY(check_memory(w));
    MX_TRY(mx_xml_flush(x, false, w->err));
    return mx_write_progress(w);
}

static void close_node(mx_writer *w, mx_node_id id) {
    mx_xml_raw(&w->xml, mx_plan_is_group(&w->plan, id) ? "</graph>\n</node>\n" : "</node>\n");
}

/* ---- frames: groups around nodes, without data ---- */

/* The children of a group in an order in which those of one frame follow its first one. last: by box, of no use else.
 */
static void gather_frames(mx_writer *w, mx_node_id group, mx_node_id *last) {
    mx_node_id *next = w->plan.next, end = MX_NO_NODE;
    for (mx_node_id id = w->plan.first[group], following; id != MX_NO_NODE; id = following) {
        uint32_t frame = mx_yed_frame(w, id);
        mx_node_id before = frame != MX_NO_BOX && last[frame] != MX_NO_NODE ? last[frame] : end;
        following = next[id];
        if (before != end) { /* out of its place, in behind the others */
            next[end] = following;
            next[id] = next[before];
            next[before] = id;
        } else {
            end = id;
        }
        if (frame != MX_NO_BOX) last[frame] = id;
    }
}

static mx_status gather_all_frames(mx_writer *w) {
    size_t n = w->scene.n_boxes;
    if (!w->scene.options.frames) return MX_OK;
    mx_node_id *last = mx_alloc(w->g->allocator, n * sizeof *last);
    if (!last) return mx_nomem(w->err);
    memset(last, 0xff, n * sizeof *last);
    for (uint32_t i = 0; i < w->plan.numbered; i++)
        gather_frames(w, w->plan.order[i], last);
    mx_free(w->g->allocator, last, n * sizeof *last);
    return MX_OK;
}

static void open_frame(mx_writer *w, uint32_t frame) {
    mx_xml *x = &w->xml;
    mx_xml_raw(x, "<node id=\"f");
    mx_buffer_uint(&x->b, w->frames);
    mx_xml_raw(x, "\" yfiles.foldertype=\"folder\">\n");
    mx_yed_frame_node(w, frame);
    mx_xml_raw(x, "<graph id=\"f");
    mx_buffer_uint(&x->b, w->frames++);
    mx_xml_raw(x, ":\" edgedefault=\"directed\">\n");
}

/* From one node to the next among its siblings, either of them none. */
static void change_frame(mx_writer *w, mx_node_id from, mx_node_id to) {
    uint32_t left = from == MX_NO_NODE ? MX_NO_BOX : mx_yed_frame(w, from);
    uint32_t entered = to == MX_NO_NODE ? MX_NO_BOX : mx_yed_frame(w, to);
    if (left == entered) return;
    if (left != MX_NO_BOX) mx_xml_raw(&w->xml, "</graph>\n</node>\n");
    if (entered != MX_NO_BOX) open_frame(w, entered);
}

/* ---- all nodes ---- */

/* Depth first; no recursion, as hierarchies can be deep. */
static mx_status write_nodes(mx_writer *w) {
    mx_node_id id = 0;
    MX_TRY(open_node(w, id));
    for (;;) {
        if (w->plan.first[id] != MX_NO_NODE) {
            id = w->plan.first[id];
            change_frame(w, MX_NO_NODE, id);
        } else {
            close_node(w, id);
            while (id != 0 && w->plan.next[id] == MX_NO_NODE) {
                change_frame(w, id, MX_NO_NODE);
                id = mx_node_at(w->g, id)->parent;
                close_node(w, id);
            }
            if (id == 0) return MX_OK;
            change_frame(w, id, w->plan.next[id]);
            id = w->plan.next[id];
        }
        MX_TRY(open_node(w, id));
    }
}

/* ---- the file ---- */

static mx_status write_file(mx_writer *w) {
    mx_xml *x = &w->xml;
    MX_TRY(write_head(w));
    mx_xml_raw(x, "<graph id=\"G\" edgedefault=\"directed\">\n");
    mx_write_outer_graph_data(w);
    MX_TRY(write_nodes(w));
    MX_TRY(mx_write_edges(w));
    mx_xml_raw(x, "</graph>\n");
    mx_put_open(w, MX_KEY_RESOURCES, 0);
    mx_xml_raw(x, "<y:Resources/>");
    mx_put_close(w);
    mx_xml_raw(x, "</graphml>\n");
    MX_TRY(check_memory(w));
    MX_TRY(mx_xml_flush(x, true, w->err));
    return mx_outfile_flush(w->xml.file, w->err);
}

static mx_status write_all(mx_writer *w) {
    if (w->g->n_nodes > INT32_MAX)
        return mx_fail(w->err, MX_ERR_LIMIT, "a GraphML file cannot number more than %d nodes", INT32_MAX);
    MX_TRY(mx_plan_make(w->g, &w->plan, w->err));
    w->values = (mx_value_context){w->g, w->plan.key};
    MX_TRY(mx_yed_layout(w));
    MX_TRY(gather_all_frames(w));
    MX_TRY(mx_measure(w));
    return write_file(w);
}

mx_status mx_graphml_write(const mx_graph *g, const mx_weights *weights, const mx_graphml_write_options *options,
                           mx_outfile *f, mx_error *err) {
    static const mx_graphml_write_options defaults = {.collapse_depth = -1};
    const mx_allocator *a = g->allocator;
    mx_writer w = {.g = g, .weights = weights, .options = options ? options : &defaults, .err = err};
    mx_xml_init(&w.xml, f, a);
    mx_buffer_init(&w.value, a);
    mx_buffer_init(&w.label, a);
    mx_buffer_init(&w.attributes, a);
    mx_status status = write_all(&w);
    mx_xml_free(&w.xml);
    mx_buffer_free(&w.value);
    mx_buffer_free(&w.label);
    mx_buffer_free(&w.attributes);
    mx_route_free(&w.route, a);
    mx_scene_free(&w.scene);
    mx_plan_free(&w.plan);
    return status;
}
