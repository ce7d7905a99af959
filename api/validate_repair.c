/* Mending a model's tags and the order of its operators. What is right stays as it stands, word for word. */
#include "api/validate.h"
#include "converter/order.h"
#include "htp/tagging.h"
#include "onnx_io/onnx_io.h"

/* What an operator had before all tags were written anew. */
typedef struct kept {
    mx_pairs metadata;
    mx_attr *attrs;
    uint32_t n_attrs;
} kept;

typedef struct repairing {
    mx_validate_job *job;
    mx_graph *g; /* read again: the job's was changed while it was looked at */
    bool *bad;   /* by place: the tag has to be mended */
    const char **codes;
    kept *kept; /* by place */
    size_t n_bad, n_unordered;
    mx_error *err;
} repairing;

/* ---- what is to be mended ---- */

/* A model without any tags is mended only if it should have them. */
static void find_bad(repairing *r) {
    mx_validate_job *job = r->job;
    bool lost = job->tags.n_tagged == 0 && job->tags.has_metadata && job->tags.metadata.embedded;
    for (size_t i = 0; i < job->tags.keys.count; i++) {
        bool wanted = job->tags.by_htp || lost || job->tags.stored[i].tag != MX_SID_ABSENT ||
                      (job->tags.n_tagged && job->tags.has_metadata &&
                       mx_htp_metadata_node(&job->tags.metadata, job->tags.keys.keys[i]).n);
        r->bad[i] = wanted && !mx_consistency_is_tag(&job->tags, &job->tags.stored[i], &r->codes[i]);
        r->n_bad += r->bad[i];
    }
    for (size_t i = 0; i < job->tags.keys.count; i++)
        r->n_unordered += job->unordered[job->tags.keys.operators[i]];
}

/* ---- tags ---- */

static bool is_property(mx_str key) {
    return mx_str_starts(key, "hierarchy_");
}

/* A tag that is wrong must not be a source for others. */
static mx_status strip(repairing *r, mx_node *n) {
    mx_pair *items = NULL;
    mx_attr *attrs = NULL;
    uint32_t count = 0;
    MX_TRY(mx_graph_array(r->g, n->metadata.count, sizeof *items, &items, r->err));
    MX_TRY(mx_graph_array(r->g, n->n_attrs, sizeof *attrs, &attrs, r->err));
    for (uint32_t i = 0; i < n->metadata.count; i++) {
        const mx_pair *p = &n->metadata.items[i];
        if (p->opaque != MX_SID_ABSENT || !is_property(mx_text(r->g, p->key))) items[count++] = *p;
    }
    n->metadata = (mx_pairs){items, count};
    count = 0;
    for (uint32_t i = 0; i < n->n_attrs; i++)
        if (!is_property(mx_text(r->g, n->attrs[i].name))) attrs[count++] = n->attrs[i];
    n->attrs = attrs;
    n->n_attrs = count;
    return MX_OK;
}

static mx_status keep_and_strip(repairing *r) {
    for (size_t i = 0; i < r->job->tags.keys.count; i++) {
        mx_node *n = mx_node_at(r->g, r->job->tags.keys.operators[i]);
        r->kept[i] = (kept){n->metadata, n->attrs, n->n_attrs};
        if (r->bad[i]) MX_TRY(strip(r, n));
    }
    return MX_OK;
}

/* What the metadata says of an operator holds, if it is the tag of a module around the one that was found or in it;
 * by_tag: by string id, the first module of that tag + 1. */
static void prefer_told(repairing *r, mx_htp_tagging *t, const uint32_t *by_tag) {
    mx_validate_job *job = r->job;
    for (size_t i = 0; i < job->tags.keys.count; i++) {
        mx_htp_label *label = &t->labels[job->tags.keys.operators[i]];
        if (!r->bad[i] || label->module == MX_NO_INDEX) continue;
        mx_sid told =
            mx_strings_find(&r->g->strings, mx_htp_metadata_node(&job->tags.metadata, job->tags.keys.keys[i]));
        if (told == MX_SID_NOMEM || told == MX_SID_ABSENT || !by_tag[told] ||
            t->tree.modules[label->module].tag == told)
            continue;
        uint32_t module = label->module;
        while (module && t->tree.modules[module].tag != told)
            module = t->tree.modules[module].parent;
        label->module = t->tree.modules[module].tag == told ? module : by_tag[told] - 1;
        label->n_served = 0;
    }
}

static mx_status prefer_metadata(repairing *r, mx_htp_tagging *t) {
    size_t n = r->g->strings.count;
    if (!r->job->tags.has_metadata) return MX_OK;
    uint32_t *by_tag = mx_alloc_zero(r->job->allocator, n, sizeof *by_tag);
    if (!by_tag) return mx_nomem(r->err);
    for (uint32_t i = 0; i < t->tree.count; i++)
        if (!by_tag[t->tree.modules[i].tag]) by_tag[t->tree.modules[i].tag] = i + 1;
    prefer_told(r, t, by_tag);
    mx_free(r->job->allocator, by_tag, n * sizeof *by_tag);
    return MX_OK;
}

/* Tags are those that the metadata gives its modules, whatever classes were asked for when it was written. */
static mx_status take_module_tags(repairing *r, mx_htp_tagging *t) {
    mx_graph *g = r->g;
    const mx_htp_metadata *m = &r->job->tags.metadata;
    for (uint32_t i = 0; i < t->tree.count && r->job->tags.has_metadata; i++) {
        mx_str tag = mx_htp_metadata_tag(m, mx_text(g, t->tree.modules[i].scope));
        if (tag.n) MX_TRY(mx_graph_string(g, tag, &t->tree.modules[i].tag, r->err));
    }
    for (size_t i = 0; i < r->job->tags.keys.count && !r->job->tags.has_metadata; i++) {
        mx_htp_label *label = &t->labels[r->job->tags.keys.operators[i]];
        if (r->bad[i] || label->module == MX_NO_INDEX) continue;
        MX_TRY(mx_graph_string(g, mx_text(r->job->graph, r->job->tags.stored[i].tag),
                               &t->tree.modules[label->module].tag, r->err));
    }
    return MX_OK;
}

/* As the tags that are right are written. */
static mx_htp_attrs form_of(const repairing *r) {
    for (size_t i = 0; i < r->job->tags.keys.count; i++) {
        const mx_htp_stored *s = &r->job->tags.stored[i];
        if (r->bad[i] || s->tag <= MX_SID_EMPTY) continue;
        if (s->attribute) return MX_HTP_ATTRS_ATTRIBUTE;
        return s->path == MX_SID_ABSENT ? MX_HTP_ATTRS_MINIMAL : MX_HTP_ATTRS_METADATA;
    }
    return MX_HTP_ATTRS_METADATA;
}

static mx_status say_mended(repairing *r, size_t i, const mx_htp_tagging *t) {
    mx_validate_job *job = r->job;
    uint32_t module = t->labels[job->tags.keys.operators[i]].module;
    mx_shown before = mx_show(mx_text(job->graph, job->tags.stored[i].tag));
    mx_shown now = mx_show(mx_text(r->g, t->tree.modules[module].tag));
    bool had = job->tags.stored[i].tag > MX_SID_EMPTY;
    return mx_validate_mended(job, r->codes[i], job->tags.keys.keys[i], r->err, "the tag is now %s%s%s", now.text,
                              had ? ", it was " : "", had ? before.text : "");
}

static mx_status write_tags(repairing *r, mx_htp_tagging *t) {
    MX_TRY(take_module_tags(r, t));
    MX_TRY(prefer_metadata(r, t));
    MX_TRY(mx_htp_write_tags(r->g, t, form_of(r), r->err));
    for (size_t i = 0; i < r->job->tags.keys.count; i++) {
        mx_node_id id = r->job->tags.keys.operators[i];
        mx_node *n = mx_node_at(r->g, id);
        if (r->bad[i] && t->labels[id].module != MX_NO_INDEX) {
            MX_TRY(say_mended(r, i, t));
            continue;
        }
        n->metadata = r->kept[i].metadata;
        n->attrs = r->kept[i].attrs;
        n->n_attrs = r->kept[i].n_attrs;
    }
    return MX_OK;
}

static mx_status mend_tags(repairing *r) {
    const mx_buffer *text = &r->job->tags.metadata_file.text;
    mx_htp_options options = {.metadata = r->job->tags.has_metadata ? text->data : NULL, .metadata_size = text->size};
    mx_htp_tagging tagging;
    if (!r->n_bad) return MX_OK;
    MX_TRY(keep_and_strip(r));
    MX_TRY(mx_htp_tag(r->g, &options, &tagging, r->err));
    mx_status status = write_tags(r, &tagging);
    mx_htp_tagging_free(&tagging);
    return status;
}

/* ---- order ---- */

/* An operator that uses something which is made later goes right behind that. A cycle cannot be mended: it stays. */
static mx_status mend_order(repairing *r) {
    mx_validate_job *job = r->job;
    mx_error own;
    if (!r->n_unordered) return MX_OK;
    for (size_t i = 0; i < job->tags.keys.count; i++) {
        mx_node_id id = job->tags.keys.operators[i];
        if (job->unordered[id]) mx_node_at(r->g, id)->flags |= MX_FLAG_CHANGED;
    }
    mx_status status = mx_graph_sort(r->g, &own);
    if (status == MX_ERR_INVALID) {
        r->n_unordered = 0;
        return MX_OK;
    }
    if (status != MX_OK) {
        if (r->err) *r->err = own;
        return status;
    }
    return mx_validate_mended(job, "unordered", (mx_str){NULL, 0}, r->err,
                              "put in order: operators that used something which was made later: %llu",
                              (unsigned long long)r->n_unordered);
}

/* ---- writing ---- */

/* Called with the finished model, before it takes the old one's place. */
static mx_status keep_model(void *ctx, mx_source *written, mx_error *err) {
    mx_validate_job *job = ctx;
    (void)written;
    return mx_validate_keep(job, job->model, err);
}

/* External data was not read along, so that it stays as it is where it is. */
static mx_status read_again(repairing *r) {
    mx_validate_job *job = r->job;
    mx_source *source;
    MX_TRY(mx_source_open(job->env, job->model, &source, r->err));
    mx_status status = mx_onnx_read_source(job->env, source, NULL, &r->g, r->err);
    mx_source_release(source);
    return status == MX_OK ? mx_graph_wire(r->g, r->err) : status;
}

static mx_status mend(repairing *r, bool *changed) {
    MX_TRY(read_again(r));
    find_bad(r);
    MX_TRY(mend_tags(r));
    MX_TRY(mend_order(r));
    if (!r->n_bad && !r->n_unordered) return MX_OK;
    *changed = true;
    return mx_onnx_write(r->g, r->job->model, NULL, keep_model, r->job, r->err);
}

mx_status mx_validate_repair(mx_validate_job *job, bool *changed, mx_error *err) {
    const mx_allocator *a = job->allocator;
    size_t n = job->tags.keys.count + 1;
    repairing r = {.job = job, .err = err};
    *changed = false;
    r.bad = mx_alloc_zero(a, n, 1);
    r.codes = mx_alloc_zero(a, n, sizeof *r.codes);
    r.kept = mx_alloc_zero(a, n, sizeof *r.kept);
    mx_status status = r.bad && r.codes && r.kept ? mend(&r, changed) : mx_nomem(err);
    mx_graph_release(r.g);
    mx_free(a, r.bad, n);
    mx_free(a, r.codes, n * sizeof *r.codes);
    mx_free(a, r.kept, n * sizeof *r.kept);
    return mx_at_file(err, status, job->model);
}
