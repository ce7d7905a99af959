#include "graphml/label.h"

#include "graphml/values.h"

#define SYMBOL_CHARS    14u
#define SHAPE_DIMS      8u
#define ATTRIBUTE_CHARS 200u

/* Length of the UTF-8 sequence at p, 0 if it is none that XML can hold. */
static size_t sequence(const char *p, size_t n) {
    uint8_t c = (uint8_t)p[0];
    size_t length = c < 0x80 ? 1 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : 4;
    return length <= n && mx_xml_chars(p, length) ? length : 0;
}

static size_t step(mx_str s, size_t at) {
    size_t length = sequence(s.p + at, s.n - at);
    return length ? length : 1;
}

size_t mx_label_chars(mx_str s) {
    size_t chars = 0;
    for (size_t i = 0; i < s.n; i += step(s, i))
        chars++;
    return chars;
}

static void add_char(mx_buffer *b, mx_str s, size_t at) {
    char c = s.p[at];
    size_t length = sequence(s.p + at, s.n - at);
    if (c == '\n' || c == '\r' || c == '\t')
        mx_buffer_byte(b, ' ');
    else if (length == 0 || c == 0x7f)
        mx_buffer_cstr(b, "\xEF\xBF\xBD");
    else
        mx_buffer_add(b, s.p + at, length);
}

/* yEd takes a label that begins with <html> for HTML. */
static size_t defuse(mx_buffer *b, mx_str s) {
    static const char tag[] = "<html";
    size_t i = 0;
    while (i < sizeof tag - 1 && i < s.n && (s.p[i] | (i ? 0x20 : 0)) == tag[i])
        i++;
    if (i < sizeof tag - 1) return 0;
    mx_buffer_cstr(b, "\xE2\x80\xB9"); /* a single left-pointing quotation mark */
    return 1;
}

/* The byte from which the last max_chars - 1 characters start; labels that long are rare, so it may count
 * twice. */
static size_t tail_start(mx_str s, size_t chars, size_t max_chars) {
    size_t at = 0;
    for (size_t skip = chars - (max_chars - 1); skip > 0; skip--)
        at += step(s, at);
    return at;
}

size_t mx_label_text(mx_buffer *b, mx_str s, size_t max_chars, bool keep_end) {
    size_t bound = max_chars * 4 + 4, chars, written = 0, at = 0;
    bool cut;
    if (keep_end && s.n > bound) { /* from a character's first byte on, far enough behind */
        at = s.n - bound;
        while (at < s.n && ((uint8_t)s.p[at] & 0xC0) == 0x80)
            at++;
        s = (mx_str){s.p + at, s.n - at};
        at = 0;
    } else if (s.n > bound) {
        s.n = bound;
    }
    chars = mx_label_chars(s);
    cut = chars > max_chars;
    if (cut && keep_end) {
        mx_buffer_cstr(b, "\xE2\x80\xA6");
        at = tail_start(s, chars, max_chars);
        written = 1;
    } else {
        at = written = defuse(b, s);
    }
    for (; at < s.n && written < max_chars - (cut && !keep_end); at += step(s, at), written++)
        add_char(b, s, at);
    if (cut && !keep_end) mx_buffer_cstr(b, "\xE2\x80\xA6");
    return written;
}

bool mx_label_shape(mx_buffer *b, const mx_graph *g, uint32_t type) {
    if (type == MX_NO_INDEX) return false;
    const mx_type *t = &g->types[type];
    if ((t->kind != MX_TYPE_TENSOR && t->kind != MX_TYPE_SPARSE) || !t->has_shape) return false;
    if (t->n_dims == 0) mx_buffer_cstr(b, "scalar");
    for (uint32_t i = 0; i < t->n_dims; i++) {
        const mx_dim *d = &t->dims[i];
        if (i) mx_buffer_cstr(b, "\xC3\x97");
        if (i == SHAPE_DIMS) {
            mx_buffer_cstr(b, "\xE2\x80\xA6");
            break;
        }
        if (d->kind == MX_DIM_VALUE)
            mx_buffer_int(b, d->value);
        else if (d->kind == MX_DIM_PARAM && mx_text(g, d->param).n)
            mx_label_text(b, mx_text(g, d->param), SYMBOL_CHARS, false);
        else
            mx_buffer_byte(b, '?');
    }
    return true;
}

bool mx_label_type(mx_buffer *b, const mx_graph *g, uint32_t type) {
    static const char *const kinds[] = {"", "tensor", "sparse", "sequence", "optional", "map", "opaque", ""};
    size_t start = b->size;
    if (type == MX_NO_INDEX) return false;
    const mx_type *t = &g->types[type];
    const char *elem = t->has_elem && t->kind <= MX_TYPE_SPARSE ? mx_data_type_name(t->elem) : NULL;
    if (t->kind != MX_TYPE_TENSOR || !elem) mx_buffer_cstr(b, kinds[t->kind]);
    if (elem) {
        if (b->size > start) mx_buffer_byte(b, ' ');
        mx_buffer_cstr(b, elem);
    }
    if (t->has_shape && b->size > start) mx_buffer_byte(b, ' ');
    mx_label_shape(b, g, type);
    return b->size > start;
}

/* ---- titles ---- */

static void part(mx_buffer *b, const mx_graph *g, mx_sid id, size_t chars, bool keep_end) {
    mx_str s = mx_text(g, id);
    if (!s.n) return;
    if (b->size) mx_buffer_cstr(b, " \xC2\xB7 ");
    mx_label_text(b, s, chars, keep_end);
}

static void module_title(mx_buffer *b, const mx_graph *g, const mx_node *n, const mx_module_data *m) {
    bool scoped = mx_text(g, m->scope).n > 0;
    part(b, g, scoped ? m->scope : n->name, MX_LABEL_CHARS / 2, true);
    part(b, g, m->class_name, MX_LABEL_CHARS / 2 - 3, false);
}

void mx_label_title(mx_buffer *b, const mx_graph *g, mx_node_id id) {
    const mx_node *n = mx_node_at(g, id);
    mx_buffer_clear(b);
    switch ((mx_node_kind)n->kind) {
    case MX_NODE_MODEL:
        if (g->n_modules) part(b, g, g->modules[0].class_name, MX_LABEL_CHARS, false);
        if (!b->size) part(b, g, g->scopes[n->data].name, MX_LABEL_CHARS, false);
        if (!b->size) mx_buffer_cstr(b, "model");
        break;
    case MX_NODE_MODULE: module_title(b, g, n, &g->modules[n->data]); break;
    case MX_NODE_OPERATOR: part(b, g, n->op_type, MX_LABEL_CHARS, false); break;
    case MX_NODE_FUNCTION:
        part(b, g, n->name, MX_LABEL_CHARS / 2, true);
        part(b, g, n->domain, MX_LABEL_CHARS / 2 - 3, false);
        break;
    case MX_NODE_BODY:
    case MX_NODE_INPUT:
    case MX_NODE_OUTPUT: part(b, g, n->name, MX_LABEL_CHARS / 2, true); break;
    }
}

static uint32_t shown_type(const mx_plan *plan, mx_node_id id) {
    const mx_node *n = mx_node_at(plan->g, id);
    if (n->kind == MX_NODE_INPUT || n->kind == MX_NODE_OUTPUT) return n->data;
    if (n->kind != MX_NODE_OPERATOR || n->n_outputs == 0) return MX_NO_INDEX;
    return plan->port_type[plan->port_start[id]];
}

void mx_label_subtitle(mx_buffer *b, const mx_plan *plan, mx_node_id id) {
    mx_buffer_clear(b);
    mx_label_shape(b, plan->g, shown_type(plan, id));
}

/* ---- tooltips ---- */

static void line(mx_buffer *b) {
    if (b->size) mx_buffer_byte(b, '\n');
}

static void value_line(mx_buffer *b, const mx_graph *g, mx_sid name, uint32_t type) {
    line(b);
    mx_buffer_cstr(b, "\xE2\x86\x92 ");
    mx_label_text(b, mx_text(g, name), MX_LABEL_CHARS, true);
    if (type == MX_NO_INDEX) return;
    mx_buffer_cstr(b, ": ");
    mx_label_type(b, g, type);
}

void mx_label_tooltip(mx_buffer *b, const mx_plan *plan, mx_node_id id, mx_str attributes) {
    const mx_graph *g = plan->g;
    const mx_node *n = mx_node_at(g, id);
    mx_buffer_clear(b);
    if (mx_text(g, n->name).n) mx_label_text(b, mx_text(g, n->name), MX_LABEL_CHARS, true);
    if (n->kind == MX_NODE_OPERATOR) {
        line(b);
        if (mx_text(g, n->domain).n) {
            mx_label_text(b, mx_text(g, n->domain), MX_LABEL_CHARS / 2, false);
            mx_buffer_byte(b, '.');
        }
        mx_label_text(b, mx_text(g, n->op_type), MX_LABEL_CHARS, false);
        for (uint32_t i = 0; i < n->n_outputs && i < 4; i++)
            value_line(b, g, n->outputs[i], plan->port_type[plan->port_start[id] + i]);
    } else if (n->kind == MX_NODE_INPUT || n->kind == MX_NODE_OUTPUT) {
        if (n->data == MX_NO_INDEX) return;
        line(b);
        mx_label_type(b, g, n->data);
    }
    if (!attributes.n) return;
    line(b);
    mx_label_text(b, attributes, ATTRIBUTE_CHARS, false);
}
