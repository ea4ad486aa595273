/* SPDX-License-Identifier: Apache-2.0 */
/* sync.h - what the processes of a start say to one another: one datagram a word, over a SOCK_SEQPACKET pair.
 *
 *   word      from    to      means                                         then
 *   MAPS      child   parent  I am in the new user namespace, unmapped      parent writes the maps, answers GO
 *   PID       middle  parent  the child is process N                        GO to the child, unless it shares our memory
 *   ROOT      child   parent  the root is prepared, not yet entered         hooks, then GO with the state document
 *   READY     child   parent  only start is missing; a terminal may come    GO once the state is written
 *   CONSOLE   child   parent  here is the terminal (nobody waits)           –
 *   LISTENER  child   parent  here is the seccomp listener                  parent hands it on
 *   WARN      child   parent  an optional op failed                         –
 *   FAIL      any     parent  this went wrong, I end                        –
 *   OP        child   parent  do op N for me, you have the rights              GO, maybe with a file descriptor, or FAIL
 *   WAY       child   parent  here is a socket for the network helper (nobody waits)   –
 *   BESIDE    parent  child   here is the network namespace (nobody waits)   –
 *   GO        parent  child   go on
 *   end of file from the child: it has become the payload, or it is dead
 */
#pragma once

#include "spec/base/err.h"

enum sync_word {
	SYNC_MAPS = 1,
	SYNC_PID,
	SYNC_ROOT,
	SYNC_READY,
	SYNC_CONSOLE,
	SYNC_LISTENER,
	SYNC_WARN,
	SYNC_FAIL,
	SYNC_GO,
	SYNC_OP,
	SYNC_WAY,
	SYNC_BESIDE,
};

struct sync_msg {
	int word; /* enum sync_word */
	int number; /* of PID and OP; of WAY which (enum way_socket) */
	struct err err; /* of WARN and FAIL */
};

/* sync_pair: fds[0] is the parent's end, fds[1] the child's. */
int sync_pair(int fds[2], struct err *err);
/* sync_say: a word alone, or with a number, an fd (-1: none), or an error. 0, or -1 with errno: the other side is gone. */
int sync_say(int sock, enum sync_word word, int number, int fd);
int sync_say_err(int sock, enum sync_word word, const struct err *what);
/* sync_hear: the next word; *ret_fd (if one came with it) is close-on-exec, else -1. 1, 0 at the end of file, -1 with errno. */
int sync_hear(int sock, struct sync_msg *ret, int *ret_fd);
/* sync_say_text, sync_hear_text: GO with a text beside it, at most room-1 bytes; hearing returns like sync_hear. */
int sync_say_text(int sock, const char *text);
int sync_hear_text(int sock, char *text, size_t room);
