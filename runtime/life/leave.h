/* SPDX-License-Identifier: Apache-2.0 */
/* leave.h - what of the host's was made for a container, beside its state, goes with it. */
#pragma once

#include "spec/oci/config.h"

/* leave_needed: the config asked for such a thing. leave_host: takes it away; what is gone already is fine. */
static inline bool leave_needed(const struct config *config)
{
	return config->linux_.intel_rdt != NULL;
}
void leave_host(const struct config *config, const char *id);
