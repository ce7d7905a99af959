#include "graphml/origin.h"

#define FIELD_BYTES 3u

/* Keys that are missing here say nothing that counts as an edit, or are checked otherwise. */
static const struct {
    mx_key key;
    mx_origin_field field;
} fields[] = {
    {MX_KEY_OP_TYPE, MX_ORIGIN_TYPE},
    {MX_KEY_DOMAIN, MX_ORIGIN_TYPE},
    {MX_KEY_OVERLOAD, MX_ORIGIN_TYPE},
    {MX_KEY_CLASS_NAME, MX_ORIGIN_TYPE},
    {MX_KEY_NODE_ATTRIBUTES, MX_ORIGIN_ATTRIBUTES},
    {MX_KEY_FUNCTION_ATTRIBUTES, MX_ORIGIN_ATTRIBUTES},
    {MX_KEY_NAME, MX_ORIGIN_NAME},
    {MX_KEY_GRAPH_NAME, MX_ORIGIN_NAME},
    {MX_KEY_DOC_STRING, MX_ORIGIN_DOC},
    {MX_KEY_GRAPH_DOC_STRING, MX_ORIGIN_DOC},
    {MX_KEY_METADATA, MX_ORIGIN_METADATA},
    {MX_KEY_GRAPH_METADATA, MX_ORIGIN_METADATA},
    {MX_KEY_PARENT, MX_ORIGIN_PARENT},
    {MX_KEY_INPUT_NAMES, MX_ORIGIN_INPUTS},
    {MX_KEY_OUTPUT_NAMES, MX_ORIGIN_OUTPUTS},
    {MX_KEY_VALUE_TYPE, MX_ORIGIN_TYPES},
    {MX_KEY_VALUE_INFO, MX_ORIGIN_TYPES},
    {MX_KEY_INITIALIZERS, MX_ORIGIN_INITIALIZERS},
    {MX_KEY_SPARSE_INITIALIZERS, MX_ORIGIN_INITIALIZERS},
    {MX_KEY_IR_VERSION, MX_ORIGIN_MODEL},
    {MX_KEY_MODEL_VERSION, MX_ORIGIN_MODEL},
    {MX_KEY_PRODUCER_NAME, MX_ORIGIN_MODEL},
    {MX_KEY_PRODUCER_VERSION, MX_ORIGIN_MODEL},
    {MX_KEY_OPSET_IMPORTS, MX_ORIGIN_MODEL},
};

mx_origin_field mx_origin_field_of(mx_key key) {
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (fields[i].key == key) return fields[i].field;
    return MX_ORIGIN_NONE;
}

/* FNV-1a, folded to 24 bits, never 0. An accident is what it has to notice, not an attack. */
static uint32_t hash24(uint32_t seed, mx_str s) {
    uint64_t h = 0xcbf29ce484222325u ^ seed;
    for (size_t i = 0; i < s.n; i++)
        h = (h ^ (uint8_t)s.p[i]) * 0x100000001b3u;
    h ^= h >> 48 ^ h >> 24;
    h &= 0xffffff;
    return h ? (uint32_t)h : 1;
}

uint32_t mx_origin_hash(mx_key key, mx_str value) {
    return hash24((uint32_t)key + 1, value);
}

void mx_origin_add(mx_origin *o, mx_key key, mx_str value) {
    mx_origin_field field = mx_origin_field_of(key);
    if (field != MX_ORIGIN_NONE) o->at[field] ^= mx_origin_hash(key, value);
}

void mx_origin_add_all(mx_origin *o, const mx_str texts[MX_KEY_COUNT]) {
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (texts[fields[i].key].p) mx_origin_add(o, fields[i].key, texts[fields[i].key]);
}

static size_t blank_at(mx_str text) {
    if (text.n && strchr(" \t\r\n", text.p[0])) return 1;
    return mx_str_starts(text, "\xC2\xA0") ? 2 : 0;
}

mx_str mx_origin_label(mx_str text) {
    for (size_t blank = blank_at(text); blank; blank = blank_at(text))
        text.p += blank, text.n -= blank;
    while (text.n && strchr(" \t\r\n", text.p[text.n - 1]))
        text.n--;
    return text;
}

void mx_origin_add_label(mx_origin *o, mx_str text) {
    text = mx_origin_label(text);
    mx_origin_field field = o->picture ? MX_ORIGIN_FOLDED_LABEL : MX_ORIGIN_LABEL;
    if (!(o->labelled >> o->picture & 1)) o->at[field] = hash24(0, text);
    o->labelled |= (uint8_t)(1u << o->picture);
}

void mx_origin_write(mx_buffer *b, const mx_origin *o) {
    uint8_t bytes[MX_ORIGIN_FIELDS * FIELD_BYTES];
    size_t n = 0;
    for (size_t i = 0; i < MX_ORIGIN_FIELDS; i++) {
        for (size_t k = 0; k < FIELD_BYTES; k++)
            bytes[FIELD_BYTES * i + k] = (uint8_t)(o->at[i] >> 8 * k);
        if (o->at[i]) n = FIELD_BYTES * (i + 1);
    }
    mx_base64_add(b, bytes, n);
}

static int digit(char c) {
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool mx_origin_read(mx_str text, mx_origin *out) {
    *out = (mx_origin){0};
    if (text.n % 4 || text.n > 4 * (size_t)MX_ORIGIN_FIELDS) return false;
    for (size_t i = 0; i < text.n / 4; i++) {
        uint32_t group = 0; /* as base64 has it: the first byte on top */
        for (size_t k = 0; k < 4; k++) {
            int d = digit(text.p[4 * i + k]);
            if (d < 0) return false;
            group = group << 6 | (uint32_t)d;
        }
        out->at[i] = group >> 16 | (group & 0xff00) | (group & 0xff) << 16;
    }
    return true;
}

uint32_t mx_origin_differences(const mx_origin *a, const mx_origin *b) {
    uint32_t bits = 0;
    for (uint32_t i = 0; i < MX_ORIGIN_FIELDS; i++)
        if (a->at[i] != b->at[i]) bits |= 1u << i;
    return bits;
}
