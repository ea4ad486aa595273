/* SPDX-License-Identifier: Apache-2.0 */
/* events.c - what a container uses, now and then, that memory ran out, and what its network filter refused. */
#include <poll.h>
#include <stdio.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "runtime/act/cgroup_tree.h"
#include "runtime/life/process.h"
#include "runtime/life/recorder.h"
#include "runtime/life/stats.h"
#include "runtime/life/store.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"
#include "spec/json/canonical.h"
#include "spec/json/tree.h"

#define EVENTS_TEXT_ROOM 1024
/* More than the recorder writes: a hundred refusals. */
#define RECORD_MAX (256u << 10)
#define RECORD_DEPTH 4
#define RECORD_NODES 64

struct watched {
	const char *id;
	struct cgroups cgroups;
	int pidfd;
	/* v1: an eventfd; v2: memory.events, which is ready for POLLPRI when it has changed. */
	int oom_fd;
	bool v2;
	uint64_t oom_kills; /* of v2, as they were seen last */
	int record_fd; /* of what was refused; -1: nobody writes it down */
	int changed_fd; /* says that it has grown */
	off_t said; /* bytes of it */
	int (*say)(void *ctx, const char *line, struct err *err);
	void *ctx;
};

static void watched_done(struct watched *w)
{
	cgroups_done(&w->cgroups);
	scope_close(&w->pidfd);
	scope_close(&w->oom_fd);
	scope_close(&w->record_fd);
	scope_close(&w->changed_fd);
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

/* --- refusals ---------------------------------------------------------------------------------- */

/* It lies where its owner may write: what is no line of JSON is left out. */
static int say_refusal(const struct watched *w, const char *line, size_t len, struct err *err)
{
	static const struct json_limits limits = { RECORD_MAX, RECORD_DEPTH, RECORD_NODES };
	scoped_arena struct arena a = { 0 };
	struct text out = { .arena = &a };
	struct json *document;
	struct err ignored;

	if (json_parse(line, len, RECORDER_FILE, &limits, &a, &document, &ignored) < 0)
		return 0;
	text_addf(&out, "{\"type\":\"violation\",\"id\":\"%s\",\"data\":", w->id);
	json_canonical(document, NULL, &out);
	text_add(&out, "}\n");
	return w->say(w->ctx, out.s, err);
}

static int say_refusals(struct watched *w, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	char *text = w->record_fd < 0 || w->said >= (off_t)RECORD_MAX
			     ? NULL
			     : arena_array(&a, char, RECORD_MAX);
	ssize_t n = text ? pread(w->record_fd, text, RECORD_MAX - (size_t)w->said, w->said) : 0;

	for (const char *line = text, *end; n > 0 && (end = memchr(line, '\n', (size_t)n));
	     line = end + 1) {
		size_t len = (size_t)(end - line);

		TRY(say_refusal(w, line, len, err));
		n -= (ssize_t)len + 1;
		w->said += (off_t)len + 1;
	}
	return 0;
}

static int open_record(struct watched *w, const struct runtime *rt, struct err *err)
{
	scoped_entry struct entry e = { .dir_fd = -1 };
	scoped_fd int fd = -1;
	struct stat st;
	char path[64];

	TRY(store_open(rt, w->id, false, &e, err));
	fd = sys_openat(e.dir_fd, RECORDER_FILE,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	if (fd < 0 || sys_fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != e.owner)
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	w->changed_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->changed_fd < 0 || inotify_add_watch(w->changed_fd, path, IN_MODIFY) < 0)
		return err_host(err, errno, "watch %s of the container", RECORDER_FILE);
	w->record_fd = take_fd(&fd);
	return 0;
}

static int take_change(struct watched *w, struct err *err)
{
	char ignored[EVENTS_TEXT_ROOM];

	while (read(w->changed_fd, ignored, sizeof(ignored)) > 0)
		;
	return say_refusals(w, err);
}

/* --- the loop --------------------------------------------------------------------------------- */

static int watch(struct watched *w, uint32_t interval_ms, struct err *err)
{
	for (;;) {
		struct pollfd p[] = {
			{ .fd = w->pidfd, .events = POLLIN },
			{ .fd = w->oom_fd, .events = (short)(w->v2 ? POLLPRI : POLLIN) },
			{ .fd = w->changed_fd, .events = POLLIN },
		};
		int n = poll(p, ARRAY_LEN(p), interval_ms ? (int)interval_ms : -1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_host(err, errno, "wait for events");
		/* v1 tells the end of a cgroup as it does an event of it. */
		if (p[1].revents && ran_out(w) && cgroups_list(&w->cgroups))
			TRY(say(w, "oom", err));
		if (p[2].revents)
			TRY(take_change(w, err));
		if (p[0].revents)
			return say_refusals(w, err);
		if (n == 0 && cgroups_list(&w->cgroups))
			TRY(say(w, "stats", err));
	}
}

int life_events(const struct runtime *rt, const char *id, bool once, uint32_t interval_ms,
		int (*say_line)(void *ctx, const char *line, struct err *err), void *ctx,
		struct err *err)
{
	scoped_watched struct watched w = { .id = id,
					    .pidfd = -1,
					    .oom_fd = -1,
					    .record_fd = -1,
					    .changed_fd = -1,
					    .say = say_line,
					    .ctx = ctx };
	scoped_arena struct arena a = { 0 };
	struct container c;

	TRY(life_state(rt, id, &a, &c, err));
	if (!once)
		TRY(open_record(&w, rt, err));
	TRY(say_refusals(&w, err));
	if (c.status == STATUS_STOPPED && w.record_fd >= 0)
		return 0;
	if (c.status == STATUS_STOPPED)
		return err_state(err, "container not running: no such process");
	TRY(container_open(&c, &w.pidfd, err));
	TRY(cgroups_open(&c, NULL, &a, &w.cgroups, err));
	if (!cgroups_list(&w.cgroups) && w.record_fd < 0)
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
