/* SPDX-License-Identifier: Apache-2.0 */
/* dialect.c - which dialect a settings file is in. */
#include "spec/policy/dialect.h"

#include <string.h>

#include "spec/base/path.h"
#include "spec/base/str.h"
#include "spec/json/quote.h"

/* The first that knows the document by its keys. */
static const struct dialect *const dialects[] = { &dialect_saved, &dialect_executor, &dialect_npm };

bool settings_is_pattern(const char *path)
{
	return strpbrk(path, "*?[") != NULL;
}

int settings_absolute(const char *path, const struct caller *caller, struct arena *a, char **ret,
		      struct err *err)
{
	const char *full = path;

	if (path[0] == '~' && (path[1] == '/' || path[1] == '\0')) {
		if (!caller->home)
			return err_input(err, "%.64s: HOME is not set", path);
		full = path_join(a, caller->home, path[1] ? path + 2 : ".");
	} else if (!path_is_absolute(path)) {
		full = path_join(a, caller->cwd, path);
	}
	*ret = path_clean(a, full);
	return 0;
}

int settings_path(const char *path, const struct caller *caller, struct arena *a, const char **ret,
		  struct err *err)
{
	char *clean;
	size_t n;

	TRY(settings_absolute(path, caller, a, &clean, err));
	n = strlen(clean);
	if (str_ends(clean, "/**"))
		clean[n - 3 ? n - 3 : 1] = '\0';
	if (settings_is_pattern(clean))
		return err_input(err, "%.64s: patterns are not supported here; name the directory",
				 path);
	*ret = clean;
	return 0;
}

/* What a later one of the same major number adds would be an unknown key, and another major number may have other meanings. */
int settings_version(const char *version, struct err *err)
{
	static const char known[] = "1";
	size_t n = version ? strspn(version, "0123456789") : 0;
	bool right = version && n && strspn(version, "0123456789.") == strlen(version) &&
		     !str_ends(version, ".") && !strstr(version, "..");

	if (!version || (right && n == strlen(known) && strncmp(version, known, n) == 0))
		return 0;
	(void)err_input(err, "%s is not known; known are %s and %s.N", Q(version), known, known);
	return err_in(err, "/version");
}

int settings_parse(const char *bytes, size_t len, const char *name, const struct caller *caller,
		   struct policy *p, struct err *err)
{
	static const struct json_limits limits = { SETTINGS_MAX_BYTES, SETTINGS_MAX_DEPTH,
						   SETTINGS_MAX_NODES };
	struct json *top;

	TRY(json_parse(bytes, len, name, &limits, p->arena, &top, err));
	if (top->type != JSON_OBJECT)
		return err_input(err, "%s: is no object", name);
	for (size_t i = 0; i < ARRAY_LEN(dialects); i++)
		if (dialects[i]->is(top)) {
			p->dialect = dialects[i]->name;
			if (dialects[i]->read(top, caller, p, err) == 0)
				return 0;
			return err_in(err, "%s:", name);
		}
	return err_input(
		err,
		"%s: in no known dialect: it has neither network and filesystem settings, nor "
		"resource_limits, nor network_mode",
		name);
}
