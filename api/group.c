#include "api/group.h"

#include "api/lent_tags.h"
#include "api/metadata_file.h"

#include <stdio.h>

/* Lists of operators are long: they are read only where they count. */
static mx_status load(mx_graph *g, const char *model, const char *metadata, mx_metadata_file *out, mx_error *err) {
    static const char *const modules[] = {"modules", NULL}, *const all[] = {"modules", "node_tags", NULL};
    return mx_metadata_file_load_members(&g->env, model, metadata, mx_lent_tags_wanted(g) ? all : modules, out, err);
}

static mx_status label_by(mx_graph *g, const mx_metadata_file *metadata, mx_htp_tagging *out, mx_error *err) {
    const mx_htp_options options = {.metadata = metadata->text.data, .metadata_size = metadata->text.size};
    mx_lent_tags lent;
    mx_status status = mx_lent_tags_give(&lent, g, mx_buffer_str(&metadata->text), err);
    if (status == MX_OK) status = mx_htp_tag(g, &options, out, err);
    mx_lent_tags_return(&lent);
    return mx_at_file(err, status, metadata->path);
}

static mx_status label_beside(mx_graph *g, const char *model, mx_htp_tagging *out, bool *done) {
    mx_metadata_file file;
    mx_error why;
    char line[1400];
    mx_status status = load(g, model, NULL, &file, &why);
    *done = status == MX_OK && file.path[0];
    if (*done) status = label_by(g, &file, out, &why);
    mx_metadata_file_free(&file);
    if (status == MX_OK || status == MX_ERR_NOMEM) return status;
    *done = false;
    if (g->env.log) {
        snprintf(line, sizeof line, "%s is left out: %s", why.file, why.message);
        g->env.log(g->env.ctx, MX_LOG_WARNING, line);
    }
    return MX_OK;
}

mx_status mx_label_modules(mx_graph *g, const char *model, const char *metadata, mx_htp_tagging *out, mx_error *err) {
    const mx_htp_options nothing = {0};
    mx_metadata_file file;
    bool done;
    *out = (mx_htp_tagging){0};
    if (!metadata) {
        if (label_beside(g, model, out, &done) != MX_OK) return mx_nomem(err);
        return done ? MX_OK : mx_htp_tag(g, &nothing, out, err);
    }
    mx_status status = load(g, model, metadata, &file, err);
    if (status == MX_OK) status = label_by(g, &file, out, err);
    mx_metadata_file_free(&file);
    return status;
}

mx_status mx_group_modules(mx_graph *g, const char *model, const char *metadata, mx_error *err) {
    mx_htp_tagging tagging;
    MX_TRY(mx_label_modules(g, model, metadata, &tagging, err));
    mx_status status = mx_htp_make_groups(g, &tagging, err);
    mx_htp_tagging_free(&tagging);
    return status;
}
