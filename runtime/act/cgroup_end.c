/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup_end.c - the processes in a cgroup: counted, stopped, killed; and the end of the cgroup itself. */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "runtime/act/cgroup_tree.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"

#define LIST_ROOM 4096
#define NAME_ROOM 256
/* The dead leave a cgroup some moments after SIGKILL; what is in the middle of I/O later. */
#define WAIT_STEP_MS 2
#define WAIT_STEPS 5000
#define REMOVALS_MAX 65536

static void wait_a_step(void)
{
	static const struct timespec step = { .tv_nsec = WAIT_STEP_MS * 1000000L };

	(void)nanosleep(&step, NULL);
}

/* --- walking ---------------------------------------------------------------------------------- */

/* Directories within a directory, one after the other. */
struct walk {
	int fd;
	ssize_t have;
	size_t at;
	_Alignas(8) char buf[2048];
};

/* The next sub-cgroup's name, or NULL: there is none, or errno. */
static const char *next_below(struct walk *w)
{
	for (;;) {
		const struct sys_dirent *d;

		if ((ssize_t)w->at >= w->have) {
			w->have = sys_getdents(w->fd, w->buf, sizeof(w->buf));
			w->at = 0;
			if (w->have <= 0) {
				errno = w->have < 0 ? errno : 0;
				return NULL;
			}
		}
		d = (const void *)(w->buf + w->at);
		w->at += d->len;
		if (d->type == DT_DIR && !str_eq(d->name, ".") && !str_eq(d->name, ".."))
			return d->name;
	}
}

static int walk_open(int fd, struct walk *ret)
{
	ret->have = 0;
	ret->at = 0;
	ret->fd = open_beneath(fd, ".", O_RDONLY | O_DIRECTORY);
	return ret->fd < 0 ? -1 : 0;
}

/* --- processes -------------------------------------------------------------------------------- */

struct each {
	int (*fn)(void *ctx, pid_t pid, struct err *err);
	void *ctx;
};

/* The numbers in one piece of cgroup.procs; what is cut off at its end is kept for the next. */
static int each_in_text(const struct each *e, char *text, size_t *len, struct err *err)
{
	char *line = text, *end;

	while ((end = memchr(line, '\n', *len - (size_t)(line - text)))) {
		struct err ignored;
		uint64_t pid;

		*end = '\0';
		if (str_u64(line, 10, INT32_MAX, &pid, &ignored) == 0 && pid > 0)
			TRY(e->fn(e->ctx, (pid_t)pid, err));
		line = end + 1;
	}
	*len -= (size_t)(line - text);
	memmove(text, line, *len);
	return 0;
}

static int each_own(int fd, const struct each *e, struct err *err)
{
	scoped_fd int procs = open_beneath(fd, "cgroup.procs", O_RDONLY);
	char text[LIST_ROOM];
	size_t len = 0;

	if (procs < 0)
		return errno == ENOENT ? 0 : cgroup_failed(err, errno, "list a cgroup's processes");
	for (;;) {
		ssize_t n = sys_read(procs, text + len, sizeof(text) - len);

		if (n < 0 && errno == EINTR)
			continue;
		/* ENODEV: the cgroup is gone. EOPNOTSUPP: a threaded one, whose processes are above. */
		if (n < 0 && (errno == ENODEV || errno == EOPNOTSUPP))
			return 0;
		if (n < 0)
			return cgroup_failed(err, errno, "list a cgroup's processes");
		if (n == 0)
			return 0;
		len += (size_t)n;
		TRY(each_in_text(e, text, &len, err));
	}
}

static int each_below(int fd, const struct each *e, int depth, struct err *err)
{
	struct walk w;
	const char *name;
	int r = 0;

	TRY(each_own(fd, e, err));
	if (depth == 0)
		return err_limit(err, "cgroups nest more than %d deep", CGROUP_DEPTH_MAX);
	if (walk_open(fd, &w) < 0)
		return errno == ENOENT ? 0 : cgroup_failed(err, errno, "open a cgroup");
	while (r == 0 && (name = next_below(&w))) {
		scoped_fd int below = open_beneath(fd, name, O_RDONLY | O_DIRECTORY);

		if (below >= 0)
			r = each_below(below, e, depth - 1, err);
	}
	(void)sys_close(w.fd);
	return r;
}

int cgroup_each(int fd, int (*fn)(void *ctx, pid_t pid, struct err *err), void *ctx,
		struct err *err)
{
	struct each e = { fn, ctx };

	return each_below(fd, &e, CGROUP_DEPTH_MAX, err);
}

static int kill_one(void *ctx, pid_t pid, struct err *err)
{
	scoped_fd int fd = sys_pidfd_open(pid, 0);

	(void)ctx;
	(void)err;
	/* One that died since is what was wanted. Its number cannot be another's yet: it was listed a moment ago, and
	 * numbers are given out in turn. */
	if (fd >= 0)
		(void)sys_pidfd_send_signal(fd, SIGKILL);
	return 0;
}

int cgroup_kill(int fd, bool v2, struct err *err)
{
	if (v2 && cgroup_write(fd, "cgroup.kill", "1") == 0)
		return 0;
	return cgroup_each(fd, kill_one, NULL, err);
}

/* --- the freezer ------------------------------------------------------------------------------ */

static int is_frozen_now(int fd, bool v2)
{
	char text[256];

	if (cgroup_read(fd, v2 ? "cgroup.events" : "freezer.state", text, sizeof(text)) < 0)
		return -1;
	return v2 ? strstr(text, "frozen 1") != NULL : str_starts(text, "FROZEN");
}

int cgroup_is_frozen(int fd, bool v2)
{
	char text[64];

	if (v2)
		return is_frozen_now(fd, true);
	if (cgroup_read(fd, "freezer.state", text, sizeof(text)) < 0)
		return -1;
	return !str_starts(text, "THAWED");
}

int cgroup_freeze(int fd, bool v2, bool frozen, struct err *err)
{
	const char *file = v2 ? "cgroup.freeze" : "freezer.state";
	const char *word = v2 ? (frozen ? "1" : "0") : (frozen ? "FROZEN" : "THAWED");

	if (cgroup_write(fd, file, word) < 0)
		return cgroup_failed(err, errno, "write %s to %s", word, file);
	if (!frozen)
		return 0;
	for (int step = 0; step < WAIT_STEPS; step++) {
		if (is_frozen_now(fd, v2) > 0)
			return 0;
		wait_a_step();
		/* v1 may stay FREEZING where a process forked just then: writing it again tries again. */
		if (!v2 && step % 16 == 15)
			(void)cgroup_write(fd, file, word);
	}
	(void)cgroup_write(fd, file, v2 ? "0" : "THAWED");
	return err_state(err,
			 "the container does not freeze: one of its processes is in the kernel");
}

/* --- removal ---------------------------------------------------------------------------------- */

static int remove_tree(int dir, const char *name, int depth, unsigned int *left, struct err *err);

/* All that is below; one after the other, from the beginning each time, as the list changes under the walk. */
static int remove_below(int fd, int depth, unsigned int *left, struct err *err)
{
	for (;;) {
		struct walk w;
		char name[NAME_ROOM] = "";
		const char *first;

		if (walk_open(fd, &w) < 0)
			return errno == ENOENT ? 0 : cgroup_failed(err, errno, "open a cgroup");
		first = next_below(&w);
		if (first)
			(void)snprintf(name, sizeof(name), "%s", first);
		(void)sys_close(w.fd);
		if (!first)
			return 0;
		TRY(remove_tree(fd, name, depth - 1, left, err));
	}
}

static int remove_tree(int dir, const char *name, int depth, unsigned int *left, struct err *err)
{
	if (depth == 0 || *left == 0)
		return err_limit(err, "too many cgroups below the container's");
	--*left;
	for (int step = 0; step < WAIT_STEPS; step++) {
		scoped_fd int fd = -1;

		if (sys_unlinkat(dir, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
			return 0;
		if (errno != EBUSY && errno != ENOTEMPTY)
			return cgroup_failed(err, errno, "remove cgroup %s", name);
		fd = open_beneath(dir, name, O_RDONLY | O_DIRECTORY);
		if (fd < 0 && errno == ENOENT)
			return 0;
		if (fd < 0)
			return cgroup_failed(err, errno, "open cgroup %s", name);
		TRY(remove_below(fd, depth, left, err));
		if (step > 0)
			wait_a_step();
	}
	return err_state(err, "cgroup %s still has processes %d s after they were killed", name,
			 WAIT_STEP_MS * WAIT_STEPS / 1000);
}

int cgroup_remove(int mount_fd, const char *path, struct err *err)
{
	char above[CGROUP_PATH_MAX];
	const char *name = strrchr(path, '/');
	unsigned int left = REMOVALS_MAX;
	scoped_fd int dir = -1;
	int gone;

	if (!name || !name[1] || strlen(path) >= sizeof(above))
		return err_set(err, ERR_HOSTILE, 0, "\"%.128s\" is no container's cgroup", path);
	(void)snprintf(above, sizeof(above), "%.*s", (int)(name - path), path);
	gone = cgroup_open(mount_fd, above, &dir, err);
	if (gone)
		return gone < 0 ? gone : 0;
	return remove_tree(dir, name + 1, CGROUP_DEPTH_MAX, &left, err);
}
