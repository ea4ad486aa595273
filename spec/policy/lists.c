/* SPDX-License-Identifier: Apache-2.0 */
/* lists.c - the lists of a policy: mounts, paths, variables, domains; and the presets. */
#include <string.h>

#include "spec/base/path.h"
#include "spec/base/str.h"
#include "spec/json/quote.h"
#include "spec/policy/match.h"
#include "spec/policy/policy.h"

/* ADD: room for one more in a list, which grows by doubling; the new element, or NULL where it is full. */
static void *more(struct arena *a, void *list, size_t *n, size_t size)
{
	char **v = list;
	size_t used = *n * size;

	if (*n >= POLICY_LIST_MAX)
		return NULL;
	if ((*n & (*n - 1)) == 0)
		*v = arena_grow(a, *v, used, (*n ? *n * 2 : 1) * size);
	memset(*v + used, 0, size);
	(*n)++;
	return *v + used;
}
#define MORE(p, list) more((p)->arena, &(list)->v, &(list)->n, sizeof(*(list)->v))

static int full(const char *from, struct err *err)
{
	(void)err_limit(err, "more than %d entries of one kind", POLICY_LIST_MAX);
	return err_in(err, "%s", from);
}

static int refuse(const char *from, struct err *err)
{
	return err_in(err, "%s", from);
}

/* The text up to the next colon that no backslash guards; *at is moved behind it, NULL at the end. */
static const char *next_part(struct arena *a, const char **at)
{
	struct text part = { .arena = a };
	const char *s = *at;

	text_add(&part, "");
	for (; *s && *s != ':'; s++) {
		if (s[0] == '\\' && s[1] == ':')
			s++;
		text_addn(&part, s, 1);
	}
	*at = *s ? s + 1 : NULL;
	return part.s;
}

static int mount_options(struct policy_mount *m, const char *words, struct err *err)
{
	while (*words) {
		size_t n = strcspn(words, ",");

		if (n == 2 && memcmp(words, "ro", 2) == 0)
			m->writable = false;
		else if (n == 2 && memcmp(words, "rw", 2) == 0)
			m->writable = true;
		else if (n == 6 && memcmp(words, "noexec", 6) == 0)
			m->noexec = true;
		else
			return err_input(err, "%s: options are ro, rw and noexec", Q(words));
		words += n + (words[n] == ',');
	}
	return 0;
}

int policy_mount(struct policy *p, const char *text, const char *from, struct err *err)
{
	struct policy_mount m = { .from = from }, *place;
	const char *at = text;

	m.source = next_part(p->arena, &at);
	m.destination = at ? next_part(p->arena, &at) : NULL;
	if (!*m.source || !m.destination || !*m.destination) {
		(void)err_input(err, "%s is not SOURCE:DESTINATION[:ro|rw[,noexec]]", Q(text));
		return refuse(from, err);
	}
	if (!path_is_absolute(m.destination)) {
		(void)err_input(err, "the destination %s is not absolute", Q(m.destination));
		return refuse(from, err);
	}
	if (at && mount_options(&m, at, err) < 0)
		return refuse(from, err);
	m.destination = path_clean(p->arena, m.destination);
	place = MORE(p, &p->mounts);
	if (!place)
		return full(from, err);
	*place = m;
	return 0;
}

/* Others of the host leave their files, sockets and keys there: that is never what a rule for it means. */
static bool is_own(const char *path)
{
	return str_eq(path, "/tmp") || str_eq(path, "/dev/shm");
}

int policy_add_path(struct policy *p, const char *path, enum policy_access access, bool optional,
		    const char *from, struct err *err)
{
	struct policy_path *place;

	if (!*path) {
		(void)err_input(err, "the path is empty");
		return refuse(from, err);
	}
	place = MORE(p, &p->paths);
	if (!place)
		return full(from, err);
	*place = (struct policy_path){ .path = arena_str(p->arena, path),
				       .access = (uint8_t)access,
				       .optional = optional,
				       .own = access != ACCESS_DENY && p->view == VIEW_SYSTEM &&
					      is_own(path),
				       .from = arena_str(p->arena, from) };
	return 0;
}

static bool is_variable_name(const char *s)
{
	if (!*s || (*s >= '0' && *s <= '9'))
		return false;
	for (; *s; s++)
		if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
		      (*s >= '0' && *s <= '9') || *s == '_'))
			return false;
	return true;
}

int policy_add_variable(struct policy *p, const char *name, const char *value, bool secret,
			const char *from, struct err *err)
{
	struct policy_variable *place;

	if (!is_variable_name(name)) {
		(void)err_input(err, "%s is no name of a variable", Q(name));
		return refuse(from, err);
	}
	place = MORE(p, &p->variables);
	if (!place)
		return full(from, err);
	*place = (struct policy_variable){ arena_str(p->arena, name), arena_str(p->arena, value),
					   secret, arena_str(p->arena, from) };
	return 0;
}

int policy_variable(struct policy *p, const char *text, const char *from, struct err *err)
{
	const char *equal = strchr(text, '=');

	if (!equal) {
		(void)err_input(err, "%s is not NAME=VALUE", Q(text));
		return refuse(from, err);
	}
	return policy_add_variable(p, arena_strn(p->arena, text, (size_t)(equal - text)), equal + 1,
				   false, from, err);
}

int policy_pass(struct policy *p, const char *name, const char *const *envp, struct err *err)
{
	const char *value = env_of(envp, name);

	return value ? policy_add_variable(p, name, value, false, "--pass-env", err) : 0;
}

int policy_secret(struct policy *p, const char *text, const char *const *envp, struct err *err)
{
	static const char how[] = "=env:";
	const char *equal = strchr(text, '='), *value;

	/* What stands there instead may be the secret itself: it is not repeated. */
	if (!equal || !str_starts(equal, how)) {
		(void)err_input(err, "a secret is given as NAME=env:VARIABLE, never by its value");
		return refuse("--secret", err);
	}
	value = env_of(envp, equal + strlen(how));
	if (!value) {
		(void)err_input(err, "the variable %s is not set", Q(equal + strlen(how)));
		return refuse("--secret", err);
	}
	return policy_add_variable(p, arena_strn(p->arena, text, (size_t)(equal - text)), value,
				   true, "--secret", err);
}

int policy_add_domain(struct policy *p, const char *pattern, bool allow, const char *from,
		      struct err *err)
{
	struct policy_domain *place;
	struct domain_rule rule;

	if (domain_rule_parse(pattern, &rule, err) < 0)
		return refuse(from, err);
	place = MORE(p, &p->domains);
	if (!place)
		return full(from, err);
	*place = (struct policy_domain){ arena_str(p->arena, pattern), allow,
					 arena_str(p->arena, from) };
	return 0;
}

int policy_add_word(struct policy *p, struct policy_words *list, const char *word, const char *from,
		    struct err *err)
{
	const char **place = MORE(p, list);

	if (!place)
		return full(from, err);
	*place = arena_str(p->arena, word);
	return 0;
}

/* --- presets --------------------------------------------------------------------------------------------------------- */

enum { PRESET_STRICT = 1, PRESET_DEFAULT, PRESET_PERMISSIVE, PRESET_RESEARCH, PRESET_DEVELOPMENT };

const struct name policy_presets[] = {
	{ "strict", PRESET_STRICT },	       { "default", PRESET_DEFAULT },
	{ "permissive", PRESET_PERMISSIVE },   { "research", PRESET_RESEARCH },
	{ "development", PRESET_DEVELOPMENT }, { NULL, 0 },
};

static const struct {
	uint8_t preset, item;
	const char *text;
} preset_rows[] = {
	{ PRESET_STRICT, POLICY_TIMEOUT, "10s" },
	{ PRESET_STRICT, POLICY_MEMORY, "128M" },
	{ PRESET_STRICT, POLICY_PROCESSES, "32" },
	{ PRESET_STRICT, POLICY_DISK, "64M" },
	{ PRESET_DEFAULT, POLICY_TIMEOUT, "30s" },
	{ PRESET_DEFAULT, POLICY_MEMORY, "256M" },
	{ PRESET_PERMISSIVE, POLICY_TIMEOUT, "60s" },
	{ PRESET_PERMISSIVE, POLICY_MEMORY, "512M" },
	{ PRESET_PERMISSIVE, POLICY_NETWORK, "true" },
	{ PRESET_RESEARCH, POLICY_TIMEOUT, "30s" },
	{ PRESET_RESEARCH, POLICY_MEMORY, "256M" },
	{ PRESET_DEVELOPMENT, POLICY_TIMEOUT, "60s" },
	{ PRESET_DEVELOPMENT, POLICY_MEMORY, "512M" },
	{ PRESET_DEVELOPMENT, POLICY_NETWORK, "true" },
	{ PRESET_DEVELOPMENT, POLICY_FS_WRITE, "true" },
};
static const char *const research_domains[] = { "api.github.com", "*.github.com", "pypi.org",
						"*.pypi.org", "files.pythonhosted.org" };

int policy_preset(struct policy *p, const char *name, struct err *err)
{
	const struct name *preset = name_find(policy_presets, name);

	if (!preset) {
		const char *near = name_near(policy_presets, name);

		(void)err_input(err, "no preset is called %s%s%s", Q(name),
				near ? "; did you mean " : "", near ? near : "");
		return refuse("--preset", err);
	}
	for (size_t i = 0; i < ARRAY_LEN(preset_rows); i++)
		if (preset_rows[i].preset == preset->value)
			TRY(policy_set(p, (enum policy_item)preset_rows[i].item,
				       preset_rows[i].text, ORIGIN_PRESET, "--preset", err));
	if (preset->value != PRESET_RESEARCH)
		return 0;
	TRY(policy_add_path(p, "/home", ACCESS_READ, true, "--preset", err));
	for (size_t i = 0; i < ARRAY_LEN(research_domains); i++)
		TRY(policy_add_domain(p, research_domains[i], true, "--preset", err));
	return 0;
}
