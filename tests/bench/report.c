/* SPDX-License-Identifier: Apache-2.0 */
/* report.c - medians and ratios as markdown tables. */
#include <stdlib.h>
#include <string.h>

#include "tests/bench/bench.h"

static const char *const group_names[] = {
	[GROUP_START] = "Start of a static `true`",
	[GROUP_LIFE] = "Lifecycle: create, start, state, kill, delete",
	[GROUP_EXEC] = "`exec` of a static `true` into a running container",
	[GROUP_STATE] = "`state` of a running container",
	[GROUP_PYTHON] = "`python3 -I -S -E -c pass`",
};

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

int row_find(enum group group, const char *engine)
{
	for (size_t i = 0; i < rows_n; i++)
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

void report_group(const struct bench *b, enum group group)
{
	(void)fprintf(b->out, "\n## %s\n\n", group_names[group]);
	(void)fprintf(b->out,
		      "| command | median µs | p10 µs | rounds | to the floor | to srt-oci |\n"
		      "|---|---:|---:|---:|---:|---:|\n");
	for (size_t i = 0; i < rows_n; i++) {
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

void report_start(const struct bench *b)
{
	static const char *const engines[] = { "floor", "srt-oci", "bwrap", "crun" };

	for (size_t i = 0; i < ARRAY_LEN(engines); i++) {
		int row = row_find(GROUP_START, engines[i]);

		if (b->samples[row])
			(void)fprintf(b->out, "%s %.0f\n", engines[i],
				      row_quantile(b, (size_t)row, 0.5));
	}
}

/* ratio_of: of two figures where a larger one is better; -1 where one is missing. */
static double ratio_of(double us, double them)
{
	return us > 0 && them > 0 ? us / them : -1;
}

static double or_missing(double value)
{
	return value > 0 ? value : -1;
}

/* What the hand-written floor would score in the same run bounds what any runtime can. */
static void print_goal(const struct bench *b, double measured, double of_floor)
{
	print_cell(b, measured);
	print_cell(b, of_floor);
	(void)fprintf(b->out, "\n");
}

static void report_rate_goals(const struct bench *b, int ours, int floor)
{
	static const struct {
		const char *to;
		double least;
	} rates[] = { { "crun", 14 }, { "bwrap", 1.1 } };

	for (size_t i = 0; i < ARRAY_LEN(rates); i++) {
		double them = b->per_second[row_find(GROUP_START, rates[i].to)];

		(void)fprintf(b->out, "| G5 starts per second against %s | ≥ %.1f |", rates[i].to,
			      rates[i].least);
		print_goal(b, ratio_of(b->per_second[ours], them),
			   ratio_of(b->per_second[floor], them));
	}
}

static void report_memory_goals(const struct bench *b, int ours, int floor)
{
	(void)fprintf(b->out, "| G6 waiting parent, PSS KiB | ≤ 48 |");
	print_goal(b, or_missing((double)b->pss_kib[ours]), or_missing((double)b->pss_kib[floor]));
	(void)fprintf(b->out, "| G6 KiB taken by each of the crowd | ≤ 380 |");
	print_goal(b, or_missing((double)b->crowd_kib[ours]),
		   or_missing((double)b->crowd_kib[floor]));
	(void)fprintf(b->out, "| G6 containers of one user at once | %d |", CROWD);
	print_goal(b, or_missing(b->crowd[ours]), or_missing(b->crowd[floor]));
}

void report_goals(const struct bench *b)
{
	int ours = row_find(GROUP_START, "srt-oci"), floor = row_find(GROUP_START, "floor");

	(void)fprintf(b->out,
		      "\n## Goals\n\n| goal | wanted | measured | the floor in the same run |\n"
		      "|---|---:|---:|---:|\n");
	for (size_t i = 0; i < goals_n; i++) {
		int to = row_find(goals[i].group, goals[i].to);

		(void)fprintf(b->out, "| %s | ≤ %.2f |", goals[i].name, goals[i].most);
		print_goal(b, ratio(b, row_find(goals[i].group, goals[i].of), to),
			   ratio(b, row_find(goals[i].group, "floor"), to));
	}
	report_rate_goals(b, ours, floor);
	report_memory_goals(b, ours, floor);
}
