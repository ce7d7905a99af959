#include "graphml/source.h"

#include "graphml/write.h"

#include <stdio.h>

/* What tells one model from another. Initializers are places in files, which differ between a model and its image. */
#define COMPARED                                                                                                       \
    (1u << MX_ORIGIN_TYPE | 1u << MX_ORIGIN_ATTRIBUTES | 1u << MX_ORIGIN_NAME | 1u << MX_ORIGIN_DOC |                  \
     1u << MX_ORIGIN_METADATA | 1u << MX_ORIGIN_PARENT | 1u << MX_ORIGIN_INPUTS | 1u << MX_ORIGIN_OUTPUTS |            \
     1u << MX_ORIGIN_TYPES | 1u << MX_ORIGIN_MODEL)

/* So do tensors of attributes that are not written as values. */
static bool names_places(mx_str attributes) {
    static const char *const members[] = {"\"data\": ", "\"external\": ", "\"location\": "};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (memmem(attributes.p, attributes.n, members[i], strlen(members[i]))) return true;
    return false;
}

/* The node's data are put in words as the writer does it, and only hashed. differ: bits of fields. */
static mx_status compare_node(mx_writer *w, mx_node_id id, const mx_origin *was, uint32_t *differ) {
    w->origin = (mx_origin){0};
    mx_buffer_clear(&w->attributes);
    MX_TRY(mx_write_node_data(w, id));
    if (w->value.failed || w->attributes.failed) return mx_nomem(w->err);
    *differ = mx_origin_differences(&w->origin, was) & COMPARED;
    if (names_places(mx_buffer_str(&w->attributes))) *differ &= ~(1u << MX_ORIGIN_ATTRIBUTES);
    return MX_OK;
}

static void say_other(const mx_graph *g, const mx_trace *t, uint32_t differ, mx_source_fit *fit) {
    static const char *const fields[MX_ORIGIN_FIELDS] = {[MX_ORIGIN_TYPE] = "type",
                                                         [MX_ORIGIN_ATTRIBUTES] = "attributes",
                                                         [MX_ORIGIN_NAME] = "name",
                                                         [MX_ORIGIN_DOC] = "doc string",
                                                         [MX_ORIGIN_METADATA] = "metadata",
                                                         [MX_ORIGIN_PARENT] = "group",
                                                         [MX_ORIGIN_INPUTS] = "inputs",
                                                         [MX_ORIGIN_OUTPUTS] = "outputs",
                                                         [MX_ORIGIN_TYPES] = "declared types",
                                                         [MX_ORIGIN_MODEL] = "versions, producer or opset imports"};
    const mx_node *n = mx_node_at(g, t->node);
    mx_shown name = mx_show(mx_text(g, n->name));
    uint32_t field = 0;
    while (field < MX_ORIGIN_MODEL && !(differ >> field & 1))
        field++;
    snprintf(fit->why, sizeof fit->why, "its node %u, in the file the %s%s%s, differs in its %s", t->index,
             mx_node_kind_names[n->kind], n->name != MX_SID_ABSENT ? " " : "",
             n->name != MX_SID_ABSENT ? name.text : "", fields[field]);
}

static mx_status compare_nodes(mx_writer *w, const mx_graph *g, const mx_traces *traces, mx_source_fit *fit) {
    uint32_t differ = 0;
    for (size_t i = 0; i < traces->count; i++) {
        const mx_trace *t = &traces->items[i];
        if (t->index >= w->plan.numbered) {
            snprintf(fit->why, sizeof fit->why, "it has no node %u", t->index);
            return MX_OK;
        }
        if (t->origin) MX_TRY(compare_node(w, w->plan.order[t->index], t->origin, &differ));
        if (!differ) continue;
        say_other(g, t, differ, fit);
        return MX_OK;
    }
    fit->fits = true;
    return MX_OK;
}

static mx_status compare_all(mx_writer *w, const mx_graph *g, const mx_traces *traces, mx_source_fit *fit) {
    if (!traces->n_nodes || !traces->known) {
        snprintf(fit->why, sizeof fit->why, "the file says too little of the model that it was made from");
        return MX_OK;
    }
    MX_TRY(mx_plan_make(w->g, &w->plan, w->err));
    if (w->plan.numbered != traces->n_nodes) {
        snprintf(fit->why, sizeof fit->why, "it has %u nodes, groups included, and the file was made from %llu",
                 w->plan.numbered, (unsigned long long)traces->n_nodes);
        return MX_OK;
    }
    w->values = (mx_value_context){w->g, w->plan.key};
    return compare_nodes(w, g, traces, fit);
}

mx_status mx_source_compare(const mx_graph *source, const mx_graph *g, const mx_traces *traces, mx_source_fit *fit,
                            mx_error *err) {
    static const mx_graphml_write_options nothing = {0};
    mx_writer w = {.g = source, .options = &nothing, .measuring = true, .err = err};
    *fit = (mx_source_fit){0};
    mx_buffer_init(&w.value, source->allocator);
    mx_buffer_init(&w.attributes, source->allocator);
    mx_status status = compare_all(&w, g, traces, fit);
    mx_buffer_free(&w.value);
    mx_buffer_free(&w.attributes);
    fit->plan = w.plan;
    return status;
}
