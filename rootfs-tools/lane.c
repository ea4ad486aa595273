/* SPDX-License-Identifier: Apache-2.0 */
/* lane.c - a ring of bytes in shared memory, and the reader's sleep while it is full. */
#include "rootfs-tools/lane.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "spec/base/sys.h"

#define LINE_BYTES 64

/* Anonymous memory has no descriptor by which anybody could shrink it under the taker. */
struct lane {
	_Atomic uint32_t taken; /* by the taker, who alone writes it; the reader sleeps on it */
	_Atomic uint32_t asleep; /* the reader's wish to be woken, at the earliest when ... */
	_Atomic uint32_t wanted; /* ... so much is taken */
	_Atomic uint32_t closed;
	_Alignas(LINE_BYTES) char bytes[LANE_BYTES];
};

struct lane *lane_new(void)
{
	void *l = mmap(NULL, sizeof(struct lane), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	return l == MAP_FAILED ? NULL : l;
}

void lane_free(struct lane *l)
{
	if (l)
		(void)munmap(l, sizeof(*l));
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* What lies between at and the end of the memory. */
static size_t unbroken(uint32_t at)
{
	return LANE_BYTES - at % LANE_BYTES;
}

size_t lane_room(const struct lane *l, uint32_t at, size_t n)
{
	size_t free = LANE_BYTES - (uint32_t)(at - atomic_load(&l->taken));

	n = smaller(smaller(n, LANE_PIECE), unbroken(at));
	return n <= free ? n : 0;
}

/* Half of it has to be free, or both sides would wake each other for every piece. */
bool lane_wait(struct lane *l, uint32_t at)
{
	const uint32_t wanted = at - LANE_BYTES / 2;

	for (;;) {
		uint32_t taken = atomic_load(&l->taken);

		if (atomic_load(&l->closed))
			return false;
		if ((int32_t)(taken - wanted) >= 0)
			return true;
		atomic_store(&l->wanted, wanted);
		atomic_store(&l->asleep, 1);
		/* Returns at once if taken has grown; the taker looks at asleep behind that. */
		(void)sys_futex_wait((uint32_t *)&l->taken, taken);
	}
}

void lane_put(struct lane *l, uint32_t *at, const void *bytes, size_t n)
{
	memcpy(l->bytes + *at % LANE_BYTES, bytes, n);
	*at += (uint32_t)n;
}

static void taken_set(struct lane *l, uint32_t taken)
{
	atomic_store(&l->taken, taken);
	if (!atomic_load(&l->asleep) || (int32_t)(taken - atomic_load(&l->wanted)) < 0)
		return;
	atomic_store(&l->asleep, 0);
	(void)sys_futex_wake((uint32_t *)&l->taken);
}

void lane_take(struct lane *l, uint32_t *at, void *to, size_t n)
{
	size_t first = smaller(n, unbroken(*at));

	memcpy(to, l->bytes + *at % LANE_BYTES, first);
	memcpy((char *)to + first, l->bytes, n - first);
	*at += (uint32_t)n;
	taken_set(l, *at);
}

void lane_close(struct lane *l)
{
	atomic_store(&l->closed, 1);
	/* The other value keeps a reader from falling asleep that has just found it open. */
	atomic_fetch_add(&l->taken, 1);
	(void)sys_futex_wake((uint32_t *)&l->taken);
}
