/* SPDX-License-Identifier: Apache-2.0 */
/* dialect_saved.c - a policy that athena.sandbox has saved. A sensitive value stands there as "***" and is taken from the
 * caller's own variable of that name. */
#include "spec/json/bind.h"
#include "spec/oci/config.h"
#include "spec/policy/dialect.h"
#include "spec/policy/policy.h"

#define MASKED "***"

enum saved_mode { MODE_UNSAID, MODE_NONE, MODE_RESTRICTED, MODE_FULL };

struct saved_rule {
	const char *path, *description;
	int mode;
	struct opt_bool recursive;
};
struct saved_rules {
	struct saved_rule *v;
	size_t n;
};
struct saved_files {
	struct saved_rules rules;
};
struct saved_domain {
	const char *domain, *description;
	int mode;
	struct numbers ports;
	struct strings protocols;
};
struct saved_domains {
	struct saved_domain *v;
	size_t n;
};
struct saved_network {
	int mode;
	struct saved_domains rules;
};
struct saved_variable {
	const char *key, *name, *value, *description;
	struct opt_bool sensitive;
};
struct saved_variables {
	struct saved_variable *v;
	size_t n;
};
struct saved {
	const char *name, *description, *version;
	int mode;
	struct saved_files files;
	struct saved_network network;
	struct saved_variables environment;
};

static const struct name accesses[] = {
	{ "allow", ACCESS_WRITE },
	{ "deny", ACCESS_DENY },
	{ "read_only", ACCESS_READ },
	{ NULL, 0 },
};
static const struct name network_modes[] = {
	{ "none", MODE_NONE },
	{ "restricted", MODE_RESTRICTED },
	{ "full", MODE_FULL },
	{ NULL, 0 },
};
static const struct name verdicts[] = {
	{ "allow", true }, { "deny", false },	   { "full", true },
	{ "none", false }, { "restricted", true }, { NULL, 0 },
};

static const struct bind_row rule_rows[] = {
	ROW(saved_rule, path, "path", STR, REQUIRED | NONEMPTY,
	    "path of the host, the same inside"),
	ROW(saved_rule, mode, "mode", WORD, REQUIRED, "what may be done there", .words = accesses),
	ROW(saved_rule, recursive, "recursive", OPT_BOOL, 0, "also what lies deeper"),
	ROW(saved_rule, description, "description", STR, 0, "for people"),
};
static const struct bind_table rule_table = TABLE(saved_rule, rule_rows);
static const struct bind_row file_rows[] = {
	ROW_LIST(saved_files, rules, "rules", rule_table, 0, "the rules"),
};
static const struct bind_table file_table = TABLE(saved_files, file_rows);

static const struct bind_row domain_rows[] = {
	ROW(saved_domain, domain, "domain", STR, REQUIRED | NONEMPTY, "the domain"),
	ROW(saved_domain, mode, "mode", WORD, 0, "allow or deny", .words = verdicts,
	    .fallback = true),
	ROW(saved_domain, ports, "ports", NUMBERS, 0, "the ports; none is any", .max = 65535),
	ROW(saved_domain, protocols, "protocols", STRINGS, 0, "for people"),
	ROW(saved_domain, description, "description", STR, 0, "for people"),
};
static const struct bind_table domain_table = TABLE(saved_domain, domain_rows);
static const struct bind_row network_rows[] = {
	ROW(saved_network, mode, "mode", WORD, 0, "none, restricted or full",
	    .words = network_modes, .fallback = MODE_UNSAID),
	ROW_LIST(saved_network, rules, "rules", domain_table, 0, "the rules"),
};
static const struct bind_table network_table = TABLE(saved_network, network_rows);

static const struct bind_row variable_rows[] = {
	ROW(saved_variable, name, "name", STR, 0, "its name"),
	ROW(saved_variable, value, "value", STR, REQUIRED,
	    "its value, or *** where it is sensitive"),
	ROW(saved_variable, sensitive, "sensitive", OPT_BOOL, 0, "shown nowhere"),
	ROW(saved_variable, description, "description", STR, 0, "for people"),
};
static const struct bind_table variable_table = MAP_TABLE(saved_variable, key, variable_rows);

static const struct bind_row rows[] = {
	ROW(saved, name, "name", STR, 0, "of the policy"),
	ROW(saved, description, "description", STR, 0, "for people"),
	ROW(saved, version, "version", STR, 0, "of the document"),
	ROW(saved, mode, "network_mode", WORD, 0, "none, restricted or full",
	    .words = network_modes, .fallback = MODE_UNSAID),
	ROW_INLINE(saved, files, "filesystem", file_table, 0, "files"),
	ROW_INLINE(saved, network, "network", network_table, 0, "the network"),
	ROW_MAP(saved, environment, "environment", variable_table, 0, "variables"),
};
static const struct bind_table table = TABLE(saved, rows);

static bool is_saved(const struct json *top)
{
	const struct json *files = json_member(top, "filesystem"),
			  *network = json_member(top, "network");

	return json_member(top, "network_mode") || json_member(top, "environment") ||
	       (files && json_member(files, "rules")) || (network && json_member(network, "rules"));
}

static int read_files(const struct saved_files *f, const struct caller *caller, struct policy *p,
		      struct err *err)
{
	for (size_t i = 0; i < f->rules.n; i++) {
		const struct saved_rule *r = &f->rules.v[i];
		const char *from = arena_printf(p->arena, "/filesystem/rules/%zu", i), *path;

		if (settings_path(r->path, caller, p->arena, &path, err) < 0)
			return err_in(err, "%s", from);
		TRY(policy_add_path(p, path, (enum policy_access)r->mode, r->mode == ACCESS_DENY,
				    from, err));
		p->paths.v[p->paths.n - 1].shallow =
			r->mode != ACCESS_DENY && !(r->recursive.set && r->recursive.v);
	}
	return 0;
}

static int read_domain(const struct saved_domain *d, const char *from, struct policy *p,
		       struct err *err)
{
	bool v6 = strchr(d->domain, ':') != NULL && d->domain[0] != '[';

	if (!d->ports.n)
		return policy_add_domain(p, d->domain, d->mode != 0, from, err);
	for (size_t i = 0; i < d->ports.n; i++)
		TRY(policy_add_domain(
			p,
			arena_printf(p->arena, v6 ? "[%s]:%u" : "%s:%u", d->domain, d->ports.v[i]),
			d->mode != 0, from, err));
	return 0;
}

static int read_network(const struct saved *s, struct policy *p, struct err *err)
{
	int inner = s->network.mode, mode = s->mode ? s->mode : inner ? inner : MODE_NONE;

	/* It stands twice; of two that differ neither is known to be meant. */
	if (inner && inner != mode)
		return err_input(err, "/network/mode: \"%s\" is not what network_mode says, \"%s\"",
				 name_of(network_modes, inner), name_of(network_modes, mode));
	TRY(policy_set_number(p, POLICY_NETWORK, mode == MODE_FULL, ORIGIN_SETTINGS,
			      "/network_mode", err));
	if (mode == MODE_NONE)
		return 0;
	for (size_t i = 0; i < s->network.rules.n; i++) {
		const struct saved_domain *d = &s->network.rules.v[i];

		/* With the full network, what is allowed is allowed already. */
		if (mode == MODE_RESTRICTED || !d->mode)
			TRY(read_domain(d, arena_printf(p->arena, "/network/rules/%zu", i), p,
					err));
	}
	return 0;
}

static int read_variable(const struct saved_variable *v, const struct caller *caller,
			 struct policy *p, struct err *err)
{
	const char *name = v->name ? v->name : v->key, *value = v->value;
	const char *from = arena_printf(p->arena, "/environment/%.64s", v->key);
	bool sensitive = v->sensitive.set && v->sensitive.v;

	if (sensitive && str_eq(value, MASKED)) {
		value = env_of(caller->envp, name);
		if (!value) {
			(void)err_input(err,
					"the value is not saved and the variable %.64s is not set",
					name);
			return err_in(err, "%s", from);
		}
	}
	return policy_add_variable(p, name, value, sensitive, from, err);
}

static int read_saved(const struct json *top, const struct caller *caller, struct policy *p,
		      struct err *err)
{
	struct saved s = { 0 };

	TRY(bind_object(top, &table, BIND_STRICT, &s, p->arena, err));
	TRY(settings_version(s.version, err));
	p->name = s.name;
	TRY(read_files(&s.files, caller, p, err));
	TRY(read_network(&s, p, err));
	for (size_t i = 0; i < s.environment.n; i++)
		TRY(read_variable(&s.environment.v[i], caller, p, err));
	return 0;
}

const struct dialect dialect_saved = { "policy", is_saved, read_saved };
