/* SPDX-License-Identifier: Apache-2.0 */
/* audit.h - one JSON line at a run's start and one at its end, each appended in one write; and the file of violations. */
#pragma once

#include "runtime/sandbox/sandbox.h"

struct audit {
	const struct policy *policy;
	const char *id;
	const struct strings *args;
};

/* audit_begin: also refuses, before anything runs, files that cannot be appended to. Values of secrets are masked. */
int audit_begin(const struct audit *u, struct arena *a, struct err *err);
int audit_end(const struct audit *u, const struct result *r, struct arena *a, struct err *err);
/* audit_now: the present moment, RFC 3339. */
const char *audit_now(struct arena *a);

/* mask_secrets: the bytes with every value of a secret replaced by "***"; *len is changed. */
const char *mask_secrets(const struct policy *p, const char *bytes, size_t *len, struct arena *a);
/* mask_result: likewise what the payload named, in a path or as its own name. */
void mask_result(const struct policy *p, struct result *r, struct arena *a);
