/* SPDX-License-Identifier: Apache-2.0 */
/* exec.h - the op exec: a program of the tree runs in our own sandbox and may change what it names. */
#pragma once

#include "bundle/steps.h"

/* exec_step: a copy of the tree becomes the writable root of a container without network, with a fixed
 * environment; afterwards what fits "writes" comes back, and any other change is an error. */
int exec_step(struct kitchen *k, const struct step *s, struct err *err);
