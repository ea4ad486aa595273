/* SPDX-License-Identifier: Apache-2.0 */
/* plan_resources.c - what the configuration limits by cgroup, and what becomes of it here. */
#include "runtime/plan/plan.h"

struct part {
	const char *name;
	bool asked;
};

static int warn_unapplied(struct plan *p, const struct part *part, struct err *err)
{
	if (!part->asked)
		return 0;
	return plan_warn(
		p, err, plan_cause(p, "/linux/resources/%s", part->name),
		"this version makes no cgroups, so the limit is not applied; set rlimits, or run under a "
		"cgroup that has it");
}

/* True where a device rule says more than "deny everything", which engines put at the head of every list. */
static bool asks_for_devices(const struct resources *r)
{
	for (size_t i = 0; i < r->devices.n; i++)
		if (r->devices.v[i].allow)
			return true;
	return false;
}

int plan_resources(struct plan *p, const struct config *c, const struct facts *f, struct err *err)
{
	const struct resources *r = c->linux_.resources;
	bool privileged = !namespace_of(c, 0x10000000 /* CLONE_NEWUSER */) &&
			  facts_cap(f, 21 /* CAP_SYS_ADMIN */);

	if (!r)
		return 0;
	const struct part parts[] = {
		{ "unified", r->unified.n > 0 },
		/* In a user namespace no device can be opened that is not bound, whatever the rules. */
		{ "devices", privileged && (r->devices.n > 0) && asks_for_devices(r) },
		{ "memory", r->memory != NULL },
		{ "cpu", r->cpu != NULL },
		{ "pids", r->pids != NULL },
		{ "blockIO", r->block_io != NULL },
		{ "hugepageLimits", r->hugepage_limits.n > 0 },
		{ "network", r->network != NULL },
		{ "rdma", r->rdma.n > 0 },
	};
	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		TRY(warn_unapplied(p, &parts[i], err));
	return 0;
}
