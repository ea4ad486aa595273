/* SPDX-License-Identifier: Apache-2.0 */
/* limits.c - "srt.limits": the words of a sandbox's limits, as what the specification has for them. */
#include <stddef.h>
#include <sys/resource.h>

#include "spec/base/str.h"
#include "spec/oci/config.h"
#include "spec/oci/value.h"

#define PLACE "/srt/limits/"
#define KILL_AFTER_MS 500
#define CPU_PERIOD_US 100000u
#define COUNT_MOST 1000000000u
#define OPEN_FILES_LEAST 3

/* What a container's runtime has no hand in, and who has. */
static const struct {
	size_t member;
	const char *name, *way_out;
} refused[] = {
	{ offsetof(struct srt_limits, files), "max-files",
	  "give its tmpfs mounts nr_inodes=, or use sandbox-runtime exec --bundle --max-files" },
	{ offsetof(struct srt_limits, disk), "disk",
	  "give its tmpfs mounts size=, or use sandbox-runtime exec --bundle --disk" },
	{ offsetof(struct srt_limits, output), "max-output",
	  "its output goes to its caller directly; use sandbox-runtime exec --bundle --max-output" },
};

/* Negative and 0 mean none. */
static void lower(struct opt_i64 *limit, uint64_t value)
{
	if (limit->set && limit->v > 0 && (uint64_t)limit->v <= value)
		return;
	limit->set = true;
	limit->v = (int64_t)value;
}

static struct resources *resources_of(struct config *c, struct arena *a)
{
	if (!c->linux_.resources)
		c->linux_.resources = arena_new(a, struct resources);
	c->has_linux = true;
	return c->linux_.resources;
}

static int apply_memory(struct config *c, const char *text, struct arena *a, struct err *err)
{
	struct resources *r;
	uint64_t n;

	if (value_size(text, &n, err) < 0)
		return err_in(err, PLACE "memory");
	r = resources_of(c, a);
	if (!r->memory)
		r->memory = arena_new(a, struct memory);
	r->memory->all_or_none = true;
	lower(&r->memory->limit, n);
	lower(&r->memory->swap, n); /* of both together: so there is no more by swapping */
	return 0;
}

static int apply_cpu(struct config *c, const char *text, struct arena *a, struct err *err)
{
	struct resources *r;
	uint64_t n;

	if (value_cpu(text, &n, err) < 0)
		return err_in(err, PLACE "cpu");
	r = resources_of(c, a);
	if (!r->cpu)
		r->cpu = arena_new(a, struct cpu);
	if (!r->cpu->period.set || !r->cpu->period.v)
		r->cpu->period = (struct opt_u64){ .set = true, .v = CPU_PERIOD_US };
	lower(&r->cpu->quota, n * r->cpu->period.v / 1000u);
	return 0;
}

static int read_count(const char *text, uint64_t least, const char *name, uint64_t *ret,
		      struct err *err)
{
	if (str_u64(text, 10, COUNT_MOST, ret, err) < 0)
		return err_in(err, PLACE "%s", name);
	if (*ret >= least)
		return 0;
	(void)err_input(err, "is %s; the least is %llu", text, (unsigned long long)least);
	return err_in(err, PLACE "%s", name);
}

static int apply_processes(struct config *c, const char *text, struct arena *a, struct err *err)
{
	struct resources *r;
	uint64_t n;

	TRY(read_count(text, 1, "max-processes", &n, err));
	r = resources_of(c, a);
	if (!r->pids)
		r->pids = arena_new(a, struct pids);
	lower(&r->pids->limit, n);
	return 0;
}

static void lower_rlimit(struct process *p, int type, uint64_t value, struct arena *a)
{
	struct posix_rlimit *grown;

	for (size_t i = 0; i < p->rlimits.n; i++) {
		struct posix_rlimit *r = &p->rlimits.v[i];

		if (r->type != type)
			continue;
		r->soft = r->soft < value ? r->soft : value;
		r->hard = r->hard < value ? r->hard : value;
		return;
	}
	grown = arena_array(a, struct posix_rlimit, p->rlimits.n + 1);
	for (size_t i = 0; i < p->rlimits.n; i++)
		grown[i] = p->rlimits.v[i];
	grown[p->rlimits.n++] = (struct posix_rlimit){ type, value, value };
	p->rlimits.v = grown;
}

static int apply_rlimits(struct config *c, const struct srt_limits *l, struct arena *a,
			 struct err *err)
{
	uint64_t n;

	if (l->open_files) {
		TRY(read_count(l->open_files, OPEN_FILES_LEAST, "max-open-files", &n, err));
		if (c->process)
			lower_rlimit(c->process, RLIMIT_NOFILE, n, a);
	}
	if (l->file_size) {
		if (value_size(l->file_size, &n, err) < 0)
			return err_in(err, PLACE "max-file-size");
		if (c->process)
			lower_rlimit(c->process, RLIMIT_FSIZE, n, a);
	}
	return 0;
}

static int read_times(struct srt_limits *l, struct err *err)
{
	l->kill_after_ms = KILL_AFTER_MS;
	if (l->timeout && value_duration(l->timeout, &l->timeout_ms, err) < 0)
		return err_in(err, PLACE "timeout");
	if (l->kill_after && value_duration(l->kill_after, &l->kill_after_ms, err) < 0)
		return err_in(err, PLACE "kill-after");
	return 0;
}

int limits_apply(struct config *config, struct arena *a, struct err *err)
{
	struct srt_limits *l = config->srt ? config->srt->limits : NULL;

	if (!l)
		return 0;
	TRY(read_times(l, err));
	if (l->memory)
		TRY(apply_memory(config, l->memory, a, err));
	if (l->cpu)
		TRY(apply_cpu(config, l->cpu, a, err));
	if (l->processes)
		TRY(apply_processes(config, l->processes, a, err));
	return apply_rlimits(config, l, a, err);
}

int limits_check(const struct config *config, struct err *err)
{
	const struct srt_limits *l = config->srt ? config->srt->limits : NULL;

	for (size_t i = 0; l && i < ARRAY_LEN(refused); i++) {
		if (!*(const char *const *)((const char *)l + refused[i].member))
			continue;
		(void)err_input(err, "is not held by a container: %s", refused[i].way_out);
		return err_in(err, PLACE "%s", refused[i].name);
	}
	return 0;
}

uint64_t limits_timeout(const struct config *config)
{
	return config->srt && config->srt->limits ? config->srt->limits->timeout_ms : 0;
}

bool limits_need_cgroup(const struct config *config)
{
	const struct srt_limits *l = config->srt ? config->srt->limits : NULL;

	return l && (l->memory || l->cpu || l->processes);
}
