/* SPDX-License-Identifier: Apache-2.0 */
/* spawn.c - one child at a time, without a shell. */
#include "bundle/spawn.h"

#include <poll.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>

#include "rootfs-tools/unpack.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

#define OUTPUT_MAX (16u << 20)
/* How soon a signal to us reaches the child. */
#define TICK_MS 200

static void actions_done(posix_spawn_file_actions_t *a)
{
	(void)posix_spawn_file_actions_destroy(a);
}

static void attr_done(posix_spawnattr_t *a)
{
	(void)posix_spawnattr_destroy(a);
}

static int start(const char *const argv[], const char *cwd, int out, int errors, pid_t *pid)
{
	scoped(actions_done) posix_spawn_file_actions_t actions;
	scoped(attr_done) posix_spawnattr_t attr;
	sigset_t none;

	(void)sigemptyset(&none);
	if (posix_spawn_file_actions_init(&actions) || posix_spawnattr_init(&attr))
		return ENOMEM;
	if (posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0) ||
	    posix_spawn_file_actions_adddup2(&actions, out, 1) ||
	    posix_spawn_file_actions_adddup2(&actions, errors, 2) ||
	    (cwd && posix_spawn_file_actions_addchdir_np(&actions, cwd)) ||
	    posix_spawnattr_setsigmask(&attr, &none) ||
	    posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK))
		return ENOMEM;
	return posix_spawnp(pid, argv[0], &actions, &attr, (char *const *)(void *)argv, environ);
}

/* Waits; the child is reaped in any case. */
static int finish(pid_t pid, const struct pulse *pulse, int *status, struct err *err)
{
	scoped_fd int pidfd = sys_pidfd_open(pid, 0);
	struct pollfd ready = { .fd = pidfd, .events = POLLIN };
	int stopped = 0;
	siginfo_t info;

	while (pidfd >= 0 && !stopped && poll(&ready, 1, TICK_MS) <= 0) {
		pulse_beat(pulse, 0);
		stopped = interrupted(err);
		if (stopped)
			(void)sys_kill(pid, SIGTERM);
	}
	while (sys_waitid(P_PID, (id_t)pid, &info, WEXITED) < 0)
		if (errno != EINTR)
			return err_host(err, errno, "wait for a child");
	*status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
	return stopped;
}

static int output_read(int fd, const char *name, struct arena *a, char **ret, struct err *err)
{
	size_t len;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_host(err, errno, "rewind what %s said", name);
	return fd_read_all(fd, name, OUTPUT_MAX, a, ret, &len, err);
}

int spawn_run(const char *const argv[], const char *cwd, const struct pulse *pulse, struct arena *a,
	      struct spawned *ret, struct err *err)
{
	scoped_fd int out = sys_memfd_create("out", MFD_CLOEXEC);
	scoped_fd int errors = sys_memfd_create("err", MFD_CLOEXEC);
	int r;
	pid_t pid;

	if (out < 0 || errors < 0)
		return err_host(err, errno, "make room for what %s says", argv[0]);
	r = start(argv, cwd, out, errors, &pid);
	if (r)
		return err_host(err, r, "run %s", argv[0]);
	TRY(finish(pid, pulse, &ret->status, err));
	TRY(output_read(out, argv[0], a, &ret->out, err));
	return output_read(errors, argv[0], a, &ret->err, err);
}
