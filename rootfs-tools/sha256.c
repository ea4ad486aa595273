/* SPDX-License-Identifier: Apache-2.0 */
/* sha256.c - SHA-256 and SHA-512 by libcrypto, whose names clash with ours and so stay in this file. */
#include "rootfs-tools/sha256.h"

#include <openssl/evp.h>
#include <stdlib.h>

struct sha256 {
	EVP_MD_CTX *ctx;
	const EVP_MD *kind;
};

static struct sha256 *hash_new(const EVP_MD *kind)
{
	struct sha256 *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->kind = kind;
	s->ctx = EVP_MD_CTX_new();
	if (!s->ctx) {
		free(s);
		return NULL;
	}
	return s;
}

struct sha256 *sha256_new(void)
{
	return hash_new(EVP_sha256());
}

struct sha256 *sha512_new(void)
{
	return hash_new(EVP_sha512());
}

void sha256_free(struct sha256 *s)
{
	if (!s)
		return;
	EVP_MD_CTX_free(s->ctx);
	free(s);
}

int sha256_begin(struct sha256 *s)
{
	return EVP_DigestInit_ex(s->ctx, s->kind, NULL) == 1 ? 0 : -1;
}

int sha256_add(struct sha256 *s, const void *bytes, size_t n)
{
	return EVP_DigestUpdate(s->ctx, bytes, n) == 1 ? 0 : -1;
}

int sha256_end(struct sha256 *s, uint8_t digest[SHA256_BYTES])
{
	return EVP_DigestFinal_ex(s->ctx, digest, NULL) == 1 ? 0 : -1;
}

int sha512_end(struct sha256 *s, uint8_t digest[SHA512_BYTES])
{
	return EVP_DigestFinal_ex(s->ctx, digest, NULL) == 1 ? 0 : -1;
}

void sha256_hex(const uint8_t digest[SHA256_BYTES], char hex[SHA256_HEX + 1])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < SHA256_BYTES; i++) {
		hex[2 * i] = digits[digest[i] >> 4];
		hex[2 * i + 1] = digits[digest[i] & 15];
	}
	hex[SHA256_HEX] = '\0';
}
