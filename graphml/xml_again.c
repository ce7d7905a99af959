#include "graphml/xml_again.h"

#include <libxml/parser.h>

#if LIBXML_VERSION >= 21200
typedef const xmlError *raised_error;
#else
typedef xmlErrorPtr raised_error;
#endif

static void ignore_error(void *ctx, raised_error e) {
    (void)ctx, (void)e;
}

static void stop_at_doctype(void *ctx, const xmlChar *name, const xmlChar *external, const xmlChar *system) {
    (void)name, (void)external, (void)system;
    xmlStopParser(ctx);
}

static bool feed(xmlParserCtxtPtr parser, const mx_source *source, uint64_t from, uint64_t n) {
    mx_window w;
    if (mx_window_open(source, from, n, &w, NULL) != MX_OK) return false;
    xmlParseChunk(parser, (const char *)w.data, (int)n, 0);
    mx_window_close(&w);
    return parser->wellFormed;
}

bool mx_xml_is_well_formed(const mx_source *source) {
    xmlSAXHandler sax = {.initialized = XML_SAX2_MAGIC,
                         .internalSubset = stop_at_doctype,
                         .serror = (xmlStructuredErrorFunc)ignore_error};
    xmlParserCtxtPtr parser = xmlCreatePushParserCtxt(&sax, NULL, NULL, 0, NULL);
    bool good = parser != NULL;
    if (parser) xmlCtxtUseOptions(parser, XML_PARSE_HUGE | XML_PARSE_NONET | XML_PARSE_IGNORE_ENC);
    for (uint64_t done = 0; done < source->size && good; done += MX_WINDOW_BYTES) {
        uint64_t left = source->size - done;
        good = feed(parser, source, done, left < MX_WINDOW_BYTES ? left : MX_WINDOW_BYTES);
    }
    if (good) {
        xmlParseChunk(parser, "", 0, 1);
        good = parser->wellFormed;
    }
    if (parser) xmlFreeParserCtxt(parser);
    return good;
}
