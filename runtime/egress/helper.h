/* SPDX-License-Identifier: Apache-2.0 */
/* helper.h - what the parts of one helper share. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/egress/loop.h"
#include "runtime/egress/pool.h"
#include "runtime/egress/relay.h"
#include "runtime/egress/report.h"
#include "runtime/egress/resolver.h"
#include "runtime/egress/route.h"
#include "runtime/egress/rules.h"

/* Connections at once; beyond, and beyond what RLIMIT_NOFILE gives, they are refused. */
#define CLIENTS_MAX 1024
/* Descriptors of one: its socket, the destination's, and a pipe each way. */
#define CLIENT_FDS 6

struct helper {
	struct loop loop;
	struct rules rules;
	struct pool *pool;
	struct resolver resolver;
	struct report report;
	struct pipes pipes;
	struct route route;
	bool ipv6; /* inside */
	size_t clients, clients_max;
};
