/* SPDX-License-Identifier: Apache-2.0 */
/* console.c - a terminal of the container's own devpts, on /dev/console.
 * Mustn't: open the other end by a path that the container could have replaced; the kernel gives it (TIOCGPTPEER). */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "runtime/act/act.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

#define DEVPTS_SUPER_MAGIC 0x1cd1
#define PTMX_MAJOR 5
#define PTMX_MINOR 2
#ifndef TIOCGPTPEER
#define TIOCGPTPEER 0x5441
#endif

/* Without a devpts of the container's own, the host's terminal multiplexer serves. */
static int open_master(struct act *x, int *ret, struct err *err)
{
	scoped_fd int look = open_in_root(x->root_fd, "/dev/pts/ptmx", O_PATH);
	scoped_fd int fd = -1;

	/* Opening some other device could set it in motion. */
	if (look >= 0 && !fd_is_device(look, PTMX_MAJOR, PTMX_MINOR))
		return err_host(err, ENODEV,
				"open a terminal: /dev/pts/ptmx is not the terminal multiplexer");
	if (look >= 0)
		fd = open_in_root(x->root_fd, "/dev/pts/ptmx", O_RDWR);
	else if (errno == ENOENT)
		fd = sys_openat(AT_FDCWD, "/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC, 0);
	if (fd < 0)
		return err_host(err, errno, "open a terminal (/dev/pts/ptmx)");
	*ret = take_fd(&fd);
	return 0;
}

static int open_peer(int master, int *ret, struct err *err)
{
	int zero = 0, fd;

	if (sys_ioctl(master, TIOCSPTLCK, &zero) < 0)
		return err_host(err, errno, "unlock the terminal");
	fd = (int)ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return err_host(err, errno, "open the terminal's other end");
	if (!fd_is_fs(fd, DEVPTS_SUPER_MAGIC)) {
		(void)sys_close(fd);
		return err_host(err, ENOTTY, "the terminal is none of a devpts");
	}
	*ret = fd;
	return 0;
}

static int put_on_console(struct act *x, const struct op *op, int tty, struct err *err)
{
	scoped_fd int fd = -1;
	scoped_fd int place = -1;

	TRY(act_target(x, op, true, &place, err));
	fd = sys_open_tree(tty, "", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH);
	if (fd < 0)
		return err_host(err, errno, "bind the terminal");
	return act_attach(op, fd, place, err);
}

int act_console(struct act *x, const struct op *op, struct err *err)
{
	struct winsize size = { .ws_row = (unsigned short)op->a, .ws_col = (unsigned short)op->b };
	scoped_fd int master = -1;
	scoped_fd int tty = -1;

	TRY(open_master(x, &master, err));
	TRY(open_peer(master, &tty, err));
	if ((op->a || op->b) && sys_ioctl(tty, TIOCSWINSZ, &size) < 0)
		return err_host(err, errno, "set the terminal's size");
	if (op->path)
		TRY(put_on_console(x, op, tty, err));
	x->console_fd = take_fd(&master);
	x->tty_fd = take_fd(&tty);
	return 0;
}
