#include "graphml/import.h"

#include <stdio.h>

#define GROW(im, items, cap, count) mx_grow((im)->allocator, (void **)&(items), &(cap), (count), sizeof *(items))

mx_status mx_import_add_item(mx_import *im, uint32_t *out) {
    if (im->n_items >= im->g->limits.nodes || im->n_items >= MX_NO_INDEX)
        return mx_fail(im->err, MX_ERR_LIMIT, "more than %llu nodes", (unsigned long long)im->g->limits.nodes);
    if (!GROW(im, im->items, im->cap_items, im->n_items)) return mx_nomem(im->err);
    im->items[im->n_items] = (mx_item){.outer = MX_NO_INDEX,
                                       .container = MX_NO_INDEX,
                                       .scope = MX_NO_INDEX,
                                       .compound = MX_NO_INDEX,
                                       .type = MX_NO_INDEX,
                                       .fault = MX_NO_INDEX,
                                       .original = MX_NO_INDEX,
                                       .node = MX_NO_NODE,
                                       .kind = MX_ITEM_NOTE};
    *out = (uint32_t)im->n_items++;
    return MX_OK;
}

mx_status mx_import_add_compound(mx_import *im, uint32_t item) {
    if (!GROW(im, im->compounds, im->cap_compounds, im->n_compounds)) return mx_nomem(im->err);
    im->compounds[im->n_compounds] = (mx_compound){0};
    im->items[item].compound = (uint32_t)im->n_compounds++;
    return MX_OK;
}

mx_item_label mx_item_show(const mx_import *im, uint32_t item) {
    const mx_item *it = &im->items[item];
    mx_str name = mx_text(im->g, it->name), op_type = mx_text(im->g, it->op_type);
    mx_item_label label;
    if (name.n > 0) {
        size_t n = name.n < 150 ? name.n : 150;
        snprintf(label.text, sizeof label.text, "%.*s", (int)n, name.p);
    } else if (it->flags & MX_ITEM_HAS_INDEX) {
        int n = op_type.n < 100 ? (int)op_type.n : 100;
        const char *kind = it->kind < MX_NODE_KINDS ? mx_node_kind_names[it->kind] : "node";
        snprintf(label.text, sizeof label.text, "%.*s (node_index %d)", op_type.n ? n : (int)strlen(kind),
                 op_type.n ? op_type.p : kind, (int)it->index);
    } else {
        mx_str id = mx_strings_get(&im->ids, it->xml_id);
        int n = id.n < 100 ? (int)id.n : 100;
        snprintf(label.text, sizeof label.text, "%.*s (id %.*s)", op_type.n < 80 ? (int)op_type.n : 80,
                 op_type.n ? op_type.p : "", n, id.n ? id.p : "");
    }
    return label;
}

mx_status mx_item_place(mx_import *im, uint32_t item, mx_status code) {
    if (code == MX_ERR_NOMEM || code == MX_ERR_LIMIT) return mx_at_line(im->err, code, im->items[item].line);
    mx_item_label label = mx_item_show(im, item);
    mx_at_line(im->err, code, im->items[item].line);
    return mx_at_node(im->err, code, mx_str_of(label.text));
}

mx_status mx_item_fail(mx_import *im, uint32_t item, mx_status code, const char *format, ...) {
    char message[700];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    mx_fail(im->err, code, "%s", message);
    return mx_item_place(im, item, code);
}

void mx_import_free(mx_import *im) {
    const mx_allocator *a = im->allocator;
    mx_strings_free(&im->ids);
    mx_free(a, im->item_of_id, im->cap_item_of_id * sizeof *im->item_of_id);
    mx_free(a, im->items, im->cap_items * sizeof *im->items);
    mx_free(a, im->compounds, im->cap_compounds * sizeof *im->compounds);
    mx_free(a, im->edges, im->cap_edges * sizeof *im->edges);
    mx_free(a, im->infos, im->cap_infos * sizeof *im->infos);
    mx_free(a, im->faults, im->cap_faults * sizeof *im->faults);
    mx_free(a, im->rewired, im->cap_rewired * sizeof *im->rewired);
    mx_free(a, im->item_of_node, im->cap_item_of_node * sizeof *im->item_of_node);
    mx_free(a, im->expected, im->n_expected * sizeof *im->expected);
    mx_buffer_free(&im->values);
    mx_free(a, im->order, im->cap_order * sizeof *im->order);
    mx_unused_free(im->g, &im->unused);
    mx_buffer_free(&im->values);
    mx_map_free(&im->by_key);
    mx_map_free(&im->renamed);
    mx_map_free(&im->initializers);
}
