/* SPDX-License-Identifier: Apache-2.0 */
/* leave.c - takes away the resctrl groups that were made for a container: one of its own name, and its monitoring group in
 * another's. A group that a closID names may serve others, too, and stays. */
#include "runtime/life/leave.h"

#include "runtime/act/rdt.h"
#include "runtime/probe/probe.h"

void leave_host(const struct config *config, const char *id)
{
	const struct intel_rdt *r = config->linux_.intel_rdt;
	bool named = r && r->clos_id && r->clos_id[0];
	struct facts facts;
	struct err ignored; /* without a resctrl to look at there is no group left */

	if (!r || probe(WANT_RDT, &facts, &ignored) < 0 || !facts.resctrl[0])
		return;
	if (r->enable_monitoring)
		rdt_leave(facts.resctrl, named ? r->clos_id : id, id);
	if (!named)
		rdt_leave(facts.resctrl, id, NULL);
}
