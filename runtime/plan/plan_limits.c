/* SPDX-License-Identifier: Apache-2.0 */
/* plan_limits.c - linux.resources → what is written to which file of which hierarchy: one row a property.
 *
 * A controller is on v1 or on v2, never on both, also on a hybrid host: so each row is looked up by controller. What no
 * hierarchy can hold is a warning. */
#include <string.h>

#include "runtime/plan/device_filter.h"
#include "runtime/plan/plan_cgroup.h"
#include "spec/base/str.h"

#define SHARES_MIN 2u
#define SHARES_MAX 262144u
#define SHARES_DEFAULT 1024u
#define PERIOD_DEFAULT 100000u
#define IO_WEIGHT_MIN 10u
#define IO_WEIGHT_MAX 1000u

/* --- conversions ------------------------------------------------------------------------------ */

uint64_t cpu_weight(uint64_t shares)
{
	/* 10 ^ ((l * l + 125 * l) / 612 - 7 / 34) with l the binary logarithm of the shares, rounded up, at each power of
	 * two: the curve through 2 → 1, 1024 → 100 (the defaults of both) and 262144 → 10000. Between them a straight line. */
	static const uint16_t at[] = { 1,   1,	 2,   3,   5,	8,    12,   21,	  35,	59,
				       100, 174, 303, 532, 942, 1681, 3023, 5478, 10000 };
	uint64_t low = SHARES_MIN;
	size_t l = 1;

	if (shares <= SHARES_MIN)
		return 1;
	if (shares >= SHARES_MAX)
		return 10000;
	while (low * 2 <= shares) {
		low *= 2;
		l++;
	}
	return at[l] + (uint64_t)(at[l + 1] - at[l]) * (shares - low) / low;
}

uint64_t io_weight(uint64_t weight)
{
	if (weight <= IO_WEIGHT_MIN)
		return 1;
	if (weight >= IO_WEIGHT_MAX)
		return 10000;
	return 1 + (weight - IO_WEIGHT_MIN) * 9999 / (IO_WEIGHT_MAX - IO_WEIGHT_MIN);
}

/* --- where ------------------------------------------------------------------------------------ */

bool cgroup_has(const char *list, const char *controller)
{
	size_t n = strlen(controller);

	for (const char *s = list; s && *s; s = strpbrk(s, ", ")) {
		s += strspn(s, ", ");
		if (strncmp(s, controller, n) == 0 && (s[n] == '\0' || strchr(", ", s[n])))
			return true;
	}
	return false;
}

bool cgroup_is_v2(const struct cgroup_spot *spot)
{
	return str_eq(spot->type, CGROUP_UNIFIED);
}

const struct cgroup_spot *cgroup_spot_of(const struct cgroup_spots *spots, const char *type)
{
	for (size_t i = 0; i < spots->n; i++)
		if (str_eq(spots->v[i].type, type))
			return &spots->v[i];
	return NULL;
}

static struct cgroup_spot *v1_of(const struct limits *l, const char *controller)
{
	for (size_t i = 0; controller && i < l->spots->n; i++)
		if (!cgroup_is_v2(&l->spots->v[i]) &&
		    cgroup_has(l->spots->v[i].controllers, controller))
			return &l->spots->v[i];
	return NULL;
}

static struct cgroup_spot *v2_of(const struct limits *l, const char *controller)
{
	for (size_t i = 0; controller && i < l->spots->n; i++)
		if (cgroup_is_v2(&l->spots->v[i]) &&
		    (!*controller || cgroup_has(l->spots->v[i].controllers, controller)))
			return &l->spots->v[i];
	return NULL;
}

static void need(const struct limits *l, struct cgroup_spot *spot, const char *controller)
{
	if (!*controller || (spot->needs && cgroup_has(spot->needs, controller)))
		return;
	spot->needs = spot->needs ? arena_printf(l->p->arena, "%s %s", spot->needs, controller)
				  : controller;
}

/* --- what ------------------------------------------------------------------------------------- */

static const char *cause_of(const struct limits *l, const struct limit_row *row)
{
	return plan_cause(l->p, "%s%s", l->prefix, row->pointer);
}

static struct op *add_write(const struct limits *l, const struct cgroup_spot *spot,
			    const struct limit_row *row, const char *file, const char *value)
{
	struct op *op = plan_add(l->p, STAGE_PREPARE, OP_CGROUP_WRITE, cause_of(l, row));

	op->type = spot->type;
	op->path = file;
	op->text = value;
	op->flags = (uint16_t)row->flags;
	return op;
}

static const void *part_of(const struct resources *r, const struct limit_row *row)
{
	const void *part;

	memcpy(&part, (const char *)r + row->part, sizeof(part));
	return part;
}

/* The number of a row's member, whatever its type; false where it is absent, or zero, which means unset. */
static bool number_of(const struct resources *r, const struct limit_row *row, int64_t *ret)
{
	const char *part = part_of(r, row);
	struct opt_i64 n;

	if (!part || row->kind == LIMIT_LIST || row->asked)
		return false;
	if (row->kind == LIMIT_BOOL) {
		struct opt_bool b;

		memcpy(&b, part + row->at, sizeof(b));
		*ret = b.v;
		return b.set && b.v;
	}
	/* opt_u64 and opt_i64 are alike but for the sign. */
	memcpy(&n, part + row->at, sizeof(n));
	*ret = n.v;
	return n.set && (n.v != 0 || row->kind == LIMIT_FROM_ZERO);
}

static const char *list_of(const struct resources *r, const struct limit_row *row)
{
	const char *part = part_of(r, row), *list = NULL;

	if (part && row->kind == LIMIT_LIST)
		memcpy(&list, part + row->at, sizeof(list));
	return list && *list ? list : NULL;
}

static bool is_asked(const struct resources *r, const struct limit_row *row)
{
	int64_t n;

	if (row->asked)
		return row->asked(r);
	return list_of(r, row) || number_of(r, row, &n);
}

static int warn_lost(const struct limits *l, const struct limit_row *row, struct err *err)
{
	const char *cause = cause_of(l, row);

	if (v2_of(l, "") && !row->v2 && !v1_of(l, row->v1_controller))
		return plan_warn(l->p, err, cause, "cgroup v2 has no such limit; drop it");
	if (!row->v1_controller)
		return plan_warn(l->p, err, cause, "cgroup v1 has no such limit; drop it");
	return plan_warn(l->p, err, cause,
			 "the container's cgroup has no controller %s, so it is not applied; have it "
			 "delegated (Delegate=yes), or drop the limit",
			 v2_of(l, "") ? row->v2_controller : row->v1_controller);
}

static const char *value_text(const struct limits *l, const struct limit_row *row, bool v2)
{
	int64_t n = 0;

	if (row->kind == LIMIT_LIST)
		return list_of(l->r, row);
	(void)number_of(l->r, row, &n);
	if (n < 0 && (row->kind == LIMIT_MAX || (row->kind == LIMIT_BYTES && v2)))
		return "max";
	return arena_printf(l->p->arena, "%lld", (long long)n);
}

static int plan_plain(struct limits *l, const struct limit_row *row, struct err *err)
{
	struct cgroup_spot *spot = row->v1 ? v1_of(l, row->v1_controller) : NULL;

	if (spot) {
		(void)add_write(l, spot, row, row->v1, value_text(l, row, false));
		return 0;
	}
	spot = row->v2 ? v2_of(l, row->v2_controller) : NULL;
	if (!spot)
		return warn_lost(l, row, err);
	need(l, spot, row->v2_controller);
	(void)add_write(l, spot, row, row->v2, value_text(l, row, true));
	return 0;
}

/* --- memory ----------------------------------------------------------------------------------- */

/* memory.limit stands between the old and the new limit of memory and swap on v1: where that is in the way it is written
 * first, else last. An update cannot know. */
static int plan_memory_limit(struct limits *l, const struct limit_row *row, struct err *err)
{
	const struct cgroup_spot *v1 = v1_of(l, "memory");
	int64_t swap = l->r->memory->swap.v;

	if (v1 && l->update && swap) {
		const char *file = "memory.memsw.limit_in_bytes";
		struct op *op;

		(void)add_write(l, v1, row, file,
				arena_printf(l->p->arena, "%lld", (long long)swap));
		op = add_write(l, v1, row, row->v1, value_text(l, row, false));
		op->flags |= OP_ELSE;
	}
	return plan_plain(l, row, err);
}

static int plan_swap(struct limits *l, const struct limit_row *row, struct err *err)
{
	struct cgroup_spot *v2 = v2_of(l, "memory");
	const struct memory *m = l->r->memory;
	const char *value = "max";

	if (v1_of(l, "memory") || !v2)
		return plan_plain(l, row, err);
	if (m->swap.v > 0 && m->limit.v <= 0)
		return plan_warn(l->p, err, cause_of(l, row),
				 "cgroup v2 limits swap by itself: without a limit of memory there is "
				 "nothing to subtract; add memory/limit");
	if (m->swap.v > 0)
		value = arena_printf(l->p->arena, "%lld", (long long)(m->swap.v - m->limit.v));
	need(l, v2, "memory");
	(void)add_write(l, v2, row, row->v2, value);
	return 0;
}

/* Every kernel that this program runs on counts children, always; and a check before an update is not written. */
static int plan_nothing(struct limits *l, const struct limit_row *row, struct err *err)
{
	(void)l;
	(void)row;
	(void)err;
	return 0;
}

/* --- cpu -------------------------------------------------------------------------------------- */

static int plan_shares(struct limits *l, const struct limit_row *row, struct err *err)
{
	struct cgroup_spot *v2 = v2_of(l, "cpu");
	uint64_t shares = l->r->cpu->shares.v;

	if (l->ignore_default_shares && shares == SHARES_DEFAULT)
		return 0;
	if (v1_of(l, "cpu") || !v2)
		return plan_plain(l, row, err);
	need(l, v2, "cpu");
	(void)add_write(l, v2, row, row->v2,
			arena_printf(l->p->arena, "%llu", (unsigned long long)cpu_weight(shares)));
	return 0;
}

static bool asks_quota(const struct resources *r)
{
	return r->cpu && (r->cpu->quota.v || r->cpu->period.v);
}

static void quota_v1(const struct limits *l, const struct cgroup_spot *v1,
		     const struct limit_row *row)
{
	const struct cpu *c = l->r->cpu;
	struct arena *a = l->p->arena;
	const char *quota = arena_printf(a, "%lld", (long long)c->quota.v);
	const char *period = arena_printf(a, "%llu", (unsigned long long)c->period.v);

	/* A period that the present quota does not fit comes after the new one. */
	if (c->period.v)
		(void)add_write(l, v1, row, "cpu.cfs_period_us", period);
	if (c->period.v && c->quota.v && l->update) {
		add_write(l, v1, row, row->v1, quota)->flags |= OP_ELSE;
		(void)add_write(l, v1, row, "cpu.cfs_period_us", period);
	}
	if (c->quota.v)
		(void)add_write(l, v1, row, row->v1, quota);
}

static int plan_quota(struct limits *l, const struct limit_row *row, struct err *err)
{
	struct cgroup_spot *v1 = v1_of(l, "cpu"), *v2 = v2_of(l, "cpu");
	const struct cpu *c = l->r->cpu;
	struct text value = { .arena = l->p->arena };

	if (v1) {
		quota_v1(l, v1, row);
		return 0;
	}
	if (!v2)
		return warn_lost(l, row, err);
	need(l, v2, "cpu");
	if (c->quota.v > 0)
		text_addf(&value, "%lld", (long long)c->quota.v);
	else
		text_add(&value, "max");
	if (c->period.v)
		text_addf(&value, " %llu", (unsigned long long)c->period.v);
	(void)add_write(l, v2, row, row->v2, value.s);
	return 0;
}

/* An idle group has no weight that could be set: leaving that state comes first, entering it last. */
static bool leaves_idle(const struct resources *r)
{
	return r->cpu && r->cpu->idle.set && r->cpu->idle.v == 0;
}

static int plan_not_idle(struct limits *l, const struct limit_row *row, struct err *err)
{
	struct cgroup_spot *v1 = v1_of(l, "cpu"), *v2 = v2_of(l, "cpu");

	/* A new one is not. */
	if (!l->update)
		return 0;
	if (!v1 && !v2)
		return warn_lost(l, row, err);
	(void)add_write(l, v1 ? v1 : v2, row, row->v1, "0");
	if (!v1)
		need(l, v2, "cpu");
	return 0;
}

/* --- devices ---------------------------------------------------------------------------------- */

static bool asks_devices(const struct resources *r)
{
	return r->devices.n > 0;
}

static void devices_v1(const struct limits *l, const struct cgroup_spot *v1,
		       const struct limit_row *row, const struct device_rules *rules)
{
	for (size_t i = 0; i < rules->n; i++)
		(void)add_write(l, v1, row, rules->v[i].allow ? "devices.allow" : "devices.deny",
				rules->v[i].type == 'a' ? "a"
							: device_rule_text(&rules->v[i],
									   l->p->arena));
}

static int plan_device_rules(struct limits *l, const struct limit_row *row, struct err *err)
{
	struct device_rules rules = device_rules(&l->r->devices, l->p->arena);
	struct cgroup_spot *v1 = v1_of(l, "devices");
	struct text text = { .arena = l->p->arena };
	struct op *op;
	size_t n;

	if (!l->devices)
		return 0;
	if (v1) {
		devices_v1(l, v1, row, &rules);
		return 0;
	}
	if (!v2_of(l, ""))
		return warn_lost(l, row, err);
	for (size_t i = 0; i < rules.n; i++)
		text_addf(&text, "%s%s %s", i ? "; " : "", rules.v[i].allow ? "allow" : "deny",
			  device_rule_text(&rules.v[i], l->p->arena));
	op = plan_add(l->p, STAGE_PREPARE, OP_CGROUP_DEVICES, cause_of(l, row));
	op->type = CGROUP_UNIFIED;
	op->text = text.s;
	op->data = device_filter(&rules, l->p->arena, &n);
	op->len = (uint32_t)(n * sizeof(struct bpf_insn));
	return 0;
}

/* --- block devices ---------------------------------------------------------------------------- */

/* The weight is BFQ's where that is there, else CFQ's (v1, before Linux 5.0) or iocost's (v2). A host without any of them
 * has nothing to weigh. */
static int add_weight(struct limits *l, const struct limit_row *row, const char *device,
		      uint64_t weight, struct err *err)
{
	struct cgroup_spot *v1 = v1_of(l, "blkio"), *v2 = v2_of(l, "io");
	struct arena *a = l->p->arena;
	unsigned long long w = weight, converted = io_weight(weight);
	struct op *op;

	if (!v1 && !v2)
		return warn_lost(l, row, err);
	if (v1) {
		const char *value = arena_printf(a, "%s%llu", device, w);

		(void)add_write(l, v1, row,
				*device ? "blkio.bfq.weight_device" : "blkio.bfq.weight", value);
		op = add_write(l, v1, row, row->v1, value);
	} else {
		need(l, v2, "io");
		(void)add_write(l, v2, row, "io.bfq.weight", arena_printf(a, "%s%llu", device, w));
		op = add_write(l, v2, row, row->v2,
			       arena_printf(a, "%s%llu", *device ? device : "default ", converted));
	}
	op->flags |= OP_ELSE | OP_OPTIONAL;
	return 0;
}

static int plan_io_weight(struct limits *l, const struct limit_row *row, struct err *err)
{
	return add_weight(l, row, "", l->r->block_io->weight.v, err);
}

static bool asks_weight_device(const struct resources *r)
{
	return r->block_io && r->block_io->weight_device.n > 0;
}

static int plan_weight_device(struct limits *l, const struct limit_row *row, struct err *err)
{
	const struct weight_devices *all = &l->r->block_io->weight_device;

	for (size_t i = 0; i < all->n; i++) {
		const struct weight_device *d = &all->v[i];
		const char *device = arena_printf(l->p->arena, "%lld:%lld ", (long long)d->major,
						  (long long)d->minor);

		if (d->weight.v)
			TRY(add_weight(l, row, device, d->weight.v, err));
		if (d->leaf_weight.v)
			TRY(plan_warn(l->p, err, cause_of(l, row),
				      "leafWeight: no kernel since Linux 5.0 has it; drop it"));
	}
	return 0;
}

static int plan_leaf_weight(struct limits *l, const struct limit_row *row, struct err *err)
{
	return plan_warn(l->p, err, cause_of(l, row),
			 "no kernel since Linux 5.0 has it; drop it");
}

static int plan_throttle(struct limits *l, const struct limit_row *row,
			 const struct throttle_devices *all, const char *key, struct err *err)
{
	struct cgroup_spot *v1 = v1_of(l, "blkio"), *v2 = v2_of(l, "io");
	struct arena *a = l->p->arena;

	if (!v1 && !v2)
		return warn_lost(l, row, err);
	for (size_t i = 0; i < all->n; i++) {
		const struct throttle_device *d = &all->v[i];
		const char *rate = arena_printf(a, "%llu", (unsigned long long)d->rate);
		long long dev[2] = { d->major, d->minor };

		if (v1) {
			(void)add_write(l, v1, row, row->v1,
					arena_printf(a, "%lld:%lld %s", dev[0], dev[1], rate));
			continue;
		}
		need(l, v2, "io");
		(void)add_write(l, v2, row, row->v2,
				arena_printf(a, "%lld:%lld %s=%s", dev[0], dev[1], key,
					     d->rate ? rate : "max"));
	}
	return 0;
}

#define THROTTLE(name, member, key)                                                           \
	static bool asks_##name(const struct resources *r)                                    \
	{                                                                                     \
		return r->block_io && r->block_io->member.n > 0;                              \
	}                                                                                     \
	static int plan_##name(struct limits *l, const struct limit_row *row, struct err *err) \
	{                                                                                     \
		return plan_throttle(l, row, &l->r->block_io->member, key, err);              \
	}
THROTTLE(read_bps, throttle_read_bps, "rbps")
THROTTLE(write_bps, throttle_write_bps, "wbps")
THROTTLE(read_iops, throttle_read_iops, "riops")
THROTTLE(write_iops, throttle_write_iops, "wiops")

/* --- the rest --------------------------------------------------------------------------------- */

static bool asks_hugepages(const struct resources *r)
{
	return r->hugepage_limits.n > 0;
}

/* Reserved pages count, too: otherwise mmap succeeds and the first access ends the process. */
static int plan_hugepages(struct limits *l, const struct limit_row *row, struct err *err)
{
	static const char *const v1_files[] = { "hugetlb.%s.rsvd.limit_in_bytes",
						"hugetlb.%s.limit_in_bytes" };
	static const char *const v2_files[] = { "hugetlb.%s.rsvd.max", "hugetlb.%s.max" };
	struct cgroup_spot *v1 = v1_of(l, "hugetlb"), *v2 = v2_of(l, "hugetlb");
	struct arena *a = l->p->arena;

	if (!v1 && !v2)
		return warn_lost(l, row, err);
	if (!v1)
		need(l, v2, "hugetlb");
	for (size_t i = 0; i < l->r->hugepage_limits.n; i++)
		for (size_t k = 0; k < ARRAY_LEN(v1_files); k++) {
			const struct hugepage_limit *h = &l->r->hugepage_limits.v[i];
			const char *form = v1 ? v1_files[k] : v2_files[k], *size = strstr(form, "%s");

			(void)add_write(l, v1 ? v1 : v2, row,
					arena_printf(a, "%.*s%s%s", (int)(size - form), form,
						     h->page_size, size + strlen("%s")),
					arena_printf(a, "%llu", (unsigned long long)h->limit));
		}
	return 0;
}

static bool asks_class(const struct resources *r)
{
	return r->network && r->network->class_id.v;
}

static int plan_class(struct limits *l, const struct limit_row *row, struct err *err)
{
	const struct cgroup_spot *v1 = v1_of(l, row->v1_controller);

	if (!v1)
		return warn_lost(l, row, err);
	(void)add_write(l, v1, row, row->v1,
			arena_printf(l->p->arena, "%llu",
				     (unsigned long long)l->r->network->class_id.v));
	return 0;
}

static bool asks_priorities(const struct resources *r)
{
	return r->network && r->network->priorities.n > 0;
}

static int plan_priorities(struct limits *l, const struct limit_row *row, struct err *err)
{
	const struct cgroup_spot *v1 = v1_of(l, row->v1_controller);
	const struct interface_priorities *all = &l->r->network->priorities;

	if (!v1)
		return warn_lost(l, row, err);
	for (size_t i = 0; i < all->n; i++)
		(void)add_write(l, v1, row, row->v1,
				arena_printf(l->p->arena, "%s %u", all->v[i].name,
					     all->v[i].priority));
	return 0;
}

static bool asks_rdma(const struct resources *r)
{
	return r->rdma.n > 0;
}

static const char *rdma_number(const struct opt_u64 *n, struct arena *a)
{
	return n->set ? arena_printf(a, "%llu", (unsigned long long)n->v) : "max";
}

static int plan_rdma(struct limits *l, const struct limit_row *row, struct err *err)
{
	struct cgroup_spot *v1 = v1_of(l, "rdma"), *v2 = v2_of(l, "rdma");
	struct arena *a = l->p->arena;

	if (!v1 && !v2)
		return warn_lost(l, row, err);
	if (!v1)
		need(l, v2, "rdma");
	for (size_t i = 0; i < l->r->rdma.n; i++) {
		const struct rdma *d = &l->r->rdma.v[i];

		(void)add_write(l, v1 ? v1 : v2, row, row->v1,
				arena_printf(a, "%s hca_handle=%s hca_object=%s", d->device,
					     rdma_number(&d->hca_handles, a),
					     rdma_number(&d->hca_objects, a)));
	}
	return 0;
}

static bool asks_unified(const struct resources *r)
{
	return r->unified.n > 0;
}

/* One write a line, as the kernel takes them: io.max has one for each device. */
static void unified_lines(const struct limits *l, const struct cgroup_spot *spot,
			  const struct limit_row *row, const struct pair *file)
{
	const char *s = file->value ? file->value : "";

	do {
		size_t n = strcspn(s, "\n");

		if (n || !*s)
			(void)add_write(l, spot, row, file->key, arena_strn(l->p->arena, s, n));
		s += n + (s[n] == '\n');
	} while (*s);
}

static int plan_unified(struct limits *l, const struct limit_row *row, struct err *err)
{
	for (size_t i = 0; i < l->r->unified.n; i++) {
		const struct pair *file = &l->r->unified.v[i];
		size_t n = strcspn(file->key, ".");
		const char *controller = arena_strn(l->p->arena, file->key, n);
		struct limit_row one = *row;
		struct cgroup_spot *spot;

		one.pointer = arena_printf(l->p->arena, "/unified/%s", file->key);
		one.v2_controller = one.v2 = str_eq(controller, "cgroup") ? "" : controller;
		spot = v2_of(l, one.v2_controller);
		if (!spot) {
			one.v1_controller = v2_of(l, "") ? controller : NULL;
			TRY(warn_lost(l, &one, err));
			continue;
		}
		need(l, spot, one.v2_controller);
		unified_lines(l, spot, &one, file);
	}
	return 0;
}

/* --- the table -------------------------------------------------------------------------------- */

#define MEMORY(member) offsetof(struct resources, memory), offsetof(struct memory, member)
#define CPU(member) offsetof(struct resources, cpu), offsetof(struct cpu, member)
#define PIDS(member) offsetof(struct resources, pids), offsetof(struct pids, member)
#define BLOCK_IO(member) offsetof(struct resources, block_io), offsetof(struct block_io, member)
#define NONE 0, 0, 0, LIMIT_NUMBER

const struct limit_row limit_rows[] = {
	{ "/devices", "devices", "devices.allow, devices.deny", "", "a BPF program",
	  "in the order given, then the devices that every container has", NONE,
	  plan_device_rules, asks_devices },
	{ "/memory/limit", "memory", "memory.limit_in_bytes", "memory", "memory.max", NULL, 0,
	  MEMORY(limit), LIMIT_BYTES, plan_memory_limit },
	{ "/memory/reservation", "memory", "memory.soft_limit_in_bytes", "memory", "memory.low",
	  NULL, 0, MEMORY(reservation), LIMIT_BYTES },
	{ "/memory/swap", "memory", "memory.memsw.limit_in_bytes", "memory", "memory.swap.max",
	  "v2: less the limit; without swap accounting in the kernel a warning", OP_OPTIONAL,
	  MEMORY(swap), LIMIT_BYTES, plan_swap },
	{ "/memory/kernel", "memory", "memory.kmem.limit_in_bytes", NULL, NULL,
	  "kernels since 5.16 ignore it or refuse it, which is a warning", OP_OPTIONAL,
	  MEMORY(kernel), LIMIT_BYTES },
	{ "/memory/kernelTCP", "memory", "memory.kmem.tcp.limit_in_bytes", NULL, NULL, NULL, 0,
	  MEMORY(kernel_tcp), LIMIT_BYTES },
	{ "/memory/swappiness", "memory", "memory.swappiness", NULL, NULL, NULL, 0,
	  MEMORY(swappiness), LIMIT_FROM_ZERO },
	{ "/memory/disableOOMKiller", "memory", "memory.oom_control", NULL, NULL, NULL, 0,
	  MEMORY(disable_oom_killer), LIMIT_BOOL },
	{ "/memory/useHierarchy", "memory", "(always on)", "memory", "(always on)", NULL, 0,
	  MEMORY(use_hierarchy), LIMIT_BOOL, plan_nothing },
	{ "/memory/checkBeforeUpdate", "memory", "(the kernel does)", "memory", "memory.current",
	  "read by update", 0, MEMORY(check_before_update), LIMIT_BOOL, plan_nothing },
	{ "/cpu/idle", "cpu", "cpu.idle", "cpu", "cpu.idle", "after the shares, as an idle group takes none; 0: by update, and before them", 0, 0, 0,
	  LIMIT_NUMBER, plan_not_idle, leaves_idle },
	{ "/cpu/shares", "cpu", "cpu.shares", "cpu", "cpu.weight",
	  "v2: 2 is 1, 1024 is 100, 262144 is 10000, a curve between", 0, CPU(shares), LIMIT_NUMBER,
	  plan_shares },
	{ "/cpu/quota", "cpu", "cpu.cfs_quota_us", "cpu", "cpu.max",
	  "with /cpu/period, on v1 cpu.cfs_period_us", NONE, plan_quota, asks_quota },
	{ "/cpu/burst", "cpu", "cpu.cfs_burst_us", "cpu", "cpu.max.burst", NULL, 0, CPU(burst),
	  LIMIT_NUMBER },
	{ "/cpu/realtimePeriod", "cpu", "cpu.rt_period_us", NULL, NULL, NULL, 0,
	  CPU(realtime_period), LIMIT_NUMBER },
	{ "/cpu/realtimeRuntime", "cpu", "cpu.rt_runtime_us", NULL, NULL, NULL, 0,
	  CPU(realtime_runtime), LIMIT_NUMBER },
	{ "/cpu/cpus", "cpuset", "cpuset.cpus", "cpuset", "cpuset.cpus", NULL, 0, CPU(cpus),
	  LIMIT_LIST },
	{ "/cpu/mems", "cpuset", "cpuset.mems", "cpuset", "cpuset.mems", NULL, 0, CPU(mems),
	  LIMIT_LIST },
	{ "/cpu/idle", "cpu", "cpu.idle", "cpu", "cpu.idle", NULL, 0, CPU(idle),
	  LIMIT_NUMBER },
	{ "/pids/limit", "pids", "pids.max", "pids", "pids.max", NULL, 0, PIDS(limit), LIMIT_MAX },
	{ "/blockIO/weight", "blkio", "blkio.weight", "io", "io.weight",
	  "blkio.bfq.weight or io.bfq.weight where BFQ is there; io.weight: 10 is 1, 1000 is 10000; "
	  "a host without any of them: a warning",
	  0, BLOCK_IO(weight), LIMIT_NUMBER, plan_io_weight },
	{ "/blockIO/leafWeight", "blkio", NULL, NULL, NULL, "gone since Linux 5.0", 0,
	  BLOCK_IO(leaf_weight), LIMIT_NUMBER, plan_leaf_weight },
	{ "/blockIO/weightDevice", "blkio", "blkio.weight_device", "io", "io.weight",
	  "likewise, by device", NONE, plan_weight_device, asks_weight_device },
	{ "/blockIO/throttleReadBpsDevice", "blkio", "blkio.throttle.read_bps_device", "io",
	  "io.max", "v2: rbps=; 0 lifts it", NONE, plan_read_bps, asks_read_bps },
	{ "/blockIO/throttleWriteBpsDevice", "blkio", "blkio.throttle.write_bps_device", "io",
	  "io.max", "v2: wbps=", NONE, plan_write_bps, asks_write_bps },
	{ "/blockIO/throttleReadIOPSDevice", "blkio", "blkio.throttle.read_iops_device", "io",
	  "io.max", "v2: riops=", NONE, plan_read_iops, asks_read_iops },
	{ "/blockIO/throttleWriteIOPSDevice", "blkio", "blkio.throttle.write_iops_device", "io",
	  "io.max", "v2: wiops=", NONE, plan_write_iops, asks_write_iops },
	{ "/hugepageLimits", "hugetlb", "hugetlb.SIZE.limit_in_bytes", "hugetlb",
	  "hugetlb.SIZE.max", "and the same of .rsvd, so that mmap fails and not the access", NONE,
	  plan_hugepages, asks_hugepages },
	{ "/network/classID", "net_cls", "net_cls.classid", NULL, NULL, NULL, NONE, plan_class,
	  asks_class },
	{ "/network/priorities", "net_prio", "net_prio.ifpriomap", NULL, NULL, NULL, NONE,
	  plan_priorities, asks_priorities },
	{ "/rdma", "rdma", "rdma.max", "rdma", "rdma.max", NULL, NONE, plan_rdma, asks_rdma },
	{ "/unified", NULL, NULL, "", "the file named", "one write a line", NONE, plan_unified,
	  asks_unified },
};
const size_t limit_rows_n = ARRAY_LEN(limit_rows);

int plan_limits(struct limits *l, struct err *err)
{
	for (size_t i = 0; i < limit_rows_n; i++) {
		const struct limit_row *row = &limit_rows[i];

		if (is_asked(l->r, row))
			TRY(row->plan ? row->plan(l, row, err) : plan_plain(l, row, err));
	}
	return 0;
}

int plan_limits_lost(struct limits *l, const char *why, struct err *err)
{
	for (size_t i = 0; i < limit_rows_n; i++) {
		const struct limit_row *row = &limit_rows[i];

		if (!is_asked(l->r, row) || row->plan == plan_nothing ||
		    (row->plan == plan_device_rules && !l->devices) ||
		    (row->plan == plan_shares && l->ignore_default_shares &&
		     l->r->cpu->shares.v == SHARES_DEFAULT) ||
		    (row->plan == plan_not_idle && !l->update))
			continue;
		TRY(plan_warn(l->p, err, cause_of(l, row), "%s", why));
	}
	return 0;
}
