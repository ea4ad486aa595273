/* SPDX-License-Identifier: Apache-2.0 */
/* beside.c - the network namespace, made by a process of the parent's while the child makes all the rest.
 *
 * That process shares the parent's memory and file descriptors, as the parent waits for it; it is in the child's user namespace,
 * which owns what it makes, and ends at once. The child, meanwhile, is in the network namespace that it was born in, runs
 * nothing but our code, and cannot go on to the payload without what comes here.
 * Should: leave nothing but the fd.  Mustn't: keep the child's own words from being heard. */
#include <sched.h>
#include <sys/wait.h>

#include "runtime/act/act.h"
#include "runtime/stage/stage.h"
#include "runtime/stage/sync.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

struct beside {
	const struct start *start;
	int fd; /* of the namespace; -1 where it failed */
	struct err err;
};

static int make(struct beside *b, struct err *err)
{
	const struct start *s = b->start;
	struct act x = ACT_INIT;

	x.plan = s->plan;
	x.proc_fd = s->proc_fd;
	if (sys_setns(s->pidfd, CLONE_NEWUSER) < 0) {
		(void)err_host(err, errno, "join the container's user namespace");
		return err_in(err, "/linux/namespaces");
	}
	TRY(act_stage(&x, STAGE_BESIDE, err));
	b->fd = sys_openat(s->proc_fd, "self/ns/net", O_RDONLY | O_CLOEXEC, 0);
	return b->fd < 0 ? err_host(err, errno, "open the new network namespace") : 0;
}

static void be_beside(void *arg)
{
	struct beside *b = arg;

	sys_end(make(b, &b->err) < 0);
}

/* A child that has ended already has said why: that is heard next. */
static int hand_over(const struct start *s, const struct beside *b, struct err *err)
{
	if (b->fd >= 0 && sync_say(s->sock, SYNC_BESIDE, 0, b->fd) < 0 && errno != EPIPE &&
	    errno != ECONNRESET)
		return err_host(err, errno, "hand the network namespace over");
	if (b->fd >= 0 || b->err.errnum == ESRCH)
		return 0;
	*err = b->err;
	if (err->kind == ERR_NONE)
		return err_set(err, ERR_HOST, 0,
			       "the process that makes the network namespace was killed");
	return -1;
}

int beside_make(struct start *s, struct err *err)
{
	struct clone_args args = { .flags = CLONE_FILES, .exit_signal = SIGCHLD };
	struct beside b = { .start = s, .fd = -1 };
	pid_t pid = clone_silent(&args, be_beside, &b);
	scoped_fd int fd = b.fd;
	siginfo_t info;
	int r;

	if (pid < 0)
		return err_host(err, errno, "make a process for the network namespace");
	r = hand_over(s, &b, err);
	(void)sys_waitid(P_PID, (id_t)pid, &info, WEXITED);
	return r;
}
