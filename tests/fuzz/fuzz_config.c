/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_config.c - any bytes as config.json, process.json and resources: read, checked, and every
 * refusal is one line. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "spec/base/arena.h"
#include "spec/oci/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void expect_error(int r, const struct err *err)
{
	if (r >= 0)
		return;
	if (err->kind == ERR_NONE || !err->text[0] || strchr(err->text, '\n') ||
	    strchr(err->place, '\n'))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_arena struct arena a = { 0 };
	const char *bytes = (const char *)data;
	struct resources *resources;
	struct process *process;
	struct config *config;
	struct err err = { 0 };
	int r;

	r = config_parse(bytes, size, "fuzz", &a, &config, &err);
	if (r == 0)
		r = config_check(config, &err);
	expect_error(r, &err);
	r = process_parse(bytes, size, "fuzz", &a, &process, &err);
	if (r == 0)
		r = process_check(process, &err);
	expect_error(r, &err);
	r = resources_parse(bytes, size, "fuzz", &a, &resources, &err);
	if (r == 0)
		r = resources_check(resources, &err);
	expect_error(r, &err);
	return 0;
}
