/* What the elements of a document mean in GraphML. Texts of <data> are gathered per <node> or <edge> and handed on when
 * it ends; texts of keys that are not ours are never stored. */
#include "graphml/read_parts.h"

#include "graphml/legacy.h"

#include <stdlib.h>

uint32_t mx_xml_line(const mx_xml_reader *r) {
    int line = r->parser && r->parser->input ? r->parser->input->line : 0;
    return line > 0 ? (uint32_t)line : 0;
}

void mx_xml_stop(mx_xml_reader *r, mx_status status) {
    if (status == MX_OK || r->status != MX_OK) return;
    r->status = mx_at_line(r->im->err, status, mx_xml_line(r));
    if (r->parser) xmlStopParser(r->parser);
}

static mx_status grow(const mx_xml_reader *r, void *items, size_t *cap, size_t count, size_t size) {
    return mx_grow(r->im->allocator, items, cap, count, size) ? MX_OK : mx_nomem(r->im->err);
}

/* ---- attributes ---- */

static mx_str attribute(int n, const xmlChar **attributes, const char *name) {
    for (int i = 0; i < n; i++) {
        const xmlChar **a = attributes + 5 * i;
        if (strcmp((const char *)a[0], name) == 0) return (mx_str){(const char *)a[3], (size_t)(a[4] - a[3])};
    }
    return (mx_str){NULL, 0};
}

/* ---- <key> ---- */

/* Keys of legacy files have some other names. */
static mx_key find_key(mx_key_for where, mx_str name, uint32_t *number) {
    static const struct {
        mx_key_for where;
        const char *name;
        mx_key key;
    } others[] = {{MX_KEY_FOR_NODE, "onnx_attributes", MX_KEY_NODE_ATTRIBUTES},
                  {MX_KEY_FOR_GRAPH, "initializers_ref", MX_KEY_PARAMETER_DATA},
                  {MX_KEY_FOR_GRAPH, "parameter_data", MX_KEY_PARAMETER_DATA},
                  {MX_KEY_FOR_GRAPH, "value_info", MX_KEY_VALUE_INFO}};
    mx_key key = mx_key_find(where, name, number);
    for (size_t i = 0; key == MX_KEY_UNKNOWN && i < sizeof others / sizeof *others; i++)
        if (others[i].where == where && mx_str_is(name, others[i].name)) key = others[i].key;
    return key;
}

mx_status mx_xml_begin_key(mx_xml_reader *r, int n, const xmlChar **attributes) {
    mx_str id = attribute(n, attributes, "id"), where = attribute(n, attributes, "for");
    mx_str name = attribute(n, attributes, "attr.name");
    if (!id.p) return mx_fail(r->im->err, MX_ERR_INVALID, "a <key> has no id");
    mx_sid sid = mx_strings_add(&r->key_ids, id);
    if (sid == MX_SID_NOMEM) return mx_nomem(r->im->err);
    while (r->cap_keys <= sid) { /* the empty id is there from the start, though no <key> may have it */
        size_t old = r->cap_keys;
        MX_TRY(grow(r, &r->keys, &r->cap_keys, old, sizeof *r->keys));
        for (size_t i = old; i < r->cap_keys; i++)
            r->keys[i] = (mx_xml_key){.key = {MX_KEY_UNKNOWN, MX_KEY_UNKNOWN, MX_KEY_UNKNOWN}};
    }
    mx_xml_key k = {.silent = !name.p};
    for (int i = 0; i < 3; i++) {
        bool here = !where.p || mx_str_is(where, "all") || mx_str_is(where, mx_key_for_name((mx_key_for)i));
        k.key[i] = name.p && here ? find_key((mx_key_for)i, name, &k.piece[i]) : MX_KEY_UNKNOWN;
    }
    r->im->legacy &= k.key[MX_KEY_FOR_NODE] != MX_KEY_NODE_KIND;
    r->keys[sid] = k;
    return MX_OK;
}

/* ---- <node>, <edge>, <graph> ---- */

static mx_status push_frame(mx_xml_reader *r, mx_key_for kind, mx_xml_frame **out) {
    MX_TRY(grow(r, &r->frames, &r->cap_frames, r->n_frames, sizeof *r->frames));
    *out = &r->frames[r->n_frames++];
    **out = (mx_xml_frame){
        .kind = kind, .depth = r->depth, .item = MX_NO_INDEX, .first_piece = r->n_pieces, .first_text = r->texts.size};
    return MX_OK;
}

static mx_status intern_id(mx_xml_reader *r, mx_str id, mx_sid *out) {
    mx_import *im = r->im;
    *out = mx_strings_add(&im->ids, id);
    if (*out == MX_SID_NOMEM) return mx_nomem(im->err);
    while (im->cap_item_of_id <= *out) {
        size_t old = im->cap_item_of_id;
        MX_TRY(grow(r, &im->item_of_id, &im->cap_item_of_id, old, sizeof *im->item_of_id));
        memset(im->item_of_id + old, 0xff, (im->cap_item_of_id - old) * sizeof *im->item_of_id);
    }
    return MX_OK;
}

mx_status mx_xml_begin_node(mx_xml_reader *r, int n, const xmlChar **attributes) {
    mx_import *im = r->im;
    mx_str id = attribute(n, attributes, "id");
    uint32_t outer = MX_NO_INDEX;
    if (r->n_frames) {
        if (r->frames[r->n_frames - 1].kind == MX_KEY_FOR_EDGE)
            return mx_fail(im->err, MX_ERR_INVALID, "a <node> stands in an <edge>");
        outer = r->frames[r->n_frames - 1].item;
        im->nested |= outer != MX_NO_INDEX;
    }
    if (!id.p) return mx_fail(im->err, MX_ERR_INVALID, "a <node> has no id");
    mx_sid sid;
    MX_TRY(intern_id(r, id, &sid));
    if (im->item_of_id[sid] != MX_NO_INDEX)
        return mx_fail(im->err, MX_ERR_INVALID, "two nodes have the id %s", mx_show(id).text);
    mx_xml_frame *f;
    MX_TRY(push_frame(r, MX_KEY_FOR_NODE, &f));
    MX_TRY(mx_import_add_item(im, &f->item));
    im->item_of_id[sid] = f->item;
    mx_item *item = &im->items[f->item];
    item->xml_id = sid;
    item->outer = outer;
    item->line = mx_xml_line(r);
    return MX_OK;
}

mx_status mx_xml_begin_edge(mx_xml_reader *r, int n, const xmlChar **attributes) {
    mx_str source = attribute(n, attributes, "source"), target = attribute(n, attributes, "target");
    if (!source.p || !target.p)
        return mx_fail(r->im->err, MX_ERR_INVALID, "an <edge> has no %s", source.p ? "target" : "source");
    mx_xml_frame *f;
    MX_TRY(push_frame(r, MX_KEY_FOR_EDGE, &f));
    f->edge = (mx_edge){.source_port = -1, .target_port = -1, .line = mx_xml_line(r)};
    mx_sid from, to;
    MX_TRY(intern_id(r, source, &from));
    MX_TRY(intern_id(r, target, &to));
    f->edge.source = from;
    f->edge.target = to;
    return MX_OK;
}

/* Only legacy files say things about the model that stand nowhere else than on the outermost graph; of others the names
 * of the files that they were made from are read there. */
mx_status mx_xml_begin_graph(mx_xml_reader *r) {
    mx_xml_frame *f;
    if (r->n_frames) r->frames[r->n_frames - 1].has_graph = true;
    return r->n_frames ? MX_OK : push_frame(r, MX_KEY_FOR_GRAPH, &f);
}

/* Of the outermost graph's data all but those names, each given once. */
static bool is_for_people(const mx_xml_reader *r, const mx_xml_frame *f, mx_sid sid) {
    if (f->kind != MX_KEY_FOR_GRAPH || r->im->legacy) return false;
    if (sid == UINT32_MAX || sid >= r->cap_keys || r->keys[sid].piece[f->kind]) return true;
    mx_key key = r->keys[sid].key[f->kind];
    for (size_t i = f->first_piece; i < r->n_pieces; i++)
        if (r->pieces[i].key == key) return true;
    return key != MX_KEY_GRAPH_SOURCE_ONNX_TEXT && key != MX_KEY_GRAPH_SOURCE_HTP;
}

static int compare_pieces(const void *a, const void *b) {
    const mx_xml_piece *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return x->number < y->number ? -1 : x->number > y->number;
}

static mx_str trimmed(const char *p, size_t n) {
    while (n && strchr(" \t\r\n", p[0]))
        p++, n--;
    while (n && strchr(" \t\r\n", p[n - 1]))
        n--;
    return (mx_str){p, n};
}

/* A value of one piece is used where it lies; others are joined in r->joined, which has room for all of them. */
static mx_status join_pieces(mx_xml_reader *r, const mx_xml_piece *p, size_t n, mx_str *out) {
    mx_error *err = r->im->err;
    size_t start = r->joined.size;
    for (size_t i = 0; i < n; i++) {
        const char *name = mx_key_table[p[i].key].name;
        if (i && p[i].number == p[i - 1].number)
            return mx_fail(err, MX_ERR_INVALID, "the data \"%s\" is given twice", name);
        if (p[i].number != i) return mx_fail(err, MX_ERR_INVALID, "piece %zu of the data \"%s\" is missing", i, name);
        mx_str text = trimmed(p[i].size ? r->texts.data + p[i].start : "", p[i].size); /* no text at all: no buffer */
        if (n == 1) *out = text;
        if (n > 1) mx_buffer_add(&r->joined, text.p, text.n);
    }
    if (n > 1) *out = (mx_str){r->joined.data + start, r->joined.size - start};
    return MX_OK;
}

/* Fill r->current from the pieces of a frame. */
static mx_status gather(mx_xml_reader *r, const mx_xml_frame *f) {
    size_t n = r->n_pieces - f->first_piece;
    if (!n) return MX_OK;
    mx_xml_piece *p = r->pieces + f->first_piece;
    qsort(p, n, sizeof *p, compare_pieces);
    mx_buffer_clear(&r->joined);
    bool several = p[n - 1].number > 0;
    for (size_t i = 1; i < n; i++)
        several |= p[i].key == p[i - 1].key;
    if (several && !mx_buffer_reserve(&r->joined, r->texts.size - f->first_text + 1)) return mx_nomem(r->im->err);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && p[end].key == p[i].key;)
            end++;
        mx_str text;
        MX_TRY(join_pieces(r, p + i, end - i, &text));
        if (text.n) r->current.at[p[i].key] = text;
    }
    return MX_OK;
}

static mx_status finish_frame(mx_xml_reader *r, mx_xml_frame *f) {
    mx_import *im = r->im;
    if (r->texts.failed) return mx_nomem(im->err);
    MX_TRY(gather(r, f));
    r->current.has_graph = f->has_graph;
    r->current.label = f->label;
    for (int i = 0; i < 2; i++)
        r->current.label_text[i] = mx_str_of(f->label_text[i]);
    if (f->kind == MX_KEY_FOR_GRAPH)
        return im->legacy ? mx_legacy_read_graph(im, &r->current) : mx_read_outer_graph(im, &r->current);
    if (f->kind == MX_KEY_FOR_NODE) return mx_read_item(im, f->item, &r->current);
    MX_TRY(mx_read_edge(im, &f->edge, &r->current));
    if (!mx_grow(im->allocator, (void **)&im->edges, &im->cap_edges, im->n_edges, sizeof *im->edges))
        return mx_nomem(im->err);
    im->edges[im->n_edges++] = f->edge;
    return MX_OK;
}

void mx_xml_end_frame(mx_xml_reader *r) {
    mx_xml_frame *f = &r->frames[r->n_frames - 1];
    mx_xml_stop(r, finish_frame(r, f));
    for (size_t i = f->first_piece; i < r->n_pieces; i++)
        r->current.at[r->pieces[i].key] = (mx_str){NULL, 0};
    r->n_pieces = f->first_piece;
    r->texts.size = f->first_text;
    r->n_frames--;
}

/* ---- <data> ---- */

mx_status mx_xml_begin_data(mx_xml_reader *r, int n, const xmlChar **attributes) {
    r->skip = r->depth; /* taken back below where the data is ours */
    if (!r->n_frames) return MX_OK;
    const mx_xml_frame *f = &r->frames[r->n_frames - 1];
    if (r->depth != f->depth + 1) return MX_OK; /* of a nested graph: only for people */
    mx_str id = attribute(n, attributes, "key");
    mx_sid sid = id.p ? mx_strings_find(&r->key_ids, id) : UINT32_MAX;
    if (is_for_people(r, f, sid)) return MX_OK;
    if (sid == UINT32_MAX || sid >= r->cap_keys) {
        r->im->report->unknown_keys++;
        return MX_OK;
    }
    const mx_xml_key *k = &r->keys[sid];
    mx_key key = k->key[f->kind];
    if (key == MX_KEY_UNKNOWN) {
        r->im->report->unknown_keys += !k->silent;
        return MX_OK;
    }
    if (mx_key_table[key].form == MX_FORM_TOOLTIP || mx_key_table[key].form == MX_FORM_YFILES) return MX_OK;
    uint32_t number = k->piece[f->kind];
    r->skip = 0;
    r->in_data = true;
    r->data_bytes = 0;
    r->in_image = key == MX_KEY_PARAMETER_DATA && f->kind == MX_KEY_FOR_NODE;
    if (r->in_image) return mx_image_begin(&r->image, number);
    MX_TRY(grow(r, &r->pieces, &r->cap_pieces, r->n_pieces, sizeof *r->pieces));
    r->pieces[r->n_pieces++] = (mx_xml_piece){key, number, r->texts.size, 0};
    return MX_OK;
}

void mx_xml_end_data(mx_xml_reader *r) {
    if (r->in_image) {
        mx_xml_stop(r, mx_image_end(&r->image));
    } else {
        mx_xml_piece *p = &r->pieces[r->n_pieces - 1];
        p->size = r->texts.size - p->start;
    }
    r->in_data = r->in_image = false;
}

/* ---- labels: never data, but one that was changed by hand is told of ---- */

void mx_xml_begin_label(mx_xml_reader *r, const xmlChar *name, const xmlChar *uri) {
    mx_xml_frame *f = r->n_frames ? &r->frames[r->n_frames - 1] : NULL;
    if (!f || f->kind != MX_KEY_FOR_NODE || r->skip != f->depth + 1) return;
    if (!uri || strcmp((const char *)uri, "http://www.yworks.com/xml/graphml") != 0) return;
    bool group = strcmp((const char *)name, "GroupNode") == 0 || strcmp((const char *)name, "GenericGroupNode") == 0;
    if (group && f->label.labelled) f->label.picture = 1;
    if (f->label.labelled >> f->label.picture & 1 || strcmp((const char *)name, "NodeLabel") != 0) return;
    r->label = r->depth;
    mx_buffer_clear(&r->label_text);
}

/* At its end, or where elements of yEd's begin in it. */
void mx_xml_end_label(mx_xml_reader *r) {
    mx_xml_frame *f = &r->frames[r->n_frames - 1];
    if (r->label_text.failed) mx_xml_stop(r, mx_nomem(r->im->err));
    mx_str text = mx_origin_label((mx_str){r->label_text.size ? r->label_text.data : "", r->label_text.size});
    char *kept = f->label_text[f->label.picture];
    mx_origin_add_label(&f->label, text);
    size_t n = text.n < MX_LABEL_BYTES - 1 ? text.n : MX_LABEL_BYTES - 1;
    while (n < text.n && n && ((uint8_t)text.p[n] & 0xC0) == 0x80)
        n--;
    memcpy(kept, text.p, n);
    kept[n] = '\0';
    r->label = 0;
}
