/* SPDX-License-Identifier: Apache-2.0 */
/* lookup.h - the host's answers to a dialect's questions about files. */
#pragma once

#include "spec/policy/dialect.h"

extern const struct lookup lookup_host;
