/* SPDX-License-Identifier: Apache-2.0 */
/* match.h - which rule of a policy speaks of a path, a name or an address; pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "spec/oci/domain.h"
#include "spec/policy/policy.h"

/* domains_allow: what the rules say of a name (address NULL) or of a literal address: some rule allows
 * it and none denies it. */
bool domains_allow(const struct policy_domains *domains, const char *name, const uint8_t *address,
		   uint16_t port);

/* paths_rule: the rule that decides about an absolute clean path, or NULL. paths_access: what the rules say of an absolute clean path: the most specific one decides, among
 * equals DENY; -1 where none speaks of it. */
const struct policy_path *paths_rule(const struct policy_paths *paths, const char *path);
int paths_access(const struct policy_paths *paths, const char *path);
