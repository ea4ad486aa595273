/* SPDX-License-Identifier: Apache-2.0 */
/* route.c - RTM_GETROUTE: the type of the route says whose the address is, of networks routed to lo as a whole, too, and it
 * is as fresh as the question. */
#include "runtime/egress/route.h"

#include <linux/rtnetlink.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "spec/base/sys.h"

struct question {
	struct nlmsghdr head;
	struct rtmsg route;
	struct rtattr to;
	uint8_t address[ADDRESS_BYTES];
};

int route_open(struct route *ret, struct err *err)
{
	int fd = sys_socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);

	if (fd < 0)
		return err_host(err, errno,
				"netlink socket, to ask which addresses are this host's");
	*ret = (struct route){ .fd = fd };
	return 0;
}

/* Sends it; its number, 0 where it failed. */
static uint32_t ask(struct route *r, const uint8_t a[ADDRESS_BYTES])
{
	bool v4 = address_is_v4(a);
	size_t size = v4 ? 4 : ADDRESS_BYTES;
	struct question q = {
		.head = { .nlmsg_type = RTM_GETROUTE,
			  .nlmsg_flags = NLM_F_REQUEST,
			  .nlmsg_seq = ++r->asked ? r->asked : ++r->asked },
		.route = { .rtm_family = v4 ? AF_INET : AF_INET6,
			   .rtm_dst_len = (uint8_t)(8 * size) },
		.to = { .rta_len = (uint16_t)RTA_LENGTH(size), .rta_type = RTA_DST },
	};

	memcpy(q.address, v4 ? a + 12 : a, size);
	q.head.nlmsg_len = (uint32_t)(offsetof(struct question, address) + size);
	return send(r->fd, &q, q.head.nlmsg_len, MSG_NOSIGNAL) < 0 ? 0 : r->asked;
}

static enum route_kind kind_of(uint8_t type)
{
	switch (type) {
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

enum route_kind route_ask(struct route *r, const uint8_t a[ADDRESS_BYTES])
{
	union {
		struct {
			struct nlmsghdr head;
			struct rtmsg route;
		};
		char room[4096];
	} reply;
	uint32_t number = ask(r, a);
	ssize_t n;

	/* The kernel has answered before send returns. What answers an earlier question (its answer came when nobody read on)
	 * says nothing about this one. */
	while (number && (n = recv(r->fd, &reply, sizeof(reply), MSG_DONTWAIT)) > 0) {
		if (n < (ssize_t)sizeof(reply.head) || reply.head.nlmsg_seq != number)
			continue;
		if (reply.head.nlmsg_type != RTM_NEWROUTE ||
		    n < (ssize_t)(sizeof(reply.head) + sizeof(reply.route)))
			return ROUTE_NONE;
		return kind_of(reply.route.rtm_type);
	}
	return ROUTE_NONE;
}

bool route_is_own(struct route *r, const uint8_t a[ADDRESS_BYTES], enum route_kind kind)
{
	uint8_t inner[ADDRESS_BYTES];

	return kind == ROUTE_OWN ||
	       (address_embedded(a, inner) && route_ask(r, inner) == ROUTE_OWN);
}
