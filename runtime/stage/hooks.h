/* SPDX-License-Identifier: Apache-2.0 */
/* hooks.h - runs the programs that a config wants run at a moment of the life cycle. */
#pragma once

#include "spec/oci/config.h"

/* hooks_run: in their order, each with the state document on its stdin, exactly its own environment, cwd "/", and killed
 * when its timeout is up. kind is the property's name ("createRuntime"). The first that fails ends the list: ERR_HOST with
 * place "/hooks/KIND/N". Once stop_fd (-1: none) is readable none is waited for any more: ERR_HOST. Source: config.md#posix-platform-hooks. */
int hooks_run(const struct hook_list *hooks, const char *kind, const char *state_json, int stop_fd,
	      struct err *err);
