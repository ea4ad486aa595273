/* SPDX-License-Identifier: Apache-2.0 */
/* setup.h - what sandbox-pool tells the zygote: its native part, then this, each a message of its own; then, for each task, a
 * struct init_msg with the descriptors below, whose number is a
 * copy's haste: somebody waits for it. */
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
	COPY_READY, /* to the sandbox's first process: one byte when all is in its place */
	COPY_FDS
};

#define ZYGOTE_LIMITS_MAX 24
struct zygote_setup {
	uint64_t namespaces; /* CLONE_NEWx that a copy joins once it is there */
	uint32_t scoped; /* 1: under Landlock's scopes */
	uint32_t seccomp_flags;
	uint32_t limits_n;
	uint32_t filter_n;
	uint32_t
		network_n; /* of these, so many are a program of their own, which is loaded first */
	struct {
		uint64_t kind, most; /* RLIMIT_x */
	} limits[ZYGOTE_LIMITS_MAX];
	struct sock_filter filter[BPF_MAXINSNS]; /* what is behind filter_n is not sent */
};
