/* SPDX-License-Identifier: Apache-2.0 */
/* cred.c - who the process is and what it may: groups, ids, capability sets, no_new_privs, the filter. */
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>

#include "runtime/act/act.h"
#include "runtime/plan/plan_seccomp.h"
#include "spec/base/sys.h"

#ifndef PR_CAP_AMBIENT
#define PR_CAP_AMBIENT 47
#define PR_CAP_AMBIENT_RAISE 2
#define PR_CAP_AMBIENT_CLEAR_ALL 4
#endif

/* Capabilities that this kernel does not know end the list with EINVAL. */
int act_bounding(struct act *x, const struct op *op, struct err *err)
{
	(void)x;
	for (unsigned long cap = 0; cap < 64; cap++) {
		if (op->a >> cap & 1)
			continue;
		if (sys_prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) == 0)
			continue;
		if (errno == EINVAL)
			return 0;
		return err_host(err, errno, "drop capability %lu from the bounding set", cap);
	}
	return 0;
}

/* A user namespace that was joined, or that the caller lives in, may deny setgroups for good (user_namespaces(7)); then
 * there is nothing to give up either. */
static bool setgroups_denied(const struct act *x)
{
	char word[4];
	/* Who joins a container has no other /proc than its own; a lie there changes nothing, as the kernel has said no. */
	bool host = x->proc_fd >= 0;
	scoped_fd int fd = sys_openat(host ? x->proc_fd : AT_FDCWD,
				      host ? "self/setgroups" : "/proc/self/setgroups",
				      O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY, 0);

	return fd >= 0 && sys_read(fd, word, sizeof(word)) == (ssize_t)sizeof(word) &&
	       memcmp(word, "deny", sizeof(word)) == 0;
}

int act_groups(struct act *x, const struct op *op, struct err *err)
{
	if (sys_setgroups(op->len / sizeof(gid_t), op->data) < 0 &&
	    !(errno == EPERM && op->len == 0 && setgroups_denied(x)))
		return err_host(err, errno, "set the additional groups");
	return 0;
}

static int cap_write(uint64_t permitted, uint64_t effective, uint64_t inheritable)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = {
		{ (uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable },
		{ (uint32_t)(effective >> 32), (uint32_t)(permitted >> 32),
		  (uint32_t)(inheritable >> 32) },
	};

	return sys_capset(&header, data);
}

static int cap_read_permitted(uint64_t *ret)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (sys_capget(&header, data) < 0)
		return -1;
	*ret = (uint64_t)data[1].permitted << 32 | data[0].permitted;
	return 0;
}

/* The capabilities stay until act_caps says which: between, the working directory is entered and a filter may be loaded. */
int act_user(struct act *x, const struct op *op, struct err *err)
{
	uint64_t permitted;

	(void)x;
	if (sys_prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return err_host(err, errno, "keep the capabilities over the change of user");
	if (sys_setresgid((gid_t)op->b) < 0)
		return err_host(err, errno, "become gid %llu", (unsigned long long)op->b);
	if (sys_setresuid((uid_t)op->a) < 0)
		return err_host(err, errno, "become uid %llu", (unsigned long long)op->a);
	if (op->a == 0)
		return 0;
	if (cap_read_permitted(&permitted) < 0 || cap_write(permitted, permitted, 0) < 0)
		return err_host(err, errno, "keep the capabilities as uid %llu",
				(unsigned long long)op->a);
	return 0;
}

int act_caps(struct act *x, const struct op *op, struct err *err)
{
	(void)x;
	if (cap_write(op->a, op->b, op->c) < 0)
		return err_host(err, errno, "set the capabilities");
	/* EINVAL: a kernel without ambient capabilities has none to clear */
	if (sys_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 && errno != EINVAL)
		return err_host(err, errno, "clear the ambient capabilities");
	for (unsigned long cap = 0; op->d >> cap; cap++)
		if ((op->d >> cap & 1) &&
		    sys_prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return err_host(err, errno, "raise ambient capability %lu", cap);
	return 0;
}

int act_no_new_privs(struct act *x, const struct op *op, struct err *err)
{
	(void)x;
	(void)op;
	if (sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_host(err, errno, "set no_new_privs");
	return 0;
}

int act_not_dumpable(struct act *x, const struct op *op, struct err *err)
{
	(void)x;
	(void)op;
	if (sys_prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_host(err, errno, "close /proc/self to others");
	return 0;
}

int act_landlock_scope(struct act *x, const struct op *op, struct err *err)
{
	(void)x;
	(void)op;
	if (sys_landlock_scope() < 0)
		return err_host(err, errno, "keep the host's abstract sockets out of reach");
	return 0;
}

int act_seccomp(struct act *x, const struct op *op, struct err *err)
{
	const struct seccomp_program *p = op->data;
	struct sock_fprog prog = { .len = (unsigned short)p->n, .filter = p->insns };
	int fd = sys_seccomp(SECCOMP_SET_MODE_FILTER, p->flags, &prog);

	if (fd < 0)
		return err_host(err, errno, "load the seccomp filter of %zu instructions", p->n);
	if (p->notify)
		x->listener_fd = fd;
	return 0;
}
