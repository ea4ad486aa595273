/* SPDX-License-Identifier: Apache-2.0 */
/* plan_limits_io.c - limits on devices, block I/O, huge pages, network and RDMA, and v2's files by name. */
#include <string.h>

#include "runtime/plan/device_filter.h"
#include "runtime/plan/limits.h"
#include "spec/base/str.h"

/* --- devices ---------------------------------------------------------------------------------- */

bool limit_asks_devices(const struct resources *r)
{
	return r->devices.n > 0;
}

static void devices_v1(const struct limits *l, const struct cgroup_spot *v1,
		       const struct limit_row *row, const struct device_rules *rules)
{
	for (size_t i = 0; i < rules->n; i++)
		(void)limits_write(l, v1, row, rules->v[i].allow ? "devices.allow" : "devices.deny",
				   rules->v[i].type == 'a'
					   ? "a"
					   : device_rule_text(&rules->v[i], l->p->arena));
}

int limit_plan_device_rules(struct limits *l, const struct limit_row *row, struct err *err)
{
	struct device_rules rules = device_rules(&l->r->devices, l->p->arena);
	struct cgroup_spot *v1 = limits_v1(l, "devices");
	struct text text = { .arena = l->p->arena };
	struct op *op;
	size_t n;

	if (!l->devices)
		return 0;
	if (v1) {
		devices_v1(l, v1, row, &rules);
		return 0;
	}
	if (!limits_v2(l, ""))
		return limits_lost(l, row, err);
	for (size_t i = 0; i < rules.n; i++)
		text_addf(&text, "%s%s %s", i ? "; " : "", rules.v[i].allow ? "allow" : "deny",
			  device_rule_text(&rules.v[i], l->p->arena));
	op = plan_add(l->p, STAGE_PREPARE, OP_CGROUP_DEVICES, limits_cause(l, row));
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
	struct cgroup_spot *v1 = limits_v1(l, "blkio"), *v2 = limits_v2(l, "io");
	struct arena *a = l->p->arena;
	unsigned long long w = weight, converted = io_weight(weight);
	struct op *op;

	if (!v1 && !v2)
		return limits_lost(l, row, err);
	if (v1) {
		const char *value = arena_printf(a, "%s%llu", device, w);

		(void)limits_write(l, v1, row,
				   *device ? "blkio.bfq.weight_device" : "blkio.bfq.weight", value);
		op = limits_write(l, v1, row, row->v1, value);
	} else {
		limits_need(l, v2, "io");
		(void)limits_write(l, v2, row, "io.bfq.weight",
				   arena_printf(a, "%s%llu", device, w));
		op = limits_write(
			l, v2, row, row->v2,
			arena_printf(a, "%s%llu", *device ? device : "default ", converted));
	}
	op->flags |= OP_ELSE | OP_OPTIONAL;
	return 0;
}

int limit_plan_io_weight(struct limits *l, const struct limit_row *row, struct err *err)
{
	return add_weight(l, row, "", l->r->block_io->weight.v, err);
}

bool limit_asks_weight_device(const struct resources *r)
{
	return r->block_io && r->block_io->weight_device.n > 0;
}

int limit_plan_weight_device(struct limits *l, const struct limit_row *row, struct err *err)
{
	const struct weight_devices *all = &l->r->block_io->weight_device;

	for (size_t i = 0; i < all->n; i++) {
		const struct weight_device *d = &all->v[i];
		const char *device = arena_printf(l->p->arena, "%lld:%lld ", (long long)d->major,
						  (long long)d->minor);

		if (d->weight.v)
			TRY(add_weight(l, row, device, d->weight.v, err));
		if (d->leaf_weight.v)
			TRY(plan_warn(l->p, err, limits_cause(l, row),
				      "leafWeight: no kernel since Linux 5.0 has it; drop it"));
	}
	return 0;
}

int limit_plan_leaf_weight(struct limits *l, const struct limit_row *row, struct err *err)
{
	return plan_warn(l->p, err, limits_cause(l, row),
			 "no kernel since Linux 5.0 has it; drop it");
}

static int plan_throttle(struct limits *l, const struct limit_row *row,
			 const struct throttle_devices *all, const char *key, struct err *err)
{
	struct cgroup_spot *v1 = limits_v1(l, "blkio"), *v2 = limits_v2(l, "io");
	struct arena *a = l->p->arena;

	if (!v1 && !v2)
		return limits_lost(l, row, err);
	for (size_t i = 0; i < all->n; i++) {
		const struct throttle_device *d = &all->v[i];
		const char *rate = arena_printf(a, "%llu", (unsigned long long)d->rate);
		long long dev[2] = { d->major, d->minor };

		if (v1) {
			(void)limits_write(l, v1, row, row->v1,
					   arena_printf(a, "%lld:%lld %s", dev[0], dev[1], rate));
			continue;
		}
		limits_need(l, v2, "io");
		(void)limits_write(l, v2, row, row->v2,
				   arena_printf(a, "%lld:%lld %s=%s", dev[0], dev[1], key,
						d->rate ? rate : "max"));
	}
	return 0;
}

#define THROTTLE(name, member, key)                                                           \
	bool limit_asks_##name(const struct resources *r)                                     \
	{                                                                                     \
		return r->block_io && r->block_io->member.n > 0;                              \
	}                                                                                     \
	int limit_plan_##name(struct limits *l, const struct limit_row *row, struct err *err) \
	{                                                                                     \
		return plan_throttle(l, row, &l->r->block_io->member, key, err);              \
	}
THROTTLE(read_bps, throttle_read_bps, "rbps")
THROTTLE(write_bps, throttle_write_bps, "wbps")
THROTTLE(read_iops, throttle_read_iops, "riops")
THROTTLE(write_iops, throttle_write_iops, "wiops")

/* --- the rest --------------------------------------------------------------------------------- */

bool limit_asks_hugepages(const struct resources *r)
{
	return r->hugepage_limits.n > 0;
}

/* Reserved pages count, too: otherwise mmap succeeds and the first access ends the process. */
int limit_plan_hugepages(struct limits *l, const struct limit_row *row, struct err *err)
{
	static const char *const v1_files[] = { "hugetlb.%s.rsvd.limit_in_bytes",
						"hugetlb.%s.limit_in_bytes" };
	static const char *const v2_files[] = { "hugetlb.%s.rsvd.max", "hugetlb.%s.max" };
	struct cgroup_spot *v1 = limits_v1(l, "hugetlb"), *v2 = limits_v2(l, "hugetlb");
	struct arena *a = l->p->arena;

	if (!v1 && !v2)
		return limits_lost(l, row, err);
	if (!v1)
		limits_need(l, v2, "hugetlb");
	for (size_t i = 0; i < l->r->hugepage_limits.n; i++)
		for (size_t k = 0; k < ARRAY_LEN(v1_files); k++) {
			const struct hugepage_limit *h = &l->r->hugepage_limits.v[i];
			const char *form = v1 ? v1_files[k] : v2_files[k],
				   *size = strstr(form, "%s");

			(void)limits_write(l, v1 ? v1 : v2, row,
					   arena_printf(a, "%.*s%s%s", (int)(size - form), form,
							h->page_size, size + strlen("%s")),
					   arena_printf(a, "%llu", (unsigned long long)h->limit));
		}
	return 0;
}

bool limit_asks_class(const struct resources *r)
{
	return r->network && r->network->class_id.v;
}

int limit_plan_class(struct limits *l, const struct limit_row *row, struct err *err)
{
	const struct cgroup_spot *v1 = limits_v1(l, row->v1_controller);

	if (!v1)
		return limits_lost(l, row, err);
	(void)limits_write(
		l, v1, row, row->v1,
		arena_printf(l->p->arena, "%llu", (unsigned long long)l->r->network->class_id.v));
	return 0;
}

bool limit_asks_priorities(const struct resources *r)
{
	return r->network && r->network->priorities.n > 0;
}

int limit_plan_priorities(struct limits *l, const struct limit_row *row, struct err *err)
{
	const struct cgroup_spot *v1 = limits_v1(l, row->v1_controller);
	const struct interface_priorities *all = &l->r->network->priorities;

	if (!v1)
		return limits_lost(l, row, err);
	for (size_t i = 0; i < all->n; i++)
		(void)limits_write(
			l, v1, row, row->v1,
			arena_printf(l->p->arena, "%s %u", all->v[i].name, all->v[i].priority));
	return 0;
}

bool limit_asks_rdma(const struct resources *r)
{
	return r->rdma.n > 0;
}

static const char *rdma_number(const struct opt_u64 *n, struct arena *a)
{
	return n->set ? arena_printf(a, "%llu", (unsigned long long)n->v) : "max";
}

int limit_plan_rdma(struct limits *l, const struct limit_row *row, struct err *err)
{
	struct cgroup_spot *v1 = limits_v1(l, "rdma"), *v2 = limits_v2(l, "rdma");
	struct arena *a = l->p->arena;

	if (!v1 && !v2)
		return limits_lost(l, row, err);
	if (!v1)
		limits_need(l, v2, "rdma");
	for (size_t i = 0; i < l->r->rdma.n; i++) {
		const struct rdma *d = &l->r->rdma.v[i];

		(void)limits_write(l, v1 ? v1 : v2, row, row->v1,
				   arena_printf(a, "%s hca_handle=%s hca_object=%s", d->device,
						rdma_number(&d->hca_handles, a),
						rdma_number(&d->hca_objects, a)));
	}
	return 0;
}

bool limit_asks_unified(const struct resources *r)
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
			(void)limits_write(l, spot, row, file->key, arena_strn(l->p->arena, s, n));
		s += n + (s[n] == '\n');
	} while (*s);
}

/* The one property whose missing controller the specification makes an error, whatever --strict says. */
static int refuse_unified(const struct limits *l, const char *file, const char *controller,
			  struct err *err)
{
	if (!limits_v2(l, ""))
		(void)err_set(err, ERR_HOST, 0,
			      "the container has no cgroup of v2, whose file %s is; drop it, or "
			      "have a cgroup delegated",
			      file);
	else
		(void)err_set(err, ERR_HOST, 0,
			      "the container's cgroup of v2 has no controller %s; drop it, or have "
			      "the controller delegated",
			      controller);
	return err_in(err, "%s/unified/%s", l->prefix, file);
}

int limit_plan_unified(struct limits *l, const struct limit_row *row, struct err *err)
{
	for (size_t i = 0; i < l->r->unified.n; i++) {
		const struct pair *file = &l->r->unified.v[i];
		size_t n = strcspn(file->key, ".");
		const char *controller = arena_strn(l->p->arena, file->key, n);
		struct limit_row one = *row;
		struct cgroup_spot *spot;

		one.pointer = arena_printf(l->p->arena, "/unified/%s", file->key);
		if (str_eq(controller, "cgroup"))
			controller = "";
		spot = limits_v2(l, controller);
		if (!spot)
			return refuse_unified(l, file->key, controller, err);
		limits_need(l, spot, controller);
		unified_lines(l, spot, &one, file);
	}
	return 0;
}
