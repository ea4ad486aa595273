/* SPDX-License-Identifier: Apache-2.0 */
/* outbox.h - where the reader's records go: many small ones in one write. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "spec/base/err.h"

#define OUTBOX_BYTES (64u << 10)

struct outbox {
	int fd;
	struct lane *lane; /* of contents, or NULL: they come between the records */
	uint32_t put; /* into the lane, modulo 2^32 */
	size_t unsaid; /* of that: in records that still lie here */
	size_t n;
	char bytes[OUTBOX_BYTES];
};

/* outbox_add: n bytes behind the others; what is large goes out at once. outbox_flush: everything goes out. */
int outbox_add(struct outbox *o, const void *bytes, size_t n, struct err *err);
int outbox_flush(struct outbox *o, struct err *err);
