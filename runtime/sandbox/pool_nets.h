/* SPDX-License-Identifier: Apache-2.0 */
/* pool_nets.h - the network namespaces of tasks that have but a loopback.
 *
 * To make and to end one costs the kernel more than all else that a task has of its own. So one that nobody made a socket in is
 * lent to the next task: it is as it was made. To bring anything into one takes a socket, as a task has no capability over it,
 * and none of its settings are its user's; that none was made the task's filter knows (PROGRAM_LAST), which asks the first
 * process of its sandbox before the call goes on, and that process says INIT_TOUCHED before it lets it. A touched one goes with
 * its task. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "spec/base/err.h"

#define NETS_MAX 8192 /* as many as a zygote has tasks */
#define NETS_SPARE_MAX 32
#define NETS_REST 4 /* of those, so many stay while nothing happens */
/* With those that tasks have: whoever is cloned closes each descriptor that we have. */
#define NETS_HELD_MAX 64
/* Those that are given up, and after how long a rest they go. The kernel takes one down under a lock that making one needs, too, and
 * waits there for every processor (cleanup_net, rtnl); of many that go at one time it waits once for all. */
#define NETS_GONE_MAX 32
#define NETS_REST_MS 100

struct nets {
	int own; /* of the calling process */
	size_t n, spare_n, held_n, gone_n;
	int number; /* of the last one that was made */
	int gone[NETS_GONE_MAX];
	struct net {
		int number;
		int fd; /* -1: it has not been handed in */
		pid_t user; /* first process of the sandbox that has it; 0: it is spare */
		bool touched;
	} v[NETS_MAX];
};

/* nets_begin: 0 or -1 with errno. */
int nets_begin(struct nets *n);
/* nets_enter: the calling process, and with it what it clones, is in a spare one; its number, or -1 where there is none.
 * nets_leave: it is in its own again, 0 or -1 with errno: what sockets it makes stand there.
 * nets_number: of one that is about to be made. nets_lend: that process has it. */
int nets_enter(struct nets *n);
int nets_leave(struct nets *n);
int nets_number(struct nets *n);
void nets_lend(struct nets *n, int number, pid_t user);
/* nets_hand_in: fd is that one's. nets_touched: it is not lent again. nets_ended: nobody is left who was in the namespaces of
 * that process. */
void nets_hand_in(struct nets *n, int number, int fd);
void nets_touched(struct nets *n, int number);
void nets_ended(struct nets *n, pid_t user);
/* nets_give_up: fd is closed by and by. nets_rest: now, and of the spare ones no more than keep stay; nets_wait_ms: after so long
 * a rest it is to be called with NETS_REST, -1 never. */
void nets_give_up(struct nets *n, int fd);
void nets_rest(struct nets *n, size_t keep);
int nets_wait_ms(const struct nets *n);
