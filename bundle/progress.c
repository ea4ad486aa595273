/* SPDX-License-Identifier: Apache-2.0 */
/* progress.c - a bar that is redrawn in place. */
#include "bundle/progress.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MS 1000
#define LINE_MS 1000
#define FRAME_MS 100
#define BAR_CELLS 30

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void progress_begin(struct progress *p, const struct log *log, const char *what, bool quiet)
{
	*p = (struct progress){ .log = log,
				.what = what,
				.quiet = quiet,
				.unit = "MB",
				.per = 1000000,
				.terminal = isatty(STDERR_FILENO),
				.began_ms = now_ms() };
}

static void bar_draw(const struct progress *p, uint64_t done, uint64_t of)
{
	uint64_t total = of ? of : 1, part = done < total ? done : total;
	int cells = of ? (int)(part * BAR_CELLS / total) : 0;
	char line[160], bar[BAR_CELLS + 1];
	int n;

	memset(bar, ' ', BAR_CELLS);
	memset(bar, '#', (size_t)cells);
	bar[BAR_CELLS] = '\0';
	if (of)
		n = snprintf(line, sizeof(line), "\r%s [%s] %3u %%  %llu %s\x1b[K", p->what, bar,
			     (unsigned int)(part * 100 / total),
			     (unsigned long long)(done / p->per), p->unit);
	else
		n = snprintf(line, sizeof(line), "\r%s %llu %s\x1b[K", p->what,
			     (unsigned long long)(done / p->per), p->unit);
	(void)!write(STDERR_FILENO, line, (size_t)n); /* only decoration */
}

void progress_tick(void *ctx)
{
	struct progress *p = ctx;
	int64_t now = now_ms();
	uint64_t done = p->done + (p->counter ? *p->counter : 0);
	uint64_t total = p->total + (p->expected ? *p->expected : 0);

	if (p->quiet || done == 0 || now - p->began_ms < PATIENCE_MS ||
	    now - p->spoke_ms < (p->terminal ? FRAME_MS : LINE_MS))
		return;
	p->spoke_ms = now;
	if (p->terminal) {
		p->drawn = true;
		bar_draw(p, done, total);
	} else if (total) {
		log_line(p->log, LOG_LEVEL_INFO, "%s: %llu of %llu %s", p->what,
			 (unsigned long long)(done / p->per), (unsigned long long)(total / p->per),
			 p->unit);
	} else {
		log_line(p->log, LOG_LEVEL_INFO, "%s: %llu %s", p->what,
			 (unsigned long long)(done / p->per), p->unit);
	}
}

static void progress_beat(void *ctx, uint64_t more)
{
	struct progress *p = ctx;

	p->done += more;
	progress_tick(p);
}

struct pulse progress_pulse(struct progress *p)
{
	return (struct pulse){ progress_beat, p };
}

void progress_end(struct progress *p)
{
	if (p->drawn)
		(void)!write(STDERR_FILENO, "\r\x1b[K", 4); /* only decoration */
	p->drawn = false;
}
