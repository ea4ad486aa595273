/* SPDX-License-Identifier: Apache-2.0 */
/* pool_first.c - the mounts, a task, and where that left nothing the same for the next.
 * Mustn't: offer a sandbox of which it is not known that it is as it was made. */
#include "runtime/sandbox/pool_first.h"

#include <errno.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "runtime/act/act.h"
#include "runtime/sandbox/compose.h"
#include "runtime/sandbox/pool_agent.h"
#include "runtime/sandbox/pool_made.h"
#include "runtime/sandbox/pool_mounts.h"
#include "runtime/sandbox/pool_spares.h"
#include "runtime/stage/inotify.h"
#include "spec/base/audit.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

#define SPARE_NAME "sandbox-spare" /* of a process that waits for its task */
/* The number of the last process that came to be in our pid namespace. */
#define LAST_PID "/proc/sys/kernel/ns_last_pid"

/* Where our descriptors are while we wait for a task. */
enum { FD_OFFERS = FIRST_OFFERS, FD_LINE, FD_FIRST_FREE };
#define OWN_FDS (FD_LINE - FD_OFFERS) /* that stay ours while we have one */

static int open_namespaces(int ret_fds[GONE_FDS])
{
	static const char *const paths[GONE_FDS] = {
		[GONE_NET] = "/proc/self/ns/net", [GONE_IPC] = "/proc/self/ns/ipc"
	};

	for (int i = 0; i < GONE_FDS; i++)
		ret_fds[i] = sys_openat(AT_FDCWD, paths[i], O_RDONLY | O_CLOEXEC, 0);
	for (int i = 0; i < GONE_FDS; i++)
		if (ret_fds[i] < 0)
			return -1;
	return 0;
}

static int hand_in(bool warned, struct err *err)
{
	const struct init_msg word = { .word = warned ? INIT_PORTS : INIT_TOUCHED };
	int fds[GONE_FDS], r;

	r = open_namespaces(fds) < 0 || init_send(FD_OFFERS, &word, fds, GONE_FDS) < 0
		    ? err_host(err, errno, "hand the task's network namespace in")
		    : 0;
	for (int i = 0; i < GONE_FDS; i++)
		scope_close(&fds[i]);
	return r;
}

/* The kernel takes longer for these than for all others together. Who clones us, one after the other for all tasks, does not wait for them;
 * nobody may join before, as he would be in those that we were born in. */
static int make_late(const struct home *h, int line, struct err *err)
{
	int r = sys_unshare((int)h->late) < 0 ? err_host(err, errno, "make the task's namespaces")
		: init_say(line, INIT_JOIN, 0) < 0
			? err_host(err, errno, "say that the task may join")
			: 0;

	if (r < 0 && h->ahead)
		_exit(1);
	return r;
}

static void hear_task(int line, int fds[INIT_FDS_MAX])
{
	struct init_msg m = { 0 };

	(void)sys_prctl(PR_SET_NAME, (unsigned long)(uintptr_t)SPARE_NAME, 0, 0, 0);
	/* Nobody wants it any more. */
	if (init_hear(line, &m, fds) <= 0 || fds[FIRST_ERR] < 0)
		_exit(0);
}

static bool keep_at(int to, int fd)
{
	return fd == to || sys_dup3(fd, to, O_CLOEXEC) == to;
}

static void close_others(void)
{
	(void)sys_close_range(0, FD_OFFERS - 1, 0);
	(void)sys_close_range(FD_FIRST_FREE, ~0U, 0);
}

/* We may be there before our task is, and hold nothing of the pool's then. */
static void settle(int line)
{
	if (!keep_at(FD_LINE, line))
		_exit(1);
	close_others();
}

/* The sandbox is about to be other than it was made. What a task without sockets and watches does not need is made now. */
static void be_touched(void)
{
	scoped_fd int user =
		sys_openat(AT_FDCWD, "/proc/sys/user", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	struct err err;

	if (user >= 0)
		inotify_limit(user);
	if (act_loopback_up(NULL, NULL, &err) < 0 || hand_in(false, &err) < 0)
		_exit(1);
}

/* Of its files alone what opens one without a name tells: that is not in any directory. */
static bool opens_file(const struct seccomp_data *call)
{
#ifdef __NR_open
	if (call->arch == AUDIT_NATIVE && call->nr == __NR_open)
		return true;
#endif
	return call->arch == AUDIT_NATIVE && (call->nr == __NR_openat || call->nr == __NR_openat2);
}

static bool be_told(void *ctx, const struct seccomp_data *call, bool first)
{
	if (call && opens_file(call)) {
		*(bool *)ctx = true;
		return false;
	}
	if (first)
		be_touched();
	return true;
}

/* The next one in our pid namespace has the number that all tasks have. (Where the file's position is not 0 the kernel writes nothing,
 * and does not say so.) */
static bool begin_numbers(void)
{
	static const char before[] = "1\n";
	scoped_fd int fd = sys_openat(AT_FDCWD, LAST_PID, O_RDWR | O_CLOEXEC, 0);
	char now[sizeof(before)];
	ssize_t n = sizeof(before) - 1;

	return fd >= 0 && pwrite(fd, before, (size_t)n, 0) == n &&
	       sys_pread(fd, now, sizeof(now), 0) == n && memcmp(now, before, (size_t)n) == 0;
}

/* Open to who joins, and with a line of its own. */
static bool offer(void)
{
	const struct init_msg spare = { .word = INIT_SPARE };
	int self = sys_pidfd_open(getpid(), 0);
	int ends[2];
	bool fine;

	if (self < 0 || sys_prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0 ||
	    sys_socketpair(SOCK_SEQPACKET | SOCK_CLOEXEC, ends) < 0)
		return false;
	const int fds[] = { ends[0], self };

	fine = init_say(ends[1], INIT_JOIN, 0) == 0 &&
	       init_send(FD_OFFERS, &spare, fds, ARRAY_LEN(fds)) == 0 && keep_at(FD_LINE, ends[1]);
	close_others();
	return fine;
}

static _Noreturn void fail(int fd, const struct err *err)
{
	char text[ERR_LINE_MAX];

	(void)err_line(err, text, sizeof(text));
	(void)fd_write_all(fd, text, strlen(text));
	_exit(1);
}

/* Of a filtered network: it serves one task, which it knows from the start. */
static _Noreturn void be_once(const struct home *h, int line)
{
	struct init_joined joined = { .payload = TASK_PID,
				      .ready = line,
				      .scratch = SANDBOX_SCRATCH };
	int fds[INIT_FDS_MAX] = { [FIRST_WAY] = -1 };
	bool warned = false;
	struct err err;
	int r = make_late(h, line, &err);

	hear_task(line, fds);
	if (r < 0 || mounts_make(h->plan, STAGE_NAMESPACE, fds[FIRST_WAY], &warned, &err) < 0 ||
	    hand_in(warned, &err) < 0)
		fail(fds[FIRST_ERR], &err);
	joined.sock = fds[FIRST_INIT];
	init_serve(&joined);
	_exit(0);
}

void first_process(const struct home *h, int line)
{
	bool warned = false, nameless = false, failed;
	struct init_joined joined = { .payload = TASK_PID,
				      .own_n = OWN_FDS,
				      .on_told = h->lends ? be_told : NULL,
				      .ctx = &nameless,
				      .scratch = SANDBOX_SCRATCH };
	struct made made;
	struct task_mounts mounts = { 0 };
	int fds[INIT_FDS_MAX];
	struct err err;

	(void)sys_umask(0);
	if (h->filtered)
		be_once(h, line);
	failed = make_late(h, line, &err) < 0 ||
		 mounts_make(h->plan, STAGE_NAMESPACE, -1, &warned, &err) < 0 ||
		 (h->network && !h->lends && hand_in(warned, &err) < 0);
	settle(line);
	joined.again = h->lends && !failed && made_look(&made);
	if (joined.again)
		mounts_look(h->plan, &mounts);
	do {
		hear_task(FD_LINE, fds);
		if (failed)
			fail(fds[FIRST_ERR], &err);
		mounts_begin(h->plan, &mounts);
		joined.sock = fds[FIRST_INIT];
		joined.ready = FD_LINE;
		nameless = false;
		init_serve(&joined);
	} while (made_is_same(&made) && begin_numbers() &&
		 mounts_again(h->plan, &mounts, nameless) && offer());
	_exit(0);
}
