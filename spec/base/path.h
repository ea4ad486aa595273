/* SPDX-License-Identifier: Apache-2.0 */
/* path.h - paths as text; nothing here asks the kernel. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "spec/base/arena.h"

static inline bool path_is_absolute(const char *p)
{
	return p[0] == '/';
}

/* path_has_dotdot: one of its components is "..". */
bool path_has_dotdot(const char *p);
/* path_clean: absolute, without empty and "." components and trailing slashes; ".." is resolved as
 * text and never leaves "/". A relative path is taken from "/". */
char *path_clean(struct arena *a, const char *p);
/* path_beneath: p is dir or lies below it; both clean. */
bool path_beneath(const char *p, const char *dir);
/* path_base: what follows the last slash. */
const char *path_base(const char *p);
/* path_join: "a/b" with one slash between them. */
char *path_join(struct arena *arena, const char *a, const char *b);
/* path_index: "a/7", an element's JSON pointer. */
char *path_index(struct arena *arena, const char *a, size_t i);
