/* SPDX-License-Identifier: Apache-2.0 */
/* join.h - the way into a container that runs. */
#pragma once

#include "runtime/life/making.h"

/* join_flags: the namespaces of its config that pid has and we have not (CLONE_NEWx): joining the user namespace that one is
 * in already is an error to the kernel. */
uint64_t join_flags(const struct config *config, pid_t pid);
