/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_settings.c - any bytes as a settings file: a policy in which every path is absolute and clean, or an error that says
 * why. */
#include <stdint.h>

#include "spec/base/path.h"
#include "spec/base/str.h"
#include "spec/policy/dialect.h"
#include "spec/policy/match.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const envp[] = { "TOKEN=value", NULL };
	static const struct caller caller = { "/home/u", "/home/u/work", envp, NULL };
	scoped_arena struct arena arena = { 0 };
	struct text out = { .arena = &arena };
	struct emit e = { .out = &out };
	struct policy p;
	struct err err = { 0 };

	policy_begin(&p, &arena);
	if (settings_parse((const char *)data, size, "s", &caller, &p, &err) < 0) {
		if (err.kind == ERR_NONE || !err.text[0])
			abort();
		return 0;
	}
	for (size_t i = 0; i < p.paths.n; i++)
		if (!path_is_absolute(p.paths.v[i].path) || path_has_dotdot(p.paths.v[i].path))
			abort();
	(void)paths_access(&p.paths, "/home/u/work/x");
	(void)domains_allow(&p.domains, "a.example.org", NULL, 443);
	policy_explain(&p, &out);
	policy_emit(&p, &e);
	return 0;
}
