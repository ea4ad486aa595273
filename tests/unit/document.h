/* SPDX-License-Identifier: Apache-2.0 */
/* document.h - short JSON documents in C strings: a single quote stands for a double one. */
#pragma once

#include <stdio.h>
#include <string.h>

#include "spec/base/arena.h"

static inline char *document(struct arena *a, const char *text)
{
	char *s = arena_str(a, text);

	for (char *c = s; *c; c++)
		if (*c == '\'')
			*c = '"';
	return s;
}
