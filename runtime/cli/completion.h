/* SPDX-License-Identifier: Apache-2.0 */
/* completion.h - scripts by which shells complete our command lines. */
#pragma once

#include "spec/base/err.h"
#include "spec/base/str.h"

/* completion_print: the script for that program (srt-oci, sandbox-runtime, srt) and shell (bash, zsh, fish); ERR_INPUT for
 * others. */
int completion_print(const char *program, const char *shell, struct text *out, struct err *err);
