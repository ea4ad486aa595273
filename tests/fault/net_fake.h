/* SPDX-License-Identifier: Apache-2.0 */
/* net_fake.h - sockets of sys_fake.h: those of netlink are pretended, others are real. */
#pragma once

#include <sys/socket.h>
#include <sys/types.h>

/* As socket(2), sendmsg(2) and recvmsg(2). */
int net_fake_socket(int domain, int type, int protocol);
ssize_t net_fake_say(int fd, const struct msghdr *msg, int flags);
ssize_t net_fake_hear(int fd, struct msghdr *msg, int flags);
