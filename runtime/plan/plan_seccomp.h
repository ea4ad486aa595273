/* SPDX-License-Identifier: Apache-2.0 */
/* plan_seccomp.h - a seccomp profile as the program that the kernel runs.
 *
 * What it decides is what libseccomp, and with it runc and crun, make of the same profile, except:
 *  - A number beyond the largest that the profile names on its architecture answers ENOSYS, so that
 *    newer C libraries fall back, unless the default action lets calls through (ALLOW, LOG, TRACE).
 *    This is runc's rule; here the native architecture has it also when it is not listed. On
 *    x86_64 the numbers of an unlisted x32 stay a wrong architecture. On s390 number 0, by
 *    which the kernel shows calls it does not know, answers ENOSYS likewise.
 *  - Where conditional entries of one call have different actions and both match, the strictest
 *    wins, as among several filters in the kernel; of two equally strict ones, the first listed.
 *    libseccomp refuses some such profiles and decides others by the inner order of its tree.
 * Like there: an entry whose action is the default's says nothing; the first entry of a call without
 * conditions decides it, whatever conditions others have; a system call that the architecture
 * does not have is skipped; calls of an architecture that is not listed kill the thread; on 32-bit
 * architectures values are compared as 32 bits; and calls inside socketcall and ipc are told apart
 * by that call's first argument, so a condition on their own first argument cannot hold there.
 * Like in runc, several conditions on the same argument are alternatives. */
#pragma once

#include <linux/filter.h>
#include <stdbool.h>

#include "spec/base/arena.h"
#include "spec/base/err.h"
#include "spec/oci/config.h"

/* What one profile may hold. */
#define SECCOMP_ROWS_MAX 16384 /* entries of syscalls */
#define SECCOMP_NAMES_MAX 65535 /* names in all of them */
#define SECCOMP_ARCHS_MAX 32 /* entries of architectures */
/* Unknown names that are reported one by one; all are counted. */
#define SECCOMP_UNKNOWN_MAX 64

struct seccomp_unknown {
	size_t row, at; /* /linux/seccomp/syscalls/ROW/names/AT */
	const char *name;
};

struct seccomp_program {
	struct sock_filter *insns;
	size_t n;
	unsigned int flags; /* SECCOMP_FILTER_FLAG_x for seccomp(2) */
	bool notify; /* loading it returns a listener's fd */
	struct seccomp_unknown *unknown;
	size_t unknown_n, unknown_total;
};

/* seccomp_machine: the architectures whose programs this machine runs, as SCMP_ARCH_x, for profiles of our own; x32: that one, too,
 * where it is one of them. */
struct strings seccomp_machine(bool x32);

/* seccomp_compile: for the machine that this program was built for; in a's memory. Errors name the
 * property below /linux/seccomp; ERR_LIMIT where the profile or its program is too large. */
int seccomp_compile(const struct seccomp *s, struct arena *a, struct seccomp_program *ret,
		    struct err *err);
/* seccomp_compile_for: likewise with that SCMP_ARCH_x as the native architecture. */
int seccomp_compile_for(const char *native, const struct seccomp *s, struct arena *a,
			struct seccomp_program *ret, struct err *err);
