/* SPDX-License-Identifier: Apache-2.0 */
/* watch_hello.c - what is had before a sandbox is watched: its first process's first word with what comes with it, and signals. */
#include <errno.h>
#include <signal.h>
#include <sys/signalfd.h>

#include "runtime/sandbox/watch.h"
#include "runtime/stage/init.h"
#include "spec/base/sys.h"

static int take_hello(struct watch *w, const struct init_msg *m, const int fds[INIT_FDS_MAX],
		      struct err *err)
{
	w->scratch_fd = fds[INIT_FD_SCRATCH];
	if (fds[INIT_FD_PIDFD] >= 0)
		w->pidfd = w->own_pidfd = fds[INIT_FD_PIDFD];
	measure_open(&w->measure, fds[INIT_FD_PROC]);
	if (m->word != INIT_HELLO || fds[INIT_FD_PROC] < 0)
		return err_host(err, EPROTO, "hear from the sandbox's first process");
	/* Before it ends, while we have time. */
	if (w->payload)
		measure_hold(&w->measure, w->payload);
	return 0;
}

bool watch_prepare(struct watch *w, int sock, int payload)
{
	struct init_msg m = { 0 };
	int fds[INIT_FDS_MAX];
	struct err err;

	w->payload = payload;
	if (init_peek(sock, &m, fds) > 0 && take_hello(w, &m, fds, &err) == 0)
		return true;
	/* Of what came no more than some: that is had anew. */
	watch_done(w);
	*w = (struct watch)WATCH_INIT;
	return false;
}

int watch_hello(struct watch *w, struct err *err)
{
	struct init_msg m = { 0 };
	int fds[INIT_FDS_MAX];

	bool prepared = w->measure.fd >= 0;

	/* What came with it we have; of a read the kernel lets it go. */
	if (prepared && sys_read(w->sock, &m, sizeof(m)) == (ssize_t)sizeof(m))
		return 0;
	if (prepared || init_hear(w->sock, &m, fds) <= 0)
		return err_host(err, EPROTO, "hear from the sandbox's first process");
	return take_hello(w, &m, fds, err);
}

int watch_signals(void)
{
	sigset_t all;

	(void)sigfillset(&all);
	return signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
}
