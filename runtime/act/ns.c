/* SPDX-License-Identifier: Apache-2.0 */
/* ns.c - namespaces that exist are joined, and new ones get their names and their loopback. */
#include <linux/if.h>
#include <linux/nsfs.h>
#include <linux/sockios.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/act/act.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

#define NSFS_MAGIC 0x6e736673

static int check_type(int fd, const struct op *op, struct err *err)
{
	int type = fd_is_fs(fd, NSFS_MAGIC) ? sys_ioctl(fd, NS_GET_NSTYPE, NULL) : 0;

	if (type == (int)op->a)
		return 0;
	if (type <= 0)
		return err_input(err, "%s is no namespace", op->path);
	return err_input(err, "%s is a %s namespace, not a %s namespace", op->path,
			 name_of(op_infos[OP_JOIN].a.words, type)
				 ? name_of(op_infos[OP_JOIN].a.words, type)
				 : "different",
			 name_of(op_infos[OP_JOIN].a.words, (int64_t)op->a));
}

int act_join(struct act *x, const struct op *op, struct err *err)
{
	scoped_fd int fd =
		sys_openat(AT_FDCWD, op->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);

	(void)x;
	if (fd < 0)
		return err_path(err, errno, op->path, "open the namespace %s", op->path);
	TRY(check_type(fd, op, err));
	if (sys_setns(fd, (int)op->a) < 0)
		return err_host(err, errno, "join the namespace %s", op->path);
	return 0;
}

int act_unshare(struct act *x, const struct op *op, struct err *err)
{
	(void)x;
	if (sys_unshare((int)op->a) < 0)
		return err_host(err, errno, "make a new namespace");
	return 0;
}

int act_join_beside(struct act *x, const struct op *op, struct err *err)
{
	scoped_fd int fd = -1;

	TRY(x->beside(x->ask_ctx, &fd, err));
	if (sys_setns(fd, (int)op->a) < 0)
		return err_host(err, errno, "join the new network namespace");
	return 0;
}

int act_hostname(struct act *x, const struct op *op, struct err *err)
{
	(void)x;
	if (sys_sethostname(op->text, strlen(op->text)) < 0)
		return err_host(err, errno, "set the hostname to %s", op->text);
	return 0;
}

int act_domainname(struct act *x, const struct op *op, struct err *err)
{
	(void)x;
	if (sys_setdomainname(op->text, strlen(op->text)) < 0)
		return err_host(err, errno, "set the domainname to %s", op->text);
	return 0;
}

int act_loopback_up(struct act *x, const struct op *op, struct err *err)
{
	scoped_fd int fd = sys_socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq ifr = { .ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING };

	(void)x;
	(void)op;
	if (fd < 0)
		return err_host(err, errno, "open a socket to bring the loopback up");
	if (sys_ioctl(fd, SIOCSIFFLAGS, &ifr) < 0)
		return err_host(err, errno, "bring the loopback up");
	return 0;
}
