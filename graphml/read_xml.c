/* The XML side of reading: libxml2's push parser, fed in pieces, and what its events mean in GraphML. Texts of <data>
 * are gathered per <node> or <edge> and handed on when it ends; texts of keys that are not ours are never stored. */
#include "graphml/import.h"
#include "graphml/legacy.h"
#include "graphml/read_image.h"
#include "graphml/xml_again.h"

#include <libxml/parser.h>
#include <stdlib.h>

#define CHUNK_BYTES    ((size_t)64 << 10)
#define LABEL_BYTES    100u /* of a label that is told of in a message */
#define TAG_ATTRIBUTES 256u /* namespaces included */

/* A <data> of an open <node> or <edge>. */
typedef struct piece {
    mx_key key;
    uint32_t number;    /* place among NAME, NAME_1, ... */
    size_t start, size; /* in reader.texts */
} piece;

/* An open <node> or <edge>, or the outermost <graph> of a legacy file. Outer nodes stay open while their inner ones
 * come and go, so texts and pieces are stacks. */
typedef struct frame {
    mx_key_for kind;
    bool has_graph;
    uint32_t depth; /* of the element */
    uint32_t item;  /* node: its item */
    mx_edge edge;
    size_t first_piece, first_text;
    mx_origin label;
    char label_text[2][LABEL_BYTES]; /* by picture */
} frame;

typedef struct declared_key {
    mx_key key[3]; /* what it means on nodes, edges and graphs; MX_KEY_UNKNOWN: nothing of ours */
    uint32_t piece[3];
    bool silent; /* graphics: not counted as unknown */
} declared_key;

/* What of a tag has been seen; it may go on in the next piece of the document. */
typedef struct tag_scan {
    enum { TAG_NONE = 0, TAG_OPENED, TAG_INSIDE, TAG_VALUE } state;
    char quote, before; /* of TAG_VALUE; the last character that was no space */
    uint32_t attributes;
} tag_scan;

typedef struct reader {
    mx_import *im;
    xmlParserCtxtPtr parser;
    mx_status status;
    uint64_t text_limit;
    uint32_t depth, depth_limit;
    uint32_t skip;  /* depth of an element whose content is not read, 0: none */
    uint32_t label; /* depth of the y:NodeLabel whose text is read, 0: none */
    bool xml_error; /* it was libxml2 that found fault */
    bool in_data;   /* texts belong to the newest piece */
    bool after_cr;  /* the last text was CDATA and ended with a carriage return */
    bool in_root;   /* <graphml> was seen */
    bool in_image;  /* the newest piece is parameter_data, which is not stored */
    uint64_t data_bytes;
    mx_strings key_ids;
    declared_key *keys;
    size_t cap_keys;
    frame *frames;
    piece *pieces;
    size_t n_frames, cap_frames, n_pieces, cap_pieces;
    mx_buffer texts, joined, label_text;
    mx_texts current;
    mx_image_reader image;
    tag_scan tag;
    xmlStructuredErrorFunc outer_handler; /* the thread's, to be put back */
    void *outer_context;
} reader;

static uint32_t line_of(const reader *r) {
    int line = r->parser && r->parser->input ? r->parser->input->line : 0;
    return line > 0 ? (uint32_t)line : 0;
}

/* Remember the first failure and end the parsing. */
static void stop(reader *r, mx_status status) {
    if (status == MX_OK || r->status != MX_OK) return;
    r->status = mx_at_line(r->im->err, status, line_of(r));
    if (r->parser) xmlStopParser(r->parser);
}

static mx_status grow(const reader *r, void *items, size_t *cap, size_t count, size_t size) {
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

static mx_status begin_key(reader *r, int n, const xmlChar **attributes) {
    mx_str id = attribute(n, attributes, "id"), where = attribute(n, attributes, "for");
    mx_str name = attribute(n, attributes, "attr.name");
    if (!id.p) return mx_fail(r->im->err, MX_ERR_INVALID, "a <key> has no id");
    mx_sid sid = mx_strings_add(&r->key_ids, id);
    if (sid == MX_SID_NOMEM) return mx_nomem(r->im->err);
    while (r->cap_keys <= sid) { /* the empty id is there from the start, though no <key> may have it */
        size_t old = r->cap_keys;
        MX_TRY(grow(r, &r->keys, &r->cap_keys, old, sizeof *r->keys));
        for (size_t i = old; i < r->cap_keys; i++)
            r->keys[i] = (declared_key){.key = {MX_KEY_UNKNOWN, MX_KEY_UNKNOWN, MX_KEY_UNKNOWN}};
    }
    declared_key k = {.silent = !name.p};
    for (int i = 0; i < 3; i++) {
        bool here = !where.p || mx_str_is(where, "all") || mx_str_is(where, mx_key_for_name((mx_key_for)i));
        k.key[i] = name.p && here ? find_key((mx_key_for)i, name, &k.piece[i]) : MX_KEY_UNKNOWN;
    }
    r->im->legacy &= k.key[MX_KEY_FOR_NODE] != MX_KEY_NODE_KIND;
    r->keys[sid] = k;
    return MX_OK;
}

/* ---- <node>, <edge>, <graph> ---- */

static mx_status push_frame(reader *r, mx_key_for kind, frame **out) {
    MX_TRY(grow(r, &r->frames, &r->cap_frames, r->n_frames, sizeof *r->frames));
    *out = &r->frames[r->n_frames++];
    **out = (frame){
        .kind = kind, .depth = r->depth, .item = MX_NO_INDEX, .first_piece = r->n_pieces, .first_text = r->texts.size};
    return MX_OK;
}

static mx_status intern_id(reader *r, mx_str id, mx_sid *out) {
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

static mx_status begin_node(reader *r, int n, const xmlChar **attributes) {
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
    frame *f;
    MX_TRY(push_frame(r, MX_KEY_FOR_NODE, &f));
    MX_TRY(mx_import_add_item(im, &f->item));
    im->item_of_id[sid] = f->item;
    mx_item *item = &im->items[f->item];
    item->xml_id = sid;
    item->outer = outer;
    item->line = line_of(r);
    return MX_OK;
}

static mx_status begin_edge(reader *r, int n, const xmlChar **attributes) {
    mx_str source = attribute(n, attributes, "source"), target = attribute(n, attributes, "target");
    if (!source.p || !target.p)
        return mx_fail(r->im->err, MX_ERR_INVALID, "an <edge> has no %s", source.p ? "target" : "source");
    frame *f;
    MX_TRY(push_frame(r, MX_KEY_FOR_EDGE, &f));
    f->edge = (mx_edge){.source_port = -1, .target_port = -1, .line = line_of(r)};
    mx_sid from, to;
    MX_TRY(intern_id(r, source, &from));
    MX_TRY(intern_id(r, target, &to));
    f->edge.source = from;
    f->edge.target = to;
    return MX_OK;
}

/* Only legacy files say things about the model that stand nowhere else than on the outermost graph. */
static mx_status begin_graph(reader *r) {
    frame *f;
    if (r->n_frames) r->frames[r->n_frames - 1].has_graph = true;
    return !r->n_frames && r->im->legacy ? push_frame(r, MX_KEY_FOR_GRAPH, &f) : MX_OK;
}

static int compare_pieces(const void *a, const void *b) {
    const piece *x = a, *y = b;
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
static mx_status join_pieces(reader *r, const piece *p, size_t n, mx_str *out) {
    mx_error *err = r->im->err;
    size_t start = r->joined.size;
    for (size_t i = 0; i < n; i++) {
        const char *name = mx_key_table[p[i].key].name;
        if (i && p[i].number == p[i - 1].number)
            return mx_fail(err, MX_ERR_INVALID, "the data \"%s\" is given twice", name);
        if (p[i].number != i) return mx_fail(err, MX_ERR_INVALID, "piece %zu of the data \"%s\" is missing", i, name);
        mx_str text = trimmed(r->texts.data + p[i].start, p[i].size);
        if (n == 1) *out = text;
        if (n > 1) mx_buffer_add(&r->joined, text.p, text.n);
    }
    if (n > 1) *out = (mx_str){r->joined.data + start, r->joined.size - start};
    return MX_OK;
}

/* Fill r->current from the pieces of a frame. */
static mx_status gather(reader *r, const frame *f) {
    size_t n = r->n_pieces - f->first_piece;
    if (!n) return MX_OK;
    piece *p = r->pieces + f->first_piece;
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

static mx_status finish_frame(reader *r, frame *f) {
    mx_import *im = r->im;
    if (r->texts.failed) return mx_nomem(im->err);
    MX_TRY(gather(r, f));
    r->current.has_graph = f->has_graph;
    r->current.label = f->label;
    for (int i = 0; i < 2; i++)
        r->current.label_text[i] = mx_str_of(f->label_text[i]);
    if (f->kind == MX_KEY_FOR_GRAPH) return mx_legacy_read_graph(im, &r->current);
    if (f->kind == MX_KEY_FOR_NODE) return mx_read_item(im, f->item, &r->current);
    MX_TRY(mx_read_edge(im, &f->edge, &r->current));
    if (!mx_grow(im->allocator, (void **)&im->edges, &im->cap_edges, im->n_edges, sizeof *im->edges))
        return mx_nomem(im->err);
    im->edges[im->n_edges++] = f->edge;
    return MX_OK;
}

static void end_frame(reader *r) {
    frame *f = &r->frames[r->n_frames - 1];
    stop(r, finish_frame(r, f));
    for (size_t i = f->first_piece; i < r->n_pieces; i++)
        r->current.at[r->pieces[i].key] = (mx_str){NULL, 0};
    r->n_pieces = f->first_piece;
    r->texts.size = f->first_text;
    r->n_frames--;
}

/* ---- <data> ---- */

static mx_status begin_data(reader *r, int n, const xmlChar **attributes) {
    r->skip = r->depth; /* taken back below where the data is ours */
    if (!r->n_frames) return MX_OK;
    const frame *f = &r->frames[r->n_frames - 1];
    if (r->depth != f->depth + 1) return MX_OK; /* of a nested graph: only for people */
    mx_str id = attribute(n, attributes, "key");
    mx_sid sid = id.p ? mx_strings_find(&r->key_ids, id) : UINT32_MAX;
    if (sid == UINT32_MAX || sid >= r->cap_keys) {
        r->im->report->unknown_keys++;
        return MX_OK;
    }
    const declared_key *k = &r->keys[sid];
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
    r->pieces[r->n_pieces++] = (piece){key, number, r->texts.size, 0};
    return MX_OK;
}

static void end_data(reader *r) {
    if (r->in_image) {
        stop(r, mx_image_end(&r->image));
    } else {
        piece *p = &r->pieces[r->n_pieces - 1];
        p->size = r->texts.size - p->start;
    }
    r->in_data = r->in_image = false;
}

/* ---- labels: never data, but one that was changed by hand is told of ---- */

static void begin_label(reader *r, const xmlChar *name, const xmlChar *uri) {
    frame *f = r->n_frames ? &r->frames[r->n_frames - 1] : NULL;
    if (!f || f->kind != MX_KEY_FOR_NODE || r->skip != f->depth + 1) return;
    if (!uri || strcmp((const char *)uri, "http://www.yworks.com/xml/graphml") != 0) return;
    bool group = strcmp((const char *)name, "GroupNode") == 0 || strcmp((const char *)name, "GenericGroupNode") == 0;
    if (group && f->label.labelled) f->label.picture = 1;
    if (f->label.labelled >> f->label.picture & 1 || strcmp((const char *)name, "NodeLabel") != 0) return;
    r->label = r->depth;
    mx_buffer_clear(&r->label_text);
}

/* At its end, or where elements of yEd's begin in it. */
static void end_label(reader *r) {
    frame *f = &r->frames[r->n_frames - 1];
    if (r->label_text.failed) stop(r, mx_nomem(r->im->err));
    mx_str text = mx_origin_label((mx_str){r->label_text.size ? r->label_text.data : "", r->label_text.size});
    char *kept = f->label_text[f->label.picture];
    mx_origin_add_label(&f->label, text);
    size_t n = text.n < LABEL_BYTES - 1 ? text.n : LABEL_BYTES - 1;
    while (n < text.n && n && ((uint8_t)text.p[n] & 0xC0) == 0x80)
        n--;
    memcpy(kept, text.p, n);
    kept[n] = '\0';
    r->label = 0;
}

/* ---- events ---- */

typedef enum element {
    ELEMENT_OTHER = 0,
    ELEMENT_GRAPHML,
    ELEMENT_KEY,
    ELEMENT_GRAPH,
    ELEMENT_NODE,
    ELEMENT_EDGE,
    ELEMENT_DATA
} element;

static element element_of(const xmlChar *name, const xmlChar *uri) {
    static const char *const names[] = {"graphml", "key", "graph", "node", "edge", "data"};
    if (uri && strcmp((const char *)uri, "http://graphml.graphdrawing.org/xmlns") != 0) return ELEMENT_OTHER;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp((const char *)name, names[i]) == 0) return (element)(i + 1);
    return ELEMENT_OTHER;
}

static void start_element(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri, int n_namespaces,
                          const xmlChar **namespaces, int n, int n_defaulted, const xmlChar **attributes) {
    (void)prefix, (void)n_namespaces, (void)namespaces, (void)n_defaulted;
    reader *r = ctx;
    if (r->status != MX_OK) return;
    if (++r->depth > r->depth_limit) {
        stop(r, mx_fail(r->im->err, MX_ERR_LIMIT, "elements are nested more than %u deep", r->depth_limit));
        return;
    }
    if (r->label) end_label(r);
    if (r->skip) begin_label(r, name, uri);
    if (r->skip) return;
    if (r->in_data) {
        r->skip = r->depth;
        return;
    }
    element e = element_of(name, uri);
    if (!r->in_root && e != ELEMENT_GRAPHML) {
        stop(r, mx_fail(r->im->err, MX_ERR_INVALID, "this is not GraphML: its outermost element is <%.80s>",
                        (const char *)name));
        return;
    }
    r->in_root = true;
    switch (e) {
    case ELEMENT_KEY: stop(r, begin_key(r, n, attributes)); break;
    case ELEMENT_NODE: stop(r, begin_node(r, n, attributes)); break;
    case ELEMENT_EDGE: stop(r, begin_edge(r, n, attributes)); break;
    case ELEMENT_DATA: stop(r, begin_data(r, n, attributes)); break;
    case ELEMENT_GRAPH: stop(r, begin_graph(r)); break;
    case ELEMENT_GRAPHML: break;
    case ELEMENT_OTHER: r->skip = r->depth; break;
    }
}

static void end_element(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri) {
    (void)prefix;
    reader *r = ctx;
    if (r->status != MX_OK) return;
    uint32_t depth = r->depth--;
    r->after_cr = false;
    if (r->label == depth) end_label(r);
    if (r->skip) {
        if (r->skip == depth) r->skip = 0;
        return;
    }
    element e = element_of(name, uri);
    if (r->in_data) {
        end_data(r);
    } else if (e == ELEMENT_NODE || e == ELEMENT_EDGE) {
        end_frame(r);
    } else if (e == ELEMENT_GRAPH && r->n_frames && r->frames[r->n_frames - 1].depth == depth) {
        end_frame(r);
    }
}

static void characters(void *ctx, const xmlChar *text, int n) {
    reader *r = ctx;
    if (r->status == MX_OK && r->label && r->label_text.size < r->text_limit)
        mx_buffer_add(&r->label_text, text, (size_t)n);
    if (r->status != MX_OK || !r->in_data || r->skip) return;
    r->data_bytes += (uint64_t)n;
    if (r->data_bytes > r->text_limit) {
        stop(r,
             mx_fail(r->im->err, MX_ERR_LIMIT, "a text is longer than %llu bytes", (unsigned long long)r->text_limit));
    } else if (r->in_image) {
        stop(r, mx_image_text(&r->image, (const char *)text, (size_t)n));
    } else {
        mx_buffer_add(&r->texts, text, (size_t)n);
        if (r->texts.failed) stop(r, mx_nomem(r->im->err));
    }
}

/* The push parser hands CDATA on as it stands: line ends are made line feeds here, also where a piece ends between CR
 * and LF. */
static void cdata(void *ctx, const xmlChar *text, int n) {
    reader *r = ctx;
    int from = n && r->after_cr && text[0] == '\n' ? 1 : 0;
    for (int i = from; i < n; i++) {
        if (text[i] != '\r') continue;
        if (i > from) characters(ctx, text + from, i - from);
        characters(ctx, (const xmlChar *)"\n", 1);
        from = i + 1;
        if (from < n && text[from] == '\n') from = ++i + 1;
    }
    if (from < n) characters(ctx, text + from, n - from);
    r->after_cr = n && text[n - 1] == '\r';
}

static void document_type(void *ctx, const xmlChar *name, const xmlChar *external, const xmlChar *system) {
    (void)name, (void)external, (void)system;
    reader *r = ctx;
    stop(r, mx_fail(r->im->err, MX_ERR_SYNTAX, "a DOCTYPE is not allowed"));
}

static xmlEntityPtr no_entity(void *ctx, const xmlChar *name) {
    reader *r = ctx;
    stop(r, mx_fail(r->im->err, MX_ERR_SYNTAX, "the entity \"%.80s\" is not allowed", (const char *)name));
    return NULL;
}

#if LIBXML_VERSION >= 21200
typedef const xmlError *parse_error;
#else
typedef xmlErrorPtr parse_error;
#endif

/* libxml2's own message, as one sentence without its newline. The first ones come while the parser is being made, when
 * r->parser is not there yet. */
static void parser_error(void *ctx, parse_error e) {
    reader *r = ctx;
    if (r->status != MX_OK || e->level < XML_ERR_ERROR) return;
    if (e->code == XML_ERR_NO_MEMORY) {
        stop(r, mx_nomem(r->im->err));
        return;
    }
    const char *message = e->message ? e->message : "not well-formed";
    /* 2.9 has no code of its own for it. */
    if (e->code == XML_ERR_INVALID_ENCODING || strstr(message, "not proper UTF-8"))
        message = "the document is not UTF-8, the only encoding that is read";
    r->xml_error = true;
    r->status = mx_fail(r->im->err, MX_ERR_SYNTAX, "XML: %.*s", (int)strcspn(message, "\n"), message);
    mx_at_line(r->im->err, r->status, e->line > 0 ? (uint32_t)e->line : 0);
    if (r->parser) xmlStopParser(r->parser);
}

static void no_message(void *ctx, const char *format, ...) {
    (void)ctx, (void)format;
}

/* Errors that belong to no parser, such as those of making one, go to the thread's handler, which prints them. */
static void silent(void *ctx, parse_error e) {
    (void)ctx, (void)e;
}

/* ---- the bytes, before libxml2 gets them ---- */

static bool begins_name(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == ':' || (unsigned char)c >= 0x80;
}

/* One character from '<' on. A '<' cannot stand within a tag or its values, so it always begins anew: what comments and
 * CDATA sections hold, and may look like a tag, does not reach beyond the next one. */
static void scan_character(tag_scan *t, char c) {
    if (c == '<') {
        *t = (tag_scan){.state = TAG_OPENED};
    } else if (t->state == TAG_OPENED) {
        t->state = begins_name(c) ? TAG_INSIDE : TAG_NONE;
    } else if (t->state == TAG_VALUE) {
        if (c == t->quote) t->state = TAG_INSIDE;
    } else if (c == '>') {
        t->state = TAG_NONE;
    } else if (c == '"' || c == '\'') {
        t->attributes += t->before == '=';
        t->quote = c;
        t->state = TAG_VALUE;
    }
    if (!strchr(" \t\r\n", c)) t->before = c;
}

/* libxml2 looks for repeated attributes by comparing each with all before it: a tag of many takes quadratic time.
 * From one '<' to the next there are mostly too few bytes for many (a="" is the shortest): no closer look. */
static mx_status scan_tags(reader *r, const char *p, size_t n) {
    for (const char *end = p + n; p < end; p++) {
        if (r->tag.state == TAG_NONE && !(p = memchr(p, '<', (size_t)(end - p)))) break;
        size_t near = (size_t)(end - p) < 4 * TAG_ATTRIBUTES ? (size_t)(end - p) : 4 * TAG_ATTRIBUTES;
        const char *next = *p == '<' ? memchr(p + 1, '<', near - 1) : NULL;
        if (next) {
            r->tag.state = TAG_NONE;
            p = next - 1;
            continue;
        }
        scan_character(&r->tag, *p);
        if (r->tag.attributes > TAG_ATTRIBUTES)
            return mx_fail(r->im->err, MX_ERR_LIMIT, "a tag has more than %u attributes", TAG_ATTRIBUTES);
    }
    return MX_OK;
}

/* libxml2 knows other encodings by the first bytes, whatever the document declares: UTF-16, UTF-32, EBCDIC. */
static mx_status check_encoding(const reader *r, const char *p, size_t n) {
    static const char marks[][5] = {"\xfe\xff", "\xff\xfe", "\x4c\x6f\xa7\x94"};
    bool other = n && memchr(p, '\0', n < 4 ? n : 4);
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        other |= mx_str_starts((mx_str){p, n}, marks[i]);
    if (!other) return MX_OK;
    return mx_fail(r->im->err, MX_ERR_SYNTAX, "XML: the document is not UTF-8, the only encoding that is read");
}

/* ---- the parser ---- */

static bool open_reader(reader *r) {
    xmlSAXHandler sax = {.initialized = XML_SAX2_MAGIC,
                         .startElementNs = start_element,
                         .endElementNs = end_element,
                         .characters = characters,
                         .ignorableWhitespace = characters,
                         .cdataBlock = cdata,
                         .internalSubset = document_type,
                         .getEntity = no_entity,
                         .warning = no_message,
                         .error = no_message,
                         .fatalError = no_message,
                         .serror = (xmlStructuredErrorFunc)parser_error};
    r->outer_handler = xmlStructuredError;
    r->outer_context = xmlStructuredErrorContext;
    xmlSetStructuredErrorFunc(NULL, (xmlStructuredErrorFunc)silent);
    xmlInitParser();
    r->parser = xmlCreatePushParserCtxt(&sax, r, NULL, 0, NULL);
    mx_buffer_init(&r->texts, r->im->allocator);
    mx_buffer_init(&r->joined, r->im->allocator);
    mx_buffer_init(&r->label_text, r->im->allocator);
    mx_image_init(&r->image, r->im);
    if (!mx_strings_init(&r->key_ids, r->im->allocator) || !r->parser) return false;
    xmlCtxtUseOptions(r->parser, XML_PARSE_HUGE | XML_PARSE_NONET | XML_PARSE_IGNORE_ENC);
    return true;
}

static void close_reader(reader *r) {
    const mx_allocator *a = r->im->allocator;
    if (r->parser) xmlFreeParserCtxt(r->parser);
    xmlSetStructuredErrorFunc(r->outer_context, r->outer_handler);
    mx_strings_free(&r->key_ids);
    mx_free(a, r->keys, r->cap_keys * sizeof *r->keys);
    mx_free(a, r->frames, r->cap_frames * sizeof *r->frames);
    mx_free(a, r->pieces, r->cap_pieces * sizeof *r->pieces);
    mx_buffer_free(&r->texts);
    mx_buffer_free(&r->joined);
    mx_buffer_free(&r->label_text);
    mx_image_free(&r->image);
}

static mx_status feed(reader *r, const mx_source *source, uint64_t offset, size_t n, bool last) {
    mx_window w = {0};
    MX_TRY(mx_window_open(source, offset, n, &w, r->im->err));
    const char *p = (const char *)w.data;
    mx_status status = offset ? MX_OK : check_encoding(r, p, n);
    if (status == MX_OK) status = mx_at_line(r->im->err, scan_tags(r, p, n), line_of(r));
    int failed = status == MX_OK ? xmlParseChunk(r->parser, p, (int)n, last) : 0;
    mx_window_close(&w);
    if (status != MX_OK) return status;
    if (r->status != MX_OK) return r->status;
    r->xml_error = failed && !r->parser->wellFormed;
    if (r->xml_error)
        return mx_at_line(r->im->err, mx_fail(r->im->err, MX_ERR_SYNTAX, "XML: not well-formed"), line_of(r));
    return MX_OK;
}

/* Markup that is not complete yet (a tag, a comment, a CDATA section) stays in the parser's buffer, which scans it
 * again with every piece: so the pieces grow with it, and there is an end to it. */
static mx_status feed_all(reader *r, const mx_source *source) {
    uint64_t offset = 0;
    while (offset < source->size) {
        size_t waiting = r->parser->input ? (size_t)(r->parser->input->end - r->parser->input->cur) : 0;
        if (waiting > r->text_limit + CHUNK_BYTES)
            return mx_fail(r->im->err, MX_ERR_LIMIT, "a tag, comment or CDATA section is longer than %llu bytes",
                           (unsigned long long)r->text_limit);
        size_t n = waiting > CHUNK_BYTES ? waiting : CHUNK_BYTES;
        if (n > source->size - offset) n = (size_t)(source->size - offset);
        MX_TRY(feed(r, source, offset, n, false));
        offset += n;
    }
    uint32_t line = line_of(r);
    bool failed = xmlParseChunk(r->parser, "", 0, 1) != 0;
    if (r->status == MX_ERR_NOMEM || (!failed && r->status == MX_OK)) return r->status;
    if (r->depth == 0 && r->status != MX_OK) return r->status;
    r->xml_error = true;
    /* A tag that is cut off was given to start_element without its attributes: what that said is of no use. */
    return mx_at_line(r->im->err, mx_fail(r->im->err, MX_ERR_SYNTAX, "XML: the document ends too early"), line);
}

mx_status mx_read_xml(mx_import *im, const mx_source *source) {
    reader r = {.im = im, .text_limit = im->g->limits.text_bytes, .depth_limit = im->g->limits.xml_depth};
    mx_status status = open_reader(&r) ? feed_all(&r, source) : mx_nomem(im->err);
    if (status == MX_ERR_SYNTAX && r.xml_error && mx_xml_is_well_formed(source)) status = mx_nomem(im->err);
    if (status == MX_OK && !r.in_root) status = mx_fail(im->err, MX_ERR_SYNTAX, "XML: the document is empty");
    if (status == MX_OK) status = mx_image_finish(&r.image);
    close_reader(&r);
    return status;
}
