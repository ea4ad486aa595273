/* SPDX-License-Identifier: Apache-2.0 */
/* degrade.c - one row for each thing that some hosts cannot do. */
#include "runtime/sandbox/degrade.h"

#include "runtime/probe/probe.h"
#include "runtime/sandbox/doctor.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"

/* A weight that changes nothing. */
#define SHARES_NORMAL 1024

static bool lacks_trace(const struct policy *p, enum policy_backend b, const struct degrade_host *h)
{
	(void)b;
	return policy_n(p, POLICY_TRACE) && !h->notifies;
}

static bool lacks_exec(const struct policy *p, enum policy_backend b, const struct degrade_host *h)
{
	(void)b;
	return !policy_n(p, POLICY_EXEC) && !h->notifies;
}

static bool lacks_shares(const struct policy *p, enum policy_backend b,
			 const struct degrade_host *h)
{
	const struct policy_value *v = &p->v[POLICY_CPU_SHARES];

	(void)h;
	return b == BACKEND_SUPERVISOR && v->origin != ORIGIN_DEFAULT && v->n &&
	       v->n != SHARES_NORMAL;
}

static bool lacks_count(const struct policy *p, enum policy_backend b, const struct degrade_host *h)
{
	return b == BACKEND_SUPERVISOR && policy_n(p, POLICY_PROCESSES) && !h->counts_processes;
}

static bool lacks_scope(const struct policy *p, enum policy_backend b, const struct degrade_host *h)
{
	(void)b;
	return policy_is_hosts_network(p) && !h->scopes;
}

static const struct row {
	const char *name; /* in the result */
	bool (*lacks)(const struct policy *p, enum policy_backend b, const struct degrade_host *h);
	enum policy_item item; /* whose origin is the place of the error */
	const char *what, *fix; /* fix NULL: nobody asked for it, so it is only told */
} rows[] = {
	{ "trace", lacks_trace, POLICY_TRACE, "filters cannot ask a supervisor here",
	  "boot Linux 5.5 or newer with CONFIG_SECCOMP_FILTER, outside of what listens already" },
	{ "allow-exec", lacks_exec, POLICY_EXEC, "filters cannot ask a supervisor here",
	  "boot Linux 5.5 or newer with CONFIG_SECCOMP_FILTER, outside of what listens already" },
	{ "cpu-shares", lacks_shares, POLICY_CPU_SHARES,
	  "a weight against others needs a cgroup, and none may be made here by this user",
	  "run under systemd-run --user -p Delegate=yes, or use --cpu" },
	{ "max-processes", lacks_count, POLICY_PROCESSES,
	  "before Linux 5.14 the processes of all of the user's programs are counted together",
	  "boot Linux 5.14 or newer, or run where a cgroup is delegated" },
	{ "landlock-scope", lacks_scope, POLICY_NETWORK, NULL, NULL },
};

bool degrade_asks_descriptors(const struct policy *p)
{
	return policy_n(p, POLICY_OPEN_FILES) && p->v[POLICY_OPEN_FILES].origin != ORIGIN_DEFAULT;
}

void degrade_look(const struct policy *p, struct degrade_host *ret)
{
	struct facts facts;
	struct err ignored;

	*ret = (struct degrade_host){ .scopes = sys_landlock_abi() >= LANDLOCK_ABI_SCOPES };
	if (policy_n(p, POLICY_TRACE) || !policy_n(p, POLICY_EXEC) || degrade_asks_descriptors(p))
		ret->notifies = doctor_notifies();
	ret->counts_processes =
		probe(WANT_CALLER, &facts, &ignored) == 0 && facts_kernel(&facts, 5, 14);
}

static int refuse(const struct policy *p, const struct row *r, struct err *err)
{
	const char *from = p->v[r->item].from;

	(void)err_set(err, ERR_HOST, 0, "%s: %s; or give --allow-degraded", r->what, r->fix);
	return err_in(err, "%s", from && *from ? from : r->name);
}

int degrade_check(const struct policy *p, enum policy_backend backend,
		  const struct degrade_host *host, bool allowed, struct arena *a,
		  struct policy_words *ret, struct err *err)
{
	struct policy_words found = { 0 };

	found.v = arena_array(a, const char *, ARRAY_LEN(rows));
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (!rows[i].lacks(p, backend, host))
			continue;
		if (rows[i].fix && !allowed)
			return refuse(p, &rows[i], err);
		found.v[found.n++] = rows[i].name;
	}
	*ret = found;
	return 0;
}
