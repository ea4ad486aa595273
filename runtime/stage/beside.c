/* SPDX-License-Identifier: Apache-2.0 */
/* beside.c - the network namespace, made by a process of the parent's while the child makes all the rest.
 *
 * That process shares the parent's memory and file descriptors, as the parent waits for it; it is in the child's user namespace,
 * which owns what it makes, and ends at once. The child, meanwhile, is in the network namespace that it was born in, runs
 * nothing but our code, and cannot go on to the payload without what comes here. Sockets for a network helper are made with it;
 * the helper itself starts when the child has the namespace and goes on.
 * Should: leave nothing but the fds.  Mustn't: keep the child's own words from being heard. */
#include <sched.h>
#include <sys/wait.h>

#include "runtime/act/act.h"
#include "runtime/stage/stage.h"
#include "runtime/stage/sync.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"
#include "spec/base/vfork.h"

struct beside {
	const struct start *start;
	int fd; /* of the namespace; -1 where it failed */
	struct {
		int way, fd; /* enum way_socket */
	} sockets[WAY_SOCKETS_MAX];
	size_t sockets_n;
	bool warned; /* of what the stage does, one thing is worth a warning */
	struct err warning;
	struct err err;
};

static void warn(void *ctx, const struct op *op, const struct err *why)
{
	struct beside *b = ctx;

	(void)op;
	b->warned = true;
	b->warning = *why;
}

/* The descriptors are the parent's, too. */
static int keep(void *ctx, int way, int fd, struct err *err)
{
	struct beside *b = ctx;
	int own;

	if (b->sockets_n == WAY_SOCKETS_MAX)
		return err_limit(err, "more sockets for the network helper than %d",
				 WAY_SOCKETS_MAX);
	own = sys_fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (own < 0)
		return err_host(err, errno, "keep a socket for the network helper");
	b->sockets[b->sockets_n].way = way;
	b->sockets[b->sockets_n++].fd = own;
	return 0;
}

static int make(struct beside *b, struct err *err)
{
	const struct start *s = b->start;
	struct act x = ACT_INIT;

	x.plan = s->plan;
	x.proc_fd = s->proc_fd;
	x.give = keep;
	x.ask_ctx = b;
	x.warn = warn;
	x.warn_ctx = b;
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

/* 1: the child has ended already, and has said why: that is heard next. */
static int hand_over(const struct start *s, const struct beside *b, struct err *err)
{
	if (b->fd >= 0) {
		if (sync_say(s->sock, SYNC_BESIDE, 0, b->fd) == 0)
			return 0;
		return errno == EPIPE || errno == ECONNRESET
			       ? 1
			       : err_host(err, errno, "hand the network namespace over");
	}
	if (b->err.errnum == ESRCH)
		return 1;
	*err = b->err;
	if (err->kind == ERR_NONE)
		return err_set(err, ERR_HOST, 0,
			       "the process that makes the network namespace was killed");
	return -1;
}

/* With the last one the helper starts; the child has gone on meanwhile. */
static int give(const struct start *s, struct beside *b, struct err *err)
{
	for (size_t i = 0; i < b->sockets_n; i++)
		TRY(s->on_way(s->ctx, b->sockets[i].way, take_fd(&b->sockets[i].fd), err));
	return 0;
}

static void beside_done(struct beside *b)
{
	scope_close(&b->fd);
	for (size_t i = 0; i < b->sockets_n; i++)
		scope_close(&b->sockets[i].fd);
}

bool beside_is_there(void)
{
	return vfork_is_there && stack_is_roomy();
}

int beside_make(struct start *s, struct err *err)
{
	struct clone_args args = { .flags = CLONE_FILES, .exit_signal = SIGCHLD };
	scoped(beside_done) struct beside b = { .start = s, .fd = -1 };
	pid_t pid = clone_silent(&args, be_beside, &b);
	siginfo_t info;
	int r;

	if (pid < 0)
		return err_host(err, errno, "make a process for the network namespace");
	if (b.warned && s->on_warning)
		s->on_warning(s->ctx, b.warning.place, b.warning.text);
	r = hand_over(s, &b, err);
	(void)sys_waitid(P_PID, (id_t)pid, &info, WEXITED);
	if (r == 0)
		return give(s, &b, err);
	return r < 0 ? -1 : 0;
}
