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
				.terminal = isatty(STDERR_FILENO),
				.began_ms = now_ms() };
}

static void bar_draw(const struct progress *p, uint64_t done)
{
	uint64_t total = p->total ? p->total : 1, part = done < total ? done : total;
	int cells = p->total ? (int)(part * BAR_CELLS / total) : 0;
	char line[160], bar[BAR_CELLS + 1];
	int n;

	memset(bar, ' ', BAR_CELLS);
	memset(bar, '#', (size_t)cells);
	bar[BAR_CELLS] = '\0';
	if (p->total)
		n = snprintf(line, sizeof(line), "\r%s [%s] %3u %%  %llu MB\x1b[K", p->what, bar,
			     (unsigned int)(part * 100 / total),
			     (unsigned long long)(done / 1000000));
	else
		n = snprintf(line, sizeof(line), "\r%s %llu MB\x1b[K", p->what,
			     (unsigned long long)(done / 1000000));
	(void)!write(STDERR_FILENO, line, (size_t)n); /* only decoration */
}

void progress_tick(void *ctx)
{
	struct progress *p = ctx;
	int64_t now = now_ms();
	uint64_t done = p->done + (p->counter ? *p->counter : 0);

	if (p->quiet || done == 0 || now - p->began_ms < PATIENCE_MS ||
	    now - p->spoke_ms < (p->terminal ? FRAME_MS : LINE_MS))
		return;
	p->spoke_ms = now;
	if (p->terminal) {
		p->drawn = true;
		bar_draw(p, done);
	} else if (p->total) {
		log_line(p->log, LOG_LEVEL_INFO, "%s: %llu of %llu MB", p->what,
			 (unsigned long long)(done / 1000000),
			 (unsigned long long)(p->total / 1000000));
	} else {
		log_line(p->log, LOG_LEVEL_INFO, "%s: %llu MB", p->what,
			 (unsigned long long)(done / 1000000));
	}
}

void progress_end(struct progress *p)
{
	if (p->drawn)
		(void)!write(STDERR_FILENO, "\r\x1b[K", 4); /* only decoration */
	p->drawn = false;
}
