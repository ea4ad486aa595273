/* SPDX-License-Identifier: Apache-2.0 */
/* written.h - the pages that every copy writes. */
#pragma once

#include "runtime/sandbox/zygote/program.h"

/* written_share: has fork copy them at once, as each would else be a fault of the copy's, and one of ours. Where the kernel, or what
 * was loaded, does not allow for that, nothing is done. */
void written_share(const struct program_calls *c);
