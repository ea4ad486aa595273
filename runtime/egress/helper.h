/* SPDX-License-Identifier: Apache-2.0 */
/* helper.h - what a helper has for all whom it serves. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/egress/loop.h"
#include "runtime/egress/relay.h"
#include "runtime/egress/resolver.h"
#include "runtime/egress/route.h"
#include "runtime/egress/rules.h"

/* Descriptors of one connection: its socket, the destination's, and a pipe each way. */
#define CLIENT_FDS 6

struct helper {
	struct loop loop;
	struct rules rules;
	struct resolver resolver;
	struct pipes pipes;
	struct route route;
	bool shared; /* by many guests */
	size_t fds; /* that connections may have, and, where it is shared, what the guests brought */
	size_t brought; /* of these, sockets of guests */
	size_t clients; /* at once, of all guests */
};
