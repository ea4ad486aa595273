/* SPDX-License-Identifier: Apache-2.0 */
/* bench.c - time the rows of a table in turn and print a markdown table of medians and ratios.
 *
 *   bench BUILD BUNDLE ROUNDS
 *
 * BUNDLE holds true/, pause/ (bundles whose processes are those programs, on one rootfs) and filter.bpf.
 * Each round runs every row once, in a shuffled order, so that a busy moment of the machine and what a
 * row leaves to the kernel fall on all rows alike; ratios are medians of the ratios within a round.
 * A row that cannot run is named with its reason; nothing here decides about a figure. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define WORDS_MAX 96
#define ROWS_MAX 24
#define ROUNDS_MAX 10000
#define WORKERS 4
#define RATE_SECONDS 2.0
#define CROWD 1000
#define FILTER_FD 9

extern char **environ;

enum group { GROUP_START, GROUP_LIFE, GROUP_EXEC, GROUP_STATE };

static const char *const group_names[] = {
	[GROUP_START] = "Start of a static `true`",
	[GROUP_LIFE] = "Lifecycle: create, start, state, kill, delete",
	[GROUP_EXEC] = "`exec` of a static `true` into a running container",
	[GROUP_STATE] = "`state` of a running container",
};

/* Commands are words with a blank between; in them %B is the build directory, %p the bundles, %i a new
 * container id, %c the id of the row's running container. */
struct row {
	enum group group;
	const char *name;
	const char *engine; /* who is compared: rows of one engine meet in the goals */
	const char *before; /* once: starts the container %c */
	const char *run[6];
	bool rate; /* also measured as starts per second */
	bool filter_fd; /* wants the compiled filter on FILTER_FD */
};

#define BWRAP                                                                                     \
	"bwrap --unshare-user --unshare-ipc --unshare-pid --unshare-net --unshare-uts "           \
	"--unshare-cgroup --uid 0 --gid 0 --hostname bench --as-pid-1 --new-session "             \
	"--ro-bind %p/rootfs / --proc /proc --dev /dev --mqueue /dev/mqueue --ro-bind /sys /sys " \
	"--tmpfs /tmp --cap-drop ALL --cap-add CAP_AUDIT_WRITE --cap-add CAP_KILL "               \
	"--cap-add CAP_NET_BIND_SERVICE --clearenv --setenv PATH /bin "
#define BWRAP_MASKS                                                                               \
	"--tmpfs /proc/acpi --ro-bind /dev/null /proc/keys --ro-bind /dev/null /proc/timer_list " \
	"--tmpfs /sys/firmware --ro-bind /proc/bus /proc/bus --ro-bind /proc/fs /proc/fs "        \
	"--ro-bind /proc/irq /proc/irq --ro-bind /proc/sys /proc/sys --seccomp 9 "

#define LIFE(engine, cmd)                                                               \
	{                                                                               \
		GROUP_LIFE, engine, engine, NULL,                                       \
		{                                                                       \
			cmd " create -b %p/pause %i", cmd " start %i", cmd " state %i", \
				cmd " kill %i KILL", cmd " delete --force %i"           \
		}                                                                       \
	}
#define RUNNING(group, engine, cmd, what)                                  \
	{                                                                  \
		group, engine, engine, cmd " run --detach -b %p/pause %c", \
		{                                                          \
			cmd what                                           \
		}                                                          \
	}

static const struct row rows[] = {
	{ GROUP_START, "floor", "floor", NULL, { "%B/bench/floor %p/rootfs /bin/true" }, true },
	{ GROUP_START, "srt-oci run", "srt-oci", NULL, { "%B/srt-oci run -b %p/true %i" }, true },
	{ GROUP_START,
	  "bwrap (no filter, masks, limits)",
	  "bwrap",
	  NULL,
	  { BWRAP "/bin/true" },
	  true },
	{ GROUP_START,
	  "bwrap with filter and masks",
	  "bwrap-masks",
	  NULL,
	  { BWRAP BWRAP_MASKS "/bin/true" },
	  false,
	  true },
	{ GROUP_START, "crun run", "crun", NULL, { "crun run -b %p/true %i" }, true },
	{ GROUP_START, "runc run", "runc", NULL, { "runc run -b %p/true %i" }, true },
	{ GROUP_START, "no isolation: posix_spawn", "none", NULL, { "%B/bench/true" } },
	LIFE("srt-oci", "%B/srt-oci"),
	LIFE("crun", "crun"),
	LIFE("runc", "runc"),
	RUNNING(GROUP_EXEC, "srt-oci", "%B/srt-oci", " exec %c /bin/true"),
	RUNNING(GROUP_EXEC, "crun", "crun", " exec %c /bin/true"),
	RUNNING(GROUP_EXEC, "runc", "runc", " exec %c /bin/true"),
	RUNNING(GROUP_STATE, "srt-oci", "%B/srt-oci", " state %c"),
	RUNNING(GROUP_STATE, "crun", "crun", " state %c"),
	RUNNING(GROUP_STATE, "runc", "runc", " state %c"),
};
_Static_assert(ARRAY_LEN(rows) <= ROWS_MAX, "room for every row");

/* A goal is a ratio of two engines' medians within a group; see docs/performance.md. */
static const struct goal {
	const char *name;
	enum group group;
	const char *of, *to;
	double most;
} goals[] = {
	{ "G1 run against the floor", GROUP_START, "srt-oci", "floor", 1.25 },
	{ "G2 run against crun", GROUP_START, "srt-oci", "crun", 0.09 },
	{ "G2 run against runc", GROUP_START, "srt-oci", "runc", 0.06 },
	{ "G2 run against bwrap", GROUP_START, "srt-oci", "bwrap", 0.70 },
	{ "G3 lifecycle against crun", GROUP_LIFE, "srt-oci", "crun", 0.10 },
	{ "G3 state against crun", GROUP_STATE, "srt-oci", "crun", 0.08 },
	{ "G4 exec against crun", GROUP_EXEC, "srt-oci", "crun", 0.20 },
};

struct bench {
	const char *build, *bundles, *filter;
	FILE *out;
	int rounds;
	unsigned int ids; /* container ids handed out */
	uint32_t random;
	double *samples[ROWS_MAX]; /* µs, one per round; NULL where the row cannot run */
	char reasons[ROWS_MAX][200]; /* why not */
	double per_second[ROWS_MAX];
};

static double now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void sleep_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	(void)nanosleep(&t, NULL);
}

/* A command's words after substitution; they live in buf. */
struct command {
	char buf[4096];
	char *argv[WORDS_MAX];
};

static size_t put(char *buf, size_t at, size_t size, const char *s)
{
	size_t n = strlen(s);

	if (at + n >= size)
		abort();
	memcpy(buf + at, s, n);
	return at + n;
}

static void command_make(struct command *c, const struct bench *b, size_t row, const char *text)
{
	char id[64], running[64];
	size_t at = 0, words = 0;

	(void)snprintf(id, sizeof(id), "bench-%d-%u", (int)getpid(), b->ids);
	(void)snprintf(running, sizeof(running), "bench-row-%zu", row);
	for (; *text; text++) {
		if (*text != '%') {
			char one[2] = { *text, 0 };

			at = put(c->buf, at, sizeof(c->buf), one);
			continue;
		}
		text++;
		at = put(c->buf, at, sizeof(c->buf),
			 *text == 'B'	? b->build
			 : *text == 'p' ? b->bundles
			 : *text == 'i' ? id
					: running);
	}
	c->buf[at] = '\0';
	for (char *save, *w = strtok_r(c->buf, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		if (words + 1 >= WORDS_MAX)
			abort();
		c->argv[words++] = w;
	}
	c->argv[words] = NULL;
}

static pid_t launch(const struct bench *b, size_t row, const struct command *c,
		    const char *err_path)
{
	posix_spawn_file_actions_t actions, *use = NULL;
	pid_t pid;
	int failed;

	if (err_path || rows[row].filter_fd) {
		(void)posix_spawn_file_actions_init(&actions);
		use = &actions;
	}
	if (err_path)
		(void)posix_spawn_file_actions_addopen(use, STDERR_FILENO, err_path,
						       O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (rows[row].filter_fd)
		(void)posix_spawn_file_actions_addopen(use, FILTER_FD, b->filter, O_RDONLY, 0);
	failed = posix_spawnp(&pid, c->argv[0], use, NULL, (char *const *)c->argv, environ);
	if (use)
		(void)posix_spawn_file_actions_destroy(use);
	if (!failed)
		return pid;
	errno = failed;
	return -1;
}

/* Waits for pid, and reaps on the way the processes of containers that were orphaned to us. */
static int wait_for(pid_t pid)
{
	int status;

	for (;;) {
		pid_t done = waitpid(-1, &status, 0);

		if (done == pid)
			return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
		if (done < 0 && errno != EINTR)
			return -1;
	}
}

/* run_once: the row's commands one after the other; microseconds, or -1 at the first that fails. */
static double run_once(struct bench *b, size_t row, const char *err_path)
{
	struct command c[ARRAY_LEN(rows[0].run)];
	size_t n = 0;
	double began;

	b->ids++;
	for (; n < ARRAY_LEN(c) && rows[row].run[n]; n++)
		command_make(&c[n], b, row, rows[row].run[n]);
	began = now_us();
	for (size_t i = 0; i < n; i++) {
		pid_t pid = launch(b, row, &c[i], err_path);

		if (pid < 0 || wait_for(pid) != 0)
			return -1;
	}
	return now_us() - began;
}

static int run_text(struct bench *b, size_t row, const char *text, const char *err_path)
{
	struct command c;
	pid_t pid;

	command_make(&c, b, row, text);
	pid = launch(b, row, &c, err_path);
	return pid < 0 ? -1 : wait_for(pid);
}

/* The last line of what the failed command said, without what would break a table. */
static void explain(struct bench *b, size_t row, const char *err_path)
{
	char line[160], *last = b->reasons[row];
	FILE *f = fopen(err_path, "re");

	(void)snprintf(last, sizeof(b->reasons[row]), "%s", strerror(errno));
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n|")] = '\0';
		if (line[0])
			(void)snprintf(last, sizeof(b->reasons[row]), "%s", line);
	}
	if (f)
		(void)fclose(f);
}

/* prepare: starts what the row needs and runs it once unmeasured; a row that fails is left out. */
static void prepare(struct bench *b, size_t row, const char *err_path)
{
	(void)unlink(err_path);
	errno = 0;
	if ((rows[row].before && run_text(b, row, rows[row].before, err_path) != 0) ||
	    run_once(b, row, err_path) < 0) {
		explain(b, row, err_path);
		return;
	}
	b->samples[row] = calloc((size_t)b->rounds, sizeof(double));
	if (!b->samples[row])
		abort();
}

/* The container that prepare() started: gone, whatever its row did. */
static void finish(struct bench *b, size_t row)
{
	struct command c;
	char text[128];

	if (!rows[row].before)
		return;
	command_make(&c, b, row, rows[row].before);
	(void)snprintf(text, sizeof(text), "%.60s delete --force %%c", c.argv[0]);
	(void)run_text(b, row, text, NULL);
}

static uint32_t next_random(struct bench *b)
{
	b->random = b->random * 1664525u + 1013904223u;
	return b->random >> 8;
}

static void one_round(struct bench *b, int round)
{
	size_t order[ARRAY_LEN(rows)];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t j = next_random(b) % (i + 1);

		order[i] = order[j];
		order[j] = i;
	}
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t row = order[i];

		if (!b->samples[row])
			continue;
		b->samples[row][round] = run_once(b, row, NULL);
		sleep_ms(1);
	}
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* quantile of n values, which it sorts; -1 stands for a run that failed and is left out. */
static double quantile(double *values, int n, double q)
{
	int first = 0;

	qsort(values, (size_t)n, sizeof(*values), by_value);
	while (first < n && values[first] < 0)
		first++;
	return first == n ? -1 : values[first + (int)(q * (double)(n - first - 1) + 0.5)];
}

static double row_quantile(const struct bench *b, size_t row, double q)
{
	static double copy[ROUNDS_MAX];

	memcpy(copy, b->samples[row], (size_t)b->rounds * sizeof(double));
	return quantile(copy, b->rounds, q);
}

static int row_runs(const struct bench *b, size_t row)
{
	int n = 0;

	for (int i = 0; i < b->rounds; i++)
		n += b->samples[row][i] >= 0;
	return n;
}

static int row_find(enum group group, const char *engine)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].group == group && strcmp(rows[i].engine, engine) == 0)
			return (int)i;
	return -1;
}

/* ratio: the median over the rounds of row's time by other's in the same round; -1 where none. */
static double ratio(const struct bench *b, int row, int other)
{
	static double pairs[ROUNDS_MAX];

	if (row < 0 || other < 0 || !b->samples[row] || !b->samples[other])
		return -1;
	for (int i = 0; i < b->rounds; i++) {
		double x = b->samples[row][i], y = b->samples[other][i];

		pairs[i] = x < 0 || y < 0 ? -1 : x / y;
	}
	return quantile(pairs, b->rounds, 0.5);
}

/* print_cell: a figure, or a dash where there is none; small ratios keep their digits. */
static void print_cell(const struct bench *b, double value)
{
	if (value < 0)
		(void)fprintf(b->out, " – |");
	else
		(void)fprintf(b->out, value < 1 ? " %.3f |" : " %.2f |", value);
}

static void print_group(const struct bench *b, enum group group)
{
	(void)fprintf(b->out, "\n## %s\n\n", group_names[group]);
	(void)fprintf(b->out,
		      "| command | median µs | p10 µs | rounds | to the floor | to srt-oci |\n"
		      "|---|---:|---:|---:|---:|---:|\n");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].group != group)
			continue;
		if (!b->samples[i]) {
			(void)fprintf(b->out, "| %s | not run: %s | | | | |\n", rows[i].name,
				      b->reasons[i]);
			continue;
		}
		(void)fprintf(b->out, "| %s | %.0f | %.0f | %d |", rows[i].name,
			      row_quantile(b, i, 0.5), row_quantile(b, i, 0.1), row_runs(b, i));
		print_cell(b, ratio(b, (int)i, row_find(group, "floor")));
		print_cell(b, ratio(b, (int)i, row_find(group, "srt-oci")));
		(void)fprintf(b->out, "\n");
	}
}

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

static void print_rates(struct bench *b)
{
	(void)fprintf(
		b->out,
		"\n## Starts per second, %d workers\n\n| command | per second |\n|---|---:|\n",
		WORKERS);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
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

static void print_memory(struct bench *b)
{
	(void)fprintf(b->out, "\n## The waiting parent\n\n| command | PSS KiB |\n|---|---:|\n");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		pid_t pid;

		if (!rows[i].rate || !b->samples[i])
			continue;
		pid = launch_waiting(b, i);
		if (pid < 0)
			continue;
		sleep_ms(300);
		(void)fprintf(b->out, "| %s | %ld |\n", rows[i].name, pss_kib(pid));
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

/* print_crowd: CROWD containers of one user at once; how many stand, and what each takes of memory. */
static void print_crowd(struct bench *b)
{
	static pid_t pids[CROWD];
	int row = row_find(GROUP_START, "srt-oci"), alive = 0;
	long before = available_kib(), after;
	double began = now_us(), took;

	if (row < 0 || !b->samples[row])
		return;
	for (int i = 0; i < CROWD; i++)
		pids[i] = launch_waiting(b, (size_t)row);
	took = now_us() - began;
	sleep_ms(2000);
	for (int i = 0; i < CROWD; i++) {
		int status;

		if (pids[i] > 0 && waitpid(pids[i], &status, WNOHANG) == 0)
			alive++;
		else
			pids[i] = -1;
	}
	after = available_kib();
	(void)fprintf(
		b->out,
		"\n%d of %d containers of one user stood at once; launched within %.1f s; %ld KiB "
		"less memory available for each.\n",
		alive, CROWD, took / 1e6, alive ? (before - after) / alive : 0);
	for (int i = 0; i < CROWD; i++)
		if (pids[i] > 0)
			(void)kill(pids[i], SIGTERM);
	for (int i = 0; i < CROWD; i++)
		if (pids[i] > 0)
			end_waiting(pids[i]);
}

static void print_goals(const struct bench *b)
{
	static const struct {
		const char *to;
		double least;
	} rates[] = { { "crun", 14 }, { "bwrap", 1.1 } };
	int ours = row_find(GROUP_START, "srt-oci");

	(void)fprintf(b->out, "\n## Goals\n\n| goal | wanted | measured |\n|---|---:|---:|\n");
	for (size_t i = 0; i < ARRAY_LEN(goals); i++) {
		(void)fprintf(b->out, "| %s | ≤ %.2f |", goals[i].name, goals[i].most);
		print_cell(b, ratio(b, row_find(goals[i].group, goals[i].of),
				    row_find(goals[i].group, goals[i].to)));
		(void)fprintf(b->out, "\n");
	}
	for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
		double them = b->per_second[row_find(GROUP_START, rates[i].to)];

		(void)fprintf(b->out, "| G5 starts per second against %s | ≥ %.1f |", rates[i].to,
			      rates[i].least);
		print_cell(b,
			   them > 0 && b->per_second[ours] > 0 ? b->per_second[ours] / them : -1);
		(void)fprintf(b->out, "\n");
	}
}

/* Rows are quiet: what they say would be timed too. The report goes where our output went. */
static int be_quiet(struct bench *b)
{
	int out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, FILTER_FD + 1);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	b->out = out < 0 ? NULL : fdopen(out, "w");
	if (!b->out || null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		return -1;
	return 0;
}

int main(int argc, char **argv)
{
	struct bench b = { .random = 1 };
	char filter[512], err_path[512];

	if (argc != 4)
		return 2;
	b.build = argv[1];
	b.bundles = argv[2];
	b.rounds = (int)strtol(argv[3], NULL, 10);
	if (b.rounds < 1 || b.rounds > ROUNDS_MAX || be_quiet(&b) < 0)
		return 2;
	(void)snprintf(filter, sizeof(filter), "%s/filter.bpf", b.bundles);
	(void)snprintf(err_path, sizeof(err_path), "%s/bench.err",
		       getenv("XDG_RUNTIME_DIR") ? getenv("XDG_RUNTIME_DIR") : "/tmp");
	b.filter = filter;
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		prepare(&b, i, err_path);
	for (int i = 0; i < b.rounds; i++)
		one_round(&b, i);
	for (int g = GROUP_START; g <= GROUP_STATE; g++)
		print_group(&b, (enum group)g);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		finish(&b, i);
	(void)fflush(b.out);
	print_rates(&b);
	print_memory(&b);
	print_crowd(&b);
	print_goals(&b);
	return fclose(b.out) == 0 ? 0 : 1;
}
