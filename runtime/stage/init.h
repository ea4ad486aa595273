/* SPDX-License-Identifier: Apache-2.0 */
/* init.h - the first process of a sandbox: it stays ours, reaps, passes on what the supervisor says, and reports how the
 * payload ended, which signals to a payload that were the first process itself would not tell.
 *
 *   word     from        to          means                                                  then
 *   HELLO    init        supervisor  I am there; two fds: my /proc, the scratch directory   -
 *   ENDED    init        supervisor  the payload has ended; its status and costs            waits to be ended
 *   SIGNAL   supervisor  init        signal number to the payload's group                   -
 *   STOP     supervisor  init        all processes but me stop                              -
 *   CONT     supervisor  init        they go on                                             -
 */
#pragma once

#include <stdint.h>

#include "runtime/stage/stage.h"

enum init_word { INIT_HELLO = 1, INIT_ENDED, INIT_SIGNAL, INIT_STOP, INIT_CONT };

struct init_msg {
	int32_t word; /* enum init_word */
	int32_t number; /* of SIGNAL */
	int32_t code, status; /* of ENDED: CLD_x and the exit status or signal */
	uint64_t cpu_us; /* of ENDED: processor time of all that were waited for */
	uint64_t peak_bytes; /* of ENDED: largest of them at its highest */
};

/* init_split: the calling process becomes the init and does not return; its new child does, and goes on to exec. */
int init_split(const struct start *s, struct err *err);

/* For the supervisor. init_hear: 1 and the next word, with the fds of HELLO (else -1); 0 at the end, -1 with errno.
 * init_say: 0 or -1 with errno. */
int init_hear(int sock, struct init_msg *ret, int fds[2]);
int init_say(int sock, enum init_word word, int number);
