/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_seccomp.c - profiles out of bytes: the filter is one that the kernel takes, and decides as the
 * profile's meaning, spelt out rule by rule, does. */
#include <stdint.h>
#include <stdlib.h>

#include "tests/unit/seccomp_sim.h"

#define INPUT_MAX 512

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void judge(const struct seccomp *p, const struct seccomp_program *program,
		  const struct sim_arch *arch, struct sim_call *call)
{
	uint32_t meant =
		sim_is_unknown(p, arch, call, true) ? SIM_ENOSYS : sim_decide(p, arch, call);

	if (sim_run(program->insns, program->n, false, call) != meant)
		abort();
}

/* Every number that the profile names, its neighbours, and arguments out of the input's end. */
static void judge_all(const struct seccomp *p, const struct seccomp_program *program,
		      const char *word, struct sim_bytes *bytes, struct arena *a)
{
	struct sim_arch arch = sim_arch_of(p, word, a);
	struct sim_call call = { .arch = arch.arch->audit };
	uint32_t last = arch.last < 600 ? arch.last + 2 : 600;

	for (call.nr = 0; call.nr < last; call.nr++) {
		for (size_t i = 0; i < 6; i++)
			call.args[i] = sim_values[sim_byte(bytes) % ARRAY_LEN(sim_values)];
		if ((int)call.nr == arch.socketcall || (int)call.nr == arch.ipc)
			call.args[0] = sim_byte(bytes) % 24;
		judge(p, program, &arch, &call);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_arena struct arena a = { 0 };
	struct seccomp_program program = { 0 };
	struct sim_bytes bytes = { data, size };
	struct seccomp *p;
	struct err err = { 0 };

	if (size > INPUT_MAX)
		return 0;
	p = sim_profile(data, size, false, &a);
	if (seccomp_compile_for("SCMP_ARCH_X86_64", p, &a, &program, &err) < 0)
		return 0;
	if (!sim_valid(program.insns, program.n))
		abort();
	judge_all(p, &program, "SCMP_ARCH_X86_64", &bytes, &a);
	for (size_t i = 0; i < p->architectures.n; i++)
		if (!(syscall_arch(p->architectures.v[i])->flags & ARCH_X32))
			judge_all(p, &program, p->architectures.v[i], &bytes, &a);
	return 0;
}
