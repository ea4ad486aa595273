/* SPDX-License-Identifier: Apache-2.0 */
/* pool_keeper.h - keeps for the zygote the sockets by which it says how its tasks ended, where there are more than some: each copy would
 * be born with all of them and have to close them.
 *
 *   zygote --TASK, number of the process, its socket--> keeper
 *   zygote --ENDED, that number, how it ended--> keeper --ENDED--> supervisor, by that socket
 *
 * It reads nothing else, and knows of the tasks no more than these numbers. */
#pragma once

#include <stddef.h>

#include "runtime/stage/init.h"

#define KEEPER_TASKS_MAX 8192

struct keeper {
	size_t n;
	struct {
		int32_t number;
		int sock;
	} tasks[KEEPER_TASKS_MAX];
};

/* keeper_hear: one word of the zygote's and its only descriptor, or -1, which is the keeper's from then on; false where that could not be kept. */
bool keeper_hear(struct keeper *k, const struct init_msg *m, int fd);
/* keeper_serve: until the zygote's end of sock is closed. */
_Noreturn void keeper_serve(int sock);
