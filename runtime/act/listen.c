/* SPDX-License-Identifier: Apache-2.0 */
/* listen.c - sockets that are made inside, in the container's network namespace, for the network helper outside.
 * Mustn't: stay open here: the container must not have them. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#include "runtime/act/act.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

#define BACKLOG 1024

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t address_of(const char *text, uint16_t port, union address *ret)
{
	*ret = (union address){ 0 };
	if (inet_pton(AF_INET, text, &ret->v4.sin_addr) == 1) {
		ret->v4.sin_family = AF_INET;
		ret->v4.sin_port = htons(port);
		return sizeof(ret->v4);
	}
	if (inet_pton(AF_INET6, text, &ret->v6.sin6_addr) != 1)
		return 0;
	ret->v6.sin6_family = AF_INET6;
	ret->v6.sin6_port = htons(port);
	return sizeof(ret->v6);
}

/* An IPv4 address would be free to be taken by an IPv6 socket of any address otherwise; and who answers a datagram must know
 * which address was asked. */
static int set_options(int fd, int family, bool stream)
{
	static const int on = 1;

	if (family == AF_INET6 &&
	    sys_setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0)
		return -1;
	if (stream)
		return sys_setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	return family == AF_INET6
		       ? sys_setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof(on))
		       : sys_setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof(on));
}

/* -1 with errno. */
static int open_at(const char *text, uint16_t port, bool stream)
{
	union address at;
	socklen_t len = address_of(text, port, &at);
	scoped_fd int fd = -1;

	if (!len) {
		errno = EINVAL;
		return -1;
	}
	fd = sys_socket(at.any.sa_family,
			(stream ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || set_options(fd, at.any.sa_family, stream) < 0 ||
	    sys_bind(fd, &at.any, len) < 0 || (stream && sys_listen(fd, BACKLOG) < 0))
		return -1;
	return take_fd(&fd);
}

static int give(struct act *x, const char *address, uint16_t port, bool stream, uint64_t role,
		struct err *err)
{
	scoped_fd int fd = open_at(address, port, stream);

	if (fd < 0 && strchr(address, ':') && act_no_ipv6(errno))
		return 0;
	if (fd < 0)
		return err_host(err, errno, "listen on %s port %u inside", address, port);
	return x->give(x->ask_ctx, (int)role, fd, err);
}

int act_listen(struct act *x, const struct op *op, struct err *err)
{
	return give(x, op->path, (uint16_t)op->a, str_eq(op->type, "tcp"), op->b, err);
}

int act_listen_ports(struct act *x, const struct op *op, struct err *err)
{
	const uint32_t *ports = op->data;
	struct err why;

	(void)err_set(&why, ERR_HOST, 0, "%s", ACT_PORTS_ALONE);
	if (x->warn && err_in(&why, "%s", op->cause) < 0)
		x->warn(x->warn_ctx, op, &why);

	for (size_t i = 0; i < op->len / sizeof(*ports); i++) {
		TRY(give(x, "0.0.0.0", (uint16_t)ports[i], true, WAY_PORT, err));
		TRY(give(x, "::", (uint16_t)ports[i], true, WAY_PORT, err));
	}
	return 0;
}
