/* SPDX-License-Identifier: Apache-2.0 */
/* owner.h - the name of a user. */
#pragma once

#include <stdint.h>

#include "spec/base/arena.h"

/* owner_name: what /etc/passwd calls that uid, else "#UID". */
const char *owner_name(struct arena *a, uint32_t uid);
/* owner_in: likewise in the text of such a file; NULL where it has no such uid. */
const char *owner_in(struct arena *a, const char *passwd, uint32_t uid);
