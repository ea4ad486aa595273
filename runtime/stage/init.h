/* SPDX-License-Identifier: Apache-2.0 */
/* init.h - the first process of a sandbox: it stays ours, reaps, passes on what the supervisor says, and reports how the
 * payload ended, which signals to a payload that were the first process itself would not tell.
 *
 *   word     from        to          means                                                  then
 *   HELLO    init        supervisor  I am there, and closed to others; fds: my /proc, the   -
 *                                    scratch directory, where it was joined a pidfd of mine
 *   SEEN     init        supervisor  what is left to be seen of a payload that failed       ENDED or CLEARED
 *   ENDED    init        supervisor  the payload has ended; its status and costs            waits to be ended
 *   SIGNAL   supervisor  init        signal number to the payload's group                   -
 *   STOP     supervisor  init        all processes but me stop                              -
 *   CONT     supervisor  init        they go on                                             -
 *   CLEAR    supervisor  init        all processes but me end                               SEEN, CLEARED
 *   CLEARED  init        supervisor  there is nobody left                                   waits to be ended
 */
#pragma once

#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>

#include "runtime/stage/stage.h"

/* The pool's own: INIT_TASK, a task is to be made, fds of pool_agent.h; INIT_PORTS, of TCP only some ports reach the filter;
 * INIT_JOIN, the payload may join; INIT_KEEPER, the line to who keeps the tasks' sockets;
 * INIT_LISTENER, the payload's listener of seccomp notifications, which joined; INIT_SPARE and INIT_TOUCHED, a sandbox is for another
 * task, and is not, with fds of pool_first.h. */
enum init_word {
	INIT_HELLO = 1,
	INIT_ENDED,
	INIT_SIGNAL,
	INIT_STOP,
	INIT_CONT,
	INIT_CLEAR,
	INIT_CLEARED,
	INIT_TASK,
	INIT_PORTS,
	INIT_SEEN,
	INIT_LISTENER,
	INIT_SPARE,
	INIT_TOUCHED,
	INIT_KEEPER,
	INIT_JOIN,
};
/* Descriptors that one word brings. */
#define INIT_FDS_MAX 6
enum { INIT_FD_PROC, INIT_FD_SCRATCH, INIT_FD_PIDFD };

struct init_msg {
	int32_t word; /* enum init_word */
	int32_t number; /* of SIGNAL; of SEEN: most processes that were there when some had to be waited for */
	int32_t code,
		status; /* of ENDED: CLD_x and the exit status or signal; of SEEN: how many of them failed, and witness_unreached */
	uint64_t cpu_us; /* of ENDED: processor time of all that were waited for */
	uint64_t peak_bytes; /* of ENDED: largest of them at its highest */
};

/* init_split: the calling process becomes the init and does not return; its new child calls go(arg), which does not either.
 * The child may share the init's memory until exec. */
int init_split(const struct start *s, void (*go)(void *), void *arg, struct err *err);
/* init_limit_files: the payload's own limit, set in its process. */
int init_limit_files(const struct start *s, struct err *err);

/* For whoever makes such a process another way. */
#define INIT_FD_OWN 2 /* the first of the caller's descriptors that stay open */
struct init_joined {
	pid_t payload;
	int sock;
	/* The payload, somebody else's child, joins by its pidfd. So the process is open to others until INIT_LISTENER comes by this or
	 * its other end is closed: the kernel asks of who joins the right to look into it (setns(2)). It is answered with the same
	 * word once nobody joins any more. -1: nobody joins. */
	int ready;
	int own_n; /* how many from INIT_FD_OWN on */
	/* The payload's filter asks before some calls; the listener comes with INIT_LISTENER. Before each of them goes on, and where none
	 * comes, without a call; first: it has returned true for none yet. True: the sandbox is no longer as it was. NULL: there is no such
	 * filter. */
	bool (*on_told)(void *ctx, const struct seccomp_data *call, bool first);
	void *ctx;
	bool again; /* may init_serve return? */
	const char *scratch; /* as in struct start */
};
/* init_serve: the caller is the init, with nothing open but these. It returns where the supervisor has hung up, nobody is left nor was
 * left by the payload, and on_told never said true, and then has its own descriptors; else it ends, and with it the sandbox. */
void init_serve(const struct init_joined *j);
/* init_wipe: the words of our command line name what is the host's. */
void init_wipe(const char *const *argv);

/* init_hear: 1 and the next word, with its fds (else -1); 0 at the end, -1 with errno. init_peek: likewise of what is there, which
 * stays; its fds are copies. init_say: 0 or -1 with errno;
 * init_send: likewise a whole word with fds. */
int init_hear(int sock, struct init_msg *ret, int fds[INIT_FDS_MAX]);
int init_peek(int sock, struct init_msg *ret, int fds[INIT_FDS_MAX]);
int init_say(int sock, enum init_word word, int number);
int init_send(int sock, const struct init_msg *m, const int *fds, size_t n);
