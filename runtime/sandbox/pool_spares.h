/* SPDX-License-Identifier: Apache-2.0 */
/* pool_spares.h - sandboxes that wait for a task: made ahead of it, or left by another as they were made (pool_first.h). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A first process whose mounts are made, or are being made. */
struct sandbox {
	int pidfd; /* of it */
	int line; /* to it: what its task is made with; then the task's own (COPY_READY) */
};
#define NO_SANDBOX     \
	{              \
		-1, -1 \
	}

/* Whoever is cloned closes each descriptor that we have. */
#define SPARES_MAX 16
#define SPARES_REST 1 /* of those, so many stay while nothing happens */
#define SPARES_REST_MS 100

/* Namespaces that a sandbox will not leave as they were made, and after how long a rest they go. The kernel takes one down under a
 * lock that making one needs, too, and waits there for every processor (cleanup_net, rtnl; free_ipc); of many that go at one time
 * it waits once for all. */
enum { GONE_NET, GONE_IPC, GONE_FDS };
#define GONE_MAX 32

struct spares {
	size_t n, gone_n;
	struct sandbox v[SPARES_MAX];
	int gone[GONE_MAX][GONE_FDS];
};

/* sandbox_let_go: whoever waits there for a task ends. */
void sandbox_let_go(struct sandbox *s);
/* spares_put: is let go where there are enough. spares_take: the last one; false where there is none. */
void spares_put(struct spares *l, struct sandbox s);
bool spares_take(struct spares *l, struct sandbox *ret);
/* spares_give_up: fds are closed by and by. spares_rest: now, and of the sandboxes no more than keep stay, the last that came; spares_wait_ms: after so long
 * a rest it is to be called with SPARES_REST, -1 never. */
void spares_give_up(struct spares *l, const int fds[GONE_FDS]);
void spares_rest(struct spares *l, size_t keep);
int spares_wait_ms(const struct spares *l);
