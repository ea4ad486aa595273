/* SPDX-License-Identifier: Apache-2.0 */
/* seal.h - the runtime's own program file must not be writable from inside a container (CVE-2019-5736). */
#pragma once

#include "spec/base/err.h"

/* seal_self: returns 0 where the file cannot be written by what runs in a container: it belongs to root while the caller is
 * someone else, and only its owner may write it; or we run from a sealed copy already. Otherwise this program starts again,
 * from a sealed copy in memory, with the same arguments, and does not return. argv is that of main. */
int seal_self(const char *const argv[], struct err *err);
