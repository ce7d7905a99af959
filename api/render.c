/* A model as a picture: SVG or a page of HTML. */
#include "api/paths.h"
#include "base/outfile.h"
#include "converter/infer.h"
#include "picture/html.h"
#include "picture/svg.h"

typedef struct render_job {
    mx_graph *graph;
    mx_types types;
    mx_scene scene;
    mx_outfile file;
} render_job;

/* Types are shown to people; a model whose data cannot be looked at has fewer of them. */
static mx_status find_types(render_job *job, mx_error *err) {
    mx_status status = mx_infer_types(job->graph, &job->types, err);
    return status == MX_ERR_NOMEM ? status : MX_OK;
}

static mx_status draw(render_job *job, bool page, const mx_render_options *options, mx_error *err) {
    mx_scene_options what = {
        .depth = options->depth, .fold_constants = true, .bundle = true, .folded_too = page, .types = &job->types};
    MX_TRY(find_types(job, err));
    MX_TRY(mx_scene_make(job->graph, &what, &job->scene, err));
    if (page) return mx_html_write(&job->scene, &job->file, err);
    MX_TRY(mx_scene_layout(&job->scene, err));
    return mx_svg_write(&job->scene, &job->file, err);
}

static void free_job(render_job *job) {
    mx_outfile_close(&job->file);
    mx_scene_free(&job->scene);
    mx_types_free(&job->types);
    mx_graph_free(job->graph);
}

mx_status mx_render(const mx_env *env, const char *model, const char *output, const mx_render_options *options,
                    mx_error *err) {
    static const mx_render_options defaults = {.depth = MX_COLLAPSE_AUTO};
    render_job job = {.file.fd = -1};
    bool page = mx_path_has_ending(output, ".html");
    if (!page && !mx_path_has_ending(output, ".svg"))
        return mx_at_file(err, mx_fail(err, MX_ERR_USAGE, "a picture's name ends in .svg or .html"), output);
    mx_status status = mx_graph_load(env, model, &job.graph, err);
    if (status == MX_OK) status = mx_path_is_no_source(job.graph, output, err);
    if (status == MX_OK) status = mx_outfile_open(env, output, &job.file, err);
    if (status == MX_OK) status = draw(&job, page, options ? options : &defaults, err);
    if (status == MX_OK) status = mx_outfile_commit(&job.file, err);
    free_job(&job);
    return status;
}
