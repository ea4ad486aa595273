/* SPDX-License-Identifier: Apache-2.0 */
/* tell.c - the end of a run in words. Should: say each thing as a sandbox does. */
#include "runtime/life/tell.h"

#include "runtime/life/record.h"
#include "runtime/life/refusal.h"

#define WHAT "--violations"

static void tell_refusals(const struct making *m, struct events *events, struct arena *a)
{
	struct refusals r = {
		.fd = m->way.events, .events = events, .log = &m->rt->log, .a = a, .by_config = true
	};

	if (r.fd < 0)
		return;
	(void)refusals_take(&r);
	/* As an error: a warning is not shown where nobody asked for a log. */
	refusals_tell(events, LOG_LEVEL_ERROR, r.log);
}

int tell_end(struct making *m, int *status, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	struct events events = { 0 };
	struct event limit;
	struct err lost;

	if (nat_lost(&m->way.nat, &lost))
		log_line(&m->rt->log, LOG_LEVEL_ERROR, "%s", lost.text);
	tell_refusals(m, &events, &a);
	if (deadline_end(&m->deadline, status, &a, &limit) ||
	    met_end(&m->met, status, &a, &limit)) {
		log_line(&m->rt->log, LOG_LEVEL_ERROR, "%s", limit.description);
		event_add(&events, &limit, &a);
	}
	return m->o->violations ? record_events(m->o->violations, WHAT, &events, &a, err) : 0;
}
