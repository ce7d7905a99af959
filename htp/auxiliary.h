/* Auxiliary operators: they arrange, pick, convert or measure data for others, or compute with sizes and constants alone. */
#ifndef MX_HTP_AUXILIARY_H
#define MX_HTP_AUXILIARY_H

#include "htp/sources.h"

/* Set label.auxiliary of every operator. One that takes a parameter (an embedding's Gather) is none. Linear. */
mx_status mx_htp_mark_auxiliary(const mx_htp_sources *s, mx_htp_tagging *t);

#endif
