/* SPDX-License-Identifier: Apache-2.0 */
/* explain.h - why the kernel has refused a container, and the way out. */
#pragma once

#include "runtime/plan/facts.h"
#include "spec/base/err.h"

/* What stands around this process, beside the facts. */
struct surroundings {
	bool filtered; /* a seccomp filter is loaded */
};

/* explain_hint: of a refusal (EPERM, EACCES, ENOSPC, EUSERS, ENOSYS) to make namespaces, maps or a mount of procfs or sysfs:
 * the sysctl, profile, filter or cover behind it and what to do; NULL where none is known. Pure. */
const char *explain_hint(const struct err *err, const struct facts *f,
			 const struct surroundings *s);
/* explain: looks at this host, once something has failed, and adds the hint to the error. */
void explain(struct err *err);
