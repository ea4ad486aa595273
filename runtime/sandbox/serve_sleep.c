/* SPDX-License-Identifier: Apache-2.0 */
/* serve_sleep.c - a task whose only thread sleeps, as the pool's process looks at it.
 *
 * Its worker would wake for each look, which took 8.6 % of a processor for 300 such tasks; the pool's process reads a line of each,
 * one after the other, in a tenth of the time. What has run is its worker's again.
 * Should: take what it cannot look at for awake. */
#include <string.h>

#include "runtime/sandbox/serve.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"

void sleeper_hear(struct sleeper *s, int sock, int fd, int every_ms)
{
	sleeper_done(s);
	s->fd = fd;
	s->every_ms = every_ms > 0 ? (uint32_t)every_ms : 1;
	if (sys_read(sock, &s->ran, sizeof(s->ran)) != (ssize_t)sizeof(s->ran))
		s->ran = (struct ran){ "" };
	s->ran.text[sizeof(s->ran.text) - 1] = '\0';
}

bool sleeper_woke(const struct sleeper *s)
{
	struct ran now;

	return !measure_ran_at(s->fd, &now) || !str_eq(now.text, s->ran.text);
}

void sleeper_done(struct sleeper *s)
{
	scope_close(&s->fd);
	*s = (struct sleeper)SLEEPER_NONE;
}
