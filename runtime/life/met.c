/* SPDX-License-Identifier: Apache-2.0 */
/* met.c - reads what the kernel has counted, by files that were opened while their cgroup was there.
 * Should: call a limit by the words that a sandbox has for it. */
#include "runtime/life/met.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "runtime/act/cgroup_tree.h"
#include "runtime/life/container.h"
#include "runtime/life/stats.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/oci/value.h"

#define ROOM 1024
#define EXIT_BY_SIGNAL 128
#define OOM_KILL "oom_kill"

static uint64_t limit_of(const struct opt_i64 *limit)
{
	return limit->set && limit->v > 0 ? (uint64_t)limit->v : 0;
}

static uint64_t file_size_of(const struct config *config)
{
	const struct rlimits *all = &config->process->rlimits;

	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].type == RLIMIT_FSIZE)
			return all->v[i].soft;
	return 0;
}

/* The container's own words may be stricter; what counts is what was set. */
static void keep_limits(struct met *m, const struct config *config, const struct srt_limits *l)
{
	const struct resources *r = config->linux_.resources;

	if (l->memory)
		m->memory = limit_of(&r->memory->limit);
	if (l->processes)
		m->processes = limit_of(&r->pids->limit);
	if (l->file_size && config->process)
		m->file_size = file_size_of(config);
}

static int open_counter(const struct cgroups *all, const char *controller, const char *v1,
			const char *v2)
{
	const struct cgroup_ref *r = cgroups_with(all, controller);

	return r ? open_beneath(r->fd, r->v2 ? v2 : v1, O_RDONLY) : -1;
}

static bool count(int fd, const char *key, uint64_t *ret)
{
	char text[ROOM];
	ssize_t n = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);

	if (n < 0)
		return false;
	text[n] = '\0';
	*ret = stats_value(text, key);
	return true;
}

/* systemd takes a scope away as soon as it is empty, with what its cgroup has counted. The cgroup above has counted it, too. */
static void open_above(struct met *m, const struct cgroups *all)
{
	const struct cgroup_ref *r = cgroups_with(all, "memory");
	char path[CGROUP_PATH_MAX];
	scoped_fd int fd = -1;
	struct err ignored;

	if (!r || !r->v2)
		return;
	(void)snprintf(path, sizeof(path), "%.*s", (int)(path_base(r->path) - r->path), r->path);
	if (cgroup_open(r->mount_fd, path, &fd, &ignored) != 0)
		return;
	m->above_fd = open_beneath(fd, "memory.events", O_RDONLY);
	(void)count(m->above_fd, OOM_KILL, &m->above);
}

void met_begin(struct met *m, const struct config *config, const struct container *c)
{
	const struct srt_limits *l = config->srt ? config->srt->limits : NULL;
	scoped_arena struct arena a = { 0 };
	scoped_cgroups struct cgroups all = { .n = 0 };
	struct err ignored;

	if (!l)
		return;
	keep_limits(m, config, l);
	if ((!m->memory && !m->processes) || cgroups_open(c, NULL, &a, &all, &ignored) < 0)
		return;
	if (m->memory)
		m->memory_fd = open_counter(&all, "memory", "memory.oom_control", "memory.events");
	if (m->memory && c->scope[0])
		open_above(m, &all);
	if (m->processes)
		m->pids_fd = open_counter(&all, "pids", "pids.events", "pids.events");
}

static bool met_memory(const struct met *m, int status)
{
	uint64_t n = 0;

	if (count(m->memory_fd, OOM_KILL, &n))
		return n > 0;
	/* The group is killed as one, so the first process, too. */
	return status == EXIT_BY_SIGNAL + SIGKILL && count(m->above_fd, OOM_KILL, &n) &&
	       n > m->above;
}

static bool met_processes(const struct met *m)
{
	uint64_t n = 0;

	return count(m->pids_fd, "max", &n) && n > 0;
}

void met_event(const char *limit, const char *description, struct arena *a, struct event *ret)
{
	*ret = (struct event){ .timestamp = container_now(a),
			       .type = EVENT_LIMIT,
			       .description = description,
			       .severity = "medium",
			       .limit = limit,
			       .pid = -1 };
}

bool met_end(const struct met *m, int *status, struct arena *a, struct event *ret)
{
	if (*status == 0)
		return false;
	if (met_memory(m, *status)) {
		*status = EXIT_BY_SIGNAL + SIGKILL;
		met_event("memory",
			  arena_printf(a,
				       "Memory limit exceeded: all processes together may use %s",
				       value_size_text(m->memory, a)),
			  a, ret);
	} else if (met_processes(m)) {
		met_event("processes",
			  arena_printf(a, "Process limit exceeded: %llu at one time",
				       (unsigned long long)m->processes),
			  a, ret);
	} else if (m->file_size && *status == EXIT_BY_SIGNAL + SIGXFSZ) {
		met_event("file-size",
			  arena_printf(a, "File size limit exceeded: %s",
				       value_size_text(m->file_size, a)),
			  a, ret);
	} else {
		return false;
	}
	return true;
}

void met_done(struct met *m)
{
	scope_close(&m->memory_fd);
	scope_close(&m->pids_fd);
	scope_close(&m->above_fd);
}
