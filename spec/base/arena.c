/* SPDX-License-Identifier: Apache-2.0 */
/* arena.c - bump allocation in blocks that grow. They come from the kernel, zeroed and whole: malloc's own
 * pages would be touched beside them, and a start pays for each page. */
#include "spec/base/arena.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define BLOCK_BYTES (256u << 10)
#define ALIGN 16u
#ifndef MADV_POPULATE_WRITE /* 5.14 */
#define MADV_POPULATE_WRITE 23
#endif
/* Most texts are formatted once, into this room, and then kept. */
#define LINE_BYTES 256

struct arena_block {
	struct arena_block *next;
	size_t size;
	size_t used;
	_Alignas(ALIGN) unsigned char bytes[];
};

static struct arena_block *block_add(struct arena *a, size_t need)
{
	size_t size = need > BLOCK_BYTES / 4 ? need + BLOCK_BYTES / 4 : BLOCK_BYTES;
	struct arena_block *b = MAP_FAILED;

	if (size >= need)
		b = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (b == MAP_FAILED)
		abort();
	if (a->expected && !a->block) /* it only costs time if this fails (before Linux 5.14) */
		(void)madvise(b, a->expected, MADV_POPULATE_WRITE);
	b->size = size - sizeof(*b);
	b->next = a->block;
	a->block = b;
	return b;
}

static size_t aligned(size_t size)
{
	return (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
}

/* They are zero, and each is handed out once. */
static void *from_room(struct arena *a, size_t size)
{
	void *p = a->room;

	if (size > a->room_size)
		return NULL;
	a->room = (unsigned char *)a->room + size;
	a->room_size -= size;
	return p;
}

void *arena_alloc(struct arena *a, size_t size)
{
	struct arena_block *b = a->block;
	void *p;

	if (size > SIZE_MAX / 2)
		abort();
	size = aligned(size);
	p = from_room(a, size);
	if (p)
		return p;
	if (!b || b->size - b->used < size)
		b = block_add(a, size);
	p = b->bytes + b->used;
	b->used += size;
	return p;
}

char *arena_strn(struct arena *a, const char *s, size_t len)
{
	char *p = arena_alloc(a, len + 1);

	memcpy(p, s, len);
	return p;
}

char *arena_str(struct arena *a, const char *s)
{
	return arena_strn(a, s, strlen(s));
}

char *arena_vprintf(struct arena *a, const char *fmt, va_list ap)
{
	char line[LINE_BYTES], *p;
	va_list again;
	int n;

	va_copy(again, ap);
	n = vsnprintf(line, sizeof(line), fmt, again);
	va_end(again);
	if (n < 0)
		abort();
	if ((size_t)n < sizeof(line))
		return arena_strn(a, line, (size_t)n);
	p = arena_alloc(a, (size_t)n + 1);
	(void)vsnprintf(p, (size_t)n + 1, fmt, ap);
	return p;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *p;

	va_start(ap, fmt);
	p = arena_vprintf(a, fmt, ap);
	va_end(ap);
	return p;
}

/* Whether the allocation that ends at end is the last one; then more bytes follow it where there is room. */
static bool extend(struct arena *a, const unsigned char *end, size_t more)
{
	struct arena_block *b = a->block;

	if (end == a->room && more <= a->room_size) {
		a->room = (unsigned char *)a->room + more;
		a->room_size -= more;
		return true;
	}
	if (!b || end != b->bytes + b->used || b->size - b->used < more)
		return false;
	b->used += more;
	return true;
}

void *arena_grow(struct arena *a, void *old, size_t old_size, size_t new_size)
{
	size_t held = aligned(old_size), want = aligned(new_size);
	void *p;

	if (new_size <= held && old)
		return old;
	if (old && extend(a, (unsigned char *)old + held, want - held))
		return old;
	p = arena_alloc(a, new_size);
	if (old)
		memcpy(p, old, old_size);
	return p;
}

void arena_give(struct arena *a, void *p, size_t used, size_t size)
{
	if (size <= a->room_size)
		return;
	memset(p, 0, used);
	a->room = p;
	a->room_size = size;
}

void arena_trim(struct arena *a, void *old, size_t old_size, size_t new_size)
{
	struct arena_block *b = a->block;

	if (b && (unsigned char *)old + aligned(old_size) == b->bytes + b->used)
		b->used -= aligned(old_size) - aligned(new_size);
}

void arena_done(struct arena *a)
{
	a->room = NULL;
	a->room_size = 0;
	while (a->block) {
		struct arena_block *next = a->block->next;

		(void)munmap(a->block, sizeof(*a->block) + a->block->size);
		a->block = next;
	}
}
