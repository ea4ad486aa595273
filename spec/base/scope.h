/* SPDX-License-Identifier: Apache-2.0 */
/* scope.h - resources that end with the block they were declared in, and how to hand them over. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void scope_close(const int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
}

static inline void scope_free(void *p)
{
	free(*(void **)p);
}

static inline void scope_fclose(FILE **f)
{
	if (*f)
		(void)fclose(*f);
}

#define scoped(fn) __attribute__((cleanup(fn)))
#define scoped_fd scoped(scope_close)
#define scoped_free scoped(scope_free)
#define scoped_file scoped(scope_fclose)

/* take_fd: the fd, which the scope no longer owns. */
static inline int take_fd(int *fd)
{
	int v = *fd;

	*fd = -1;
	return v;
}

/* take_ptr: the pointer, which the scope no longer owns. */
#define take_ptr(p)                     \
	({                              \
		__typeof__(p) v_ = (p); \
		(p) = NULL;             \
		v_;                     \
	})

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define printf_like(f, a) __attribute__((format(printf, f, a)))
