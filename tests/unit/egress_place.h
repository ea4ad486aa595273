/* SPDX-License-Identifier: Apache-2.0 */
/* egress_place.h - where the network helper is tested as it runs: a "host" and a "container" are two network namespaces of the
 * test's own, the helper is a child in the host's, the test is client and server by turns. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include <poll.h>
#include <sys/syscall.h>

#include "runtime/egress/egress.h"
#include "runtime/egress/sockaddr.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"
#include "spec/policy/match.h"
#include "tests/lib/netns.h"

#define PORT 7777
#define PROXY_PORT 3128
#define DNS_PORT 5353
#define WAIT_MS 10000

struct place {
	int host, container; /* network namespaces */
	int server; /* listens on the host's 127.0.0.1:PORT */
	int dns_udp, dns_tcp; /* the name server above the helper */
	int events, end, inside;
	pid_t helper;
	rlim_t fds; /* that the helper may have; 0: as many as this process */
	char hosts[64], resolv[64];
};

static const char *const rules[] = {
	"+good.test",	  "+*.many.test",    "+rebind.test",  "+gone.test",
	"+chain.test",	  "+long.test",	     "+nowhere.test", "+silent.test",
	"-bad.many.test", "+127.0.0.1:7777", "+127.0.0.1:1",  "+published.test",
};
static const char hosts_text[] = "127.0.0.1 good.test a.many.test b.many.test gone.test\n"
				 "127.0.0.2 rebind.test\n169.254.169.254 rebind.test\n";

static inline void enter(int namespace)
{
	assert_true(netns_enter(namespace));
}

/* --- sockets ---------------------------------------------------------------------------------------------------------- */

static inline struct sockaddr_any to_address(const char *address, uint16_t port)
{
	uint8_t a[ADDRESS_BYTES];
	struct sockaddr_any s;

	assert_true(address_parse(address, a));
	sockaddr_set(&s, a, port);
	return s;
}

static inline int socket_at(const char *address, uint16_t port, int type)
{
	struct sockaddr_any s = to_address(address, port);
	int fd = sys_socket(s.family, type | SOCK_CLOEXEC, 0), one = 1;

	assert_true(fd >= 0);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (s.family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof(one));
	assert_int_equal(bind(fd, &s.any, s.len), 0);
	if (type == SOCK_STREAM)
		assert_int_equal(listen(fd, 512), 0);
	return fd;
}

static inline void set_timeout(int fd)
{
	const struct timeval t = { WAIT_MS / 1000, 0 };

	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &t, sizeof(t));
}

/* A client within the container. */
static inline int connect_to(const struct place *p, const char *address, uint16_t port)
{
	struct sockaddr_any s = to_address(address, port);
	int fd;

	enter(p->container);
	fd = sys_socket(s.family, SOCK_STREAM | SOCK_CLOEXEC, 0);
	enter(p->host);
	set_timeout(fd);
	assert_int_equal(sys_connect(fd, &s.any, s.len), 0);
	return fd;
}

static inline int accepted(int listener)
{
	struct pollfd wait = { .fd = listener, .events = POLLIN };
	int fd;

	if (poll(&wait, 1, WAIT_MS) != 1)
		fail_msg("nobody came");
	fd = sys_accept(listener, SOCK_CLOEXEC);
	set_timeout(fd);
	return fd;
}

static inline void say(int fd, const void *bytes, size_t n)
{
	assert_int_equal(send(fd, bytes, n, MSG_NOSIGNAL), (ssize_t)n);
}

static inline void hears(int fd, const void *bytes, size_t n)
{
	char got[512] = { 0 };

	assert_int_equal(recv(fd, got, n, MSG_WAITALL), (ssize_t)n);
	assert_memory_equal(got, bytes, n);
}

#define SAY(fd, s) say(fd, s, sizeof(s) - 1)
#define HEARS(fd, s) hears(fd, s, sizeof(s) - 1)

static inline void was_reset(int fd)
{
	char byte;

	assert_int_equal(recv(fd, &byte, 1, 0), -1);
	assert_int_equal(errno, ECONNRESET);
	(void)close(fd);
}

static inline void refused(const struct place *p, const char *host, uint16_t port,
			   enum egress_reason reason)
{
	struct pollfd wait = { .fd = p->events, .events = POLLIN };
	struct egress_event e = { 0 };

	if (poll(&wait, 1, WAIT_MS) != 1)
		fail_msg("no refusal of %s was told", host);
	assert_int_equal(recv(p->events, &e, sizeof(e), 0), sizeof(e));
	if (!str_eq(e.host, host) || e.port != port || e.reason != reason)
		fail_msg("%s:%u: %s", e.host, e.port, egress_reason_text(e.reason));
	assert_true(e.time_us > 1000000000ull * 1000000);
}

static inline void nothing_was_refused(const struct place *p)
{
	struct egress_event e;

	assert_int_equal(recv(p->events, &e, sizeof(e), MSG_DONTWAIT), -1);
}

/* --- a query to the responder ----------------------------------------------------------------------------------------- */

static inline size_t write_query(const char *name, uint8_t type, uint8_t ret[300])
{
	size_t at = 12;

	memcpy(ret, "\x77\x01\1\0\0\1\0\0\0\0\0\0", 12);
	for (const char *dot; *name; name = *dot ? dot + 1 : dot) {
		dot = name + strcspn(name, ".");
		ret[at++] = (uint8_t)(dot - name);
		memcpy(ret + at, name, (size_t)(dot - name));
		at += (size_t)(dot - name);
	}
	memcpy(ret + at, (uint8_t[]){ 0, 0, type, 0, 1 }, 5);
	return at + 5;
}

/* The answer's code; the last bytes of an answer with an address are that. */
static inline int ask(const struct place *p, const char *server, const char *name, uint8_t type,
		      char text[ADDRESS_TEXT_MAX])
{
	struct sockaddr_any to = to_address(server, 53);
	uint8_t query[300], reply[600], a[ADDRESS_BYTES];
	size_t n = write_query(name, type, query);
	ssize_t got;

	enter(p->container);
	scoped_fd int fd = sys_socket(to.family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	enter(p->host);
	set_timeout(fd);
	/* Connected: what comes from another address than was asked is not seen. */
	assert_int_equal(sys_connect(fd, &to.any, to.len), 0);
	say(fd, query, n);
	got = recv(fd, reply, sizeof(reply), 0);
	assert_true(got >= 12);
	text[0] = '\0';
	if (reply[7] == 1) {
		memcpy(a, reply + got - (type == 1 ? 4 : 16), 16);
		if (type == 1)
			address_from_v4(reply + got - 4, a);
		(void)address_text(a, text);
	}
	return reply[3] & 15;
}

static inline int connect_by_name(const struct place *p, const char *name)
{
	char address[ADDRESS_TEXT_MAX];

	assert_int_equal(ask(p, "198.18.0.1", name, 1, address), 0);
	return connect_to(p, address, PORT);
}

/* --- the helper ------------------------------------------------------------------------------------------------------- */

static inline void write_file(char path[64], const char *text)
{
	(void)snprintf(path, 64, "/tmp/test-egress-XXXXXX");
	scoped_fd int fd = mkstemp(path);

	assert_true(fd >= 0 && fd_write_all(fd, text, strlen(text)) == 0);
}

/* Without the C library, whose sanitizers would do what a confined process may not. */
static inline void leave(int status)
{
	(void)syscall(SYS_exit_group, status);
}

static inline void run_helper(struct place *p, const struct egress_setup *s)
{
	struct err err = { 0 };
	char line[ERR_LINE_MAX];

	enter(p->host);
	p->helper = sys_fork();
	if (p->helper == 0) {
		const struct rlimit few = { p->fds, p->fds };
		int r = p->fds ? sys_prlimit(0, RLIMIT_NOFILE, &few, NULL) : 0;

		r = r < 0 ? r : egress_run(s, &err);

		if (r < 0)
			(void)!write(STDERR_FILENO, err_line(&err, line, sizeof(line)),
				     strlen(line));
		leave(r < 0);
	}
	assert_true(p->helper > 0);
}

/* What the starter does: sockets of the container's, rules, and the ends of three lines. */
static inline void start_helper(struct place *p)
{
	static struct policy_domain patterns[ARRAY_LEN(rules)];
	static const struct policy_domains domains = { patterns, ARRAY_LEN(rules) };
	struct egress_setup s = { .rules = &domains,
				  .hosts_file = p->hosts,
				  .resolv_conf = p->resolv };
	int events[2], inside[2], end[2], ports[2];
	struct egress_publish publish = { .port = PORT };

	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		patterns[i] = (struct policy_domain){ .pattern = rules[i] + 1,
						      .allow = rules[i][0] == '+' };
	assert_int_equal(sys_socketpair(SOCK_SEQPACKET, events), 0);
	assert_int_equal(sys_socketpair(SOCK_SEQPACKET, inside), 0);
	assert_int_equal(pipe2(end, O_CLOEXEC), 0);
	enter(p->host);
	publish.listener = socket_at("127.0.0.1", PORT + 1, SOCK_STREAM);
	enter(p->container);
	for (size_t i = 0; i < EGRESS_SOCKETS; i++)
		s.sockets[i] = -1;
	s.sockets[EGRESS_DNS_UDP4] = socket_at("0.0.0.0", 53, SOCK_DGRAM);
	s.sockets[EGRESS_DNS_UDP6] = socket_at("::", 53, SOCK_DGRAM);
	s.sockets[EGRESS_DNS_TCP4] = socket_at("0.0.0.0", 53, SOCK_STREAM);
	s.sockets[EGRESS_PROXY] = socket_at("127.0.0.1", PROXY_PORT, SOCK_STREAM);
	s.sockets[EGRESS_TCP6] = socket_at("::", PORT, SOCK_STREAM);
	ports[0] = socket_at("0.0.0.0", PORT, SOCK_STREAM);
	ports[1] = socket_at("0.0.0.0", 1, SOCK_STREAM);
	s.ports = ports;
	s.ports_n = ARRAY_LEN(ports);
	s.publish = &publish;
	s.publish_n = 1;
	s.inside = inside[0];
	s.events = events[0];
	s.end = end[0];
	run_helper(p, &s);
	p->events = events[1];
	p->inside = inside[1];
	p->end = end[1];
	for (size_t i = 0; i < EGRESS_SOCKETS; i++)
		if (s.sockets[i] >= 0)
			(void)close(s.sockets[i]);
	(void)(close(ports[0]), close(ports[1]), close(publish.listener));
	(void)(close(inside[0]), close(events[0]), close(end[0]));
}

static inline int set_up_with(void **state, rlim_t fds)
{
	static struct place p;

	*state = &p;
	p.fds = fds;
	if (!netns_root()) {
		p.host = -1;
		return 0;
	}
	p.host = netns_here();
	assert_true(netns_loopback_up());
	p.server = socket_at("127.0.0.1", PORT, SOCK_STREAM);
	p.dns_udp = socket_at("127.0.0.1", DNS_PORT, SOCK_DGRAM);
	p.dns_tcp = socket_at("127.0.0.1", DNS_PORT, SOCK_STREAM);
	set_timeout(p.dns_udp);
	assert_int_equal(sys_unshare(CLONE_NEWNET), 0);
	p.container = netns_here();
	assert_true(netns_loopback_up());
	assert_true(netns_route_all(AF_INET) && netns_route_all(AF_INET6));
	write_file(p.hosts, hosts_text);
	write_file(p.resolv, "nameserver 127.0.0.1:5353\noptions timeout:1 attempts:1\n");
	start_helper(&p);
	return 0;
}

static inline int set_up(void **state)
{
	return set_up_with(state, 0);
}

static inline int tear_down(void **state)
{
	struct place *p = *state;
	siginfo_t info = { 0 };

	if (p->host < 0)
		return 0;
	(void)unlink(p->hosts);
	(void)unlink(p->resolv);
	(void)close(p->end);
	/* It ends by itself, in order. */
	if (sys_waitid(P_PID, (id_t)p->helper, &info, WEXITED) < 0 || info.si_code != CLD_EXITED ||
	    info.si_status != 0)
		return -1;
	return 0;
}

static inline struct place *place_of(void **state)
{
	struct place *p = *state;

	if (p->host < 0) {
		print_message("user namespaces are not there\n");
		skip();
	}
	return p;
}
