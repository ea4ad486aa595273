/* SPDX-License-Identifier: Apache-2.0 */
/* pool_spares.c - the last one that came is the first to go: the kernel has most of it at hand. */
#include "runtime/sandbox/pool_spares.h"

#include <string.h>

#include "spec/base/fd.h"
#include "spec/base/sys.h"

void sandbox_let_go(struct sandbox *s)
{
	scope_close(&s->pidfd);
	scope_close(&s->line);
	*s = (struct sandbox)NO_SANDBOX;
}

void spares_put(struct spares *l, struct sandbox s)
{
	if (l->n == SPARES_MAX)
		sandbox_let_go(&s);
	else
		l->v[l->n++] = s;
}

bool spares_take(struct spares *l, struct sandbox *ret)
{
	if (l->n == 0)
		return false;
	*ret = l->v[--l->n];
	return true;
}

static void flush(struct spares *l)
{
	while (l->gone_n) {
		l->gone_n--;
		for (int i = 0; i < GONE_FDS; i++)
			(void)sys_close(l->gone[l->gone_n][i]);
	}
}

void spares_give_up(struct spares *l, const int fds[GONE_FDS])
{
	if (l->gone_n == GONE_MAX)
		flush(l);
	memcpy(l->gone[l->gone_n++], fds, sizeof(l->gone[0]));
}

void spares_rest(struct spares *l, size_t keep)
{
	size_t most = l->n > keep ? l->n - keep : 0;

	for (size_t i = 0; i < most; i++)
		sandbox_let_go(&l->v[i]);
	memmove(l->v, l->v + most, (l->n - most) * sizeof(l->v[0]));
	l->n -= most;
	flush(l);
}

int spares_wait_ms(const struct spares *l)
{
	return l->gone_n || l->n > SPARES_REST ? SPARES_REST_MS : -1;
}
