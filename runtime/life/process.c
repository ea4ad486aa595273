/* SPDX-License-Identifier: Apache-2.0 */
/* process.c - reads /proc/PID about a container's processes.
 * Should: hold a pidfd before it believes what /proc says of a number. */
#include "runtime/life/process.h"

#include <ctype.h>
#include <dirent.h>
#include <linux/nsfs.h>

#include "spec/base/fd.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"

#define PROC_TEXT_MAX 4096
/* User namespaces nest at most 32 deep. */
#define USER_NS_DEPTH 33
#define STAT_FIELD_STATE 3
#define STAT_FIELD_PARENT 4
#define STAT_FIELD_START 22

/* The beginning of /proc/PID/NAME; -1 where it cannot be read. */
static int proc_read(pid_t pid, const char *name, char *buf, size_t room)
{
	char path[64];
	scoped_fd int fd = -1;
	size_t len = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	while (len < room - 1) {
		ssize_t n = sys_read(fd, buf + len, room - 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	buf[len] = '\0';
	return 0;
}

/* A number up to the next space. */
static int field_number(const char *s, uint64_t max, uint64_t *ret)
{
	struct err ignored = { 0 };
	char word[24];
	size_t n = strcspn(s, " \t\n");

	if (n >= sizeof(word))
		return -1;
	memcpy(word, s, n);
	word[n] = '\0';
	return str_u64(word, 10, max, ret, &ignored);
}

int process_stat_parse(const char *text, struct process_stat *ret)
{
	const char *s = strrchr(text, ')');
	struct process_stat st = { 0 };
	uint64_t parent;

	if (!s || s[1] != ' ' || !isalpha((unsigned char)s[2]))
		return -1;
	s += 2;
	st.state = *s;
	for (int field = STAT_FIELD_STATE; field < STAT_FIELD_START; field++) {
		s = strchr(s, ' ');
		if (!s)
			return -1;
		s++;
		if (field + 1 == STAT_FIELD_PARENT) {
			if (field_number(s, INT32_MAX, &parent) < 0)
				return -1;
			st.parent = (pid_t)parent;
		}
	}
	if (field_number(s, UINT64_MAX, &st.start) < 0)
		return -1;
	*ret = st;
	return 0;
}

int process_stat_read(pid_t pid, struct process_stat *ret)
{
	char text[PROC_TEXT_MAX];

	errno = ESRCH;
	if (pid <= 0 || proc_read(pid, "stat", text, sizeof(text)) < 0)
		return -1;
	errno = EPROTO;
	return process_stat_parse(text, ret);
}

static bool is_gone(int errnum)
{
	return errnum == ENOENT || errnum == ESRCH;
}

uint64_t pid_start_time(pid_t pid)
{
	struct process_stat st;

	return process_stat_read(pid, &st) < 0 ? 0 : st.start;
}

static bool is_dead(char state)
{
	return state == 'Z' || state == 'X' || state == 'x';
}

bool pid_alive(pid_t pid, uint64_t start)
{
	struct process_stat st;

	/* What cannot be looked at just now is not gone. */
	if (process_stat_read(pid, &st) < 0)
		return !is_gone(errno);
	return st.start == start && !is_dead(st.state);
}

int pid_open(pid_t pid, uint64_t start)
{
	scoped_fd int fd = pid > 0 ? sys_pidfd_open(pid, 0) : -1;
	struct process_stat st;

	if (pid > 0 && fd < 0)
		return -1;
	/* The number cannot be given away while the process that the pidfd names exists; so what
	 * /proc says is about it if it still exists afterwards. EPERM says that it does. */
	if (process_stat_read(pid, &st) < 0) {
		if (is_gone(errno))
			errno = ESRCH;
		return -1;
	}
	if (st.start != start || (sys_pidfd_send_signal(fd, 0) < 0 && errno == ESRCH)) {
		errno = ESRCH;
		return -1;
	}
	return take_fd(&fd);
}

static bool real_uid_is(pid_t pid, uint32_t owner)
{
	char text[PROC_TEXT_MAX];
	const char *line;
	uint64_t uid;

	if (proc_read(pid, "status", text, sizeof(text)) < 0)
		return false;
	/* The name in the first line is the process's own choice, but has no newline. */
	line = strstr(text, "\nUid:\t");
	return line && field_number(line + strlen("\nUid:\t"), UINT32_MAX, &uid) == 0 &&
	       uid == owner;
}

/* One of the user namespaces around the process, up to ours, was made by owner. */
static bool user_ns_owned(pid_t pid, uint32_t owner)
{
	char path[64];
	uid_t uid;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/user", pid);
	scoped_fd int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	for (int depth = 0; fd >= 0 && depth < USER_NS_DEPTH; depth++) {
		int parent = sys_ioctl(fd, NS_GET_PARENT, NULL);

		/* Ours has no parent that we may see: it and what lies outside do not count. */
		if (parent < 0)
			return false;
		if (sys_ioctl(fd, NS_GET_OWNER_UID, &uid) == 0 && uid == owner) {
			(void)sys_close(parent);
			return true;
		}
		(void)sys_close(fd);
		fd = parent;
	}
	return false;
}

bool process_owned(pid_t pid, uint32_t owner)
{
	if (geteuid() != 0 || owner == 0)
		return true;
	return real_uid_is(pid, owner) || user_ns_owned(pid, owner);
}

int container_open(const struct container *c, int *ret_pidfd, struct err *err)
{
	scoped_fd int fd = c->pid ? pid_open(c->pid, c->pid_start) : -1;

	if (fd < 0 && (!c->pid || errno == ESRCH))
		return err_state(err, "container not running: no such process");
	if (fd < 0)
		return err_host(err, errno, "open process %d", c->pid);
	if (!process_owned(c->pid, c->owner_uid))
		return err_set(err, ERR_HOSTILE, 0,
			       "the state of container \"%s\" names process %d, which is not its "
			       "owner's, uid %u",
			       c->id, c->pid, c->owner_uid);
	*ret_pidfd = take_fd(&fd);
	return 0;
}

/* --- the walk --------------------------------------------------------------------------------- */

/* It is process 1 of its pid namespace: the last number in its NSpid line. */
static bool is_first(pid_t pid)
{
	char text[PROC_TEXT_MAX];
	const char *line, *end;

	if (proc_read(pid, "status", text, sizeof(text)) < 0)
		return false;
	line = strstr(text, "\nNSpid:\t");
	if (!line)
		return false;
	line += strlen("\nNSpid:\t");
	end = line + strcspn(line, "\n");
	return end - line >= 2 && end[-1] == '1' && end[-2] == '\t';
}

static bool in_ns(const struct crowd *w, pid_t pid)
{
	char path[64];
	struct stat st;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/pid", pid);
	return stat(path, &st) == 0 && st.st_dev == w->ns_dev && st.st_ino == w->ns_ino;
}

/* Holds init's pid namespace, if it is init's own and not ours. */
static void crowd_hold_ns(struct crowd *w)
{
	char path[64];
	struct stat st, ours;

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/pid", w->init);
	scoped_fd int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0 || !is_first(w->init) || sys_fstat(fd, &st) < 0 ||
	    stat("/proc/self/ns/pid", &ours) < 0 ||
	    (st.st_dev == ours.st_dev && st.st_ino == ours.st_ino))
		return;
	/* All this was about init only if it still exists. */
	if (sys_pidfd_send_signal(w->pidfd, 0) < 0 && errno == ESRCH)
		return;
	w->ns_dev = st.st_dev;
	w->ns_ino = st.st_ino;
	w->ns_fd = take_fd(&fd);
}

void crowd_done(struct crowd *w)
{
	scope_close(&w->pidfd);
	scope_close(&w->ns_fd);
	w->pidfd = w->ns_fd = -1;
}

int crowd_open(const struct container *c, struct crowd *ret, struct err *err)
{
	struct crowd w = { .init = c->pid, .owner = c->owner_uid, .pidfd = -1, .ns_fd = -1 };

	TRY(container_open(c, &w.pidfd, err));
	crowd_hold_ns(&w);
	*ret = w;
	return 0;
}

bool crowd_has(const struct crowd *w, pid_t pid)
{
	return (pid == w->init || (w->ns_fd >= 0 && in_ns(w, pid))) && process_owned(pid, w->owner);
}

static int pids_add(struct pids_list *list, size_t *room, pid_t pid, struct arena *a,
		    struct err *err)
{
	if (list->n == PROCESSES_MAX)
		return err_limit(err, "more than %u processes in the container", PROCESSES_MAX);
	if (list->n == *room) {
		size_t more = *room ? *room * 2 : 64;

		list->v = arena_grow(a, list->v, *room * sizeof(pid_t), more * sizeof(pid_t));
		*room = more;
	}
	list->v[list->n++] = pid;
	return 0;
}

static bool has_pid(const struct pids_list *list, pid_t pid)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->v[i] == pid)
			return true;
	return false;
}

/* Whether a process belongs and is not listed yet: by namespace, of which the list holds only init,
 * or else by a parent that does. */
static bool belongs(const struct crowd *w, pid_t pid, const struct pids_list *list)
{
	struct process_stat st;

	if (w->ns_fd >= 0)
		return pid != w->init && in_ns(w, pid);
	return process_stat_read(pid, &st) == 0 && !is_dead(st.state) && has_pid(list, st.parent) &&
	       !has_pid(list, pid);
}

static void scope_closedir(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

/* One pass over /proc; what belongs is added once. */
static int walk(const struct crowd *w, struct pids_list *list, size_t *room, struct arena *a,
		struct err *err)
{
	scoped(scope_closedir) DIR *d = opendir("/proc");
	const struct dirent *entry;

	if (!d)
		return err_host(err, errno, "read /proc");
	while ((entry = readdir(d))) {
		uint64_t pid;

		if (field_number(entry->d_name, INT32_MAX, &pid) == 0 &&
		    belongs(w, (pid_t)pid, list))
			TRY(pids_add(list, room, (pid_t)pid, a, err));
	}
	return 0;
}

static int by_number(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

int crowd_pids(const struct crowd *w, struct arena *a, struct pids_list *ret, struct err *err)
{
	struct pids_list list = { 0 };
	size_t room = 0, before;

	TRY(pids_add(&list, &room, w->init, a, err));
	/* By parents it takes several passes: a child's number may be below its parent's. */
	do {
		before = list.n;
		TRY(walk(w, &list, &room, a, err));
	} while (w->ns_fd < 0 && list.n > before);
	qsort(list.v, list.n, sizeof(pid_t), by_number);
	*ret = list;
	return 0;
}
