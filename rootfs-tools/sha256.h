/* SPDX-License-Identifier: Apache-2.0 */
/* sha256.h - one running SHA-256, or SHA-512; the only place that knows the crypto library. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define SHA256_BYTES 32
#define SHA256_HEX 64
#define SHA512_BYTES 64

struct sha256;

/* sha256_new: NULL where there is no memory. */
struct sha256 *sha256_new(void);
/* sha512_new: a SHA-512 that runs by the same calls, but for its end. */
struct sha256 *sha512_new(void);
void sha256_free(struct sha256 *s);
/* Each 0, or -1 if the library refuses. */
int sha256_begin(struct sha256 *s);
int sha256_add(struct sha256 *s, const void *bytes, size_t n);
int sha256_end(struct sha256 *s, uint8_t digest[SHA256_BYTES]);

int sha512_end(struct sha256 *s, uint8_t digest[SHA512_BYTES]);

/* sha256_hex: the digest as 64 lower-case digits and a NUL. */
void sha256_hex(const uint8_t digest[SHA256_BYTES], char hex[SHA256_HEX + 1]);
