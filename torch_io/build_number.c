/* Elements as numbers: little-endian bytes in, little-endian bytes out. */
#include "torch_io/build_internal.h"

#include <math.h>

typedef enum shape { NOT_COMPUTED = 0, SIGNED, UNSIGNED, BOOLEAN, REAL } shape;

typedef struct layout {
    uint8_t bytes, shape;
} layout;

static layout layout_of(int32_t elem) {
    static const layout layouts[] = {
        [MX_ELEM_FLOAT] = {4, REAL},      [MX_ELEM_UINT8] = {1, UNSIGNED},  [MX_ELEM_INT8] = {1, SIGNED},
        [MX_ELEM_UINT16] = {2, UNSIGNED}, [MX_ELEM_INT16] = {2, SIGNED},    [MX_ELEM_INT32] = {4, SIGNED},
        [MX_ELEM_INT64] = {8, SIGNED},    [MX_ELEM_BOOL] = {1, BOOLEAN},    [MX_ELEM_FLOAT16] = {2, REAL},
        [MX_ELEM_DOUBLE] = {8, REAL},     [MX_ELEM_UINT32] = {4, UNSIGNED}, [MX_ELEM_UINT64] = {8, UNSIGNED},
        [MX_ELEM_BFLOAT16] = {2, REAL}};
    bool known = elem > 0 && elem < (int32_t)(sizeof layouts / sizeof *layouts);
    return known ? layouts[elem] : (layout){0, NOT_COMPUTED};
}

size_t mx_elem_size(int32_t elem) {
    return layout_of(elem).bytes;
}
bool mx_elem_is_int(int32_t elem) {
    uint8_t s = layout_of(elem).shape;
    return s == SIGNED || s == UNSIGNED;
}
bool mx_elem_is_float(int32_t elem) {
    return layout_of(elem).shape == REAL;
}

static uint64_t load_bits(const void *p, size_t i, size_t bytes) {
    const uint8_t *at = (const uint8_t *)p + i * bytes;
    uint64_t v = 0;
    for (size_t k = 0; k < bytes; k++)
        v |= (uint64_t)at[k] << (8 * k);
    return v;
}

static void store_bits(void *p, size_t i, size_t bytes, uint64_t v) {
    uint8_t *at = (uint8_t *)p + i * bytes;
    for (size_t k = 0; k < bytes; k++)
        at[k] = (uint8_t)(v >> (8 * k));
}

/* ---- 16-bit floats ---- */

/* By way of float32, as torch and onnxruntime do it. rint rounds to even. */
uint16_t mx_half_of(double v) {
    uint16_t sign = signbit(v) ? 0x8000 : 0;
    double size = fabs((double)(float)v);
    int exponent;
    if (isnan(v)) return (uint16_t)(sign | 0x7E00);
    if (size >= 65520.0) return (uint16_t)(sign | 0x7C00);
    if (size == 0) return sign;         /* has no exponent */
    frexp(size, &exponent);             /* size = [0.5, 1) * 2^exponent */
    if (exponent < -13) exponent = -13; /* subnormal: units of 2^-24 */
    double units = rint(ldexp(size, 11 - exponent));
    /* The leading bit of a normal number adds one to the exponent's field. */
    return (uint16_t)(sign + (uint16_t)((exponent + 13) << 10) + (uint16_t)units);
}

double mx_half_value(uint16_t h) {
    int exponent = h >> 10 & 31;
    double fraction = h & 1023, v;
    if (exponent == 31)
        v = fraction > 0 ? (double)NAN : (double)INFINITY;
    else
        v = exponent == 0 ? ldexp(fraction, -24) : ldexp(fraction + 1024, exponent - 25);
    return h & 0x8000 ? -v : v;
}

uint16_t mx_bfloat16_of(double v) {
    float f = (float)v;
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    if (isnan(v)) return (uint16_t)(bits >> 16 | 0x40);
    return (uint16_t)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
}

static double real_of(uint64_t bits, int32_t elem) {
    uint32_t low = (uint32_t)bits;
    float f;
    double d;
    if (elem == MX_ELEM_FLOAT16) return mx_half_value((uint16_t)bits);
    if (elem == MX_ELEM_BFLOAT16) low <<= 16;
    memcpy(&f, &low, sizeof f);
    memcpy(&d, &bits, sizeof d);
    return elem == MX_ELEM_DOUBLE ? d : (double)f;
}

static uint64_t bits_of(double v, int32_t elem) {
    uint64_t bits;
    uint32_t low;
    float f = (float)v;
    if (elem == MX_ELEM_FLOAT16) return mx_half_of(v);
    if (elem == MX_ELEM_BFLOAT16) return mx_bfloat16_of(v);
    memcpy(&bits, &v, sizeof bits);
    memcpy(&low, &f, sizeof low);
    return elem == MX_ELEM_DOUBLE ? bits : low;
}

/* ---- all types ---- */

int64_t mx_load_int(const void *p, size_t i, int32_t elem) {
    layout l = layout_of(elem);
    uint64_t bits = load_bits(p, i, l.bytes);
    if (l.shape == REAL) {
        int64_t v;
        mx_store_real(&v, 0, MX_ELEM_INT64, real_of(bits, elem));
        return mx_load_int(&v, 0, MX_ELEM_INT64);
    }
    unsigned shift = l.bytes ? 64u - 8u * l.bytes : 0;
    return l.shape == SIGNED ? (int64_t)(bits << shift) >> shift : (int64_t)bits;
}

double mx_load_real(const void *p, size_t i, int32_t elem) {
    layout l = layout_of(elem);
    if (l.shape == REAL) return real_of(load_bits(p, i, l.bytes), elem);
    int64_t v = mx_load_int(p, i, elem);
    return elem == MX_ELEM_UINT64 ? (double)(uint64_t)v : (double)v;
}

void mx_store_int(void *p, size_t i, int32_t elem, int64_t v) {
    layout l = layout_of(elem);
    uint64_t bits = (uint64_t)v;
    if (l.shape == REAL) bits = elem == MX_ELEM_FLOAT ? bits_of((double)(float)v, elem) : bits_of((double)v, elem);
    if (l.shape == BOOLEAN) bits = v != 0;
    store_bits(p, i, l.bytes, bits);
}

static uint64_t whole(double v, layout l) {
    double low = l.shape == UNSIGNED ? 0 : -ldexp(1, 8 * l.bytes - 1);
    double end = ldexp(1, 8 * l.bytes - (l.shape == SIGNED)); /* the first that is too large */
    if (isnan(v) || l.shape == NOT_COMPUTED) return 0;
    if (v <= low) return l.shape == UNSIGNED ? 0 : (uint64_t)1 << (8 * l.bytes - 1);
    if (v >= end) return l.shape == UNSIGNED ? UINT64_MAX : ((uint64_t)1 << (8 * l.bytes - 1)) - 1;
    return v < 0 ? (uint64_t)(int64_t)v : (uint64_t)v;
}

void mx_store_real(void *p, size_t i, int32_t elem, double v) {
    layout l = layout_of(elem);
    uint64_t bits;
    if (l.shape == REAL)
        bits = bits_of(v, elem);
    else
        bits = l.shape == BOOLEAN ? v != 0 : whole(v, l);
    store_bits(p, i, l.bytes, bits);
}
