/* SPDX-License-Identifier: Apache-2.0 */
/* observe.c - seccomp user notifications of a payload. */
#include "runtime/sandbox/observe.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/plan/seccomp_names.h"
#include "runtime/sandbox/audit.h"
#include "runtime/sandbox/compose.h"
#include "runtime/sandbox/verdict.h"
#include "spec/base/audit.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/sys.h"
#include "spec/policy/match.h"

const char *const observe_calls[] = {
	"open",	 "openat", "openat2",  "creat",	    "mkdir",	"mkdirat", "unlink", "unlinkat",
	"rmdir", "rename", "renameat", "renameat2", "truncate", "connect", "sendto", NULL,
};
const char *const observe_exec_calls[] = { "execve", "execveat", NULL };

enum call_kind {
	CALL_OPEN,
	CALL_OPEN2,
	CALL_WRITE,
	CALL_EXEC,
	CALL_CONNECT,
	CALL_SENDTO,
	CALL_LAST, /* of a process that may have all descriptors */
};

/* Which argument is what; -1: none. */
struct call {
	int nr;
	const char *name;
	uint8_t kind; /* enum call_kind */
	int8_t dir, path, flags;
};
#define CALL(name, kind, dir, path, flags)                       \
	{                                                        \
		SYS_##name, #name, CALL_##kind, dir, path, flags \
	}
static const struct call calls[] = {
#ifdef SYS_open
	CALL(open, OPEN, -1, 0, 1),	  CALL(creat, WRITE, -1, 0, -1),
	CALL(mkdir, WRITE, -1, 0, -1),	  CALL(unlink, WRITE, -1, 0, -1),
	CALL(rmdir, WRITE, -1, 0, -1),	  CALL(rename, WRITE, -1, 1, -1),
	CALL(renameat, WRITE, 2, 3, -1),
#endif
	CALL(openat, OPEN, 0, 1, 2),	  CALL(openat2, OPEN2, 0, 1, 2),
	CALL(mkdirat, WRITE, 0, 1, -1),	  CALL(unlinkat, WRITE, 0, 1, -1),
	CALL(renameat2, WRITE, 2, 3, -1), CALL(truncate, WRITE, -1, 0, -1),
	CALL(execve, EXEC, -1, 0, -1),	  CALL(execveat, EXEC, 0, 1, -1),
	CALL(connect, CONNECT, -1, 1, 2), CALL(sendto, SENDTO, -1, 4, 5),
	CALL(close, LAST, -1, -1, -1),	  CALL(exit_group, LAST, -1, -1, -1),
};

/* One question. */
struct question {
	struct observe *o;
	struct arena *a; /* until it is answered */
	const struct seccomp_notif *n;
	const struct call *call;
};

static const struct call *find(const struct seccomp_data *d)
{
	if (d->arch != AUDIT_NATIVE)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(calls); i++)
		if (calls[i].nr == d->nr)
			return &calls[i];
	return NULL;
}

static int open_of(const struct question *q, const char *what, int flags)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%u/%s", q->n->pid, what);
	return sys_openat(q->o->proc_fd, path, flags | O_CLOEXEC, 0);
}

/* Bytes of the asking process; fewer where its memory ends. */
static ssize_t read_memory(const struct question *q, uint64_t at, void *bytes, size_t n)
{
	scoped_fd int mem = open_of(q, "mem", O_RDONLY);

	return mem < 0 || at > INT64_MAX ? -1 : pread(mem, bytes, n, (off_t)at);
}

static bool read_path(const struct question *q, uint64_t at, char path[PATH_MAX])
{
	ssize_t n = read_memory(q, at, path, PATH_MAX - 1);

	if (n <= 0)
		return false;
	path[n] = '\0';
	return path[0] != '\0' && strlen(path) < (size_t)n;
}

static const char *comm_of(const struct question *q)
{
	char name[32] = "";
	scoped_fd int fd = open_of(q, "comm", O_RDONLY);
	ssize_t n = fd < 0 ? -1 : sys_read(fd, name, sizeof(name) - 1);

	name[n > 0 ? n : 0] = '\0';
	name[strcspn(name, "\n")] = '\0';
	return arena_str(q->a, name);
}

static bool is_ignored(const struct policy *p, const char *path)
{
	for (size_t i = 0; path && i < p->ignored.n; i++)
		if (str_starts(path, p->ignored.v[i]))
			return true;
	return false;
}

static bool is_known(const struct result *r, const struct event *e)
{
	for (size_t i = 0; i < r->events.n; i++) {
		const struct event *v = &r->events.v[i];

		if (v->type == e->type && str_eq(v->description, e->description))
			return true;
	}
	return false;
}

static void report(const struct question *q, struct event e)
{
	struct observe *o = q->o;

	if (is_ignored(o->policy, e.path))
		return;
	if (o->result->events.n >= RESULT_EVENTS_MAX) {
		o->result->events.dropped++;
		return;
	}
	/* The same thing tried again is one violation. */
	if (is_known(o->result, &e))
		return;
	e.description = arena_str(o->a, e.description);
	e.path = e.path ? arena_str(o->a, e.path) : NULL;
	e.host = e.host ? arena_str(o->a, e.host) : NULL;
	e.timestamp = audit_now(o->a);
	if (q->call)
		e.syscall = q->call->name;
	e.pid = (int)q->n->pid;
	e.comm = arena_str(o->a, comm_of(q));
	event_add(&o->result->events, &e, o->a);
}

/* --- files --- */

/* The path as the process means it: absolute, in its own root. */
static const char *absolute(const struct question *q, const char *path)
{
	char dir[PATH_MAX], link[64];
	int at = q->call->dir >= 0 ? (int)q->n->data.args[q->call->dir] : AT_FDCWD;
	ssize_t n;

	if (path_is_absolute(path))
		return path_clean(q->a, path);
	if (at == AT_FDCWD)
		(void)snprintf(link, sizeof(link), "%u/cwd", q->n->pid);
	else
		(void)snprintf(link, sizeof(link), "%u/fd/%d", q->n->pid, at);
	n = readlinkat(q->o->proc_fd, link, dir, sizeof(dir) - 1);
	if (n <= 0)
		return NULL;
	dir[n] = '\0';
	return path_clean(q->a, path_join(q->a, dir, path));
}

/* What is the sandbox's own, whatever the host has by that name. */
static bool is_private(const char *path)
{
	static const char *const own[] = { SANDBOX_SCRATCH, "/dev", "/proc", SANDBOX_HOME,
					   SANDBOX_WORKSPACE };

	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		if (path_beneath(path, own[i]))
			return true;
	return false;
}

/* Programs look for many files that a host may have or not; told is what somebody would want kept. */
static bool is_worth_hiding(const struct question *q, const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == EACCES;
	return path_beneath(path, "/home") || path_beneath(path, "/root") ||
	       (q->o->caller->home && path_beneath(path, q->o->caller->home)) ||
	       !(st.st_mode & S_IROTH);
}

static void on_missing(const struct question *q, const char *path, bool write)
{
	if (is_private(path) || !is_worth_hiding(q, path))
		return;
	report(q, (struct event){ .type = write ? EVENT_FS_WRITE : EVENT_FS_READ,
				  .severity = "high",
				  .path = path,
				  .errnum = ENOENT,
				  .description = arena_printf(
					  q->a, "Permission denied: %s is not shown", path) });
}

static void on_denied(const struct question *q, const char *path, bool write, int errnum)
{
	report(q, (struct event){ .type = write ? EVENT_FS_WRITE : EVENT_FS_READ,
				  .severity = write ? "medium" : "high",
				  .path = path,
				  .errnum = errnum,
				  .description =
					  arena_printf(q->a, "Permission denied: %s may not be %s",
						       path, write ? "written" : "read") });
}

static bool is_readonly(int fd)
{
	struct statvfs fs;

	return fstatvfs(fd, &fs) == 0 && (fs.f_flag & ST_RDONLY);
}

/* A new file is made in the directory above. */
static bool dir_is_readonly(const struct question *q, int root, const char *path)
{
	const char *base = path_base(path);
	size_t n = (size_t)(base - path);
	scoped_fd int dir =
		open_in_root(root, arena_strn(q->a, path, n ? n : 1), O_PATH | O_DIRECTORY);

	return dir >= 0 && is_readonly(dir);
}

static void on_file(const struct question *q, const char *given, bool write)
{
	const char *path = absolute(q, given);
	scoped_fd int root = open_of(q, "root", O_PATH | O_DIRECTORY);
	scoped_fd int fd = -1;

	if (!path || root < 0)
		return;
	fd = open_in_root(root, path, O_PATH | O_NOFOLLOW);
	if (!path_beneath(path, "/proc") && paths_access(&q->o->policy->paths, path) == ACCESS_DENY)
		on_denied(q, path, write, EACCES);
	else if (fd < 0 && !write)
		on_missing(q, path, write);
	else if (write && !path_beneath(path, "/dev") && !path_beneath(path, "/proc") &&
		 (fd >= 0 ? is_readonly(fd) : dir_is_readonly(q, root, path)))
		on_denied(q, path, write, EROFS);
}

static bool wants_write(uint64_t flags)
{
	return (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC));
}

static bool call_writes(const struct question *q)
{
	uint64_t how[3];

	if (q->call->kind == CALL_WRITE)
		return true;
	if (q->call->kind == CALL_OPEN)
		return wants_write(q->n->data.args[q->call->flags]);
	return read_memory(q, q->n->data.args[q->call->flags], how, sizeof(how)) ==
		       (ssize_t)sizeof(how) &&
	       wants_write(how[0]);
}

/* --- network --- */

static bool is_loopback(const struct sockaddr_storage *s)
{
	const struct sockaddr_in *v4 = (const void *)s;
	const struct sockaddr_in6 *v6 = (const void *)s;

	return s->ss_family == AF_INET ? (ntohl(v4->sin_addr.s_addr) >> 24) == 127
				       : IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

static void on_address(const struct question *q)
{
	struct sockaddr_storage s = { 0 };
	uint64_t at = q->n->data.args[q->call->path], len = q->n->data.args[q->call->flags];
	const struct sockaddr_in *v4 = (const void *)&s;
	const struct sockaddr_in6 *v6 = (const void *)&s;
	char host[INET6_ADDRSTRLEN] = "";
	int port;

	/* Of a filtered network the helper tells. */
	if (!at || policy_network(q->o->policy) > NETWORK_LOOPBACK ||
	    read_memory(q, at, &s, len < sizeof(s) ? (size_t)len : sizeof(s)) <= 0)
		return;
	if ((s.ss_family != AF_INET && s.ss_family != AF_INET6) || is_loopback(&s))
		return;
	(void)inet_ntop(s.ss_family,
			s.ss_family == AF_INET ? (const void *)&v4->sin_addr : &v6->sin6_addr, host,
			sizeof(host));
	port = ntohs(s.ss_family == AF_INET ? v4->sin_port : v6->sin6_port);
	report(q,
	       (struct event){
		       .type = EVENT_NETWORK,
		       .severity = "high",
		       .host = arena_str(q->a, host),
		       .port = port,
		       .errnum = ENETUNREACH,
		       .description = arena_printf(
			       q->a, "Network access denied: %s port %d; --allow-network opens it",
			       host, port) });
}

/* --- programs --- */

/* The first one is ours. Errno for the others, 0: it may. */
static int on_exec(const struct question *q, const char *path)
{
	if (policy_n(q->o->policy, POLICY_EXEC) || q->o->programs++ == 0)
		return 0;
	report(q, (struct event){ .type = EVENT_EXEC,
				  .severity = "high",
				  .path = path ? arena_str(q->a, path) : NULL,
				  .errnum = EPERM,
				  .description = arena_printf(
					  q->a, "Permission denied: %s may not be started",
					  path ? path : "another program") });
	return EPERM;
}

/* --- calls that are refused as such --- */

/* The row of the call in the dictionary: also a program of the machine's other architectures is held to the same. */
static int row_of(const struct seccomp_data *d)
{
	static const char *const words[] = { "SCMP_ARCH_X86_64", "SCMP_ARCH_X32", "SCMP_ARCH_X86",
					     "SCMP_ARCH_AARCH64", "SCMP_ARCH_ARM" };
	uint32_t nr = (uint32_t)d->nr;

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		const struct syscall_arch *arch = syscall_arch(words[i]);

		for (size_t k = 0; arch && arch->audit == d->arch && k < arch->n; k++)
			if (arch->numbers[k].number == nr)
				return arch->numbers[k].name;
	}
	return -1;
}

/* What is in no dictionary is asked about by no rule: it is not let through. */
static int on_refused(const struct question *q, int name)
{
	const uint64_t *args = (const uint64_t *)q->n->data.args; /* __u64 */
	int errnum = name < 0 ? EPERM : compose_refusal(q->o->policy, name, args);
	const char *word = name < 0 ? "of another kind" : syscall_name(name);

	if (errnum)
		report(q,
		       (struct event){ .type = EVENT_SYSCALL,
				       .severity = "high",
				       .syscall = word,
				       .errnum = errnum,
				       .description = arena_printf(
					       q->a,
					       "Permission denied: the system call %s is not for "
					       "programs in a sandbox",
					       word) });
	return errnum;
}

/* --- descriptors --- */

static void on_last(const struct question *q)
{
	char path[64];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%u/fd/%llu", q->n->pid,
		       (unsigned long long)q->o->open_files - 1);
	if (sys_fstatat(q->o->proc_fd, path, &st, AT_SYMLINK_NOFOLLOW) == 0)
		q->o->full_descriptors = true;
}

static int consider(const struct question *q)
{
	char path[PATH_MAX];
	bool named;
	int refusal = on_refused(q, q->call ? syscall_find(q->call->name) : row_of(&q->n->data));

	if (refusal)
		return refusal;
	/* Calls of another architecture are not told apart: where programs are refused, so are they. */
	if (!q->call)
		return policy_n(q->o->policy, POLICY_EXEC) ? 0 : EPERM;
	if (q->call->kind == CALL_LAST) {
		on_last(q);
		return 0;
	}
	if ((q->call->kind == CALL_CONNECT || q->call->kind == CALL_SENDTO)) {
		on_address(q);
		return 0;
	}
	named = read_path(q, q->n->data.args[q->call->path], path);
	if (q->call->kind == CALL_EXEC)
		return on_exec(q, named ? path : NULL);
	if (named && policy_n(q->o->policy, POLICY_TRACE))
		on_file(q, path, call_writes(q));
	return 0;
}

void observe_answer(void *ctx, int fd)
{
	struct observe *o = ctx;
	scoped_arena struct arena a = ARENA_ROOM(16384);
	struct seccomp_notif n = { 0 };
	struct seccomp_notif_resp answer = { 0 };
	int refusal;

	/* ENOENT: whoever asked has ended. */
	if (sys_ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &n) < 0)
		return;
	const struct question q = { o, &a, &n, find(&n.data) };
	refusal = consider(&q);
	answer.id = n.id;
	answer.error = -refusal;
	answer.flags = refusal ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	(void)sys_ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &answer);
}
