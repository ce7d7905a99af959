#include "picture/label_internal.h"

#define DOT       " \xC2\xB7 "
#define LINES     8u /* below a title */
#define NAME_PART 96 /* pixels of a parameter's name */

static mx_str str(const mx_graph *g, mx_sid id) {
    return mx_text(g, id);
}

/* ---- titles ---- */

static void model_title(mx_buffer *b, const mx_graph *g) {
    mx_str name = g->n_modules ? str(g, g->modules[0].class_name) : (mx_str){NULL, 0};
    if (!name.n) name = str(g, g->scopes[mx_node_at(g, 0)->data].name);
    if (!name.n) name = mx_str_of("model");
    mx_text_fit(b, name, MX_FONT_TITLE, MX_LABEL_WIDTH, false);
}

static void add_operators(mx_buffer *b, const mx_scene_box *x) {
    mx_buffer_uint(b, x->operators);
    mx_buffer_cstr(b, x->operators == 1 ? " operator" : " operators");
}

void mx_label_title(mx_buffer *b, const mx_scene *scene, uint32_t box) {
    const mx_scene_box *x = &scene->boxes[box];
    const mx_graph *g = scene->graph;
    if (x->kind == MX_BOX_BUNDLE) {
        mx_buffer_cstr(b, "auxiliary");
        if (!scene->options.frames) return;
        mx_buffer_cstr(b, ", ");
        add_operators(b, x);
        return;
    }
    const mx_node *n = mx_node_at(g, x->node);
    switch ((mx_box_kind)x->kind) {
    case MX_BOX_MODEL: model_title(b, g); break;
    case MX_BOX_MODULE: {
        mx_str scope = str(g, g->modules[n->data].scope);
        mx_text_fit(b, scope.n ? scope : str(g, n->name), MX_FONT_TITLE, MX_LABEL_WIDTH, true);
        break;
    }
    case MX_BOX_OPERATOR:
    case MX_BOX_CONSTANT:
    case MX_BOX_COMPOUND: mx_text_fit(b, str(g, n->op_type), MX_FONT_TITLE, MX_LABEL_WIDTH, false); break;
    default: mx_text_fit(b, str(g, n->name), MX_FONT_TITLE, MX_LABEL_WIDTH, true);
    }
}

void mx_label_title_within(mx_buffer *b, const mx_scene *scene, uint32_t box, int32_t most) {
    mx_buffer whole;
    mx_buffer_init(&whole, b->allocator);
    mx_label_title(&whole, scene, box);
    mx_text_fit(b, mx_buffer_str(&whole), MX_FONT_TITLE, most, true);
    b->failed |= whole.failed;
    mx_buffer_free(&whole);
}

static int32_t title_width(mx_buffer *b, const mx_scene *scene, uint32_t box) {
    mx_buffer title;
    mx_buffer_init(&title, b->allocator);
    mx_label_title(&title, scene, box);
    int32_t width = mx_text_width(mx_buffer_str(&title), MX_FONT_TITLE);
    b->failed |= title.failed;
    mx_buffer_free(&title);
    return width;
}

/* `layer` of `encoder.layer.0`: where no classes are known, names stand in their place. */
static mx_str last_word(mx_str scope) {
    for (size_t end = scope.n;;) {
        size_t start = end;
        bool number = end > 0;
        while (start > 0 && scope.p[start - 1] != '.') {
            start--;
            number = number && scope.p[start] >= '0' && scope.p[start] <= '9';
        }
        if (!number || start == 0) return (mx_str){scope.p + start, end - start};
        end = start - 1;
    }
}

bool mx_label_class(mx_buffer *b, const mx_scene *scene, uint32_t box) {
    const mx_scene_box *x = &scene->boxes[box];
    const mx_graph *g = scene->graph;
    mx_str text = {NULL, 0};
    if (x->kind == MX_BOX_MODULE) {
        const mx_module_data *m = &g->modules[mx_node_at(g, x->node)->data];
        text = str(g, m->class_name);
        if (mx_str_eq(text, last_word(str(g, m->scope)))) return false;
    }
    if (x->kind == MX_BOX_FUNCTION) text = str(g, mx_node_at(g, x->node)->domain);
    if (!text.n) return false;
    int32_t room = MX_LABEL_WIDTH * 3 / 2 - title_width(b, scene, box);
    mx_text_fit(b, text, MX_FONT_CLASS, room > MX_LABEL_WIDTH / 2 ? room : MX_LABEL_WIDTH / 2, false);
    return true;
}

bool mx_label_counts(mx_buffer *b, const mx_scene *scene, uint32_t box, bool full) {
    const mx_scene_box *x = &scene->boxes[box];
    if (x->kind == MX_BOX_BUNDLE && scene->options.frames) return false;
    if (full) {
        add_operators(b, x);
    } else {
        mx_buffer_uint(b, x->operators);
        mx_buffer_cstr(b, x->operators == 1 ? " op" : " ops");
    }
    if (!x->parameters) return true;
    mx_buffer_cstr(b, DOT);
    mx_text_count(b, x->parameters);
    if (full) mx_buffer_cstr(b, x->parameters == 1 ? " parameter" : " parameters");
    return true;
}

/* ---- shapes ---- */

/* What a group gives out: of the values that leave it the one that is made last, which is its result rather than a mask
 * or a state on the way; for that its links must be known. */
static uint32_t group_type(const mx_scene *scene, uint32_t box) {
    const mx_scene_box *x = &scene->boxes[box];
    const mx_scene_value *last = NULL;
    for (uint32_t i = 0; i < x->n_links; i++) {
        const mx_scene_link *link = &scene->links[x->first_link + i];
        const mx_scene_value *v = &scene->values[link->value];
        if (link->to == box && !v->quiet && (!last || v->node > last->node)) last = v;
    }
    return last ? mx_scene_type(scene, last->node, last->port) : MX_NO_INDEX;
}

bool mx_label_shape(mx_buffer *b, const mx_scene *scene, uint32_t box) {
    const mx_scene_box *x = &scene->boxes[box];
    if (x->kind == MX_BOX_VALUE)
        return mx_label_type(b, scene->graph, mx_scene_type(scene, x->node, 0), MX_LABEL_WIDTH - 20);
    if (x->is_group && x->kind != MX_BOX_COMPOUND)
        return mx_label_dims(b, scene->graph, group_type(scene, box), MX_LABEL_WIDTH);
    return mx_label_dims(b, scene->graph, mx_scene_type(scene, x->node, 0), MX_LABEL_WIDTH);
}

/* ---- lines ---- */

typedef struct line_maker {
    const mx_scene *scene;
    mx_line_fn each;
    void *ctx;
    mx_buffer label, value;
    uint32_t made;
} line_maker;

typedef struct slot {
    const char *op, *names[5];
} slot;

/* Inputs whose names say more than "const". */
static const slot slots[] = {
    {"Clip", {"", "min", "max"}},
    {"ConstantOfShape", {"shape"}},
    {"Expand", {"", "shape"}},
    {"Gather", {"data", "indices"}},
    {"GatherElements", {"data", "indices"}},
    {"GatherND", {"data", "indices"}},
    {"GRU", {"", "W", "R", "B", "lengths"}},
    {"LSTM", {"", "W", "R", "B", "lengths"}},
    {"OneHot", {"", "depth", "values"}},
    {"Pad", {"", "pads", "value", "axes"}},
    {"Pow", {"base", "exponent"}},
    {"QuantizeLinear", {"", "scale", "zero"}},
    {"DequantizeLinear", {"", "scale", "zero"}},
    {"RNN", {"", "W", "R", "B", "lengths"}},
    {"Range", {"start", "limit", "delta"}},
    {"ReduceMax", {"", "axes"}},
    {"ReduceMean", {"", "axes"}},
    {"ReduceMin", {"", "axes"}},
    {"ReduceSum", {"", "axes"}},
    {"Reshape", {"", "shape"}},
    {"Resize", {"", "roi", "scales", "sizes"}},
    {"Slice", {"", "starts", "ends", "axes", "steps"}},
    {"Split", {"", "split"}},
    {"Squeeze", {"", "axes"}},
    {"Tile", {"", "repeats"}},
    {"TopK", {"", "K"}},
    {"Unsqueeze", {"", "axes"}},
    {"Where", {"condition", "X", "Y"}},
};

/* What an operator calls parameters that have no name of their own. */
static const slot roles[] = {
    {"BatchNormalization", {"", "scale", "bias", "mean", "var"}},
    {"Conv", {"", "weight", "bias"}},
    {"ConvTranspose", {"", "weight", "bias"}},
    {"Gemm", {"", "weight", "bias"}},
    {"GroupNormalization", {"", "scale", "bias"}},
    {"InstanceNormalization", {"", "scale", "bias"}},
    {"LayerNormalization", {"", "scale", "bias"}},
};

/* NULL: nothing there. */
static const char *find_slot(const slot *table, size_t count, mx_str op_type, uint32_t input) {
    for (size_t i = 0; i < count && input < 5; i++)
        if (mx_str_is(op_type, table[i].op)) {
            const char *name = table[i].names[input];
            return name && *name ? name : NULL;
        }
    return NULL;
}

static const char *slot_name(const mx_graph *g, const mx_node *n, uint32_t input) {
    return find_slot(slots, sizeof slots / sizeof *slots, str(g, n->op_type), input);
}

static void emit(line_maker *m) {
    if (!m->label.failed && !m->value.failed) m->each(m->ctx, mx_buffer_str(&m->label), mx_buffer_str(&m->value));
    m->made++;
}

/* `val_12`, `val_0_3`: how exporters count what has no name. */
static bool is_numbered_value(mx_str s) {
    if (!mx_str_starts(s, "val_") || s.n == 4) return false;
    for (size_t i = 4; i < s.n; i++)
        if (s.p[i] != '_' && (s.p[i] < '0' || s.p[i] > '9')) return false;
    return true;
}

/* The last part of a dotted name; names that an exporter made up say nothing. */
static void parameter_name(mx_buffer *b, const mx_graph *g, const mx_tensor *t, const char *role) {
    mx_str name = str(g, t->name), part = name;
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] == '.' || name.p[i] == '/') part = (mx_str){name.p + i + 1, name.n - i - 1};
    bool made_up = part.n == 0;
    for (size_t i = 0; i + 1 < part.n; i++)
        made_up = made_up || (part.p[i] == ':' && part.p[i + 1] == ':');
    if (part.n && part.p[0] >= '0' && part.p[0] <= '9') made_up = true;
    if (made_up || is_numbered_value(part))
        mx_buffer_cstr(b, role ? role : t->n_dims > 1 ? "weight" : "const");
    else
        mx_text_fit(b, part, MX_FONT_LINE, NAME_PART, true);
}

static void parameter_line(line_maker *m, mx_node_id id, uint32_t input, uint32_t tensor) {
    const mx_graph *g = m->scene->graph;
    const mx_node *n = mx_node_at(g, id);
    const char *name = slot_name(g, n, input);
    mx_buffer_clear(&m->label);
    mx_buffer_clear(&m->value);
    if (name)
        mx_buffer_cstr(&m->label, name);
    else
        parameter_name(&m->label, g, &g->tensors[tensor],
                       find_slot(roles, sizeof roles / sizeof *roles, str(g, n->op_type), input));
    mx_label_parameter(&m->value, g, tensor);
    emit(m);
}

/* The one attribute of a Constant. */
static bool constant_value(mx_buffer *b, const mx_graph *g, const mx_node *n) {
    for (uint32_t i = 0; i < n->n_attrs; i++)
        if (mx_str_starts(str(g, n->attrs[i].name), "value") && mx_label_attribute(b, g, &n->attrs[i])) return true;
    return false;
}

static void constant_line(line_maker *m, mx_node_id id, uint32_t input, mx_node_id constant) {
    const mx_graph *g = m->scene->graph;
    const char *name = slot_name(g, mx_node_at(g, id), input);
    mx_buffer_clear(&m->label);
    mx_buffer_clear(&m->value);
    mx_buffer_cstr(&m->label, name ? name : "const");
    if (!constant_value(&m->value, g, mx_node_at(g, constant))) mx_buffer_byte(&m->value, '?');
    emit(m);
}

/* Attributes that are there in nearly every model and tell nothing. */
static bool is_telling(const mx_graph *g, const mx_attr *a) {
    static const char *const never[] = {"hierarchy_tag",
                                        "epsilon",
                                        "momentum",
                                        "training_mode",
                                        "stash_type",
                                        "ceil_mode",
                                        "storage_order",
                                        "allowzero",
                                        "noop_with_empty_axes",
                                        "saturate",
                                        "keepdims",
                                        "count_include_pad",
                                        "auto_pad",
                                        "cubic_coeff_a",
                                        "nearest_mode",
                                        "coordinate_transformation_mode"};
    static const char *const usually_0[] = {"transA",    "transB",  "batch_dims",   "start",
                                            "exclusive", "reverse", "input_forget", "layout"};
    mx_str name = str(g, a->name);
    if (a->type == MX_ATTR_GRAPH || a->type == MX_ATTR_GRAPHS || a->type == MX_ATTR_OPAQUE) return false;
    for (size_t i = 0; i < sizeof never / sizeof *never; i++)
        if (mx_str_is(name, never[i])) return false;
    if (a->type == MX_ATTR_INT && mx_str_is(name, "group")) return a->value.i != 1;
    for (size_t i = 0; i < sizeof usually_0 / sizeof *usually_0 && a->type == MX_ATTR_INT; i++)
        if (mx_str_is(name, usually_0[i])) return a->value.i != 0;
    if (a->type == MX_ATTR_FLOAT && (mx_str_is(name, "alpha") || mx_str_is(name, "beta")))
        return a->value.f < 1.0f || a->value.f > 1.0f;
    if (a->type != MX_ATTR_INTS || a->ref_name != MX_SID_ABSENT) return true;
    int64_t usual = mx_str_is(name, "strides") || mx_str_is(name, "dilations") ? 1 : 0;
    if (!usual && !mx_str_is(name, "pads") && !mx_str_is(name, "output_padding")) return true;
    for (uint32_t i = 0; i < a->count; i++)
        if (a->value.ints[i] != usual) return true;
    return false;
}

static void attribute_line(line_maker *m, const mx_node *n, const mx_attr *a) {
    const mx_graph *g = m->scene->graph;
    mx_buffer_clear(&m->label);
    mx_buffer_clear(&m->value);
    mx_text_fit(&m->label, str(g, a->name), MX_FONT_LINE, NAME_PART, true);
    const char *dtype =
        a->type == MX_ATTR_INT && mx_str_starts(str(g, n->op_type), "Cast") && a->value.i > 0 && a->value.i < 99
            ? mx_label_dtype((int32_t)a->value.i)
            : NULL;
    if (dtype)
        mx_buffer_cstr(&m->value, dtype);
    else if (!mx_label_attribute(&m->value, g, a))
        return;
    emit(m);
}

static void operator_lines(line_maker *m, mx_node_id id) {
    const mx_scene *s = m->scene;
    const mx_node *n = mx_node_at(s->graph, id);
    const uint32_t *tensor = s->own->input_tensor + s->own->input_start[id];
    for (uint32_t i = 0; i < n->n_inputs && m->made < LINES; i++) {
        mx_node_id source = n->inputs[i].source;
        if (tensor[i] != MX_NO_INDEX)
            parameter_line(m, id, i, tensor[i]);
        else if (source != MX_NO_NODE && mx_scene_is_line(s, source))
            constant_line(m, id, i, source);
    }
    for (uint32_t i = 0; i < n->n_attrs && m->made < LINES; i++)
        if (is_telling(s->graph, &n->attrs[i])) attribute_line(m, n, &n->attrs[i]);
}

mx_status mx_label_lines(const mx_scene *scene, uint32_t box, mx_line_fn each, void *ctx, mx_error *err) {
    const mx_scene_box *x = &scene->boxes[box];
    line_maker m = {.scene = scene, .each = each, .ctx = ctx};
    mx_buffer_init(&m.label, scene->graph->allocator);
    mx_buffer_init(&m.value, scene->graph->allocator);
    if (x->kind == MX_BOX_OPERATOR || x->kind == MX_BOX_COMPOUND) operator_lines(&m, x->node);
    if (x->kind == MX_BOX_CONSTANT && constant_value(&m.value, scene->graph, mx_node_at(scene->graph, x->node)))
        emit(&m);
    bool failed = m.label.failed || m.value.failed;
    mx_buffer_free(&m.label);
    mx_buffer_free(&m.value);
    return failed ? mx_nomem(err) : MX_OK;
}

/* ---- values and tooltips ---- */

void mx_label_value(mx_buffer *b, const mx_scene *scene, mx_node_id node, uint32_t port) {
    const mx_graph *g = scene->graph;
    const mx_node *n = mx_node_at(g, node);
    size_t start = b->size;
    if (port < n->n_outputs) mx_text_chars(b, str(g, n->outputs[port]), 80, true);
    uint32_t type = mx_scene_type(scene, node, port);
    if (type == MX_NO_INDEX) return;
    if (b->size > start) mx_buffer_cstr(b, DOT);
    mx_label_type(b, g, type, 400);
}

static void next_line(mx_buffer *b, size_t start) {
    if (b->size > start) mx_buffer_byte(b, '\n');
}

static void operator_tooltip(mx_buffer *b, const mx_scene *scene, mx_node_id id, size_t start) {
    const mx_graph *g = scene->graph;
    const mx_node *n = mx_node_at(g, id);
    const uint32_t *tensor = scene->own->input_tensor + scene->own->input_start[id];
    next_line(b, start);
    if (str(g, n->domain).n) {
        mx_text_chars(b, str(g, n->domain), 40, false);
        mx_buffer_byte(b, '.');
    }
    mx_text_chars(b, str(g, n->op_type), 80, false);
    for (uint32_t i = 0; i < n->n_inputs && i < 8; i++) {
        if (tensor[i] == MX_NO_INDEX && n->inputs[i].source == MX_NO_NODE) continue;
        mx_buffer_cstr(b, "\n\xE2\x86\x90 ");
        if (tensor[i] == MX_NO_INDEX) {
            mx_label_value(b, scene, n->inputs[i].source, n->inputs[i].source_port);
            continue;
        }
        mx_text_chars(b, str(g, g->tensors[tensor[i]].name), 80, true);
        mx_buffer_cstr(b, DOT);
        const char *dtype = mx_label_dtype(g->tensors[tensor[i]].data_type);
        if (dtype) mx_buffer_cstr(b, dtype), mx_buffer_byte(b, ' ');
        mx_label_parameter(b, g, tensor[i]);
    }
    for (uint32_t i = 0; i < n->n_outputs && i < 8; i++) {
        mx_buffer_cstr(b, "\n\xE2\x86\x92 ");
        mx_label_value(b, scene, id, i);
    }
}

void mx_label_tooltip(mx_buffer *b, const mx_scene *scene, uint32_t box, mx_str attributes) {
    const mx_scene_box *x = &scene->boxes[box];
    const mx_graph *g = scene->graph;
    size_t start = b->size;
    if (x->node == MX_NO_NODE) {
        mx_label_counts(b, scene, box, true);
        return;
    }
    const mx_node *n = mx_node_at(g, x->node);
    bool is_module = n->kind == MX_NODE_MODULE, is_operator = n->kind == MX_NODE_OPERATOR;
    mx_str name = is_module ? str(g, g->modules[n->data].scope) : str(g, n->name);
    if (name.n) mx_text_chars(b, name, 160, true);
    if (is_operator) {
        operator_tooltip(b, scene, x->node, start);
    } else if (x->kind == MX_BOX_VALUE) {
        next_line(b, start);
        mx_label_type(b, g, n->data, 400);
    } else {
        next_line(b, start);
        if (mx_label_class(b, scene, box)) mx_buffer_byte(b, '\n');
        mx_label_counts(b, scene, box, true);
    }
    if (!attributes.n) return;
    next_line(b, start);
    mx_text_chars(b, attributes, 2000, false);
}
