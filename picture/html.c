#include "picture/html.h"

#include "base/sha256.h"
#include "picture/html_data.h"
#include "picture/label.h"
#include "picture/page.h"
#include "picture/sheet.h"

/* 'sha256-...' of what stands between the tags. */
static void add_hash(mx_markup *m, mx_str text) {
    uint8_t hash[32];
    mx_sha256(text.p, text.n, hash);
    mx_markup_raw(m, "'sha256-");
    mx_base64_add(&m->text, hash, sizeof hash);
    mx_markup_raw(m, "'");
}

static void make_style(mx_buffer *b) {
    mx_sheet_forms(b);
    mx_sheet_colours(b, false, "");
    mx_buffer_cstr(b, "@media (prefers-color-scheme:dark){\n");
    mx_sheet_colours(b, true, ":root:not([data-theme=light]) ");
    mx_buffer_cstr(b, "}\n");
    mx_sheet_colours(b, true, ":root[data-theme=dark] ");
    mx_buffer_add(b, mx_page_style, mx_page_style_size);
}

/* Nothing is ever loaded from elsewhere, and nothing runs but the page's own script. */
static void head(mx_markup *m, const mx_scene *scene, mx_str style) {
    mx_markup_raw(m, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; base-uri 'none'; "
                     "form-action 'none'; script-src ");
    add_hash(m, (mx_str){mx_page_script, mx_page_script_size});
    mx_markup_raw(m, "; style-src ");
    add_hash(m, style);
    mx_markup_raw(m, "\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    mx_buffer_clear(&m->label);
    mx_label_title(&m->label, scene, 0);
    mx_markup_text(m, mx_buffer_str(&m->label));
    mx_markup_raw(m, "</title>\n<style>");
    mx_buffer_add(&m->text, style.p, style.n);
    mx_markup_raw(m, "</style>\n</head>\n");
}

static void fold_all(mx_scene *s, uint8_t *open_first) {
    for (uint32_t i = 0; i < s->n_boxes; i++) {
        mx_scene_box *b = &s->boxes[i];
        if (!b->is_group) continue;
        open_first[i] = b->open;
        b->open = i == 0;
        b->w = b->folded_w;
        b->h = b->folded_h;
    }
}

/* The first view is the picture that SVG has; what is opened and closed then is put together of folded groups. */
static mx_status first_view(mx_scene *scene, mx_markup *m, mx_error *err) {
    scene->options.folded_too = false;
    MX_TRY(mx_scene_layout(scene, err));
    scene->options.folded_too = true;
    mx_markup_raw(m, "<script type=\"application/json\" id=\"first\">");
    MX_TRY(mx_html_first(scene, m, err));
    mx_markup_raw(m, "</script>\n");
    return MX_OK;
}

static mx_status everything(mx_scene *scene, uint8_t *open_first, mx_markup *m, mx_buffer *style, mx_error *err) {
    make_style(style);
    head(m, scene, mx_buffer_str(style));
    mx_buffer_add(&m->text, mx_page_body, mx_page_body_size);
    MX_TRY(first_view(scene, m, err));
    fold_all(scene, open_first);
    MX_TRY(mx_scene_layout(scene, err));
    mx_markup_raw(m, "<script type=\"application/json\" id=\"model\">");
    MX_TRY(mx_html_data(scene, open_first, m, err));
    mx_markup_raw(m, "</script>\n<script type=\"application/json\" id=\"details\">");
    MX_TRY(mx_html_details(scene, m, err));
    mx_markup_raw(m, "</script>\n<script>");
    mx_buffer_add(&m->text, mx_page_script, mx_page_script_size);
    mx_markup_raw(m, "</script>\n</body>\n</html>\n");
    return style->failed ? mx_nomem(err) : MX_OK;
}

mx_status mx_html_write(mx_scene *scene, mx_outfile *file, mx_error *err) {
    const mx_allocator *a = scene->graph->allocator;
    uint8_t *open_first = mx_alloc_zero(a, scene->n_boxes, 1);
    mx_markup m;
    mx_buffer style;
    if (!open_first) return mx_nomem(err);
    mx_markup_begin(&m, a, file);
    mx_buffer_init(&style, a);
    mx_status status = everything(scene, open_first, &m, &style, err), ended = mx_markup_end(&m, err);
    mx_buffer_free(&style);
    mx_free(a, open_first, scene->n_boxes);
    return status == MX_OK ? ended : status;
}
