/* SPDX-License-Identifier: Apache-2.0 */
/* confine_filter.h - the system calls that serving needs. */
#pragma once

#include "spec/base/err.h"

/* confine_filter: with any other one this process is killed from now on; no_new_privs must be set. */
int confine_filter(struct err *err);
