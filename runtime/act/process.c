/* SPDX-License-Identifier: Apache-2.0 */
/* process.c - limits, scheduling, session, working directory: what a process has beside its identity. */
#include <linux/ioprio.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "runtime/act/act.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

#define LIST_BITS 4096
#define LIST_WORDS (LIST_BITS / (8 * sizeof(unsigned long)))

int act_session(struct act *x, const struct op *op, struct err *err)
{
	(void)op;
	if (sys_setsid() < 0 && errno != EPERM) /* EPERM: it leads one already */
		return err_host(err, errno, "start a session");
	if (x->tty_fd < 0)
		return 0;
	if (sys_ioctl(x->tty_fd, TIOCSCTTY, NULL) < 0)
		return err_host(err, errno, "make the console the controlling terminal");
	for (int fd = 0; fd < 3; fd++)
		if (sys_dup3(x->tty_fd, fd, 0) < 0)
			return err_host(err, errno, "put the console on fd %d", fd);
	return 0;
}

/* A user has 200 keys by default, and containers must not end there: with none left the caller's session keyring stays, which
 * is a warning (OP_OPTIONAL). ENOSYS, EPERM: a kernel, or a filter around us, without keyrings has none to share. */
int act_keyring(struct act *x, const struct op *op, struct err *err)
{
	(void)x;
	if (sys_keyctl_join(op->text) >= 0 || errno == ENOSYS || errno == EPERM)
		return 0;
	if (errno == EDQUOT)
		return err_host(err, errno,
				"no key is left to this user for a session keyring, so the "
				"caller's is kept (kernel.keys.maxkeys)");
	return err_host(err, errno, "start a session keyring");
}

/* The directory is opened inside the root, without magic links, so that no "/proc/self/fd/7" leads out (CVE-2024-21626);
 * and that it can be named from the root is proved by the kernel. */
static int enter(const struct op *op, struct err *err)
{
	char name[4096];
	scoped_fd int root = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	scoped_fd int fd = root < 0 ? -1 : open_in_root(root, op->path, O_PATH | O_DIRECTORY);

	if (fd < 0)
		return err_host(err, errno, "open the working directory %s", op->path);
	if (sys_fchdir(fd) < 0)
		return err_host(err, errno, "enter the working directory %s", op->path);
	if (!getcwd(name, sizeof(name)) || name[0] != '/')
		return err_host(err, EPERM, "the working directory %s lies outside the root",
				op->path);
	return 0;
}

int act_cwd(struct act *x, const struct op *op, struct err *err)
{
	(void)x;
	if (op->path[0] != '/' || op->path[1])
		return enter(op, err);
	return sys_chdir("/") < 0 ? err_host(err, errno, "enter the working directory /") : 0;
}

int act_umask(struct act *x, const struct op *op, struct err *err)
{
	(void)err;
	x->umask = (mode_t)op->a;
	return 0;
}

int act_personality(struct act *x, const struct op *op, struct err *err)
{
	(void)x;
	if (sys_personality(op->a) < 0)
		return err_host(err, errno, "set the personality");
	return 0;
}

int act_rlimit(struct act *x, const struct op *op, struct err *err)
{
	struct rlimit r = { .rlim_cur = op->b, .rlim_max = op->c };

	(void)x;
	if (sys_prlimit(0, (int)op->a, &r, NULL) < 0)
		return err_host(err, errno, "set limit %llu to %llu, hard %llu",
				(unsigned long long)op->a, (unsigned long long)op->b,
				(unsigned long long)op->c);
	return 0;
}

int act_scheduler(struct act *x, const struct op *op, struct err *err)
{
	const struct scheduler *s = op->data;
	struct {
		uint32_t size, policy;
		uint64_t flags;
		int32_t nice;
		uint32_t priority;
		uint64_t runtime, deadline, period;
	} attr = {
		.size = sizeof(attr),
		.policy = (uint32_t)s->policy,
		.flags = s->flags,
		.nice = (int32_t)s->nice,
		.priority = (uint32_t)s->priority,
		.runtime = s->runtime,
		.deadline = s->deadline,
		.period = s->period,
	};

	(void)x;
	if (sys_sched_setattr(0, &attr, 0) < 0)
		return err_host(err, errno, "set the scheduler");
	return 0;
}

int act_io_priority(struct act *x, const struct op *op, struct err *err)
{
	(void)x;
	if (sys_ioprio_set(IOPRIO_WHO_PROCESS, 0, (int)IOPRIO_PRIO_VALUE(op->a, op->b)) < 0)
		return err_host(err, errno, "set the I/O priority");
	return 0;
}

static int list_number(const char **s, unsigned long *ret)
{
	unsigned long v = 0;
	const char *start = *s;

	for (; **s >= '0' && **s <= '9'; (*s)++) {
		v = v * 10 + (unsigned long)(**s - '0');
		if (v >= LIST_BITS)
			return -1;
	}
	*ret = v;
	return *s == start ? -1 : 0;
}

/* "0-3, 7" as bits. */
static int list_bits(const char *s, unsigned long bits[LIST_WORDS], struct err *err)
{
	const char *all = s;

	memset(bits, 0, LIST_WORDS * sizeof(bits[0]));
	while (*(s += strspn(s, ", "))) {
		unsigned long first, last;

		if (list_number(&s, &first) < 0)
			return err_input(err, "\"%s\" is no list such as \"0-3,7\"", all);
		last = first;
		if (*s == '-' && (s++, list_number(&s, &last) < 0 || last < first))
			return err_input(err, "\"%s\" is no list such as \"0-3,7\"", all);
		for (unsigned long i = first; i <= last; i++)
			bits[i / (8 * sizeof(bits[0]))] |= 1UL << i % (8 * sizeof(bits[0]));
	}
	return 0;
}

int act_affinity(struct act *x, const struct op *op, struct err *err)
{
	unsigned long bits[LIST_WORDS];

	(void)x;
	TRY(list_bits(op->text, bits, err));
	if (sys_sched_setaffinity(0, sizeof(bits), bits) < 0)
		return err_host(err, errno, "run on the CPUs %s only", op->text);
	return 0;
}

int act_memory_policy(struct act *x, const struct op *op, struct err *err)
{
	unsigned long bits[LIST_WORDS];

	(void)x;
	TRY(list_bits(op->text ? op->text : "", bits, err));
	if (sys_set_mempolicy((int)op->a, bits, op->text && op->text[0] ? LIST_BITS : 0) < 0)
		return err_host(err, errno, "set the memory policy%s%s",
				op->text && op->text[0] ? " for the nodes " : "",
				op->text ? op->text : "");
	return 0;
}
