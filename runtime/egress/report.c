/* SPDX-License-Identifier: Apache-2.0 */
/* report.c - one datagram a refusal. */
#include "runtime/egress/report.h"

#include <sys/socket.h>
#include <time.h>

#include "spec/base/str.h"

void report_refusal(struct report *r, const char *host, uint16_t port, enum egress_reason reason)
{
	struct egress_event e = { .lost = r->lost, .port = port, .reason = (uint8_t)reason };
	size_t n = strnlen(host, EGRESS_HOST_MAX);
	struct timespec now = { 0 };

	if (r->fd < 0)
		return;
	(void)clock_gettime(CLOCK_REALTIME, &now);
	e.time_us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
	memcpy(e.host, host, n);
	if (send(r->fd, &e, sizeof(e), MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)sizeof(e))
		r->lost = 0;
	else
		r->lost++;
}
