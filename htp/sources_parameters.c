/* Names of parameters: encoder.layer.0.attention.self.query.weight belongs to the module before its last dot. */
#include "htp/sources.h"

enum { PARAMETER_HOPS = 8 };

static bool is_dotted_name(mx_str s) {
    bool dot = false, part = false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool word = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
        if (!word && (c != '.' || !part)) return false;
        dot |= c == '.';
        part = word;
    }
    return dot && part;
}

static mx_status find_owner(mx_htp_sources *s, mx_sid name) {
    mx_str text = mx_text(s->g, name);
    uint32_t module = 0;
    if (s->owners[name] || !is_dotted_name(text)) return MX_OK;
    const char *dot = memrchr(text.p, '.', text.n);
    MX_TRY(mx_htp_tree_find(s->tree, (mx_str){text.p, (size_t)(dot - text.p)}, !s->given, &module, s->err));
    if (module) s->owners[name] = module + 1;
    return MX_OK;
}

static void count_uses(mx_htp_sources *s) {
    for (mx_node_id id = 0; id < s->g->n_nodes; id++) {
        const mx_node *n = mx_node_at(s->g, id);
        for (uint32_t i = 0; i < n->n_inputs && n->kind == MX_NODE_OPERATOR; i++)
            if (n->inputs[i].name < s->n_names) s->uses[n->inputs[i].name]++;
    }
}

mx_status mx_htp_resolve_parameters(mx_htp_sources *s) {
    const mx_graph *g = s->g;
    s->n_names = g->strings.count;
    s->owners = mx_alloc_zero(g->allocator, s->n_names, sizeof *s->owners);
    s->uses = mx_alloc_zero(g->allocator, s->n_names, sizeof *s->uses);
    if (!s->owners || !s->uses) return mx_nomem(s->err);
    for (size_t i = 0; i < g->n_scopes; i++) {
        const mx_scope_data *scope = &g->scopes[i];
        for (size_t k = 0; k < scope->n_initializers; k++)
            MX_TRY(find_owner(s, g->tensors[scope->initializers[k]].name));
        for (size_t k = 0; k < scope->n_sparse; k++) {
            uint32_t values = g->sparses[scope->sparse_initializers[k]].values;
            if (values != MX_NO_INDEX) MX_TRY(find_owner(s, g->tensors[values].name));
        }
    }
    count_uses(s);
    return mx_htp_find_merged(s);
}

bool mx_htp_is_parameter(const mx_htp_sources *s, mx_sid name) {
    return name < s->n_names && s->owners[name];
}

/* Operators that hand a parameter on in another form. */
static bool hands_on(mx_str op_type) {
    static const char *const types[] = {"Identity", "Transpose", "Cast",    "CastLike", "DequantizeLinear",
                                        "Reshape",  "Squeeze",   "Flatten", "Unsqueeze"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (mx_str_is(op_type, types[i])) return true;
    return false;
}

/* The named parameter behind an input port, MX_SID_ABSENT: none. */
static mx_sid parameter_of(const mx_htp_sources *s, const mx_port *port) {
    for (int hops = 0; hops < PARAMETER_HOPS; hops++) {
        const mx_node *source = port->source == MX_NO_NODE ? NULL : mx_node_at(s->g, port->source);
        if (!source || source->kind == MX_NODE_INPUT)
            return mx_htp_is_parameter(s, port->name) ? port->name : MX_SID_ABSENT;
        if (source->kind != MX_NODE_OPERATOR || !source->n_inputs || !hands_on(mx_text(s->g, source->op_type))) break;
        port = &source->inputs[0];
    }
    return MX_SID_ABSENT;
}

static bool owns_itself(const mx_htp_sources *s, mx_sid name, uint32_t owner) {
    mx_str text = mx_text(s->g, name);
    const char *dot = memrchr(text.p, '.', text.n);
    return mx_htp_tree_is_whole(s->tree, owner, (mx_str){text.p, (size_t)(dot - text.p)});
}

/* Several owners: the deepest module common to them. A parameter that is used in many places says less than one that is
 * used in few: tied weights bear one name only. */
uint32_t mx_htp_parameter_module(const mx_htp_sources *s, mx_node_id op, bool *exact, bool *merged) {
    const mx_node *n = mx_node_at(s->g, op);
    uint32_t module = MX_NO_INDEX, fewest = UINT32_MAX;
    *exact = *merged = false;
    for (uint32_t i = 0; i < n->n_inputs; i++) {
        mx_sid name = parameter_of(s, &n->inputs[i]);
        *merged = *merged || (name != MX_SID_ABSENT && s->merged[name]);
        if (name == MX_SID_ABSENT || s->merged[name] || s->uses[name] > fewest) continue;
        uint32_t owner = s->owners[name] - 1;
        bool first = module == MX_NO_INDEX || s->uses[name] < fewest;
        *exact = owns_itself(s, name, owner) && (first || *exact);
        module = first ? owner : mx_htp_tree_common(s->tree, module, owner);
        fewest = s->uses[name];
    }
    return module;
}
