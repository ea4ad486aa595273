/* SPDX-License-Identifier: Apache-2.0 */
/* terminal.h - a payload in the foreground: its signals, its terminal, its end. */
#pragma once

#include <signal.h>
#include <sys/types.h>

#include "spec/base/err.h"

/* payload_block_signals: from here on signals wait until payload_wait takes them, which would miss the end of a payload
 * otherwise. outside is the mask that was. */
int payload_block_signals(sigset_t *outside, struct err *err);
/* payload_end_as: ends us by a signal that came before there was a payload to pass it on to. */
void payload_end_as(int sig, const sigset_t *outside);
/* payload_wait: until that child ends; every signal that we get goes to it. terminal_fd (-1: none) is the master of its
 * terminal: then our own is put into raw mode and both are connected. *status is its exit status, 128+N after signal N. */
int payload_wait(pid_t pid, int terminal_fd, const sigset_t *outside, int *status, struct err *err);
