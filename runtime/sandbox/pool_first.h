/* SPDX-License-Identifier: Apache-2.0 */
/* pool_first.h - the first process of a task's sandbox: it makes the mounts, is that task's init, and where its task has left all as it
 * was made, offers itself for the next.
 *
 * To make and to end a sandbox takes the kernel longer than all else that a short task has of its own. To bring anything into its
 * network, its IPC or its inotify takes a call that the task's filter tells of (PROGRAM_LAST); its host names and ids a task cannot
 * change, as it has no capability; processes end with their task, and the first process sees who is left; its mounts are as they were
 * made, or made anew (pool_mounts.h); and the first process itself is looked at (pool_made.h). So what is offered is as it was made, but for
 * its age. What is not ends with its task. */
#pragma once

#include <stdbool.h>

#include "runtime/plan/plan.h"
#include "runtime/stage/init.h"

/* What it is made of. */
struct home {
	const struct plan *plan; /* STAGE_NAMESPACE, STAGE_ROOT */
	uint64_t late; /* CLONE_NEWx that it is born without and makes itself */
	bool ahead; /* of its task: nobody is to hear why it fails */
	bool network; /* of its own */
	bool lends; /* it is told of calls, and may offer itself */
	bool filtered; /* it is told where its sockets go before it makes them */
};

/* What it is told of its task's; the last one where the network is filtered. */
enum { FIRST_INIT, FIRST_ERR, FIRST_WAY, FIRST_FDS };

/* Where it offers itself (SPARE: a line to it and its pidfd), and hands in namespaces that are not lent (TOUCHED: net and ipc; PORTS:
 * likewise, and only some ports reach the filter). The caller has that socket there. */
#define FIRST_OFFERS INIT_FD_OWN

/* first_process: the caller is it from now on; line: by which it hears of its task, and says (INIT_JOIN) that all namespaces are there. */
_Noreturn void first_process(const struct home *h, int line);
