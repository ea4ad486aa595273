/* SPDX-License-Identifier: Apache-2.0 */
/* route.c - all that a network namespace sends ends in itself, and its TCP at one of its ports. */
#include <arpa/inet.h>
#include <linux/if_addr.h>
#include <string.h>

#include "runtime/act/act.h"
#include "runtime/act/netlink.h"
#include "runtime/act/nft.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

/* Of a new namespace its loopback is the first. */
#define LOOPBACK_INDEX 1

bool act_no_ipv6(int errnum)
{
	return errnum == EAFNOSUPPORT || errnum == EOPNOTSUPP || errnum == EADDRNOTAVAIL ||
	       errnum == EACCES;
}

/* ADDRESS/BITS with no bits: everything of the family. Where there is no IPv6 nothing of it is sent. */
int act_route_local(struct act *x, const struct op *op, struct err *err)
{
	bool v6 = strchr(op->path, ':') != NULL;
	const struct rtmsg head = { .rtm_family = v6 ? AF_INET6 : AF_INET,
				    .rtm_table = RT_TABLE_LOCAL,
				    .rtm_protocol = RTPROT_BOOT,
				    .rtm_scope = v6 ? RT_SCOPE_UNIVERSE : RT_SCOPE_HOST,
				    .rtm_type = RTN_LOCAL };
	const uint32_t loopback = LOOPBACK_INDEX;
	scoped_fd int fd = netlink_open();
	struct netlink_message m;

	(void)x;
	if (fd < 0)
		return err_host(err, errno, "open a netlink socket");
	netlink_begin(&m, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, &head, sizeof(head));
	netlink_add(&m, RTA_OIF, &loopback, sizeof(loopback));
	if (netlink_call(fd, &m, NULL, 0) == 0 || (v6 && act_no_ipv6(errno)))
		return 0;
	return err_host(err, errno, "route %s to the container itself", op->path);
}

int act_redirect(struct act *x, const struct op *op, struct err *err)
{
	scoped_fd int fd = sys_socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_NETFILTER);
	_Alignas(struct nlmsghdr) unsigned char batch[NFT_BATCH_MAX];
	size_t n = nft_redirect((uint16_t)op->a, batch);

	(void)x;
	if (fd < 0 || netlink_batch(fd, batch, n) < 0)
		return err_host(err, errno, "redirect TCP by nf_tables");
	return 0;
}
