/* SPDX-License-Identifier: Apache-2.0 */
/* outflow.h - bytes on their way into a file: counted, hashed, compressed, hashed again. */
#pragma once

#include <stdint.h>

#include "rootfs-tools/pulse.h"
#include "rootfs-tools/sha256.h"
#include "spec/base/err.h"

enum compression { COMPRESS_NONE, COMPRESS_GZIP, COMPRESS_ZSTD };

struct outflow;

/* outflow_open: into fd, from its position on. level 0 is the library's own. A gzip header has no
 * time and no name. */
int outflow_open(struct outflow **ret, int fd, enum compression c, int level, struct err *err);
/* outflow_pulse: a beat for what is written from now on, before compression. */
void outflow_pulse(struct outflow *o, const struct pulse *pulse);
int outflow_write(struct outflow *o, const void *bytes, size_t n, struct err *err);

struct outflow_sums {
	uint8_t plain[SHA256_BYTES], packed[SHA256_BYTES]; /* before and after compression */
	uint64_t plain_bytes, packed_bytes;
};
/* outflow_end: what was said is in the file. */
int outflow_end(struct outflow *o, struct outflow_sums *ret, struct err *err);
void outflow_free(struct outflow **o);
#define scoped_outflow scoped(outflow_free)
