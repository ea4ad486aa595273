/* SPDX-License-Identifier: Apache-2.0 */
/* rules_srt.c - rules on "srt", which is no clause's of the specification but that such a key may be there. */
#include <linux/sched.h>

#include "spec/base/str.h"
#include "spec/json/quote.h"
#include "spec/oci/domain.h"
#include "spec/oci/rules.h"
#include "spec/oci/words.h"

#define RULES_MAX 4096

static int check_namespace(const struct config *config, const struct srt_network *n,
			   struct err *err)
{
	const struct namespace *own = namespace_of(config, CLONE_NEWNET);

	if (n->mode == NETWORK_HOST && own)
		return REFUSE(err, "/srt/network/mode",
			      "host contradicts the network namespace of /linux/namespaces");
	if (n->mode != NETWORK_HOST && (!own || own->path))
		return REFUSE(err, "/srt/network/mode",
			      "%s needs a new network namespace: add {\"type\":\"network\"} to "
			      "/linux/namespaces",
			      name_of(word_network_modes, n->mode));
	/* It gives the right to look into another process up before it opens that one's namespaces. */
	if (n->mode == NETWORK_PASTA && !config_has_ns(config, CLONE_NEWUSER))
		return REFUSE(err, "/srt/network/mode",
			      "pasta needs a user namespace of the container's: add "
			      "{\"type\":\"user\"} to /linux/namespaces, or say slirp4netns");
	return 0;
}

static int rule_mode(const struct config *config, struct err *err)
{
	const struct srt_network *n = config_network(config);

	if (!n)
		return 0;
	TRY(check_namespace(config, n, err));
	if (n->mode == NETWORK_FILTERED && config->linux_.net_devices.n)
		return REFUSE(err, "/linux/netDevices",
			      "would be a way round the filter of /srt/network");
	if (n->mode != NETWORK_FILTERED && (n->allow.n || n->deny.n || n->publish.n || n->hosts))
		return REFUSE(err, "/srt/network/mode",
			      "%s has no rules: say filtered, or drop them",
			      name_of(word_network_modes, n->mode));
	return 0;
}

static int check_patterns(const char *name, const struct strings *list, struct err *err)
{
	struct domain_rule rule;

	if (list->n > RULES_MAX) {
		(void)err_limit(err, "%zu are too many: at most %d", list->n, RULES_MAX);
		return err_in(err, "/srt/network/%s", name);
	}
	for (size_t i = 0; i < list->n; i++)
		if (domain_rule_parse(list->v[i], &rule, err) < 0)
			return err_in(err, "/srt/network/%s/%zu", name, i);
	return 0;
}

static int rule_patterns(const struct config *config, struct err *err)
{
	const struct srt_network *n = config_network(config);

	if (!n)
		return 0;
	TRY(check_patterns("allow", &n->allow, err));
	return check_patterns("deny", &n->deny, err);
}

static int rule_publish(const struct config *config, struct err *err)
{
	const struct srt_network *n = config_network(config);
	struct published p;

	if (n && n->publish.n > PUBLISHED_MAX)
		return REFUSE(err, "/srt/network/publish", "%zu are too many: at most %d",
			      n->publish.n, PUBLISHED_MAX);
	for (size_t i = 0; n && i < n->publish.n; i++)
		if (published_parse(n->publish.v[i], &p, err) < 0)
			return err_in(err, "/srt/network/publish/%zu", i);
	return 0;
}

/* Without one, what the first process leaves behind would go on. */
static int rule_timeout(const struct config *config, struct err *err)
{
	const struct namespace *own = namespace_of(config, CLONE_NEWPID);

	if (limits_timeout(config) && (!own || own->path))
		return REFUSE(
			err, "/srt/limits/timeout",
			"needs a new pid namespace, with which all of the container ends: add "
			"{\"type\":\"pid\"} to /linux/namespaces");
	return 0;
}

#define ROW(name, fn)                                     \
	{                                                 \
		name, MUST, "config.md#extensibility", fn \
	}

const struct rule rules_srt[] = {
	ROW("network-mode-fits", rule_mode),
	ROW("network-rule-readable", rule_patterns),
	ROW("network-publish-readable", rule_publish),
	ROW("limits-timeout-fits", rule_timeout),
	{ NULL },
};
