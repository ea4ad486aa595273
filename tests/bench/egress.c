/* SPDX-License-Identifier: Apache-2.0 */
/* egress.c - the network helper against a chain of socats, as programs without it have: throughput, round trip, connection.
 *
 *   egress ROUNDS SOCAT NFT DIRECTORY
 *
 * A host and a container are network namespaces of this process's own. The server listens on the host's loopback; the
 * client is in the container and reaches it by name, responder and redirection (helper), by a socat that listens there and a
 * second one beyond a unix socket (chain), or stands on the host itself (direct). Each round measures each way, in turn. */
#include <poll.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <time.h>

#include "runtime/egress/egress.h"
#include "runtime/egress/sockaddr.h"
#include "spec/policy/match.h"
#include "tests/lib/netns.h"

#define SERVER_PORT 7777
#define REDIRECT_PORT 3129
#define CHAIN_PORT 3130
#define DOWNLOAD (256u << 20)
#define PINGS 1000
#define CONNECTIONS 30
#define ROUNDS_MAX 1000

enum way { DIRECT, HELPER, CHAIN, WAYS };
enum measure { THROUGHPUT, ROUND_TRIP, CONNECT, MEASURES };

struct bench {
	int host, container;
	pid_t children[4]; /* server, helper, two socats */
	char name[ADDRESS_TEXT_MAX]; /* the pool's address of the server */
	size_t rounds;
	double samples[MEASURES][WAYS][ROUNDS_MAX];
};

static _Noreturn void give_up(const char *what)
{
	(void)fprintf(stderr, "egress: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now_us(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void address_of(struct sockaddr_any *s, const char *text, uint16_t port)
{
	uint8_t a[ADDRESS_BYTES];

	if (!address_parse(text, a))
		give_up(text);
	sockaddr_set(s, a, port);
}

static int bound(const char *address, uint16_t port, int type)
{
	int fd = sys_socket(AF_INET, type | SOCK_CLOEXEC, 0), one = 1;
	struct sockaddr_any s;

	address_of(&s, address, port);
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (bind(fd, &s.any, s.len) < 0 || (type == SOCK_STREAM && listen(fd, 512) < 0))
		give_up("bind");
	return fd;
}

static void enter(int namespace)
{
	if (!netns_enter(namespace))
		give_up("setns");
}

/* --- the server: 'd' is answered by a download, everything else by itself ---------------------------------------------- */

#define SERVED 64

static void download(int fd)
{
	static char bytes[1 << 18];

	for (size_t sent = 0; sent < DOWNLOAD;) {
		size_t left = DOWNLOAD - sent;
		ssize_t n =
			send(fd, bytes, left < sizeof(bytes) ? left : sizeof(bytes), MSG_NOSIGNAL);

		if (n <= 0)
			return;
		sent += (size_t)n;
	}
}

/* False where the client is done. */
static bool serve_one(int fd)
{
	char bytes[4096];
	ssize_t n = recv(fd, bytes, sizeof(bytes), 0);

	if (n > 0 && bytes[0] == 'd')
		download(fd);
	return n > 0 && bytes[0] != 'd' && send(fd, bytes, (size_t)n, MSG_NOSIGNAL) == n;
}

static _Noreturn void serve(int listener)
{
	struct pollfd fds[SERVED] = { { .fd = listener, .events = POLLIN } };
	nfds_t n = 1;
	int one = 1;

	for (;;) {
		if (poll(fds, n, -1) < 0)
			_exit(1);
		for (nfds_t i = n; i-- > 1;) {
			if (!fds[i].revents || serve_one(fds[i].fd))
				continue;
			(void)close(fds[i].fd);
			fds[i] = fds[--n];
		}
		if (!fds[0].revents || n == SERVED)
			continue;
		fds[n] = (struct pollfd){ .fd = sys_accept(listener, SOCK_CLOEXEC),
					  .events = POLLIN };
		if (fds[n].fd < 0)
			continue;
		(void)setsockopt(fds[n++].fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &one, sizeof(one));
	}
}

/* --- the ways ---------------------------------------------------------------------------------------------------------- */

static pid_t spawn(const char *const *argv)
{
	char *const env[] = { NULL };
	pid_t pid;

	errno = posix_spawn(&pid, argv[0], NULL, NULL, (char *const *)(uintptr_t)argv, env);
	if (errno)
		give_up(argv[0]);
	return pid;
}

static void redirect_all(const char *nft)
{
	const char *const argv[] = {
		nft,
		"add table ip egress; add chain ip egress out { type nat hook output priority -100; };"
		"add rule ip egress out ip daddr != 127.0.0.0/8 ip protocol tcp redirect to :3129",
		NULL
	};
	siginfo_t info;

	if (sys_waitid(P_PID, (id_t)spawn(argv), &info, WEXITED) < 0 || info.si_status != 0)
		give_up("nft could not redirect");
}

static void start_helper(struct bench *b, const char *directory)
{
	static struct policy_domain rules[] = { { .pattern = "server.test", .allow = true },
						{ .pattern = "127.0.0.1", .allow = true } };
	static const struct policy_domains domains = { rules, ARRAY_LEN(rules) };
	struct egress_setup s = { .rules = &domains, .inside = -1, .events = -1 };
	char hosts[256];
	struct err err;
	int end[2];

	(void)snprintf(hosts, sizeof(hosts), "%s/hosts", directory);
	FILE *f = fopen(hosts, "we");
	if (!f || fputs("127.0.0.1 server.test\n", f) < 0 || fclose(f) != 0 ||
	    pipe2(end, O_CLOEXEC) < 0)
		give_up(hosts);
	s.hosts_file = hosts;
	for (size_t i = 0; i < EGRESS_SOCKETS; i++)
		s.sockets[i] = -1;
	enter(b->container);
	s.sockets[EGRESS_TCP4] = bound("127.0.0.1", REDIRECT_PORT, SOCK_STREAM);
	s.sockets[EGRESS_DNS_UDP4] = bound("0.0.0.0", 53, SOCK_DGRAM);
	s.end = end[0];
	enter(b->host);
	b->children[1] = sys_fork();
	if (b->children[1] == 0)
		_exit(egress_run(&s, &err) < 0);
}

/* As the npm package has it: a listener inside, a unix socket, a connection outside. */
static void start_chain(struct bench *b, const char *socat, const char *directory)
{
	char inner[300], outer[300];
	const char *const inside[] = { socat, "TCP-LISTEN:3130,fork,reuseaddr,bind=127.0.0.1",
				       inner, NULL };
	const char *const outside[] = { socat, outer, "TCP:127.0.0.1:7777", NULL };

	(void)snprintf(inner, sizeof(inner), "UNIX-CONNECT:%s/socket", directory);
	(void)snprintf(outer, sizeof(outer), "UNIX-LISTEN:%s/socket,fork", directory);
	enter(b->host);
	b->children[2] = spawn(outside);
	enter(b->container);
	b->children[3] = spawn(inside);
	enter(b->host);
}

/* The server's address for the container: the last four bytes of the answer. */
static void ask_name(struct bench *b)
{
	static const uint8_t query[] = "\0\1\1\0\0\1\0\0\0\0\0\0\6server\4test\0\0\1\0\1";
	uint8_t reply[512], a[ADDRESS_BYTES];
	struct sockaddr_any to;
	ssize_t n;

	address_of(&to, "198.18.0.1", 53);
	enter(b->container);
	scoped_fd int fd = sys_socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	enter(b->host);
	if (sys_connect(fd, &to.any, to.len) < 0 || send(fd, query, sizeof(query) - 1, 0) < 0)
		give_up("ask the responder");
	n = recv(fd, reply, sizeof(reply), 0);
	if (n < 16 || reply[7] != 1)
		give_up("the responder has no answer");
	address_from_v4(reply + n - 4, a);
	(void)address_text(a, b->name);
}

/* --- measures ---------------------------------------------------------------------------------------------------------- */

static int reach(const struct bench *b, enum way way)
{
	const struct {
		const char *address;
		uint16_t port;
	} rows[WAYS] = {
		[DIRECT] = { "127.0.0.1", SERVER_PORT },
		[HELPER] = { b->name, SERVER_PORT },
		[CHAIN] = { "127.0.0.1", CHAIN_PORT },
	};
	struct sockaddr_any to;
	int fd = sys_socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	address_of(&to, rows[way].address, rows[way].port);
	(void)setsockopt(fd, IPPROTO_TCP, 1 /* TCP_NODELAY */, &one, sizeof(one));
	if (sys_connect(fd, &to.any, to.len) < 0)
		give_up("connect");
	return fd;
}

static void ping(int fd)
{
	char byte = 'e';

	if (send(fd, &byte, 1, MSG_NOSIGNAL) != 1 || recv(fd, &byte, 1, 0) != 1)
		give_up("ping");
}

/* Gbit/s */
static double measure_throughput(const struct bench *b, enum way way)
{
	static char bytes[1 << 19];
	scoped_fd int fd = reach(b, way);
	double begin;
	size_t got = 0;
	ssize_t n;

	ping(fd);
	begin = now_us();
	(void)!send(fd, "d", 1, MSG_NOSIGNAL);
	while (got < DOWNLOAD && (n = recv(fd, bytes, sizeof(bytes), 0)) > 0)
		got += (size_t)n;
	if (got != DOWNLOAD)
		give_up("download");
	return DOWNLOAD * 8.0 / (now_us() - begin) / 1e3;
}

static double measure_round_trip(const struct bench *b, enum way way)
{
	scoped_fd int fd = reach(b, way);
	double begin;

	ping(fd);
	begin = now_us();
	for (int i = 0; i < PINGS; i++)
		ping(fd);
	return (now_us() - begin) / PINGS;
}

/* Connected, and a first byte there and back: a listener inside accepts before anybody outside knows. */
static double measure_connect(const struct bench *b, enum way way)
{
	double sum = 0;

	for (int i = 0; i < CONNECTIONS; i++) {
		double begin = now_us();
		scoped_fd int fd = reach(b, way);

		ping(fd);
		sum += now_us() - begin;
	}
	return sum / CONNECTIONS;
}

static void measure(struct bench *b, size_t round)
{
	static double (*const measures[MEASURES])(const struct bench *, enum way) = {
		[THROUGHPUT] = measure_throughput,
		[ROUND_TRIP] = measure_round_trip,
		[CONNECT] = measure_connect,
	};

	for (size_t m = 0; m < MEASURES; m++)
		for (size_t i = 0; i < WAYS; i++) {
			/* Nobody is always the first one. */
			enum way way = (enum way)((i + round) % WAYS);

			enter(way == DIRECT ? b->host : b->container);
			b->samples[m][way][round] = measures[m](b, way);
		}
}

/* --- the report -------------------------------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double part_of(const double *samples, size_t n, double part)
{
	static double sorted[ROUNDS_MAX];

	memcpy(sorted, samples, n * sizeof(*samples));
	qsort(sorted, n, sizeof(*sorted), by_size);
	return sorted[(size_t)((double)(n - 1) * part)];
}

/* The median of each round's ratio. */
static double ratio(const struct bench *b, enum measure m, enum way way, enum way to)
{
	static double ratios[ROUNDS_MAX];

	for (size_t i = 0; i < b->rounds; i++)
		ratios[i] = b->samples[m][way][i] / b->samples[m][to][i];
	return part_of(ratios, b->rounds, 0.5);
}

static void report(const struct bench *b)
{
	static const char *const ways[WAYS] = { [DIRECT] = "loopback, no container",
						[HELPER] = "network helper",
						[CHAIN] = "two socats" };
	static const struct {
		const char *what, *goal;
	} rows[MEASURES] = {
		[THROUGHPUT] = { "throughput, Gbit/s", "≥ 2.5" },
		[ROUND_TRIP] = { "round trip of a byte, µs", "≤ 0.7" },
		[CONNECT] = { "connect and a byte there and back, µs", "≤ 0.5" },
	};

	for (size_t m = 0; m < MEASURES; m++) {
		printf("| %s | median | p10 | to two socats | goal |\n|---|---:|---:|---:|---:|\n",
		       rows[m].what);
		for (size_t w = 0; w < WAYS; w++)
			printf("| %s | %.1f | %.1f | %.2f | %s |\n", ways[w],
			       part_of(b->samples[m][w], b->rounds, 0.5),
			       part_of(b->samples[m][w], b->rounds, 0.1),
			       ratio(b, (enum measure)m, (enum way)w, CHAIN),
			       w == HELPER ? rows[m].goal : "–");
		printf("\n");
	}
	printf("%zu rounds.\n", b->rounds);
}

static void start(struct bench *b, char **argv)
{
	int listener;

	if (!netns_root())
		give_up("user namespace");
	b->host = netns_here();
	if (!netns_loopback_up())
		give_up("lo");
	listener = bound("127.0.0.1", SERVER_PORT, SOCK_STREAM);
	b->children[0] = sys_fork();
	if (b->children[0] == 0)
		serve(listener);
	(void)close(listener);
	if (sys_unshare(CLONE_NEWNET) < 0)
		give_up("network namespace");
	b->container = netns_here();
	if (!netns_loopback_up() || !netns_route_all(AF_INET))
		give_up("routes");
	redirect_all(argv[3]);
	start_helper(b, argv[4]);
	start_chain(b, argv[2], argv[4]);
	ask_name(b);
	/* socat says nothing when it listens. */
	(void)poll(NULL, 0, 500);
}

int main(int argc, char **argv)
{
	static struct bench b;

	if (argc != 5) {
		(void)fprintf(stderr, "usage: egress ROUNDS SOCAT NFT DIRECTORY\n");
		return 2;
	}
	b.rounds = strtoul(argv[1], NULL, 10);
	if (b.rounds < 1 || b.rounds > ROUNDS_MAX)
		return 2;
	start(&b, argv);
	for (size_t i = 0; i < b.rounds; i++)
		measure(&b, i);
	report(&b);
	for (size_t i = 0; i < ARRAY_LEN(b.children); i++)
		(void)sys_kill(b.children[i], SIGKILL);
	return 0;
}
