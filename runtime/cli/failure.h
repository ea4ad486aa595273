/* SPDX-License-Identifier: Apache-2.0 */
/* failure.h - the exit status of a program that could not be run. */
#pragma once

#include "runtime/srtoci.h"
#include "spec/base/str.h"

/* failure_status: 127 where the payload's program was not found, 126 where it may not be executed
 * (the place of both is "exec"), else EXIT_RUNTIME. */
static inline int failure_status(const struct err *err)
{
	if (err->kind != ERR_HOST || !str_eq(err->place, "exec"))
		return EXIT_RUNTIME;
	switch (err->errnum) {
	case ENOENT:
		return EXIT_NOT_FOUND;
	case EACCES:
	case ENOEXEC:
		return EXIT_NOT_EXECUTABLE;
	default:
		return EXIT_RUNTIME;
	}
}
