/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp_names.c - looks system calls and architectures up in the generated tables. */
#include "runtime/plan/seccomp_names.h"

#include <string.h>

#include "spec/base/scope.h"
#include "syscalls.h"

/* Profiles are sorted as the dictionary is and name most of it: so many rows are worth a look before the hash is. */
#define NEAR 4

/* Both have n characters; most differ, if at all, in the first of these steps. */
static bool is_same(const char *a, const char *b, size_t n)
{
	for (; n >= sizeof(uint64_t); n -= sizeof(uint64_t)) {
		if (syscall_word(a, n) != syscall_word(b, n))
			return false;
		a += sizeof(uint64_t);
		b += sizeof(uint64_t);
	}
	while (n && *a == *b) {
		a++;
		b++;
		n--;
	}
	return n == 0;
}

int syscall_find(const char *name)
{
	size_t n = strlen(name);
	uint32_t at = syscall_hash(SYSCALL_HASH_START, name, n) % SYSCALL_BUCKETS;

	for (; syscall_buckets[at]; at = (at + 1) % SYSCALL_BUCKETS) {
		const uint16_t *row = &syscall_offsets[syscall_buckets[at] - 1];

		/* With its NUL a name goes on to where the next begins. */
		if ((size_t)(row[1] - row[0]) == n + 1 && is_same(syscall_text + row[0], name, n))
			return syscall_buckets[at] - 1;
	}
	return -1;
}

int syscall_find_after(const char *name, int row)
{
	int end = row + NEAR < (int)syscall_rows() ? row + NEAR : (int)syscall_rows() - 1;

	while (row < end) {
		int order = strcmp(syscall_name(++row), name);

		if (order == 0)
			return row;
		if (order > 0)
			break;
	}
	return syscall_find(name);
}

const char *syscall_name(int row)
{
	return syscall_text + syscall_offsets[row];
}

size_t syscall_rows(void)
{
	return ARRAY_LEN(syscall_offsets) - 1; /* the last is the end of the text */
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
