/* SPDX-License-Identifier: Apache-2.0 */
/* responder.c - the answer depends on the rules and the pool alone: no question of the container's leaves this host, so none
 * can carry anything out. Whether a name exists is asked when it is connected to.
 *
 * "localhost" is the container's own (RFC 6761 6.3). What is not allowed does not exist (NXDOMAIN): REFUSED would make
 * resolvers ask again and again. Other types than A and AAAA are answered as being empty, so HTTPS records too. */
#include "runtime/egress/responder.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "runtime/egress/guest.h"
#include "runtime/egress/sockaddr.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"

/* Datagrams before the others have their turn. */
#define AT_ONCE 32
#define STREAM_MS 10000

static const char prohibited[] = "Network access denied: no rule allows this name";

static bool is_localhost(const char *name)
{
	return str_eq(name, "localhost") || str_ends(name, ".localhost");
}

static void set_v4(struct dns_reply *reply, const uint8_t v4[4])
{
	memcpy(reply->address, v4, 4);
	reply->address_n = 4;
}

static void set_v6(struct dns_reply *reply, const uint8_t v6[ADDRESS_BYTES])
{
	memcpy(reply->address, v6, ADDRESS_BYTES);
	reply->address_n = ADDRESS_BYTES;
}

static void answer_localhost(const struct dns_query *q, struct dns_reply *reply)
{
	static const uint8_t v4[4] = { 127, 0, 0, 1 }, v6[ADDRESS_BYTES] = { [15] = 1 };

	if (q->type == DNS_A)
		set_v4(reply, v4);
	if (q->type == DNS_AAAA)
		set_v6(reply, v6);
}

static void answer_allowed(struct guest *g, const struct dns_query *q, struct dns_reply *reply)
{
	uint8_t v6[ADDRESS_BYTES], v4[4];
	uint32_t number;

	if (q->type != DNS_A && !(q->type == DNS_AAAA && g->ipv6))
		return;
	number = guest_number(g, q->name);
	pool_v4(number, v4);
	pool_v6(number, v6);
	if (number == 0)
		reply->code = DNS_FAILED;
	else if (q->type == DNS_A)
		set_v4(reply, v4);
	else
		set_v6(reply, v6);
}

size_t responder_reply(struct guest *g, const uint8_t *m, size_t n, uint8_t ret[DNS_REPLY_MAX])
{
	struct dns_reply reply = { .ttl_s = POOL_TTL_S };
	enum egress_reason reason;
	struct dns_query q;

	if (!dns_query_read(m, n, &q))
		return 0;
	reply.code = q.code;
	reason = q.is_name ? rules_name(&g->h->rules, q.name, 0) : EGRESS_NO_RULE;
	if (q.code == DNS_OK && q.is_name && is_localhost(q.name)) {
		answer_localhost(&q, &reply);
	} else if (q.code == DNS_OK && reason == EGRESS_ALLOWED) {
		answer_allowed(g, &q, &reply);
	} else if (q.code == DNS_OK) {
		reply.code = DNS_NO_NAME;
		reply.prohibited = prohibited;
		/* A client asks for both kinds of address at once; one report is enough. */
		if (q.type != DNS_AAAA)
			report_refusal(&g->report, q.name, 0, reason);
	}
	return dns_reply_write(m, &q, &reply, ret);
}

/* Where a datagram was sent to is where its answer has to come from: the socket is bound to every address. */
struct datagram {
	struct sockaddr_any from;
	uint8_t bytes[DNS_QUERY_MAX];
	struct iovec iov;
	struct msghdr m;
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	} to;
};

static ssize_t receive(int fd, struct datagram *d)
{
	d->iov = (struct iovec){ d->bytes, sizeof(d->bytes) };
	d->m = (struct msghdr){ .msg_name = &d->from.any,
				.msg_namelen = sizeof(d->from.v6),
				.msg_iov = &d->iov,
				.msg_iovlen = 1,
				.msg_control = &d->to,
				.msg_controllen = sizeof(d->to) };
	return sys_recvmsg(fd, &d->m, MSG_DONTWAIT);
}

/* The same control message goes back: its destination is the source now, by whatever device leads to the client. */
static void turn_round(struct datagram *d)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(&d->m);

	if (c && c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
		struct in_pktinfo *info = (struct in_pktinfo *)(void *)CMSG_DATA(c);

		info->ipi_ifindex = 0;
		info->ipi_spec_dst = info->ipi_addr;
	} else if (c && c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
		((struct in6_pktinfo *)(void *)CMSG_DATA(c))->ipi6_ifindex = 0;
	} else {
		d->m.msg_control = NULL;
		d->m.msg_controllen = 0;
	}
}

static void answer_datagrams(struct guest *g, int fd)
{
	uint8_t reply[DNS_REPLY_MAX] = { 0 };
	struct datagram d;

	for (int i = 0; i < AT_ONCE; i++) {
		ssize_t n = receive(fd, &d);
		size_t size = n < 0 ? 0 : responder_reply(g, d.bytes, (size_t)n, reply);

		if (n < 0)
			return;
		d.iov = (struct iovec){ reply, size };
		turn_round(&d);
		/* A client that takes no answer asks again. */
		if (size)
			(void)sys_sendmsg(fd, &d.m, MSG_DONTWAIT | MSG_NOSIGNAL);
	}
}

static void datagram4(struct watch *w, uint32_t events)
{
	(void)events;
	answer_datagrams(of(w, struct responder, datagrams[0])->guest, w->fd);
}

static void datagram6(struct watch *w, uint32_t events)
{
	(void)events;
	answer_datagrams(of(w, struct responder, datagrams[1])->guest, w->fd);
}

/* A client by TCP: each message stands behind its length. */
struct stream {
	struct grave grave; /* first: loop_bury */
	struct responder *r;
	struct stream *next, *before; /* of the same responder */
	struct watch watch;
	struct timer timer;
	size_t n;
	uint8_t bytes[2 + DNS_QUERY_MAX];
};

static struct loop *loop_of(const struct responder *r)
{
	return &r->guest->h->loop;
}

static void leave_responder(struct stream *s)
{
	if (s->before)
		s->before->next = s->next;
	else
		s->r->streams = s->next;
	if (s->next)
		s->next->before = s->before;
	s->r->streams_n--;
	guest_count(s->r->guest, false);
}

static void stream_end(struct stream *s)
{
	struct loop *l = loop_of(s->r);

	loop_timer_off(l, &s->timer);
	loop_forget(l, &s->watch);
	(void)sys_close(s->watch.fd);
	leave_responder(s);
	loop_bury(l, &s->grave);
}

static void stream_late(struct timer *t)
{
	stream_end(of(t, struct stream, timer));
}

/* Answers the messages that are whole; false where there will be no more. */
static bool stream_answer(struct stream *s)
{
	uint8_t reply[2 + DNS_REPLY_MAX];

	while (s->n >= 2) {
		size_t size = (size_t)s->bytes[0] << 8 | s->bytes[1], n;

		if (size > DNS_QUERY_MAX)
			return false;
		if (s->n < size + 2)
			return true;
		n = responder_reply(s->r->guest, s->bytes + 2, size, reply + 2);
		reply[0] = (uint8_t)(n >> 8);
		reply[1] = (uint8_t)n;
		/* Who does not read what it asked for is not waited for. */
		if (n == 0 || send(s->watch.fd, reply, n + 2, MSG_NOSIGNAL) != (ssize_t)(n + 2))
			return false;
		s->n -= size + 2;
		memmove(s->bytes, s->bytes + size + 2, s->n);
	}
	return true;
}

static void stream_ready(struct watch *w, uint32_t events)
{
	struct stream *s = of(w, struct stream, watch);
	ssize_t n = recv(w->fd, s->bytes + s->n, sizeof(s->bytes) - s->n, 0);

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	s->n += n > 0 ? (size_t)n : 0;
	if (n <= 0 || !stream_answer(s))
		stream_end(s);
}

static void join_responder(struct stream *s, struct responder *r)
{
	s->r = r;
	s->next = r->streams;
	if (r->streams)
		r->streams->before = s;
	r->streams = s;
	r->streams_n++;
	guest_count(r->guest, true);
}

static void stream_new(struct responder *r, int fd)
{
	struct stream *s;

	s = r->streams_n < RESPONDER_STREAMS && guest_admits(r->guest) ? calloc(1, sizeof(*s))
								       : NULL;
	if (!s || loop_watch(loop_of(r), &s->watch, fd, EPOLLIN, stream_ready) < 0) {
		free(s);
		(void)sys_close(fd);
		return;
	}
	join_responder(s, r);
	loop_timer(loop_of(r), &s->timer, STREAM_MS, stream_late);
}

static int listener_watch(struct listener *l);

static void rested(struct timer *t)
{
	struct listener *l = of(t, struct listener, timer);

	if (listener_watch(l) < 0)
		loop_timer(loop_of(l->r), &l->timer, DOOR_REST_MS, rested);
}

static void somebody_comes(struct watch *w, uint32_t events)
{
	struct listener *l = of(w, struct listener, watch);
	int fd = sys_accept(l->fd, SOCK_NONBLOCK | SOCK_CLOEXEC);

	(void)events;
	if (fd < 0 && door_has_to_rest(errno)) {
		loop_forget(loop_of(l->r), &l->watch);
		loop_timer(loop_of(l->r), &l->timer, DOOR_REST_MS, rested);
	}
	if (fd >= 0)
		stream_new(l->r, fd);
}

static int listener_watch(struct listener *l)
{
	return loop_watch(loop_of(l->r), &l->watch, l->fd, EPOLLIN, somebody_comes);
}

/* Each datagram tells where it was sent to, and may be answered from there: of IPv6 that needs FREEBIND, as the address is on
 * no device, only a route leads here. */
static bool tell_destination(int fd, int level, int option)
{
	const int one = 1;

	return setsockopt(fd, level, option, &one, sizeof(one)) == 0 &&
	       setsockopt(fd, IPPROTO_IP, IP_FREEBIND, &one, sizeof(one)) == 0;
}

static bool unblocked(int fd)
{
	long flags = sys_fcntl(fd, F_GETFL, 0);

	return flags >= 0 && sys_fcntl(fd, F_SETFL, flags | O_NONBLOCK) >= 0;
}

static int take_datagrams(struct responder *r, size_t v6, int fd)
{
	static const struct {
		void (*fn)(struct watch *w, uint32_t events);
		int level, option;
	} rows[] = {
		{ datagram4, IPPROTO_IP, IP_PKTINFO },
		{ datagram6, IPPROTO_IPV6, IPV6_RECVPKTINFO },
	};

	if (!tell_destination(fd, rows[v6].level, rows[v6].option))
		return -1;
	return loop_watch(loop_of(r), &r->datagrams[v6], fd, EPOLLIN, rows[v6].fn);
}

static int take_listener(struct responder *r, size_t v6, int fd)
{
	struct listener *l = &r->listeners[v6];

	l->fd = fd;
	if (listener_watch(l) == 0)
		return 0;
	l->fd = -1;
	return -1;
}

void responder_begin(struct responder *r, struct guest *g)
{
	*r = (struct responder){ .guest = g };
	for (size_t i = 0; i < ARRAY_LEN(r->listeners); i++)
		r->listeners[i] = (struct listener){ .r = r, .fd = -1 };
}

int responder_take(struct responder *r, enum egress_socket way, int fd, struct err *err)
{
	bool stream = way >= EGRESS_DNS_TCP4;
	size_t v6 = way == EGRESS_DNS_UDP6 || way == EGRESS_DNS_TCP6;
	bool free = stream ? r->listeners[v6].fd < 0 : !r->datagrams[v6].fn;

	if (free && unblocked(fd) &&
	    (stream ? take_listener(r, v6, fd) : take_datagrams(r, v6, fd)) == 0)
		return 0;
	return err_host(err, errno, "socket %d of the name responder", fd);
}

void responder_end(struct responder *r)
{
	struct loop *l = loop_of(r);

	while (r->streams)
		stream_end(r->streams);
	for (size_t i = 0; i < ARRAY_LEN(r->listeners); i++) {
		loop_timer_off(l, &r->listeners[i].timer);
		loop_forget(l, &r->listeners[i].watch);
		if (r->listeners[i].fd >= 0)
			(void)sys_close(r->listeners[i].fd);
	}
	for (size_t i = 0; i < ARRAY_LEN(r->datagrams); i++) {
		bool open = r->datagrams[i].fn;

		loop_forget(l, &r->datagrams[i]);
		if (open)
			(void)sys_close(r->datagrams[i].fd);
	}
}
