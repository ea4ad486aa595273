/* SPDX-License-Identifier: Apache-2.0 */
/* egress.h - the filtering network helper: takes what a container connects to, and dials what its rules allow.
 *
 * Whoever starts it makes the sockets inside the container's network namespace, hands them over, and forks: the helper
 * lives in a process of its own, in the host's network namespace. Without it nothing in the container has a way out. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "spec/base/err.h"
#include "spec/policy/policy.h"

enum egress_socket {
	EGRESS_TCP4, /* listener that every TCP connection is redirected to; SO_ORIGINAL_DST says where it was meant for */
	EGRESS_TCP6, /* likewise, IPv6; absent: names have no IPv6 address */
	EGRESS_DNS_UDP4, /* bound to port 53 of every address there */
	EGRESS_DNS_UDP6,
	EGRESS_DNS_TCP4,
	EGRESS_DNS_TCP6,
	EGRESS_PROXY, /* listener on 127.0.0.1 inside: HTTP (CONNECT and plain) or SOCKS5, by the first byte */
	EGRESS_SOCKETS,
	/* A listener bound to a single port of every address, where the kernel has no nf_tables: where a connection was meant
	 * for is its own end's address. */
	EGRESS_PORT = EGRESS_SOCKETS
};

/* Ports of the host that one container may be published on. */
#define EGRESS_PUBLISH_MAX 64

struct egress_publish {
	int listener; /* on the host, of HOST:PORT */
	uint16_t port; /* inside, on 127.0.0.1 */
};

struct egress_setup {
	const struct policy_domains *rules;
	int sockets[EGRESS_SOCKETS]; /* -1: absent */
	const int *ports; /* each an EGRESS_PORT */
	size_t ports_n;
	const struct egress_publish *publish;
	size_t publish_n;
	/* SEQPACKET: one byte sent asks for a fresh IPv4 TCP socket of the container's namespace, answered by SCM_RIGHTS; -1:
	 * nothing is published. */
	int inside;
	int events; /* SEQPACKET or DGRAM: one struct egress_event a refusal; -1: nobody listens */
	int end; /* pidfd or pipe: readable (or hung up) once the container is gone: the helper ends */
	const char *hosts_file; /* NULL: /etc/hosts */
	const char *
		resolv_conf; /* NULL: /etc/resolv.conf; "nameserver ADDRESS" or "nameserver [ADDRESS]:PORT" */
};

/* Why something was refused. */
enum egress_reason {
	EGRESS_ALLOWED,
	EGRESS_NO_RULE, /* no rule allows it */
	EGRESS_DENIED, /* a rule denies it */
	EGRESS_LOCAL, /* loopback, link-local, metadata, multicast …, or an address of this host */
	EGRESS_STALE, /* an address of the pool that stands for no name (any more) */
	EGRESS_UNRESOLVED, /* the name has no address */
	EGRESS_UNREACHABLE, /* no address of it answered */
	EGRESS_BUSY, /* too many connections at once */
	EGRESS_MALFORMED, /* the proxy was told something that it does not understand */
	EGRESS_REASONS
};
/* egress_reason_text: the reason as words for people ("no rule allows it"). */
const char *egress_reason_text(enum egress_reason reason);

#define EGRESS_HOST_MAX 253

/* One refusal, as one datagram. */
struct egress_event {
	uint64_t time_us; /* CLOCK_REALTIME */
	uint32_t lost; /* refusals before this one that could not be told: nobody had read */
	uint16_t port; /* 0: a name was asked for */
	uint8_t reason; /* enum egress_reason */
	char host[EGRESS_HOST_MAX + 1]; /* name or literal address */
};

/* The pool that names are given addresses of: everything in it is routed to the helper. Addresses 198.18.0.0 to
 * 198.18.15.255 stand for no name ever: the starter may use them (for the responder, say). */
#define EGRESS_POOL4 "198.18.0.0/15"
#define EGRESS_POOL6 "fd73:7274:6f63::/48"

/* egress_run: confines the process, then serves until the end. In a process of its own: it closes every descriptor that is
 * not of s. Returns 0 at the end, or an error before serving. */
int egress_run(const struct egress_setup *s, struct err *err);
/* egress_run_shared: likewise for many containers under the same rules, each of which comes later, as a parcel (parcel.h, its
 * number 0) on `guests`: one end of a SEQPACKET pair. Over the other end come its sockets, each a parcel with its enum
 * egress_socket, and there its refusals are told; when that is closed everywhere the container is gone. The helper ends with
 * `guests`. Of s it has the rules and the files. */
int egress_run_shared(const struct egress_setup *s, int guests, struct err *err);
