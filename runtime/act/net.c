/* SPDX-License-Identifier: Apache-2.0 */
/* net.c - moves network devices between namespaces.
 *
 * The kernel takes a device down and drops its addresses when it moves. Those that were meant to last (permanent, of global
 * scope) are read before and set again after. */
#include "runtime/act/net.h"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <stdio.h>
#include <string.h>

#include "runtime/act/netlink.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

#define ADDRESSES_MAX 128
#define TEMPLATE_TRIES 1024

struct address {
	struct ifaddrmsg head;
	uint32_t flags;
	unsigned char local[16], peer[16], broadcast[4];
	uint8_t local_len, peer_len, broadcast_len;
};

struct addresses {
	struct address v[ADDRESSES_MAX];
	size_t n;
	int index; /* of the device */
	bool too_many;
};

struct end {
	int sock; /* netlink, in that namespace */
	int ns; /* its file */
	const char *name; /* of the device there */
};

static int find_link(int sock, const char *name, struct ifinfomsg *ret)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC };
	struct netlink_message m;
	struct {
		struct nlmsghdr head;
		struct ifinfomsg info;
	} reply = { 0 };

	netlink_begin(&m, RTM_GETLINK, 0, &info, sizeof(info));
	netlink_add(&m, IFLA_IFNAME, name, strlen(name) + 1);
	if (netlink_call(sock, &m, &reply, sizeof(reply)) < 0)
		return -1;
	*ret = reply.info;
	return 0;
}

/* --- addresses ------------------------------------------------------------------------------------------------------ */

static void take_bytes(unsigned char *to, size_t room, uint8_t *len, const struct rtattr *a)
{
	if (RTA_PAYLOAD(a) > room)
		return;
	*len = (uint8_t)RTA_PAYLOAD(a);
	memcpy(to, RTA_DATA(a), *len);
}

static void read_address(struct address *to, const struct nlmsghdr *h)
{
	const struct rtattr *a = IFA_RTA(NLMSG_DATA(h));
	int left = (int)IFA_PAYLOAD(h);

	to->flags = to->head.ifa_flags;
	for (; RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		if (a->rta_type == IFA_LOCAL)
			take_bytes(to->local, sizeof(to->local), &to->local_len, a);
		else if (a->rta_type == IFA_ADDRESS)
			take_bytes(to->peer, sizeof(to->peer), &to->peer_len, a);
		else if (a->rta_type == IFA_BROADCAST)
			take_bytes(to->broadcast, sizeof(to->broadcast), &to->broadcast_len, a);
		else if (a->rta_type == IFA_FLAGS && RTA_PAYLOAD(a) == sizeof(to->flags))
			memcpy(&to->flags, RTA_DATA(a), sizeof(to->flags));
	}
}

static int keep_address(void *ctx, const struct nlmsghdr *h)
{
	struct addresses *all = ctx;
	struct address one = { 0 };

	if (h->nlmsg_type != RTM_NEWADDR || h->nlmsg_len < NLMSG_LENGTH(sizeof(one.head)))
		return 0;
	memcpy(&one.head, NLMSG_DATA(h), sizeof(one.head));
	if ((int)one.head.ifa_index != all->index || one.head.ifa_scope != RT_SCOPE_UNIVERSE)
		return 0;
	read_address(&one, h);
	if (!(one.flags & IFA_F_PERMANENT))
		return 0;
	if (all->n == ADDRESSES_MAX)
		all->too_many = true;
	else
		all->v[all->n++] = one;
	return 0;
}

static int read_addresses(const struct end *from, int index, struct addresses *ret, struct err *err)
{
	struct ifaddrmsg head = { .ifa_family = AF_UNSPEC };
	struct netlink_message m;

	ret->n = 0;
	ret->index = index;
	ret->too_many = false;
	netlink_begin(&m, RTM_GETADDR, 0, &head, sizeof(head));
	if (netlink_dump(from->sock, &m, keep_address, ret) < 0)
		return err_host(err, errno, "read the addresses of the network device %s",
				from->name);
	if (ret->too_many)
		return err_limit(err, "the network device %s has more than %d addresses",
				 from->name, ADDRESSES_MAX);
	return 0;
}

static int set_address(const struct end *to, int index, const struct address *a, struct err *err)
{
	struct ifaddrmsg head = a->head;
	uint32_t flags = a->flags & (IFA_F_NODAD | IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN);
	struct netlink_message m;

	head.ifa_index = (uint32_t)index;
	head.ifa_flags = 0;
	netlink_begin(&m, RTM_NEWADDR, NLM_F_CREATE | NLM_F_REPLACE, &head, sizeof(head));
	if (a->local_len)
		netlink_add(&m, IFA_LOCAL, a->local, a->local_len);
	if (a->peer_len)
		netlink_add(&m, IFA_ADDRESS, a->peer, a->peer_len);
	if (a->broadcast_len)
		netlink_add(&m, IFA_BROADCAST, a->broadcast, a->broadcast_len);
	netlink_add(&m, IFA_FLAGS, &flags, sizeof(flags));
	if (netlink_call(to->sock, &m, NULL, 0) < 0)
		return err_host(err, errno, "set an address of the network device %s", to->name);
	return 0;
}

/* --- the device ----------------------------------------------------------------------------------------------------- */

static int move_link(const struct end *from, const struct end *to, int index, struct err *err)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC, .ifi_index = index };
	uint32_t ns = (uint32_t)to->ns;
	struct netlink_message m;

	netlink_begin(&m, RTM_NEWLINK, 0, &info, sizeof(info));
	netlink_add(&m, IFLA_NET_NS_FD, &ns, sizeof(ns));
	netlink_add(&m, IFLA_IFNAME, to->name, strlen(to->name) + 1);
	if (netlink_call(from->sock, &m, NULL, 0) < 0)
		return err_host(err, errno, "move the network device %s to the container as %s",
				from->name, to->name);
	return 0;
}

static int set_up(const struct end *at, int index, struct err *err)
{
	struct ifinfomsg info = { .ifi_family = AF_UNSPEC,
				  .ifi_index = index,
				  .ifi_flags = IFF_UP,
				  .ifi_change = IFF_UP };
	struct netlink_message m;

	netlink_begin(&m, RTM_NEWLINK, 0, &info, sizeof(info));
	if (netlink_call(at->sock, &m, NULL, 0) < 0)
		return err_host(err, errno, "bring the network device %s up", at->name);
	return 0;
}

/* With its addresses; the index, told as soon as it is known, may be another there. */
static int transfer(const struct end *from, const struct end *to, int index, bool up, int *ret,
		    struct err *err)
{
	struct addresses kept;
	struct ifinfomsg there;

	TRY(read_addresses(from, index, &kept, err));
	TRY(move_link(from, to, index, err));
	if (find_link(to->sock, to->name, &there) < 0)
		return err_host(err, errno, "find the network device %s again", to->name);
	*ret = there.ifi_index;
	for (size_t i = 0; i < kept.n; i++)
		TRY(set_address(to, there.ifi_index, &kept.v[i], err));
	return up ? set_up(to, there.ifi_index, err) : 0;
}

/* "eth%d" with the first number that is free inside. */
static int inner_name(const struct op *op, int inner, char name[IFNAMSIZ], struct err *err)
{
	const char *at = strstr(op->text, "%d");
	struct ifinfomsg found;

	if (strlen(op->text) >= IFNAMSIZ)
		return err_input(err, "the name %s is too long for a network device", op->text);
	(void)snprintf(name, IFNAMSIZ, "%s", op->text);
	for (int i = 0; at && i < TEMPLATE_TRIES; i++) {
		if (snprintf(name, IFNAMSIZ, "%.*s%d%s", (int)(at - op->text), op->text, i,
			     at + 2) >= IFNAMSIZ)
			break;
		if (find_link(inner, name, &found) < 0)
			return errno == ENODEV ? 0 : err_host(err, errno, "look for %s", name);
	}
	if (at || find_link(inner, name, &found) == 0)
		return err_host(err, EEXIST, "the container has a network device called %s already",
				name);
	return errno == ENODEV ? 0 : err_host(err, errno, "look for %s", name);
}

static int open_ns(const struct act *x, pid_t pid, int *ret, struct err *err)
{
	char path[48];

	if (pid)
		(void)snprintf(path, sizeof(path), "%d/ns/net", pid);
	else
		(void)snprintf(path, sizeof(path), "self/ns/net");
	*ret = sys_openat(x->proc_fd, path, O_RDONLY | O_CLOEXEC, 0);
	return *ret < 0 ? err_host(err, errno, "open the network namespace /proc/%s", path) : 0;
}

int net_device_move(struct act *x, const struct op *op, int inner, struct err *err)
{
	scoped_fd int outer = netlink_open();
	scoped_fd int ns = -1;
	struct ifinfomsg link;
	char name[IFNAMSIZ];
	int index = 0, r;

	if (outer < 0)
		return err_host(err, errno, "open a netlink socket");
	if (find_link(outer, op->path, &link) < 0)
		return errno == ENODEV
			       ? err_host(err, errno,
					  "the runtime's network namespace has no device %s",
					  op->path)
			       : err_host(err, errno, "look for the network device %s", op->path);
	TRY(inner_name(op, inner, name, err));
	TRY(open_ns(x, x->child, &ns, err));
	r = transfer(&(struct end){ outer, -1, op->path }, &(struct end){ inner, ns, name },
		     link.ifi_index, true, &index, err);
	if (index > 0)
		x->plan->held[op->held - 1] = index << 1 | ((link.ifi_flags & IFF_UP) != 0);
	return r;
}

static void give_back(const struct act *x, const struct op *op, int inner, const struct end *to)
{
	int was = x->plan->held[op->held - 1], index;
	struct err ignored; /* the error of the start is the one to tell */

	if (was >= 0)
		(void)transfer(&(struct end){ inner, -1, op->text }, to, was >> 1, was & 1, &index,
			       &ignored);
}

void net_devices_return(struct act *x, int inner)
{
	scoped_fd int outer = netlink_open();
	scoped_fd int ns = -1;
	struct err ignored;

	if (outer < 0 || open_ns(x, 0, &ns, &ignored) < 0)
		return;
	for (size_t i = 0; i < x->plan->n; i++) {
		const struct op *op = &x->plan->ops[i];

		if (op->code == OP_NET_DEVICE)
			give_back(x, op, inner, &(struct end){ outer, ns, op->path });
	}
}
