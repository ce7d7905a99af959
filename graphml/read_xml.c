/* The XML side of reading: libxml2's push parser, fed in pieces, and its events. What they mean in GraphML:
 * read_parts.c. */
#include "graphml/read_parts.h"
#include "graphml/xml_again.h"

#define CHUNK_BYTES    ((size_t)64 << 10)
#define TAG_ATTRIBUTES 256u /* namespaces included */

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
    mx_xml_reader *r = ctx;
    if (r->status != MX_OK) return;
    if (++r->depth > r->depth_limit) {
        mx_xml_stop(r, mx_fail(r->im->err, MX_ERR_LIMIT, "elements are nested more than %u deep", r->depth_limit));
        return;
    }
    if (r->label) mx_xml_end_label(r);
    if (r->skip) mx_xml_begin_label(r, name, uri);
    if (r->skip) return;
    if (r->in_data) {
        r->skip = r->depth;
        return;
    }
    element e = element_of(name, uri);
    if (!r->in_root && e != ELEMENT_GRAPHML) {
        mx_xml_stop(r, mx_fail(r->im->err, MX_ERR_INVALID, "this is not GraphML: its outermost element is <%.80s>",
                               (const char *)name));
        return;
    }
    r->in_root = true;
    switch (e) {
    case ELEMENT_KEY: mx_xml_stop(r, mx_xml_begin_key(r, n, attributes)); break;
    case ELEMENT_NODE: mx_xml_stop(r, mx_xml_begin_node(r, n, attributes)); break;
    case ELEMENT_EDGE: mx_xml_stop(r, mx_xml_begin_edge(r, n, attributes)); break;
    case ELEMENT_DATA: mx_xml_stop(r, mx_xml_begin_data(r, n, attributes)); break;
    case ELEMENT_GRAPH: mx_xml_stop(r, mx_xml_begin_graph(r)); break;
    case ELEMENT_GRAPHML: break;
    case ELEMENT_OTHER: r->skip = r->depth; break;
    }
}

static void end_element(void *ctx, const xmlChar *name, const xmlChar *prefix, const xmlChar *uri) {
    (void)prefix;
    mx_xml_reader *r = ctx;
    if (r->status != MX_OK) return;
    uint32_t depth = r->depth--;
    r->after_cr = false;
    if (r->label == depth) mx_xml_end_label(r);
    if (r->skip) {
        if (r->skip == depth) r->skip = 0;
        return;
    }
    element e = element_of(name, uri);
    if (r->in_data) {
        mx_xml_end_data(r);
    } else if (e == ELEMENT_NODE || e == ELEMENT_EDGE) {
        mx_xml_end_frame(r);
    } else if (e == ELEMENT_GRAPH && r->n_frames && r->frames[r->n_frames - 1].depth == depth) {
        mx_xml_end_frame(r);
    }
}

static void characters(void *ctx, const xmlChar *text, int n) {
    mx_xml_reader *r = ctx;
    if (r->status == MX_OK && r->label && r->label_text.size < r->text_limit)
        mx_buffer_add(&r->label_text, text, (size_t)n);
    if (r->status != MX_OK || !r->in_data || r->skip) return;
    r->data_bytes += (uint64_t)n;
    if (r->data_bytes > r->text_limit) {
        mx_xml_stop(r, mx_fail(r->im->err, MX_ERR_LIMIT, "a text is longer than %llu bytes",
                               (unsigned long long)r->text_limit));
    } else if (r->in_image) {
        mx_xml_stop(r, mx_image_text(&r->image, (const char *)text, (size_t)n));
    } else {
        mx_buffer_add(&r->texts, text, (size_t)n);
        if (r->texts.failed) mx_xml_stop(r, mx_nomem(r->im->err));
    }
}

/* The push parser hands CDATA on as it stands: line ends are made line feeds here, also where a piece ends between CR
 * and LF. */
static void cdata(void *ctx, const xmlChar *text, int n) {
    mx_xml_reader *r = ctx;
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
    mx_xml_reader *r = ctx;
    mx_xml_stop(r, mx_fail(r->im->err, MX_ERR_SYNTAX, "a DOCTYPE is not allowed"));
}

static xmlEntityPtr no_entity(void *ctx, const xmlChar *name) {
    mx_xml_reader *r = ctx;
    mx_xml_stop(r, mx_fail(r->im->err, MX_ERR_SYNTAX, "the entity \"%.80s\" is not allowed", (const char *)name));
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
    mx_xml_reader *r = ctx;
    if (r->status != MX_OK || e->level < XML_ERR_ERROR) return;
    if (e->code == XML_ERR_NO_MEMORY) {
        mx_xml_stop(r, mx_nomem(r->im->err));
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
static void scan_character(mx_tag_scan *t, char c) {
    if (c == '<') {
        *t = (mx_tag_scan){.state = TAG_OPENED};
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
static mx_status scan_tags(mx_xml_reader *r, const char *p, size_t n) {
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
static mx_status check_encoding(const mx_xml_reader *r, const char *p, size_t n) {
    static const char marks[][5] = {"\xfe\xff", "\xff\xfe", "\x4c\x6f\xa7\x94"};
    bool other = n && memchr(p, '\0', n < 4 ? n : 4);
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        other |= mx_str_starts((mx_str){p, n}, marks[i]);
    if (!other) return MX_OK;
    return mx_fail(r->im->err, MX_ERR_SYNTAX, "XML: the document is not UTF-8, the only encoding that is read");
}

/* ---- the parser ---- */

static bool open_reader(mx_xml_reader *r) {
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

static void close_reader(mx_xml_reader *r) {
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

static mx_status feed(mx_xml_reader *r, const mx_source *source, uint64_t offset, size_t n, bool last) {
    mx_window w = {0};
    MX_TRY(mx_window_open(source, offset, n, &w, r->im->err));
    const char *p = (const char *)w.data;
    mx_status status = offset ? MX_OK : check_encoding(r, p, n);
    if (status == MX_OK) status = mx_at_line(r->im->err, scan_tags(r, p, n), mx_xml_line(r));
    int failed = status == MX_OK ? xmlParseChunk(r->parser, p, (int)n, last) : 0;
    mx_window_close(&w);
    if (status != MX_OK) return status;
    if (r->status != MX_OK) return r->status;
    r->xml_error = failed && !r->parser->wellFormed;
    if (r->xml_error)
        return mx_at_line(r->im->err, mx_fail(r->im->err, MX_ERR_SYNTAX, "XML: not well-formed"), mx_xml_line(r));
    return MX_OK;
}

/* Markup that is not complete yet (a tag, a comment, a CDATA section) stays in the parser's buffer, which scans it
 * again with every piece: so the pieces grow with it, and there is an end to it. */
static mx_status feed_all(mx_xml_reader *r, const mx_source *source) {
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
    uint32_t line = mx_xml_line(r);
    bool failed = xmlParseChunk(r->parser, "", 0, 1) != 0;
    if (r->status == MX_ERR_NOMEM || (!failed && r->status == MX_OK)) return r->status;
    if (r->depth == 0 && r->status != MX_OK) return r->status;
    r->xml_error = true;
    /* A tag that is cut off was given to start_element without its attributes: what that said is of no use. */
    return mx_at_line(r->im->err, mx_fail(r->im->err, MX_ERR_SYNTAX, "XML: the document ends too early"), line);
}

mx_status mx_read_xml(mx_import *im, const mx_source *source) {
    mx_xml_reader r = {.im = im, .text_limit = im->g->limits.text_bytes, .depth_limit = im->g->limits.xml_depth};
    mx_status status = open_reader(&r) ? feed_all(&r, source) : mx_nomem(im->err);
    if (status == MX_ERR_SYNTAX && r.xml_error && mx_xml_is_well_formed(source)) status = mx_nomem(im->err);
    if (status == MX_OK && !r.in_root) status = mx_fail(im->err, MX_ERR_SYNTAX, "XML: the document is empty");
    if (status == MX_OK) status = mx_image_finish(&r.image);
    close_reader(&r);
    return status;
}
