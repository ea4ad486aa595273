/* SPDX-License-Identifier: Apache-2.0 */
/* large.c - puts what the process has of its own behind its addresses again, but in large pages.
 *
 * An allocator's mappings are neither as large as those pages nor where they would have to begin. So it all is copied, one mapping
 * behind the other, to where they can be, and moved back: its addresses then lead into the middle of them. Since Linux 6.9 fork and
 * a process's end take the entries of one such page together.
 * Mustn't: lose a byte. What is mapped in a way that we do not know stays as it is, and so does all where there are threads. */
#include "runtime/sandbox/zygote/large.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/sandbox/zygote/mapping.h"
#include "runtime/sandbox/zygote/pagemap.h"

#ifndef MADV_POPULATE_READ /* 5.14 */
#define MADV_POPULATE_READ 22
#endif
#ifndef MADV_COLLAPSE /* 6.1 */
#define MADV_COLLAPSE 25
#endif

#define LARGE (2UL << 20)
#define AREAS_MAX 64
#define AREA_MIN (256UL << 10) /* what is smaller is not worth its three calls */
#define ALL_MAX (64UL << 20)

struct area {
	struct mapping m;
	unsigned long own; /* bytes that are there, and no file's */
};

struct areas {
	size_t n;
	unsigned long bytes;
	struct area area[AREAS_MAX];
};

static size_t size_of(const struct mapping *m)
{
	return m->end - m->begin;
}

/* --- what there is --- */

/* Memory as any: its flags are no others than those of what may be read and written, and is counted (proc_pid_smaps(5)). */
static bool is_plain(const char *flags)
{
	static const char known[] = "rd wr mr mw me ac sd";
	char flag[4];
	int n;

	for (; sscanf(flags, "%3s%n", flag, &n) == 1; flags += n)
		if (!strstr(known, flag))
			return false;
	return true;
}

/* Of what is hardly used a large page would be had for nothing; and a file that is mapped and unwritten stays one. */
static bool is_worth(const struct area *a, unsigned long room)
{
	size_t size = size_of(&a->m);

	return mapping_is_own(&a->m) && size >= AREA_MIN && size <= room && a->own >= size / 3;
}

static void add(struct areas *all, const struct area *a, const char *flags)
{
	if (all->n == AREAS_MAX || !is_worth(a, ALL_MAX - all->bytes) || !is_plain(flags))
		return;
	all->area[all->n++] = *a;
	all->bytes += size_of(&a->m);
}

static bool read_areas(struct areas *ret)
{
	static const char flags[] = "VmFlags:";
	FILE *smaps = fopen("/proc/self/smaps", "re");
	char line[MAPPING_LINE_MAX];
	struct area a = { 0 };

	if (!smaps)
		return false;
	while (fgets(line, sizeof(line), smaps)) {
		unsigned long kib;

		if (mapping_parse(line, &a.m))
			continue;
		if (sscanf(line, "Anonymous: %lu", &kib) == 1)
			a.own = kib << 10;
		if (strncmp(line, flags, sizeof(flags) - 1) == 0)
			add(ret, &a, line + sizeof(flags) - 1);
	}
	(void)fclose(smaps);
	return true;
}

/* Whether it is known that there is no other than this one. */
static bool is_only_thread(void)
{
	FILE *status = fopen("/proc/self/status", "re");
	char line[MAPPING_LINE_MAX];
	unsigned threads = 0;

	if (!status)
		return false;
	while (threads == 0 && fgets(line, sizeof(line), status))
		(void)sscanf(line, "Threads: %u", &threads);
	(void)fclose(status);
	return threads == 1;
}

/* --- to move it --- */

/* The pages of an area that say something; of a mapped file that is all. */
static bool next_content(int pagemap, const struct mapping *m, struct pages *run)
{
	if (m->inode == 0)
		return pagemap_next(pagemap, m->end, pagemap_has_content, run);
	*run = (struct pages){ run->end, m->end };
	return run->begin < run->end;
}

/* False where there is less of a file than is mapped of it, or what may not be read. */
static bool copy_area(int pagemap, const struct mapping *m, char *to)
{
	struct pages run = { .end = m->begin }, guard = run;

	if (pagemap_next(pagemap, m->end, pagemap_is_guard, &guard))
		return false;
	if (m->inode && madvise((void *)m->begin, size_of(m), MADV_POPULATE_READ) < 0)
		return false;
	while (next_content(pagemap, m, &run))
		memcpy(to + (run.begin - m->begin), (const void *)run.begin, run.end - run.begin);
	return true;
}

/* What was not there is not there afterwards, either. */
static void cut_gaps(int pagemap, const struct mapping *m, char *at)
{
	struct pages run = { .end = m->begin };
	unsigned long done = m->begin;

	while (next_content(pagemap, m, &run)) {
		if (run.begin > done)
			(void)madvise(at + (done - m->begin), run.begin - done, MADV_DONTNEED);
		done = run.end;
	}
	if (m->end > done)
		(void)madvise(at + (done - m->begin), m->end - done, MADV_DONTNEED);
}

/* Else there is nothing left of the area. */
static void put_back(const struct mapping *m, char *from)
{
	size_t size = size_of(m);

	if (mremap(from, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, m->begin) == MAP_FAILED)
		_exit(1);
}

/* They lie one behind the other from at on. */
static bool copy_all(const struct areas *all, int pagemap, char *at)
{
	for (size_t i = 0; i < all->n; at += size_of(&all->area[i].m), i++)
		if (!copy_area(pagemap, &all->area[i].m, at))
			return false;
	return true;
}

static void put_all_back(const struct areas *all, int pagemap, char *at)
{
	for (size_t i = 0; i < all->n; at += size_of(&all->area[i].m), i++) {
		cut_gaps(pagemap, &all->area[i].m, at);
		put_back(&all->area[i].m, at);
	}
}

/* room: so large that what begins in it as large pages do has room for all. */
static void move(const struct areas *all, int pagemap, char *room)
{
	char *first = (char *)(((unsigned long)room + LARGE - 1) & ~(LARGE - 1));
	size_t size = (all->bytes + LARGE - 1) & ~(LARGE - 1);

	(void)madvise(first, size, MADV_HUGEPAGE);
	/* Which tells, too, whether it is large pages by now. */
	if (!copy_all(all, pagemap, first) || madvise(first, size, MADV_COLLAPSE) < 0)
		return;
	(void)madvise(first, size, MADV_NOHUGEPAGE); /* as they are */
	put_all_back(all, pagemap, first);
}

static void gather(const struct areas *all)
{
	size_t size = all->bytes + 2 * LARGE;
	int pagemap = pagemap_open();
	char *room = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (pagemap >= 0 && room != MAP_FAILED)
		move(all, pagemap, room);
	if (room != MAP_FAILED)
		(void)munmap(room, size);
	(void)close(pagemap);
}

void large_gather(void)
{
	struct areas all = { 0 };
	sigset_t every, before;

	if (!is_only_thread() || !read_areas(&all) || all.n == 0)
		return;
	(void)sigfillset(&every);
	(void)sigprocmask(SIG_SETMASK, &every, &before);
	gather(&all);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
}
