/* SPDX-License-Identifier: Apache-2.0 */
/* outbox.c - a buffer before a descriptor. */
#include "rootfs-tools/outbox.h"

#include <errno.h>
#include <string.h>

#include "spec/base/fd.h"

int outbox_flush(struct outbox *o, struct err *err)
{
	size_t n = o->n;

	o->n = 0;
	o->unsaid = 0;
	if (n > 0 && fd_write_all(o->fd, o->bytes, n) < 0)
		return err_host(err, errno, "hand records over");
	return 0;
}

int outbox_add(struct outbox *o, const void *bytes, size_t n, struct err *err)
{
	if (n > sizeof(o->bytes) - o->n)
		TRY(outbox_flush(o, err));
	if (n > sizeof(o->bytes) / 2) {
		TRY(outbox_flush(o, err));
		if (fd_write_all(o->fd, bytes, n) < 0)
			return err_host(err, errno, "hand records over");
		return 0;
	}
	if (n > 0)
		memcpy(o->bytes + o->n, bytes, n);
	o->n += n;
	return 0;
}
