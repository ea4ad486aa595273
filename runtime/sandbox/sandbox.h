/* SPDX-License-Identifier: Apache-2.0 */
/* sandbox.h - the sandbox's face: a policy and a program become a verdict. */
#pragma once

#include "runtime/srtoci.h"
#include "spec/policy/dialect.h"
#include "spec/policy/policy.h"
#include "spec/policy/result.h"

/* What is run, for whom. */
struct request {
	const struct policy *policy;
	struct strings args; /* the program and its arguments; none: the bundle's own */
	struct caller caller;
	const char *const *argv; /* of main */
	const struct log *log;
	const char
		*image; /* directory of the bundle that POLICY_IMAGE names; NULL: there is none */
	const struct config
		*bundle; /* of it, or of POLICY_BUNDLE, read and checked; NULL: not yet */
	const char *image_digest; /* of it; NULL: unknown */
	bool capture; /* standard output and error go into the result, not through */
	bool degraded; /* what cannot be enforced here is reported and left out, not refused */
	const char *id; /* unique to the run */
};

/* sandbox_bundle: reads the configuration of the bundle that policy and image name, if any; NULL: there is none. */
int sandbox_bundle(const struct request *q, struct arena *a, const struct config **ret,
		   struct err *err);

/* sandbox_run: the verdict. It is there also where the program never ran: then status is
 * "setup_error", and the return value negative with err; err.place "exec" and errnum ENOENT or EACCES
 * say that it was the program's. Only what the policy's caller was told by capture is in the arena. */
int sandbox_run(const struct request *q, struct arena *a, struct result *ret, struct err *err);

/* sandbox_plan: what sandbox_run would do, as the plan's text. */
int sandbox_plan(const struct request *q, struct arena *a, const char **ret, struct err *err);

/* sandbox_id_make: "sb-" and random letters. */
int sandbox_id_make(struct arena *a, const char **ret, struct err *err);
