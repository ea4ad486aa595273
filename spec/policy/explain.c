/* SPDX-License-Identifier: Apache-2.0 */
/* explain.c - the effective policy, every value with its origin. Mustn't: show a secret. */
#include <string.h>

#include "spec/policy/policy.h"

#define NAME_WIDTH 16
#define VALUE_WIDTH 24

static const char *const accesses[] = { "deny", "read", "write" };

static void line(struct text *out, const char *name, const char *value, const char *origin)
{
	text_addf(out, "%-*s %-*s %s\n", NAME_WIDTH, name, VALUE_WIDTH, value, origin);
}

static const char *origin_text(const struct policy *p, const struct policy_value *v)
{
	const char *origin = name_of(policy_origins, v->origin);

	return v->from && *v->from ? arena_printf(p->arena, "%s (%s)", origin, v->from) : origin;
}

static const char *mount_text(const struct policy *p, const struct policy_mount *m)
{
	return arena_printf(p->arena, "%s:%s:%s%s", m->source, m->destination,
			    m->writable ? "rw" : "ro", m->noexec ? ",noexec" : "");
}

static const char *shown(const struct policy_variable *v)
{
	return v->secret ? "***" : v->value;
}

void policy_explain(const struct policy *p, struct text *out)
{
	if (p->dialect)
		line(out, "settings", p->dialect, p->name ? p->name : "");
	for (int i = 0; i < POLICY_ITEMS; i++)
		if (p->v[i].text)
			line(out, policy_rows[i].name, p->v[i].text, origin_text(p, &p->v[i]));
	for (size_t i = 0; i < p->mounts.n; i++)
		line(out, "mount", mount_text(p, &p->mounts.v[i]), p->mounts.v[i].from);
	for (size_t i = 0; i < p->paths.n; i++)
		line(out, "path",
		     arena_printf(p->arena, "%s %s", accesses[p->paths.v[i].access],
				  p->paths.v[i].path),
		     p->paths.v[i].own
			     ? arena_printf(p->arena, "%s (the sandbox's own)", p->paths.v[i].from)
			     : p->paths.v[i].from);
	for (size_t i = 0; i < p->domains.n; i++)
		line(out, "domain",
		     arena_printf(p->arena, "%s %s", p->domains.v[i].allow ? "allow" : "deny",
				  p->domains.v[i].pattern),
		     p->domains.v[i].from);
	for (size_t i = 0; i < p->variables.n; i++)
		line(out, "variable",
		     arena_printf(p->arena, "%s=%s", p->variables.v[i].name,
				  shown(&p->variables.v[i])),
		     p->variables.v[i].from);
	for (size_t i = 0; i < p->artifacts.n; i++)
		line(out, "artifacts", p->artifacts.v[i], "flag");
	for (size_t i = 0; i < p->publish.n; i++)
		line(out, "publish", p->publish.v[i], "flag");
}

static void emit_value(const struct policy_row *row, const struct policy_value *v, struct emit *e)
{
	emit_object(e, row->name);
	if (row->kind == KIND_TRUTH)
		emit_bool(e, "value", v->n != 0);
	else if (row->kind == KIND_TEXT || row->kind == KIND_WORD)
		emit_str(e, "value", v->text);
	else
		emit_uint(e, "value", v->n);
	emit_str(e, "text", v->text);
	emit_str(e, "origin", name_of(policy_origins, v->origin));
	if (v->from && *v->from)
		emit_str(e, "from", v->from);
	emit_end_object(e);
}

static void emit_lists(const struct policy *p, struct emit *e)
{
	emit_array(e, "mounts");
	for (size_t i = 0; i < p->mounts.n; i++) {
		const struct policy_mount *m = &p->mounts.v[i];

		emit_object(e, NULL);
		emit_str(e, "source", m->source);
		emit_str(e, "destination", m->destination);
		emit_bool(e, "writable", m->writable);
		emit_bool(e, "noexec", m->noexec);
		emit_str(e, "from", m->from);
		emit_end_object(e);
	}
	emit_end_array(e);
	emit_array(e, "paths");
	for (size_t i = 0; i < p->paths.n; i++) {
		emit_object(e, NULL);
		emit_str(e, "path", p->paths.v[i].path);
		emit_str(e, "access", accesses[p->paths.v[i].access]);
		emit_bool(e, "own", p->paths.v[i].own);
		emit_str(e, "from", p->paths.v[i].from);
		emit_end_object(e);
	}
	emit_end_array(e);
	emit_array(e, "domains");
	for (size_t i = 0; i < p->domains.n; i++) {
		emit_object(e, NULL);
		emit_str(e, "pattern", p->domains.v[i].pattern);
		emit_bool(e, "allow", p->domains.v[i].allow);
		emit_str(e, "from", p->domains.v[i].from);
		emit_end_object(e);
	}
	emit_end_array(e);
	emit_array(e, "variables");
	for (size_t i = 0; i < p->variables.n; i++) {
		emit_object(e, NULL);
		emit_str(e, "name", p->variables.v[i].name);
		emit_str(e, "value", shown(&p->variables.v[i]));
		emit_bool(e, "secret", p->variables.v[i].secret);
		emit_str(e, "from", p->variables.v[i].from);
		emit_end_object(e);
	}
	emit_end_array(e);
}

void policy_emit(const struct policy *p, struct emit *e)
{
	emit_object(e, NULL);
	emit_str(e, "settings", p->dialect);
	emit_str(e, "name", p->name);
	emit_object(e, "values");
	for (int i = 0; i < POLICY_ITEMS; i++)
		if (p->v[i].text)
			emit_value(&policy_rows[i], &p->v[i], e);
	emit_end_object(e);
	emit_lists(p, e);
	emit_end_object(e);
}
