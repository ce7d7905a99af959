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

/* The node's data are put in words as the writer does it, and only hashed. */
static mx_status compare_node(mx_writer *w, mx_node_id id, const mx_origin *was, bool *same) {
    w->origin = (mx_origin){0};
    mx_buffer_clear(&w->attributes);
    MX_TRY(mx_write_node_data(w, id));
    if (w->value.failed || w->attributes.failed) return mx_nomem(w->err);
    uint32_t compared = COMPARED;
    if (names_places(mx_buffer_str(&w->attributes))) compared &= ~(1u << MX_ORIGIN_ATTRIBUTES);
    *same = !(mx_origin_differences(&w->origin, was) & compared);
    return MX_OK;
}

static void say_other(const mx_graph *g, const mx_trace *t, mx_shown *why) {
    const mx_node *n = mx_node_at(g, t->node);
    mx_shown name = mx_show(mx_text(g, n->name));
    snprintf(why->text, sizeof why->text, "its node %u is not the %s %.120s of the file", t->index,
             mx_node_kind_names[n->kind], n->name != MX_SID_ABSENT ? name.text : "");
}

static mx_status compare_nodes(mx_writer *w, const mx_graph *g, const mx_traces *traces, mx_shown *why) {
    for (size_t i = 0; i < traces->count; i++) {
        const mx_trace *t = &traces->items[i];
        bool same = t->index < w->plan.numbered;
        if (same && t->origin) MX_TRY(compare_node(w, w->plan.order[t->index], t->origin, &same));
        if (same) continue;
        say_other(g, t, why);
        return MX_OK;
    }
    return MX_OK;
}

static mx_status compare_all(mx_writer *w, const mx_graph *g, const mx_traces *traces, mx_shown *why) {
    why->text[0] = '\0';
    if (!traces->n_nodes || !traces->known) {
        snprintf(why->text, sizeof why->text, "the file says too little of the model that it was made from");
        return MX_OK;
    }
    MX_TRY(mx_plan_make(w->g, &w->plan, w->err));
    if (w->plan.numbered != traces->n_nodes) {
        snprintf(why->text, sizeof why->text, "it has %u nodes, groups included, and the file was made from %llu",
                 w->plan.numbered, (unsigned long long)traces->n_nodes);
        return MX_OK;
    }
    w->values = (mx_value_context){w->g, w->plan.key};
    return compare_nodes(w, g, traces, why);
}

mx_status mx_source_fits(const mx_graph *source, const mx_graph *g, const mx_traces *traces, mx_plan *plan,
                         mx_shown *why, mx_error *err) {
    static const mx_graphml_write_options nothing = {0};
    mx_writer w = {.g = source, .options = &nothing, .measuring = true, .err = err};
    mx_buffer_init(&w.value, source->allocator);
    mx_buffer_init(&w.attributes, source->allocator);
    mx_status status = compare_all(&w, g, traces, why);
    mx_buffer_free(&w.value);
    mx_buffer_free(&w.attributes);
    *plan = w.plan;
    return status;
}
