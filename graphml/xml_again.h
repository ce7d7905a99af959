/* libxml2 (2.9) often calls a failed allocation a syntax error. A second look tells the two apart. */
#ifndef MX_GRAPHML_XML_AGAIN_H
#define MX_GRAPHML_XML_AGAIN_H

#include "base/source.h"

/* Whether libxml2 finds nothing wrong with a document: then an error that it reported before was in truth a lack of memory.
 * False also where memory does not suffice for the look. No entity is resolved; a DOCTYPE ends the look. */
bool mx_xml_is_well_formed(const mx_source *source);

#endif
