/* SPDX-License-Identifier: Apache-2.0 */
/* netns.h - network namespaces of a test's own: a "host" and a "container" in one process, which goes from one to the other. */
#pragma once

#include <net/if.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "runtime/act/netlink.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

static inline bool netns_map(const char *file, const char *text)
{
	struct err err;

	return fd_write_at(AT_FDCWD, file, text, &err) == 0;
}

/* netns_root: user and network namespaces in which this process may do everything. */
static inline bool netns_root(void)
{
	char uids[64], gids[64];

	(void)snprintf(uids, sizeof(uids), "0 %u 1", getuid());
	(void)snprintf(gids, sizeof(gids), "0 %u 1", getgid());
	return sys_unshare(CLONE_NEWUSER | CLONE_NEWNET) == 0 &&
	       netns_map("/proc/self/setgroups", "deny") && netns_map("/proc/self/uid_map", uids) &&
	       netns_map("/proc/self/gid_map", gids);
}

/* netns_here: the descriptor by which netns_enter comes back. */
static inline int netns_here(void)
{
	return sys_openat(AT_FDCWD, "/proc/self/ns/net", O_RDONLY | O_CLOEXEC, 0);
}

static inline bool netns_enter(int namespace)
{
	return sys_setns(namespace, CLONE_NEWNET) == 0;
}

static inline bool netns_loopback_up(void)
{
	scoped_fd int fd = sys_socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };

	return sys_ioctl(fd, SIOCSIFFLAGS, &lo) == 0;
}

/* netns_route_all: every address of the family leads to lo, as in a filtered container. */
static inline bool netns_route_all(int family)
{
	const struct rtmsg route = { .rtm_family = (uint8_t)family,
				     .rtm_table = RT_TABLE_LOCAL,
				     .rtm_protocol = RTPROT_STATIC,
				     .rtm_scope = RT_SCOPE_HOST,
				     .rtm_type = RTN_LOCAL };
	scoped_fd int fd = netlink_open();
	struct netlink_message m;
	uint32_t lo = 1;

	netlink_begin(&m, RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL | NLM_F_ACK, &route,
		      sizeof(route));
	netlink_add(&m, RTA_OIF, &lo, sizeof(lo));
	return netlink_call(fd, &m, NULL, 0) == 0;
}
