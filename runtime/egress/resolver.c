/* SPDX-License-Identifier: Apache-2.0 */
/* resolver.c - two questions at a time (A and AAAA), each by a socket of its own, so by a port of its own that the kernel
 * draws, with a drawn number; connected, so that nobody else's answer is read. A truncated answer is asked for again by TCP. */
#include "runtime/egress/resolver.h"

#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "runtime/egress/sockaddr.h"
#include "spec/base/scope.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"

/* Answers by TCP are no longer than this: 16 addresses need a twentieth. */
#define STREAM_MAX 16384

static void ask_next(struct ask *a);

static void ask_close(struct ask *a)
{
	struct loop *loop = a->lookup->resolver->loop;

	loop_forget(loop, &a->watch);
	loop_timer_off(loop, &a->timer);
	if (a->fd >= 0)
		(void)sys_close(a->fd);
	a->fd = -1;
	free(a->stream);
	a->stream = NULL;
}

static void finish(struct lookup *l)
{
	void (*fn)(struct lookup *) = l->fn;

	for (size_t i = 0; i < ARRAY_LEN(l->asks); i++) {
		const struct dns_answer *answer = &l->asks[i].answer;

		memcpy(l->addresses[l->n], answer->addresses, (size_t)answer->n * ADDRESS_BYTES);
		l->n = (uint8_t)(l->n + answer->n);
	}
	l->fn = NULL;
	fn(l);
}

/* This question has its answer, or will have none. */
static void ask_done(struct ask *a)
{
	struct lookup *l = a->lookup;

	ask_close(a);
	a->done = true;
	if (l->asks[0].done && l->asks[1].done)
		finish(l);
}

static void timed_out(struct timer *t)
{
	ask_next(of(t, struct ask, timer));
}

static const struct nameserver *server_of(const struct ask *a)
{
	const struct resolv *conf = &a->lookup->resolver->conf;

	return &conf->servers[(a->tries - 1) % conf->n];
}

/* A socket to the server of this try; watched, with its deadline. */
static int ask_open(struct ask *a, int type, uint32_t events, void (*fn)(struct watch *, uint32_t))
{
	struct resolver *r = a->lookup->resolver;
	struct sockaddr_any to;

	sockaddr_set(&to, server_of(a)->address, server_of(a)->port);
	a->fd = sys_socket(to.family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (a->fd < 0 || (sys_connect(a->fd, &to.any, to.len) < 0 && errno != EINPROGRESS) ||
	    loop_watch(r->loop, &a->watch, a->fd, events, fn) < 0)
		return -1;
	loop_timer(r->loop, &a->timer, (uint64_t)r->conf.timeout_s * 1000, timed_out);
	return 0;
}

/* A server's own failure is another server's chance. */
static void ask_answered(struct ask *a, const struct dns_answer *answer)
{
	if (answer->code != DNS_OK && answer->code != DNS_NO_NAME) {
		ask_next(a);
		return;
	}
	a->answer = *answer;
	ask_done(a);
}

static ssize_t stream_move(struct ask *a)
{
	if (a->sending)
		return send(a->fd, a->stream + a->at, a->size - a->at, MSG_NOSIGNAL);
	return recv(a->fd, a->stream + a->at, a->size - a->at, 0);
}

/* The length that the first two bytes tell, once they are there; 0: too much. */
static size_t stream_size(const struct ask *a)
{
	size_t size = 2 + ((size_t)a->stream[0] << 8 | a->stream[1]);

	return size > STREAM_MAX ? 0 : size;
}

static void stream_ready(struct watch *w, uint32_t events)
{
	struct ask *a = of(w, struct ask, watch);
	struct dns_answer answer;
	ssize_t n;

	(void)events;
	while ((n = stream_move(a)) > 0) {
		a->at += (size_t)n;
		if (a->at < a->size)
			continue;
		if (a->sending) {
			a->sending = false;
			a->at = 0;
			a->size = 2;
		} else if (a->size == 2 && stream_size(a) > 2) {
			a->size = stream_size(a);
		} else if (dns_answer_read(a->stream + 2, a->size - 2, a->id, a->lookup->name,
					   a->type, &answer)) {
			ask_answered(a, &answer);
			return;
		} else {
			break;
		}
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	ask_next(a);
}

/* The same question to the same server by TCP. */
static void ask_stream(struct ask *a)
{
	uint8_t question[DNS_QUERY_MAX];
	size_t n = dns_question_write(a->id, a->lookup->name, a->type, question);

	ask_close(a);
	a->stream = malloc(STREAM_MAX);
	if (!a->stream || n == 0) {
		ask_next(a);
		return;
	}
	a->stream[0] = (uint8_t)(n >> 8);
	a->stream[1] = (uint8_t)n;
	memcpy(a->stream + 2, question, n);
	a->at = 0;
	a->size = n + 2;
	a->sending = true;
	if (ask_open(a, SOCK_STREAM, EPOLLIN | EPOLLOUT | EPOLLET, stream_ready) < 0)
		ask_next(a);
}

static void datagram_ready(struct watch *w, uint32_t events)
{
	struct ask *a = of(w, struct ask, watch);
	struct dns_answer answer;
	uint8_t m[4096];
	ssize_t n;

	(void)events;
	while ((n = recv(a->fd, m, sizeof(m), 0)) >= 0) {
		if (!dns_answer_read(m, (size_t)n, a->id, a->lookup->name, a->type, &answer))
			continue;
		if (answer.truncated)
			ask_stream(a);
		else
			ask_answered(a, &answer);
		return;
	}
	/* Nobody listens there (ECONNREFUSED): no need to wait for the deadline. */
	if (errno != EAGAIN && errno != EINTR)
		ask_next(a);
}

static bool ask_datagram(struct ask *a)
{
	uint8_t question[DNS_QUERY_MAX];
	size_t n;

	if (getrandom(&a->id, sizeof(a->id), GRND_NONBLOCK) != (ssize_t)sizeof(a->id))
		return false;
	n = dns_question_write(a->id, a->lookup->name, a->type, question);
	return n > 0 && ask_open(a, SOCK_DGRAM, EPOLLIN, datagram_ready) == 0 &&
	       send(a->fd, question, n, MSG_NOSIGNAL) == (ssize_t)n;
}

/* The next server, all of them again as often as resolv.conf says; then there is no answer. */
static void ask_next(struct ask *a)
{
	const struct resolv *conf = &a->lookup->resolver->conf;

	do {
		ask_close(a);
		if (a->tries >= conf->n * conf->attempts) {
			ask_done(a);
			return;
		}
		a->tries++;
	} while (!ask_datagram(a));
}

void lookup_begin(struct lookup *l, struct resolver *r, const char *name,
		  void (*fn)(struct lookup *l))
{
	static const uint16_t types[] = { DNS_A, DNS_AAAA };

	*l = (struct lookup){ .resolver = r, .fn = fn };
	memcpy(l->name, name, strnlen(name, EGRESS_HOST_MAX));
	for (size_t i = 0; i < ARRAY_LEN(l->asks); i++)
		l->asks[i] = (struct ask){ .lookup = l, .type = types[i], .fd = -1 };
	l->n = (uint8_t)hosts_find(&r->hosts, l->name, l->addresses, LOOKUP_ADDRESSES);
	if (l->n) {
		finish(l);
		return;
	}
	/* The lookup ends with the second one, so at the earliest in the last line. */
	ask_next(&l->asks[0]);
	ask_next(&l->asks[1]);
}

void lookup_end(struct lookup *l)
{
	if (!l->fn)
		return;
	l->fn = NULL;
	for (size_t i = 0; i < ARRAY_LEN(l->asks); i++)
		ask_close(&l->asks[i]);
}
