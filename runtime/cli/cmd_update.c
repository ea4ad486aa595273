/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_update.c - update: new limits, from a document or one by one. */
#include <fcntl.h>
#include <unistd.h>

#include "runtime/cli/command.h"
#include "spec/base/fd.h"

#define RESOURCES_MAX (1u << 20)

struct update_options {
	const char *resources;
	const char *memory, *memory_reservation, *memory_swap, *kernel_memory, *kernel_memory_tcp;
	const char *cpu_shares, *cpu_period, *cpu_quota, *cpu_burst, *cpu_idle, *cpu_rt_period,
		*cpu_rt_runtime, *cpus, *mems;
	const char *pids_limit, *blkio_weight, *l3_cache, *mem_bw;
};

#define ROW(member, ...) OPTION(struct update_options, member, __VA_ARGS__)
static const struct option_row rows[] = {
	ROW(resources, "resources", 'r', STRING, "FILE",
	    "document with the members of linux.resources; - is standard input"),
	ROW(memory, "memory", 'm', STRING, "BYTES", "limit of memory; -1 is none"),
	ROW(memory_reservation, "memory-reservation", 0, STRING, "BYTES",
	    "memory that is kept for it when others want more"),
	ROW(memory_swap, "memory-swap", 0, STRING, "BYTES",
	    "limit of memory and swap together; -1 is none"),
	ROW(kernel_memory, "kernel-memory", 0, STRING, "BYTES",
	    "limit of the kernel's memory; v1, ignored by new kernels"),
	ROW(kernel_memory_tcp, "kernel-memory-tcp", 0, STRING, "BYTES", "limit of TCP buffers; v1"),
	ROW(cpu_shares, "cpu-share", 'c', STRING, "SHARES",
	    "share of CPU time; 1024 is the default"),
	ROW(cpu_period, "cpu-period", 0, STRING, "USECS", "period of the quota"),
	ROW(cpu_quota, "cpu-quota", 0, STRING, "USECS", "CPU time in each period; -1 is no limit"),
	ROW(cpu_burst, "cpu-burst", 0, STRING, "USECS", "unused quota that may be saved up"),
	ROW(cpu_idle, "cpu-idle", 0, STRING, "0|1", "1: run only when nothing else does"),
	ROW(cpu_rt_period, "cpu-rt-period", 0, STRING, "USECS", "period of the realtime quota; v1"),
	ROW(cpu_rt_runtime, "cpu-rt-runtime", 0, STRING, "USECS",
	    "realtime CPU time in each period; v1"),
	ROW(cpus, "cpuset-cpus", 0, STRING, "LIST", "CPUs to run on, 0-3,7"),
	ROW(mems, "cpuset-mems", 0, STRING, "LIST", "memory nodes to use"),
	ROW(pids_limit, "pids-limit", 0, STRING, "N", "tasks at most; -1 is no limit"),
	ROW(blkio_weight, "blkio-weight", 0, STRING, "WEIGHT", "weight of block I/O, 10 to 1000"),
	ROW(l3_cache, "l3-cache-schema", 0, STRING, "SCHEMA",
	    "part of the cache, as a line of resctrl's schemata"),
	ROW(mem_bw, "mem-bw-schema", 0, STRING, "SCHEMA", "memory bandwidth, likewise"),
};

/* Which option is which member. */
enum { BYTES, SIGNED, UNSIGNED, LIST };
#define OPTION_AT(member) offsetof(struct update_options, member)
#define PART(part, type, member) \
	offsetof(struct resources, part), sizeof(struct type), offsetof(struct type, member)
static const struct single {
	size_t option, part, size, at;
	int kind;
} singles[] = {
	{ OPTION_AT(memory), PART(memory, memory, limit), BYTES },
	{ OPTION_AT(memory_reservation), PART(memory, memory, reservation), BYTES },
	{ OPTION_AT(memory_swap), PART(memory, memory, swap), BYTES },
	{ OPTION_AT(kernel_memory), PART(memory, memory, kernel), BYTES },
	{ OPTION_AT(kernel_memory_tcp), PART(memory, memory, kernel_tcp), BYTES },
	{ OPTION_AT(cpu_shares), PART(cpu, cpu, shares), UNSIGNED },
	{ OPTION_AT(cpu_period), PART(cpu, cpu, period), UNSIGNED },
	{ OPTION_AT(cpu_quota), PART(cpu, cpu, quota), SIGNED },
	{ OPTION_AT(cpu_burst), PART(cpu, cpu, burst), UNSIGNED },
	{ OPTION_AT(cpu_idle), PART(cpu, cpu, idle), SIGNED },
	{ OPTION_AT(cpu_rt_period), PART(cpu, cpu, realtime_period), UNSIGNED },
	{ OPTION_AT(cpu_rt_runtime), PART(cpu, cpu, realtime_runtime), SIGNED },
	{ OPTION_AT(cpus), PART(cpu, cpu, cpus), LIST },
	{ OPTION_AT(mems), PART(cpu, cpu, mems), LIST },
	{ OPTION_AT(pids_limit), PART(pids, pids, limit), SIGNED },
	{ OPTION_AT(blkio_weight), PART(block_io, block_io, weight), UNSIGNED },
};

/* "512m": powers of 1024, with or without a b behind. */
static int bytes_of(const char *s, struct arena *a, int64_t *ret, struct err *err)
{
	static const char units[] = "bkmgt";
	size_t n = strcspn(s, "bBkKmMgGtT");
	const char *unit = s[n] ? strchr(units, s[n] | 0x20) : units;
	int shift = (int)(unit - units) * 10;
	int64_t v;

	if (s[n] && s[n + 1] && !((s[n + 1] | 0x20) == 'b' && !s[n + 2] && shift))
		return err_input(err, "\"%.64s\" is no number of bytes", s);
	TRY(str_i64(arena_strn(a, s, n), -1, INT64_MAX >> shift, &v, err));
	*ret = v < 0 ? v : v << shift;
	return 0;
}

static int value_of(const struct single *s, const char *text, struct arena *a, char *to,
		    struct err *err)
{
	struct opt_i64 number = { .set = true };
	uint64_t u;

	switch (s->kind) {
	case LIST:
		memcpy(to, &text, sizeof(text));
		return 0;
	case BYTES:
		TRY(bytes_of(text, a, &number.v, err));
		break;
	case SIGNED:
		TRY(str_i64(text, -1, INT64_MAX, &number.v, err));
		break;
	default:
		TRY(str_u64(text, 10, INT64_MAX, &u, err));
		number.v = (int64_t)u;
	}
	/* opt_u64 and opt_i64 are alike but for the sign. */
	memcpy(to, &number, sizeof(number));
	return 0;
}

static const char *option_name(size_t at)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].at == at)
			return rows[i].name;
	return "?";
}

static int add_singles(const struct update_options *o, struct arena *a, struct resources *r,
		       struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(singles); i++) {
		const struct single *s = &singles[i];
		const char *text;
		char *part;

		memcpy(&text, (const char *)o + s->option, sizeof(text));
		if (!text)
			continue;
		memcpy(&part, (char *)r + s->part, sizeof(part));
		if (!part) {
			part = arena_alloc(a, s->size);
			memcpy((char *)r + s->part, &part, sizeof(part));
		}
		if (value_of(s, text, a, part + s->at, err) < 0)
			return err_in(err, "--%s", option_name(s->option));
	}
	return 0;
}

static int read_resources(const char *file, struct arena *a, struct resources **ret,
			  struct err *err)
{
	char *bytes;
	size_t len;

	if (!file) {
		*ret = arena_new(a, struct resources);
		return 0;
	}
	if (str_eq(file, "-")) {
		file = "standard input";
		TRY(fd_read_all(STDIN_FILENO, file, RESOURCES_MAX, a, &bytes, &len, err));
	} else {
		TRY(file_read(AT_FDCWD, file, RESOURCES_MAX, a, &bytes, &len, err));
	}
	return resources_parse(bytes, len, file, a, ret, err);
}

static int update(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	const struct update_options *o = options;
	const struct update_caches caches = { o->l3_cache, o->mem_bw };
	struct strings said = { 0 };
	struct resources *r;

	TRY(read_resources(o->resources, &cli->arena, &r, err));
	TRY(add_singles(o, &cli->arena, r, err));
	TRY(resources_check(r, err));
	TRY(life_update(&cli->rt, args->v[0], r, &caches, &cli->arena, &said, err));
	for (size_t i = 0; i < said.n; i++)
		text_addf(&cli->out, "%s\n", said.v[i]);
	return 0;
}

const struct command command_update = {
	.name = "update",
	.synopsis = "ID",
	.help = "change the limits of a container",
	.text = "BYTES may end in k, m, g or t. Options count more than the document. Without a cgroup,\n"
		"--memory, --pids-limit and --cpuset-cpus are set on each process as far as that goes, and\n"
		"what was done and what was not is printed.",
	.options = OPTIONS(rows, OPTIONS_ANYWHERE),
	.size = sizeof(struct update_options),
	.args_min = 1,
	.args_max = 1,
	.state = true,
	.run = update,
};
