/* SPDX-License-Identifier: Apache-2.0 */
/* degrade.h - what was asked for and cannot be had on this host: refused, or, where the caller allows it, named in the result.
 * Nothing is weaker than it was asked for without that. */
#pragma once

#include "runtime/sandbox/compose.h"

/* What of this host decides. */
struct degrade_host {
	bool notifies; /* filters can ask a supervisor */
	bool counts_processes; /* RLIMIT_NPROC counts a user namespace's own (5.14) */
	bool scopes; /* Landlock keeps abstract sockets apart (ABI 6) */
};

/* degrade_look: only what the policy asks about is looked at. */
void degrade_look(const struct policy *p, struct degrade_host *ret);
/* degrade_asks_descriptors: somebody has set the limit of open files, so whether it is met is to be found out, by a filter that
 * asks. Where none can, the limit holds as well, and only its name is missing from the verdict. */
bool degrade_asks_descriptors(const struct policy *p);
/* degrade_check: pure. Adds the names of what is missing under that backend to ret; the first one that the caller has asked
 * for and not allowed to be missing is an error. */
int degrade_check(const struct policy *p, enum policy_backend backend,
		  const struct degrade_host *host, bool allowed, struct arena *a,
		  struct policy_words *ret, struct err *err);
