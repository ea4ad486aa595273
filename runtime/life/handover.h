/* SPDX-License-Identifier: Apache-2.0 */
/* handover.h - what an engine gets of a container: its pid in a file, fds over unix sockets. */
#pragma once

#include <sys/types.h>

#include "runtime/srtoci.h"

/* pid_file_write: the decimal pid, complete or not at all (written beside, then renamed). */
int pid_file_write(const char *path, pid_t pid, struct err *err);
/* socket_connect: a connection to the unix socket (SOCK_STREAM) at path. fd_send_on: text with one fd over it. */
int socket_connect(const char *path, const char *property, int *ret, struct err *err);
int fd_send_on(int sock, const char *property, const char *text, int fd, struct err *err);
/* fd_send: text with one fd to whoever listens on the unix socket (SOCK_STREAM) at path. property names the flag or
 * property in messages. */
int fd_send(const char *path, const char *property, const char *text, int fd, struct err *err);
/* fds_preserved: fds 3 … 3+n-1 are all open; ERR_INPUT otherwise, as one of our own would take the place. */
int fds_preserved(uint32_t n, struct err *err);
/* listen_fds: how many fds systemd's socket activation handed to this process (LISTEN_FDS), 0 if none. */
uint32_t listen_fds(void);
