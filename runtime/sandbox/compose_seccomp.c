/* SPDX-License-Identifier: Apache-2.0 */
/* compose_seccomp.c - what a payload may not ask of the kernel, answered with an error and never with a kill: new calls that
 * libraries try are for the kernel to answer. */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/stat.h>

#include "runtime/plan/plan_seccomp.h"
#include "runtime/plan/seccomp_names.h"
#include "runtime/sandbox/compose.h"
#include "runtime/sandbox/observe.h"

#define TIOCSTI_ 0x5412
#define TIOCLINUX_ 0x541C
#define F_SET_RW_HINT_ 1036
#define F_SETDELEG_ 1040
#define FAMILY_UNIX 1
#define FAMILY_NETLINK 16
#define ROWS_MAX 96

/* Mounts and namespaces; other processes; the kernel and its hardware; what has had many faults and is wanted by few. */
static const char *const forbidden[] = {
	"mount",
	"umount",
	"umount2",
	"pivot_root",
	"chroot",
	"move_mount",
	"open_tree",
	"open_tree_attr",
	"fsopen",
	"fsconfig",
	"fsmount",
	"fspick",
	"mount_setattr",
	"setns",
	"quotactl",
	"quotactl_fd",
	"swapon",
	"swapoff",
	"fanotify_init",
	"open_by_handle_at",
	"ptrace",
	"process_vm_readv",
	"process_vm_writev",
	"process_madvise",
	"pidfd_getfd",
	"kcmp",
	"acct",
	"reboot",
	"kexec_load",
	"kexec_file_load",
	"init_module",
	"finit_module",
	"delete_module",
	"create_module",
	"query_module",
	"get_kernel_syms",
	"iopl",
	"ioperm",
	"syslog",
	"vhangup",
	"settimeofday",
	"stime",
	"clock_settime",
	"nfsservctl",
	"uselib",
	"modify_ldt",
	"vm86",
	"vm86old",
	"lookup_dcookie",
	"perf_event_open",
	"bpf",
	"userfaultfd",
	"add_key",
	"request_key",
	"keyctl",
	"move_pages",
	"migrate_pages",
	"name_to_handle_at",
};
/* Libraries that try these fall back where they are not there. */
static const char *const absent[] = { "io_uring_setup", "io_uring_enter", "io_uring_register" };
/* Every library tries the first of these with every process. */
static const char *const absent_quietly[] = { "clone3", "memfd_secret", "socketcall" };
/* Memory that is in no process's size: where nobody but the supervisor counts, it is not given. */
static const char *const uncounted[] = { "memfd_create", "shmget" };
/* What a file's owner may do to it wherever it is, also where nothing may be written: who else opens it waits until he gives it back, or
 * whoever has it next reads what he left with it. No time of the file tells of that. */
static const char *const file_calls[] = { "fcntl", "fcntl64" };
static const uint64_t file_commands[] = { F_SETLEASE, F_SETDELEG_, F_SET_RW_HINT_ };
/* Families whose modules the kernel would load for anybody. */
static const uint64_t odd_families[] = { 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15 };

static struct seccomp_syscall *row(struct composition *c, struct seccomp *s,
				   const char *const *names, size_t n, int errnum)
{
	struct seccomp_syscall *r = &s->syscalls.v[s->syscalls.n++];

	r->action = SECCOMP_RET_ERRNO;
	r->errno_ret.set = true;
	r->errno_ret.v = (uint64_t)errnum;
	r->names.v = arena_array(c->a, const char *, n + 1);
	for (; r->names.n < n; r->names.n++)
		r->names.v[r->names.n] = names[r->names.n];
	return r;
}

/* The supervisor is asked before the kernel does it (observe.h). */
static void ask_of(struct composition *c, struct seccomp *s, struct seccomp_syscall *r)
{
	r->action = SECCOMP_RET_USER_NOTIF;
	r->errno_ret.set = false;
	s->listener_path = "the supervisor";
	c->notify = true;
}

/* Refused, and where somebody wants to know of it, by the supervisor, who gives the same answer. */
static struct seccomp_syscall *refuse(struct composition *c, struct seccomp *s,
				      const char *const *names, size_t n, int errnum)
{
	struct seccomp_syscall *r = row(c, s, names, n, errnum);

	if (policy_n(c->p, POLICY_TRACE) && !c->by_oneself)
		ask_of(c, s, r);
	return r;
}

static void when(struct composition *c, struct seccomp_syscall *r, uint32_t index, int op,
		 uint64_t value, uint64_t two)
{
	if (!r->args.v)
		r->args.v = arena_array(c->a, struct seccomp_arg, 6);
	r->args.v[r->args.n++] = (struct seccomp_arg){ index, value, two, op };
}

static void refuse_when(struct composition *c, struct seccomp *s, const char *name, int errnum,
			uint32_t index, int op, uint64_t value, uint64_t two)
{
	when(c, refuse(c, s, &name, 1, errnum), index, op, value, two);
}

/* The kernel looks at 32 bits of a command: so do we. */
static void owned_files(struct composition *c, struct seccomp *s)
{
	for (size_t i = 0; i < ARRAY_LEN(file_commands); i++)
		when(c, refuse(c, s, file_calls, ARRAY_LEN(file_calls), EPERM), 1,
		     SCMP_OP_MASKED_EQ, UINT32_MAX, file_commands[i]);
}

static void sockets(struct composition *c, struct seccomp *s)
{
	static const char *const name[] = { "socket" };

	for (size_t i = 0; i < ARRAY_LEN(odd_families); i++)
		refuse_when(c, s, "socket", EAFNOSUPPORT, 0, SCMP_OP_EQ, odd_families[i], 0);
	/* Also a number of which the kernel would cut the upper half off. */
	refuse_when(c, s, "socket", EAFNOSUPPORT, 0, SCMP_OP_GT, FAMILY_NETLINK, 0);
	/* Of netlink only what lists interfaces and addresses. */
	struct seccomp_syscall *r = refuse(c, s, name, 1, EPROTONOSUPPORT);
	when(c, r, 0, SCMP_OP_EQ, FAMILY_NETLINK, 0);
	when(c, r, 2, SCMP_OP_NE, 0, 0);
	if (c->p->no_unix_sockets)
		refuse_when(c, s, "socket", EPERM, 0, SCMP_OP_EQ, FAMILY_UNIX, 0);
}

/* --- set-user-id and set-group-id --- */

/* What is made in a directory of the host's is the caller's, and a program there that runs as its owner or group would be the
 * caller for anybody who finds it: where one is writable, neither bit is to be had. Of openat2 the filter cannot see the mode. */
#define SET_IDS (S_ISUID | S_ISGID)
static const char *const unseen[] = { "openat2" };
static const struct {
	const char *name;
	uint32_t mode; /* which argument */
	bool opens; /* the one before it has flags */
} moded[] = {
	{ "chmod", 1, false },	   { "fchmod", 1, false }, { "fchmodat", 2, false },
	{ "fchmodat2", 2, false }, { "creat", 1, false },  { "mknod", 1, false },
	{ "mknodat", 2, false },   { "open", 2, true },	   { "openat", 3, true },
};
/* Where nothing is made, what stands for the mode is left over from elsewhere. */
static const uint64_t makes[] = { O_CREAT, O_TMPFILE & ~O_DIRECTORY };
static const uint64_t set_id_bits[] = { S_ISUID, S_ISGID };

static bool writes_on_host(const struct policy *p)
{
	for (size_t i = 0; i < p->mounts.n; i++)
		if (p->mounts.v[i].writable)
			return true;
	for (size_t i = 0; i < p->paths.n; i++)
		if (p->paths.v[i].access == ACCESS_WRITE && !p->paths.v[i].own)
			return true;
	return policy_n(p, POLICY_FS_WRITE) != 0;
}

static void set_ids(struct composition *c, struct seccomp *s)
{
	if (!writes_on_host(c->p))
		return;
	for (size_t i = 0; i < ARRAY_LEN(moded); i++)
		for (size_t k = 0; k < ARRAY_LEN(set_id_bits) * (moded[i].opens ? 2 : 1); k++) {
			struct seccomp_syscall *r = refuse(c, s, &moded[i].name, 1, EPERM);

			when(c, r, moded[i].mode, SCMP_OP_MASKED_EQ, set_id_bits[k % 2],
			     set_id_bits[k % 2]);
			if (moded[i].opens)
				when(c, r, moded[i].mode - 1, SCMP_OP_MASKED_EQ, makes[k / 2],
				     makes[k / 2]);
		}
	(void)row(c, s, unseen, ARRAY_LEN(unseen), ENOSYS);
}

/* The same of a call that is asked about in any case. */
static bool sets_ids(int name, const uint64_t *args)
{
	for (size_t i = 0; i < ARRAY_LEN(moded); i++)
		if (syscall_find(moded[i].name) == name)
			return (args[moded[i].mode] & SET_IDS) &&
			       (!moded[i].opens ||
				(args[moded[i].mode - 1] & (makes[0] | makes[1])));
	return false;
}

static void ask(struct composition *c, struct seccomp *s, const char *const *names)
{
	size_t n = 0;

	if (c->by_oneself)
		return;
	while (names[n])
		n++;
	ask_of(c, s, row(c, s, names, n, 0));
}

/* Descriptors are given from below, so who has met the limit had the last one: it is closed at some time, or still there when
 * the process ends with a failure. Nothing else is asked about, so nobody else waits. */
static void ask_descriptors(struct composition *c, struct seccomp *s)
{
	static const char *const closes[] = { "close" }, *const ends[] = { "exit_group" };
	struct seccomp_syscall *r;

	if (!c->sees_descriptors || c->by_oneself || !c->open_files)
		return;
	r = row(c, s, closes, 1, 0);
	when(c, r, 0, SCMP_OP_MASKED_EQ, UINT32_MAX, c->open_files - 1);
	ask_of(c, s, r);
	r = row(c, s, ends, 1, 0);
	when(c, r, 0, SCMP_OP_NE, 0, 0);
	ask_of(c, s, r);
}

void compose_seccomp(struct composition *c)
{
	struct seccomp *s = arena_new(c->a, struct seccomp);

	s->default_action = SECCOMP_RET_ALLOW;
	/* The machine's other kinds of programs are held to the same. Of x32 there are hardly any, few kernels run them, and its calls
	 * would make the program that is loaded with every start half as long again: they get what those kernels say. */
	s->architectures = seccomp_machine(false);
	s->x32_errno = ENOSYS;
	s->syscalls.v = arena_array(c->a, struct seccomp_syscall, ROWS_MAX);
	(void)refuse(c, s, forbidden, ARRAY_LEN(forbidden), EPERM);
	(void)refuse(c, s, absent, ARRAY_LEN(absent), ENOSYS);
	(void)row(c, s, absent_quietly, ARRAY_LEN(absent_quietly), ENOSYS);
	if (policy_n(c->p, POLICY_MEMORY) && !c->by_cgroup)
		(void)row(c, s, uncounted, ARRAY_LEN(uncounted), ENOSYS);
	refuse_when(c, s, "unshare", EPERM, 0, SCMP_OP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER);
	refuse_when(c, s, "clone", EPERM, 0, SCMP_OP_MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER);
	/* A sibling's costs nobody counts: a pool's task is the child of somebody outside. */
	refuse_when(c, s, "clone", EPERM, 0, SCMP_OP_MASKED_EQ, CLONE_PARENT, CLONE_PARENT);
	/* The kernel looks at 32 bits of it: so do we. */
	refuse_when(c, s, "ioctl", EPERM, 1, SCMP_OP_MASKED_EQ, UINT32_MAX, TIOCSTI_);
	refuse_when(c, s, "ioctl", EPERM, 1, SCMP_OP_MASKED_EQ, UINT32_MAX, TIOCLINUX_);
	owned_files(c, s);
	sockets(c, s);
	set_ids(c, s);
	if (policy_n(c->p, POLICY_TRACE))
		ask(c, s, observe_calls);
	if (policy_n(c->p, POLICY_TRACE) || !policy_n(c->p, POLICY_EXEC))
		ask(c, s, observe_exec_calls);
	ask_descriptors(c, s);
	c->config.linux_.seccomp = s;
}

static bool is_row(const char *const *names, size_t n, int name)
{
	for (size_t i = 0; i < n; i++)
		if (syscall_find(names[i]) == name)
			return true;
	return false;
}

static int socket_refusal(uint64_t family)
{
	if (family == FAMILY_UNIX)
		return EPERM;
	return family == FAMILY_NETLINK ? EPROTONOSUPPORT : EAFNOSUPPORT;
}

int compose_refusal(const struct policy *p, int name, const uint64_t *args)
{
	static const char *const in_part[] = { "unshare", "clone", "ioctl", "fcntl", "fcntl64" };
	static const char *const socket[] = { "socket" };

	if (is_row(forbidden, ARRAY_LEN(forbidden), name) ||
	    is_row(in_part, ARRAY_LEN(in_part), name))
		return EPERM;
	if (is_row(absent, ARRAY_LEN(absent), name))
		return ENOSYS;
	if (is_row(socket, 1, name))
		return socket_refusal(args[0]);
	if (!writes_on_host(p))
		return 0;
	return sets_ids(name, args) ? EPERM : is_row(unseen, ARRAY_LEN(unseen), name) ? ENOSYS : 0;
}
