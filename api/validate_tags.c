/* Whether all operators have a tag. */
#include "api/validate.h"
#include "htp/summary.h"

mx_status mx_validate_tags(mx_validate_job *job, mx_error *err) {
    uint64_t auxiliary = 0, tagged = 0;
    for (size_t i = 0; i < job->tags.keys.count; i++) {
        bool has_tag = job->tags.stored[i].tag > MX_SID_EMPTY;
        auxiliary += job->auxiliary[i];
        tagged += job->auxiliary[i] && has_tag;
        if (has_tag || !job->tags.by_htp) continue;
        const char *code = job->tags.stored[i].tag == MX_SID_ABSENT ? "missing-tag" : "empty-tag";
        MX_TRY(mx_validate_note(job, MX_CHECK_COVERAGE, code, job->tags.keys.keys[i], err, "the operator has no tag"));
        if (job->auxiliary[i])
            MX_TRY(mx_validate_note(job, MX_CHECK_AUXILIARY, code, job->tags.keys.keys[i], err,
                                    "the auxiliary operator has no tag"));
    }
    mx_validation_part *parts = job->out->parts;
    parts[MX_CHECK_COVERAGE].value = mx_htp_percentage(job->tags.n_tagged, job->tags.keys.count);
    parts[MX_CHECK_AUXILIARY].value = mx_htp_percentage(tagged, auxiliary);
    parts[MX_CHECK_COVERAGE].expected = parts[MX_CHECK_AUXILIARY].expected = job->tags.by_htp ? 100.0 : 0.0;
    parts[MX_CHECK_COVERAGE].checked = parts[MX_CHECK_AUXILIARY].checked = true;
    return MX_OK;
}
