/* SPDX-License-Identifier: Apache-2.0 */
/* pool_loans.h - network and IPC namespaces of tasks in which nothing was made.
 *
 * To make and to end these costs the kernel more than all else that a task has of its own. So where a task made no socket and no
 * object of IPC, its two are lent to the next task: they are as they were made. To bring anything into one takes a call that makes
 * such a thing, as a task has no capability over it, and none of its settings are its user's; that there was no such call the
 * task's filter knows (PROGRAM_LAST), which asks the first process of its sandbox before the call goes on, and that process says
 * INIT_TOUCHED before it lets it. Touched ones go with their task. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "spec/base/err.h"

#define LOANS_MAX 8192 /* as many as a zygote has tasks */
#define LOANS_SPARE_MAX 32
#define LOANS_REST 4 /* of those, so many stay while nothing happens */
/* With those that tasks have: whoever is cloned closes each descriptor that we have. */
#define LOANS_HELD_MAX 48
/* Those that are given up, and after how long a rest they go. The kernel takes one down under a lock that making one needs, too, and
 * waits there for every processor (cleanup_net, rtnl; free_ipc); of many that go at one time it waits once for all. */
#define LOANS_GONE_MAX 32
#define LOANS_REST_MS 100

/* The namespaces of a loan, by their descriptors. */
enum { LOAN_NET, LOAN_IPC, LOAN_FDS };
#define LOAN_NAMESPACES (CLONE_NEWNET | CLONE_NEWIPC)

struct loans {
	int own[LOAN_FDS]; /* of the calling process */
	size_t n, spare_n, held_n, gone_n;
	int number; /* of the last one that was made */
	int gone[LOANS_GONE_MAX][LOAN_FDS];
	struct loan {
		int number;
		int fds[LOAN_FDS]; /* -1: they have not been handed in */
		pid_t user; /* first process of the sandbox that has them; 0: they are spare */
		bool touched;
	} v[LOANS_MAX];
};

/* loans_begin: 0 or -1 with errno. loans_open: the calling process's own, as fds; likewise. */
int loans_begin(struct loans *l);
int loans_open(int ret_fds[LOAN_FDS]);
/* loans_enter: the calling process, and with it what it clones, is in spare ones; their number, or -1 where there are none.
 * loans_leave: it is in its own again, 0 or -1 with errno: what sockets it makes stand there.
 * loans_number: of those that are about to be made. loans_lend: that process has them. */
int loans_enter(struct loans *l);
int loans_leave(struct loans *l);
int loans_number(struct loans *l);
void loans_lend(struct loans *l, int number, pid_t user);
/* loans_hand_in: fds are those of that number. loans_touched: they are not lent again. loans_ended: nobody is left who was in the
 * namespaces of that process. */
void loans_hand_in(struct loans *l, int number, const int fds[LOAN_FDS]);
void loans_touched(struct loans *l, int number);
void loans_ended(struct loans *l, pid_t user);
/* loans_give_up: fds are closed by and by. loans_rest: now, and of the spare ones no more than keep stay; loans_wait_ms: after so long
 * a rest it is to be called with LOANS_REST, -1 never. */
void loans_give_up(struct loans *l, const int fds[LOAN_FDS]);
void loans_rest(struct loans *l, size_t keep);
int loans_wait_ms(const struct loans *l);
