/* SPDX-License-Identifier: Apache-2.0 */
/* pool_ends.c - opened in pairs. */
#include "runtime/sandbox/pool_ends.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "spec/base/fd.h"
#include "spec/base/sys.h"

static int open_pairs(struct task_ends *e)
{
	static const int types[] = { [TASK_INIT] = SOCK_SEQPACKET, [TASK_LINE] = SOCK_STREAM };

	for (int i = 0; i < TASK_WAY; i++) {
		int ends[2];
		int r = i <= TASK_LINE ? sys_socketpair(types[i] | SOCK_CLOEXEC, ends)
				       : pipe2(ends, O_CLOEXEC);

		if (r < 0)
			return -1;
		e->ours[i] = ends[0];
		e->theirs[i] = ends[1];
	}
	return 0;
}

static int open_missing(struct task_ends *e)
{
	int errnum;

	if (e->theirs[TASK_ERR] >= 0 || open_pairs(e) == 0)
		return 0;
	errnum = errno;
	ends_close(e->ours);
	ends_close(e->theirs);
	errno = errnum;
	return -1;
}

void ends_prepare(struct task_ends *e)
{
	(void)open_missing(e);
}

int ends_take(struct task_ends *e, int ours[TASK_FDS], int theirs[TASK_FDS])
{
	if (open_missing(e) < 0)
		return -1;
	for (size_t i = 0; i < TASK_WAY; i++) {
		ours[i] = take_fd(&e->ours[i]);
		theirs[i] = take_fd(&e->theirs[i]);
	}
	return 0;
}

void ends_close(int fds[TASK_FDS])
{
	for (size_t i = 0; i < TASK_WAY; i++)
		scope_close(&fds[i]);
}
