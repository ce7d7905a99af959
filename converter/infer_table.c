/* The table of operators. */
#include "converter/infer_rules.h"

#define NONE                            0
#define RULE(kind, argument)            ((mx_element_rule)((kind) << 12 | (argument)))
#define FIXED(element)                  RULE(MX_ELEMENT_FIXED, element)
#define INPUTS(bits)                    RULE(MX_ELEMENT_INPUTS, bits)
#define ATTRIBUTE(name, otherwise)      RULE(MX_ELEMENT_ATTRIBUTE, (otherwise) << 4 | (name))
#define ATTRIBUTE_OR_INPUT(name, input) RULE(MX_ELEMENT_ATTRIBUTE_OR_INPUT, (input) << 4 | (name))

/* Sorted by domain, operator and version, in the order of bytes. */
static const mx_infer_rule rules[] = {
#include "converter/infer_table.inc"
};

static int compare_text(mx_str a, const char *b) {
    size_t n = strlen(b);
    int order = a.n == 0 || n == 0 ? 0 : memcmp(a.p, b, a.n < n ? a.n : n);
    return order != 0 ? order : (a.n > n) - (a.n < n);
}

static int compare(mx_str domain, mx_str op_type, int64_t version, const mx_infer_rule *r) {
    int order = compare_text(domain, r->domain);
    if (order == 0) order = compare_text(op_type, r->op_type);
    return order != 0 ? order : (version > r->since) - (version < r->since);
}

/* The last row that is not behind the operator and version. */
const mx_infer_rule *mx_infer_find_rule(mx_str domain, mx_str op_type, int64_t version) {
    size_t low = 0, high = sizeof rules / sizeof *rules;
    if (version < 0) version = INT64_MAX;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(domain, op_type, version, &rules[middle]) >= 0)
            low = middle + 1;
        else
            high = middle;
    }
    const mx_infer_rule *r = low > 0 ? &rules[low - 1] : NULL;
    return r && compare(domain, op_type, r->since, r) == 0 ? r : NULL;
}
