/* SPDX-License-Identifier: Apache-2.0 */
/* update_stand_in.c - limits of single processes, for containers without a cgroup.
 * Should: say how they differ from what was asked for.  Mustn't: touch a process that crowd_has does not know. */
#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "runtime/life/process.h"
#include "runtime/life/update.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"
#include "spec/oci/numberlist.h"

#define CPUS_MAX 1024
#define ROUNDS 8

struct stand_in {
	const char *pointer;
	const char *text; /* how it differs; %s is what was set */
	/* For one process. 0, or -1 with errno. */
	int (*set)(pid_t pid, const struct resources *r);
};

static int limit_to(pid_t pid, int resource, int64_t value)
{
	struct rlimit now, wanted = { (rlim_t)value, (rlim_t)value };

	if (value < 0)
		wanted = (struct rlimit){ RLIM_INFINITY, RLIM_INFINITY };
	if (sys_prlimit(pid, resource, NULL, &now) < 0)
		return -1;
	/* Only root may lift a hard limit; the soft one goes as far as it can. */
	if (sys_prlimit(pid, resource, &wanted, NULL) == 0)
		return 0;
	if (errno != EPERM || wanted.rlim_cur > now.rlim_max)
		return -1;
	wanted.rlim_max = now.rlim_max;
	return sys_prlimit(pid, resource, &wanted, NULL);
}

static int set_memory(pid_t pid, const struct resources *r)
{
	return limit_to(pid, RLIMIT_AS, r->memory->limit.v);
}

static int set_pids(pid_t pid, const struct resources *r)
{
	return limit_to(pid, RLIMIT_NPROC, r->pids->limit.v);
}

/* "0-3,7"; the list has passed number_list_ok. */
static void cpus_of(const char *list, cpu_set_t *ret)
{
	CPU_ZERO(ret);
	while (*list) {
		char *end;
		unsigned long first = strtoul(list, &end, 10), last = first;

		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		for (unsigned long cpu = first; cpu <= last && cpu < CPUS_MAX; cpu++)
			CPU_SET(cpu, ret);
		list = end + (*end != '\0');
	}
}

/* A CPU list is one of each thread. */
static int set_cpus(pid_t pid, const struct resources *r)
{
	const struct dirent *entry;
	char path[64];
	cpu_set_t cpus;
	int failed = 0;
	DIR *tasks;

	cpus_of(r->cpu->cpus, &cpus);
	(void)snprintf(path, sizeof(path), "/proc/%d/task", pid);
	tasks = opendir(path);
	if (!tasks)
		return errno == ENOENT ? 0 : -1;
	while ((entry = readdir(tasks))) {
		pid_t tid = (pid_t)strtol(entry->d_name, NULL, 10);

		if (tid > 0 && sys_sched_setaffinity(tid, sizeof(cpus), &cpus) < 0 &&
		    errno != ESRCH)
			failed = errno;
	}
	(void)closedir(tasks);
	errno = failed;
	return failed ? -1 : 0;
}

static const struct stand_in stand_ins[] = {
	{ "/memory/limit",
	  "as RLIMIT_AS: each process by itself, and of its address space, not of what it uses",
	  set_memory },
	{ "/pids/limit",
	  "as RLIMIT_NPROC: the kernel counts the tasks of its user, and not for root of the host",
	  set_pids },
	{ "/cpu/cpus", "as the CPU affinity of its threads, which they may change", set_cpus },
};

/* As often as somebody new is found: a child inherits what its parent had. */
static int set_all(const struct crowd *w, const struct stand_in *s, const struct resources *r,
		   struct arena *a, struct err *err)
{
	size_t before = 0;

	for (int round = 0; round < ROUNDS; round++) {
		struct pids_list now;

		TRY(crowd_pids(w, a, &now, err));
		for (size_t i = 0; i < now.n; i++) {
			scoped_fd int fd = sys_pidfd_open(now.v[i], 0);

			if (fd < 0 || !crowd_has(w, now.v[i]))
				continue;
			if (s->set(now.v[i], r) < 0 && errno != ESRCH)
				return err_host(err, errno, "limit process %d", now.v[i]);
		}
		if (now.n <= before)
			break;
		before = now.n;
	}
	return 0;
}

int update_stand_in(const struct container *c, const char *pointer, const struct resources *r,
		    struct arena *a, const char **ret_text, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(stand_ins); i++) {
		scoped_crowd struct crowd w = { .pidfd = -1, .ns_fd = -1 };

		if (!str_eq(stand_ins[i].pointer, pointer))
			continue;
		TRY(crowd_open(c, &w, err));
		TRY(set_all(&w, &stand_ins[i], r, a, err));
		*ret_text = stand_ins[i].text;
		return 0;
	}
	return 0;
}
