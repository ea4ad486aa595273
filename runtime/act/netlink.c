/* SPDX-License-Identifier: Apache-2.0 */
/* netlink.c - speaks rtnetlink(7).
 * Mustn't: trust lengths in an answer beyond what was received. */
#include "runtime/act/netlink.h"

#include <string.h>

#include "spec/base/sys.h"

#define ANSWER_ROOM 16384
#define DUMP_MESSAGES_MAX 65536

int netlink_open(void)
{
	return sys_socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
}

void netlink_begin(struct netlink_message *m, uint16_t type, uint16_t flags, const void *fixed,
		   size_t len)
{
	memset(m, 0, sizeof(*m));
	m->head.nlmsg_len = (uint32_t)NLMSG_LENGTH(len);
	m->head.nlmsg_type = type;
	m->head.nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	memcpy(NLMSG_DATA(&m->head), fixed, len);
}

void netlink_add(struct netlink_message *m, uint16_t attribute, const void *value, size_t len)
{
	size_t at = NLMSG_ALIGN(m->head.nlmsg_len), end = at + RTA_SPACE(len);
	struct rtattr a = { .rta_len = (unsigned short)RTA_LENGTH(len), .rta_type = attribute };

	m->head.nlmsg_len = (uint32_t)end;
	if (end > sizeof(m->room))
		return;
	memcpy(m->room + at, &a, sizeof(a));
	memcpy(m->room + at + RTA_LENGTH(0), value, len);
}

static int send_message(int fd, struct netlink_message *m)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct iovec part = { m->room, m->head.nlmsg_len };
	struct msghdr msg = { .msg_name = &kernel,
			      .msg_namelen = sizeof(kernel),
			      .msg_iov = &part,
			      .msg_iovlen = 1 };

	if (m->head.nlmsg_len > sizeof(m->room)) {
		errno = EMSGSIZE;
		return -1;
	}
	m->head.nlmsg_seq = 1;
	return sys_sendmsg(fd, &msg, 0) < 0 ? -1 : 0;
}

static ssize_t receive(int fd, char *bytes, size_t room)
{
	struct sockaddr_nl from = { 0 };
	struct iovec part = { bytes, room };
	struct msghdr msg = {
		.msg_name = &from, .msg_namelen = sizeof(from), .msg_iov = &part, .msg_iovlen = 1
	};
	ssize_t n;

	/* Only the kernel's own words count. */
	do
		n = sys_recvmsg(fd, &msg, 0);
	while ((n < 0 && errno == EINTR) || (n >= 0 && from.nl_pid != 0));
	return n;
}

/* 1: it is over, with errno set where it failed (*failed). */
static int is_last(const struct nlmsghdr *h, int *failed)
{
	const struct nlmsgerr *e = NLMSG_DATA(h);

	if (h->nlmsg_type == NLMSG_DONE)
		return 1;
	if (h->nlmsg_type != NLMSG_ERROR)
		return 0;
	*failed = h->nlmsg_len >= NLMSG_LENGTH(sizeof(*e)) ? -e->error : EPROTO;
	return 1;
}

typedef int each_fn(void *ctx, const struct nlmsghdr *message);

/* What was received, message by message: 1 over, 0 more to come. */
static int each(const char *bytes, ssize_t n, each_fn *fn, void *ctx, int *failed)
{
	const struct nlmsghdr *h = (const void *)bytes;
	int left = (int)n;

	for (; NLMSG_OK(h, left); h = NLMSG_NEXT(h, left)) {
		if (is_last(h, failed))
			return 1;
		if (fn(ctx, h))
			return 1;
		if (!(h->nlmsg_flags & NLM_F_MULTI))
			return 1;
	}
	return 0;
}

static int hear_out(int fd, each_fn *fn, void *ctx)
{
	_Alignas(struct nlmsghdr) char bytes[ANSWER_ROOM];
	int failed = 0;

	for (int i = 0; i < DUMP_MESSAGES_MAX; i++) {
		ssize_t n = receive(fd, bytes, sizeof(bytes));

		if (n < 0)
			return -1;
		if (each(bytes, n, fn, ctx, &failed))
			break;
	}
	errno = failed;
	return failed ? -1 : 0;
}

static int converse(int fd, struct netlink_message *m, each_fn *fn, void *ctx)
{
	return send_message(fd, m) < 0 ? -1 : hear_out(fd, fn, ctx);
}

struct first {
	void *reply;
	size_t room;
};

static int take_first(void *ctx, const struct nlmsghdr *h)
{
	struct first *f = ctx;

	if (f->reply)
		memcpy(f->reply, h, h->nlmsg_len < f->room ? h->nlmsg_len : f->room);
	return 1;
}

int netlink_call(int fd, struct netlink_message *m, void *reply, size_t room)
{
	struct first f = { reply, room };

	if (!reply)
		m->head.nlmsg_flags |= NLM_F_ACK;
	return converse(fd, m, take_first, &f);
}

int netlink_batch(int fd, const void *bytes, size_t n)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct iovec part = { (void *)(uintptr_t)bytes, n };
	const struct msghdr msg = { .msg_name = &kernel,
				    .msg_namelen = sizeof(kernel),
				    .msg_iov = &part,
				    .msg_iovlen = 1 };
	struct first f = { 0 };

	return sys_sendmsg(fd, &msg, 0) < 0 ? -1 : hear_out(fd, take_first, &f);
}

int netlink_dump(int fd, struct netlink_message *m, each_fn *fn, void *ctx)
{
	m->head.nlmsg_flags |= NLM_F_DUMP;
	return converse(fd, m, fn, ctx);
}
