/* SPDX-License-Identifier: Apache-2.0 */
/* recorder.c - the process that writes refusals down: each thing once, and no more than a result holds.
 * Mustn't: keep the container's lock, or anything of the caller's, open. */
#include "runtime/life/recorder.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "runtime/life/beside.h"
#include "runtime/life/record.h"
#include "runtime/life/refusal.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

#define NAME "srt-recorder"
#define FLAGS (O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY)

/* As they are numbered in it. */
enum { EVENTS = 3, OWN, OTHER, FDS_END };

/* False where one of them could not be had. */
static bool place_fds(int events, int own, int other)
{
	const int from[] = { events, own, other };
	int high[ARRAY_LEN(from)];

	for (size_t i = 0; i < ARRAY_LEN(from); i++)
		high[i] = from[i] < 0 ? -1 : sys_fcntl(from[i], F_DUPFD_CLOEXEC, FDS_END);
	for (size_t i = 0; i < ARRAY_LEN(from); i++)
		if (from[i] >= 0 && sys_dup3(high[i], EVENTS + (int)i, O_CLOEXEC) < 0)
			return false;
	return beside_close(other < 0 ? OTHER : FDS_END) == 0;
}

/* A full disk is no reason to hear no more: the file has room again perhaps. */
static void write_from(const struct events *events, size_t first, bool other)
{
	for (size_t i = first; i < events->n; i++) {
		(void)record_event(OWN, &events->v[i]);
		if (other)
			(void)record_event(OTHER, &events->v[i]);
	}
}

static _Noreturn void keep_record(int fd, int own, int other)
{
	struct arena a = { 0 };
	struct events events = { 0 };
	struct refusals r = { .fd = EVENTS, .events = &events, .a = &a, .by_config = true };
	struct pollfd p = { .fd = EVENTS, .events = POLLIN };
	bool more = true;

	beside_begin(NAME);
	if (!place_fds(fd, own, other))
		_exit(1);
	while (more) {
		size_t before = events.n;

		(void)poll(&p, 1, -1);
		more = refusals_take(&r);
		write_from(&events, before, other >= 0);
	}
	_exit(0);
}

int recorder_begin(const struct entry *e, int events, const char *path, struct err *err)
{
	scoped_fd int from = events;
	scoped_fd int own = sys_openat(e->dir_fd, RECORDER_FILE, FLAGS | O_EXCL | O_NOFOLLOW, 0600);
	scoped_fd int other = path ? sys_openat(AT_FDCWD, path, FLAGS, 0600) : -1;
	pid_t pid;

	if (own < 0)
		return err_host(err, errno, "make %s of the container", RECORDER_FILE);
	if (path && other < 0)
		return err_host(err, errno, "--violations: open %s", path);
	pid = beside_clone(NULL);
	if (pid == 0)
		keep_record(from, own, other);
	return pid < 0 ? err_host(err, errno, "make the process that writes refusals down") : 0;
}
