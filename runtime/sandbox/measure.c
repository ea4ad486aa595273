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

/* What is read of a process. */
enum { FILE_STAT, FILE_STATUS, FILE_RAN };
static const char *const file_names[MEASURE_FILES] = {
	[FILE_STAT] = "stat", [FILE_STATUS] = "status", [FILE_RAN] = "schedstat"
};

/* Where in a listing the first process stands, as one before has told: what comes before it takes the kernel longer to list than
 * the few processes of a sandbox. */
static int64_t first_at;

void measure_open(struct measure *m, int proc_fd)
{
	*m = (struct measure){ MEASURE_INIT };
	m->fd = proc_fd;
	m->page = sysconf(_SC_PAGESIZE);
	m->ticks = sysconf(_SC_CLK_TCK);
}

void measure_hold(struct measure *m, int number)
{
	char pid[16];

	(void)snprintf(pid, sizeof(pid), "%d", number);
	m->dir = sys_openat(m->fd, pid, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	for (int i = 0; m->dir >= 0 && i < MEASURE_FILES; i++)
		m->held[i] = sys_openat(m->dir, file_names[i], O_RDONLY | O_CLOEXEC, 0);
	m->number = number;
}

void measure_close(struct measure *m)
{
	for (int i = 0; i < MEASURE_FILES; i++)
		scope_close(&m->held[i]);
	scope_close(&m->dir);
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

static const char *read_path(int dir, const char *path, char text[TEXT_MAX])
{
	scoped_fd int fd = sys_openat(dir, path, O_RDONLY | O_CLOEXEC, 0);
	ssize_t n = fd < 0 ? -1 : sys_read(fd, text, TEXT_MAX - 1);

	if (n <= 0)
		return NULL;
	text[n] = '\0';
	return text;
}

static const char *read_held(int fd, char text[TEXT_MAX])
{
	ssize_t n = sys_pread(fd, text, TEXT_MAX - 1, 0);

	if (n <= 0)
		return NULL;
	text[n] = '\0';
	return text;
}

/* NULL: it has ended, or does not let us. */
static const char *read_of(const struct measure *m, int number, int file, char text[TEXT_MAX])
{
	char path[64];

	if (number == m->number && m->held[file] >= 0)
		return read_held(m->held[file], text);
	(void)snprintf(path, sizeof(path), "%d/%s", number, file_names[file]);
	return read_path(m->fd, path, text);
}

/* 0: it is no process. */
static int number_of(const struct sys_dirent *d)
{
	return d->name[0] >= '1' && d->name[0] <= '9' ? (int)strtol(d->name, NULL, 10) : 0;
}

static bool read_names(struct measure *m)
{
	ssize_t n = sys_getdents(m->fd, m->names, sizeof(m->names));

	m->at = 0;
	m->have = n > 0 ? (size_t)n : 0;
	return n > 0;
}

static void rewind_to(struct measure *m, int64_t from)
{
	(void)lseek(m->fd, from, SEEK_SET);
	m->at = m->have = 0;
}

/* The first process is in the listing as long as there are others. */
static void rewind_names(struct measure *m)
{
	rewind_to(m, first_at);
	if (first_at && read_names(m) && number_of((const void *)m->names) == 1)
		return;
	first_at = 0;
	rewind_to(m, 0);
}

/* The next process but the first, 0 at the end. */
static int next(struct measure *m)
{
	while (m->at < m->have || read_names(m)) {
		const struct sys_dirent *d = (const void *)(m->names + m->at);
		int number = number_of(d);

		m->at += d->len;
		if (number > 1)
			return number;
		if (!number)
			first_at = d->off;
	}
	return 0;
}

bool measure_usage(struct measure *m, struct usage *ret)
{
	char text[TEXT_MAX];
	const char *line;
	struct usage first = { 0 };
	int number;

	/* Those that nobody else waited for are the first process's. It comes first, as parents mostly do: who ends meanwhile is then
	 * missed, and never counted both as himself and with who waited for him. */
	line = read_of(m, 1, FILE_STAT, text);
	if (!line || !usage_parse(line, m->page, m->ticks, &first))
		return false;
	*ret = (struct usage){ .cpu_us = first.cpu_us };
	rewind_names(m);
	while ((number = next(m))) {
		line = read_of(m, number, FILE_STAT, text);
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
	char text[TEXT_MAX];
	const char *s = read_of(m, number, FILE_RAN, text);

	return s && ran_parse(s, ret);
}

int measure_ran_fd(const struct measure *m)
{
	return m->held[FILE_RAN];
}

bool measure_ran_at(int fd, struct ran *ret)
{
	char text[TEXT_MAX];
	const char *s = read_held(fd, text);

	return s && ran_parse(s, ret);
}

/* Bytes of one process. */
static uint64_t proportional_of(const struct measure *m, int number)
{
	char text[TEXT_MAX], path[64];
	const char *line;
	int64_t pss = -1;
	struct usage one = { 0 };

	(void)snprintf(path, sizeof(path), "%d/smaps_rollup", number);
	line = read_path(m->fd, path, text);
	if (line)
		pss = pss_parse(line);
	if (pss >= 0)
		return (uint64_t)pss;
	line = read_of(m, number, FILE_STAT, text);
	return line && usage_parse(line, m->page, m->ticks, &one) ? one.resident : 0;
}

uint64_t measure_proportional(struct measure *m)
{
	uint64_t sum = 0;
	int number;

	rewind_names(m);
	while ((number = next(m)))
		sum += proportional_of(m, number);
	return sum;
}

bool measure_alone(struct measure *m, int number)
{
	int other;

	rewind_names(m);
	while ((other = next(m)))
		if (other != number)
			return false;
	return true;
}

/* One that is in its end already has no memory any more: then there is nothing to be gained. */
static bool costs_of(const struct measure *m, const struct usage *u, struct finish *ret)
{
	char text[TEXT_MAX];
	const char *s = read_of(m, m->number, FILE_STATUS, text);
	uint64_t exact;

	s = s ? strstr(s, "\nVmHWM:") : NULL;
	if (!s)
		return false;
	ret->peak = strtoull(s + 7, NULL, 10) * 1024u;
	/* Nanoseconds of the first thread, where the kernel counts them; of all threads there are ticks. */
	s = read_of(m, m->number, FILE_RAN, text);
	exact = s ? strtoull(s, NULL, 10) / 1000u : 0;
	ret->cpu_us = exact > u->cpu_us ? exact : u->cpu_us;
	ret->tasks = u->tasks;
	return true;
}

bool measure_finish(struct measure *m, struct finish *ret)
{
	char text[TEXT_MAX];
	const char *line = m->dir < 0 ? NULL : read_of(m, m->number, FILE_STAT, text);
	struct usage u = { 0 };

	ret->fd = m->dir;
	return line && finish_parse(line, &ret->status) &&
	       usage_parse(line, m->page, m->ticks, &u) && costs_of(m, &u, ret);
}
