/* SPDX-License-Identifier: Apache-2.0 */
/* route.c - RTM_GETROUTE: the type of the route says whose the address is, of networks routed to lo as a whole, too, and it
 * is as fresh as the question. */
#include "runtime/egress/route.h"

#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "spec/base/scope.h"
#include "spec/base/sys.h"

struct question {
	struct nlmsghdr head;
	struct rtmsg route;
	struct rtattr to;
	uint8_t address[ADDRESS_BYTES];
};

int route_open(int *ret, struct err *err)
{
	scoped_fd int fd = sys_socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return err_host(err, errno,
				"netlink socket, to ask which addresses are this host's");
	*ret = take_fd(&fd);
	return 0;
}

static ssize_t ask(int fd, const uint8_t a[ADDRESS_BYTES])
{
	bool v4 = address_is_v4(a);
	size_t size = v4 ? 4 : ADDRESS_BYTES;
	struct question q = {
		.head = { .nlmsg_type = RTM_GETROUTE, .nlmsg_flags = NLM_F_REQUEST },
		.route = { .rtm_family = v4 ? AF_INET : AF_INET6,
			   .rtm_dst_len = (uint8_t)(8 * size) },
		.to = { .rta_len = (uint16_t)RTA_LENGTH(size), .rta_type = RTA_DST },
	};

	memcpy(q.address, v4 ? a + 12 : a, size);
	q.head.nlmsg_len = (uint32_t)(offsetof(struct question, address) + size);
	return send(fd, &q, q.head.nlmsg_len, MSG_NOSIGNAL);
}

enum route_kind route_ask(int fd, const uint8_t a[ADDRESS_BYTES])
{
	union {
		struct {
			struct nlmsghdr head;
			struct rtmsg route;
		};
		char room[4096];
	} reply;
	ssize_t n;

	if (ask(fd, a) < 0)
		return ROUTE_NONE;
	/* The kernel has answered before send returns. */
	n = recv(fd, &reply, sizeof(reply), MSG_DONTWAIT);
	if (n < (ssize_t)(sizeof(reply.head) + sizeof(reply.route)) ||
	    reply.head.nlmsg_type != RTM_NEWROUTE)
		return ROUTE_NONE;
	switch (reply.route.rtm_type) {
	case RTN_UNICAST:
		return ROUTE_AWAY;
	case RTN_LOCAL:
	case RTN_BROADCAST:
	case RTN_ANYCAST:
	case RTN_MULTICAST:
		return ROUTE_OWN;
	default:
		return ROUTE_NONE;
	}
}
