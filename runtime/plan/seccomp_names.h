/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp_names.h - system calls by name and the architectures that have them.
 *
 * The tables are made at build time out of libseccomp's (contrib/gen/gen_syscalls.c), so that the
 * runtime need not link it. A name is one row for all architectures: one lookup finds it, and each
 * architecture lists its numbers in ascending order, which is the order that ranges are made in. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Calls that some 32-bit architectures have a second time, inside socketcall(2) or ipc(2). */
enum mux_call { MUX_NONE, MUX_SOCKETCALL, MUX_IPC };

struct syscall_number {
	uint32_t number;
	uint16_t name; /* row of the dictionary */
	uint16_t mux_call; /* this number is itself socketcall or ipc (enum mux_call) */
};

/* A name that socketcall or ipc carries out when its first argument is sub. */
struct syscall_mux {
	uint16_t name;
	uint8_t call; /* enum mux_call */
	uint8_t sub;
};

enum arch_flag {
	ARCH_32BIT = 1, /* arguments are compared as 32 bits */
	ARCH_BIG = 2, /* the high half of an argument comes first */
	ARCH_MUX = 4, /* has socketcall and ipc */
	ARCH_X32 = 8, /* numbers carry X32_BIT; shares the audit value of x86_64 */
	ARCH_X86_64 = 16, /* numbers with X32_BIT are another architecture's */
	ARCH_ZERO_IS_UNKNOWN = 32 /* s390: the kernel shows calls that it does not know as 0 */
};

#define X32_BIT 0x40000000u

struct syscall_arch {
	const char *name; /* "SCMP_ARCH_X86" */
	uint32_t audit; /* AUDIT_ARCH_x, what the kernel shows a filter */
	uint32_t flags; /* enum arch_flag */
	const struct syscall_number *numbers;
	size_t n;
};

/* syscall_find: the row of a name, or -1. */
int syscall_find(const char *name);
/* syscall_find_after: the same, sooner where the name is one of the next behind row's in the alphabet; row may be -1. */
int syscall_find_after(const char *name, int row);
/* syscall_name: the name of a row. */
const char *syscall_name(int row);
/* syscall_rows: how many rows the dictionary has. */
size_t syscall_rows(void);
/* syscall_muxes: every name inside socketcall and ipc; *n of them. */
const struct syscall_mux *syscall_muxes(size_t *n);
/* syscall_arch: by the specification's word, or NULL where the dictionary has none. */
const struct syscall_arch *syscall_arch(const char *name);
/* syscall_native: the architecture that the program was built for. */
const struct syscall_arch *syscall_native(void);
/* syscall_source: where the tables come from, "libseccomp 2.5.4". */
const char *syscall_source(void);

/* The characters at s as a number, n of them; of more than eight the first. */
static inline uint64_t syscall_word(const char *s, size_t n)
{
	uint64_t word = 0;

	if (n >= sizeof(word))
		memcpy(&word, s, sizeof(word));
	else
		for (size_t i = 0; i < n; i++)
			word = word << 8 | (unsigned char)s[i];
	return word;
}

/* syscall_hash: of the length n and the first and last eight characters, which tell nearly all names apart; one character after
 * the other would take longer than all else about a name. The generator looks for the start value with the fewest
 * collisions. */
static inline uint32_t syscall_hash(uint32_t start, const char *name, size_t n)
{
	uint64_t first = syscall_word(name, n);
	uint64_t last =
		n > sizeof(first) ? syscall_word(name + n - sizeof(first), sizeof(first)) : n;
	uint64_t h = (first ^ start) * 0x9e3779b97f4a7c15u;

	h = (h ^ h >> 32 ^ last) * 0xd6e8feb86659fd93u;
	return (uint32_t)(h >> 32);
}
