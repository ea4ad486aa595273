/* SPDX-License-Identifier: Apache-2.0 */
/* verdict.c - one status a run: what the supervisor did comes before what the payload did, and a limit that was met before
 * the mere exit status. */
#include "runtime/sandbox/verdict.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "spec/base/str.h"
#include "spec/oci/value.h"

#define CPU_ERROR "CpuTimeLimitExceeded"
#define KILLED_ERROR "Killed"
#define FROM_OUTSIDE "ended from outside"
static const struct {
	enum breach breach;
	uint8_t status; /* enum run_status */
	int exit_code;
	const char *error;
} breaches[] = {
	{ BREACH_TIMEOUT, RUN_TIMEOUT, EXIT_TIMEOUT, "TimeoutExpired" },
	{ BREACH_MEMORY, RUN_MEMORY, EXIT_KILLED, "MemoryLimitExceeded" },
	{ BREACH_CPU, RUN_CPU, EXIT_KILLED, CPU_ERROR },
	{ BREACH_OUTPUT, RUN_OUTPUT, EXIT_KILLED, "OutputLimitExceeded" },
	{ BREACH_CALLER, RUN_KILLED, EXIT_KILLED, KILLED_ERROR },
};

/* Of the status disk: which of its two limits it was. */
static bool is_file_size(const struct watch *w)
{
	return (w->code != CLD_EXITED && w->status == SIGXFSZ) || (w->cut_file && !w->full_disk);
}

static const char *reason_of(const struct result *r, const struct watch *w, struct arena *a)
{
	const struct policy *p = w->policy;

	switch ((enum run_status)r->status) {
	case RUN_TIMEOUT:
		return arena_printf(a, "Execution timeout after %s",
				    value_duration_text(policy_n(p, POLICY_TIMEOUT), a));
	case RUN_MEMORY:
		return arena_printf(a, "Memory limit exceeded: all processes together may use %s",
				    value_size_text(policy_n(p, POLICY_MEMORY), a));
	case RUN_CPU:
		if (w->breach != BREACH_CPU)
			return "CPU time limit exceeded: the one that the program has set itself";
		return arena_printf(a, "CPU time limit exceeded: all processes together may use %s",
				    value_duration_text(policy_n(p, POLICY_CPU_TIME), a));
	case RUN_PROCESSES:
		return arena_printf(a, "Process limit exceeded: %llu at one time",
				    (unsigned long long)policy_n(p, POLICY_PROCESSES));
	case RUN_DISK:
		if (is_file_size(w))
			return arena_printf(a, "File size limit exceeded: %s",
					    value_size_text(policy_n(p, POLICY_FILE_SIZE), a));
		return arena_printf(a, "Disk limit exceeded: %s of private space",
				    value_size_text(policy_n(p, POLICY_DISK), a));
	case RUN_FILES:
		if (!w->full_files)
			return arena_printf(a, "Open files limit exceeded: %llu of one process",
					    (unsigned long long)policy_n(p, POLICY_OPEN_FILES));
		return arena_printf(a, "File count limit exceeded: %llu files",
				    (unsigned long long)policy_n(p, POLICY_FILES));
	case RUN_OUTPUT:
		return arena_printf(a, "Output limit exceeded: %s",
				    value_size_text(policy_n(p, POLICY_OUTPUT), a));
	case RUN_SECCOMP:
		return "ended by a system call filter";
	case RUN_SIGNAL:
		return arena_printf(a, "ended by signal %d (%s)", w->status, strsignal(w->status));
	case RUN_KILLED:
		return FROM_OUTSIDE;
	default:
		return NULL;
	}
}

/* A limit that the payload met and could not cope with. */
static uint8_t limit_met(const struct watch *w)
{
	if (w->full_tasks)
		return RUN_PROCESSES;
	if (w->full_disk)
		return RUN_DISK;
	if (w->full_files)
		return RUN_FILES;
	if (w->cut_file)
		return RUN_DISK;
	if (w->full_descriptors)
		return RUN_FILES;
	return RUN_OK;
}

static void judge_end(struct result *r, const struct watch *w)
{
	uint8_t met = limit_met(w);

	if (w->code == CLD_EXITED) {
		r->exit_code = w->status;
		r->status = w->status == 0 ? RUN_OK : met ? met : RUN_EXIT;
		return;
	}
	r->signal = w->status;
	r->exit_code = EXIT_BY_SIGNAL + w->status;
	if (w->status == SIGXFSZ)
		r->status = RUN_DISK;
	else if (w->status == SIGXCPU)
		r->status = RUN_CPU;
	else if (w->status == SIGSYS)
		r->status = RUN_SECCOMP;
	else if (w->caller_signal && w->caller_signal == w->status)
		r->status = RUN_KILLED;
	else
		r->status = met ? met : RUN_SIGNAL;
}

static void judge(struct result *r, const struct watch *w)
{
	for (size_t i = 0; i < ARRAY_LEN(breaches); i++)
		if (breaches[i].breach == w->breach) {
			r->status = breaches[i].status;
			r->exit_code = breaches[i].exit_code;
			r->error = breaches[i].error;
			r->signal = w->ended && w->code != CLD_EXITED ? w->status
				    : w->ended			      ? 0
								      : SIGKILL;
			return;
		}
	if (w->ended) {
		judge_end(r, w);
		return;
	}
	/* Not by us, and its first process cannot be ended from inside. */
	r->status = RUN_KILLED;
	r->signal = SIGKILL;
	r->exit_code = EXIT_KILLED;
	r->error = KILLED_ERROR;
}

static const char *limit_of(const struct result *r, const struct watch *w)
{
	switch ((enum run_status)r->status) {
	case RUN_TIMEOUT:
	case RUN_MEMORY:
	case RUN_PROCESSES:
	case RUN_OUTPUT:
		return name_of(run_statuses, r->status);
	case RUN_FILES:
		return w->full_files ? "files" : "open-files";
	case RUN_CPU:
		return "cpu-time";
	case RUN_DISK:
		return is_file_size(w) ? "file-size" : "disk";
	default:
		return NULL;
	}
}

/* Where there is no network the kernel counts what was sent to it, and nobody is asked: of a program that failed it is told,
 * unless somebody who was asked knows more. */
static void tell_unreached(struct result *r, const struct watch *w, struct arena *a)
{
	static const char text[] =
		"Network access denied: the program asked for a name or an address outside, and "
		"there is no network; --allow-network opens all, --allow-domain NAME a part";
	const struct event e = { .timestamp = r->timestamp,
				 .type = EVENT_NETWORK,
				 .description = text,
				 .severity = "medium",
				 .errnum = ENETUNREACH,
				 .pid = -1 };

	if (!w->unreached || r->status == RUN_OK || policy_network(w->policy) > NETWORK_LOOPBACK)
		return;
	for (size_t i = 0; i < r->events.n; i++)
		if (r->events.v[i].type == EVENT_NETWORK)
			return;
	event_add(&r->events, &e, a);
}

void verdict_ended(struct result *r, const struct watch *w, struct arena *a)
{
	const char *limit;

	judge(r, w);
	tell_unreached(r, w, a);
	r->reason = reason_of(r, w, a);
	limit = limit_of(r, w);
	if (!limit)
		return;
	const struct event e = { .timestamp = r->timestamp,
				 .type = EVENT_LIMIT,
				 .description = r->reason,
				 .severity = "medium",
				 .limit = limit };
	event_add(&r->events, &e, a);
	if (!r->error)
		r->error = r->status == RUN_CPU ? CPU_ERROR : "LimitExceeded";
}

void verdict_failed(struct result *r, const struct err *err, struct arena *a)
{
	char line[ERR_LINE_MAX];
	bool exec = err->kind == ERR_HOST && str_eq(err->place, "exec");

	r->status = RUN_SETUP_ERROR;
	r->exit_code = EXIT_OURS;
	if (exec && err->errnum == ENOENT)
		r->exit_code = EXIT_NOT_FOUND;
	if (exec && err->errnum == EACCES)
		r->exit_code = EXIT_NOT_EXECUTABLE;
	/* A program that is not there is its caller's fault, and so are a wrong policy and a working directory that is none; and
	 * more than fits is whoever made it. */
	r->infra_error = r->exit_code == EXIT_OURS && err->kind != ERR_INPUT &&
			 err->kind != ERR_LIMIT && !str_eq(err->place, "/process/cwd");
	r->error = r->exit_code == EXIT_NOT_FOUND	 ? "NotFound"
		   : r->exit_code == EXIT_NOT_EXECUTABLE ? "NotExecutable"
							 : "SetupError";
	r->reason = arena_str(a, err_line(err, line, sizeof(line)));
}

void verdict_stopped(struct result *r, int sig)
{
	r->status = RUN_KILLED;
	r->signal = sig;
	r->exit_code = EXIT_BY_SIGNAL + sig;
	r->error = KILLED_ERROR;
	r->reason = FROM_OUTSIDE;
}
