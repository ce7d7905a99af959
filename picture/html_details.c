#include "picture/html_data.h"
#include "picture/label_internal.h"

#define MOST_NAME 400
#define MOST_TEXT 2000

typedef struct detailing {
    const mx_scene *s;
    mx_markup *m;
    mx_buffer text;
    uint32_t *start, *users; /* boxes that use a value; n_values + 1 entries in start */
} detailing;

/* ---- who uses a value ---- */

/* The value that an input takes, MX_NO_INDEX: none that is drawn. */
static uint32_t value_of(const mx_scene *s, const mx_port *p) {
    if (p->source == MX_NO_NODE) return MX_NO_INDEX;
    uint32_t first = s->value_start[p->source];
    return p->source_port < s->value_start[p->source + 1] - first ? first + p->source_port : MX_NO_INDEX;
}

static void each_use(detailing *d, bool count) {
    const mx_scene *s = d->s;
    for (uint32_t i = s->n_boxes; i-- > 0;) { /* backwards, as users are filled in from the end */
        if (s->boxes[i].node == MX_NO_NODE) continue;
        const mx_node *n = mx_node_at(s->graph, s->boxes[i].node);
        for (uint32_t k = 0; k < n->n_inputs; k++) {
            uint32_t value = value_of(s, &n->inputs[k]);
            if (value == MX_NO_INDEX) continue;
            if (count)
                d->start[value + 1]++;
            else
                d->users[--d->start[value + 1]] = i;
        }
    }
}

/* start[v + 1] counts, then is the end, then the beginning of v's users: so it is shifted by one at last. */
static bool find_users(detailing *d) {
    const mx_allocator *a = d->s->graph->allocator;
    d->start = mx_alloc_zero(a, (size_t)d->s->n_values + 2, sizeof *d->start);
    if (!d->start) return false;
    each_use(d, true);
    for (uint32_t v = 0; v < d->s->n_values; v++)
        d->start[v + 1] += d->start[v];
    uint32_t n = d->start[d->s->n_values];
    d->users = mx_alloc_zero(a, (size_t)n + 1, sizeof *d->users);
    if (!d->users) return false;
    each_use(d, false);
    memmove(d->start, d->start + 1, d->s->n_values * sizeof *d->start);
    d->start[d->s->n_values] = n;
    return true;
}

/* ---- a line ---- */

static void comma(detailing *d, uint32_t i) {
    if (i) mx_markup_raw(d->m, ",");
}

static void add_text(detailing *d) {
    mx_html_text(d->m, mx_buffer_str(&d->text), MOST_NAME);
    mx_buffer_clear(&d->text);
}

/* `i64 1 · [1]`: of a constant without a box, type and value. */
static void constant(detailing *d, mx_node_id id) {
    const mx_graph *g = d->s->graph;
    const mx_node *n = mx_node_at(g, id);
    for (uint32_t i = 0; i < n->n_attrs; i++) {
        if (!mx_str_starts(mx_text(g, n->attrs[i].name), "value")) continue;
        mx_buffer_cstr(&d->text, d->text.size ? " \xC2\xB7 " : "");
        mx_label_attribute(&d->text, g, &n->attrs[i]);
        return;
    }
}

static void input(detailing *d, mx_node_id id, uint32_t i) {
    const mx_scene *s = d->s;
    const mx_port *p = &mx_node_at(s->graph, id)->inputs[i];
    uint32_t tensor = s->own->input_tensor[s->own->input_start[id] + i], box = MX_NO_BOX;
    if (p->source != MX_NO_NODE && !mx_scene_is_line(s, p->source)) box = s->box_of[p->source];
    if (box != MX_NO_BOX) { /* the line of the box that makes it tells more */
        mx_markup_put(d->m, "[\"\",\"\",%,%]", (int32_t[]){(int32_t)box, (int32_t)p->source_port});
        return;
    }
    mx_markup_raw(d->m, "[");
    mx_html_text(d->m, mx_node_input(s->graph, id, i), MOST_NAME);
    mx_markup_raw(d->m, ",");
    if (tensor != MX_NO_INDEX) {
        mx_buffer_cstr(&d->text, mx_label_dtype(s->graph->tensors[tensor].data_type)
                                     ? mx_label_dtype(s->graph->tensors[tensor].data_type)
                                     : "");
        mx_buffer_byte(&d->text, ' ');
        mx_label_tensor(&d->text, s->graph, tensor);
    } else if (p->source != MX_NO_NODE) {
        mx_label_type(&d->text, s->graph, mx_scene_type(s, p->source, p->source_port), MOST_TEXT);
        if (mx_scene_is_line(s, p->source)) constant(d, p->source);
    }
    add_text(d);
    mx_markup_raw(d->m, ",-1,0]");
}

static void output(detailing *d, mx_node_id id, uint32_t port) {
    const mx_scene *s = d->s;
    uint32_t value = s->value_start[id] + port;
    mx_markup_raw(d->m, "[");
    mx_html_text(d->m, mx_node_output(s->graph, id, port), MOST_NAME);
    mx_markup_raw(d->m, ",");
    mx_label_type(&d->text, s->graph, mx_scene_type(s, id, port), MOST_TEXT);
    add_text(d);
    if (value < s->value_start[id + 1])
        for (uint32_t u = d->start[value]; u < d->start[value + 1]; u++)
            mx_markup_put(d->m, ",%", (int32_t[]){(int32_t)d->users[u]});
    mx_markup_raw(d->m, "]");
}

static void attribute(detailing *d, const mx_attr *a) {
    mx_markup_raw(d->m, "[");
    mx_html_text(d->m, mx_text(d->s->graph, a->name), MOST_NAME);
    mx_markup_raw(d->m, ",");
    if (a->type == MX_ATTR_STRING && a->ref_name == MX_SID_ABSENT)
        mx_text_chars(&d->text, mx_text(d->s->graph, a->value.s), MOST_TEXT, false);
    else if (!mx_label_attribute(&d->text, d->s->graph, a))
        mx_buffer_cstr(&d->text, a->type == MX_ATTR_GRAPH || a->type == MX_ATTR_GRAPHS ? "graph" : "\xE2\x80\xA6");
    add_text(d);
    mx_markup_raw(d->m, "]");
}

static void metadata(detailing *d, mx_node_id id) {
    const mx_graph *g = d->s->graph;
    size_t n = mx_node_metadata_count(g, id);
    for (size_t i = 0; i < n; i++) {
        mx_markup_raw(d->m, i ? ",[" : "[");
        mx_html_text(d->m, mx_node_metadata_key(g, id, i), MOST_NAME);
        mx_markup_raw(d->m, ",");
        mx_html_text(d->m, mx_node_metadata_value(g, id, i), MOST_TEXT);
        mx_markup_raw(d->m, "]");
    }
}

static void node_line(detailing *d, mx_node_id id) {
    const mx_graph *g = d->s->graph;
    const mx_node *n = mx_node_at(g, id);
    bool is_operator = n->kind == MX_NODE_OPERATOR;
    mx_markup_raw(d->m, "[");
    mx_html_text(d->m, mx_node_name(g, id), MOST_TEXT);
    mx_markup_raw(d->m, ",");
    if (is_operator && mx_text(g, n->domain).n) {
        mx_text_chars(&d->text, mx_text(g, n->domain), 100, false);
        mx_buffer_byte(&d->text, '.');
    }
    mx_text_chars(&d->text, is_operator ? mx_text(g, n->op_type) : mx_node_class_name(g, id), 100, false);
    add_text(d);
    mx_markup_raw(d->m, ",[");
    for (uint32_t i = 0; i < n->n_inputs; i++)
        comma(d, i), input(d, id, i);
    mx_markup_raw(d->m, "],[");
    for (uint32_t i = 0; i < n->n_outputs; i++)
        comma(d, i), output(d, id, i);
    mx_markup_raw(d->m, "],[");
    for (uint32_t i = 0; i < n->n_attrs; i++)
        comma(d, i), attribute(d, &n->attrs[i]);
    mx_markup_raw(d->m, "],[");
    metadata(d, id);
    mx_markup_raw(d->m, "],");
    mx_html_text(d->m, mx_node_doc_string(g, id), MOST_TEXT);
    mx_markup_raw(d->m, "]\n");
}

mx_status mx_html_details(const mx_scene *scene, mx_markup *m, mx_error *err) {
    const mx_allocator *a = scene->graph->allocator;
    detailing d = {.s = scene, .m = m};
    mx_buffer_init(&d.text, a);
    bool ok = find_users(&d);
    for (uint32_t i = 0; ok && i < scene->n_boxes; i++) {
        if (scene->boxes[i].node == MX_NO_NODE)
            mx_markup_raw(m, "[\"auxiliary\",\"\",[],[],[],[],\"\"]\n");
        else
            node_line(&d, scene->boxes[i].node);
        mx_markup_drain(m);
    }
    ok = ok && !d.text.failed;
    if (d.users) mx_free(a, d.users, ((size_t)d.start[scene->n_values] + 1) * sizeof *d.users);
    mx_free(a, d.start, ((size_t)scene->n_values + 2) * sizeof *d.start);
    mx_buffer_free(&d.text);
    return ok ? MX_OK : mx_nomem(err);
}
