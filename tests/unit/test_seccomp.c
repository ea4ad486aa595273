/* SPDX-License-Identifier: Apache-2.0 */
/* test_seccomp.c - what the filter compiler refuses, bounds, and makes the kernel do. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "spec/base/str.h"
#include "tests/unit/seccomp_sim.h"

#define NATIVE_AUDIT (syscall_native()->audit)
/* More than any profile may take, on a slow machine under a sanitizer. */
#define SECONDS_MAX 10
#define ALLOW SECCOMP_RET_ALLOW
#define NOTIFY SECCOMP_RET_USER_NOTIF

struct draft {
	struct arena arena;
	struct seccomp p;
	struct seccomp_program program;
	struct err err;
	char line[ERR_LINE_MAX];
};

static struct draft *draft(uint32_t default_action)
{
	struct draft *d = calloc(1, sizeof(*d));

	assert_non_null(d);
	d->p.default_action = default_action;
	d->p.syscalls.v = arena_array(&d->arena, struct seccomp_syscall, SECCOMP_ROWS_MAX + 1);
	return d;
}

static void scrap(struct draft *d)
{
	arena_done(&d->arena);
	free(d);
}

static struct seccomp_syscall *row(struct draft *d, uint32_t action, const char *name, size_t args)
{
	struct seccomp_syscall *r = &d->p.syscalls.v[d->p.syscalls.n++];

	r->action = action;
	r->names.v = arena_array(&d->arena, const char *, 2);
	r->names.v[r->names.n++] = name;
	r->args.v = arena_array(&d->arena, struct seccomp_arg, args + 1);
	return r;
}

static void arg(struct seccomp_syscall *r, uint32_t index, int op, uint64_t value, uint64_t two)
{
	r->args.v[r->args.n++] = (struct seccomp_arg){ index, value, two, op };
}

static void archs(struct draft *d, const char *word)
{
	d->p.architectures.v = arena_array(&d->arena, const char *, 2);
	d->p.architectures.v[0] = word;
	d->p.architectures.n = 1;
}

static void compiles(struct draft *d)
{
	if (seccomp_compile(&d->p, &d->arena, &d->program, &d->err) < 0) {
		print_error("%s\n", err_line(&d->err, d->line, sizeof(d->line)));
		fail();
	}
	assert_true(sim_valid(d->program.insns, d->program.n));
}

/* Refused at that place, and nothing was written. */
static void refuses(struct draft *d, int kind, const char *place)
{
	assert_int_equal(seccomp_compile(&d->p, &d->arena, &d->program, &d->err), -1);
	assert_string_equal(d->err.place, place);
	assert_int_equal(d->err.kind, kind);
	assert_null(d->program.insns);
	scrap(d);
}

static uint32_t answer(struct draft *d, uint32_t nr, uint64_t a0)
{
	struct sim_call call = { .nr = nr, .arch = NATIVE_AUDIT, .args = { a0 } };

	return sim_run(d->program.insns, d->program.n, false, &call);
}

static void every_name_of_the_dictionary_is_found(void **state)
{
	(void)state;
	assert_true(syscall_rows() > 400);
	assert_int_equal(syscall_find("nosuchcall"), -1);
	assert_int_equal(syscall_find(""), -1);
	assert_int_equal(syscall_find_after("nosuchcall", 0), -1);
	assert_int_equal(syscall_find_after("", -1), -1);
	for (int row = 0; row < (int)syscall_rows(); row++) {
		assert_int_equal(syscall_find_after(syscall_name(row), -1), row);
		assert_int_equal(syscall_find_after(syscall_name(row), row - 1), row);
		assert_int_equal(syscall_find_after(syscall_name(row), row), row);
		assert_int_equal(syscall_find_after(syscall_name(row), (int)syscall_rows() - 1),
				 row);
	}
	for (int number = 0; number < SYS_openat2; number++) {
		char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, number);
		bool found = !name || syscall_find(name) >= 0;

		free(name);
		assert_true(found);
	}
	assert_int_equal(NATIVE_AUDIT, seccomp_arch_native());
}

static void refuses_what_it_has_no_table_for(void **state)
{
	struct draft *d = draft(ALLOW);

	(void)state;
	archs(d, "SCMP_ARCH_M68K");
	refuses(d, ERR_INPUT, "/linux/seccomp/architectures/0");
	d = draft(ALLOW);
	archs(d, "SCMP_ARCH_S390X");
	refuses(d, ERR_INPUT, "/linux/seccomp/architectures/0");
}

static void refuses_numbers_that_actions_cannot_carry(void **state)
{
	struct draft *d = draft(SECCOMP_RET_ERRNO);

	(void)state;
	d->p.default_errno_ret = (struct opt_u64){ true, 4096 };
	refuses(d, ERR_INPUT, "/linux/seccomp/defaultErrnoRet");
	d = draft(ALLOW);
	row(d, SECCOMP_RET_TRACE, "read", 0)->errno_ret = (struct opt_u64){ true, 65536 };
	refuses(d, ERR_INPUT, "/linux/seccomp/syscalls/0/errnoRet");
	d = draft(SECCOMP_RET_ERRNO);
	row(d, ALLOW, "read", 0)->errno_ret = (struct opt_u64){ true, 1 };
	refuses(d, ERR_INPUT, "/linux/seccomp/syscalls/0/errnoRet");
}

static void refuses_arguments_that_no_call_has(void **state)
{
	struct draft *d = draft(SECCOMP_RET_ERRNO);

	(void)state;
	(void)row(d, ALLOW, "write", 0);
	arg(row(d, ALLOW, "read", 1), 6, SCMP_OP_EQ, 0, 0);
	refuses(d, ERR_INPUT, "/linux/seccomp/syscalls/1/args/0/index");
	d = draft(SECCOMP_RET_ERRNO);
	arg(row(d, ALLOW, "read", 1), 0, SCMP_OP_MASKED_EQ + 1, 0, 0);
	refuses(d, ERR_INPUT, "/linux/seccomp/syscalls/0/args/0/op");
}

static void refuses_a_listener_that_nobody_could_get(void **state)
{
	(void)state;
	refuses(draft(NOTIFY), ERR_INPUT, "/linux/seccomp/defaultAction");

	struct draft *d = draft(ALLOW);
	(void)row(d, NOTIFY, "write", 0);
	refuses(d, ERR_INPUT, "/linux/seccomp/syscalls/0/names/0");
}

static void flags_are_those_of_the_profile(void **state)
{
	static const struct {
		bool set, notify;
		uint64_t given;
		unsigned int wanted;
	} cases[] = {
		{ false, false, 0, SECCOMP_FILTER_FLAG_SPEC_ALLOW },
		{ true, false, 0, 0 },
		{ true, false, SECCOMP_FILTER_FLAG_LOG, SECCOMP_FILTER_FLAG_LOG },
		{ true, false, 32, 0 }, /* WAIT_KILLABLE_RECV without a listener */
		{ true, true, 32, 32 | SECCOMP_FILTER_FLAG_NEW_LISTENER },
		{ true, true, SECCOMP_FILTER_FLAG_TSYNC,
		  SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_NEW_LISTENER | 16 },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct draft *d = draft(ALLOW);

		(void)row(d, cases[i].notify ? NOTIFY : SECCOMP_RET_LOG, "mkdir", 0);
		d->p.flags_set = cases[i].set;
		d->p.flags = cases[i].given;
		compiles(d);
		assert_int_equal(d->program.flags, cases[i].wanted);
		assert_int_equal(d->program.notify, cases[i].notify);
		scrap(d);
	}
}

static void unknown_names_are_told_and_skipped(void **state)
{
	struct draft *d = draft(SECCOMP_RET_ERRNO);

	(void)state;
	(void)row(d, ALLOW, "read", 0);
	for (size_t i = 0; i < SECCOMP_UNKNOWN_MAX + 5; i++)
		(void)row(d, ALLOW, "nosuchcall", 0);
	compiles(d);
	assert_int_equal(d->program.unknown_total, SECCOMP_UNKNOWN_MAX + 5);
	assert_int_equal(d->program.unknown_n, SECCOMP_UNKNOWN_MAX);
	assert_int_equal(d->program.unknown[0].row, 1);
	assert_string_equal(d->program.unknown[0].name, "nosuchcall");
	assert_int_equal(answer(d, SYS_read, 0), ALLOW);
	scrap(d);
}

static void calls_beyond_the_newest_named_one_are_unknown(void **state)
{
	static const struct {
		uint32_t default_action, beyond;
	} cases[] = {
		{ SECCOMP_RET_ERRNO, SIM_ENOSYS },
		{ SECCOMP_RET_KILL_PROCESS, SIM_ENOSYS },
		{ ALLOW, ALLOW },
		{ SECCOMP_RET_LOG, SECCOMP_RET_LOG },
		{ SECCOMP_RET_TRACE, SECCOMP_RET_TRACE | EPERM },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct draft *d = draft(cases[i].default_action);

		(void)row(d, SECCOMP_RET_TRAP, "openat2", 0);
		compiles(d);
		assert_int_equal(answer(d, SYS_openat2, 0), SECCOMP_RET_TRAP);
		assert_int_equal(answer(d, SYS_openat2 - 1, 0),
				 sim_action(cases[i].default_action, &d->p.default_errno_ret));
		assert_int_equal(answer(d, SYS_openat2 + 1, 0), cases[i].beyond);
		scrap(d);
	}
}

static void two_conditions_on_one_argument_are_alternatives(void **state)
{
	struct draft *d = draft(SECCOMP_RET_ERRNO);
	struct seccomp_syscall *r = row(d, ALLOW, "socket", 2);

	(void)state;
	arg(r, 0, SCMP_OP_EQ, 1, 0);
	arg(r, 0, SCMP_OP_EQ, 2, 0);
	compiles(d);
	assert_int_equal(answer(d, SYS_socket, 1), ALLOW);
	assert_int_equal(answer(d, SYS_socket, 2), ALLOW);
	assert_int_equal(answer(d, SYS_socket, 3), SECCOMP_RET_ERRNO | EPERM);
	scrap(d);
}

/* --- bounds --------------------------------------------------------------------------------- */

static double seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void ten_thousand_conditions_on_one_call_are_too_many(void **state)
{
	struct draft *d = draft(SECCOMP_RET_ERRNO);
	double start = seconds();

	(void)state;
	for (uint64_t i = 0; i < 10000; i++)
		arg(row(d, ALLOW, "ioctl", 1), 1, SCMP_OP_GT, UINT64_MAX - i, 0);
	refuses(d, ERR_LIMIT, "/linux/seccomp");
	assert_true(seconds() - start < SECONDS_MAX);
}

static void more_entries_or_names_than_the_bounds_are_refused(void **state)
{
	static const char *many[SECCOMP_NAMES_MAX + 1];
	struct draft *d = draft(SECCOMP_RET_ERRNO);
	struct seccomp_syscall *r;

	(void)state;
	for (size_t i = 0; i <= SECCOMP_ROWS_MAX; i++)
		d->p.syscalls.n++;
	refuses(d, ERR_LIMIT, "/linux/seccomp/syscalls");
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		many[i] = "read";
	d = draft(SECCOMP_RET_ERRNO);
	r = row(d, ALLOW, "read", 0);
	r->names = (struct strings){ many, ARRAY_LEN(many) };
	refuses(d, ERR_LIMIT, "/linux/seccomp/syscalls");
}

/* As many names and conditions as fit, all about the same calls: it is refused or small, in time. */
static void repetition_costs_no_time_and_no_instructions(void **state)
{
	static const char *many[SECCOMP_NAMES_MAX];
	struct draft *d = draft(SECCOMP_RET_ERRNO);
	struct seccomp_syscall *r = row(d, ALLOW, "read", 4000);
	double start = seconds();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(many); i++)
		many[i] = i % 2 ? "read" : "kill";
	r->names = (struct strings){ many, ARRAY_LEN(many) };
	compiles(d);
	assert_true(d->program.n < 24);
	for (uint32_t i = 0; i < 4000; i++)
		arg(r, 0, SCMP_OP_EQ, i, 0);
	memset(&d->program, 0, sizeof(d->program));
	refuses(d, ERR_LIMIT, "/linux/seccomp");
	assert_true(seconds() - start < SECONDS_MAX);
}

static void a_program_of_thousands_of_instructions_keeps_its_jumps(void **state)
{
	struct draft *d = draft(SECCOMP_RET_ERRNO);

	(void)state;
	for (uint64_t i = 0; i < 450; i++) {
		struct seccomp_syscall *r = row(d, ALLOW, "ioctl", 2);

		arg(r, 0, SCMP_OP_EQ, i * 3, 0);
		arg(r, 1, SCMP_OP_LT, 5, 0);
	}
	(void)row(d, SECCOMP_RET_TRAP, "read", 0);
	(void)row(d, ALLOW, "openat2", 0);
	compiles(d);
	assert_true(d->program.n > 3000);
	for (uint64_t i = 0; i < 1350; i++)
		assert_int_equal(answer(d, SYS_ioctl, i),
				 i % 3 ? SECCOMP_RET_ERRNO | EPERM : ALLOW);
	assert_int_equal(answer(d, SYS_read, 0), SECCOMP_RET_TRAP);
	assert_int_equal(answer(d, SYS_openat2, 0), ALLOW);
	assert_int_equal(answer(d, SYS_openat2 + 1, 0), SIM_ENOSYS);
	scrap(d);
}

/* --- the kernel's own opinion ----------------------------------------------------------------- */

/* In a child under the filter: errno of the call, 0 where it succeeded; -SIGNAL where it died. */
static int under_filter(const struct seccomp_program *p, long number, long a0, long a1)
{
	struct sock_fprog prog = { (unsigned short)p->n, p->insns };
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
		    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, p->flags, &prog))
			(void)syscall(SYS_exit_group, 255);
		/* Not by _exit: a sanitizer would make calls of its own on the way out. */
		(void)syscall(SYS_exit_group, syscall(number, a0, a1, 0, 0, 0, 0) < 0 ? errno : 0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void the_kernel_does_what_the_profile_says(void **state)
{
	struct draft *d = draft(ALLOW);
	struct seccomp_syscall *r;

	(void)state;
	row(d, SECCOMP_RET_ERRNO, "getppid", 0)->errno_ret = (struct opt_u64){ true, 77 };
	(void)row(d, SECCOMP_RET_KILL_PROCESS, "getpgid", 0);
	(void)row(d, SECCOMP_RET_KILL_THREAD, "getsid", 0);
	r = row(d, SECCOMP_RET_ERRNO, "dup3", 2);
	arg(r, 0, SCMP_OP_GE, 0xfffffffffffffff0, 0);
	arg(r, 1, SCMP_OP_MASKED_EQ, 0xff, 7);
	r->errno_ret = (struct opt_u64){ true, 78 };
	compiles(d);
	assert_int_equal(under_filter(&d->program, SYS_getuid, 0, 0), 0);
	assert_int_equal(under_filter(&d->program, SYS_getppid, 0, 0), 77);
	assert_int_equal(under_filter(&d->program, SYS_getpgid, 0, 0), -SIGSYS);
	assert_int_equal(under_filter(&d->program, SYS_getsid, 0, 0), -SIGSYS);
	assert_int_equal(under_filter(&d->program, SYS_dup3, -1, 0x107), 78);
	assert_int_equal(under_filter(&d->program, SYS_dup3, -1, 0x108), EBADF);
	assert_int_equal(under_filter(&d->program, SYS_dup3, 1000, 0x107), EBADF);
	scrap(d);
}

static void the_kernel_says_enosys_to_calls_of_tomorrow(void **state)
{
	struct draft *d = draft(SECCOMP_RET_ERRNO);

	(void)state;
	(void)row(d, ALLOW, "exit_group", 0);
	(void)row(d, ALLOW, "openat2", 0);
	compiles(d);
	assert_int_equal(under_filter(&d->program, SYS_getppid, 0, 0), EPERM);
	assert_int_equal(under_filter(&d->program, SYS_openat2 + 1, 0, 0), ENOSYS);
	if (syscall_native()->flags & ARCH_X86_64)
		assert_int_equal(under_filter(&d->program, (long)X32_BIT | 39, 0, 0), -SIGSYS);
	d->p.x32_errno = EDOM;
	compiles(d);
	if (syscall_native()->flags & ARCH_X86_64)
		assert_int_equal(under_filter(&d->program, (long)X32_BIT | 39, 0, 0), EDOM);
	scrap(d);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_name_of_the_dictionary_is_found),
		cmocka_unit_test(refuses_what_it_has_no_table_for),
		cmocka_unit_test(refuses_numbers_that_actions_cannot_carry),
		cmocka_unit_test(refuses_arguments_that_no_call_has),
		cmocka_unit_test(refuses_a_listener_that_nobody_could_get),
		cmocka_unit_test(flags_are_those_of_the_profile),
		cmocka_unit_test(unknown_names_are_told_and_skipped),
		cmocka_unit_test(calls_beyond_the_newest_named_one_are_unknown),
		cmocka_unit_test(two_conditions_on_one_argument_are_alternatives),
		cmocka_unit_test(ten_thousand_conditions_on_one_call_are_too_many),
		cmocka_unit_test(more_entries_or_names_than_the_bounds_are_refused),
		cmocka_unit_test(repetition_costs_no_time_and_no_instructions),
		cmocka_unit_test(a_program_of_thousands_of_instructions_keeps_its_jumps),
		cmocka_unit_test(the_kernel_does_what_the_profile_says),
		cmocka_unit_test(the_kernel_says_enosys_to_calls_of_tomorrow),
	};

	cmocka_set_message_output(CM_OUTPUT_TAP);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
