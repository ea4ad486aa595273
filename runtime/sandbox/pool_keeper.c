/* SPDX-License-Identifier: Apache-2.0 */
/* pool_keeper.c - a table of sockets.
 * Mustn't: lose one whose task has not ended: the supervisor would wait for ever. */
#include "runtime/sandbox/pool_keeper.h"

#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "spec/base/fd.h"
#include "spec/base/sys.h"

#define KEEPER_NAME "sandbox-keeper"

static bool keep(struct keeper *k, int32_t number, int fd)
{
	if (fd < 0 || k->n == ARRAY_LEN(k->tasks))
		return false;
	k->tasks[k->n].number = number;
	k->tasks[k->n++].sock = fd;
	return true;
}

/* Nobody may wait for it any more; and a preloaded module may have children that are no tasks. */
static void tell(struct keeper *k, const struct init_msg *m)
{
	struct init_msg ended = *m;
	size_t i = 0;

	while (i < k->n && k->tasks[i].number != m->number)
		i++;
	if (i == k->n)
		return;
	ended.number = 0;
	(void)init_send(k->tasks[i].sock, &ended, NULL, 0);
	(void)sys_close(k->tasks[i].sock);
	k->tasks[i] = k->tasks[--k->n];
}

bool keeper_hear(struct keeper *k, const struct init_msg *m, int fd)
{
	if (m->word == INIT_TASK && keep(k, m->number, fd))
		return true;
	scope_close(&fd);
	if (m->word == INIT_ENDED)
		tell(k, m);
	return m->word != INIT_TASK;
}

/* Whatever it cannot keep is the end of the pool's sandbox, and so of all tasks: each is told of that. */
_Noreturn void keeper_serve(int sock)
{
	static struct keeper k;
	struct init_msg m = { 0 };
	int fds[INIT_FDS_MAX], r;

	(void)sys_prctl(PR_SET_NAME, (unsigned long)(uintptr_t)KEEPER_NAME, 0, 0, 0);
	if (sys_dup3(sock, 0, O_CLOEXEC) < 0 || sys_close_range(1, ~0U, 0) < 0)
		_exit(1);
	while ((r = init_hear(0, &m, fds)) > 0)
		if (!keeper_hear(&k, &m, fds[0]))
			_exit(1);
	_exit(r < 0);
}
