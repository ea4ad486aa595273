/* SPDX-License-Identifier: Apache-2.0 */
/* hosts.h - /etc/hosts and /etc/resolv.conf as far as a stub resolver needs them; pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "runtime/egress/address.h"
#include "spec/base/arena.h"

/* Names of a hosts file that are kept. */
#define HOSTS_MAX 131072
#define NAMESERVERS 3 /* resolv.conf(5): MAXNS */

struct host {
	const char *name; /* lower case */
	uint8_t address[ADDRESS_BYTES];
	uint32_t order; /* in the file */
};
struct hosts {
	struct host *v; /* sorted by name, then as in the file */
	size_t n;
};

/* hosts_read: the lines of the text, which it takes apart; what is no line of hosts(5) is passed over, as everybody does. */
void hosts_read(char *text, struct arena *a, struct hosts *ret);
/* hosts_find: the addresses of a lower-case name, at most max; how many. */
size_t hosts_find(const struct hosts *h, const char *name, uint8_t (*ret)[ADDRESS_BYTES],
		  size_t max);

struct nameserver {
	uint8_t address[ADDRESS_BYTES];
	uint16_t port;
};
struct resolv {
	struct nameserver servers[NAMESERVERS];
	uint8_t n;
	uint8_t timeout_s, attempts;
};

/* resolv_read: "nameserver ADDRESS" ("[ADDRESS]:PORT" and "ADDRESS:PORT" besides) and "options timeout:N attempts:N"; search and domain are
 * passed over: a rule is about a whole name, and the resolver in the container has no list either. Without a nameserver it is
 * this host, as resolv.conf(5) has it. */
void resolv_read(char *text, struct resolv *ret);
