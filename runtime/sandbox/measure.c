/* SPDX-License-Identifier: Apache-2.0 */
/* measure.c - reads /proc of the sandbox's own pid namespace: only its processes are there, however many the host has. */
#include "runtime/sandbox/measure.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "spec/base/str.h"
#include "spec/base/sys.h"

#define TEXT_MAX 4096
/* Fields of proc_pid_stat(5), counted from 1; the second is in parentheses. */
enum {
	FIELD_UTIME = 14,
	FIELD_STIME,
	FIELD_CUTIME,
	FIELD_CSTIME,
	FIELD_THREADS = 20,
	FIELD_RSS = 24
};

struct measure {
	DIR *dir;
	long page, ticks;
};

struct measure *measure_open(int proc_fd)
{
	scoped_fd int fd = proc_fd;
	struct measure *m = malloc(sizeof(*m));

	if (!m)
		abort(); /* as the arenas do */
	m->dir = fdopendir(fd);
	if (!m->dir) {
		free(m);
		return NULL;
	}
	(void)take_fd(&fd);
	m->page = sysconf(_SC_PAGESIZE);
	m->ticks = sysconf(_SC_CLK_TCK);
	return m;
}

void measure_close(struct measure *m)
{
	if (!m)
		return;
	(void)closedir(m->dir);
	free(m);
}

bool usage_parse(const char *line, long page, long ticks, struct usage *ret)
{
	const char *s = strrchr(line, ')');
	uint64_t field[FIELD_RSS + 1] = { 0 };

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
	ret->processes++;
	ret->tasks += field[FIELD_THREADS];
	ret->resident += field[FIELD_RSS] * (uint64_t)page;
	ret->cpu_us += (field[FIELD_UTIME] + field[FIELD_STIME] + field[FIELD_CUTIME] +
			field[FIELD_CSTIME]) *
		       1000000u / (uint64_t)ticks;
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

/* The text of /proc/PID/FILE, or NULL: it has ended, or does not let us. */
static const char *read_of(const struct measure *m, const char *pid, const char *file,
			   char text[TEXT_MAX])
{
	char path[64];
	ssize_t n;

	(void)snprintf(path, sizeof(path), "%.20s/%s", pid, file);
	scoped_fd int fd = sys_openat(dirfd(m->dir), path, O_RDONLY | O_CLOEXEC, 0);
	n = fd < 0 ? -1 : sys_read(fd, text, TEXT_MAX - 1);
	if (n <= 0)
		return NULL;
	text[n] = '\0';
	return text;
}

/* The next process but the first, NULL at the end. */
static const char *next(const struct measure *m)
{
	struct dirent *d;

	while ((d = readdir(m->dir)))
		if (d->d_name[0] >= '1' && d->d_name[0] <= '9' && !str_eq(d->d_name, "1"))
			return d->d_name;
	return NULL;
}

bool measure_usage(struct measure *m, struct usage *ret)
{
	char text[TEXT_MAX];
	const char *pid, *line;

	*ret = (struct usage){ 0 };
	rewinddir(m->dir);
	while ((pid = next(m))) {
		line = read_of(m, pid, "stat", text);
		if (line)
			(void)usage_parse(line, m->page, m->ticks, ret);
	}
	/* Those that nobody else waited for are the first process's. */
	line = read_of(m, "1", "stat", text);
	struct usage first = { 0 };
	if (!line || !usage_parse(line, m->page, m->ticks, &first))
		return false;
	ret->cpu_us += first.cpu_us;
	return true;
}

uint64_t measure_proportional(struct measure *m)
{
	char text[TEXT_MAX];
	uint64_t sum = 0;
	const char *pid;

	rewinddir(m->dir);
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
