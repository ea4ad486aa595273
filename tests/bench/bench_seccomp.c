/* SPDX-License-Identifier: Apache-2.0 */
/* bench_seccomp.c - the default container profile: building and loading its filter, ours against
 * libseccomp's, interleaved; medians and 10th percentiles in microseconds. */
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "tests/unit/seccomp_profile.h"
#include "tests/unit/seccomp_sim.h"

#define BUILDS_LIB 25
#define BUILDS_OURS 2000
#define LOADS 200

struct series {
	double v[BUILDS_OURS];
	size_t n;
};

static double now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double rank(struct series *s, size_t percent)
{
	qsort(s->v, s->n, sizeof(s->v[0]), compare);
	return s->v[s->n * percent / 100];
}

/* In a child, since a filter cannot be taken off again. */
static int load(struct series *s, const struct sock_filter *insns, size_t n)
{
	struct sock_fprog prog = { (unsigned short)n, (struct sock_filter *)insns };
	int ends[2], status;
	double us = -1;
	pid_t pid;

	if (pipe(ends) < 0)
		return -1;
	pid = fork();
	if (pid == 0) {
		double start;

		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
			_exit(1);
		start = now_us();
		if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog))
			_exit(1);
		us = now_us() - start;
		_exit(write(ends[1], &us, sizeof(us)) != sizeof(us));
	}
	(void)close(ends[1]);
	if (pid < 0 || read(ends[0], &us, sizeof(us)) != sizeof(us))
		us = -1;
	(void)close(ends[0]);
	if (pid > 0)
		(void)waitpid(pid, &status, 0);
	if (us < 0)
		return -1;
	s->v[s->n++] = us;
	return 0;
}

static void report(const char *what, struct series *ours, struct series *lib)
{
	double o = rank(ours, 50), l = rank(lib, 50);

	printf("seccomp %-6s ours %9.2f (p10 %.2f, %zu)  libseccomp %9.1f (p10 %.1f, %zu)  ratio %.5f\n",
	       what, o, rank(ours, 10), ours->n, l, rank(lib, 10), lib->n, o / l);
}

static int build(const struct seccomp *p, struct series *ours, struct series *lib)
{
	for (size_t i = 0; i < BUILDS_OURS; i++) {
		scoped_arena struct arena a = { 0 };
		struct seccomp_program program;
		struct sock_filter *insns;
		struct err err;
		size_t n;
		double start = now_us();

		if (seccomp_compile_for("SCMP_ARCH_X86_64", p, &a, &program, &err) < 0)
			return -1;
		ours->v[ours->n++] = now_us() - start;
		if (i % (BUILDS_OURS / BUILDS_LIB))
			continue;
		start = now_us();
		if (sim_lib("SCMP_ARCH_X86_64", p, &a, &insns, &n) < 0)
			return -1;
		lib->v[lib->n++] = now_us() - start;
	}
	return 0;
}

int main(void)
{
	static const char *const caps[] = { "CAP_AUDIT_WRITE", NULL };
	static struct series build_ours, build_lib, load_ours, load_lib;
	scoped_arena struct arena a = { 0 };
	struct seccomp *p = default_profile(caps, &a);
	struct seccomp_program program;
	struct sock_filter *lib;
	struct err err = { 0 };
	size_t lib_n;

	if (!p || seccomp_compile_for("SCMP_ARCH_X86_64", p, &a, &program, &err) < 0 ||
	    sim_lib("SCMP_ARCH_X86_64", p, &a, &lib, &lib_n) < 0) {
		fprintf(stderr, "bench_seccomp: no profile %s: %s\n", DEFAULT_PROFILE, err.text);
		return 1;
	}
	if (build(p, &build_ours, &build_lib) < 0)
		return 1;
	for (size_t i = 0; i < LOADS; i++)
		if (load(&load_ours, program.insns, program.n) < 0 ||
		    load(&load_lib, lib, lib_n) < 0)
			return 1;
	printf("seccomp instructions: ours %zu, libseccomp %zu\n", program.n, lib_n);
	report("build", &build_ours, &build_lib);
	report("load", &load_ours, &load_lib);
	printf("seccomp build and load, ratio of medians: %.5f\n",
	       (rank(&build_ours, 50) + rank(&load_ours, 50)) /
		       (rank(&build_lib, 50) + rank(&load_lib, 50)));
	return 0;
}
