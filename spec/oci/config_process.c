/* SPDX-License-Identifier: Apache-2.0 */
/* config_process.c - tables of "process" and "hooks" (config.md#process, #posix-platform-hooks). */
#include "spec/oci/config.h"
#include "spec/oci/tables.h"
#include "spec/oci/words.h"

static const struct bind_row console_size_rows[] = {
	ROW(console_size, height, "height", UINT, REQUIRED, "rows of the terminal"),
	ROW(console_size, width, "width", UINT, REQUIRED, "columns of the terminal"),
};
static const struct bind_table console_size_table = TABLE(console_size, console_size_rows);

static const struct bind_row user_rows[] = {
	ROW(user, uid, "uid", UINT, 0, "user id inside the container", RANGE_ID),
	ROW(user, gid, "gid", UINT, 0, "group id inside the container", RANGE_ID),
	ROW(user, umask, "umask", OPT_UINT, 0, "file mode creation mask, in decimal", RANGE_U32),
	ROW(user, additional_gids, "additionalGids", NUMBERS, 0, "supplementary group ids",
	    RANGE_ID),
	ROW(user, username, "username", STR, 0, "for Windows; ignored"),
};
static const struct bind_table user_table = TABLE(user, user_rows);

#define CAP_ROW(set_, name, text)                                                     \
	ROW(capabilities, set_.bits, name, BITS, 0, text, .words = word_capabilities, \
	    PRESENT(capabilities, set_.set))

static const struct bind_row capabilities_rows[] = {
	CAP_ROW(bounding, "bounding", "what can ever be gained"),
	CAP_ROW(effective, "effective", "what is checked"),
	CAP_ROW(inheritable, "inheritable", "what files may pass on"),
	CAP_ROW(permitted, "permitted", "what may be made effective"),
	CAP_ROW(ambient, "ambient", "what is kept over exec without file capabilities"),
};
static const struct bind_table capabilities_table = TABLE(capabilities, capabilities_rows);

static const struct bind_row rlimit_rows[] = {
	ROW(posix_rlimit, type, "type", WORD, REQUIRED, "the resource", .words = word_rlimits),
	ROW(posix_rlimit, soft, "soft", UINT, REQUIRED, "the limit that holds"),
	ROW(posix_rlimit, hard, "hard", UINT, REQUIRED, "how far the soft limit may be raised"),
};
static const struct bind_table rlimit_table = TABLE(posix_rlimit, rlimit_rows);

static const struct bind_row scheduler_rows[] = {
	ROW(scheduler, policy, "policy", WORD, REQUIRED, "scheduling policy",
	    .words = word_sched_policies),
	ROW(scheduler, nice, "nice", INT, 0, "for SCHED_OTHER and SCHED_BATCH", RANGE_I32),
	ROW(scheduler, priority, "priority", INT, 0, "for SCHED_FIFO and SCHED_RR", RANGE_I32),
	ROW(scheduler, flags, "flags", WORDS, 0, "flags", .words = word_sched_flags),
	ROW(scheduler, runtime, "runtime", UINT, 0, "for SCHED_DEADLINE, in nanoseconds"),
	ROW(scheduler, deadline, "deadline", UINT, 0, "for SCHED_DEADLINE, in nanoseconds"),
	ROW(scheduler, period, "period", UINT, 0, "for SCHED_DEADLINE, in nanoseconds"),
};
static const struct bind_table scheduler_table = TABLE(scheduler, scheduler_rows);

static const struct bind_row io_priority_rows[] = {
	ROW(io_priority, class, "class", WORD, REQUIRED, "I/O scheduling class",
	    .words = word_io_classes),
	ROW(io_priority, priority, "priority", INT, 0, "0 (highest) to 7 within the class",
	    RANGE_I32),
};
static const struct bind_table io_priority_table = TABLE(io_priority, io_priority_rows);

static const struct bind_row exec_cpu_affinity_rows[] = {
	ROW(exec_cpu_affinity, initial, "initial", STR, 0,
	    "CPUs of the runtime's part of an exec, as a list"),
	ROW(exec_cpu_affinity, final, "final", STR, 0, "CPUs of the process of an exec, as a list"),
};
static const struct bind_table exec_cpu_affinity_table =
	TABLE(exec_cpu_affinity, exec_cpu_affinity_rows);

static const struct bind_row process_rows[] = {
	ROW(process, terminal, "terminal", BOOL, 0, "the process gets a terminal"),
	ROW_OBJECT(process, console_size, "consoleSize", console_size_table, 0,
		   "size of the terminal"),
	ROW_INLINE(process, user, "user", user_table, 0, "who the process is"),
	ROW(process, args, "args", STRINGS, 0, "the program and its arguments"),
	ROW(process, command_line, "commandLine", STR, 0, "for Windows; ignored"),
	ROW(process, env, "env", STRINGS, 0, "environment, NAME=value each"),
	ROW(process, cwd, "cwd", STR, REQUIRED, "working directory, absolute"),
	ROW_OBJECT(process, capabilities, "capabilities", capabilities_table, 0,
		   "capability sets; absent: none"),
	ROW_LIST(process, rlimits, "rlimits", rlimit_table, 0, "resource limits"),
	ROW(process, no_new_privileges, "noNewPrivileges", BOOL, 0, "exec never gains privileges"),
	ROW(process, apparmor_profile, "apparmorProfile", STR, 0, "AppArmor profile"),
	ROW(process, selinux_label, "selinuxLabel", STR, 0, "SELinux label"),
	ROW(process, oom_score_adj, "oomScoreAdj", OPT_INT, 0,
	    "how readily the kernel kills it when memory is short", RANGE_I64),
	ROW_OBJECT(process, scheduler, "scheduler", scheduler_table, 0, "CPU scheduling"),
	ROW_OBJECT(process, io_priority, "ioPriority", io_priority_table, 0, "I/O scheduling"),
	ROW_OBJECT(process, exec_cpu_affinity, "execCPUAffinity", exec_cpu_affinity_table, 0,
		   "CPUs of processes that exec adds"),
};
const struct bind_table process_table = TABLE(process, process_rows);

static const struct bind_row hook_rows[] = {
	ROW(hook, path, "path", STR, REQUIRED, "the program, absolute"),
	ROW(hook, args, "args", STRINGS, 0, "its arguments, the name first"),
	ROW(hook, env, "env", STRINGS, 0, "its whole environment"),
	ROW(hook, timeout, "timeout", OPT_INT, 0, "seconds until it is killed", RANGE_I64),
};
static const struct bind_table hook_table = TABLE(hook, hook_rows);

static const struct bind_row hooks_rows[] = {
	ROW_LIST(hooks, prestart, "prestart", hook_table, 0,
		 "after the namespaces exist, in the runtime's (deprecated)"),
	ROW_LIST(hooks, create_runtime, "createRuntime", hook_table, 0,
		 "after the namespaces exist, in the runtime's"),
	ROW_LIST(hooks, create_container, "createContainer", hook_table, 0,
		 "before the root changes, in the container's namespaces"),
	ROW_LIST(hooks, start_container, "startContainer", hook_table, 0,
		 "before the program starts, in the container's namespaces"),
	ROW_LIST(hooks, poststart, "poststart", hook_table, 0,
		 "after the program has started, in the runtime's namespaces"),
	ROW_LIST(hooks, poststop, "poststop", hook_table, 0,
		 "after the container is deleted, in the runtime's namespaces"),
};
const struct bind_table hooks_table = TABLE(hooks, hooks_rows);
