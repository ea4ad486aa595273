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

	if (pid <= 0 || proc_read(pid, "stat", text, sizeof(text)) < 0)
		return -1;
	return process_stat_parse(text, ret);
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

	return process_stat_read(pid, &st) == 0 && st.start == start && !is_dead(st.state);
}

int pid_open(pid_t pid, uint64_t start)
{
	scoped_fd int fd = pid > 0 ? sys_pidfd_open(pid, 0) : -1;

	/* The number cannot be given away while the process that the pidfd names exists; so what
	 * /proc says is about it if it still exists afterwards. EPERM says that it does. */
	if (pid <= 0 || (fd >= 0 && pid_start_time(pid) != start) ||
	    (fd >= 0 && sys_pidfd_send_signal(fd, 0) < 0 && errno == ESRCH)) {
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

struct ns_id {
	dev_t dev;
	ino_t ino;
};

static int ns_at(const char *path, struct ns_id *ret)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -1;
	*ret = (struct ns_id){ st.st_dev, st.st_ino };
	return 0;
}

static int ns_of(pid_t pid, struct ns_id *ret)
{
	char path[64];

	(void)snprintf(path, sizeof(path), "/proc/%d/ns/pid", pid);
	return ns_at(path, ret);
}

static bool ns_same(const struct ns_id *a, const struct ns_id *b)
{
	return a->dev == b->dev && a->ino == b->ino;
}

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

/* The namespace that is the container's own; -1 where it shares one. */
static int own_ns(const struct container *c, struct ns_id *ret)
{
	struct ns_id ours;

	if (!is_first(c->pid) || ns_of(c->pid, ret) < 0 || ns_at("/proc/self/ns/pid", &ours) < 0)
		return -1;
	return ns_same(ret, &ours) ? -1 : 0;
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
 * or, where ns is NULL, by a parent that does. */
static bool belongs(pid_t pid, const struct ns_id *ns, const struct pids_list *list)
{
	struct process_stat st;
	struct ns_id its;

	if (ns)
		return pid != list->v[0] && ns_of(pid, &its) == 0 && ns_same(&its, ns);
	return process_stat_read(pid, &st) == 0 && !is_dead(st.state) && has_pid(list, st.parent) &&
	       !has_pid(list, pid);
}

static void scope_closedir(DIR **d)
{
	if (*d)
		(void)closedir(*d);
}

/* One pass over /proc; what belongs is added once. */
static int walk(const struct ns_id *ns, struct pids_list *list, size_t *room, struct arena *a,
		struct err *err)
{
	scoped(scope_closedir) DIR *d = opendir("/proc");
	const struct dirent *entry;

	if (!d)
		return err_host(err, errno, "read /proc");
	while ((entry = readdir(d))) {
		uint64_t pid;

		if (field_number(entry->d_name, INT32_MAX, &pid) == 0 &&
		    belongs((pid_t)pid, ns, list))
			TRY(pids_add(list, room, (pid_t)pid, a, err));
	}
	return 0;
}

static int by_number(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

int pids_of(const struct container *c, struct arena *a, struct pids_list *ret, struct err *err)
{
	struct pids_list list = { 0 };
	struct ns_id ns;
	bool shared = own_ns(c, &ns) < 0;
	size_t room = 0, before;

	TRY(pids_add(&list, &room, c->pid, a, err));
	if (!shared) {
		TRY(walk(&ns, &list, &room, a, err));
	} else {
		/* A child's number may be lower than its parent's once numbers have wrapped. */
		do {
			before = list.n;
			TRY(walk(NULL, &list, &room, a, err));
		} while (list.n > before);
	}
	qsort(list.v, list.n, sizeof(pid_t), by_number);
	*ret = list;
	return shared;
}
