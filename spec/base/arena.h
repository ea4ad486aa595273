/* SPDX-License-Identifier: Apache-2.0 */
/* arena.h - memory that is allocated piece by piece and freed at once. */
#pragma once

#include <stdarg.h>
#include <stddef.h>

#include "spec/base/scope.h"

struct arena_block;

/* Zeroed is empty and valid. Running out of memory ends the program (abort): a start needs some
 * hundred kilobytes, and no caller could go on without them. */
struct arena {
	struct arena_block *block;
	void *room; /* bytes that are handed out first: somebody else's, or given back; NULL: none */
	size_t room_size;
	size_t expected; /* bytes that will be needed for sure: their pages come in one go; 0: one by one */
};

/* ARENA_ROOM: an arena whose first size bytes are in the enclosing block's frame, for work that is short and small. (Long
 * doubles are aligned for anything.) */
#define ARENA_ROOM(size)                                                                      \
	{                                                                                     \
		.room = (long double[(size) / sizeof(long double)]){ 0 }, .room_size = (size) \
	}

/* arena_alloc: size bytes, zeroed, aligned for any type. */
void *arena_alloc(struct arena *a, size_t size);
char *arena_str(struct arena *a, const char *s);
char *arena_strn(struct arena *a, const char *s, size_t len);
char *arena_printf(struct arena *a, const char *fmt, ...) printf_like(2, 3);
char *arena_vprintf(struct arena *a, const char *fmt, va_list ap);
/* arena_grow: a copy of the old bytes in new_size bytes; the last allocation is extended in place.
 */
void *arena_grow(struct arena *a, void *old, size_t old_size, size_t new_size);
/* arena_give: size bytes of an allocation that nobody needs any more, of which the first used ones may have been written, are
 * handed out anew: a page that has been touched once costs nothing the second time. */
void arena_give(struct arena *a, void *p, size_t used, size_t size);
/* arena_trim: the last allocation needs only new_size bytes; nothing was written behind them. */
void arena_trim(struct arena *a, void *old, size_t old_size, size_t new_size);
void arena_done(struct arena *a);

#define scoped_arena scoped(arena_done)
#define arena_new(a, type) ((type *)arena_alloc((a), sizeof(type)))
#define arena_array(a, type, n) ((type *)arena_alloc((a), sizeof(type) * (size_t)(n)))
