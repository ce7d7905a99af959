/* The .onnxdata image that stands in the XML as base64: decoded piece by piece into an unnamed temporary file. */
#ifndef MX_GRAPHML_READ_IMAGE_H
#define MX_GRAPHML_READ_IMAGE_H

#include "graphml/import.h"

typedef struct mx_image_piece {
    uint32_t number;
    uint64_t offset, size; /* in the file */
} mx_image_piece;

typedef struct mx_image_reader {
    mx_import *im;
    bool open;
    mx_outfile file;
    mx_image_piece *pieces;
    size_t n_pieces, cap_pieces;
    char rest[4]; /* base64 characters that do not make a whole group yet */
    uint32_t n_rest;
    mx_buffer text, bytes;
} mx_image_reader;

void mx_image_init(mx_image_reader *r, mx_import *im);
void mx_image_free(mx_image_reader *r);
/* One piece: begin, any number of texts, end. Pieces may come in any order; empty ones are
 * none, as yEd writes what a node does not have. */
mx_status mx_image_begin(mx_image_reader *r, uint32_t number);
mx_status mx_image_text(mx_image_reader *r, const char *p, size_t n);
mx_status mx_image_end(mx_image_reader *r);
/* Put the pieces in order and hand the image to the import's weights. Does nothing where there were none. */
mx_status mx_image_finish(mx_image_reader *r);

#endif
