#include "graphml/read_image.h"

#include <stdlib.h>

void mx_image_init(mx_image_reader *r, mx_import *im) {
    *r = (mx_image_reader){.im = im};
    mx_buffer_init(&r->text, im->allocator);
    mx_buffer_init(&r->bytes, im->allocator);
}

void mx_image_free(mx_image_reader *r) {
    if (r->open) mx_outfile_close(&r->file);
    mx_free(r->im->allocator, r->pieces, r->cap_pieces * sizeof *r->pieces);
    mx_buffer_free(&r->text);
    mx_buffer_free(&r->bytes);
}

static mx_status open_temporary(const mx_import *im, mx_outfile *f) {
    const char *dir = getenv("TMPDIR");
    return mx_outfile_open_unnamed(&im->g->env, dir && *dir ? dir : "/tmp", f, im->err);
}

mx_status mx_image_begin(mx_image_reader *r, uint32_t number) {
    if (!r->open) {
        MX_TRY(open_temporary(r->im, &r->file));
        r->open = true;
    }
    if (!mx_grow(r->im->allocator, (void **)&r->pieces, &r->cap_pieces, r->n_pieces, sizeof *r->pieces))
        return mx_nomem(r->im->err);
    r->pieces[r->n_pieces++] = (mx_image_piece){number, r->file.position, 0};
    r->n_rest = 0;
    return MX_OK;
}

static mx_status decode(mx_image_reader *r) {
    mx_buffer_clear(&r->bytes);
    bool good = mx_base64_decode(&r->bytes, r->text.data, r->text.size);
    if (r->text.failed || r->bytes.failed) return mx_nomem(r->im->err);
    if (!good) return mx_fail(r->im->err, MX_ERR_INVALID, "the data \"parameter_data\" is not base64");
    mx_outfile_write(&r->file, r->bytes.data, r->bytes.size);
    mx_buffer_clear(&r->text);
    return MX_OK;
}

mx_status mx_image_text(mx_image_reader *r, const char *p, size_t n) {
    mx_buffer_clear(&r->text);
    mx_buffer_add(&r->text, r->rest, r->n_rest);
    for (size_t i = 0; i < n;) {
        size_t run = 0; /* texts come with newlines at most here and there */
        while (i + run < n && (unsigned char)p[i + run] > ' ')
            run++;
        mx_buffer_add(&r->text, p + i, run);
        for (i += run; i < n && (unsigned char)p[i] <= ' ';)
            i++;
    }
    if (r->text.failed) return mx_nomem(r->im->err);
    if (!r->text.size) return MX_OK; /* blanks, and nothing before */
    r->n_rest = (uint32_t)(r->text.size % 4);
    r->text.size -= r->n_rest;
    memcpy(r->rest, r->text.data + r->text.size, r->n_rest);
    return r->text.size ? decode(r) : MX_OK;
}

mx_status mx_image_end(mx_image_reader *r) {
    if (r->n_rest) return mx_fail(r->im->err, MX_ERR_INVALID, "the base64 text of \"parameter_data\" is cut off");
    mx_image_piece *p = &r->pieces[r->n_pieces - 1];
    p->size = r->file.position - p->offset;
    if (!p->size) r->n_pieces--;
    return MX_OK;
}

static int compare_pieces(const void *a, const void *b) {
    const mx_image_piece *x = a, *y = b;
    return x->number < y->number ? -1 : x->number > y->number;
}

/* The temporary file holds the pieces as they came; copy them in their order. */
static mx_status rearrange(mx_image_reader *r, mx_source *source, mx_source **out) {
    mx_outfile sorted;
    MX_TRY(open_temporary(r->im, &sorted));
    mx_status status = MX_OK;
    for (size_t i = 0; i < r->n_pieces && status == MX_OK; i++)
        status = mx_outfile_copy(&sorted, source, r->pieces[i].offset, r->pieces[i].size, NULL, r->im->err);
    if (status == MX_OK) status = mx_outfile_source(&sorted, &r->im->g->env, out, r->im->err);
    mx_outfile_close(&sorted);
    return status;
}

mx_status mx_image_finish(mx_image_reader *r) {
    if (!r->n_pieces) return MX_OK;
    bool ordered = true;
    for (size_t i = 1; i < r->n_pieces; i++)
        ordered &= r->pieces[i].number == r->pieces[i - 1].number + 1;
    ordered &= r->pieces[0].number == 0;
    if (!ordered) qsort(r->pieces, r->n_pieces, sizeof *r->pieces, compare_pieces);
    for (size_t i = 0; i < r->n_pieces; i++)
        if (r->pieces[i].number != i)
            return mx_fail(r->im->err, MX_ERR_INVALID, "the pieces of \"parameter_data\" are not complete");
    mx_source *source;
    MX_TRY(mx_outfile_source(&r->file, &r->im->g->env, &source, r->im->err));
    if (ordered) {
        r->im->weights->image = source;
        return MX_OK;
    }
    mx_status status = rearrange(r, source, &r->im->weights->image);
    mx_source_release(source);
    return status;
}
