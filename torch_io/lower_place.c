/* Where something is wrong, as the person knows it who wrote the program. */
#include "torch_io/lower_run.h"

#include <stdio.h>

/* The file (base name) and line of the innermost frame of a Python traceback that is a real file. */
static bool source_line(mx_str trace, mx_str *file, mx_str *line) {
    static const char mark[] = "File \"", behind[] = "\", line ";
    bool found = false;
    for (const char *p = trace.p, *end = p + trace.n; p && (p = memmem(p, (size_t)(end - p), mark, 6)) != NULL;) {
        p += 6;
        const char *close = memmem(p, (size_t)(end - p), behind, 8);
        if (!close) break;
        const char *digits = close + 8, *stop = digits, *base = close;
        while (stop < end && *stop >= '0' && *stop <= '9')
            stop++;
        while (base > p && base[-1] != '/' && base[-1] != '\\')
            base--;
        if (*p != '<' && stop > digits && base < close) {
            *file = (mx_str){base, (size_t)(close - base)};
            *line = (mx_str){digits, (size_t)(stop - digits)};
            found = true;
        }
        p = digits;
    }
    return found;
}

static size_t add(char *out, size_t size, size_t at, const char *text) {
    int n = snprintf(out + at, size - at, "%s", text);
    return n < 0 ? at : at + (size_t)n >= size ? size - 1 : at + (size_t)n;
}

void mx_describe_place(const mx_program *p, uint32_t node, char *out, size_t size) {
    const mx_pnode *n = &p->nodes[node];
    mx_str file, line;
    mx_shown target = mx_show(mx_ptext(p, n->target)), name = mx_show(mx_ptext(p, n->name));
    char part[420];
    size_t at = add(out, size, 0, "");
    snprintf(part, sizeof part, "%.*s, node %s", (int)strlen(target.text) - 2, target.text + 1, name.text);
    at = add(out, size, at, part);
    if (n->call < p->n_calls) {
        mx_str fqn = mx_ptext(p, p->modules[p->calls[n->call].module].fqn);
        snprintf(part, sizeof part, ", module %s", mx_show(fqn).text);
        at = add(out, size, at, fqn.n ? part : ", the root module");
    }
    if (n->stack_trace == MX_SID_ABSENT || !source_line(mx_ptext(p, n->stack_trace), &file, &line)) return;
    mx_shown shown = mx_show(file);
    snprintf(part, sizeof part, ", %.*s:%.*s", (int)strlen(shown.text) - 2, shown.text + 1,
             (int)(line.n < 12 ? line.n : 12), line.p);
    add(out, size, at, part);
}

void mx_cannot(mx_build *b, const char *format, ...) {
    char what[300], place[440];
    va_list args;
    if (mx_failed(b)) return;
    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    if (b->node >= b->p->n_nodes) {
        b->status = mx_fail(&b->error, MX_ERR_UNSUPPORTED, "%s", what);
        return;
    }
    mx_describe_place(b->p, b->node, place, sizeof place);
    b->status = mx_fail(&b->error, MX_ERR_UNSUPPORTED, "%s: %s", what, place);
}
