/* SPDX-License-Identifier: Apache-2.0 */
/* manifest.h - a tree as canonical text, and the digest of that text.
 *
 *	srt-bundle-manifest 1
 *	epoch 0
 *	arch amd64
 *	d 0755 0 0 0 - - /
 *	f 0644 0 0 12 SHA-256 - /etc/name [user.key=hex]
 *	l 0777 0 0 4 - - /bin/sh -> dash
 *
 * Fields: type, mode, uid, gid, size, SHA-256, group of hard links (written "-": links are dissolved), path. Lines are sorted bytewise by
 * path. Bytes of names outside of printable ASCII, blanks and backslashes are written as a backslash
 * and three octal digits. The text says everything that a bundle's digest depends on, and nothing
 * else. */
#pragma once

#include <stdint.h>

#include "rootfs-tools/sha256.h"
#include "rootfs-tools/tree.h"
#include "spec/base/err.h"
#include "spec/base/str.h"

struct manifest {
	uint64_t epoch;
	const char *arch; /* Debian's word; "any" where nothing depends on it */
};

/* manifest_emit: the text of a tree. */
void manifest_emit(const struct tree *t, const struct manifest *m, struct text *out);
/* manifest_read: the text becomes the nodes of the empty tree; contents are the tree's. The text must
 * be the very one that manifest_emit would write. ERR_INTEGRITY. */
int manifest_read(const char *bytes, size_t len, struct tree *t, struct manifest *ret,
		  struct err *err);

/* text_sha256: the digest of n bytes in memory. */
int text_sha256(const void *bytes, size_t n, uint8_t digest[SHA256_BYTES], struct err *err);

/* name_escape: a name as a manifest writes it. */
void name_escape(struct text *out, const char *name);
