/* SPDX-License-Identifier: Apache-2.0 */
/* measure.c - reads /proc of the sandbox's own pid namespace: only its processes are there, however many the host has. */
#include "runtime/sandbox/measure.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spec/base/str.h"
#include "spec/base/sys.h"

#define TEXT_MAX 4096
/* So often a fall of the tree's processor time is looked at again. */
#define LOOKS_SURE 2
/* Fields of proc_pid_stat(5), counted from 1; the second is in parentheses. */
enum {
	FIELD_CMINFLT = 11,
	FIELD_UTIME = 14,
	FIELD_STIME,
	FIELD_CUTIME,
	FIELD_CSTIME,
	FIELD_THREADS = 20,
	FIELD_RSS = 24
};

void measure_open(struct measure *m, int proc_fd)
{
	m->fd = proc_fd;
	m->at = m->have = 0;
	m->page = sysconf(_SC_PAGESIZE);
	m->ticks = sysconf(_SC_CLK_TCK);
}

void measure_close(struct measure *m)
{
	scope_close(&m->fd);
}

/* From the fourth on; what comes before are no numbers. */
static bool fields_parse(const char *line, uint64_t field[FIELD_RSS + 1])
{
	const char *s = strrchr(line, ')');

	if (!s || s[1] != ' ' || !s[2])
		return false;
	s += 2; /* the third field */
	for (int i = 3; i <= FIELD_RSS; i++) {
		char *end;

		if (i > 3)
			field[i] = strtoull(s, &end, 10);
		s = strchr(s, ' ');
		if (!s)
			return false;
		s++;
	}
	return true;
}

bool usage_parse(const char *line, long page, long ticks, struct usage *ret)
{
	uint64_t field[FIELD_RSS + 1] = { 0 };

	if (!fields_parse(line, field))
		return false;
	ret->runs = ret->runs || strrchr(line, ')')[2] != 'S';
	ret->processes++;
	ret->tasks += field[FIELD_THREADS];
	ret->resident += field[FIELD_RSS] * (uint64_t)page;
	ret->cpu_us += (field[FIELD_UTIME] + field[FIELD_STIME] + field[FIELD_CUTIME] +
			field[FIELD_CSTIME]) *
		       1000000u / (uint64_t)ticks;
	return true;
}

bool finish_parse(const char *line, int *status)
{
	uint64_t field[FIELD_RSS + 1] = { 0 };
	const char *name = strchr(line, '('), *end = strrchr(line, ')');
	char *after;
	long n;

	if (!name || !fields_parse(line, field) || field[FIELD_CMINFLT] ||
	    strncmp(name + 1, FINISH_NAME, sizeof(FINISH_NAME) - 1) != 0)
		return false;
	name += sizeof(FINISH_NAME);
	n = strtol(name, &after, 10);
	if (*name < '0' || *name > '9' || after != end || n > 255)
		return false;
	*status = (int)n;
	return true;
}

int64_t pss_parse(const char *text)
{
	const char *line = strstr(text, "\nPss:");
	char *end;
	uint64_t kib;

	if (!line)
		return -1;
	kib = strtoull(line + 5, &end, 10);
	return end == line + 5 || kib > INT64_MAX / 1024 ? -1 : (int64_t)(kib * 1024);
}

static const char *read_at(int dir, const char *path, char text[TEXT_MAX])
{
	scoped_fd int fd = sys_openat(dir, path, O_RDONLY | O_CLOEXEC, 0);
	ssize_t n = fd < 0 ? -1 : sys_read(fd, text, TEXT_MAX - 1);
	if (n <= 0)
		return NULL;
	text[n] = '\0';
	return text;
}

/* The text of /proc/PID/FILE, or NULL: it has ended, or does not let us. */
static const char *read_of(const struct measure *m, const char *pid, const char *file,
			   char text[TEXT_MAX])
{
	char path[64];

	(void)snprintf(path, sizeof(path), "%.20s/%s", pid, file);
	return read_at(m->fd, path, text);
}

static void rewind_names(struct measure *m)
{
	(void)lseek(m->fd, 0, SEEK_SET);
	m->at = m->have = 0;
}

static bool read_names(struct measure *m)
{
	ssize_t n = sys_getdents(m->fd, m->names, sizeof(m->names));

	m->at = 0;
	m->have = n > 0 ? (size_t)n : 0;
	return n > 0;
}

/* The next process but the first, NULL at the end. */
static const char *next(struct measure *m)
{
	while (m->at < m->have || read_names(m)) {
		const struct sys_dirent *d = (const void *)(m->names + m->at);

		m->at += d->len;
		if (d->name[0] >= '1' && d->name[0] <= '9' && !str_eq(d->name, "1"))
			return d->name;
	}
	return NULL;
}

bool measure_usage(struct measure *m, struct usage *ret)
{
	char text[TEXT_MAX];
	const char *pid, *line;
	struct usage first = { 0 };

	/* Those that nobody else waited for are the first process's. It comes first, as parents mostly do: who ends meanwhile is then
	 * missed, and never counted both as himself and with who waited for him. */
	line = read_of(m, "1", "stat", text);
	if (!line || !usage_parse(line, m->page, m->ticks, &first))
		return false;
	*ret = (struct usage){ .cpu_us = first.cpu_us };
	rewind_names(m);
	while ((pid = next(m))) {
		line = read_of(m, pid, "stat", text);
		if (line)
			(void)usage_parse(line, m->page, m->ticks, ret);
		else if (errno != ENOENT && errno != ESRCH)
			return false;
	}
	return true;
}

uint64_t account_add(struct account *account, uint64_t tree_us, bool falls)
{
	if (tree_us < account->tree_us && falls)
		account->gone_us += account->tree_us - tree_us;
	account->tree_us = tree_us;
	return account->gone_us + tree_us;
}

/* Who ends and is waited for by nobody takes his time out of the sum: what that falls by is the least that he had. Not so a child
 * that was waited for between the look at its parent and that at itself: the next look finds its time with the parent. */
bool measure_account(struct measure *m, struct account *account, bool falls, struct usage *ret)
{
	struct usage again;

	if (!measure_usage(m, ret))
		return false;
	for (int i = 0; i < LOOKS_SURE && ret->cpu_us < account->tree_us; i++) {
		if (!measure_usage(m, &again))
			return false;
		ret->cpu_us = again.cpu_us > ret->cpu_us ? again.cpu_us : ret->cpu_us;
	}
	ret->cpu_us = account_add(account, ret->cpu_us, falls);
	return true;
}

/* A kernel that does not count says so by zeros, for ever: whoever has been seen has run. */
bool ran_parse(const char *line, struct ran *ret)
{
	if (line[0] < '1' || line[0] > '9' || strlen(line) >= sizeof(ret->text))
		return false;
	memcpy(ret->text, line, strlen(line) + 1);
	return true;
}

bool measure_ran(struct measure *m, int number, struct ran *ret)
{
	char text[TEXT_MAX], pid[16];
	const char *s;

	(void)snprintf(pid, sizeof(pid), "%d", number);
	s = read_of(m, pid, "schedstat", text);
	return s && ran_parse(s, ret);
}

uint64_t measure_proportional(struct measure *m)
{
	char text[TEXT_MAX];
	uint64_t sum = 0;
	const char *pid;

	rewind_names(m);
	while ((pid = next(m))) {
		const char *rollup = read_of(m, pid, "smaps_rollup", text);
		int64_t pss = rollup ? pss_parse(rollup) : -1;
		struct usage one = { 0 };

		if (pss < 0) {
			const char *line = read_of(m, pid, "stat", text);

			pss = line && usage_parse(line, m->page, m->ticks, &one)
				      ? (int64_t)one.resident
				      : 0;
		}
		sum += (uint64_t)pss;
	}
	return sum;
}

bool measure_alone(struct measure *m, int number)
{
	char own[16];
	const char *pid;

	(void)snprintf(own, sizeof(own), "%d", number);
	rewind_names(m);
	while ((pid = next(m)))
		if (!str_eq(pid, own))
			return false;
	return true;
}

/* One that is in its end already has no memory any more: then there is nothing to be gained. */
static bool costs_of(int dir, const struct usage *u, struct finish *ret)
{
	char text[TEXT_MAX];
	const char *s = read_at(dir, "status", text);
	uint64_t exact;

	s = s ? strstr(s, "\nVmHWM:") : NULL;
	if (!s)
		return false;
	ret->peak = strtoull(s + 7, NULL, 10) * 1024u;
	/* Nanoseconds of the first thread, where the kernel counts them; of all threads there are ticks. */
	s = read_at(dir, "schedstat", text);
	exact = s ? strtoull(s, NULL, 10) / 1000u : 0;
	ret->cpu_us = exact > u->cpu_us ? exact : u->cpu_us;
	ret->tasks = u->tasks;
	return true;
}

bool measure_finish(struct measure *m, int number, struct finish *ret)
{
	char text[TEXT_MAX], pid[16];
	const char *line;
	int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	scoped_fd int dir = -1;
	struct usage u = { 0 };

	(void)snprintf(pid, sizeof(pid), "%d", number);
	dir = sys_openat(m->fd, pid, flags, 0);
	line = dir < 0 ? NULL : read_at(dir, "stat", text);
	if (!line || !finish_parse(line, &ret->status) ||
	    !usage_parse(line, m->page, m->ticks, &u) || !costs_of(dir, &u, ret))
		return false;
	ret->fd = take_fd(&dir);
	return true;
}
