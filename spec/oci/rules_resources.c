/* SPDX-License-Identifier: Apache-2.0 */
/* rules_resources.c - rules on "linux.resources" (config-linux.md#control-groups); places are below
 * it. */
#include <string.h>

#include "spec/base/names.h"
#include "spec/base/str.h"
#include "spec/json/quote.h"
#include "spec/oci/numberlist.h"
#include "spec/oci/rules.h"

#define SWAPPINESS_MAX 100

/* -1 is "no limit"; less is nothing. */
static int check_limit(const char *place, const struct opt_i64 *n, struct err *err)
{
	if (n->set && n->v < -1)
		return REFUSE(err, place, "must be -1 (no limit) or more, is %lld",
			      (long long)n->v);
	return 0;
}

static int check_memory(const struct memory *m, struct err *err)
{
	if (!m)
		return 0;
	TRY(check_limit("/memory/limit", &m->limit, err));
	TRY(check_limit("/memory/reservation", &m->reservation, err));
	TRY(check_limit("/memory/swap", &m->swap, err));
	TRY(check_limit("/memory/kernel", &m->kernel, err));
	TRY(check_limit("/memory/kernelTCP", &m->kernel_tcp, err));
	if (m->limit.v > 0 && m->swap.v > 0 && m->swap.v < m->limit.v)
		return REFUSE(err, "/memory/swap",
			      "%lld is less than the limit %lld: it counts memory and swap",
			      (long long)m->swap.v, (long long)m->limit.v);
	if (m->swappiness.v > SWAPPINESS_MAX)
		return REFUSE(err, "/memory/swappiness", "must be at most %d", SWAPPINESS_MAX);
	return 0;
}

static int check_cpu(const struct cpu *c, struct err *err)
{
	if (!c)
		return 0;
	TRY(check_limit("/cpu/quota", &c->quota, err));
	TRY(check_limit("/cpu/realtimeRuntime", &c->realtime_runtime, err));
	if (c->quota.v > 0 && c->burst.v > (uint64_t)c->quota.v)
		return REFUSE(err, "/cpu/burst", "%llu is more than the quota %lld",
			      (unsigned long long)c->burst.v, (long long)c->quota.v);
	if (c->idle.set && (c->idle.v < 0 || c->idle.v > 1))
		return REFUSE(err, "/cpu/idle", "must be 0 or 1, is %lld", (long long)c->idle.v);
	if (c->cpus && !number_list_ok(c->cpus))
		return REFUSE(err, "/cpu/cpus", "%s is no list like 0-3,7", Q(c->cpus));
	if (c->mems && !number_list_ok(c->mems))
		return REFUSE(err, "/cpu/mems", "%s is no list like 0-3,7", Q(c->mems));
	return 0;
}

static int check_device(const struct device_cgroup *d, struct err *err)
{
	TRY(check_limit("/major", &d->major, err));
	TRY(check_limit("/minor", &d->minor, err));
	if (d->access && strspn(d->access, "rwm") != strlen(d->access))
		return REFUSE(err, "/access", "must be made of r, w and m, is %s", Q(d->access));
	return 0;
}

static int check_devices(const struct device_cgroups *all, struct err *err)
{
	for (size_t i = 0; i < all->n; i++)
		if (check_device(&all->v[i], err) < 0)
			return err_in(err, "/devices/%zu", i);
	return 0;
}

/* ^[1-9][0-9]*[KMG]B$ (the schema's pattern) */
static bool is_page_size(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n > 0 && s[0] != '0' && s[n] && strchr("KMG", s[n]) && str_eq(s + n + 1, "B");
}

static int check_hugepages(const struct hugepage_limits *all, struct err *err)
{
	for (size_t i = 0; i < all->n; i++)
		if (!is_page_size(all->v[i].page_size)) {
			(void)err_input(err, "must be a size like 2MB or 1GB, is %s",
					Q(all->v[i].page_size));
			return err_in(err, "/hugepageLimits/%zu/pageSize", i);
		}
	return 0;
}

/* Files that move tasks or change the tree: they are the runtime's. */
static const struct name runtime_files[] = {
	{ "cgroup.procs", 1 }, { "cgroup.threads", 1 }, { "cgroup.subtree_control", 1 },
	{ "cgroup.type", 1 },  { "cgroup.kill", 1 },	{ NULL, 0 },
};

static int check_unified(const struct pairs *all, struct err *err)
{
	for (size_t i = 0; i < all->n; i++) {
		const char *key = all->v[i].key;

		if (!key[0] || key[0] == '.' || strpbrk(key, "/\n"))
			return REFUSE(err, "/unified", "%s is no file of a cgroup", Q(key));
		if (name_find(runtime_files, key))
			return REFUSE(err, "/unified", "%s is written by the runtime alone",
				      Q(key));
	}
	return 0;
}

static int check_rdma(const struct rdmas *all, struct err *err)
{
	for (size_t i = 0; i < all->n; i++)
		if (!all->v[i].device[0] || strpbrk(all->v[i].device, " \n"))
			return REFUSE(err, "/rdma", "%s is no name of a device",
				      Q(all->v[i].device));
	return 0;
}

static int check_interfaces(const struct network_class *n, struct err *err)
{
	for (size_t i = 0; n && i < n->priorities.n; i++)
		if (!n->priorities.v[i].name[0] || strpbrk(n->priorities.v[i].name, " \n/")) {
			(void)err_input(err, "%s is no name of a network interface",
					Q(n->priorities.v[i].name));
			return err_in(err, "/network/priorities/%zu/name", i);
		}
	return 0;
}

int resources_check(const struct resources *r, struct err *err)
{
	TRY(check_unified(&r->unified, err));
	TRY(check_devices(&r->devices, err));
	TRY(check_memory(r->memory, err));
	TRY(check_cpu(r->cpu, err));
	if (r->pids)
		TRY(check_limit("/pids/limit", &r->pids->limit, err));
	TRY(check_hugepages(&r->hugepage_limits, err));
	TRY(check_interfaces(r->network, err));
	return check_rdma(&r->rdma, err);
}

static int rule_resources(const struct config *config, struct err *err)
{
	const struct resources *r = config->linux_.resources;

	if (r && resources_check(r, err) < 0)
		return err_in(err, "/linux/resources");
	return 0;
}

const struct rule rules_resources[] = {
	{ "resources-sane", MUST, "config-linux.md#control-groups", rule_resources },
	{ NULL },
};
