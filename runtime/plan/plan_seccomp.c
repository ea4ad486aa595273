/* SPDX-License-Identifier: Apache-2.0 */
/* plan_seccomp.c - reads a profile into rules by system call, and has each architecture compiled.
 *
 * profile -> (row of a name -> the profile's entries)   one lookup a name, for all architectures
 *         -> ranges of numbers with one decision        seccomp_ranges.c, per architecture
 *         -> instructions, last one first               seccomp_tree.c, seccomp_code.c */
#include "runtime/plan/plan_seccomp.h"

#include <linux/seccomp.h>
#include <string.h>

#include "runtime/plan/seccomp_rules.h"

#ifndef SECCOMP_FILTER_FLAG_TSYNC_ESRCH
#define SECCOMP_FILTER_FLAG_TSYNC_ESRCH (1UL << 4)
#endif
#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

/* The kernel's MAX_ERRNO; a larger one would be cut to it. */
#define ERRNO_MAX 4095
#define ARGS_OF_A_CALL 6

/* Actions that carry a number, and the largest they can. */
static const struct data_action {
	uint32_t action, max;
} data_actions[] = {
	{ SECCOMP_RET_ERRNO, ERRNO_MAX },
	{ SECCOMP_RET_TRACE, SECCOMP_RET_DATA },
};

/* By this call the loading process tells its parent where the listener is; it would wait for an
 * answer from somebody who has not got the listener yet. */
static const char notify_refused[] = "write";

static int action_of(uint32_t action, const struct opt_u64 *data, const char *property,
		     uint32_t *ret, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(data_actions); i++) {
		if (data_actions[i].action != action)
			continue;
		if (data->set && data->v > data_actions[i].max) {
			(void)err_input(err, "must be at most %u, is %llu", data_actions[i].max,
					(unsigned long long)data->v);
			return err_in(err, "/%s", property);
		}
		*ret = action | (data->set ? (uint32_t)data->v : EPERM);
		return 0;
	}
	if (data->set) {
		(void)err_input(err, "only SCMP_ACT_ERRNO and SCMP_ACT_TRACE carry a number");
		return err_in(err, "/%s", property);
	}
	*ret = action;
	return 0;
}

static int check_args(const struct seccomp_args *args, bool *twice, struct err *err)
{
	unsigned int seen = 0;

	*twice = false;
	for (size_t i = 0; i < args->n; i++) {
		const struct seccomp_arg *arg = &args->v[i];

		if (arg->index >= ARGS_OF_A_CALL) {
			(void)err_input(err, "a system call has arguments 0 to 5, not %u",
					arg->index);
			return err_in(err, "/args/%zu/index", i);
		}
		if (arg->op < SCMP_OP_NE || arg->op > SCMP_OP_MASKED_EQ) {
			(void)err_input(err, "unknown comparison %d", arg->op);
			return err_in(err, "/args/%zu/op", i);
		}
		*twice |= seen >> arg->index & 1;
		seen |= 1u << arg->index;
	}
	return 0;
}

static int check_notify(const struct seccomp_syscall *call, struct err *err)
{
	for (size_t i = 0; i < call->names.n; i++)
		if (strcmp(call->names.v[i], notify_refused) == 0) {
			(void)err_input(err,
					"SCMP_ACT_NOTIFY for %s would keep the container from "
					"starting: its listener is handed over by that call",
					notify_refused);
			return err_in(err, "/names/%zu", i);
		}
	return 0;
}

static void note_unknown(struct seccomp_program *p, struct arena *a, size_t row, size_t at,
			 const char *name)
{
	p->unknown_total++;
	if (p->unknown_n == SECCOMP_UNKNOWN_MAX)
		return;
	if (!p->unknown)
		p->unknown = arena_array(a, struct seccomp_unknown, SECCOMP_UNKNOWN_MAX);
	p->unknown[p->unknown_n++] = (struct seccomp_unknown){ row, at, name };
}

/* The entry's rule hangs on each of its names. */
static void add_names(struct rules *r, const struct seccomp_syscall *call, size_t row, bool says,
		      struct arena *a, struct seccomp_program *ret)
{
	int name = -1;

	for (size_t i = 0; i < call->names.n; i++) {
		name = syscall_find_after(call->names.v[i], name);
		if (name < 0)
			note_unknown(ret, a, row, i, call->names.v[i]);
		else
			rules_add(r, (uint16_t)name, says ? (uint16_t)(row + 1) : 0);
	}
}

static int add_row(struct rules *r, const struct seccomp *s, size_t row, struct arena *a,
		   struct seccomp_program *ret, struct err *err)
{
	const struct seccomp_syscall *call = &s->syscalls.v[row];
	struct rule *rule = &r->rules[row];

	TRY(action_of(call->action, &call->errno_ret, "errnoRet", &rule->action, err));
	TRY(check_args(&call->args, &rule->alternatives, err));
	if (rule->action == SECCOMP_RET_USER_NOTIF) {
		TRY(check_notify(call, err));
		ret->notify = true;
	}
	rule->args = call->args.v;
	rule->n = call->args.n;
	rule_weigh(rule);
	add_names(r, call, row, rule->action != r->default_action, a, ret);
	return 0;
}

static int read_rows(struct rules *r, const struct seccomp *s, struct arena *a,
		     struct seccomp_program *ret, struct err *err)
{
	size_t names = 0;

	if (s->syscalls.n > SECCOMP_ROWS_MAX) {
		(void)err_limit(err, "%zu entries are more than %d", s->syscalls.n,
				SECCOMP_ROWS_MAX);
		return err_in(err, "/syscalls");
	}
	for (size_t i = 0; i < s->syscalls.n; i++)
		names += s->syscalls.v[i].names.n;
	if (names > SECCOMP_NAMES_MAX) {
		(void)err_limit(err, "%zu names are more than %d", names, SECCOMP_NAMES_MAX);
		return err_in(err, "/syscalls");
	}
	rules_init(r, s->syscalls.n, names);
	for (size_t i = 0; i < s->syscalls.n; i++)
		if (add_row(r, s, i, a, ret, err) < 0)
			return err_in(err, "/syscalls/%zu", i);
	return 0;
}

static int add_arch(struct rules *r, const struct syscall_arch *arch, struct err *err)
{
	for (size_t i = 0; i < r->archs_n; i++)
		if (r->archs[i] == arch)
			return 0;
	if (r->archs_n && (arch->flags ^ r->archs[0]->flags) & ARCH_BIG)
		return err_input(err,
				 "%s orders bytes the other way round than this machine; a filter "
				 "cannot serve both, so take it out of the list",
				 arch->name);
	r->archs[r->archs_n++] = arch;
	return 0;
}

static int read_archs(struct rules *r, const char *native, const struct seccomp *s, struct err *err)
{
	const struct syscall_arch *arch = syscall_arch(native);

	if (s->architectures.n > SECCOMP_ARCHS_MAX) {
		(void)err_limit(err, "%zu entries are more than %d", s->architectures.n,
				SECCOMP_ARCHS_MAX);
		return err_in(err, "/architectures");
	}
	if (!arch)
		return err_input(err, "no table of system calls for %s (%s)", native,
				 syscall_source());
	TRY(add_arch(r, arch, err));
	for (size_t i = 0; i < s->architectures.n; i++) {
		arch = syscall_arch(s->architectures.v[i]);
		if (!arch)
			(void)err_input(err,
					"no table of system calls for %s (%s): take it out of "
					"the list; without it, its calls kill the thread",
					s->architectures.v[i], syscall_source());
		if (!arch || add_arch(r, arch, err) < 0)
			return err_in(err, "/architectures/%zu", i);
	}
	return 0;
}

/* Without the property the speculation mitigations stay off, as runc and crun have it. */
static unsigned int flags_of(const struct seccomp *s, bool notify)
{
	unsigned int flags = s->flags_set ? (unsigned int)s->flags
					  : (unsigned int)SECCOMP_FILTER_FLAG_SPEC_ALLOW;

	/* The kernel refuses to wait killably for a listener that there is not. */
	if (!notify)
		return flags & ~(unsigned int)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	/* And both TSYNC and a listener only where a failed TSYNC is no thread id. */
	if (flags & SECCOMP_FILTER_FLAG_TSYNC)
		flags |= (unsigned int)SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
	return flags | (unsigned int)SECCOMP_FILTER_FLAG_NEW_LISTENER;
}

static int compile(const char *native, const struct seccomp *s, struct arena *a,
		   struct seccomp_program *ret, struct err *err)
{
	struct rules rules = { .arena = a };
	struct seccomp_program p = { 0 };

	TRY(action_of(s->default_action, &s->default_errno_ret, "defaultErrnoRet",
		      &rules.default_action, err));
	if (rules.default_action == SECCOMP_RET_USER_NOTIF) {
		(void)err_input(err,
				"SCMP_ACT_NOTIFY cannot be the default: the container could not "
				"hand over its listener");
		return err_in(err, "/defaultAction");
	}
	rules.x32_action =
		s->x32_errno ? SECCOMP_RET_ERRNO | (uint32_t)s->x32_errno : SECCOMP_RET_KILL_THREAD;
	TRY(read_archs(&rules, native, s, err));
	TRY(read_rows(&rules, s, a, &p, err));
	TRY(rules_emit(&rules, &p.insns, &p.n, err));
	p.flags = flags_of(s, p.notify);
	*ret = p;
	return 0;
}

int seccomp_compile_for(const char *native, const struct seccomp *s, struct arena *a,
			struct seccomp_program *ret, struct err *err)
{
	if (compile(native, s, a, ret, err) < 0)
		return err_in(err, "/linux/seccomp");
	return 0;
}

int seccomp_compile(const struct seccomp *s, struct arena *a, struct seccomp_program *ret,
		    struct err *err)
{
	return seccomp_compile_for(syscall_native()->name, s, a, ret, err);
}

struct strings seccomp_machine(bool x32)
{
	static const char *const names[] = {
#if defined(__x86_64__)
		"SCMP_ARCH_X86_64",
		"SCMP_ARCH_X86",
		"SCMP_ARCH_X32",
#elif defined(__aarch64__)
		"SCMP_ARCH_AARCH64",
		"SCMP_ARCH_ARM",
#endif
		NULL,
	};

	size_t n = ARRAY_LEN(names) - 1;

	if (!x32 && n && strcmp(names[n - 1], "SCMP_ARCH_X32") == 0)
		n--;
	return (struct strings){ (const char **)(uintptr_t)names, n };
}
