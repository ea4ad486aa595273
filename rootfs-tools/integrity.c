/* SPDX-License-Identifier: Apache-2.0 */
/* integrity.c - SHA-512 of a file, in base64 and in digits. */
#include "rootfs-tools/integrity.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "spec/base/scope.h"
#include "spec/base/str.h"

static const char BASE64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void hash_free(struct sha256 **hash)
{
	sha256_free(*hash);
}

/* 64 bytes are 21 groups of three and one byte, whose group is filled up. */
static void base64_emit(const uint8_t digest[SHA512_BYTES], char out[INTEGRITY_BASE64 + 1])
{
	uint8_t bytes[SHA512_BYTES + 2] = { 0 };
	char *p = out;

	memcpy(bytes, digest, SHA512_BYTES);
	for (size_t i = 0; i < SHA512_BYTES; i += 3) {
		unsigned int v = (unsigned int)bytes[i] << 16 | (unsigned int)bytes[i + 1] << 8 |
				 bytes[i + 2];

		for (int shift = 18; shift >= 0; shift -= 6)
			*p++ = BASE64[v >> shift & 63];
	}
	memcpy(p - 2, "==", 3);
}

static void hex_emit(const uint8_t digest[SHA512_BYTES], char out[2 * SHA512_BYTES + 1])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < SHA512_BYTES; i++) {
		*out++ = digits[digest[i] >> 4];
		*out++ = digits[digest[i] & 15];
	}
	*out = '\0';
}

int integrity_of(int fd, const char *name, const struct pulse *pulse, struct integrity *ret,
		 struct err *err)
{
	scoped(hash_free) struct sha256 *hash = sha512_new();
	uint8_t digest[SHA512_BYTES];
	char buf[65536];
	off_t at = 0;
	ssize_t n;

	if (!hash || sha256_begin(hash) < 0)
		return err_host(err, ENOMEM, "begin SHA-512");
	while ((n = pread(fd, buf, sizeof(buf), at)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_host(err, errno, "read %s", name);
		if (sha256_add(hash, buf, (size_t)n) < 0)
			return err_host(err, EIO, "compute SHA-512");
		at += n;
		pulse_beat(pulse, (uint64_t)n);
	}
	if (sha512_end(hash, digest) < 0)
		return err_host(err, EIO, "compute SHA-512");
	memcpy(ret->text, INTEGRITY_WORD, sizeof(INTEGRITY_WORD));
	base64_emit(digest, ret->text + strlen(INTEGRITY_WORD));
	hex_emit(digest, ret->hex);
	return 0;
}

bool integrity_is(const char *text)
{
	const char *p = text + strlen(INTEGRITY_WORD);

	return str_starts(text, INTEGRITY_WORD) && strlen(p) == INTEGRITY_BASE64 &&
	       strspn(p, BASE64) == INTEGRITY_BASE64 - 2 && str_ends(p, "==");
}
