/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp_sim.h - what tests of the filter compiler share: an interpreter of filters, the meaning of
 * a profile spelt out rule by rule, libseccomp's program for it, and profiles out of bytes. */
#pragma once

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "runtime/plan/plan_seccomp.h"
#include "runtime/plan/seccomp_names.h"
#include "spec/base/arena.h"
#include "spec/base/scope.h"

#define SIM_BROKEN 0xdeadbeefu /* the filter left its bounds */
#define SIM_ENOSYS (SECCOMP_RET_ERRNO | ENOSYS)

struct sim_call {
	uint32_t nr, arch;
	uint64_t args[6];
};

/* --- interpreter ---------------------------------------------------------------------------- */

static inline bool sim_load(const struct sim_call *call, bool big, uint32_t offset, uint32_t *ret)
{
	uint32_t word = offset / 4, at = word - 4;

	if (offset % 4 || word == 2 || word == 3 || word >= 16)
		return false;
	if (word == 0)
		*ret = call->nr;
	else if (word == 1)
		*ret = call->arch;
	else
		*ret = (uint32_t)((at % 2 != 0) != big ? call->args[at / 2] >> 32
						       : call->args[at / 2]);
	return true;
}

/* Every jump leads forward, so the loop ends. *asked (may be NULL): the call's number was loaded. */
static inline uint32_t sim_trace(const struct sock_filter *insns, size_t n, bool big,
				 const struct sim_call *call, bool *asked)
{
	uint32_t a = 0;

	for (size_t pc = 0; pc < n; pc++) {
		const struct sock_filter *i = &insns[pc];

		switch (i->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (!sim_load(call, big, i->k, &a))
				return SIM_BROKEN;
			if (asked && i->k == 0)
				*asked = true;
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= i->k;
			break;
		case BPF_JMP | BPF_JA:
			pc += i->k;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += a == i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			pc += a >= i->k ? i->jt : i->jf;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			pc += a > i->k ? i->jt : i->jf;
			break;
		case BPF_RET | BPF_K:
			return i->k;
		default:
			return SIM_BROKEN;
		}
	}
	return SIM_BROKEN;
}

static inline uint32_t sim_run(const struct sock_filter *insns, size_t n, bool big,
			       const struct sim_call *call)
{
	return sim_trace(insns, n, big, call, NULL);
}

/* What the kernel checks before it takes a filter: bounds of jumps, and a return at the end. */
static inline bool sim_valid(const struct sock_filter *insns, size_t n)
{
	for (size_t pc = 0; pc < n; pc++) {
		const struct sock_filter *i = &insns[pc];
		bool jump = BPF_CLASS(i->code) == BPF_JMP;

		if (jump && BPF_OP(i->code) == BPF_JA && i->k >= n - pc - 1)
			return false;
		if (jump && BPF_OP(i->code) != BPF_JA &&
		    (pc + i->jt + 1 >= n || pc + i->jf + 1 >= n))
			return false;
	}
	return n && n <= BPF_MAXINSNS && BPF_CLASS(insns[n - 1].code) == BPF_RET;
}

/* --- the meaning of a profile, without any cleverness ------------------------------------------ */

static inline uint32_t sim_action(uint32_t action, const struct opt_u64 *data)
{
	if (action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_TRACE)
		return action | (data->set ? (uint32_t)data->v : EPERM);
	return action;
}

static inline bool sim_holds(const struct seccomp_arg *arg, const uint64_t args[6], bool narrow)
{
	uint64_t width = narrow ? UINT32_MAX : UINT64_MAX;
	uint64_t x = args[arg->index] & width, v = arg->value & width;

	switch (arg->op) {
	case SCMP_OP_NE:
		return x != v;
	case SCMP_OP_LT:
		return x < v;
	case SCMP_OP_LE:
		return x <= v;
	case SCMP_OP_EQ:
		return x == v;
	case SCMP_OP_GE:
		return x >= v;
	case SCMP_OP_GT:
		return x > v;
	default:
		return (x & v) == (arg->value_two & v);
	}
}

/* The numbers of each name on one architecture, asked of libseccomp once. */
struct sim_name {
	int direct; /* -1: none */
	int mux; /* 100 + sub of socketcall, 200 + sub of ipc; 0 none */
};
struct sim_arch {
	const struct syscall_arch *arch;
	uint32_t token;
	int socketcall, ipc;
	struct sim_name **rows; /* by row and name of the profile */
	uint32_t last; /* largest number that is named */
};

static inline uint32_t sim_token(const char *word)
{
	char name[32] = "";

	for (size_t i = 0; word[10 + i] && i + 1 < sizeof(name); i++)
		name[i] = (char)(word[10 + i] >= 'A' && word[10 + i] <= 'Z' ? word[10 + i] + 32
									    : word[10 + i]);
	return seccomp_arch_resolve_name(name);
}

/* The number that a call inside socketcall has besides, where there is one. */
static inline int sim_direct(const struct sim_arch *s, const char *name)
{
	uint32_t token = s->token;
	int base = s->socketcall / 1000 * 1000; /* MIPS starts at 4000 */

	for (int number = base; number < base + 512; number++) {
		char *found = seccomp_syscall_resolve_num_arch(token, number);
		bool same = found && strcmp(found, name) == 0;

		free(found);
		if (same)
			return number;
	}
	return -1;
}

static inline struct sim_name sim_resolve(const struct sim_arch *s, const char *name)
{
	int number = seccomp_syscall_resolve_name_arch(s->token, name);

	if (number >= 0)
		return (struct sim_name){ number, 0 };
	if (number <= -300 || number >= -100)
		return (struct sim_name){ -1, 0 };
	return (struct sim_name){ sim_direct(s, name), s->socketcall >= 0 ? -number : 0 };
}

static inline struct sim_arch sim_arch_of(const struct seccomp *p, const char *word,
					  struct arena *a)
{
	struct sim_arch s = { .arch = syscall_arch(word), .token = sim_token(word) };
	uint32_t last = 0;

	s.socketcall = seccomp_syscall_resolve_name_arch(s.token, "socketcall");
	s.ipc = seccomp_syscall_resolve_name_arch(s.token, "ipc");
	s.rows = arena_array(a, struct sim_name *, p->syscalls.n + 1);
	for (size_t i = 0; i < p->syscalls.n; i++) {
		const struct strings *names = &p->syscalls.v[i].names;

		s.rows[i] = arena_array(a, struct sim_name, names->n + 1);
		for (size_t k = 0; k < names->n; k++) {
			struct sim_name n = sim_resolve(&s, names->v[k]);
			int outer = n.mux >= 200 ? s.ipc : n.mux ? s.socketcall : -1;

			s.rows[i][k] = n;
			if (n.direct >= 0 && (uint32_t)n.direct > last)
				last = (uint32_t)n.direct;
			if (outer >= 0 && (uint32_t)outer > last)
				last = (uint32_t)outer;
		}
	}
	s.last = last;
	return s;
}

struct sim_verdict {
	bool found, sure; /* sure: by an entry without conditions */
	uint32_t action;
};

static inline void sim_weigh(struct sim_verdict *v, uint32_t action, bool conditional, bool holds)
{
	if (v->sure || !holds)
		return;
	if (!conditional)
		*v = (struct sim_verdict){ true, true, action };
	else if (!v->found || (int32_t)(action & SECCOMP_RET_ACTION_FULL) <
				      (int32_t)(v->action & SECCOMP_RET_ACTION_FULL))
		*v = (struct sim_verdict){ true, false, action };
}

/* One entry: are there conditions at all, and do they hold? first: arguments before it do not count. */
static inline void sim_entry(struct sim_verdict *v, const struct seccomp_syscall *row,
			     uint32_t action, const uint64_t args[6], bool narrow, uint32_t first)
{
	size_t real = 0, held = 0;
	unsigned int seen = 0;
	bool twice = false;

	for (size_t i = 0; i < row->args.n; i++) {
		const struct seccomp_arg *arg = &row->args.v[i];
		uint64_t mask = narrow ? (uint32_t)arg->value : arg->value;

		twice |= seen >> arg->index & 1;
		seen |= 1u << arg->index;
		if (arg->index < first || (arg->op == SCMP_OP_MASKED_EQ && !mask))
			continue;
		real++;
		held += sim_holds(arg, args, narrow);
	}
	if (twice)
		sim_weigh(v, action, real == row->args.n, real < row->args.n || held > 0);
	else
		sim_weigh(v, action, real > 0, held == real);
}

/* Everything that the profile says about calls with this name's number, or inside socketcall. */
static inline uint32_t sim_decide(const struct seccomp *p, const struct sim_arch *s,
				  const struct sim_call *call)
{
	uint32_t otherwise = sim_action(p->default_action, &p->default_errno_ret);
	bool narrow = s->arch->flags & ARCH_32BIT;
	struct sim_verdict own = { 0 }, inner = { 0 };

	for (size_t i = 0; i < p->syscalls.n; i++) {
		const struct seccomp_syscall *row = &p->syscalls.v[i];
		uint32_t action = sim_action(row->action, &row->errno_ret);

		for (size_t k = 0; k < row->names.n && action != otherwise; k++) {
			struct sim_name n = s->rows[i][k];
			int outer = n.mux >= 200 ? s->ipc : n.mux ? s->socketcall : -1;
			uint64_t sub = narrow ? (uint32_t)call->args[0] : call->args[0];

			if (n.direct >= 0 && (uint32_t)n.direct == call->nr)
				sim_entry(&own, row, action, call->args, narrow, 0);
			if (outer >= 0 && (uint32_t)outer == call->nr &&
			    sub == (uint64_t)n.mux % 100)
				sim_entry(&inner, row, action, call->args, narrow, 1);
		}
	}
	/* What is said of socketcall itself, against what is said of the call inside. */
	if (!own.sure && inner.found)
		sim_weigh(&own, inner.action, true, true);
	return own.found ? own.action : otherwise;
}

static inline bool sim_permissive(uint32_t action)
{
	action &= SECCOMP_RET_ACTION_FULL;
	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG ||
	       action == SECCOMP_RET_TRACE;
}

/* The rule that libseccomp does not have: what the profile cannot know answers ENOSYS. */
static inline bool sim_is_unknown(const struct seccomp *p, const struct sim_arch *s,
				  const struct sim_call *call, bool x32_listed)
{
	if (sim_permissive(p->default_action) || !s->last)
		return false;
	if (s->arch->flags & ARCH_ZERO_IS_UNKNOWN && call->nr == 0)
		return true;
	if (s->arch->flags & ARCH_X86_64 && call->nr >= X32_BIT)
		return false;
	return (x32_listed || !(s->arch->flags & ARCH_X32)) && call->nr > s->last;
}

/* --- libseccomp, used as runc uses it ---------------------------------------------------------- */

static inline int sim_lib_rule(scmp_filter_ctx ctx, uint32_t action, int number,
			       const struct seccomp_args *args)
{
	struct scmp_arg_cmp all[6];
	unsigned int seen = 0;
	bool twice = false;
	int failed = 0;

	if (!args->n)
		return seccomp_rule_add_array(ctx, action, number, 0, NULL);
	for (size_t i = 0; i < args->n; i++) {
		twice |= seen >> args->v[i].index & 1;
		seen |= 1u << args->v[i].index;
	}
	for (size_t i = 0; i < args->n; i++) {
		const struct seccomp_arg *arg = &args->v[i];

		all[twice ? 0 : i] = (struct scmp_arg_cmp){ arg->index, (enum scmp_compare)arg->op,
							    arg->value, arg->value_two };
		if (twice)
			failed |= seccomp_rule_add_array(ctx, action, number, 1, all);
	}
	return twice ? failed
		     : seccomp_rule_add_array(ctx, action, number, (unsigned int)args->n, all);
}

static inline int sim_lib_archs(scmp_filter_ctx ctx, const char *native, const struct seccomp *p)
{
	if (sim_token(native) != seccomp_arch_native() &&
	    (seccomp_arch_remove(ctx, SCMP_ARCH_NATIVE) ||
	     seccomp_arch_add(ctx, sim_token(native))))
		return -1;
	for (size_t i = 0; i < p->architectures.n; i++) {
		int r = seccomp_arch_add(ctx, sim_token(p->architectures.v[i]));

		if (r && r != -EEXIST)
			return -1;
	}
	return 0;
}

static inline int sim_lib_rows(scmp_filter_ctx ctx, const struct seccomp *p, uint32_t otherwise)
{
	for (size_t i = 0; i < p->syscalls.n; i++) {
		const struct seccomp_syscall *row = &p->syscalls.v[i];
		uint32_t action = sim_action(row->action, &row->errno_ret);

		for (size_t k = 0; k < row->names.n && action != otherwise; k++) {
			int number = seccomp_syscall_resolve_name(row->names.v[k]);

			if (number != __NR_SCMP_ERROR &&
			    sim_lib_rule(ctx, action, number, &row->args))
				return -1;
		}
	}
	return 0;
}

/* 0, or -1 where libseccomp refuses the profile. */
static inline int sim_lib(const char *native, const struct seccomp *p, struct arena *a,
			  struct sock_filter **ret, size_t *ret_n)
{
	uint32_t otherwise = sim_action(p->default_action, &p->default_errno_ret);
	scmp_filter_ctx ctx = seccomp_init(otherwise);
	scoped_fd int fd = memfd_create("filter", MFD_CLOEXEC);
	int failed = !ctx || fd < 0 || sim_lib_archs(ctx, native, p) ||
		     sim_lib_rows(ctx, p, otherwise) || seccomp_export_bpf(ctx, fd);
	off_t size = failed ? 0 : lseek(fd, 0, SEEK_END);

	seccomp_release(ctx);
	if (size <= 0)
		return -1;
	*ret = arena_alloc(a, (size_t)size);
	*ret_n = (size_t)size / sizeof(**ret);
	if (pread(fd, *ret, (size_t)size, 0) != size)
		return -1;
	/* It is written in the byte order of the architecture. */
	for (size_t i = 0; i < *ret_n && syscall_arch(native)->flags & ARCH_BIG; i++) {
		(*ret)[i].code = __builtin_bswap16((*ret)[i].code);
		(*ret)[i].k = __builtin_bswap32((*ret)[i].k);
	}
	return 0;
}

/* --- profiles out of bytes ---------------------------------------------------------------------- */

struct sim_bytes {
	const uint8_t *v;
	size_t n;
};

static inline uint32_t sim_byte(struct sim_bytes *b)
{
	if (!b->n)
		return 0;
	b->n--;
	return *b->v++;
}

static const char *const sim_names[] = {
	"read",
	"write",
	"socket",
	"socketcall",
	"ipc",
	"shmat",
	"accept",
	"accept4",
	"send",
	"recvmmsg",
	"clone",
	"personality",
	"open",
	"openat",
	"semop",
	"semtimedop",
	"futex_waitv",
	"arm_sync_file_range",
	"ioctl",
	"kill",
	"nosuchcall",
	"restart_syscall",
	"mmap",
	"mmap2",
	"cacheflush",
	"bpf",
	"landlock_restrict_self",
	"fadvise64_64",
	"prctl",
	"sync_file_range2",
};
static const uint64_t sim_values[] = { 0,
				       1,
				       2,
				       16,
				       40,
				       0xffff,
				       0x7fffffff,
				       0x80000000,
				       0xffffffff,
				       0x100000000,
				       0x100000001,
				       0x200000010,
				       0xffffffff00000000,
				       UINT64_MAX,
				       0x20000,
				       9 };
static const uint32_t sim_actions[] = { SECCOMP_RET_ALLOW,	 SECCOMP_RET_ERRNO,
					SECCOMP_RET_KILL_THREAD, SECCOMP_RET_KILL_PROCESS,
					SECCOMP_RET_TRAP,	 SECCOMP_RET_TRACE,
					SECCOMP_RET_LOG,	 SECCOMP_RET_USER_NOTIF };
static const char *const sim_archs[] = { "SCMP_ARCH_X86",    "SCMP_ARCH_X32",
					 "SCMP_ARCH_ARM",    "SCMP_ARCH_AARCH64",
					 "SCMP_ARCH_MIPSEL", "SCMP_ARCH_PPC64LE",
					 "SCMP_ARCH_X86_64" };

static inline void sim_args(struct sim_bytes *b, struct arena *a, struct seccomp_args *args,
			    size_t n)
{
	args->n = n;
	args->v = arena_array(a, struct seccomp_arg, n ? n : 1);
	for (size_t i = 0; i < n; i++)
		args->v[i] = (struct seccomp_arg){
			.index = sim_byte(b) % 6,
			.op = SCMP_OP_NE + (int)(sim_byte(b) % 7),
			.value = sim_values[sim_byte(b) % ARRAY_LEN(sim_values)],
			.value_two = sim_values[sim_byte(b) % ARRAY_LEN(sim_values)],
		};
}

/* Profiles about which libseccomp has no choice: two conditional entries that both match a call must
 * not have different actions, and 64-bit comparisons of one argument with several constants confuse
 * its tree. So half of the names get any number of entries that each ask one argument for one
 * value, the others at most one entry with conditions, on different arguments. */
static inline void sim_tame(struct seccomp_syscall *row, uint32_t name, uint64_t *used)
{
	unsigned int seen = 0;
	size_t kept = 0;

	row->action = sim_actions[name % ARRAY_LEN(sim_actions)];
	row->errno_ret = (struct opt_u64){
		row->action == SECCOMP_RET_ERRNO || row->action == SECCOMP_RET_TRACE, name
	};
	if (row->args.n)
		row->names.n = 1;
	if (strcmp(row->names.v[0], "socketcall") == 0 || strcmp(row->names.v[0], "ipc") == 0 ||
	    (name % 2 && *used >> name & 1))
		row->args.n = 0;
	*used |= 1ull << name;
	for (size_t i = 0; i < row->args.n; i++) {
		if (name % 2 == 0)
			row->args.v[i].index = name % 6, row->args.v[i].op = SCMP_OP_EQ;
		if (!(seen >> row->args.v[i].index & 1))
			row->args.v[kept++] = row->args.v[i];
		seen |= 1u << row->args.v[i].index;
	}
	row->args.n = kept;
}

static inline void sim_row(struct sim_bytes *b, struct arena *a, uint64_t *tame,
			   struct seccomp_syscall *row)
{
	uint32_t shape = sim_byte(b), first = sim_byte(b) % (uint32_t)ARRAY_LEN(sim_names);

	row->names.n = 1 + shape / 4 % 3;
	row->names.v = arena_array(a, const char *, row->names.n + 1);
	for (size_t i = 0; i < row->names.n; i++)
		row->names.v[i] = sim_names[(first + i * 7) % ARRAY_LEN(sim_names)];
	row->action = sim_actions[sim_byte(b) % ARRAY_LEN(sim_actions)];
	if (row->action == SECCOMP_RET_ERRNO || row->action == SECCOMP_RET_TRACE) {
		row->errno_ret.set = shape & 64;
		row->errno_ret.v = sim_byte(b);
	}
	sim_args(b, a, &row->args, shape % 4);
	if (tame)
		sim_tame(row, first, tame);
}

static inline struct seccomp *sim_profile(const uint8_t *bytes, size_t n, bool tame,
					  struct arena *a)
{
	struct sim_bytes b = { bytes, n };
	struct seccomp *p = arena_new(a, struct seccomp);
	uint64_t used = 0;

	p->default_action = sim_actions[sim_byte(&b) % (ARRAY_LEN(sim_actions) - 1)];
	p->architectures.n = sim_byte(&b) % 4;
	p->architectures.v = arena_array(a, const char *, p->architectures.n + 1);
	for (size_t i = 0; i < p->architectures.n; i++)
		p->architectures.v[i] = sim_archs[sim_byte(&b) % ARRAY_LEN(sim_archs)];
	p->syscalls.v = arena_array(a, struct seccomp_syscall, b.n / 3 + 1);
	while (b.n >= 3)
		sim_row(&b, a, tame ? &used : NULL, &p->syscalls.v[p->syscalls.n++]);
	return p;
}
