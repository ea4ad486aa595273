/* SPDX-License-Identifier: Apache-2.0 */
/* companion.h - the programs beside this one, which link the libraries that a start does not need. */
#pragma once

#include "spec/base/arena.h"
#include "spec/base/err.h"

/* The environment's name for the directory of companions, and for our own file where we run from a copy (seal.h). */
#define COMPANION_LIBEXEC "SRT_OCI_LIBEXEC"
#define COMPANION_OWN "SRT_OCI_EXE"
#define COMPANION_PLACES_MAX 2

/* companion_places: where the program of that name may be: in $SRT_OCI_LIBEXEC, else beside us or in our libexec. NULLs after
 * the last. */
int companion_places(const char *name, struct arena *a, const char *ret[COMPANION_PLACES_MAX],
		     struct err *err);
/* companion_find: the first of them that can be run; ERR_STATE with the way out where there is none. */
int companion_find(const char *name, struct arena *a, const char **ret, struct err *err);
