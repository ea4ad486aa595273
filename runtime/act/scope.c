/* SPDX-License-Identifier: Apache-2.0 */
/* scope.c - a cgroup made by systemd, around the process that waits for it.
 * Should: tell systemd's words as they are.  Mustn't: take a cgroup for the container's that its process is not in. */
#include "runtime/act/scope.h"

#include <stdio.h>
#include <stdlib.h>

#include "runtime/act/act.h"
#include "runtime/act/cgroup_tree.h"
#include "runtime/act/spawn.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"

/* Longer than the companion waits for each of its calls. */
#define ASK_MS 60000
#define WORDS_MAX 7
#define ANSWER_ROOM (CGROUP_PATH_MAX + 64)

/* What the companion finds its bus by. */
static const char *const variables[] = { "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS",
					 "DBUS_SYSTEM_BUS_ADDRESS" };

/* The assignments of those that are set, as they stand in our environment. */
static void environment_of(const char *ret[ARRAY_LEN(variables) + 1])
{
	size_t n = 0;

	for (char **e = environ; e && *e; e++)
		for (size_t i = 0; i < ARRAY_LEN(variables); i++)
			if (n < ARRAY_LEN(variables) && str_starts(*e, variables[i]) &&
			    (*e)[strlen(variables[i])] == '=')
				ret[n++] = *e;
	ret[n] = NULL;
}

int scope_ask(const char *companion, const char *verb, enum scope_manager manager, const char *unit,
	      const char *more, const char *more2, const char *lines, char *answer, size_t room,
	      struct err *err)
{
	const char *words[WORDS_MAX] = {
		SCOPE_COMPANION, verb, name_of(scope_managers, manager), unit, more, more2
	};
	const char *environment[ARRAY_LEN(variables) + 1];
	int status;

	environment_of(environment);
	TRY(spawn_ask(companion, words, environment, lines, ASK_MS, answer, room, &status, err));
	answer[strcspn(answer, "\n")] = '\0';
	if (status == 0)
		return 0;
	return err_set(err, ERR_HOST, 0, "%.600s",
		       *answer ? answer
			       : "the companion that speaks to systemd failed without a word");
}

static int open_scope(const struct op *op, const char *path, int *ret, struct err *err)
{
	scoped_fd int mount = -1;
	scoped_fd int fd = -1;

	if (!path_is_absolute(path) || path_has_dotdot(path) || strlen(path) >= CGROUP_PATH_MAX ||
	    !str_eq(path_base(path), op->path))
		return err_host(err, EPROTO,
				"systemd made %s in \"%.128s\", which is no place for it", op->path,
				path);
	TRY(cgroup_mount_open(op->text, true, &mount, err));
	TRY(cgroup_open(mount, path, &fd, err));
	if (fd < 0)
		return err_state(err, "systemd made %s, but %s%.400s is not there", op->path,
				 op->text, path);
	/* The process would never say that it is ready. */
	if (cgroup_is_frozen(fd, true))
		return err_state(err, "%.400s is frozen, or a slice above it: thaw it", path);
	*ret = take_fd(&fd);
	return 0;
}

int act_cgroup_scope(struct act *x, const struct op *op, struct err *err)
{
	char answer[ANSWER_ROOM], pid[16];
	int fd = -1;

	if (!x->companion || !x->scope)
		return err_host(err, EPROTO, "nobody is there who speaks to systemd");
	(void)snprintf(pid, sizeof(pid), "%d", (int)x->child);
	TRY(scope_ask(x->companion, "start", (enum scope_manager)op->a, op->path, pid, NULL,
		      op->data, answer, sizeof(answer), err));
	TRY(open_scope(op, answer, &fd, err));
	memcpy(x->scope, answer, strlen(answer) + 1);
	return cgroup_dirs_add(x->cgroups, op->type, fd, err);
}

/* Level by level, and nothing is handed down: with a process in the upper one that would make threads' cgroups of those
 * below (cgroups(7), "threaded"). */
static int make_below(int above, const char *path, int *ret, struct err *err)
{
	char part[CGROUP_PATH_MAX];

	for (size_t n = strcspn(path, "/"); n < sizeof(part); n += strcspn(path + n, "/")) {
		(void)snprintf(part, sizeof(part), "%.*s", (int)n, path);
		if (n && sys_mkdirat(above, part, 0755) < 0 && errno != EEXIST)
			return cgroup_failed(err, errno, "make the cgroup %.128s", part);
		if (!path[n])
			break;
		n++;
	}
	TRY(cgroup_open(above, path, ret, err));
	return *ret < 0 ? err_state(err, "the cgroup %.128s is gone", path) : 0;
}

int act_cgroup_below(struct act *x, const struct op *op, struct err *err)
{
	struct cgroup_dir *above = cgroup_dirs_find(x->cgroups, op->type);
	scoped_fd int fd = -1;
	char pid[16];

	if (!above)
		return err_host(err, EPROTO, "the container has no cgroup (%s)", op->type);
	TRY(make_below(above->fd, op->path, &fd, err));
	(void)snprintf(pid, sizeof(pid), "%d", (int)x->child);
	if (cgroup_write(fd, "cgroup.procs", pid) < 0)
		return cgroup_failed(err, errno, "move the process into the cgroup %.128s",
				     op->path);
	return cgroup_dirs_add(x->cgroups, op->type, take_fd(&fd), err);
}
