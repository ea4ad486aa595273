/* SPDX-License-Identifier: Apache-2.0 */
/* netlink.h - rtnetlink(7) as far as moving a device needs it: one message, its answer, one dump. */
#pragma once

#include <linux/rtnetlink.h>
#include <stdint.h>

#include "spec/base/err.h"

#define NETLINK_MESSAGE_MAX 1024

struct netlink_message {
	union {
		struct nlmsghdr head;
		char room[NETLINK_MESSAGE_MAX];
	};
};

/* netlink_open: a socket of this process's network namespace, or -1 with errno. */
int netlink_open(void);
/* netlink_begin: a message of that type (RTM_x) with its fixed part. netlink_add: one attribute more; what does not fit
 * fails the call later (EMSGSIZE). */
void netlink_begin(struct netlink_message *m, uint16_t type, uint16_t flags, const void *fixed,
		   size_t len);
void netlink_add(struct netlink_message *m, uint16_t attribute, const void *value, size_t len);
/* netlink_call: sends it and waits for the answer. 0, or -1 with the errno that the kernel answers. reply (may be NULL) is
 * the first message that is no acknowledgement, room bytes. */
int netlink_call(int fd, struct netlink_message *m, void *reply, size_t room);
/* netlink_batch: several messages at once, of which the last asks for an answer: done as a whole, or -1 with the errno of
 * the first that failed. */
int netlink_batch(int fd, const void *bytes, size_t n);
/* netlink_dump: likewise, for each message of the dump; fn returns non-zero to stop. 0, or -1 with errno. */
int netlink_dump(int fd, struct netlink_message *m,
		 int (*fn)(void *ctx, const struct nlmsghdr *message), void *ctx);
