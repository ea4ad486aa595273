/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_recipe.c - any bytes as a recipe: a checked one, or an error that says why. */
#include <stdint.h>

#include "bundle/recipe.h"
#include "bundle/steps.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	scoped_arena struct arena arena = { 0 };
	struct recipe r;
	struct err err = { 0 };

	if (recipe_read((const char *)data, size, "recipe", &arena, &r, &err) < 0) {
		if (err.kind == ERR_NONE || !err.text[0])
			abort();
		return 0;
	}
	if (!r.name || recipe_name_check(r.name, &err) < 0)
		abort();
	for (size_t i = 0; i < r.steps.n; i++)
		if (step_check(&r, &r.steps.v[i], &err) < 0)
			abort();
	return 0;
}
