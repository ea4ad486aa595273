/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp_names.c - looks system calls and architectures up in the generated tables. */
#include "runtime/plan/seccomp_names.h"

#include <string.h>

#include "spec/base/scope.h"
#include "syscalls.h"

int syscall_find(const char *name)
{
	uint32_t at = syscall_hash(SYSCALL_HASH_START, name) % SYSCALL_BUCKETS;

	for (; syscall_buckets[at]; at = (at + 1) % SYSCALL_BUCKETS)
		if (strcmp(syscall_text + syscall_offsets[syscall_buckets[at] - 1], name) == 0)
			return syscall_buckets[at] - 1;
	return -1;
}

size_t syscall_rows(void)
{
	return ARRAY_LEN(syscall_offsets);
}

const struct syscall_mux *syscall_muxes(size_t *n)
{
	*n = ARRAY_LEN(syscall_mux_rows);
	return syscall_mux_rows;
}

const struct syscall_arch *syscall_arch(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(syscall_archs); i++)
		if (strcmp(syscall_archs[i].name, name) == 0)
			return &syscall_archs[i];
	return NULL;
}

const struct syscall_arch *syscall_native(void)
{
	return syscall_arch(SYSCALL_NATIVE);
}

const char *syscall_source(void)
{
	return SYSCALL_SOURCE;
}
