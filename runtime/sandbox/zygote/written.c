/* SPDX-License-Identifier: Apache-2.0 */
/* written.c - has fork copy what every copy writes.
 *
 * Which pages those are a first copy finds out, which does what they all do up to their end, of which those that are not there yet
 * need no memory, and then looks which of its pages are its own. A page that a device may write to is copied by fork at once, so
 * that the parent's stays its own (since Linux 5.9; of no other pages but those, however many processes share them, since 5.19). To
 * be such a page it is registered with io_uring as a buffer, which is never used. */
#include "runtime/sandbox/zygote/written.h"

#include <errno.h>
#include <linux/io_uring.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/sandbox/zygote/large.h"
#include "runtime/sandbox/zygote/mapping.h"
#include "runtime/sandbox/zygote/pagemap.h"

#ifndef IORING_FEAT_RECVSEND_BUNDLE /* 6.10 */
#define IORING_FEAT_RECVSEND_BUNDLE (1U << 14)
#endif

#define MAPPINGS_MAX 512
#define RUNS_MAX 1024

/* Shared by the first copy and us, and not on the stack, which it would write more of than others do. */
struct written {
	size_t mappings_n, runs_n;
	struct mapping mapping[MAPPINGS_MAX];
	struct iovec run[RUNS_MAX];
};

static void read_mappings(struct written *ret)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[MAPPING_LINE_MAX];

	if (!maps)
		return;
	while (ret->mappings_n < MAPPINGS_MAX && fgets(line, sizeof(line), maps)) {
		struct mapping *m = &ret->mapping[ret->mappings_n];

		if (mapping_parse(line, m) && mapping_is_own(m))
			ret->mappings_n++;
	}
	(void)fclose(maps);
}

/* --- the first copy --- */

static void list(struct written *w)
{
	int pagemap = pagemap_open();

	for (size_t i = 0; i < w->mappings_n; i++) {
		struct pages run = { .end = w->mapping[i].begin };

		while (w->runs_n < RUNS_MAX &&
		       pagemap_next(pagemap, w->mapping[i].end, pagemap_is_ours, &run))
			w->run[w->runs_n++] =
				(struct iovec){ (void *)run.begin, run.end - run.begin };
	}
}

/* It stays until it is killed: as long as it shares a large page, what is kept of that is taken out of it, and the rest is not kept. */
static _Noreturn void look(const struct program_calls *c, struct written *ret)
{
	PyOS_AfterFork_Child();
	if (program_reseed(c))
		program_begin(c);
	list(ret);
	(void)raise(SIGSTOP);
	_exit(0);
}

static pid_t begin_copy(const struct program_calls *c, struct written *ret)
{
	pid_t pid;

	PyOS_BeforeFork();
	pid = fork();
	if (pid == 0)
		look(c, ret);
	PyOS_AfterFork_Parent();
	return pid;
}

/* Else it has ended. */
static bool has_looked(pid_t pid)
{
	int status;
	pid_t r;

	do
		r = waitpid(pid, &status, WUNTRACED);
	while (r < 0 && errno == EINTR);
	return r == pid && WIFSTOPPED(status);
}

/* --- ours --- */

/* The ring is the zygote's for as long as it lives, and no copy keeps it (copy.c). A limit of locked memory may forbid it: then all
 * is as before. */
static void keep(int ring, const struct written *w)
{
	(void)syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, w->run,
		      (unsigned)w->runs_n);
}

static void find(int ring, const struct program_calls *c, struct written *w)
{
	pid_t pid;

	read_mappings(w);
	pid = begin_copy(c, w);
	if (pid < 0 || !has_looked(pid))
		return;
	keep(ring, w);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, NULL, 0);
}

/* -1: Linux before 6.10, or forbidden. Fork and a process's end take a large page's entries together since 6.9. */
static int begin_ring(void)
{
	struct io_uring_params params = { 0 };
	int ring = (int)syscall(SYS_io_uring_setup, 1U, &params);

	if (ring < 0 || params.features & IORING_FEAT_RECVSEND_BUNDLE)
		return ring;
	(void)close(ring);
	return -1;
}

void written_share(const struct program_calls *c)
{
	int ring = begin_ring();
	struct written *w;

	if (ring < 0)
		return;
	large_gather();
	w = mmap(NULL, sizeof(*w), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (w == MAP_FAILED)
		return;
	find(ring, c, w);
	(void)munmap(w, sizeof(*w));
}
