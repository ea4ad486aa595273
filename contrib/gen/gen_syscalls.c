/* SPDX-License-Identifier: Apache-2.0 */
/* gen_syscalls.c - writes the dictionary of system calls, build/gen/syscalls.h, out of libseccomp.
 *
 * Runs at build time only. Every number of every architecture that the library knows is asked for
 * its name; what the runtime then reads are the tables of seccomp_names.h. */
#include <linux/audit.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/plan/seccomp_names.h"
#include "spec/base/scope.h"

/* MIPS n32 starts at 6000; ARM keeps a few calls of its own far above. */
#define NUMBERS_MAX 8192
#define ARM_PRIVATE 0x0f0000
#define NAMES_MAX 1024
#define BUCKETS 2048
#define HASH_TRIES 4000
#define MIPS_N32 0x20000000u

static const struct {
	const char *word, *library;
} archs[] = {
	{ "SCMP_ARCH_X86", "x86" },
	{ "SCMP_ARCH_X86_64", "x86_64" },
	{ "SCMP_ARCH_X32", "x32" },
	{ "SCMP_ARCH_ARM", "arm" },
	{ "SCMP_ARCH_AARCH64", "aarch64" },
	{ "SCMP_ARCH_LOONGARCH64", "loongarch64" },
	{ "SCMP_ARCH_M68K", "m68k" },
	{ "SCMP_ARCH_MIPS", "mips" },
	{ "SCMP_ARCH_MIPS64", "mips64" },
	{ "SCMP_ARCH_MIPS64N32", "mips64n32" },
	{ "SCMP_ARCH_MIPSEL", "mipsel" },
	{ "SCMP_ARCH_MIPSEL64", "mipsel64" },
	{ "SCMP_ARCH_MIPSEL64N32", "mipsel64n32" },
	{ "SCMP_ARCH_PPC", "ppc" },
	{ "SCMP_ARCH_PPC64", "ppc64" },
	{ "SCMP_ARCH_PPC64LE", "ppc64le" },
	{ "SCMP_ARCH_S390", "s390" },
	{ "SCMP_ARCH_S390X", "s390x" },
	{ "SCMP_ARCH_SH", "sh" },
	{ "SCMP_ARCH_SHEB", "sheb" },
	{ "SCMP_ARCH_PARISC", "parisc" },
	{ "SCMP_ARCH_PARISC64", "parisc64" },
	{ "SCMP_ARCH_RISCV64", "riscv64" },
};

struct names {
	char *v[NAMES_MAX];
	size_t n;
};

static void die(const char *what)
{
	fprintf(stderr, "gen_syscalls: %s\n", what);
	exit(1);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static long names_row(const struct names *names, const char *name)
{
	char *const *found = bsearch(&name, names->v, names->n, sizeof(names->v[0]), compare);

	return found ? found - names->v : -1;
}

static void names_collect(struct names *names, uint32_t token, int from, int to)
{
	for (int number = from; number < to; number++) {
		char *name = seccomp_syscall_resolve_num_arch(token, number);

		if (!name)
			continue;
		if (names->n == NAMES_MAX)
			die("more names than expected");
		names->v[names->n++] = name;
	}
	qsort(names->v, names->n, sizeof(names->v[0]), compare);
	size_t kept = 0;
	for (size_t i = 0; i < names->n; i++) {
		if (kept && strcmp(names->v[kept - 1], names->v[i]) == 0)
			free(names->v[i]);
		else
			names->v[kept++] = names->v[i];
	}
	names->n = kept;
}

static int base_of(uint32_t token)
{
	return token == SCMP_ARCH_X32 ? (int)X32_BIT : 0;
}

static void names_collect_all(struct names *names)
{
	/* What exists on no architecture of today has a negative number only. */
	names_collect(names, seccomp_arch_native(), -20000, -1);
	for (size_t i = 0; i < ARRAY_LEN(archs); i++) {
		uint32_t token = seccomp_arch_resolve_name(archs[i].library);

		if (!token)
			continue;
		for (int at = 0; at < NUMBERS_MAX; at += 256)
			names_collect(names, token, base_of(token) + at, base_of(token) + at + 256);
		names_collect(names, token, ARM_PRIVATE, ARM_PRIVATE + 256);
	}
}

/* The start value with the shortest longest search, so that a lookup is one or two comparisons. */
static uint32_t hash_start(const struct names *names, uint16_t best[BUCKETS])
{
	uint32_t start = 0;
	size_t least = SIZE_MAX;

	for (uint32_t try = 1; try <= HASH_TRIES; try++) {
		uint16_t buckets[BUCKETS] = { 0 };
		size_t sum = 0;

		for (size_t i = 0; i < names->n; i++) {
			uint32_t at =
				syscall_hash(try * 2654435761u, names->v[i], strlen(names->v[i])) %
				BUCKETS;
			size_t steps = 0;

			for (; buckets[at]; at = (at + 1) % BUCKETS)
				steps++;
			buckets[at] = (uint16_t)(i + 1);
			sum += steps * steps;
		}
		if (sum < least) {
			least = sum;
			start = try * 2654435761u;
			memcpy(best, buckets, sizeof(buckets));
		}
	}
	return start;
}

static void write_names(FILE *out, const struct names *names)
{
	uint16_t buckets[BUCKETS];
	uint32_t start = hash_start(names, buckets);
	size_t offset = 0;

	fprintf(out, "#define SYSCALL_HASH_START %uu\n#define SYSCALL_BUCKETS %d\n", start,
		BUCKETS);
	fprintf(out, "static const char syscall_text[] =\n");
	for (size_t i = 0; i < names->n; i++)
		fprintf(out, "\t\"%s\\0\"\n", names->v[i]);
	fprintf(out, "\t\"\";\nstatic const uint16_t syscall_offsets[] = {");
	for (size_t i = 0; i < names->n; i++) {
		fprintf(out, "%s%zu,", i % 16 ? " " : "\n\t", offset);
		offset += strlen(names->v[i]) + 1;
	}
	if (offset > UINT16_MAX)
		die("names need more than 64 kB");
	fprintf(out, " %zu,\n};\nstatic const uint16_t syscall_buckets[SYSCALL_BUCKETS] = {",
		offset);
	for (size_t i = 0; i < BUCKETS; i++)
		fprintf(out, "%s%u,", i % 16 ? " " : "\n\t", buckets[i]);
	fprintf(out, "\n};\n");
}

/* The library's pseudo numbers -100-sub and -200-sub stand for socketcall(sub) and ipc(sub). */
static int mux_of(uint32_t token, const char *name)
{
	int number = seccomp_syscall_resolve_name_arch(token, name);

	return number < -100 && number > -300 ? -number : 0;
}

static void write_mux(FILE *out, const struct names *names)
{
	uint32_t token = seccomp_arch_resolve_name("x86");

	fprintf(out, "static const struct syscall_mux syscall_mux_rows[] = {\n");
	for (size_t i = 0; i < names->n; i++) {
		int mux = mux_of(token, names->v[i]);

		if (mux)
			fprintf(out, "\t{ %zu, %s, %d }, /* %s */\n", i,
				mux < 200 ? "MUX_SOCKETCALL" : "MUX_IPC", mux % 100, names->v[i]);
	}
	fprintf(out, "};\n");
}

/* One (number, name) pair; a name that is inside socketcall may have a number of its own as well. */
struct pair {
	int number;
	long row;
};

struct pairs {
	struct pair v[2 * NAMES_MAX];
	size_t n;
};

static void pairs_add(struct pairs *pairs, int number, long row)
{
	if (number < 0 || row < 0)
		return;
	if (pairs->n == ARRAY_LEN(pairs->v))
		die("more numbers than expected");
	pairs->v[pairs->n++] = (struct pair){ number, row };
}

static int compare_pairs(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->row < y->row ? -1 : x->row > y->row;
}

/* A number of its own for a name that the library resolves to its place inside socketcall. Asked by
 * number, the library answers for MIPS below that architecture's first number as well. */
static void pairs_scan(struct pairs *pairs, const struct names *names, uint32_t token, int from,
		       int to)
{
	for (int number = from; number < to; number++) {
		char *name = seccomp_syscall_resolve_num_arch(token, number);

		if (name && mux_of(token, name))
			pairs_add(pairs, number, names_row(names, name));
		free(name);
	}
}

static int least_number(const struct names *names, uint32_t token)
{
	int least = NUMBERS_MAX;

	for (size_t i = 0; i < names->n; i++) {
		int number = seccomp_syscall_resolve_name_arch(token, names->v[i]);

		if (number >= 0 && number < least)
			least = number;
	}
	return least;
}

static void write_numbers(FILE *out, const struct names *names, uint32_t token)
{
	struct pairs pairs = { .n = 0 };

	pairs_scan(&pairs, names, token, least_number(names, token), NUMBERS_MAX);
	for (size_t i = 0; i < names->n; i++)
		pairs_add(&pairs, seccomp_syscall_resolve_name_arch(token, names->v[i]), (long)i);
	qsort(pairs.v, pairs.n, sizeof(pairs.v[0]), compare_pairs);
	for (size_t i = 0; i < pairs.n; i++) {
		const char *name = names->v[pairs.v[i].row];

		if (i && compare_pairs(&pairs.v[i - 1], &pairs.v[i]) == 0)
			continue;
		fprintf(out, "\t{ %du, %ld, %s },\n", pairs.v[i].number, pairs.v[i].row,
			strcmp(name, "socketcall") == 0 ? "MUX_SOCKETCALL"
			: strcmp(name, "ipc") == 0	? "MUX_IPC"
							: "MUX_NONE");
	}
}

static void write_arch_flags(FILE *out, uint32_t token)
{
	if (!(token & __AUDIT_ARCH_64BIT) || token & MIPS_N32)
		fprintf(out, " | ARCH_32BIT");
	if (!(token & __AUDIT_ARCH_LE))
		fprintf(out, " | ARCH_BIG");
	if (mux_of(token, "socket"))
		fprintf(out, " | ARCH_MUX");
	if (token == SCMP_ARCH_X32)
		fprintf(out, " | ARCH_X32");
	if (token == SCMP_ARCH_X86_64)
		fprintf(out, " | ARCH_X86_64");
	if (token == SCMP_ARCH_S390 || token == SCMP_ARCH_S390X)
		fprintf(out, " | ARCH_ZERO_IS_UNKNOWN");
}

static void write_archs(FILE *out, const struct names *names)
{
	for (size_t i = 0; i < ARRAY_LEN(archs); i++) {
		uint32_t token = seccomp_arch_resolve_name(archs[i].library);

		if (!token)
			continue;
		fprintf(out, "static const struct syscall_number syscalls_%s[] = {\n",
			archs[i].library);
		write_numbers(out, names, token);
		fprintf(out, "};\n");
	}
	fprintf(out, "static const struct syscall_arch syscall_archs[] = {\n");
	for (size_t i = 0; i < ARRAY_LEN(archs); i++) {
		uint32_t token = seccomp_arch_resolve_name(archs[i].library);

		if (!token)
			continue;
		fprintf(out, "\t{ \"%s\", 0x%xu, 0", archs[i].word,
			token == SCMP_ARCH_X32 ? (uint32_t)SCMP_ARCH_X86_64 : token);
		write_arch_flags(out, token);
		fprintf(out, ",\n\t  syscalls_%s, ARRAY_LEN(syscalls_%s) },\n", archs[i].library,
			archs[i].library);
	}
	fprintf(out, "};\n");
	for (size_t i = 0; i < ARRAY_LEN(archs); i++)
		if (seccomp_arch_resolve_name(archs[i].library) == seccomp_arch_native())
			fprintf(out, "#define SYSCALL_NATIVE \"%s\"\n", archs[i].word);
}

int main(int argc, char **argv)
{
	const struct scmp_version *version = seccomp_version();
	scoped_file FILE *out = NULL;
	struct names names = { .n = 0 };

	if (argc != 2)
		die("usage: gen_syscalls FILE");
	out = fopen(argv[1], "we");
	if (!out || !version)
		die(argv[1]);
	names_collect_all(&names);
	fprintf(out, "/* Made by contrib/gen/gen_syscalls.c. */\n");
	fprintf(out, "#define SYSCALL_SOURCE \"libseccomp %u.%u.%u\"\n", version->major,
		version->minor, version->micro);
	write_names(out, &names);
	write_mux(out, &names);
	write_archs(out, &names);
	for (size_t i = 0; i < names.n; i++)
		free(names.v[i]);
	return fflush(out) == 0 && !ferror(out) ? 0 : 1;
}
