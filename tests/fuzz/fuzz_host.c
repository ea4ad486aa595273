/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_host.c - the readers of what the host says: facts.json, mountinfo, subuid, cgroup, stat. */
#include <stdint.h>
#include <string.h>

#include "runtime/life/process.h"
#include "runtime/probe/cgroup.h"
#include "runtime/probe/mountinfo.h"
#include "runtime/probe/probe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_arena struct arena a = { 0 };
	struct id_range ranges[FACTS_RANGES_MAX];
	struct text out = { .arena = &a };
	struct emit e = { .out = &out };
	struct process_stat st;
	struct err err = { 0 };
	struct mountinfo m;
	struct facts f, again;
	struct cgroup_v1 v1;
	char own[32], *text = arena_strn(&a, (const char *)data, size);
	int major, minor;

	(void)subids_parse(text, "user", 1000, ranges);
	(void)process_stat_parse(text, &st);
	(void)kernel_parse(text, &major, &minor);
	cgroup_own_parse(text, own, sizeof(own));
	(void)cgroup_v1_parse(text, "rw,cpu,cpuacct,memory,name=systemd", &v1);
	if (facts_parse((const char *)data, size, "facts.json", &f, &err) == 0) {
		/* What was read can be written and read again. */
		facts_emit(&f, &e);
		if (facts_parse(out.s, out.len, "facts.json", &again, &err) < 0)
			abort();
	}
	while (mountinfo_next(&text, &m, &err) == 0)
		;
	return 0;
}
