/* SPDX-License-Identifier: Apache-2.0 */
/* lend.c - what the parent does for its child with the rights that the child has given up for its user namespace.
 *
 * Should: look at the host as the child sees it: a helper enters the child's mount namespace, so that mounts that are locked
 * there stay locked; only what is to stay a peer of the host's own mount (OP_HOSTS_PEER) is opened where we are.  Mustn't: walk a path of the container's; only sources are opened here, before the root is entered. */
#include <sched.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "runtime/act/act.h"
#include "runtime/act/net.h"
#include "runtime/act/netlink.h"
#include "runtime/act/rdt.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

/* What the helper tells: the number of the fd in the table that both share, or the error. */
struct lent {
	int fd;
	struct err err;
};

int act_asked(struct act *x, const struct op *op, struct err *err)
{
	int none;

	TRY(x->ask(x->ask_ctx, op, &none, err));
	if (none >= 0)
		(void)sys_close(none);
	return 0;
}

/* A copy of us with our file descriptors, which it fills for us. */
static pid_t clone_helper(void)
{
	struct clone_args args = { .flags = CLONE_FILES, .exit_signal = SIGCHLD };

	return sys_clone3(&args, sizeof(args));
}

static int open_for_child(const struct op *op, int user, int *ret, struct err *err)
{
	int fd;

	if (op->code == OP_NET_DEVICE) {
		*ret = netlink_open();
		return *ret < 0 ? err_host(err, errno, "open a netlink socket") : 0;
	}

	if (op->code == OP_ROOT_OPEN) {
		*ret = sys_openat(AT_FDCWD, op->path, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
		return *ret < 0 ? err_path(err, errno, op->path, "open the root file system %s",
					   op->path)
				: 0;
	}
	TRY(act_clone_source(op, &fd, err));
	if (user >= 0 && act_map_ids(op, fd, user, err) < 0) {
		(void)sys_close(fd);
		return -1;
	}
	*ret = fd;
	return 0;
}

static _Noreturn void help(const struct act *x, const struct op *op, int user, int tell_fd)
{
	struct lent lent = { .fd = -1 };

	if (x->child_pidfd >= 0 && !(op->flags & OP_HOSTS_PEER) &&
	    sys_setns(x->child_pidfd, op->code == OP_NET_DEVICE ? CLONE_NEWNET : CLONE_NEWNS) < 0)
		(void)err_host(&lent.err, errno, "enter the container's namespace");
	else
		(void)open_for_child(op, user, &lent.fd, &lent.err);
	/* What nobody hears of would stay in the table that both share. */
	if (sys_write(tell_fd, &lent, sizeof(lent)) < 0 && lent.fd >= 0)
		(void)sys_close(lent.fd);
	_exit(0);
}

static int lend(struct act *x, const struct op *op, int *ret_fd, struct err *err)
{
	struct lent lent = { .fd = -1 };
	scoped_fd int user = -1;
	siginfo_t info;
	int ends[2];
	pid_t pid;

	if (op->len)
		TRY(act_idmap_fd(x, op->data, &user, err));
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return err_host(err, errno, "make a pipe");
	scoped_fd int reader = ends[0];
	scoped_fd int writer = ends[1];
	pid = clone_helper();
	if (pid == 0)
		help(x, op, user, writer);
	if (pid < 0)
		return err_host(err, errno, "make a helper");
	(void)sys_waitid(P_PID, (id_t)pid, &info, WEXITED);
	if (sys_read(reader, &lent, sizeof(lent)) != (ssize_t)sizeof(lent))
		return err_host(err, EPROTO, "hear from the helper");
	if (lent.fd < 0) {
		*err = lent.err;
		return -1;
	}
	*ret_fd = lent.fd;
	return 0;
}

int act_by_parent(struct act *x, const struct op *op, int *ret_fd, struct err *err)
{
	*ret_fd = -1;
	switch ((enum op_code)op->code) {
	case OP_BIND:
	case OP_ROOT_OPEN:
		return lend(x, op, ret_fd, err);
	case OP_NET_DEVICE:
		if (x->net_fd < 0)
			TRY(lend(x, op, &x->net_fd, err));
		return net_device_move(x, op, x->net_fd, err);
	case OP_RDT:
		return rdt_join(x, op, err);
	case OP_OOM_SCORE:
		return act_oom_score_of(x, op, err);
	default:
		return err_host(err, EPROTO, "an operation that is not the parent's");
	}
}
