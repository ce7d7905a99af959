/* The page's parts that stand in picture/page/, as the build puts them into the program. */
#ifndef MX_PICTURE_PAGE_H
#define MX_PICTURE_PAGE_H

#include <stddef.h>

extern const char mx_page_script[], mx_page_style[], mx_page_body[];
extern const size_t mx_page_script_size, mx_page_style_size, mx_page_body_size;

#endif
