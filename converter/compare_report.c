/* Differences as texts. Nothing here is done before a difference was found. */
#include "converter/compare_internal.h"
#include "converter/dtype.h"

#include "base/json.h"

#define SHOWN_DIMS 16u

/* ---- texts before and after ---- */

void mx_cmp_say(mx_cmp *c, int side, const char *text) {
    mx_buffer_cstr(&c->text[side], text);
}

static void add_shown(mx_buffer *b, mx_str s) {
    mx_shown shown = mx_show(s);
    mx_buffer_cstr(b, shown.text);
}

void mx_cmp_show(mx_cmp *c, int side, mx_sid s) {
    if (c->texts) {
        c->texts->string(&c->text[side], c->g[side], s);
        return;
    }
    if (s != MX_SID_ABSENT) add_shown(&c->text[side], mx_text(c->g[side], s));
}

void mx_cmp_show_data_type(mx_cmp *c, int side, int32_t data_type) {
    mx_buffer *b = &c->text[side];
    if (mx_data_type_name(data_type)) {
        mx_buffer_cstr(b, mx_data_type_name(data_type));
    } else {
        mx_buffer_cstr(b, "type ");
        mx_buffer_int(b, data_type);
    }
}

static void end_list(mx_buffer *b, uint32_t n) {
    if (n > SHOWN_DIMS) {
        mx_buffer_cstr(b, ", \xE2\x80\xA6 ");
        mx_buffer_uint(b, n);
        mx_buffer_cstr(b, " in all");
    }
    mx_buffer_byte(b, ']');
}

void mx_cmp_show_dims(mx_cmp *c, int side, const int64_t *dims, uint32_t n) {
    mx_buffer *b = &c->text[side];
    mx_buffer_byte(b, '[');
    for (uint32_t i = 0; i < n && i < SHOWN_DIMS; i++) {
        if (i) mx_buffer_cstr(b, ", ");
        mx_buffer_int(b, dims[i]);
    }
    end_list(b, n);
}

static void show_shape(mx_cmp *c, int side, const mx_type *t) {
    mx_buffer *b = &c->text[side];
    mx_buffer_byte(b, '[');
    for (uint32_t i = 0; i < t->n_dims && i < SHOWN_DIMS; i++) {
        const mx_dim *d = &t->dims[i];
        if (i) mx_buffer_cstr(b, ", ");
        if (d->kind == MX_DIM_VALUE) mx_buffer_int(b, d->value);
        if (d->kind == MX_DIM_PARAM) add_shown(b, mx_text(c->g[side], d->param));
        if (d->kind == MX_DIM_NONE) mx_buffer_byte(b, '?');
        if (d->denotation != MX_SID_ABSENT) {
            mx_buffer_byte(b, ':');
            add_shown(b, mx_text(c->g[side], d->denotation));
        }
    }
    end_list(b, t->n_dims);
}

static void show_elements(mx_cmp *c, int side, const mx_type *t) {
    if (t->has_elem) mx_cmp_show_data_type(c, side, t->elem);
    if (!t->has_elem) mx_cmp_say(c, side, "tensor");
    if (t->has_shape) show_shape(c, side, t);
}

/* A type has one type inside at most, so this is a chain; it is cut where no reader would follow. */
void mx_cmp_show_type(mx_cmp *c, int side, uint32_t type) {
    const mx_graph *g = c->g[side];
    if (c->texts) {
        if (type != MX_NO_INDEX) c->texts->type(&c->text[side], g, type);
        return;
    }
    for (int depth = 0; type != MX_NO_INDEX; depth++) {
        static const char *const kinds[] = {"no type",   "",          "sparse ", "sequence of ",
                                            "optional ", "map from ", "opaque ", "encoded "};
        const mx_type *t = &g->types[type];
        mx_cmp_say(c, side, depth < 16 ? kinds[t->kind] : "\xE2\x80\xA6");
        if (depth == 16) return;
        if (t->kind == MX_TYPE_TENSOR || t->kind == MX_TYPE_SPARSE) show_elements(c, side, t);
        if (t->kind == MX_TYPE_OPAQUE || t->kind == MX_TYPE_WIRE) mx_cmp_show(c, side, t->domain);
        if (t->kind == MX_TYPE_OPAQUE) mx_cmp_show(c, side, t->name);
        if (t->kind == MX_TYPE_MAP) {
            if (t->has_elem) mx_cmp_show_data_type(c, side, t->elem);
            mx_cmp_say(c, side, " to ");
        }
        if (t->denotation != MX_SID_ABSENT) {
            mx_cmp_say(c, side, " ");
            mx_cmp_show(c, side, t->denotation);
            mx_cmp_say(c, side, " ");
        }
        type = t->child;
    }
}

void mx_cmp_show_tensor(mx_cmp *c, int side, const mx_tensor *t) {
    if (c->texts) {
        c->texts->tensor(&c->text[side], c->g[side], t);
        return;
    }
    mx_cmp_show_data_type(c, side, t->data_type);
    mx_cmp_show_dims(c, side, t->dims, t->n_dims);
}

/* ---- places ---- */

static void add_operator(mx_cmp *c, mx_buffer *b, int side, const mx_node *n, mx_node_id id) {
    if (mx_cmp_named(n->name)) {
        add_shown(b, mx_text(c->g[side], n->name));
        return;
    }
    mx_shown type = mx_show(mx_text(c->g[side], n->op_type));
    mx_buffer_add(b, type.text + 1, strlen(type.text) - 2); /* without its quotes */
    mx_buffer_cstr(b, " #");
    mx_buffer_uint(b, c->nodes[side][id].position);
}

static void add_function(mx_cmp *c, mx_buffer *b, int side, const mx_node *n) {
    const mx_graph *g = c->g[side];
    mx_buffer_cstr(b, "function ");
    add_shown(b, mx_text(g, n->domain));
    mx_buffer_byte(b, '.');
    add_shown(b, mx_text(g, n->name));
    if (mx_cmp_named(n->overload)) {
        mx_buffer_byte(b, ':');
        add_shown(b, mx_text(g, n->overload));
    }
}

static void add_body(mx_cmp *c, mx_buffer *b, int side, const mx_node *n) {
    mx_shown name = mx_show(mx_text(c->g[side], n->name));
    mx_buffer_byte(b, '.');
    mx_buffer_add(b, name.text + 1, strlen(name.text) - 2);
    if (n->attr_index > 0) {
        mx_buffer_byte(b, '[');
        mx_buffer_uint(b, n->attr_index);
        mx_buffer_byte(b, ']');
    }
}

/* A node's own part of a path; the model's is empty. */
static void add_node(mx_cmp *c, mx_buffer *b, int side, mx_node_id id) {
    const mx_node *n = mx_cmp_at(c, side, id);
    if (n->kind != MX_NODE_BODY && b->size > 0) mx_buffer_cstr(b, " / ");
    if (n->kind == MX_NODE_OPERATOR) add_operator(c, b, side, n, id);
    if (n->kind == MX_NODE_FUNCTION) add_function(c, b, side, n);
    if (n->kind == MX_NODE_BODY) add_body(c, b, side, n);
    if (n->kind == MX_NODE_INPUT || n->kind == MX_NODE_OUTPUT) {
        mx_buffer_cstr(b, n->kind == MX_NODE_INPUT ? "input " : "output ");
        add_shown(b, mx_text(c->g[side], n->name));
    }
}

void mx_cmp_show_node(mx_cmp *c, int side, mx_node_id node) {
    mx_buffer own;
    mx_buffer_init(&own, c->allocator);
    add_node(c, &own, side, node);
    mx_buffer_add(&c->text[side], own.data, own.size);
    if (own.failed) c->text[side].failed = true;
    mx_buffer_free(&own);
}

/* From the model down to the node: scopes, and the operators whose bodies they are. */
static mx_status add_path(mx_cmp *c, int side, mx_node_id id) {
    size_t n = 0;
    while (id != 0 && id != MX_NO_NODE) {
        const mx_node *node = mx_cmp_at(c, side, id);
        if (!mx_grow(c->allocator, (void **)&c->chain, &c->cap_chain, n, sizeof *c->chain)) return mx_nomem(c->err);
        c->chain[n++] = id;
        id = mx_is_scope(node) ? node->parent : node->scope;
    }
    while (n > 0)
        add_node(c, &c->where, side, c->chain[--n]);
    return MX_OK;
}

static void add_step(mx_cmp *c, const mx_place *at) {
    mx_buffer *b = &c->where;
    if (b->size > 0) mx_buffer_byte(b, ' ');
    mx_buffer_cstr(b, at->label);
    if (at->key != MX_SID_ABSENT) {
        mx_buffer_byte(b, ' ');
        add_shown(b, mx_text(c->g[at->side], at->key));
    }
    if (at->index >= 0) {
        mx_buffer_byte(b, ' ');
        mx_buffer_int(b, at->index);
    }
}

static mx_status add_place(mx_cmp *c, const mx_place *at) {
    enum { MOST_STEPS = 8 };
    const mx_place *steps[MOST_STEPS];
    int n = 0;
    for (; at->outer && n < MOST_STEPS; at = at->outer)
        steps[n++] = at;
    MX_TRY(add_path(c, at->side, at->node));
    while (n > 0)
        add_step(c, steps[--n]);
    return MX_OK;
}

/* ---- reports ---- */

/* The text, NULL if there is none. */
static const char *text_of(mx_buffer *b) {
    if (b->size == 0) return NULL;
    mx_buffer_byte(b, '\0');
    return b->data;
}

mx_status mx_cmp_report(mx_cmp *c, mx_difference_kind kind, const char *what, const mx_place *at) {
    mx_status status = MX_OK;
    c->count++;
    mx_buffer_clear(&c->where);
    if (c->placed && !c->silent)
        status = c->text[0].failed || c->text[1].failed ? mx_nomem(c->err) : c->placed(c, kind, at);
    if (c->each) status = add_place(c, at);
    if (status == MX_OK && c->each) {
        mx_buffer_byte(&c->where, '\0');
        mx_difference d = {kind, what, c->where.data, text_of(&c->text[0]), text_of(&c->text[1])};
        if (c->where.failed || c->text[0].failed || c->text[1].failed) {
            status = mx_nomem(c->err);
        } else if (!c->each(c->ctx, &d)) {
            c->stopped = true;
            status = MX_ERR_CANCELLED;
        }
    }
    mx_buffer_clear(&c->text[0]);
    mx_buffer_clear(&c->text[1]);
    return status;
}

mx_status mx_cmp_report_values(mx_cmp *c, const char *what, const mx_place *at) {
    bool before = c->text[0].size > 0, after = c->text[1].size > 0;
    return mx_cmp_report(c, before == after ? MX_CHANGED : before ? MX_REMOVED : MX_ADDED, what, at);
}

mx_status mx_cmp_string(mx_cmp *c, const char *what, const mx_place *at, const char *field, mx_sid a, mx_sid b) {
    if (mx_cmp_same(c, a, b)) return MX_OK;
    mx_place place = mx_place_field(at, field);
    mx_cmp_show(c, 0, a);
    mx_cmp_show(c, 1, b);
    return mx_cmp_report_values(c, what, &place);
}

/* A text that is absent or not JSON gives NULL, as only the text itself can be compared then. */
static mx_status parse(const mx_cmp *c, int side, mx_sid text, json_t **out) {
    mx_error unread;
    mx_str s = mx_text(c->g[side], text);
    *out = NULL;
    if (!s.p || mx_json_parse(s, c->g[side]->limits.json_depth, out, &unread) != MX_ERR_NOMEM) return MX_OK;
    return mx_nomem(c->err);
}

mx_status mx_cmp_json(mx_cmp *c, const char *what, const mx_place *at, const char *field, mx_sid a, mx_sid b) {
    if (mx_cmp_same(c, a, b)) return MX_OK;
    json_t *x = NULL, *y = NULL;
    mx_status status = parse(c, 0, a, &x);
    if (status == MX_OK) status = parse(c, 1, b, &y);
    bool same = x && y && json_equal(x, y);
    json_decref(x);
    json_decref(y);
    if (status != MX_OK || same) return status;
    return mx_cmp_string(c, what, at, field, a, b);
}

mx_status mx_cmp_int(mx_cmp *c, const char *what, const mx_place *at, const char *field, bool has_a, int64_t a,
                     bool has_b, int64_t b) {
    if (has_a == has_b && (!has_a || a == b)) return MX_OK;
    mx_place place = mx_place_field(at, field);
    if (has_a) mx_buffer_int(&c->text[0], a);
    if (has_b) mx_buffer_int(&c->text[1], b);
    return mx_cmp_report_values(c, what, &place);
}
