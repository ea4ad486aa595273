/* SPDX-License-Identifier: Apache-2.0 */
/* copy.c - what a copy of the zygote does before and after its task's code.
 * Should: read of a task no more than lengths and one descriptor.
 * Mustn't: leave a task anything of ours or of another's but memory that it may write its own copy of. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "runtime/sandbox/measure.h"
#include "runtime/sandbox/pool_agent.h"
#include "runtime/sandbox/zygote/copy.h"
#include "runtime/stage/init.h"
#include "runtime/stage/inotify.h"

#ifndef SYS_close_range /* 5.9 */
#define SYS_close_range 436
#endif
#ifndef SYS_landlock_create_ruleset /* 5.13 */
#define SYS_landlock_create_ruleset 444
#define SYS_landlock_restrict_self 446
#endif

/* Longer than this nobody takes to kill a task that has said that it ends; else there is somebody left. */
#define KILLED_MS 100

/* Its standard error is told of as the reason why there is no task. */
static _Noreturn void fail(const char *what)
{
	(void)dprintf(STDERR_FILENO, "%s: %s", what, strerror(errno));
	_exit(125);
}

static void must(long result, const char *what)
{
	if (result < 0)
		fail(what);
}

/* All of them are above LINE: in the zygote that is its socket. */
static void take_descriptors(const int fds[COPY_FDS])
{
	must(dup2(fds[COPY_ERR], STDERR_FILENO), "take the task's standard error");
	must(dup2(fds[COPY_OUT], STDOUT_FILENO), "take the task's standard output");
	must(dup2(fds[COPY_LINE], LINE), "take the task's line");
}

/* Of a path whose last parts are not there. */
static void make_directories(const char *path)
{
	char part[PATH_MAX];

	for (size_t n = 1; n < sizeof(part) && path[n - 1]; n++) {
		if (path[n] && path[n] != '/')
			continue;
		memcpy(part, path, n);
		part[n] = '\0';
		(void)mkdir(part, 0777);
	}
}

/* A filter's instructions stand behind those of the ones before it. Of a listener its fd, else 0. */
static int load(const struct zygote_setup *s, enum zygote_program which)
{
	const struct sock_filter *from = s->filter;
	long r;

	for (int i = 0; i < (int)which; i++)
		from += s->programs[i].n;
	const struct sock_fprog program = { (unsigned short)s->programs[which].n,
					    (struct sock_filter *)(uintptr_t)from };

	if (!program.len)
		return 0;
	r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, s->programs[which].flags, &program);
	must(r, "load the filter");
	return (int)r;
}

void copy_filter(const struct zygote_setup *s)
{
	(void)load(s, PROGRAM_NETWORK);
	(void)load(s, PROGRAM_OWN);
}

bool copy_say(int sock, const struct init_msg *m, int fd)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	struct iovec part = { (void *)(uintptr_t)m, sizeof(*m) };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t n;

	if (fd >= 0) {
		struct cmsghdr *c;

		msg.msg_control = control.room;
		msg.msg_controllen = sizeof(control.room);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	}
	do
		n = sendmsg(sock, &msg, MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(*m);
}

/* We have joined. With the listener, where there is one: our sandbox's first process answers it. */
static void say_joined(int listener)
{
	const struct init_msg word = { .word = INIT_LISTENER };

	must(copy_say(READY, &word, listener > 0 ? listener : -1) ? 0 : -1,
	     "say that the task has joined its sandbox");
}

/* A word of our sandbox's first process; false where it has ended, which said why. */
static bool hear_word(int line)
{
	struct init_msg word;
	ssize_t n;

	do
		n = read(line, &word, sizeof(word));
	while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(word);
}

/* The namespaces are there before what is mounted in them. With them come all capabilities, by which a filter may be loaded. */
static void enter(const struct zygote_setup *s, const int fds[COPY_FDS], int user_dir)
{
	int null, listener;

	if (!hear_word(fds[COPY_READY]))
		_exit(0);
	must(syscall(SYS_setns, fds[COPY_SANDBOX], s->namespaces), "enter the task's namespaces");
	if (user_dir >= 0)
		inotify_limit(user_dir);
	listener = load(s, PROGRAM_LAST);
	must(dup2(fds[COPY_READY], READY), "keep the line to the sandbox's first process");
	say_joined(listener);
	null = open("/dev/null", O_RDONLY);
	must(null, "open /dev/null");
	must(dup2(null, STDIN_FILENO), "take the standard input");
	must(syscall(SYS_close_range, READY + 1, ~0U, 0), "close the descriptors");
	must(setsid(), "begin a session");
}

static void limit(const struct zygote_setup *s)
{
	for (uint32_t i = 0; i < s->limits_n; i++) {
		const uint64_t limit[2] = { s->limits[i].most, s->limits[i].most };

		must(syscall(SYS_prlimit64, 0, (int)s->limits[i].kind, limit, NULL), "set a limit");
	}
	for (unsigned long c = 0; prctl(PR_CAPBSET_DROP, c, 0UL, 0UL, 0UL) == 0; c++)
		;
}

static void go_to(const char *cwd)
{
	if (chdir(cwd) == 0)
		return;
	make_directories(cwd);
	must(chdir(cwd), "enter the working directory");
}

static void drop(void)
{
	struct __user_cap_header_struct head = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct none[2] = { { 0 }, { 0 } };

	must(syscall(SYS_capset, &head, none), "drop the capabilities");
	must(prctl(PR_SET_NO_NEW_PRIVS, 1UL, 0UL, 0UL, 0UL), "set no_new_privs");
	/* It was taken away with the change of namespaces; a program that is started has it. */
	must(prctl(PR_SET_DUMPABLE, 1UL, 0UL, 0UL, 0UL), "open /proc/self");
}

/* Under the host's network: abstract sockets and processes of others, tasks among them, are out of reach (Landlock). */
static void scope(void)
{
	const uint64_t attributes[3] = { 0, 0, 3 };
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, attributes, sizeof(attributes), 0U);

	must(ruleset, "make a Landlock scope");
	must(syscall(SYS_landlock_restrict_self, ruleset, 0U), "enter a Landlock scope");
	(void)close(ruleset);
}

void copy_join(const struct zygote_setup *s, const char *cwd, int user_dir, const int fds[COPY_FDS])
{
	sigset_t none;

	take_descriptors(fds);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	enter(s, fds, user_dir);
	limit(s);
	/* All is in its place, and that process closed to us. */
	if (!hear_word(READY))
		_exit(0);
	(void)close(READY);
	go_to(cwd);
	drop();
	if (s->scoped)
		scope();
}

/* Whoever hangs up wants us no more. */
static void read_whole(void *into, size_t size)
{
	for (size_t at = 0; at < size;) {
		ssize_t n = read(LINE, (char *)into + at, size - at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			_exit(0);
		at += (size_t)n;
	}
}

/* With it comes the standard input, where there is one. */
static void read_frame(struct task_frame *ret)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec part = { ret, sizeof(*ret) };
	struct msghdr msg = { .msg_iov = &part,
			      .msg_iovlen = 1,
			      .msg_control = control.room,
			      .msg_controllen = sizeof(control.room) };
	struct cmsghdr *c;
	ssize_t n;
	int input;

	do
		n = recvmsg(LINE, &msg, MSG_WAITALL);
	while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(*ret))
		_exit(0);
	c = CMSG_FIRSTHDR(&msg);
	if (!c || c->cmsg_type != SCM_RIGHTS)
		return;
	memcpy(&input, CMSG_DATA(c), sizeof(input));
	(void)dup2(input, STDIN_FILENO);
	(void)close(input);
}

void copy_ready(struct task_frame *ret)
{
	(void)send(LINE, "R", 1, MSG_NOSIGNAL);
	read_frame(ret);
}

PyObject *copy_read(uint32_t size)
{
	PyObject *bytes = PyBytes_FromStringAndSize(NULL, (ssize_t)size);

	if (bytes)
		read_whole(PyBytes_AsString(bytes), size);
	return bytes;
}

/* Whether the pool will take our word for our end (finish_parse): what children used only the end itself tells, and who had some has
 * their page faults. The dead among them stay: they are counted then. */
static bool is_alone(void)
{
	struct rusage children;
	siginfo_t child;

	return getpid() == TASK_PID && waitid(P_ALL, 0, &child, WEXITED | WNOHANG | WNOWAIT) < 0 &&
	       errno == ECHILD && getrusage(RUSAGE_CHILDREN, &children) == 0 &&
	       children.ru_minflt == 0;
}

/* Our own end takes longer than most tasks: who waits for us hears of it before, looks what we used, and kills us. */
void copy_finish(int status)
{
	const struct timespec killed = { .tv_nsec = KILLED_MS * 1000000L };
	char name[16];

	if (is_alone()) {
		(void)snprintf(name, sizeof(name), FINISH_NAME "%d", status & 0xff);
		(void)prctl(PR_SET_NAME, name, 0UL, 0UL, 0UL);
		(void)syscall(SYS_close_range, STDOUT_FILENO, STDERR_FILENO, 0);
		(void)nanosleep(&killed, NULL);
	}
	_exit(status);
}
