/* SPDX-License-Identifier: Apache-2.0 */
/* match.c - paths by their most specific rule; names and addresses by any that allows and none that denies. */
#include "spec/policy/match.h"

#include <string.h>

#include "spec/base/path.h"
#include "spec/base/str.h"

bool domains_allow(const struct policy_domains *domains, const char *name, const uint8_t *address,
		   uint16_t port)
{
	bool allowed = false;

	for (size_t i = 0; i < domains->n; i++) {
		struct domain_rule rule;
		struct err impossible;

		if (domain_rule_parse(domains->v[i].pattern, &rule, &impossible) < 0)
			continue;
		if (!(address ? domain_rule_matches_address(&rule, address, port)
			      : domain_rule_matches(&rule, name, port)))
			continue;
		if (!domains->v[i].allow)
			return false;
		allowed = true;
	}
	return allowed;
}

const struct policy_path *paths_rule(const struct policy_paths *paths, const char *path)
{
	const struct policy_path *ret = NULL;
	size_t longest = 0;

	for (size_t i = 0; i < paths->n; i++) {
		size_t n = strlen(paths->v[i].path);

		if (!path_beneath(path, paths->v[i].path) || n < longest)
			continue;
		if (n > longest || !ret || paths->v[i].access == ACCESS_DENY)
			ret = &paths->v[i];
		longest = n;
	}
	return ret;
}

int paths_access(const struct policy_paths *paths, const char *path)
{
	const struct policy_path *rule = paths_rule(paths, path);

	return rule ? rule->access : -1;
}
