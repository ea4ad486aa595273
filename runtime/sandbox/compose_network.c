/* SPDX-License-Identifier: Apache-2.0 */
/* compose_network.c - the policy's rules for the network as the "srt" that a config.json may have, too. */
#include "runtime/sandbox/compose.h"
#include "spec/base/path.h"

static void take_patterns(struct composition *c, bool allow, struct strings *ret)
{
	const struct policy_domains *d = &c->p->domains;

	ret->v = arena_array(c->a, const char *, d->n + 2);
	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].allow == allow)
			ret->v[ret->n++] = d->v[i].pattern;
}

/* The whole network but what is denied; where something is named that is allowed, that alone. */
static void allow_rest(const struct composition *c, struct strings *allow)
{
	if (policy_n(c->p, POLICY_NETWORK) && !allow->n)
		allow->v[allow->n++] = "*";
}

/* "/srt/network/allow/3": the flag or the place in the settings that it comes from. */
static const char *origin_of(const struct policy_domains *d, const char *place)
{
	bool allow = str_starts(place, "/srt/network/allow/");
	const char *number = strrchr(place, '/');
	size_t n = number ? strtoul(number + 1, NULL, 10) : 0;

	for (size_t i = 0; i < d->n; i++)
		if (d->v[i].allow == allow && n-- == 0)
			return d->v[i].from;
	return "/network";
}

/* What namespaces alone do not say. */
static bool needs_key(const struct policy *p)
{
	return policy_network(p) != NETWORK_LOOPBACK && policy_network(p) != NETWORK_HOST;
}

void compose_network(struct composition *c)
{
	const char *hosts = policy_text(c->p, POLICY_HOSTS_FILE);
	struct srt_network *n;

	if (!needs_key(c->p))
		return;
	n = arena_new(c->a, struct srt_network);
	n->mode = (int)policy_network(c->p);
	c->config.srt = arena_new(c->a, struct srt);
	c->config.srt->network = n;
	if (n->mode != NETWORK_FILTERED)
		return;
	take_patterns(c, true, &n->allow);
	take_patterns(c, false, &n->deny);
	allow_rest(c, &n->allow);
	n->publish.v = arena_array(c->a, const char *, c->p->publish.n + 1);
	for (; n->publish.n < c->p->publish.n; n->publish.n++)
		n->publish.v[n->publish.n] = c->p->publish.v[n->publish.n];
	if (hosts)
		n->hosts =
			path_is_absolute(hosts) ? hosts : path_join(c->a, c->q->caller.cwd, hosts);
}

int compose_network_place(const struct composition *c, struct err *err)
{
	const char *from = NULL;

	if (!str_starts(err->place, "/srt/network"))
		return -1;
	if (str_starts(err->place, "/srt/network/publish"))
		from = "--publish";
	else if (str_starts(err->place, "/srt/network/hosts"))
		from = c->p->v[POLICY_HOSTS_FILE].from;
	else if (str_starts(err->place, "/srt/network/mode"))
		from = c->p->v[POLICY_NETWORK_MODE].from;
	else
		from = origin_of(&c->p->domains, err->place);
	err->place[0] = '\0';
	return err_in(err, "%s", from);
}
