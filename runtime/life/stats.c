/* SPDX-License-Identifier: Apache-2.0 */
/* stats.c - counters of v1 and v2 in the words of runc's events. */
#include "runtime/life/stats.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "runtime/act/cgroup_tree.h"
#include "spec/base/str.h"

#define TEXT_ROOM 32768
#define CPUS_MAX 4096
#define NS_PER_US 1000u
#define NS_PER_S 1000000000u

struct stats {
	const struct cgroups *all;
	struct arena *a;
	struct emit *e;
};

/* --- files ------------------------------------------------------------------------------------ */

static const char *file_of(const struct stats *s, const struct cgroup_ref *r, const char *name)
{
	char *text = arena_alloc(s->a, TEXT_ROOM);

	return cgroup_read(r->fd, name, text, TEXT_ROOM) < 0 ? "" : text;
}

static uint64_t number_at(const char *text)
{
	return strncmp(text, "max", 3) == 0 ? UINT64_MAX : strtoull(text, NULL, 10);
}

static uint64_t number_of(const struct stats *s, const struct cgroup_ref *r, const char *name)
{
	return number_at(file_of(s, r, name));
}

uint64_t stats_value(const char *text, const char *key)
{
	size_t n = strlen(key);

	for (const char *line = text; line && *line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, key, n) == 0 && line[n] == ' ')
			return number_at(line + n + 1);
	}
	return 0;
}

/* --- cpu -------------------------------------------------------------------------------------- */

static void emit_numbers(struct emit *e, const char *key, const char *text)
{
	char *end;

	emit_array(e, key);
	for (;;) {
		unsigned long long v = strtoull(text, &end, 10);

		if (end == text)
			break;
		emit_uint(e, NULL, v);
		text = end;
	}
	emit_end_array(e);
}

static void emit_usage_v1(const struct stats *s, const struct cgroup_ref *r)
{
	const char *ticks = file_of(s, r, "cpuacct.stat");
	uint64_t ns = NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);

	emit_uint(s->e, "total", number_of(s, r, "cpuacct.usage"));
	emit_numbers(s->e, "percpu", file_of(s, r, "cpuacct.usage_percpu"));
	emit_uint(s->e, "kernel", stats_value(ticks, "system") * ns);
	emit_uint(s->e, "user", stats_value(ticks, "user") * ns);
}

static void emit_cpu(const struct stats *s)
{
	const struct cgroup_ref *acct = cgroups_with(s->all, "cpuacct");
	const struct cgroup_ref *r = cgroups_with(s->all, "cpu"), *v2 = cgroups_list(s->all);
	const char *stat = r ? file_of(s, r, "cpu.stat") : "";

	emit_object(s->e, "cpu");
	emit_object(s->e, "usage");
	if (acct && !acct->v2) {
		emit_usage_v1(s, acct);
	} else if (v2 && v2->v2) {
		/* v2 counts time in every cgroup, whatever its controllers. */
		const char *all = file_of(s, v2, "cpu.stat");

		emit_uint(s->e, "total", stats_value(all, "usage_usec") * NS_PER_US);
		emit_uint(s->e, "kernel", stats_value(all, "system_usec") * NS_PER_US);
		emit_uint(s->e, "user", stats_value(all, "user_usec") * NS_PER_US);
	} else {
		emit_uint(s->e, "kernel", 0);
		emit_uint(s->e, "user", 0);
	}
	emit_end_object(s->e);
	emit_object(s->e, "throttling");
	emit_uint(s->e, "periods", stats_value(stat, "nr_periods"));
	emit_uint(s->e, "throttledPeriods", stats_value(stat, "nr_throttled"));
	emit_uint(s->e, "throttledTime",
		  r && r->v2 ? stats_value(stat, "throttled_usec") * NS_PER_US
			     : stats_value(stat, "throttled_time"));
	emit_end_object(s->e);
	emit_end_object(s->e);
}

/* "0-3,7" as numbers. */
static void emit_list(struct emit *e, const char *key, const char *text)
{
	emit_array(e, key);
	while (*text >= '0' && *text <= '9') {
		char *end;
		unsigned long first = strtoul(text, &end, 10), last = first;

		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		for (; first <= last && first < CPUS_MAX; first++)
			emit_uint(e, NULL, first);
		text = end + (*end == ',');
	}
	emit_end_array(e);
}

static void emit_cpuset(const struct stats *s)
{
	const struct cgroup_ref *r = cgroups_with(s->all, "cpuset");

	emit_object(s->e, "cpuset");
	if (r) {
		emit_list(s->e, "cpus",
			  file_of(s, r, r->v2 ? "cpuset.cpus.effective" : "cpuset.cpus"));
		emit_list(s->e, "mems",
			  file_of(s, r, r->v2 ? "cpuset.mems.effective" : "cpuset.mems"));
	}
	emit_end_object(s->e);
}

/* --- memory ----------------------------------------------------------------------------------- */

struct amount {
	const char *key;
	const char *limit, *usage, *max, *failcnt; /* files; NULL: none */
};

static void emit_amount(const struct stats *s, const struct cgroup_ref *r, const struct amount *m)
{
	emit_object(s->e, m->key);
	emit_uint(s->e, "limit", m->limit ? number_of(s, r, m->limit) : 0);
	if (m->usage)
		emit_uint(s->e, "usage", number_of(s, r, m->usage));
	if (m->max)
		emit_uint(s->e, "max", number_of(s, r, m->max));
	if (r->v2)
		emit_uint(s->e, "failcnt",
			  m->failcnt ? stats_value(file_of(s, r, m->failcnt), "max") : 0);
	else
		emit_uint(s->e, "failcnt", m->failcnt ? number_of(s, r, m->failcnt) : 0);
	emit_end_object(s->e);
}

#define V1_AMOUNT(key, name)                                                           \
	{                                                                              \
		key, "memory." name "limit_in_bytes", "memory." name "usage_in_bytes", \
			"memory." name "max_usage_in_bytes", "memory." name "failcnt"  \
	}
static const struct amount v1_amounts[] = {
	V1_AMOUNT("usage", ""),
	V1_AMOUNT("swap", "memsw."),
	V1_AMOUNT("kernel", "kmem."),
	V1_AMOUNT("kernelTCP", "kmem.tcp."),
};
static const struct amount v2_amounts[] = {
	{ "usage", "memory.max", "memory.current", "memory.peak", "memory.events" },
	{ "swap", "memory.swap.max", "memory.swap.current", "memory.swap.peak",
	  "memory.swap.events" },
	{ "kernel", NULL, NULL, NULL, NULL },
	{ "kernelTCP", NULL, NULL, NULL, NULL },
};

static void emit_flat(struct emit *e, const char *key, const char *text, struct arena *a)
{
	emit_object(e, key);
	while (*text) {
		size_t line = strcspn(text, "\n"), word = strcspn(text, " \n");

		if (word > 0 && word < line)
			emit_uint(e, arena_strn(a, text, word), number_at(text + word + 1));
		text += line + (text[line] == '\n');
	}
	emit_end_object(e);
}

static void emit_memory(const struct stats *s)
{
	const struct cgroup_ref *r = cgroups_with(s->all, "memory");

	emit_object(s->e, "memory");
	if (r) {
		const struct amount *amounts = r->v2 ? v2_amounts : v1_amounts;
		const char *stat = file_of(s, r, "memory.stat");

		emit_uint(s->e, "cache", stats_value(stat, r->v2 ? "file" : "cache"));
		for (size_t i = 0; i < ARRAY_LEN(v1_amounts); i++)
			emit_amount(s, r, &amounts[i]);
		emit_flat(s->e, "raw", stat, s->a);
	}
	emit_end_object(s->e);
}

static void emit_pids(const struct stats *s)
{
	const struct cgroup_ref *r = cgroups_with(s->all, "pids");
	struct pids_list list = { 0 };
	struct err ignored;
	uint64_t limit;

	emit_object(s->e, "pids");
	if (r) {
		emit_uint(s->e, "current", number_of(s, r, "pids.current"));
		limit = number_of(s, r, "pids.max");
		/* runc's "no limit" is none said. */
		if (limit != UINT64_MAX)
			emit_uint(s->e, "limit", limit);
	} else if (cgroups_pids(s->all, s->a, &list, &ignored) == 0) {
		emit_uint(s->e, "current", list.n);
	}
	emit_end_object(s->e);
}

/* --- block devices ---------------------------------------------------------------------------- */

static void emit_entry(struct emit *e, unsigned int major, unsigned int minor, const char *op,
		       uint64_t value)
{
	emit_object(e, NULL);
	emit_uint(e, "major", major);
	emit_uint(e, "minor", minor);
	emit_str(e, "op", op);
	emit_uint(e, "value", value);
	emit_end_object(e);
}

/* Lines "8:0 Read 4096". */
static void emit_io_v1(const struct stats *s, const struct cgroup_ref *r, const char *key,
		       const char *file)
{
	const char *text = file_of(s, r, file);

	emit_array(s->e, key);
	while (*text) {
		unsigned int major, minor;
		unsigned long long value;
		char op[16];

		if (sscanf(text, "%u:%u %15s %llu", &major, &minor, op, &value) == 4)
			emit_entry(s->e, major, minor, op, value);
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	emit_end_array(s->e);
}

/* Lines "8:0 rbytes=1 wbytes=2 rios=3 wios=4 …". */
static void emit_io_v2(const struct stats *s, const struct cgroup_ref *r, const char *key,
		       const char *read_key, const char *write_key)
{
	const char *text = file_of(s, r, "io.stat");

	emit_array(s->e, key);
	while (*text) {
		size_t n = strcspn(text, "\n");
		const char *line = arena_strn(s->a, text, n), *at;
		unsigned int major, minor;

		text += n + (text[n] == '\n');
		if (sscanf(line, "%u:%u ", &major, &minor) != 2)
			continue;
		if ((at = strstr(line, read_key)))
			emit_entry(s->e, major, minor, "Read", number_at(at + strlen(read_key)));
		if ((at = strstr(line, write_key)))
			emit_entry(s->e, major, minor, "Write", number_at(at + strlen(write_key)));
	}
	emit_end_array(s->e);
}

static void emit_blkio(const struct stats *s)
{
	const struct cgroup_ref *v1 = cgroups_with(s->all, "blkio");
	const struct cgroup_ref *v2 = v1 ? NULL : cgroups_with(s->all, "io");

	emit_object(s->e, "blkio");
	if (v1) {
		emit_io_v1(s, v1, "ioServiceBytesRecursive",
			   "blkio.throttle.io_service_bytes_recursive");
		emit_io_v1(s, v1, "ioServicedRecursive", "blkio.throttle.io_serviced_recursive");
	}
	if (v2) {
		emit_io_v2(s, v2, "ioServiceBytesRecursive", " rbytes=", " wbytes=");
		emit_io_v2(s, v2, "ioServicedRecursive", " rios=", " wios=");
	}
	emit_end_object(s->e);
}

/* The sizes that the host has are those whose files are there. */
static void emit_hugetlb(const struct stats *s)
{
	static const char *const sizes[] = { "64KB", "1MB",   "2MB",   "8MB", "16MB",
					     "32MB", "256MB", "512MB", "1GB", "16GB" };
	const struct cgroup_ref *r = cgroups_with(s->all, "hugetlb");

	emit_object(s->e, "hugetlb");
	for (size_t i = 0; r && i < ARRAY_LEN(sizes); i++) {
		const char *form = r->v2 ? "hugetlb.%s.current" : "hugetlb.%s.usage_in_bytes";
		const char *mark = strstr(form, "%s");
		const char *name = arena_printf(s->a, "%.*s%s%s", (int)(mark - form), form,
						sizes[i], mark + 2);
		const char *text = file_of(s, r, name);

		if (!*text)
			continue;
		emit_object(s->e, sizes[i]);
		emit_uint(s->e, "usage", number_at(text));
		emit_uint(s->e, "failcnt",
			  r->v2 ? stats_value(file_of(s, r,
						      arena_printf(s->a, "hugetlb.%s.events",
								   sizes[i])),
					      "max")
				: number_of(s, r,
					    arena_printf(s->a, "hugetlb.%s.failcnt", sizes[i])));
		emit_end_object(s->e);
	}
	emit_end_object(s->e);
}

void stats_emit(const struct cgroups *all, struct arena *a, struct emit *e)
{
	const struct stats s = { all, a, e };

	emit_object(e, "data");
	emit_cpu(&s);
	emit_cpuset(&s);
	emit_memory(&s);
	emit_pids(&s);
	emit_blkio(&s);
	emit_hugetlb(&s);
	emit_object(e, "intel_rdt");
	emit_end_object(e);
	emit_null(e, "network_interfaces");
	emit_end_object(e);
}
