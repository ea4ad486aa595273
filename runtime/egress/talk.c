/* SPDX-License-Identifier: Apache-2.0 */
/* talk.c - HTTP or SOCKS5 by the first byte; every client has so long and so much room to say where it wants to go. */
#include "runtime/egress/talk.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "runtime/egress/guest.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"

#define TALK_MS 30000

/* What each reason is to a client of HTTP and of SOCKS. */
static const struct {
	const char *status;
	uint8_t socks; /* enum socks_reply */
} answers[EGRESS_REASONS] = {
	[EGRESS_NO_RULE] = { "403 Forbidden", SOCKS_NOT_ALLOWED },
	[EGRESS_DENIED] = { "403 Forbidden", SOCKS_NOT_ALLOWED },
	[EGRESS_LOCAL] = { "403 Forbidden", SOCKS_NOT_ALLOWED },
	[EGRESS_STALE] = { "403 Forbidden", SOCKS_NOT_ALLOWED },
	[EGRESS_UNRESOLVED] = { "502 Bad Gateway", SOCKS_UNREACHABLE },
	[EGRESS_UNREACHABLE] = { "502 Bad Gateway", SOCKS_UNREACHABLE },
	[EGRESS_BUSY] = { "503 Service Unavailable", SOCKS_FAILED },
	[EGRESS_MALFORMED] = { "400 Bad Request", SOCKS_FAILED },
};

static void talk_quiet(struct talk *t)
{
	struct loop *l = &t->client->guest->h->loop;

	loop_forget(l, &t->watch);
	loop_timer_off(l, &t->timer);
}

void talk_free(struct talk *t)
{
	talk_quiet(t);
	loop_bury(&t->client->guest->h->loop, &t->grave);
}

/* The first n bytes are taken. */
static void drop(struct talk *t, size_t n)
{
	t->n -= n;
	memmove(t->bytes, t->bytes + n, t->n);
}

/* A few bytes into a buffer that is empty: they fit, or the client is gone. */
static void say(struct talk *t, const void *bytes, size_t n)
{
	(void)send(t->client->fd, bytes, n, MSG_NOSIGNAL);
}

static void say_socks(struct talk *t, enum socks_reply reply)
{
	const uint8_t m[10] = { SOCKS_VERSION, (uint8_t)reply, 0, 1 };
	static const uint8_t no_login[2] = { SOCKS_VERSION, 0xff };

	if (t->way == TALK_SOCKS)
		say(t, m, sizeof(m));
	else
		say(t, no_login, sizeof(no_login));
}

/* In words that name the way out. */
static void say_http(struct talk *t, const char *host, uint16_t port, enum egress_reason reason)
{
	char body[768], head[1024];
	bool denied = reason != EGRESS_UNRESOLVED && reason != EGRESS_UNREACHABLE &&
		      reason != EGRESS_BUSY && reason != EGRESS_MALFORMED;
	bool rule = reason == EGRESS_NO_RULE;
	int n = snprintf(body, sizeof(body), "%s: %s%s%u: %s%s%s%s\n",
			 denied ? "Network access denied" : "srt-oci proxy", host,
			 strchr(host, ':') ? " port " : ":", port, egress_reason_text(reason),
			 rule ? "; --allow-domain " : "", rule ? host : "",
			 rule ? " allows it" : "");

	n = snprintf(head, sizeof(head),
		     "HTTP/1.1 %s\r\nContent-Type: text/plain; charset=utf-8\r\n"
		     "Content-Length: %d\r\nConnection: close\r\n\r\n%s",
		     answers[reason].status, n, body);
	say(t, head, (size_t)n);
}

/* An orderly end, so that the answer is read; the kernel resets what still comes. */
static void hang_up(struct client *c)
{
	(void)shutdown(c->fd, SHUT_WR);
	(void)sys_close(c->fd);
	c->fd = -1;
}

void talk_refused(struct talk *t, const char *host, uint16_t port, enum egress_reason reason)
{
	if (t->way == TALK_SOCKS)
		say_socks(t, answers[reason].socks);
	else
		say_http(t, host, port, reason);
	hang_up(t->client);
}

void talk_connected(struct talk *t, uint8_t ret[2 * HTTP_PASSED_MAX], size_t *n)
{
	static const char established[] = "HTTP/1.1 200 Connection established\r\n\r\n";
	size_t head = 0;

	if (t->way == TALK_SOCKS) {
		say_socks(t, SOCKS_DONE);
	} else if (t->request.tunnel) {
		say(t, established, sizeof(established) - 1);
		drop(t, t->request.head);
	} else {
		head = http_pass((const char *)t->bytes, &t->request, (char *)ret);
		drop(t, t->request.head);
	}
	memcpy(ret + head, t->bytes, t->n);
	*n = head + t->n;
}

static void misunderstood(struct talk *t, enum socks_reply reply)
{
	struct client *c = t->client;

	report_refusal(&c->guest->report, "", 0, EGRESS_MALFORMED);
	if (t->way == TALK_HTTP)
		say_http(t, "", 0, EGRESS_MALFORMED);
	else
		say_socks(t, reply);
	hang_up(c);
	client_end(c);
}

static void dial_to(struct talk *t, const struct authority *to)
{
	const struct authority copy = *to;

	talk_quiet(t);
	client_dial(t->client, copy.host, copy.port);
}

/* Each hears what was said: 1: there may be more to hear; 0: it waits for more; -1: t is no more the listener's. */

static int hear_http(struct talk *t)
{
	int r = http_read((const char *)t->bytes, t->n, &t->request);

	if (r == 0)
		return 0;
	if (r < 0)
		misunderstood(t, SOCKS_FAILED);
	else
		dial_to(t, &t->request.to);
	return -1;
}

static int hear_hello(struct talk *t)
{
	static const uint8_t welcome[2] = { SOCKS_VERSION, 0 };
	int n = socks_greeting(t->bytes, t->n);

	if (n == 0)
		return 0;
	if (n < 0) {
		misunderstood(t, SOCKS_FAILED);
		return -1;
	}
	say(t, welcome, sizeof(welcome));
	drop(t, (size_t)n);
	t->way = TALK_SOCKS;
	return 1;
}

static int hear_socks(struct talk *t)
{
	struct authority to;
	int n = socks_request(t->bytes, t->n, &to);

	if (n == 0)
		return 0;
	if (n < 0) {
		misunderstood(t, (enum socks_reply) - n);
		return -1;
	}
	drop(t, (size_t)n);
	dial_to(t, &to);
	return -1;
}

static int hear(struct talk *t)
{
	if (t->way == TALK_UNKNOWN && t->n)
		t->way = t->bytes[0] == SOCKS_VERSION ? TALK_SOCKS_HELLO : TALK_HTTP;
	switch ((enum talk_way)t->way) {
	case TALK_HTTP:
		return hear_http(t);
	case TALK_SOCKS_HELLO:
		return hear_hello(t);
	case TALK_SOCKS:
		return hear_socks(t);
	case TALK_UNKNOWN:
		break;
	}
	return 0;
}

static void ready(struct watch *w, uint32_t events)
{
	struct talk *t = of(w, struct talk, watch);
	ssize_t n = recv(w->fd, t->bytes + t->n, HTTP_HEAD_MAX - t->n, 0);
	int r = 1;

	(void)events;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		client_end(t->client);
		return;
	}
	t->n += (size_t)n;
	while (r > 0)
		r = hear(t);
	/* http_read has refused a head that fills the room; SOCKS needs less. */
	if (r == 0 && t->n == HTTP_HEAD_MAX)
		misunderstood(t, SOCKS_FAILED);
}

static void timed_out(struct timer *timer)
{
	client_end(of(timer, struct talk, timer)->client);
}

void talk_begin(struct client *c)
{
	struct talk *t = malloc(sizeof(*t));

	if (!t) {
		client_end(c);
		return;
	}
	t->client = c;
	t->watch.fn = NULL;
	t->timer.fn = NULL;
	t->way = TALK_UNKNOWN;
	t->n = 0;
	c->talk = t;
	if (loop_watch(&c->guest->h->loop, &t->watch, c->fd, EPOLLIN, ready) < 0)
		client_end(c);
	else
		loop_timer(&c->guest->h->loop, &t->timer, TALK_MS, timed_out);
}
