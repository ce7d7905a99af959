#include "api/group.h"

#include "api/metadata_file.h"
#include "htp/tagging.h"

static mx_status group_by(mx_graph *g, const mx_metadata_file *metadata, mx_error *err) {
    mx_htp_options options = {.metadata = metadata ? metadata->text.data : NULL,
                              .metadata_size = metadata ? metadata->text.size : 0};
    mx_htp_tagging tagging;
    MX_TRY(mx_htp_tag(g, &options, &tagging, err));
    mx_status status = mx_htp_make_groups(g, &tagging, err);
    mx_htp_tagging_free(&tagging);
    return status;
}

mx_status mx_group_modules(mx_graph *g, const char *model, const char *metadata, mx_error *err) {
    mx_metadata_file file;
    if (!metadata) return group_by(g, NULL, err);
    mx_status status = mx_metadata_file_load(&g->env, model, metadata, &file, err);
    if (status == MX_OK) status = mx_at_file(err, group_by(g, &file, err), metadata);
    mx_metadata_file_free(&file);
    return status;
}
