/* SPDX-License-Identifier: Apache-2.0 */
/* stop.c - a signalfd of them.
 * Mustn't: take one that our caller has us ignore. */
#include "runtime/stage/stop.h"

#include <poll.h>
#include <sys/signalfd.h>

#include "spec/base/sys.h"

/* So long may a child be silent that has only to end its part. */
#define GRACE_MS 50

static const int ending[] = { SIGHUP,  SIGINT,	SIGQUIT,   SIGTERM, SIGUSR1, SIGUSR2, SIGALRM,
			      SIGPIPE, SIGPOLL, SIGVTALRM, SIGPROF, SIGPWR,  SIGXCPU };

static bool is_ignored(int sig)
{
	struct sigaction now;

	return sigaction(sig, NULL, &now) < 0 || now.sa_handler == SIG_IGN;
}

int stop_begin(struct start *s, struct err *err)
{
	sigset_t mask = *s->signals, set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_LEN(ending); i++)
		if (!sigismember(s->signals, ending[i]) && !is_ignored(ending[i])) {
			(void)sigaddset(&set, ending[i]);
			(void)sigaddset(&mask, ending[i]);
		}
	s->stop_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (s->stop_fd < 0)
		return err_host(err, errno, "watch for signals");
	if (sys_sigprocmask(SIG_SETMASK, &mask, &s->blocked) < 0)
		return err_host(err, errno, "let signals through");
	return 0;
}

int stop_wait(const struct start *s, struct err *err)
{
	struct pollfd p[2] = { { .fd = s->sock, .events = POLLIN },
			       { .fd = s->stop_fd, .events = POLLIN } };
	int n;

	if (s->stop_fd < 0)
		return 0;
	do
		n = poll(p, 2, -1);
	while (n < 0 && errno == EINTR);
	/* What the child has said goes before, or is about to say: it may be that the payload runs already, whose signal this is. */
	if (n <= 0 || p[0].revents || poll(p, 1, GRACE_MS) > 0)
		return 0;
	return err_host(err, EINTR, "start the container");
}

int stop_end(struct start *s, bool failed, struct err *err)
{
	struct signalfd_siginfo info;

	/* Whoever waited for the payload with signals let through would miss its end. */
	if (sys_sigprocmask(SIG_SETMASK, &s->blocked, NULL) < 0 && !failed)
		return err_host(err, errno, "block signals");
	if (failed && sys_read(s->stop_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		s->stopped_by = (int)info.ssi_signo;
	return 0;
}
