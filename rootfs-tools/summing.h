/* SPDX-License-Identifier: Apache-2.0 */
/* summing.h - the digest of what a compressed file holds, beside its reading. */
#pragma once

#include "rootfs-tools/sha256.h"
#include "rootfs-tools/unpack.h"

/* summing_start: a child in the reader's cage unpacks the compression of the file fd (none, gzip,
 * bzip2, xz, zstd) and hashes what comes out, within u's bounds. */
int summing_start(struct reading *r, const struct unpack *u, int fd, struct err *err);
/* summing_end: waits for its word. ERR_LIMIT past a bound, ERR_INTEGRITY for damage. */
int summing_end(struct reading *r, uint8_t sha256[SHA256_BYTES], struct err *err);
