/* The state of one GraphML document being read, between libxml2's events (read_xml.c) and what they mean
 * (read_parts.c). */
#ifndef MX_GRAPHML_READ_PARTS_H
#define MX_GRAPHML_READ_PARTS_H

#include "graphml/import.h"
#include "graphml/read_image.h"

#include <libxml/parser.h>

#define MX_LABEL_BYTES 100u /* of a label that is told of in a message */

/* A <data> of an open <node> or <edge>. */
typedef struct mx_xml_piece {
    mx_key key;
    uint32_t number;    /* place among NAME, NAME_1, ... */
    size_t start, size; /* in mx_xml_reader.texts */
} mx_xml_piece;

/* An open <node> or <edge>, or the outermost <graph> of a legacy file. Outer nodes stay open while their inner ones
 * come and go, so texts and pieces are stacks. */
typedef struct mx_xml_frame {
    mx_key_for kind;
    bool has_graph;
    uint32_t depth; /* of the element */
    uint32_t item;  /* node: its item */
    mx_edge edge;
    size_t first_piece, first_text;
    mx_origin label;
    char label_text[2][MX_LABEL_BYTES]; /* by picture */
} mx_xml_frame;

typedef struct mx_xml_key {
    mx_key key[3]; /* what it means on nodes, edges and graphs; MX_KEY_UNKNOWN: nothing of ours */
    uint32_t piece[3];
    bool silent; /* graphics: not counted as unknown */
} mx_xml_key;

/* What of a tag has been seen; it may go on in the next piece of the document. */
typedef struct mx_tag_scan {
    enum { TAG_NONE = 0, TAG_OPENED, TAG_INSIDE, TAG_VALUE } state;
    char quote, before; /* of TAG_VALUE; the last character that was no space */
    uint32_t attributes;
} mx_tag_scan;

typedef struct mx_xml_reader {
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
    mx_xml_key *keys;
    size_t cap_keys;
    mx_xml_frame *frames;
    mx_xml_piece *pieces;
    size_t n_frames, cap_frames, n_pieces, cap_pieces;
    mx_buffer texts, joined, label_text;
    mx_texts current;
    mx_image_reader image;
    mx_tag_scan tag;
    xmlStructuredErrorFunc outer_handler; /* the thread's, to be put back */
    void *outer_context;
} mx_xml_reader;

/* Remember the first failure, with its line, and end the parsing. MX_OK: nothing happens. */
void mx_xml_stop(mx_xml_reader *r, mx_status status);
/* The line that is being read, 0: none yet. */
uint32_t mx_xml_line(const mx_xml_reader *r);

/* Elements of GraphML; attributes as libxml2 has them, five pointers each. Errors: INVALID, NOMEM. */
mx_status mx_xml_begin_key(mx_xml_reader *r, int n, const xmlChar **attributes);
mx_status mx_xml_begin_node(mx_xml_reader *r, int n, const xmlChar **attributes);
mx_status mx_xml_begin_edge(mx_xml_reader *r, int n, const xmlChar **attributes);
mx_status mx_xml_begin_graph(mx_xml_reader *r);
mx_status mx_xml_begin_data(mx_xml_reader *r, int n, const xmlChar **attributes);
/* The end of the <data> that is being read, and of the innermost <node>, <edge> or legacy <graph>, whose texts are
 * handed on. */
void mx_xml_end_data(mx_xml_reader *r);
void mx_xml_end_frame(mx_xml_reader *r);

/* Within graphics, whose content is skipped: a label of a node may begin, or has ended. Labels are never data, but one
 * that was changed by hand is told of. */
void mx_xml_begin_label(mx_xml_reader *r, const xmlChar *name, const xmlChar *uri);
void mx_xml_end_label(mx_xml_reader *r);

#endif
