/* SPDX-License-Identifier: Apache-2.0 */
/* shipped.c - the recipes of bundle/recipes, as the build made them strings. */
#include "bundle/recipe.h"

const struct shipped SHIPPED_RECIPES[] = {
#include "recipes.h"
	{ NULL, NULL },
};
