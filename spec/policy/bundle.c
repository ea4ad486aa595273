/* SPDX-License-Identifier: Apache-2.0 */
/* bundle.c - what a bundle says of its own limits and network, and what was asked for besides, become one.
 * Should: be as strict as the stricter of both.  Mustn't: drop a word of the caller's without a word. */
#include <stddef.h>

#include "spec/base/str.h"
#include "spec/oci/domain.h"
#include "spec/policy/policy.h"

#define LIMITS "/srt/limits/"
#define NETWORK "/srt/network/"
#define MODE NETWORK "mode"

/* --- limits --- */

static const struct {
	enum policy_item item;
	size_t member;
} limits[] = {
	{ POLICY_TIMEOUT, offsetof(struct srt_limits, timeout) },
	{ POLICY_KILL_AFTER, offsetof(struct srt_limits, kill_after) },
	{ POLICY_MEMORY, offsetof(struct srt_limits, memory) },
	{ POLICY_CPU, offsetof(struct srt_limits, cpu) },
	{ POLICY_PROCESSES, offsetof(struct srt_limits, processes) },
	{ POLICY_FILES, offsetof(struct srt_limits, files) },
	{ POLICY_FILE_SIZE, offsetof(struct srt_limits, file_size) },
	{ POLICY_DISK, offsetof(struct srt_limits, disk) },
	{ POLICY_OUTPUT, offsetof(struct srt_limits, output) },
	{ POLICY_OPEN_FILES, offsetof(struct srt_limits, open_files) },
};

static int narrow(struct policy *p, const char *line, struct err *err)
{
	return policy_add_word(p, &p->narrowed, line, "bundle", err);
}

static int take_limit(struct policy *p, enum policy_item item, const char *text, struct err *err)
{
	const char *from = arena_printf(p->arena, LIMITS "%s", policy_rows[item].name);
	struct policy_value asked = p->v[item];

	p->v[item] = (struct policy_value){ .origin = ORIGIN_DEFAULT };
	TRY(policy_set(p, item, text, ORIGIN_BUNDLE, from, err));
	if (asked.origin == ORIGIN_DEFAULT || !asked.text)
		return 0;
	/* 0 is none. */
	if (asked.n && asked.n <= p->v[item].n) {
		p->v[item] = asked;
		return 0;
	}
	return narrow(p,
		      arena_printf(p->arena, "%s: %s is more than the bundle has: %s (%s)",
				   asked.from, asked.text, text, from),
		      err);
}

static int take_limits(struct policy *p, const struct srt_limits *l, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(limits); i++) {
		const char *text = *(const char *const *)((const char *)l + limits[i].member);

		if (text)
			TRY(take_limit(p, limits[i].item, text, err));
	}
	return 0;
}

/* --- network --- */

static const char *mode_name(int mode)
{
	return mode == NETWORK_FILTERED ? "filtered" : name_of(policy_networks, mode);
}

/* What was asked for by somebody who speaks of this run. */
static const char *asker(const struct policy *p)
{
	if (p->v[POLICY_NETWORK_MODE].text)
		return p->v[POLICY_NETWORK_MODE].from;
	for (size_t i = 0; i < p->domains.n; i++)
		if (p->domains.v[i].allow)
			return p->domains.v[i].from;
	if (p->publish.n)
		return "--publish";
	return p->v[POLICY_NETWORK].origin == ORIGIN_DEFAULT ? NULL : p->v[POLICY_NETWORK].from;
}

/* What stands in the environment is for all runs: it gives way. */
static bool is_for_all(const struct policy *p)
{
	const struct policy_value *mode = &p->v[POLICY_NETWORK_MODE];

	if (p->domains.n || p->publish.n)
		return false;
	return (mode->text ? mode : &p->v[POLICY_NETWORK])->origin == ORIGIN_ENVIRONMENT;
}

static int refuse_wider(const struct policy *p, int mode, struct err *err)
{
	(void)err_input(
		err,
		"the bundle's own network is %s (" MODE
		" of its config.json), which this does not fit into: drop it, or change the bundle",
		mode_name(mode));
	return err_in(err, "%s", asker(p));
}

static int refuse_unasked(int mode, struct err *err)
{
	const char *name = mode_name(mode);

	(void)err_input(err,
			"%s is the whole network of this host, and a bundle alone does not open it "
			"here: say --network %s to have it, or --no-network",
			name, name);
	return err_in(err, MODE);
}

static void set_mode(struct policy *p, int mode)
{
	p->v[POLICY_NETWORK] =
		(struct policy_value){ .text = "false", .origin = ORIGIN_BUNDLE, .from = MODE };
	p->v[POLICY_NETWORK_MODE] = (struct policy_value){ 0 };
	if (mode != NETWORK_FILTERED)
		p->v[POLICY_NETWORK_MODE] = (struct policy_value){ .n = (uint64_t)mode,
								   .text = mode_name(mode),
								   .origin = ORIGIN_BUNDLE,
								   .from = MODE };
}

static int add_all(struct policy *p, const struct strings *patterns, bool allow, struct err *err)
{
	for (size_t i = 0; i < patterns->n; i++)
		TRY(policy_add_domain(
			p, patterns->v[i], allow,
			arena_printf(p->arena, NETWORK "%s/%zu", allow ? "allow" : "deny", i),
			err));
	return 0;
}

/* Of one rule of the caller's, what the bundle allows as well. */
static int add_common(struct policy *p, const struct policy_domain *asked,
		      const struct strings *allow, struct err *err)
{
	struct domain_rule ours, theirs, common;
	size_t before = p->domains.n;

	TRY(domain_rule_parse(asked->pattern, &ours, err));
	for (size_t i = 0; i < allow->n; i++) {
		TRY(domain_rule_parse(allow->v[i], &theirs, err));
		if (domain_rule_common(&ours, &theirs, &common))
			TRY(policy_add_domain(
				p, domain_rule_text(&common, p->arena), true,
				arena_printf(p->arena, "%s, " NETWORK "allow/%zu", asked->from, i),
				err));
	}
	if (p->domains.n > before)
		return 0;
	(void)err_input(err,
			"%s is nothing that the bundle allows (" NETWORK
			"allow of its config.json): drop it, or change the bundle",
			asked->pattern);
	return err_in(err, "%s", asked->from);
}

static bool allows_any(const struct policy_domains *d)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].allow)
			return true;
	return false;
}

static int take_rules(struct policy *p, const struct srt_network *n, struct err *err)
{
	const struct policy_domains asked = p->domains;

	p->domains = (struct policy_domains){ 0 };
	if (!allows_any(&asked))
		TRY(add_all(p, &n->allow, true, err));
	for (size_t i = 0; i < asked.n; i++) {
		const struct policy_domain *d = &asked.v[i];

		if (d->allow)
			TRY(add_common(p, d, &n->allow, err));
		else
			TRY(policy_add_domain(p, d->pattern, false, d->from, err));
	}
	return add_all(p, &n->deny, false, err);
}

static bool is_listed(const struct strings *list, const char *word)
{
	for (size_t i = 0; i < list->n; i++)
		if (str_eq(list->v[i], word))
			return true;
	return false;
}

/* A port of the host's is opened by who runs the bundle. */
static int take_ports(struct policy *p, const struct srt_network *n, struct err *err)
{
	for (size_t i = 0; i < p->publish.n; i++) {
		if (is_listed(&n->publish, p->publish.v[i]))
			continue;
		(void)err_input(err,
				"%s is none of the ports that the bundle publishes (" NETWORK
				"publish of its config.json): drop it, or change the bundle",
				p->publish.v[i]);
		return err_in(err, "--publish");
	}
	for (size_t i = 0; !p->publish.n && i < n->publish.n; i++)
		TRY(narrow(p,
			   arena_printf(p->arena,
					NETWORK "publish/%zu: %s is not opened by the bundle "
						"alone: say --publish %s to have it",
					i, n->publish.v[i], n->publish.v[i]),
			   err));
	return 0;
}

static int take_hosts(struct policy *p, const struct srt_network *n, struct err *err)
{
	struct policy_value *hosts = &p->v[POLICY_HOSTS_FILE];

	if (n->hosts && hosts->text && !str_eq(hosts->text, n->hosts)) {
		(void)err_input(err, "%s is not the bundle's %s (" NETWORK "hosts): drop it",
				hosts->text, n->hosts);
		return err_in(err, "%s", hosts->from);
	}
	/* Without a filter that reads it, it would be shown inside, and a bundle shows no file of the host's. */
	if (!n->hosts || !policy_filtered(p))
		return 0;
	return policy_set(p, POLICY_HOSTS_FILE, n->hosts, ORIGIN_BUNDLE, NETWORK "hosts", err);
}

static int take_filter(struct policy *p, const struct srt_network *n, struct err *err)
{
	if (policy_n(p, POLICY_NETWORK))
		TRY(narrow(p,
			   arena_printf(p->arena,
					"%s: of the bundle's network there is what " NETWORK
					"allow of its config.json says",
					p->v[POLICY_NETWORK].from),
			   err));
	set_mode(p, n->mode);
	p->bundle_network = true;
	TRY(take_rules(p, n, err));
	TRY(take_ports(p, n, err));
	return take_hosts(p, n, err);
}

/* The bundle's is the whole of it: what was asked for is a part, or the same. */
static int take_whole(struct policy *p, const struct srt_network *n, struct err *err)
{
	int asked = (int)policy_network(p);

	if (!asker(p))
		return refuse_unasked(n->mode, err);
	if (asked <= NETWORK_FILTERED || asked == n->mode || n->mode == NETWORK_HOST)
		return 0;
	return refuse_wider(p, n->mode, err);
}

static int take_none(struct policy *p, const struct srt_network *n, struct err *err)
{
	if (asker(p) && policy_network(p) > NETWORK_LOOPBACK && !is_for_all(p))
		return refuse_wider(p, n->mode, err);
	/* None at all is less than a loopback. */
	if (!asker(p) || policy_network(p) > (enum network_mode)n->mode)
		set_mode(p, n->mode);
	return 0;
}

static int take_network(struct policy *p, const struct srt_network *n, struct err *err)
{
	int asked = (int)policy_network(p);
	/* Rules that deny alone ask for nothing. */
	bool closed = asker(p) && asked <= NETWORK_LOOPBACK;

	if (n->mode <= NETWORK_LOOPBACK)
		return take_none(p, n, err);
	if (n->mode != NETWORK_FILTERED)
		return closed ? 0 : take_whole(p, n, err);
	if (network_is_nat(asked) && !is_for_all(p))
		return refuse_wider(p, n->mode, err);
	return closed ? 0 : take_filter(p, n, err);
}

int policy_bundle(struct policy *p, const struct config *config, struct err *err)
{
	const struct srt *srt = config->srt;

	if (srt && srt->limits)
		TRY(take_limits(p, srt->limits, err));
	return srt && srt->network ? take_network(p, srt->network, err) : 0;
}
