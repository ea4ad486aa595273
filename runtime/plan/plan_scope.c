/* SPDX-License-Identifier: Apache-2.0 */
/* plan_scope.c - which unit of systemd a container is, and what its annotations say about it.
 *
 * Engines that let systemd manage cgroups give cgroupsPath as "slice:prefix:name". The unit is a transient scope; where it
 * is in the tree follows from its slice's name alone. */
#include "runtime/plan/plan_scope.h"

#include "spec/base/path.h"
#include "spec/base/str.h"

#define SLICE ".slice"
#define SCOPE ".scope"
#define ROOT_SLICE "-.slice"
#define PROPERTY "org.systemd.property."
#define SUBGROUP "run.oci.systemd.subgroup"

/* --- names ------------------------------------------------------------------------------------ */

static bool is_alphanumeric(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* What a unit's name may hold as it is. */
static bool is_unit_letter(char c)
{
	return is_alphanumeric(c) || c == ':' || c == '-' || c == '_' || c == '.' || c == '\\';
}

/* Ids may have a "+", names of others anything: as systemd-escape writes it. */
static void add_escaped(struct text *t, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_unit_letter(s[i]) && !(s[i] == '.' && t->len == 0))
			text_addn(t, s + i, 1);
		else
			text_addf(t, "\\x%02x", (unsigned char)s[i]);
}

/* "a-b.slice": parts between single dashes, none of them empty. */
static bool is_slice(const char *s)
{
	size_t n = strlen(s), stem = n - strlen(SLICE);

	if (str_eq(s, ROOT_SLICE))
		return true;
	if (n <= strlen(SLICE) || n > SCOPE_NAME_MAX || !str_ends(s, SLICE) || s[0] == '.')
		return false;
	for (size_t i = 0; i < stem; i++)
		if (!is_unit_letter(s[i]) ||
		    (s[i] == '-' && (i == 0 || i + 1 == stem || s[i + 1] == '-')))
			return false;
	return true;
}

static int refuse(struct err *err, const char *path, const char *why)
{
	(void)err_input(
		err,
		"\"%.200s\" - %s; with the systemd manager it is \"slice:prefix:name\", such as "
		"\"system.slice:srt:web\", or absent",
		path, why);
	return err_in(err, "/linux/cgroupsPath");
}

int scope_place(const char *given, const char *id, enum scope_manager manager, struct arena *a,
		struct scope_place *ret, struct err *err)
{
	const char *path = given && *given ? given : arena_printf(a, ":srt-oci:%s", id);
	const char *prefix = strchr(path, ':');
	const char *name = prefix ? strchr(prefix + 1, ':') : NULL;
	struct text unit = { .arena = a };
	struct scope_place place;

	if (!name || strchr(name + 1, ':') || strchr(path, '/'))
		return refuse(err, path, "that is not of three parts");
	if (!name[1])
		return refuse(err, path, "the name is empty");
	if (str_ends(name, SLICE))
		return refuse(err, path, "a container is a scope, not a slice");
	place.slice = arena_strn(a, path, (size_t)(prefix - path));
	if (!place.slice[0])
		place.slice = manager == SCOPE_SYSTEM ? "system" SLICE : "user" SLICE;
	if (!is_slice(place.slice))
		return refuse(err, path, "its first part is not the name of a slice");
	add_escaped(&unit, prefix + 1, (size_t)(name - prefix - 1));
	if (unit.len)
		text_add(&unit, "-");
	add_escaped(&unit, name + 1, strlen(name + 1));
	if (!str_ends(unit.s, SCOPE))
		text_add(&unit, SCOPE);
	if (unit.len > SCOPE_NAME_MAX)
		return refuse(err, path, "the unit's name would be too long");
	place.unit = unit.s;
	*ret = place;
	return 0;
}

const char *scope_path(const struct scope_place *place, struct arena *a)
{
	struct text path = { .arena = a };
	size_t stem = strlen(place->slice) - strlen(SLICE);

	if (!str_eq(place->slice, ROOT_SLICE))
		for (size_t i = 1; i <= stem; i++)
			if (i == stem || place->slice[i] == '-')
				text_addf(&path, "/%.*s" SLICE, (int)i, place->slice);
	text_addf(&path, "/%s", place->unit);
	return path.s;
}

/* --- lines ------------------------------------------------------------------------------------ */

void scope_add(struct scope_lines *lines, const char *name, const char *signature)
{
	text_addf(&lines->text, "%s%s\t%s", lines->n ? "\n" : "", name, signature);
	lines->n++;
}

void scope_value(struct scope_lines *lines, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	text_addf(&lines->text, "\t%s", arena_vprintf(lines->text.arena, fmt, ap));
	va_end(ap);
}

/* --- annotations ------------------------------------------------------------------------------ */

/* What we say ourselves: whoever said it again would have a unit without its process, or in another place. */
static bool is_ours(const char *name)
{
	static const char *const ours[] = { "PIDs", "Slice", "Delegate" };

	for (size_t i = 0; i < ARRAY_LEN(ours); i++)
		if (str_eq(name, ours[i]))
			return true;
	return false;
}

static int annotation_line(struct scope_lines *lines, const char *name, const char *value,
			   struct arena *a, struct err *err)
{
	size_t n = strlen(name);

	for (size_t i = 0; i < n; i++)
		if (!is_alphanumeric(name[i]))
			return err_input(err,
					 "a property of a unit is named by letters and digits");
	if (n == 0 || n > SCOPE_NAME_MAX)
		return err_input(err, "names no property");
	if (is_ours(name))
		return err_input(err, "is set by the runtime");
	if (lines->n == SCOPE_PROPERTIES_MAX)
		return err_limit(err, "more than %d properties of a unit", SCOPE_PROPERTIES_MAX);
	return scope_variant(lines, name, value, a, err);
}

int scope_annotations(struct scope_lines *lines, const struct pairs *annotations, struct arena *a,
		      struct err *err)
{
	for (size_t i = 0; i < annotations->n; i++) {
		const struct pair *p = &annotations->v[i];

		if (!str_starts(p->key, PROPERTY))
			continue;
		if (annotation_line(lines, p->key + strlen(PROPERTY), p->value ? p->value : "", a,
				    err) < 0)
			return err_in(err, "/annotations/%.180s", p->key);
	}
	return 0;
}

int scope_subgroup(const struct pairs *annotations, const char **ret, struct err *err)
{
	const char *name = NULL;

	for (size_t i = 0; i < annotations->n; i++)
		if (str_eq(annotations->v[i].key, SUBGROUP))
			name = annotations->v[i].value;
	if (name && *name &&
	    (strchr(name, '/') || strchr(name, '\n') || str_eq(name, ".") || str_eq(name, "..") ||
	     strlen(name) > SCOPE_NAME_MAX)) {
		(void)err_input(err, "\"%.100s\" is not a single name", name);
		return err_in(err, "/annotations/" SUBGROUP);
	}
	*ret = name && *name ? name : NULL;
	return 0;
}
