/* SPDX-License-Identifier: Apache-2.0 */
/* crowd.c - many at once, and what those who wait take of memory. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/bench.h"

#define WORKERS 4
#define RATE_SECONDS 2.0

/* rate_worker: starts until the deadline; says how many through its pipe. */
static _Noreturn void rate_worker(struct bench *b, size_t row, double deadline, int fd)
{
	unsigned int n = 0;

	while (now_us() < deadline)
		n += run_once(b, row, NULL) >= 0;
	_exit(write(fd, &n, sizeof(n)) == (ssize_t)sizeof(n) ? 0 : 1);
}

static void measure_rate(struct bench *b, size_t row)
{
	double began = now_us();
	unsigned int n, sum = 0;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return;
	for (int i = 0; i < WORKERS; i++) {
		pid_t pid = fork();

		if (pid == 0)
			rate_worker(b, row, began + RATE_SECONDS * 1e6, fds[1]);
	}
	(void)close(fds[1]);
	while (read(fds[0], &n, sizeof(n)) == (ssize_t)sizeof(n))
		sum += n;
	b->per_second[row] = (double)sum / ((now_us() - began) / 1e6);
	(void)close(fds[0]);
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
}

void report_rates(struct bench *b)
{
	(void)fprintf(
		b->out,
		"\n## Starts per second, %d workers\n\n| command | per second |\n|---|---:|\n",
		WORKERS);
	for (size_t i = 0; i < rows_n; i++) {
		if (!rows[i].rate || !b->samples[i])
			continue;
		measure_rate(b, i);
		(void)fprintf(b->out, "| %s | %.0f |\n", rows[i].name, b->per_second[i]);
	}
}

/* pss_kib: the proportional set of a process, from smaps_rollup; -1 where it cannot be read. */
static long pss_kib(pid_t pid)
{
	char path[64], line[256];
	long kib = -1;
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	f = fopen(path, "re");
	while (f && kib < 0 && fgets(line, sizeof(line), f))
		if (strncmp(line, "Pss:", 4) == 0)
			kib = strtol(line + 4, NULL, 10);
	if (f)
		(void)fclose(f);
	return kib;
}

/* The start row's command with the waiting payload in place of the quick one. */
static void waiting_command(const struct bench *b, size_t row, struct command *c)
{
	char text[2048];
	const char *from = rows[row].run[0], *hit;
	size_t at = 0;

	for (; (hit = strstr(from, "/true")) != NULL; from = hit + 5) {
		(void)snprintf(text + at, sizeof(text) - at, "%.*s/pause", (int)(hit - from), from);
		at = strlen(text);
	}
	(void)snprintf(text + at, sizeof(text) - at, "%s", from);
	command_make(c, b, row, text);
}

static pid_t launch_waiting(struct bench *b, size_t row)
{
	struct command c;

	b->ids++;
	waiting_command(b, row, &c);
	return launch(b, row, &c, NULL);
}

/* pause answers TERM also as a namespace's first process, and every runtime here forwards it or dies
 * with a signal to the whole group. */
static void end_waiting(pid_t pid)
{
	(void)kill(pid, SIGTERM);
	for (int i = 0; i < 100; i++) {
		int status;

		if (waitpid(pid, &status, WNOHANG) == pid)
			return;
		sleep_ms(10);
	}
	(void)kill(pid, SIGKILL);
	(void)wait_for(pid);
}

void report_memory(struct bench *b)
{
	(void)fprintf(b->out, "\n## The waiting parent\n\n| command | PSS KiB |\n|---|---:|\n");
	for (size_t i = 0; i < rows_n; i++) {
		pid_t pid;

		if (!rows[i].rate || !b->samples[i])
			continue;
		pid = launch_waiting(b, i);
		if (pid < 0)
			continue;
		sleep_ms(300);
		b->pss_kib[i] = pss_kib(pid);
		(void)fprintf(b->out, "| %s | %ld |\n", rows[i].name, b->pss_kib[i]);
		end_waiting(pid);
	}
}

static long available_kib(void)
{
	char line[256];
	long kib = -1;
	FILE *f = fopen("/proc/meminfo", "re");

	while (f && kib < 0 && fgets(line, sizeof(line), f))
		if (strncmp(line, "MemAvailable:", 13) == 0)
			kib = strtol(line + 13, NULL, 10);
	if (f)
		(void)fclose(f);
	return kib;
}

/* How many of them stand; those that do not are -1 from here on. */
static int count_alive(pid_t pids[CROWD])
{
	int alive = 0;

	for (int i = 0; i < CROWD; i++) {
		int status;

		if (pids[i] > 0 && waitpid(pids[i], &status, WNOHANG) == 0)
			alive++;
		else
			pids[i] = -1;
	}
	return alive;
}

static void end_crowd(const pid_t pids[CROWD])
{
	for (int i = 0; i < CROWD; i++)
		if (pids[i] > 0)
			(void)kill(pids[i], SIGTERM);
	for (int i = 0; i < CROWD; i++)
		if (pids[i] > 0)
			end_waiting(pids[i]);
	/* What the kernel still frees would be counted for the next. */
	sleep_ms(2000);
}

static void measure_crowd(struct bench *b, size_t row)
{
	static pid_t pids[CROWD];
	long before = available_kib();
	double began = now_us(), took;

	for (int i = 0; i < CROWD; i++)
		pids[i] = launch_waiting(b, row);
	took = now_us() - began;
	sleep_ms(2000);
	b->crowd[row] = count_alive(pids);
	b->crowd_kib[row] = b->crowd[row] ? (before - available_kib()) / b->crowd[row] : 0;
	(void)fprintf(b->out, "| %s | %d | %.1f | %ld |\n", rows[row].name, b->crowd[row],
		      took / 1e6, b->crowd_kib[row]);
	end_crowd(pids);
}

void report_crowd(struct bench *b)
{
	static const char *const engines[] = { "floor", "srt-oci" };

	(void)fprintf(
		b->out,
		"\n## %d containers of one user at once\n\n| command | stood | launched within s | "
		"KiB of the available memory that each took |\n|---|---:|---:|---:|\n",
		CROWD);
	for (size_t i = 0; i < ARRAY_LEN(engines); i++) {
		int row = row_find(GROUP_START, engines[i]);

		if (row >= 0 && b->samples[row])
			measure_crowd(b, (size_t)row);
	}
}
