/* SPDX-License-Identifier: Apache-2.0 */
/* plan_scope_limits.c - linux.resources → properties of a unit, so that systemd, which writes the files again whenever it
 * likes (daemon-reload), writes what was asked for. */
#include "runtime/plan/device_filter.h"
#include "runtime/plan/plan_cgroup.h"
#include "runtime/plan/plan_scope.h"
#include "spec/base/str.h"

#define PERIOD_DEFAULT 100000u
#define USEC_A_SECOND 1000000u
/* systemd keeps a quota in steps of this many microseconds a second, and rounds down what does not fit. */
#define QUOTA_STEP 10000u
#define CPU_MAX 8191u /* the highest number in a list of CPUs or nodes */
#define PTS_MAJOR 136 /* /dev/pts/N */

static void add_number(struct scope_lines *out, const char *name, uint64_t value)
{
	scope_add(out, name, "t");
	scope_value(out, "%llu", (unsigned long long)value);
}

/* Zero says nothing, a negative number no limit. */
static void add_limit(struct scope_lines *out, const char *name, const struct opt_i64 *limit)
{
	if (limit->set && limit->v != 0)
		add_number(out, name, limit->v < 0 ? UINT64_MAX : (uint64_t)limit->v);
}

static void memory_lines(struct scope_lines *out, const struct memory *m)
{
	add_limit(out, "MemoryMax", &m->limit);
	add_limit(out, "MemoryLow", &m->reservation);
	if (!m->swap.set || m->swap.v == 0)
		return;
	/* The specification's is of both together. */
	if (m->swap.v < 0)
		add_number(out, "MemorySwapMax", UINT64_MAX);
	else if (m->limit.set && m->limit.v > 0 && m->swap.v >= m->limit.v)
		add_number(out, "MemorySwapMax", (uint64_t)(m->swap.v - m->limit.v));
}

static void add_quota(struct scope_lines *out, int64_t quota, uint64_t period)
{
	uint64_t span = period ? period : PERIOD_DEFAULT;
	unsigned __int128 share;

	if (quota < 0) {
		add_number(out, "CPUQuotaPerSecUSec", UINT64_MAX);
	} else if (quota > 0) {
		share = (unsigned __int128)quota * USEC_A_SECOND / span;
		share = (share + QUOTA_STEP - 1) / QUOTA_STEP * QUOTA_STEP;
		add_number(out, "CPUQuotaPerSecUSec",
			   share < UINT64_MAX ? (uint64_t)share : UINT64_MAX);
	}
	if (period)
		add_number(out, "CPUQuotaPeriodUSec", period);
}

/* "0-3,5" → one bit a number. */
static int list_bits(const char *list, uint8_t bits[CPU_MAX / 8 + 1], size_t *ret_n,
		     struct arena *a, struct err *err)
{
	size_t n = 0;

	for (const char *s = list; *s;) {
		size_t len = strcspn(s, ",");
		char *part = arena_strn(a, s, len), *dash = strchr(part, '-');
		uint64_t first, last;

		if (dash)
			*dash = '\0';
		TRY(str_u64(part, 10, CPU_MAX, &first, err));
		last = first;
		if (dash)
			TRY(str_u64(dash + 1, 10, CPU_MAX, &last, err));
		for (uint64_t i = first; i <= last; i++)
			bits[i / 8] |= (uint8_t)(1u << (i % 8));
		if (last / 8 + 1 > n)
			n = last / 8 + 1;
		s += len + (s[len] == ',');
	}
	*ret_n = n;
	return 0;
}

static int add_list(struct scope_lines *out, const char *name, const char *list, struct arena *a,
		    struct err *err)
{
	uint8_t *bits = arena_alloc(a, CPU_MAX / 8 + 1);
	size_t n;

	if (!list || !*list)
		return 0;
	TRY(list_bits(list, bits, &n, a, err));
	scope_add(out, name, "ay");
	for (size_t i = 0; i < n; i++)
		scope_value(out, "%u", bits[i]);
	return 0;
}

static int cpu_lines(struct scope_lines *out, const struct cpu *c, struct arena *a, struct err *err)
{
	/* systemd 252 and later take the weight 0 for "idle". */
	if (c->idle.set && c->idle.v == 1)
		add_number(out, "CPUWeight", 0);
	else if (c->shares.set && c->shares.v)
		add_number(out, "CPUWeight", cpu_weight(c->shares.v));
	add_quota(out, c->quota.set ? c->quota.v : 0, c->period.set ? c->period.v : 0);
	TRY(add_list(out, "AllowedCPUs", c->cpus, a, err));
	return add_list(out, "AllowedMemoryNodes", c->mems, a, err);
}

static void add_block(struct scope_lines *out, int64_t major, int64_t minor, uint64_t value)
{
	scope_value(out, "/dev/block/%lld:%lld", (long long)major, (long long)minor);
	scope_value(out, "%llu", (unsigned long long)value);
}

static void add_throttle(struct scope_lines *out, const char *name,
			 const struct throttle_devices *devices)
{
	if (devices->n == 0)
		return;
	scope_add(out, name, "a(st)");
	for (size_t i = 0; i < devices->n; i++)
		add_block(out, devices->v[i].major, devices->v[i].minor,
			  devices->v[i].rate ? devices->v[i].rate : UINT64_MAX);
}

static void block_lines(struct scope_lines *out, const struct block_io *b)
{
	bool weights = false;

	if (b->weight.set && b->weight.v)
		add_number(out, "IOWeight", io_weight(b->weight.v));
	for (size_t i = 0; i < b->weight_device.n; i++) {
		const struct weight_device *d = &b->weight_device.v[i];

		if (!d->weight.set || !d->weight.v)
			continue;
		if (!weights)
			scope_add(out, "IODeviceWeight", "a(st)");
		weights = true;
		add_block(out, d->major, d->minor, io_weight(d->weight.v));
	}
	add_throttle(out, "IOReadBandwidthMax", &b->throttle_read_bps);
	add_throttle(out, "IOWriteBandwidthMax", &b->throttle_write_bps);
	add_throttle(out, "IOReadIOPSMax", &b->throttle_read_iops);
	add_throttle(out, "IOWriteIOPSMax", &b->throttle_write_iops);
}

/* --- devices ---------------------------------------------------------------------------------- */

/* systemd knows one device, all of a kind, and the drivers of /proc/devices by name. */
static const char *device_name(const struct device_rule *rule, struct arena *a)
{
	const char *kind = rule->type == 'b' ? "block" : "char";

	if (rule->major >= 0 && rule->minor >= 0)
		return arena_printf(a, "/dev/%s/%lld:%lld", kind, (long long)rule->major,
				    (long long)rule->minor);
	if (rule->major < 0 && rule->minor < 0)
		return arena_printf(a, "%s-*", kind);
	return rule->type == 'c' && rule->major == PTS_MAJOR ? "char-pts" : NULL;
}

static const char *access_word(uint32_t access, struct arena *a)
{
	return arena_printf(a, "%s%s%s", access & BPF_DEVCG_ACC_READ ? "r" : "",
			    access & BPF_DEVCG_ACC_WRITE ? "w" : "",
			    access & BPF_DEVCG_ACC_MKNOD ? "m" : "");
}

/* "Deny all, then allow some" is the one shape that systemd has, and the one that engines use. Others are left to the
 * program in the cgroup, which holds in any case. */
static bool is_said_to_systemd(const struct device_rules *rules, struct arena *a)
{
	if (rules->n == 0 || rules->v[0].allow || rules->v[0].type != 'a')
		return false;
	for (size_t i = 1; i < rules->n; i++)
		if (!rules->v[i].allow || rules->v[i].type == 'a' || !device_name(&rules->v[i], a))
			return false;
	return true;
}

static void device_lines(struct scope_lines *out, const struct device_cgroups *devices,
			 struct arena *a)
{
	struct device_rules rules = device_rules(devices, a);

	if (devices->n == 0 || !is_said_to_systemd(&rules, a))
		return;
	scope_add(out, "DevicePolicy", "s");
	scope_value(out, "strict");
	/* A list adds to what is there; an empty one takes that away. */
	scope_add(out, "DeviceAllow", "a(ss)");
	scope_add(out, "DeviceAllow", "a(ss)");
	for (size_t i = 1; i < rules.n; i++) {
		scope_value(out, "%s", device_name(&rules.v[i], a));
		scope_value(out, "%s", access_word(rules.v[i].access, a));
	}
}

/* --- unified ---------------------------------------------------------------------------------- */

/* Files that are one property each: numbers, or "max". */
static const struct {
	const char *file, *property;
} numbers[] = {
	{ "memory.min", "MemoryMin" },		{ "memory.low", "MemoryLow" },
	{ "memory.high", "MemoryHigh" },	{ "memory.max", "MemoryMax" },
	{ "memory.swap.max", "MemorySwapMax" }, { "pids.max", "TasksMax" },
	{ "cpu.weight", "CPUWeight" },
};

/* A value that the kernel may take and systemd does not is left to the file. */
static void number_line(struct scope_lines *out, const char *property, const char *value)
{
	struct err ignored;
	uint64_t number;

	if (str_eq(value, "max"))
		add_number(out, property, UINT64_MAX);
	else if (str_u64(value, 10, UINT64_MAX, &number, &ignored) == 0)
		add_number(out, property, number);
}

/* "QUOTA PERIOD" or "QUOTA"; QUOTA may be "max". */
static void quota_line(struct scope_lines *out, const char *value, struct arena *a)
{
	size_t n = strcspn(value, " ");
	const char *quota = arena_strn(a, value, n), *rest = value + n + (value[n] == ' ');
	struct err ignored;
	uint64_t q = 0, period = 0;

	if (*rest && str_u64(rest, 10, UINT64_MAX, &period, &ignored) < 0)
		return;
	if (str_eq(quota, "max"))
		add_quota(out, -1, period);
	else if (str_u64(quota, 10, INT64_MAX, &q, &ignored) == 0)
		add_quota(out, (int64_t)q, period);
}

static int unified_line(struct scope_lines *out, const struct pair *file, struct arena *a,
			struct err *err)
{
	const char *value = file->value ? file->value : "";

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		if (str_eq(file->key, numbers[i].file))
			number_line(out, numbers[i].property, value);
	if (str_eq(file->key, "cpu.max"))
		quota_line(out, value, a);
	if (str_eq(file->key, "cpuset.cpus"))
		return add_list(out, "AllowedCPUs", value, a, err);
	if (str_eq(file->key, "cpuset.mems"))
		return add_list(out, "AllowedMemoryNodes", value, a, err);
	return 0;
}

int scope_limits(struct scope_lines *out, const struct resources *r, bool devices, struct arena *a,
		 struct err *err)
{
	if (r->memory)
		memory_lines(out, r->memory);
	if (r->cpu && cpu_lines(out, r->cpu, a, err) < 0)
		return err_in(err, "/cpu");
	if (r->pids)
		add_limit(out, "TasksMax", &r->pids->limit);
	if (r->block_io)
		block_lines(out, r->block_io);
	if (devices)
		device_lines(out, &r->devices, a);
	for (size_t i = 0; i < r->unified.n; i++)
		if (unified_line(out, &r->unified.v[i], a, err) < 0)
			return err_in(err, "/unified/%.180s", r->unified.v[i].key);
	return 0;
}
