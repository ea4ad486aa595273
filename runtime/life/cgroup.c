/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup.c - finds a container's cgroups by its state, and ends them.
 * Mustn't: touch, for root, a cgroup that the state's owner could not have touched himself. */
#include "runtime/life/cgroup.h"

#include <stdlib.h>
#include <unistd.h>

#include "runtime/act/cgroup_tree.h"
#include "runtime/life/process.h"
#include "runtime/life/scope.h"
#include "runtime/plan/plan_cgroup.h"
#include "runtime/probe/cgroup.h"
#include "runtime/probe/probe.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"

#define SIGNAL_ROUNDS 16
#define PROC_CGROUP_MAX 65536

void cgroups_done(struct cgroups *all)
{
	for (size_t i = 0; i < all->n; i++) {
		scope_close(&all->v[i].fd);
		scope_close(&all->v[i].mount_fd);
	}
	all->n = 0;
}

/* --- the state's words ------------------------------------------------------------------------ */

static bool is_noted(const struct pairs *all, const char *type)
{
	for (size_t i = 0; i < all->n; i++)
		if (str_eq(all->v[i].key, type))
			return true;
	return false;
}

/* Only what is ours from here on may be named: it ends with the container. */
static int check_free(int mount, const struct op *op, struct err *err)
{
	scoped_fd int fd = -1;
	int gone = cgroup_open(mount, op->path, &fd, err);

	return gone ? (gone < 0 ? gone : 0) : cgroup_check_empty(fd, op->path, err);
}

static int note(const struct op *op, struct arena *a, struct pairs *ret, struct err *err)
{
	scoped_fd int mount = -1;
	size_t existing;

	if (cgroup_mount_open(op->text, str_eq(op->type, CGROUP_UNIFIED), &mount, err) < 0)
		return err_in(err, "%s", op->cause);
	existing = cgroup_existing(mount, op->path);
	if (existing == strlen(op->path) && check_free(mount, op, err) < 0)
		return err_in(err, "%s", op->cause);
	ret->v[ret->n++] = (struct pair){
		.key = op->type,
		.value = existing == strlen(op->path) ? op->path
						      : arena_printf(a, "%.*s/%s", (int)existing,
								     op->path, op->path + existing),
	};
	return 0;
}

int cgroups_note(const struct plan *p, struct arena *a, struct pairs *ret, struct err *err)
{
	struct pairs all = { arena_array(a, struct pair, FACTS_HIERARCHIES_MAX + 1), 0 };

	/* The second of a type lies below the first. */
	for (size_t i = 0; i < p->n; i++)
		if (p->ops[i].code == OP_CGROUP && !is_noted(&all, p->ops[i].type))
			TRY(note(&p->ops[i], a, &all, err));
	*ret = all;
	return 0;
}

/* --- opening ---------------------------------------------------------------------------------- */

static const char *mount_of(const struct facts *f, const char *type)
{
	if (str_eq(type, CGROUP_UNIFIED))
		return f->cgroup_mount[0] ? f->cgroup_mount : NULL;
	for (uint32_t i = 0; i < f->cgroup_v1_n; i++)
		if (str_eq(f->cgroup_v1[i].controllers, type))
			return f->cgroup_v1[i].mount;
	return NULL;
}

static bool belongs_to(int fd, uint32_t owner)
{
	struct stat st;

	return sys_fstat(fd, &st) == 0 && st.st_uid == owner;
}

static int check_owner(const struct container *c, const struct cgroup_ref *r, struct err *err)
{
	scoped_fd int above = -1;
	char path[CGROUP_PATH_MAX];
	const char *name = path_base(r->path);

	if (geteuid() != 0 || c->owner_uid == 0)
		return 0;
	(void)snprintf(path, sizeof(path), "%.*s", (int)(name - r->path), r->path);
	if (cgroup_open(r->mount_fd, path, &above, err) == 0 && belongs_to(r->fd, c->owner_uid) &&
	    belongs_to(above, c->owner_uid))
		return 0;
	return err_set(
		err, ERR_HOSTILE, 0,
		"the state of container \"%s\" names cgroup %s, which is not its owner's, uid %u",
		c->id, r->path, c->owner_uid);
}

static int open_one(const struct container *c, const struct pair *named, const char *mount,
		    struct arena *a, struct cgroups *all, struct err *err)
{
	struct cgroup_ref *r = &all->v[all->n];
	const char *made = strstr(named->value, "//");

	*r = (struct cgroup_ref){ .type = named->key, .mount_fd = -1, .fd = -1 };
	r->v2 = str_eq(r->type, CGROUP_UNIFIED);
	r->path = path_clean(a, named->value);
	r->existing = made ? (size_t)(made - named->value) : strlen(r->path);
	if (path_has_dotdot(named->value) || strlen(named->value) >= CGROUP_PATH_MAX ||
	    str_eq(r->path, "/"))
		return err_set(err, ERR_HOSTILE, 0,
			       "the state of container \"%s\" names \"%.128s\" as its cgroup",
			       c->id, named->value);
	TRY(cgroup_mount_open(mount, r->v2, &r->mount_fd, err));
	all->n++;
	TRY(cgroup_open(r->mount_fd, r->path, &r->fd, err));
	return r->fd < 0 ? 0 : check_owner(c, r, err);
}

int cgroups_open(const struct container *c, const struct facts *facts, struct arena *a,
		 struct cgroups *ret, struct err *err)
{
	struct facts own;

	ret->n = 0;
	if (c->cgroups.n == 0)
		return 0;
	if (!facts) {
		TRY(probe(WANT_CGROUP, &own, err));
		facts = &own;
	}
	for (size_t i = 0; i < c->cgroups.n && ret->n < ARRAY_LEN(ret->v); i++) {
		const struct pair *named = &c->cgroups.v[i];
		const char *mount = mount_of(facts, named->key);

		if (!mount || is_noted(&(struct pairs){ c->cgroups.v, i }, named->key))
			continue;
		if (open_one(c, named, mount, a, ret, err) < 0) {
			cgroups_done(ret);
			return -1;
		}
	}
	return 0;
}

/* --- asking ----------------------------------------------------------------------------------- */

const struct cgroup_ref *cgroups_with(const struct cgroups *all, const char *controller)
{
	char have[512];

	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].fd >= 0 && !all->v[i].v2 && cgroup_has(all->v[i].type, controller))
			return &all->v[i];
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].fd >= 0 && all->v[i].v2 &&
		    cgroup_read(all->v[i].fd, "cgroup.controllers", have, sizeof(have)) >= 0) {
			have[strcspn(have, "\n")] = '\0';
			return cgroup_has(have, controller) ? &all->v[i] : NULL;
		}
	return NULL;
}

const struct cgroup_ref *cgroups_list(const struct cgroups *all)
{
	const struct cgroup_ref *found = NULL;

	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].fd >= 0 && (!found || all->v[i].v2))
			found = &all->v[i];
	return found;
}

/* That of v2 comes first where there are both: whom it stopped can be killed. */
const struct cgroup_ref *cgroups_freezer(const struct cgroups *all)
{
	const struct cgroup_ref *found = NULL;
	char text[64];

	for (size_t i = 0; i < all->n; i++) {
		const struct cgroup_ref *r = &all->v[i];

		if (r->fd < 0)
			continue;
		if (r->v2 && cgroup_read(r->fd, "cgroup.freeze", text, sizeof(text)) > 0)
			return r;
		if (!r->v2 && cgroup_has(r->type, "freezer"))
			found = r;
	}
	return found;
}

/* --- processes -------------------------------------------------------------------------------- */

struct gather {
	struct pids_list list;
	size_t room;
	struct arena *a;
};

static int gather_one(void *ctx, pid_t pid, struct err *err)
{
	struct gather *g = ctx;

	if (g->list.n == PROCESSES_MAX)
		return err_limit(err, "more than %u processes in the container", PROCESSES_MAX);
	if (g->list.n == g->room) {
		size_t more = g->room ? g->room * 2 : 64;

		g->list.v =
			arena_grow(g->a, g->list.v, g->room * sizeof(pid_t), more * sizeof(pid_t));
		g->room = more;
	}
	g->list.v[g->list.n++] = pid;
	return 0;
}

static int by_number(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

int cgroups_pids(const struct cgroups *all, struct arena *a, struct pids_list *ret, struct err *err)
{
	const struct cgroup_ref *r = cgroups_list(all);
	struct gather g = { .a = a };

	if (r)
		TRY(cgroup_each(r->fd, gather_one, &g, err));
	if (g.list.n)
		qsort(g.list.v, g.list.n, sizeof(pid_t), by_number);
	*ret = g.list;
	return 0;
}

static bool listed(const struct pids_list *list, pid_t pid)
{
	return list->n && bsearch(&pid, list->v, list->n, sizeof(pid), by_number);
}

/* In two looks: what is still listed once its pidfd is open is what the pidfd names. */
static int signal_new(const struct cgroups *all, const struct pids_list *old, int sig,
		      struct arena *a, struct pids_list *now, size_t *sent, struct err *err)
{
	struct pids_list again;
	int *fds;

	*sent = 0;
	TRY(cgroups_pids(all, a, now, err));
	fds = arena_array(a, int, now->n + 1);
	for (size_t i = 0; i < now->n; i++)
		fds[i] = listed(old, now->v[i]) ? -1 : sys_pidfd_open(now->v[i], 0);
	if (cgroups_pids(all, a, &again, err) < 0)
		again.n = 0;
	for (size_t i = 0; i < now->n; i++) {
		if (fds[i] < 0)
			continue;
		if (listed(&again, now->v[i]) && sys_pidfd_send_signal(fds[i], sig) == 0)
			++*sent;
		(void)sys_close(fds[i]);
	}
	return 0;
}

int cgroups_signal(const struct cgroups *all, int sig, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	const struct cgroup_ref *r = cgroups_list(all);
	struct pids_list old = { 0 }, now;
	size_t sent = 1;

	if (sig == SIGKILL && r && r->v2 && cgroup_write(r->fd, "cgroup.kill", "1") == 0)
		sent = 0;
	for (int round = 0; sent && round < SIGNAL_ROUNDS; round++) {
		TRY(signal_new(all, &old, sig, &a, &now, &sent, err));
		old = now;
	}
	/* In the freezer of v1 even SIGKILL waits. */
	return sig == SIGKILL && cgroups_freeze(all, false, err) < 0 ? -1 : 0;
}

int cgroups_freeze(const struct cgroups *all, bool frozen, struct err *err)
{
	const struct cgroup_ref *r = cgroups_freezer(all);

	if (!r)
		return 1;
	if (frozen)
		return cgroup_freeze(r->fd, r->v2, true, err);
	/* Somebody may have used the other one. */
	for (size_t i = 0; i < all->n; i++) {
		const struct cgroup_ref *o = &all->v[i];

		if (o->fd >= 0 && (o->v2 ? o == r : cgroup_has(o->type, "freezer")))
			TRY(cgroup_freeze(o->fd, o->v2, false, err));
	}
	return 0;
}

int cgroups_thaw(const struct container *c, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	scoped_cgroups struct cgroups all = { .n = 0 };

	TRY(cgroups_open(c, NULL, &a, &all, err));
	return cgroups_freeze(&all, false, err) < 0 ? -1 : 0;
}

/* --- the end ---------------------------------------------------------------------------------- */

void cgroups_take_back(const struct container *c)
{
	scoped_arena struct arena a = { 0 };
	scoped_cgroups struct cgroups all = { .n = 0 };
	struct err ignored;

	if (cgroups_open(c, NULL, &a, &all, &ignored) < 0)
		return;
	for (size_t i = 0; i < all.n; i++)
		(void)cgroup_take_back(all.v[i].mount_fd, all.v[i].path, all.v[i].existing);
}

int cgroups_remove(const struct container *c, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	scoped_cgroups struct cgroups all = { .n = 0 };
	struct pids_list left;

	TRY(cgroups_open(c, NULL, &a, &all, err));
	TRY(cgroups_pids(&all, &a, &left, err));
	if (left.n)
		TRY(cgroups_signal(&all, SIGKILL, err));
	/* systemd would give them 90 seconds to end by themselves. */
	TRY(scope_stop(c, &all, err));
	for (size_t i = 0; i < all.n; i++) {
		TRY(cgroup_remove(all.v[i].mount_fd, all.v[i].path, err));
		if (cgroup_take_back(all.v[i].mount_fd, all.v[i].path, all.v[i].existing) < 0)
			return cgroup_failed(err, errno, "remove what was made above cgroup %s",
					     all.v[i].path);
	}
	return 0;
}

/* --- joining ---------------------------------------------------------------------------------- */

/* Where init is by now: it may have made cgroups below its own, and on v2 only those have room then. */
const char *cgroups_path_of(const struct cgroup_ref *r, const struct facts *f, pid_t init,
			    struct arena *a)
{
	char text[PROC_CGROUP_MAX], name[64], own[CGROUP_PATH_MAX];
	size_t root = str_eq(f->cgroup_root, "/") ? 0 : strlen(f->cgroup_root);

	(void)snprintf(name, sizeof(name), "%d/cgroup", init);
	scoped_fd int proc = sys_openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	if (!r->v2 || proc < 0 || cgroup_read(proc, name, text, sizeof(text)) < 0)
		return r->path;
	cgroup_own_parse(text, own, sizeof(own));
	if (strlen(own) <= root || path_has_dotdot(own) || !path_beneath(own + root, r->path))
		return r->path;
	return arena_str(a, own + root);
}

/* "memory:sub" is for that hierarchy of v1 alone, "sub" for all that no other names. */
static const char *sub_of(const struct cgroup_ref *r, const struct strings *sub, struct err *err)
{
	const char *found = "";

	for (size_t i = 0; i < sub->n; i++) {
		const char *colon = strchr(sub->v[i], ':'), *path = colon ? colon + 1 : sub->v[i];

		if (path_has_dotdot(path)) {
			(void)err_input(err, "--cgroup: \"%.128s\" leaves the container's cgroup",
					sub->v[i]);
			return NULL;
		}
		if (!colon)
			found = path;
		else if (str_starts(sub->v[i], r->type) && sub->v[i][strlen(r->type)] == ':')
			return path;
	}
	return found;
}

static int join_one(const struct cgroup_ref *r, const char *path, struct cgroup_dirs *ret,
		    struct err *err)
{
	int fd = -1;

	TRY(cgroup_open(r->mount_fd, path, &fd, err));
	if (fd < 0)
		return err_state(err, "the container has no cgroup %s (%s)", path, r->type);
	return cgroup_dirs_add(ret, r->type, fd, err);
}

int cgroups_join(const struct cgroups *all, const struct facts *facts, pid_t init,
		 const struct strings *sub, struct cgroup_dirs *ret, struct err *err)
{
	scoped_arena struct arena a = { 0 };

	for (size_t i = 0; i < all->n; i++) {
		const struct cgroup_ref *r = &all->v[i];
		const char *below = sub_of(r, sub, err), *path;

		if (!below)
			return -1;
		if (r->fd < 0)
			continue;
		path = *below ? path_clean(&a, path_join(&a, r->path, below))
			      : cgroups_path_of(r, facts, init, &a);
		TRY(join_one(r, path, ret, err));
	}
	return cgroup_dirs_ready(ret, err);
}
