/* SPDX-License-Identifier: Apache-2.0 */
/* net_fake.c - a netlink socket is /dev/null, and every request is done. */
#include "tests/fault/net_fake.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <string.h>

int net_fake_socket(int domain, int type, int protocol)
{
	return domain == AF_NETLINK ? open("/dev/null", O_RDWR | O_CLOEXEC)
				    : socket(domain, type, protocol);
}

static bool is_netlink(const struct msghdr *msg)
{
	return msg->msg_name && msg->msg_namelen == sizeof(struct sockaddr_nl);
}

ssize_t net_fake_say(int fd, const struct msghdr *msg, int flags)
{
	return is_netlink(msg) ? (ssize_t)msg->msg_iov->iov_len : sendmsg(fd, msg, flags);
}

ssize_t net_fake_hear(int fd, struct msghdr *msg, int flags)
{
	const struct {
		struct nlmsghdr head;
		struct nlmsgerr done;
	} answer = { .head = { .nlmsg_len = sizeof(answer), .nlmsg_type = NLMSG_ERROR } };

	if (!is_netlink(msg))
		return recvmsg(fd, msg, flags);
	memcpy(msg->msg_iov->iov_base, &answer, sizeof(answer));
	return sizeof(answer);
}
