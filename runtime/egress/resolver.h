/* SPDX-License-Identifier: Apache-2.0 */
/* resolver.h - a name's addresses, asked once: the hosts file, else the name servers of resolv.conf(5). */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "runtime/egress/dns.h"
#include "runtime/egress/hosts.h"
#include "runtime/egress/loop.h"

/* Addresses of one name that are kept: so many of each family. */
#define LOOKUP_ADDRESSES (2 * DNS_ADDRESSES)

struct resolver {
	struct loop *loop;
	struct hosts hosts;
	struct resolv conf;
};

struct lookup;
/* One of the two questions of a lookup. */
struct ask {
	struct lookup *lookup;
	uint16_t type, id;
	uint8_t tries; /* so far */
	bool done;
	int fd;
	struct watch watch;
	struct timer timer;
	struct dns_answer answer;
	uint8_t *stream; /* of TCP: what goes out, then what came in */
	size_t at, size;
	bool sending;
};
struct lookup {
	struct resolver *resolver;
	char name[EGRESS_HOST_MAX + 1];
	struct ask asks[2];
	void (*fn)(struct lookup *l); /* NULL: not under way */
	uint8_t n;
	uint8_t addresses[LOOKUP_ADDRESSES][ADDRESS_BYTES]; /* IPv4 first */
};

/* lookup_begin: fn once there is an answer, which may be at once: then addresses[n] are filled, n 0 where there is none.
 * The name is lower case. lookup_end: forgets what is under way. */
void lookup_begin(struct lookup *l, struct resolver *r, const char *name,
		  void (*fn)(struct lookup *l));
void lookup_end(struct lookup *l);
