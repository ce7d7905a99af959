/* SHA-256 (FIPS 180-4): for what others ask for by this hash, such as content security policies. */
#ifndef MX_BASE_SHA256_H
#define MX_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

void mx_sha256(const void *bytes, size_t size, uint8_t out[32]);

#endif
