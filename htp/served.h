/* Operators that serve several modules: what is computed once for many, and what stands in functions that many call. */
#ifndef MX_HTP_SERVED_H
#define MX_HTP_SERVED_H

#include "htp/functions.h"

/* More modules than this are not listed for one operator. */
#define MX_HTP_SERVED 64u

/* Fill label.first_served, n_served. Listed are modules of different tags, the operator's own first. Linear. */
mx_status mx_htp_find_served(mx_graph *g, mx_htp_tagging *t, const mx_htp_functions *functions, mx_error *err);

#endif
