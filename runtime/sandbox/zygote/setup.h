/* SPDX-License-Identifier: Apache-2.0 */
/* setup.h - what sandbox-pool tells the zygote: its native part, then this, each a message of its own; then a struct init_msg with the
 * keeper's socket (pool_keeper.h), and for each task one with the descriptors below, whose number is a copy's haste: somebody waits for it. */
#pragma once

#include <linux/filter.h>
#include <stdint.h>

/* What comes with a task, of which sandbox-pool's own TASK_x are the last. */
enum copy_fd {
	COPY_SANDBOX, /* pidfd of the first process of the task's sandbox */
	COPY_INIT, /* its socket: how the task ended is said there */
	COPY_LINE,
	COPY_OUT,
	COPY_ERR,
	COPY_READY, /* to the sandbox's first process: a copy says that it has joined, and hears that all is in its place */
	COPY_FDS
};

#define ZYGOTE_LIMITS_MAX 24

/* The filters of a task, which together are exec's. A copy has of its zygote all but what it needs itself until it is in its
 * sandbox, as to load a filter takes longer than to be born with it; that it loads last. */
enum zygote_program {
	PROGRAM_NETWORK, /* what belongs to a filtered network; may be empty */
	PROGRAM_OWN, /* the policy's, but for setns(2) */
	PROGRAM_LAST, /* setns(2); and what makes a socket is told of, where sandboxes are lent (pool_first.h) */
	ZYGOTE_PROGRAMS
};

struct zygote_setup {
	uint64_t namespaces; /* CLONE_NEWx that a copy joins once it is there */
	uint32_t scoped; /* 1: under Landlock's scopes */
	uint32_t limits_n;
	struct {
		uint32_t n, flags; /* instructions; SECCOMP_FILTER_FLAG_x */
	} programs[ZYGOTE_PROGRAMS];
	uint32_t filter_n; /* of all of them */
	struct {
		uint64_t kind, most; /* RLIMIT_x */
	} limits[ZYGOTE_LIMITS_MAX];
	/* One behind the other; what is behind filter_n is not sent. */
	struct sock_filter filter[BPF_MAXINSNS];
};
