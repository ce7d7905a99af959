#include "base/error.h"

#include "base/text.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static void reset(mx_error *err, mx_status code) {
    memset(err, 0, sizeof *err);
    err->code = code;
    err->offset = UINT64_MAX;
}

/* A text cut at the buffer's end must not end in half a character. */
static void trim_utf8(char *text) {
    size_t n = strlen(text), cut = n;
    while (cut > 0 && n - cut < 4 && ((unsigned char)text[cut - 1] & 0xC0) == 0x80) cut--;
    if (cut > 0 && !mx_utf8_valid(text + cut - 1, n - cut + 1)) text[cut - 1] = '\0';
}

mx_status mx_fail(mx_error *err, mx_status code, const char *format, ...) {
    if (!err) return code;
    reset(err, code);
    va_list args;
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    trim_utf8(err->message);
    return code;
}

mx_status mx_nomem(mx_error *err) {
    return mx_fail(err, MX_ERR_NOMEM, "out of memory");
}

mx_status mx_fail_errno(mx_error *err, mx_status code, const char *format, ...) {
    int number = errno;
    if (!err) return code;
    reset(err, code);
    va_list args;
    va_start(args, format);
    vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    size_t n = strlen(err->message);
    char text[128];
    snprintf(err->message + n, sizeof err->message - n, ": %s", strerror_r(number, text, sizeof text));
    trim_utf8(err->message);
    return code;
}

static void copy_text(char *to, size_t size, const char *from, size_t n) {
    if (n >= size) n = size - 1;
    memcpy(to, from, n);
    to[n] = '\0';
    trim_utf8(to);
}

mx_status mx_at_file(mx_error *err, mx_status code, const char *file) {
    if (code != MX_OK && err && !err->file[0] && file) copy_text(err->file, sizeof err->file, file, strlen(file));
    return code;
}

mx_status mx_at_line(mx_error *err, mx_status code, uint32_t line) {
    if (code != MX_OK && err && !err->line) err->line = line;
    return code;
}

mx_status mx_at_offset(mx_error *err, mx_status code, uint64_t offset) {
    if (code != MX_OK && err && err->offset == UINT64_MAX) err->offset = offset;
    return code;
}

mx_status mx_at_node(mx_error *err, mx_status code, mx_str node) {
    if (code != MX_OK && err && !err->node[0] && node.p) {
        mx_shown shown = mx_show(node);
        size_t n = strlen(shown.text);
        copy_text(err->node, sizeof err->node, shown.text + 1, n - 2); /* without the quotes */
    }
    return code;
}

/* Length of the printable UTF-8 character at p, 0 if it has to be escaped. */
static size_t printable(const char *p, size_t n) {
    unsigned char c = (unsigned char)*p;
    if (c < 0x20 || c == 0x7F || c == '\'') return 0;
    if (c < 0x80) return 1;
    for (size_t k = 2; k <= 4 && k <= n; k++)
        if (mx_utf8_valid(p, k)) return c == 0xC2 && (unsigned char)p[1] < 0xA0 ? 0 : k;
    return 0;
}

static size_t show_part(char *to, size_t room, const char *p, size_t n, size_t *taken) {
    size_t used = 0, i = 0;
    while (i < n) {
        size_t k = printable(p + i, n - i);
        size_t need = k ? k : 4;
        if (used + need > room) break;
        if (k) {
            memcpy(to + used, p + i, k);
        } else {
            static const char hex[] = "0123456789abcdef";
            unsigned char c = (unsigned char)p[i];
            memcpy(to + used, (char[]){'\\', 'x', hex[c >> 4], hex[c & 15]}, 4);
        }
        used += need;
        i += k ? k : 1;
    }
    *taken = i;
    return used;
}

mx_shown mx_show(mx_str s) {
    mx_shown shown;
    size_t used = 0, taken;
    shown.text[used++] = '\'';
    used += show_part(shown.text + used, 120, s.p ? s.p : "", s.n, &taken);
    if (taken < s.n) {
        memcpy(shown.text + used, "\xE2\x80\xA6", 3);
        used += 3;
        size_t rest = s.n - taken, tail = rest < 32 ? rest : 32;
        const char *from = s.p + s.n - tail; /* a half character at the cut shows as \x.. : harmless */
        used += show_part(shown.text + used, 60, from, tail, &taken);
    }
    shown.text[used++] = '\'';
    shown.text[used] = '\0';
    return shown;
}

const char *mx_status_name(mx_status status) {
    static const char *const names[] = {
        "MX_OK",          "MX_ERR_NOMEM",    "MX_ERR_USAGE",          "MX_ERR_READ",
        "MX_ERR_SYNTAX",  "MX_ERR_LIMIT",    "MX_ERR_INVALID",        "MX_ERR_CHECKSUM",
        "MX_ERR_FORBIDDEN_PATH", "MX_ERR_UNSUPPORTED", "MX_ERR_WRITE", "MX_ERR_CANCELLED",
        "MX_ERR_AUXILIARY_OPERATION", "MX_ERR_CONTEXT_INHERITANCE", "MX_ERR_COVERAGE_VALIDATION"};
    size_t i = (size_t)status;
    return i < sizeof names / sizeof *names ? names[i] : "unknown status";
}

mx_limits mx_limits_default(void) {
    return (mx_limits){.message_depth = 400,
                       .body_depth = 64,
                       .xml_depth = 1024,
                       .json_depth = 256,
                       .text_bytes = 64000000,
                       .nodes = 100000000};
}

const char *mx_version(void) {
    return MX_BUILD_VERSION;
}
