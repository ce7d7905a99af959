/* Text: growing byte buffers, string tables, UTF-8, base64, numbers; nothing here looks at the locale. */
#ifndef MX_BASE_TEXT_H
#define MX_BASE_TEXT_H

#include "base/memory.h"

#include <string.h>

#define MX_STR_LITERAL(s) ((mx_str){(s), sizeof(s) - 1})

static inline mx_str mx_str_of(const char *cstr) {
    return (mx_str){cstr, cstr ? strlen(cstr) : 0};
}
static inline bool mx_str_eq(mx_str a, mx_str b) {
    return a.n == b.n && (a.p == NULL) == (b.p == NULL) && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}
bool mx_str_is(mx_str a, const char *cstr);
bool mx_str_starts(mx_str a, const char *prefix);

/* A growing buffer. Once an allocation has failed `failed` stays true and appends do nothing: callers check once. */
typedef struct mx_buffer {
    const mx_allocator *allocator;
    char *data;
    size_t size, capacity;
    bool failed;
} mx_buffer;

void mx_buffer_init(mx_buffer *b, const mx_allocator *a);
void mx_buffer_free(mx_buffer *b);
void mx_buffer_clear(mx_buffer *b);
bool mx_buffer_reserve(mx_buffer *b, size_t more);
void mx_buffer_add(mx_buffer *b, const void *bytes, size_t n);
void mx_buffer_byte(mx_buffer *b, char c);
void mx_buffer_cstr(mx_buffer *b, const char *s);
void mx_buffer_int(mx_buffer *b, int64_t v);
void mx_buffer_uint(mx_buffer *b, uint64_t v);
static inline mx_str mx_buffer_str(const mx_buffer *b) {
    return (mx_str){b->data ? b->data : "", b->size};
}

/* An interning string table. Ids are dense: 0 is "absent", 1 is the empty string. Bytes live as long as the table. */
typedef uint32_t mx_sid;
#define MX_SID_ABSENT 0u
#define MX_SID_EMPTY 1u
struct mx_string_slot {
    uint32_t hash, id; /* id 0: empty. The hash saves a look at the bytes of most other strings */
};
typedef struct mx_strings {
    const mx_allocator *allocator;
    mx_arena bytes;
    mx_str *items;
    size_t count, capacity;
    struct mx_string_slot *slots;
    size_t n_slots;
} mx_strings;

bool mx_strings_init(mx_strings *t, const mx_allocator *a); /* false: no memory; free is safe either way */
void mx_strings_free(mx_strings *t);
/* The id of s, added if new; an absent s (p == NULL) gives 0. Returns UINT32_MAX when memory is exhausted. */
mx_sid mx_strings_add(mx_strings *t, mx_str s);
/* The ids of many, as if one was added after the other, but sooner done. False: memory is exhausted. */
bool mx_strings_add_all(mx_strings *t, const mx_str *s, size_t count, mx_sid *out);
/* The id of s, or UINT32_MAX if it is not in the table. */
mx_sid mx_strings_find(const mx_strings *t, mx_str s);
static inline mx_str mx_strings_get(const mx_strings *t, mx_sid id) {
    return t->items[id];
}
#define MX_SID_NOMEM UINT32_MAX

bool mx_utf8_valid(const char *p, size_t n);
/* True if p is valid UTF-8 and every character is one that XML 1.0 can hold (section 2.2, Char). */
bool mx_xml_chars(const char *p, size_t n);

void mx_base64_add(mx_buffer *b, const void *bytes, size_t n);
/* Decode (whitespace is skipped); appends to b. False: not base64. */
bool mx_base64_decode(mx_buffer *b, const char *p, size_t n);

/* JSON text, appended to a buffer. Strings must be valid UTF-8 (mx_json_bytes takes any bytes and writes
 * {"base64": "..."} where they are not); NUL and control characters are escaped as \u00XX, also U+007F, and U+FFFE/F. */
void mx_json_string(mx_buffer *b, mx_str s);
void mx_json_bytes(mx_buffer *b, mx_str s);      /* absent: null */
/* The shortest decimal that reads back to the same float32, always with '.' or 'e', "-0.0" included.
 * NaN and infinities have no JSON form: returns false and appends nothing. */
bool mx_json_float(mx_buffer *b, float f);
bool mx_json_double(mx_buffer *b, double d);
/* Whole-string decimal int64 or uint64; false: not one, or out of range. */
bool mx_parse_int(mx_str s, int64_t *out);
bool mx_parse_uint(mx_str s, uint64_t *out);

#endif
