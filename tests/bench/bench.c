/* SPDX-License-Identifier: Apache-2.0 */
/* bench.c - time the rows of a table in turn and print a markdown table of medians and ratios.
 *
 *   bench BUILD BUNDLE ROUNDS [start]
 *
 * BUNDLE holds true/, pause/ and python/ (bundles whose processes are those programs), rootfs, rootfs-python, and filter.bpf.
 * With `start`, only the rows of the first group are run, and only their medians printed.
 * Each round runs every row once, in a shuffled order, so that a busy moment of the machine and what a
 * row leaves to the kernel fall on all rows alike; ratios are medians of the ratios within a round.
 * A row that cannot run is named with its reason; nothing here decides about a figure. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "tests/bench/bench.h"

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
	size_t order[ROWS_MAX] = { 0 };

	for (size_t i = 0; i < rows_n; i++) {
		size_t j = next_random(b) % (i + 1);

		order[i] = order[j];
		order[j] = i;
	}
	for (size_t i = 0; i < rows_n; i++) {
		size_t row = order[i];

		if (!b->samples[row])
			continue;
		b->samples[row][round] = run_once(b, row, NULL);
		sleep_ms(1);
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

static void report(struct bench *b)
{
	for (int g = GROUP_START; g < GROUPS; g++)
		report_group(b, (enum group)g);
	for (size_t i = 0; i < rows_n; i++)
		finish(b, i);
	(void)fflush(b->out);
	report_rates(b);
	report_memory(b);
	report_crowd(b);
	report_goals(b);
}

int main(int argc, char **argv)
{
	struct bench b = { .random = 1 };
	char filter[512], err_path[512];
	bool start_only = argc == 5 && strcmp(argv[4], "start") == 0;

	if (argc != 4 && !start_only)
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
	for (size_t i = 0; i < rows_n; i++)
		if (!start_only || rows[i].group == GROUP_START)
			prepare(&b, i, err_path);
	for (int i = 0; i < b.rounds; i++)
		one_round(&b, i);
	if (start_only)
		report_start(&b);
	else
		report(&b);
	return fclose(b.out) == 0 ? 0 : 1;
}
