/* SPDX-License-Identifier: Apache-2.0 */
/* steps.h - the ops of a recipe. */
#pragma once

#include <stdbool.h>

#include "bundle/recipe.h"
#include "bundle/site.h"
#include "rootfs-tools/spool.h"
#include "rootfs-tools/tree.h"
#include "spec/base/err.h"

/* What the steps of one recipe work on. */
struct kitchen {
	const struct recipe *recipe;
	struct tree *inputs; /* one for each input of the recipe, read already */
	struct spool *spool;
	struct tree *out;
	unsigned int source; /* of what a step makes; counts up */
	struct site *site; /* where a step may put what is nobody else's */
	bool allow_exec;
	struct arena *arena;
};

/* step_check: a known op, with the keys that it needs and no others, about known inputs. */
int step_check(const struct recipe *r, const struct step *s, struct err *err);
/* step_run: does a checked step. */
int step_run(struct kitchen *k, const struct step *s, struct err *err);
