/* SPDX-License-Identifier: Apache-2.0 */
/* banned.h - functions that cannot be used safely; `make lint` compiles every file under it. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

/* No bound on what they write. */
#pragma GCC poison strcpy strcat stpcpy sprintf vsprintf gets wcscpy wcscat
/* Bounds that mislead: no terminator, or silent truncation that looks like success. */
#pragma GCC poison strncpy strncat
/* Numbers without an error. */
#pragma GCC poison atoi atol atoll atof
/* A shell, or a name that somebody else may take first. */
#pragma GCC poison system popen mktemp tmpnam tempnam
/* Hidden state. */
#pragma GCC poison strtok asctime ctime
/* Stack without a bound. */
#pragma GCC poison alloca
