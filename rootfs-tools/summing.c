/* SPDX-License-Identifier: Apache-2.0 */
/* summing.c - starts and hears the child that hashes what a compressed file holds.
 *
 * The reader is taken for hostile, and so is this one: whoever got hold of it could name any digest,
 * as whoever got hold of the reader could name any content. What counts is checked by others: the
 * digest of the file itself, and the bundle's. */
#include "rootfs-tools/summing.h"

#include <poll.h>
#include <stdlib.h>

#include "rootfs-tools/record.h"
#include "spec/base/sys.h"

#define TICK_MS 100

int summing_start(struct reading *r, const struct unpack *u, int fd, struct err *err)
{
	struct sha256 *first = sha256_new();
	int ready = first ? sha256_begin(first) : -1;

	sha256_free(first);
	if (ready < 0)
		return err_host(err, ENOMEM, "begin SHA-256");
	return reading_begin(r, fd, &u->limits, archive_sum, err);
}

static int hear(struct reading *r, void *to, size_t n, struct err *err)
{
	struct pollfd ready = { .fd = r->pipe, .events = POLLIN };
	char *p = to;

	while (n > 0) {
		ssize_t some;

		while (poll(&ready, 1, TICK_MS) <= 0)
			TRY(interrupted(err));
		some = sys_read(r->pipe, p, n);
		if (some < 0 && errno == EINTR)
			continue;
		if (some <= 0)
			return err_set(err, ERR_INTEGRITY, 0, "damaged: its digest has no end");
		p += some;
		n -= (size_t)some;
	}
	return 0;
}

int summing_end(struct reading *r, uint8_t sha256[SHA256_BYTES], struct err *err)
{
	struct err said;
	struct record rec;

	TRY(hear(r, &rec, sizeof(rec), err));
	if (rec.kind == RECORD_END)
		return hear(r, sha256, SHA256_BYTES, err);
	TRY(hear(r, &said, sizeof(said), err));
	said.place[sizeof(said.place) - 1] = said.text[sizeof(said.text) - 1] = '\0';
	if (rec.kind != RECORD_FAIL || said.kind <= ERR_NONE || said.kind > ERR_INTEGRITY)
		return err_set(err, ERR_HOSTILE, 0, "the reader says what it may not");
	*err = said;
	return -1;
}
