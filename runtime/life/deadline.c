/* SPDX-License-Identifier: Apache-2.0 */
/* deadline.c - TERM when the time is over, KILL when it did not help; the pid namespace goes with its first process. */
#include "runtime/life/deadline.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "runtime/life/beside.h"
#include "runtime/life/met.h"
#include "spec/base/sys.h"
#include "spec/oci/value.h"

#define NAME "srt-deadline"
#define CONTAINER 3
#define EXIT_MET 1
/* As sandbox-runtime has it. */
#define EXIT_TIMED_OUT 124

static uint64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_BOOTTIME, &t);
	return (uint64_t)t.tv_sec * 1000u + (uint64_t)t.tv_nsec / 1000000u;
}

/* True when the container has ended before. */
static bool ends_within(uint64_t ms)
{
	struct pollfd p = { .fd = CONTAINER, .events = POLLIN };
	uint64_t end = now_ms() + ms, now;

	while ((now = now_ms()) < end)
		if (poll(&p, 1, end - now < INT_MAX ? (int)(end - now) : INT_MAX) > 0)
			return true;
	return poll(&p, 1, 0) > 0;
}

static _Noreturn void keep_time(const struct srt_limits *l, int container)
{
	struct pollfd p = { .fd = CONTAINER, .events = POLLIN };

	beside_begin(NAME);
	if (beside_stand_alone(container) < 0) {
		(void)sys_pidfd_send_signal(container,
					    SIGKILL); /* rather than to let it go on for ever */
		_exit(EXIT_MET);
	}
	if (ends_within(l->timeout_ms))
		_exit(0);
	(void)sys_pidfd_send_signal(CONTAINER, SIGTERM);
	if (!ends_within(l->kill_after_ms))
		(void)sys_pidfd_send_signal(CONTAINER, SIGKILL);
	(void)poll(&p, 1, -1);
	_exit(EXIT_MET);
}

int deadline_begin(struct deadline *d, const struct config *config, int container, struct err *err)
{
	if (!limits_timeout(config))
		return 0;
	d->ms = limits_timeout(config);
	d->pid = beside_clone(NULL);
	if (d->pid == 0)
		keep_time(config->srt->limits, container);
	if (d->pid > 0)
		return 0;
	d->pid = 0;
	(void)err_host(err, errno, "make the process that keeps the time");
	return err_in(err, "/srt/limits/timeout");
}

bool deadline_end(struct deadline *d, int *status, struct arena *a, struct event *ret)
{
	if (d->pid <= 0 || beside_wait(&d->pid) != EXIT_MET)
		return false;
	*status = EXIT_TIMED_OUT;
	met_event("timeout",
		  arena_printf(a, "Execution timeout after %s", value_duration_text(d->ms, a)), a,
		  ret);
	return true;
}
