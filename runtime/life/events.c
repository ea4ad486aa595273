/* SPDX-License-Identifier: Apache-2.0 */
/* events.c - what a container uses, now and then, and that memory ran out. */
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "runtime/act/cgroup_tree.h"
#include "runtime/life/process.h"
#include "runtime/life/stats.h"
#include "runtime/life/store.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

#define EVENTS_TEXT_ROOM 1024

struct watched {
	const char *id;
	struct cgroups cgroups;
	int pidfd;
	/* v1: an eventfd; v2: memory.events, which is ready for POLLPRI when it has changed. */
	int oom_fd;
	bool v2;
	uint64_t oom_kills; /* of v2, as they were seen last */
	int (*say)(void *ctx, const char *line, struct err *err);
	void *ctx;
};

static void watched_done(struct watched *w)
{
	cgroups_done(&w->cgroups);
	scope_close(&w->pidfd);
	scope_close(&w->oom_fd);
}
#define scoped_watched scoped(watched_done)

static int say(const struct watched *w, const char *type, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	struct text out = { .arena = &a };
	struct emit e = { .out = &out };

	emit_object(&e, NULL);
	emit_str(&e, "type", type);
	emit_str(&e, "id", w->id);
	if (str_eq(type, "stats"))
		stats_emit(&w->cgroups, &a, &e);
	emit_end_object(&e);
	text_add(&out, "\n");
	return w->say(w->ctx, out.s, err);
}

/* --- out of memory ---------------------------------------------------------------------------- */

static uint64_t kills_now(int fd)
{
	char text[EVENTS_TEXT_ROOM];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	text[n < 0 ? 0 : n] = '\0';
	return stats_value(text, "oom_kill");
}

static int watch_v1(struct watched *w, const struct cgroup_ref *r, struct err *err)
{
	scoped_fd int control = open_beneath(r->fd, "memory.oom_control", O_RDONLY);
	scoped_fd int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	char line[64];

	(void)snprintf(line, sizeof(line), "%d %d", fd, control);
	if (fd < 0 || control < 0 || cgroup_write(r->fd, "cgroup.event_control", line) < 0)
		return cgroup_failed(err, errno, "ask for events of the memory limit");
	w->oom_fd = take_fd(&fd);
	return 0;
}

/* Without that controller memory cannot run out for this container alone. */
static int watch_memory(struct watched *w, struct err *err)
{
	const struct cgroup_ref *r = cgroups_with(&w->cgroups, "memory");

	if (!r)
		return 0;
	w->v2 = r->v2;
	if (!r->v2)
		return watch_v1(w, r, err);
	w->oom_fd = open_beneath(r->fd, "memory.events", O_RDONLY);
	if (w->oom_fd < 0)
		return cgroup_failed(err, errno, "watch memory.events");
	w->oom_kills = kills_now(w->oom_fd);
	return 0;
}

/* Whether it ran out since. */
static bool ran_out(struct watched *w)
{
	uint64_t n = 0;

	if (!w->v2)
		return read(w->oom_fd, &n, sizeof(n)) == (ssize_t)sizeof(n) && n > 0;
	n = kills_now(w->oom_fd);
	if (n <= w->oom_kills)
		return false;
	w->oom_kills = n;
	return true;
}

/* --- the loop --------------------------------------------------------------------------------- */

static int watch(struct watched *w, uint32_t interval_ms, struct err *err)
{
	for (;;) {
		struct pollfd p[] = {
			{ .fd = w->pidfd, .events = POLLIN },
			{ .fd = w->oom_fd, .events = (short)(w->v2 ? POLLPRI : POLLIN) },
		};
		int n = poll(p, ARRAY_LEN(p), interval_ms ? (int)interval_ms : -1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_host(err, errno, "wait for events");
		/* v1 tells the end of a cgroup as it does an event of it. */
		if (p[1].revents && ran_out(w) && cgroups_list(&w->cgroups))
			TRY(say(w, "oom", err));
		if (p[0].revents)
			return 0;
		if (n == 0)
			TRY(say(w, "stats", err));
	}
}

int life_events(const struct runtime *rt, const char *id, bool once, uint32_t interval_ms,
		int (*say_line)(void *ctx, const char *line, struct err *err), void *ctx,
		struct err *err)
{
	scoped_watched struct watched w = {
		.id = id, .pidfd = -1, .oom_fd = -1, .say = say_line, .ctx = ctx
	};
	scoped_arena struct arena a = { 0 };
	struct container c;

	TRY(life_state(rt, id, &a, &c, err));
	if (c.status == STATUS_STOPPED)
		return err_state(err, "container not running: no such process");
	TRY(container_open(&c, &w.pidfd, err));
	TRY(cgroups_open(&c, NULL, &a, &w.cgroups, err));
	if (!cgroups_list(&w.cgroups))
		return err_state(
			err,
			"container \"%s\" has no cgroup that counts what it uses; give its config a "
			"cgroupsPath, and a user who may use it",
			id);
	if (once)
		return say(&w, "stats", err);
	TRY(watch_memory(&w, err));
	return watch(&w, interval_ms, err);
}
