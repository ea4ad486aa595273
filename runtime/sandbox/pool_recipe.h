/* SPDX-License-Identifier: Apache-2.0 */
/* pool_recipe.h - what a policy asks of a pool: the plan of the sandbox that the zygote lives in, and of those that each task
 * gets inside it. */
#pragma once

#include "runtime/life/way.h"
#include "runtime/plan/plan.h"
#include "runtime/sandbox/sandbox.h"
#include "runtime/sandbox/zygote/setup.h"

/* Where the zygote's sandbox has an empty directory that nobody can write to: it covers the masked directories of tasks. */
#define POOL_HIDDEN "/.pool"

struct recipe {
	struct plan *zygote; /* its own sandbox, whose payload it is */
	/* What the first process of a task's sandbox does; stages NAMESPACE and ROOT. */
	struct plan *task;
	bool lends; /* a sandbox that is as it was made is lent to another task (pool_first.h) */
	uint64_t namespaces; /* CLONE_NEWx of a task */
	struct zygote_setup *setup; /* what the zygote is told */
	const unsigned char *native; /* the shared object that it loads */
	size_t native_size;
	struct way way; /* out of a task's network, where it is filtered: one helper for all */
	struct policy_words degraded; /* what of the policy this host cannot do, as in a result */
};

/* recipe_make: q is as of a sandbox whose program is Python; preload are module names, separated by commas; fresh: nothing is
 * lent. What a pool cannot hold is refused, with the flag that asks for it. */
int recipe_make(const struct request *q, const char *preload, bool fresh, struct recipe *ret,
		struct arena *a, struct err *err);
/* recipe_look: masks of what this kernel does not have are left out of a task's operations, where it cannot come to have it; by who
 * carries them out, with a /proc of the sandbox's own. */
void recipe_look(const struct recipe *r);
/* recipe_is_filtered: a task's network is. */
bool recipe_is_filtered(const struct recipe *r);
/* recipe_task: the operations of a task for the configuration that exec would have; pure. */
struct task_kind {
	bool lends; /* its loopback comes up only once something is to be made in its network */
	bool denied; /* setgroups is, already */
	uint32_t uid, gid;
};
int recipe_task(const struct config *c, const struct task_kind *k, struct arena *a,
		struct plan **ret, struct err *err);
