/* SPDX-License-Identifier: Apache-2.0 */
/* pool_network.c - tasks and their one helper are brought together.
 * Mustn't: wait for the helper, which speaks with whom the tasks chose. */
#include "runtime/sandbox/pool_network.h"

#include <string.h>
#include <unistd.h>

#include "runtime/egress/parcel.h"
#include "spec/base/scope.h"
#include "spec/base/sys.h"

/* Descriptors that the helper has to have: of its own, and for each task its line, its sockets and a connection. */
#define FDS_OWN 512
#define FDS_EACH (1 + EGRESS_SOCKETS + 6)

static int check_files(uint32_t size, struct err *err)
{
	uint64_t needed = FDS_OWN + (uint64_t)size * FDS_EACH;
	struct rlimit files;

	if (sys_prlimit(0, RLIMIT_NOFILE, NULL, &files) < 0)
		return err_host(err, errno, "prlimit");
	if (files.rlim_max < needed)
		return err_limit(err,
				 "the network helper of a pool of %u needs %llu descriptors, and "
				 "RLIMIT_NOFILE allows %llu; say --size less",
				 size, (unsigned long long)needed,
				 (unsigned long long)files.rlim_max);
	return 0;
}

int network_begin(struct pool_network *n, uint32_t size, int epoll, struct err *err)
{
	n->source = (struct source){ SOURCE_NETWORK, -1 };
	TRY(check_files(size, err));
	TRY(way_share(n->way, &n->source.fd, err));
	return source_add(epoll, &n->source, err);
}

void network_why(const struct pool_network *n, struct err *ret)
{
	char text[sizeof(ret->text) - 64];
	struct iovec part = { text, sizeof(text) - 1 };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };
	ssize_t got = sys_recvmsg(n->source.fd, &msg, MSG_DONTWAIT);

	text[got > 0 ? got : 0] = '\0';
	(void)err_set(ret, ERR_HOST, 0, "the pool's network helper ended%s%s", got > 0 ? ": " : "",
		      text);
}

void network_end(struct pool_network *n, int epoll)
{
	source_remove(epoll, &n->source);
	scope_close(&n->source.fd);
	n->source.fd = -1;
	way_end(n->way);
	way_done(n->way);
}

int network_join(const struct pool_network *n, int *ret, struct err *err)
{
	int ends[2];

	if (sys_socketpair(SOCK_SEQPACKET | SOCK_CLOEXEC, ends) < 0)
		return err_host(err, errno, "make a socket pair");
	scoped_fd int theirs = ends[1];
	scoped_fd int ours = ends[0];

	if (parcel_send(n->source.fd, 0, theirs) < 0)
		return err_host(err, errno, "tell the network helper of a task");
	*ret = take_fd(&ours);
	return 0;
}

int network_give(void *line, int way, int fd, struct err *err)
{
	if (parcel_send(*(const int *)line, (uint8_t)way, fd) < 0)
		return err_host(err, errno, "hand the network helper a socket");
	return 0;
}
