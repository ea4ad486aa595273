/* SPDX-License-Identifier: Apache-2.0 */
/* vfork_other.c - an architecture whose first instructions of a child nobody has written yet. */
#include <errno.h>

#include "spec/base/vfork.h"

const int vfork_is_there = 0;

pid_t sys_vfork(struct clone_args *args, void *stack, size_t size, void (*fn)(void *), void *arg)
{
	(void)args;
	(void)stack;
	(void)size;
	(void)fn;
	(void)arg;
	errno = ENOSYS;
	return -1;
}
