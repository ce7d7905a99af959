/* XML as a stream: exact escaping into a buffer that goes to the file piece by piece. Text must be UTF-8. */
#ifndef MX_GRAPHML_XML_OUT_H
#define MX_GRAPHML_XML_OUT_H

#include "base/outfile.h"
#include "base/text.h"

typedef struct mx_xml {
    mx_outfile *file;
    mx_buffer b;
} mx_xml;

void mx_xml_init(mx_xml *x, mx_outfile *file, const mx_allocator *a);
void mx_xml_free(mx_xml *x);
/* Markup, as it is. */
void mx_xml_raw(mx_xml *x, const char *markup);
/* Character data: & < > escaped, a carriage return as a reference; characters that XML lacks become U+FFFD.
 */
void mx_xml_text(mx_xml *x, mx_str s);
/* The same within a quoted attribute, where tabs, line ends and quotes are references too. */
void mx_xml_quoted(mx_xml *x, mx_str s);
/* ` name="value"`, for our own names. */
void mx_xml_attr(mx_xml *x, const char *name, const char *value);
void mx_xml_attr_int(mx_xml *x, const char *name, int64_t value);
/* Half of a whole number, with one digit behind the point. */
void mx_xml_attr_half(mx_xml *x, const char *name, int64_t doubled);
/* Hand the buffer on when it is full enough, or at any rate (`all`). */
mx_status mx_xml_flush(mx_xml *x, bool all, mx_error *err);

#endif
