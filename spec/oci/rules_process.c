/* SPDX-License-Identifier: Apache-2.0 */
/* rules_process.c - rules on a process (config.md#process); places are below the process. */
#include <string.h>

#include "spec/base/path.h"
#include "spec/base/str.h"
#include "spec/json/quote.h"
#include "spec/oci/numberlist.h"
#include "spec/oci/rules.h"
#include "spec/oci/words.h"

#define UMASK_MAX 0777
#define CONSOLE_MAX UINT16_MAX
#define OOM_SCORE_MAX 1000
/* sched(7) */
#define NICE_MIN (-20)
#define NICE_MAX 19
#define RT_PRIORITY_MAX 99
#define IO_PRIORITY_MAX 7
enum policy { OTHER = 0, FIFO = 1, RR = 2, BATCH = 3, DEADLINE = 6 };

static int rule_args(const struct process *p, struct err *err)
{
	if (p->args.n == 0 || !p->args.v[0][0])
		return REFUSE(err, "/args", "is empty: name the program to run");
	return 0;
}

static int rule_cwd(const struct process *p, struct err *err)
{
	if (!path_is_absolute(p->cwd))
		return REFUSE(err, "/cwd", "must be an absolute path, is %s", Q(p->cwd));
	return 0;
}

static int rule_env(const struct process *p, struct err *err)
{
	for (size_t i = 0; i < p->env.n; i++) {
		const char *s = p->env.v[i], *sign = strchr(s, '=');

		if (!sign || sign == s) {
			(void)err_input(err, "must be NAME=value, is %s", Q(s));
			return err_in(err, "/env/%zu", i);
		}
	}
	return 0;
}

static int rule_umask(const struct process *p, struct err *err)
{
	if (p->user.umask.set && p->user.umask.v > UMASK_MAX)
		return REFUSE(err, "/user/umask",
			      "must be at most %d (octal 0777), is %llu; JSON numbers are decimal",
			      UMASK_MAX, (unsigned long long)p->user.umask.v);
	return 0;
}

static int rule_console(const struct process *p, struct err *err)
{
	const struct console_size *s = p->console_size;

	if (!p->terminal || !s)
		return 0;
	if (s->height > CONSOLE_MAX || s->width > CONSOLE_MAX)
		return REFUSE(err, "/consoleSize", "height and width must be at most %d",
			      CONSOLE_MAX);
	return 0;
}

static int rule_oom(const struct process *p, struct err *err)
{
	int64_t v = p->oom_score_adj.v;

	if (p->oom_score_adj.set && (v < -OOM_SCORE_MAX || v > OOM_SCORE_MAX))
		return REFUSE(err, "/oomScoreAdj", "must be from -%d to %d, is %lld", OOM_SCORE_MAX,
			      OOM_SCORE_MAX, (long long)v);
	return 0;
}

static int check_rlimit(const struct rlimits *all, size_t i, struct err *err)
{
	const struct posix_rlimit *r = &all->v[i];

	if (r->soft > r->hard)
		return REFUSE(err, "/soft", "%llu is more than the hard limit %llu",
			      (unsigned long long)r->soft, (unsigned long long)r->hard);
	for (size_t j = 0; j < i; j++)
		if (all->v[j].type == r->type)
			return REFUSE(err, "/type", "%s stands twice",
				      name_of(word_rlimits, r->type));
	return 0;
}

static int rule_rlimits(const struct process *p, struct err *err)
{
	for (size_t i = 0; i < p->rlimits.n; i++)
		if (check_rlimit(&p->rlimits, i, err) < 0)
			return err_in(err, "/rlimits/%zu", i);
	return 0;
}

static int rule_sched_nice(const struct process *p, struct err *err)
{
	const struct scheduler *s = p->scheduler;

	if (!s || !s->nice)
		return 0;
	if (s->nice < NICE_MIN || s->nice > NICE_MAX)
		return REFUSE(err, "/scheduler/nice", "must be from %d to %d, is %lld", NICE_MIN,
			      NICE_MAX, (long long)s->nice);
	if (s->policy != OTHER && s->policy != BATCH)
		return REFUSE(err, "/scheduler/nice", "only SCHED_OTHER and SCHED_BATCH have one");
	return 0;
}

static int rule_sched_priority(const struct process *p, struct err *err)
{
	const struct scheduler *s = p->scheduler;
	bool realtime = s && (s->policy == FIFO || s->policy == RR);

	if (!s)
		return 0;
	if (realtime && (s->priority < 1 || s->priority > RT_PRIORITY_MAX))
		return REFUSE(err, "/scheduler/priority", "must be from 1 to %d, is %lld",
			      RT_PRIORITY_MAX, (long long)s->priority);
	if (!realtime && s->priority)
		return REFUSE(err, "/scheduler/priority", "only SCHED_FIFO and SCHED_RR have one");
	return 0;
}

static int rule_sched_deadline(const struct process *p, struct err *err)
{
	const struct scheduler *s = p->scheduler;

	if (!s)
		return 0;
	if (s->policy != DEADLINE && (s->runtime || s->deadline || s->period))
		return REFUSE(err, "/scheduler",
			      "runtime, deadline and period belong to SCHED_DEADLINE");
	if (s->policy != DEADLINE)
		return 0;
	if (!s->runtime || s->runtime > s->deadline || (s->period && s->deadline > s->period))
		return REFUSE(err, "/scheduler", "0 < runtime <= deadline <= period must hold");
	return 0;
}

static int rule_io_priority(const struct process *p, struct err *err)
{
	const struct io_priority *io = p->io_priority;

	if (io && (io->priority < 0 || io->priority > IO_PRIORITY_MAX))
		return REFUSE(err, "/ioPriority/priority", "must be from 0 to %d, is %lld",
			      IO_PRIORITY_MAX, (long long)io->priority);
	return 0;
}

static int rule_cpu_affinity(const struct process *p, struct err *err)
{
	const struct exec_cpu_affinity *a = p->exec_cpu_affinity;

	if (a && a->initial && !number_list_ok(a->initial))
		return REFUSE(err, "/execCPUAffinity/initial", "%s is no list like 0-3,7",
			      Q(a->initial));
	if (a && a->final && !number_list_ok(a->final))
		return REFUSE(err, "/execCPUAffinity/final", "%s is no list like 0-3,7",
			      Q(a->final));
	return 0;
}

/* A label goes into one write of a file under /proc: a line break would cut it. */
static int rule_labels(const struct process *p, struct err *err)
{
	if (p->apparmor_profile && strchr(p->apparmor_profile, '\n'))
		return REFUSE(err, "/apparmorProfile", "may not hold a line break");
	if (p->selinux_label && strchr(p->selinux_label, '\n'))
		return REFUSE(err, "/selinuxLabel", "may not hold a line break");
	return 0;
}

#define ROW(name, level, section, fn)                       \
	{                                                   \
		name, level, "config.md#" section, NULL, fn \
	}

const struct rule rules_process[] = {
	ROW("args-present", MUST, "process", rule_args),
	ROW("cwd-absolute", MUST, "process", rule_cwd),
	ROW("env-pairs", MUST, "posix-process", rule_env),
	ROW("umask-in-range", MUST, "posix-platform-user", rule_umask),
	ROW("console-size-in-range", MUST, "process", rule_console),
	ROW("oom-score-in-range", MUST, "linux-process", rule_oom),
	ROW("rlimit-sane", MUST, "posix-process", rule_rlimits),
	ROW("scheduler-nice", MUST, "linux-process", rule_sched_nice),
	ROW("scheduler-priority", MUST, "linux-process", rule_sched_priority),
	ROW("scheduler-deadline", MUST, "linux-process", rule_sched_deadline),
	ROW("io-priority-in-range", MUST, "linux-process", rule_io_priority),
	ROW("cpu-affinity-list", MUST, "linux-process", rule_cpu_affinity),
	ROW("label-one-line", MUST, "linux-process", rule_labels),
	{ NULL },
};
