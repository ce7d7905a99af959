/* Pass 10: initializers that an edit left without a user are dropped, unless nothing used them in the source model. */
#include "graphml/import.h"

mx_status mx_import_drop_orphans(mx_import *im) {
    im->report->initializers_dropped += mx_drop_orphans(im->g, &im->unused);
    return MX_OK;
}
