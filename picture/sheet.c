#include "picture/sheet.h"

#include "picture/family.h"

/* `selector{property:colour;property2:colour2}`; property2 may be NULL. */
static void rule(mx_buffer *b, const char *prefix, const char *selector, const char *property, const char *colour,
                 const char *property2, const char *colour2) {
    const char *const parts[] = {prefix, selector, "{", property, ":", colour};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        mx_buffer_cstr(b, parts[i]);
    if (property2) {
        mx_buffer_byte(b, ';');
        mx_buffer_cstr(b, property2);
        mx_buffer_byte(b, ':');
        mx_buffer_cstr(b, colour2);
    }
    mx_buffer_cstr(b, "}\n");
}

static void family_rules(mx_buffer *b, const char *prefix, int family, const mx_colours *c) {
    char selector[16] = ".f00 .b";
    selector[2] = (char)('0' + family / 10);
    selector[3] = (char)('0' + family % 10);
    rule(b, prefix, selector, "fill", c->fill, "stroke", c->border);
    selector[6] = 'k';
    rule(b, prefix, selector, "fill", c->border, NULL, NULL);
    memcpy(selector + 5, "text", 5);
    rule(b, prefix, selector, "fill", c->text, NULL, NULL);
}

void mx_sheet_colours(mx_buffer *b, bool dark, const char *prefix) {
    const mx_theme *t = dark ? &mx_theme_dark : &mx_theme_light;
    for (int i = 0; i < MX_FAMILIES; i++)
        family_rules(b, prefix, i, dark ? &mx_family_styles[i].dark : &mx_family_styles[i].light);
    rule(b, prefix, ".p", "fill", t->ground, NULL, NULL);
    rule(b, prefix, ".g0", "fill", t->grounds[0], "stroke", t->frame);
    rule(b, prefix, ".g1", "fill", t->grounds[1], "stroke", t->frame);
    rule(b, prefix, ".gb", "fill", t->body.fill, "stroke", t->body.border);
    rule(b, prefix, ".gf", "fill", t->function.fill, "stroke", t->function.border);
    rule(b, prefix, ".hg0", "stroke", t->grounds[0], NULL, NULL);
    rule(b, prefix, ".hg1", "stroke", t->grounds[1], NULL, NULL);
    rule(b, prefix, ".hgb", "stroke", t->body.fill, NULL, NULL);
    rule(b, prefix, ".hgf", "stroke", t->function.fill, NULL, NULL);
    rule(b, prefix, ".h", "fill", t->text, NULL, NULL);
    rule(b, prefix, ".h .q", "fill", t->quiet_text, NULL, NULL);
    rule(b, prefix, ".e", "stroke", t->edge, NULL, NULL);
    rule(b, prefix, ".eq", "stroke", t->quiet_edge, NULL, NULL);
    rule(b, prefix, ".a", "fill", t->edge, NULL, NULL);
    rule(b, prefix, ".aq", "fill", t->quiet_edge, NULL, NULL);
}

static void borders(mx_buffer *b) {
    for (int i = 0; i < MX_FAMILIES; i++) {
        if (strcmp(mx_family_styles[i].width, "1.0") == 0) continue;
        mx_buffer_cstr(b, ".f");
        mx_buffer_byte(b, (char)('0' + i / 10));
        mx_buffer_byte(b, (char)('0' + i % 10));
        mx_buffer_cstr(b, " .b{stroke-width:");
        mx_buffer_cstr(b, mx_family_styles[i].width);
        mx_buffer_cstr(b, "}\n");
    }
}

void mx_sheet_forms(mx_buffer *b) {
    mx_buffer_cstr(b, "text{font:10px Helvetica,Arial,\"Liberation Sans\",sans-serif}\n"
                      ".n{font-size:12px;font-weight:bold}\n.c{font-size:12px}\n"
                      ".m{text-anchor:middle}\n.r{text-anchor:end}\n.q{fill-opacity:.8}\n.h "
                      "text{paint-order:stroke;stroke-width:4px;stroke-linejoin:round}\n"
                      ".e,.eq{fill:none;stroke-width:1.4}\n.eq{stroke-width:1}\n.z .b{stroke-dasharray:4 "
                      "3}\n.o{stroke-dasharray:6 4}\n");
    borders(b);
}
