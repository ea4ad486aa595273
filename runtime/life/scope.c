/* SPDX-License-Identifier: Apache-2.0 */
/* scope.c - asks systemd about the unit of a container that exists. */
#include "runtime/life/scope.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "runtime/act/cgroup_tree.h"
#include "runtime/act/scope.h"
#include "runtime/life/companion.h"
#include "runtime/plan/plan_scope.h"
#include "spec/base/path.h"
#include "spec/base/str.h"

const char *scope_word(const struct plan *p, struct arena *a)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->ops[i].code == OP_CGROUP_SCOPE)
			return arena_printf(a, "%s:%s",
					    name_of(scope_managers, (int64_t)p->ops[i].a),
					    p->ops[i].path);
	return "";
}

/* The state's word taken apart; false where there is none, or it is not for us to ask. */
static bool scope_of(const struct container *c, struct arena *a, enum scope_manager *manager,
		     const char **unit)
{
	const char *colon = c->scope ? strchr(c->scope, ':') : NULL;
	const struct name *row;

	if (!colon || geteuid() != c->owner_uid)
		return false;
	row = name_find(scope_managers, arena_strn(a, c->scope, (size_t)(colon - c->scope)));
	*unit = colon + 1;
	if (!row || !str_ends(*unit, ".scope") || strlen(*unit) > SCOPE_NAME_MAX ||
	    (*unit)[0] == '-' || strpbrk(*unit, "/\n"))
		return false;
	*manager = (enum scope_manager)row->value;
	return true;
}

static int ask(const struct container *c, const char *verb, const char *more, const char *more2,
	       const char *lines, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	char answer[CGROUP_PATH_MAX];
	enum scope_manager manager;
	const char *unit, *companion;

	if (!scope_of(c, &a, &manager, &unit))
		return 0;
	TRY(companion_find(SCOPE_COMPANION, &a, &companion, err));
	return scope_ask(companion, verb, manager, unit, more, more2, lines, answer, sizeof(answer),
			 err);
}

static bool is_gone(const struct cgroups *all)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].fd >= 0)
			return false;
	return all->n > 0;
}

int scope_stop(const struct container *c, const struct cgroups *all, struct err *err)
{
	return is_gone(all) ? 0 : ask(c, "stop", NULL, NULL, NULL, err);
}

int scope_limit(const struct container *c, const struct resources *r, struct arena *a,
		struct err *err)
{
	struct scope_lines lines = { .text = { .arena = a } };

	if (!c->scope || !*c->scope)
		return 0;
	TRY(scope_limits(&lines, r, str_starts(c->scope, "system:"), a, err));
	return lines.n ? ask(c, "set", NULL, NULL, lines.text.s, err) : 0;
}

int scope_attach(const struct container *c, pid_t pid, const char *sub, struct err *err)
{
	char number[16];

	(void)snprintf(number, sizeof(number), "%d", (int)pid);
	return ask(c, "attach", number, sub, NULL, err);
}

/* Moving a process takes the right to write to cgroup.procs of the lowest cgroup that is above both places
 * (cgroups(7), "delegation containment"). A session is not below the user's manager. */
bool scope_must_attach(const struct container *c, const struct facts *f, const char *path)
{
	char procs[CGROUP_PATH_MAX + 160];
	size_t common = 0;

	if (!c->scope || !str_starts(c->scope, "user:") || geteuid() != c->owner_uid)
		return false;
	for (size_t i = 0; path[i] && f->cgroup_own[i] == path[i]; i++)
		if (path[i + 1] == '/' && f->cgroup_own[i + 1] == '/')
			common = i + 1;
	(void)snprintf(procs, sizeof(procs), "%s%.*s/cgroup.procs", f->cgroup_mount, (int)common,
		       path);
	return faccessat(AT_FDCWD, procs, W_OK, AT_EACCESS) < 0;
}
