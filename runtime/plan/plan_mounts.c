/* SPDX-License-Identifier: Apache-2.0 */
/* plan_mounts.c - the root and the mounts in it.
 *
 * A new file system that is to be read-only, but in which later mounts or devices need a place, becomes read-only at the end
 * (plan_readonly_late). Attributes that only a host's lock can forbid (atime, or lifting ro) are ops of their own, so that
 * the rest of the mount does not fail with them. */
#include <linux/capability.h>
#include <linux/mount.h>
#include <sched.h>

#include "runtime/plan/mount_idmap.h"
#include "runtime/plan/mount_options.h"
#include "runtime/plan/plan.h"
#include "runtime/plan/plan_cgroup.h"
#include "spec/base/path.h"
#include "spec/oci/annotations.h"

#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif
#define HOST_CGROUP "/sys/fs/cgroup"
#define ATIME_AND_DIRATIME ((uint64_t)MOUNT_ATTR__ATIME | MOUNT_ATTR_NODIRATIME)

/* What engines mount over single files of /proc (lxcfs and the like); anything else there could hide from, or lie to, this
 * program and its LSM writes (CVE-2019-16884, CVE-2023-27561, CVE-2025-52881). */
static const char *const proc_allowed[] = {
	"/proc/cpuinfo",
	"/proc/diskstats",
	"/proc/loadavg",
	"/proc/meminfo",
	"/proc/net/dev",
	"/proc/slabinfo",
	"/proc/stat",
	"/proc/swaps",
	"/proc/uptime",
	"/proc/sys/kernel/ns_last_pid",
	"/proc/sys/crypto/fips_enabled",
};

/* One mount on its way into the plan. */
struct job {
	struct plan *p;
	const struct config *c;
	const struct facts *f;
	const struct plan_options *o;
	const struct mount *m;
	size_t index;
	size_t first; /* its first op */
	const char *cause, *dest;
	struct mount_wish w;
};

static struct op *add(const struct job *j, enum op_code code, const char *path)
{
	struct op *op = plan_add(j->p, STAGE_ROOT, code, j->cause);

	op->path = path;
	/* A symlink at /proc or /sys would lead the mount, and what trusts it, elsewhere (CVE-2023-27561). */
	if ((j->w.extensions & MOUNT_DEST_NOFOLLOW) || str_eq(path, "/proc") ||
	    str_eq(path, "/sys"))
		op->flags |= OP_NOFOLLOW_DEST;
	return op;
}

static int refuse(const struct job *j, struct err *err, const char *text)
{
	(void)err_input(err, "%s", text);
	return err_in(err, "%s", j->cause);
}

static bool over_allowed_proc(const char *dest)
{
	for (size_t i = 0; i < ARRAY_LEN(proc_allowed); i++)
		if (str_eq(dest, proc_allowed[i]))
			return true;
	return false;
}

static int check_destination(struct job *j, struct err *err)
{
	const char *given = j->m->destination;

	j->dest = path_clean(j->p->arena, given);
	if (!path_is_absolute(given))
		TRY(plan_warn(j->p, err, plan_cause(j->p, "%s/destination", j->cause),
			      "destination \"%s\" is relative; it is taken from /", given));
	if (str_eq(j->dest, "/"))
		return refuse(j, err, "the destination is the root itself; set /root/path instead");
	if (path_beneath(j->dest, "/proc") && !str_eq(j->dest, "/proc") &&
	    !over_allowed_proc(j->dest))
		return refuse(
			j, err,
			"a mount inside /proc could mislead the runtime; only single files such as "
			"/proc/meminfo, /proc/cpuinfo or /proc/uptime may be covered");
	return 0;
}

static bool holds_id(const struct id_mappings *m, uint64_t id)
{
	for (size_t i = 0; i < m->n; i++)
		if (id >= m->v[i].container_id && id - m->v[i].container_id < m->v[i].size)
			return true;
	return m->n == 0;
}

/* "uid=" and "gid=" must be mapped inside (devpts' gid=5 rarely is where one id is mapped); the kernel would refuse the
 * whole mount. */
static int drop_unmapped(struct job *j, struct err *err)
{
	struct text kept = { .arena = j->p->arena };
	const char *s = j->w.data;

	while (*s) {
		size_t n = strcspn(s, ",");
		char *word = arena_strn(j->p->arena, s, n);
		bool uid = str_starts(word, "uid="), gid = str_starts(word, "gid=");
		struct err ignored;
		uint64_t id;

		if ((uid || gid) && str_u64(word + 4, 10, UINT32_MAX, &id, &ignored) == 0 &&
		    !holds_id(uid ? &j->p->uid_maps : &j->p->gid_maps, id)) {
			TRY(plan_warn(
				j->p, err, plan_cause(j->p, "%s/options", j->cause),
				"%s is not mapped in this user namespace; the option is left out",
				word));
		} else {
			text_addf(&kept, "%s%s", kept.len ? "," : "", word);
		}
		s += n + (s[n] == ',');
	}
	j->w.data = kept.s ? kept.s : "";
	return 0;
}

static void add_propagation(const struct job *j)
{
	struct op *op;

	if (!j->w.propagation)
		return;
	op = add(j, OP_PROPAGATION, j->dest);
	op->a = j->w.propagation;
	op->c = j->w.propagation_rec ? MS_REC : 0;
}

static void add_setattr(const struct job *j, uint64_t set, uint64_t clear, bool recursive,
			unsigned int flags)
{
	struct op *op;

	if (!set && !clear)
		return;
	op = add(j, OP_SETATTR, j->dest);
	op->a = set;
	op->b = clear;
	op->c = recursive ? MS_REC : 0;
	op->flags |= (uint16_t)flags;
}

/* In a user namespace root is no root to the host's directories: a source that only root may reach is opened by the parent. */
static bool may_lack_access(const struct config *c, const struct facts *f)
{
	return config_has_ns(c, CLONE_NEWUSER) && facts_cap(f, CAP_SYS_ADMIN) &&
	       facts_cap(f, CAP_DAC_OVERRIDE);
}

static void add_by_parent(const struct job *j, struct op first)
{
	struct op *op = add(j, OP_BIND, j->dest);

	first.flags |= OP_ELSE | OP_BY_PARENT;
	*op = first;
	j->p->asks_parent = true;
}

/* Read-only attributes come at once; what a lock of the host's could forbid comes after, as a wish. */
static void add_bind_attrs(const struct job *j, struct op *bind, bool or_by_parent)
{
	uint64_t may_fail = ATIME_AND_DIRATIME;

	bind->a = j->w.set & ~may_fail;
	bind->d = j->w.set_rec & ~may_fail;
	if (or_by_parent && !(bind->flags & OP_BY_PARENT))
		add_by_parent(j, *bind);
	else if (bind->len && j->m->idmap_may_fail) {
		struct op plain = *bind;

		plain.data = NULL;
		plain.len = 0;
		add_by_parent(j, plain);
	}
	add_setattr(j, j->w.set & may_fail, j->w.clear, false, OP_OPTIONAL);
	add_setattr(j, j->w.set_rec & may_fail, j->w.clear_rec, true, OP_OPTIONAL);
}

static int idmap_of(const struct job *j, struct mount_idmap *ret, struct err *err)
{
	const struct mount *m = j->m;

	*ret = (struct mount_idmap){ m->uid_mappings, m->gid_mappings, false };
	if (m->uid_mappings.n)
		return 0;
	if (j->w.idmap)
		return mount_idmap_parse(j->w.idmap, &j->p->uid_maps, &j->p->gid_maps, j->p->arena,
					 ret, err);
	if (!j->p->uid_maps.n)
		return err_input(err, "idmap needs uidMappings and gidMappings, here or in /linux");
	ret->uids = j->p->uid_maps;
	ret->gids = j->p->gid_maps;
	return 0;
}

/* The right over the file system is the initial user namespace's: with one of the container's between, the parent does it. */
static int plan_idmap(const struct job *j, struct op *op, struct err *err)
{
	struct mount_idmap *map;

	if (!j->m->uid_mappings.n && !(j->w.extensions & (MOUNT_IDMAP | MOUNT_RIDMAP)))
		return 0;
	map = arena_new(j->p->arena, struct mount_idmap);
	if (idmap_of(j, map, err) < 0)
		return err_in(err, "%s", j->cause);
	if (!facts_cap(j->f, CAP_SYS_ADMIN))
		return refuse(
			j, err,
			"an id-mapped mount needs CAP_SYS_ADMIN over the file system, which an "
			"ordinary user does not have; run as root or drop the mappings");
	map->recursive = (j->w.extensions & MOUNT_RIDMAP) != 0;
	op->data = map;
	op->len = sizeof(*map);
	if (config_has_ns(j->c, CLONE_NEWUSER)) {
		op->flags |= OP_BY_PARENT;
		j->p->asks_parent = true;
	}
	return 0;
}

/* "Bidirectional": all of the child's mounts are slaves; a copy of the parent's stays a peer. Not for a user namespace. */
static bool is_hosts_peer(const struct job *j)
{
	return j->w.propagation == MS_SHARED && j->c->linux_.rootfs_propagation == MS_SHARED &&
	       !config_has_ns(j->c, CLONE_NEWUSER);
}

static const char *bind_source(const struct job *j)
{
	const char *s = j->m->source;

	return path_is_absolute(s) ? s : path_join(j->p->arena, j->o->bundle, s);
}

static int plan_bind(struct job *j, struct err *err)
{
	struct op *op;

	if (!j->m->source || !j->m->source[0])
		return refuse(j, err, "a bind mount needs a source");
	if (j->w.unknown_for_bind)
		TRY(plan_warn(
			j->p, err, plan_cause(j->p, "%s/options", j->cause),
			"\"%s\" belongs to a file system and means nothing on a bind mount; it is left out",
			j->w.unknown_for_bind));
	op = add(j, OP_BIND, j->dest);
	op->text = bind_source(j);
	op->c = j->w.recursive ? MS_REC : 0;
	if (j->w.extensions & MOUNT_SRC_NOFOLLOW)
		op->flags |= OP_NOFOLLOW_SOURCE;
	if (j->w.extensions & MOUNT_COPY_SYMLINK)
		op->flags |= OP_NOFOLLOW_SOURCE | OP_COPY_SYMLINK;
	TRY(plan_idmap(j, op, err));
	if (is_hosts_peer(j))
		op->flags |= OP_BY_PARENT | OP_HOSTS_PEER;
	j->p->asks_parent |= (op->flags & OP_BY_PARENT) != 0;
	add_bind_attrs(j, op, may_lack_access(j->c, j->f));
	add_propagation(j);
	return 0;
}

/* What stands in for a file system that an ordinary user may not mount afresh: the host's, read-only. */
static void add_else_bind(const struct job *j, const char *source)
{
	struct op *op = add(j, OP_BIND, j->dest);

	op->flags |= OP_ELSE;
	op->text = source;
	op->c = MS_REC;
	op->d = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
}

static bool needs_room_below(const struct job *j)
{
	if (path_beneath("/dev", j->dest))
		return true;
	for (size_t i = j->index + 1; i < j->c->mounts.n; i++)
		if (path_beneath(path_clean(j->p->arena, j->c->mounts.v[i].destination), j->dest))
			return true;
	return false;
}

static void add_new(struct job *j, const char *type)
{
	struct op *op = add(j, OP_MOUNT, j->dest);

	op->type = type;
	op->text = j->m->source && j->m->source[0] ? j->m->source : type;
	op->data = j->w.data;
	op->len = (uint32_t)strlen(j->w.data);
	op->a = j->w.set | j->w.set_rec;
	if ((op->a & MOUNT_ATTR_RDONLY) &&
	    ((j->w.extensions & MOUNT_TMPCOPYUP) || needs_room_below(j))) {
		op->a &= ~(uint64_t)MOUNT_ATTR_RDONLY;
		op->flags |= OP_READONLY_LATE;
	}
	if (str_eq(type, "proc") || str_eq(type, "sysfs"))
		op->flags |= OP_NOFOLLOW_DEST;
}

static int plan_cgroup_mount(struct job *j, struct err *err)
{
	if (j->f->cgroup_mode == CGROUP_NONE)
		return plan_warn(j->p, err, j->cause,
				 "no cgroup hierarchy is mounted on this host; the mount is "
				 "left out");
	j->w.data = "";
	if (j->f->cgroup_v1_n) {
		plan_cgroup_spread(j->p, j->c, j->f, j->cause, j->dest, j->w.set | j->w.set_rec);
		add_propagation(j);
		return 0;
	}
	if (config_has_ns(j->c, CLONE_NEWCGROUP)) {
		add_new(j, "cgroup2");
		add_else_bind(j, HOST_CGROUP);
	} else {
		add_else_bind(j, HOST_CGROUP);
		j->p->ops[j->p->n - 1].flags &= (uint16_t)~OP_ELSE;
	}
	add_propagation(j);
	return 0;
}

/* The SELinux context of a new file system; the kernel's own label theirs themselves. In quotes, as it may hold commas. */
static void add_label(struct job *j, const char *type)
{
	static const char *const own[] = { "proc", "sysfs", "mqueue", "cgroup", "cgroup2" };
	const char *label = j->c->linux_.mount_label;
	const char *kind = annotation(j->c, ANNOTATION_CONTEXT_TYPE);

	if (!label || !label[0])
		return;
	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		if (str_eq(type, own[i]))
			return;
	j->w.data = arena_printf(j->p->arena, "%s%s%s=\"%s\"", j->w.data, j->w.data[0] ? "," : "",
				 kind ? kind : "context", label);
}

static int check_label(const struct config *c, const struct facts *f, struct err *err)
{
	static const char *const kinds[] = { "context", "fscontext", "defcontext", "rootcontext" };
	const char *kind = annotation(c, ANNOTATION_CONTEXT_TYPE);
	bool known = !kind;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		known = known || str_eq(kind, kinds[i]);
	if (!known) {
		(void)err_input(err, "must be context, fscontext, defcontext or rootcontext");
		return err_in(err, "/annotations/" ANNOTATION_CONTEXT_TYPE);
	}
	if (!c->linux_.mount_label || !c->linux_.mount_label[0] || f->selinux)
		return 0;
	(void)err_set(
		err, ERR_HOST, 0,
		"SELinux is not enabled on this host, so mounts cannot be labelled \"%s\"; remove "
		"the property or boot with SELinux",
		c->linux_.mount_label);
	return err_in(err, "/linux/mountLabel");
}

/* Types whose fresh mount an ordinary user may be denied, and the host's tree that stands in. */
static const struct {
	const char *type, *host;
} stand_ins[] = { { "sysfs", "/sys" }, { "mqueue", "/dev/mqueue" }, { "proc", "/proc" } };

/* /proc stands in only where the pid namespace is the host's own anyway. */
static bool may_stand_in(const struct job *j, const char *type)
{
	if (str_eq(type, "proc"))
		return !config_has_ns(j->c, CLONE_NEWPID);
	if (str_eq(type, "mqueue"))
		return !config_has_ns(j->c, CLONE_NEWIPC);
	return true;
}

static int plan_new(struct job *j, struct err *err)
{
	const char *type = j->m->type;

	if (!type || !type[0] || str_eq(type, "none"))
		return refuse(
			j, err,
			"the mount has no type and is no bind mount; give a type or the option bind");
	if (str_eq(type, "cgroup") || str_eq(type, "cgroup2"))
		return plan_cgroup_mount(j, err);
	if (j->m->uid_mappings.n)
		return refuse(j, err,
			      "id mappings are for bind mounts; this one makes a new file system");
	if ((j->w.extensions & MOUNT_TMPCOPYUP) && !str_eq(type, "tmpfs"))
		return refuse(j, err, "tmpcopyup is for tmpfs");
	TRY(drop_unmapped(j, err));
	add_label(j, type);
	add_new(j, type);
	if (j->w.extensions & MOUNT_TMPCOPYUP)
		j->p->ops[j->p->n - 1].flags |= OP_COPY_UP;
	for (size_t i = 0; i < ARRAY_LEN(stand_ins); i++)
		if (str_eq(type, stand_ins[i].type) && may_stand_in(j, type))
			add_else_bind(j, stand_ins[i].host);
	add_propagation(j);
	return 0;
}

static int plan_remount(struct job *j)
{
	add_setattr(j, j->w.set, j->w.clear, false, 0);
	add_setattr(j, j->w.set_rec, j->w.clear_rec, true, 0);
	add_propagation(j);
	return 0;
}

/* What later ops change of a mount they change by the fd that it was made with: its place is not looked up again. What lies
 * below it (the hierarchies of cgroup v1) is not meant. */
static void hold(struct job *j)
{
	const char *path = j->first < j->p->n ? j->p->ops[j->first].path : NULL;
	bool needed = false;

	for (size_t i = j->first; i < j->p->n; i++)
		needed = needed || j->p->ops[i].code == OP_SETATTR ||
			 j->p->ops[i].code == OP_PROPAGATION ||
			 (j->p->ops[i].flags & OP_READONLY_LATE);
	if (!needed)
		return;
	j->p->held_n++;
	for (size_t i = j->first; i < j->p->n; i++)
		if (str_eq(j->p->ops[i].path, path))
			j->p->ops[i].held = (uint32_t)j->p->held_n;
}

static int plan_mount(struct job *j, struct err *err)
{
	mount_wish(j->m, j->p->arena, &j->w);
	TRY(check_destination(j, err));
	if (j->w.remount)
		return plan_remount(j);
	TRY(j->w.bind ? plan_bind(j, err) : plan_new(j, err));
	hold(j);
	return 0;
}

/* A new user namespace has made every mount a slave already; otherwise nothing of ours may reach the host. */
static void add_root(struct plan *p, const struct config *c, const struct facts *f)
{
	const struct namespace *user = namespace_of(c, CLONE_NEWUSER);
	unsigned long wish = c->linux_.rootfs_propagation;
	struct op *op;

	if (!user || user->path || wish == MS_PRIVATE || wish == MS_UNBINDABLE) {
		op = plan_add(p, STAGE_ROOT, OP_PROPAGATION_ALL, "/linux/rootfsPropagation");
		op->a = MS_REC |
			(wish == MS_PRIVATE || wish == MS_UNBINDABLE ? MS_PRIVATE : MS_SLAVE);
	}
	if (c->root->fresh)
		return;
	op = plan_add(p, STAGE_ROOT, OP_ROOT_OPEN, "/root/path");
	op->path = p->rootfs;
	if (!may_lack_access(c, f))
		return;
	op = plan_add(p, STAGE_ROOT, OP_ROOT_OPEN, "/root/path");
	op->path = p->rootfs;
	op->flags = OP_ELSE | OP_BY_PARENT;
	p->asks_parent = true;
}

/* The devices and most of what is mounted below /dev are names in a tmpfs of ours, if that is what /dev is in the end. */
static void hold_dev(struct plan *p)
{
	for (size_t i = p->n; i > 0; i--) {
		struct op *op = &p->ops[i - 1];

		if (!op->path || op->stage != STAGE_ROOT || !path_beneath("/dev", op->path))
			continue;
		if (op->code == OP_MOUNT && str_eq(op->type, "tmpfs") && str_eq(op->path, "/dev") &&
		    !(op->flags & (OP_ELSE | OP_COPY_UP)))
			op->flags |= OP_HOLD;
		return;
	}
}

int plan_mounts(struct plan *p, const struct config *c, const struct facts *f,
		const struct plan_options *o, struct err *err)
{
	TRY(check_label(c, f, err));
	add_root(p, c, f);
	TRY(plan_ids_inside(p, c, f, err));
	plan_fresh_root(p, c);
	plan_default_dev(p, c);
	for (size_t i = 0; i < c->mounts.n; i++) {
		struct job j = { .p = p,
				 .c = c,
				 .f = f,
				 .o = o,
				 .m = &c->mounts.v[i],
				 .index = i,
				 .first = p->n,
				 .cause = path_index(p->arena, "/mounts", i) };

		TRY(plan_mount(&j, err));
	}
	hold_dev(p);
	plan_seed_files(p, c);
	plan_names(p, c);
	return 0;
}

/* Into a container that runs: sources are the host's, which nobody inside can name. */
static void sources_by_parent(struct plan *p, size_t first)
{
	for (size_t i = first; i < p->n; i++) {
		if (p->ops[i].code != OP_BIND || (p->ops[i].flags & OP_ELSE))
			continue;
		p->ops[i].flags |= OP_BY_PARENT;
		p->asks_parent = true;
	}
}

int plan_mounts_add(struct plan *p, const struct config *c, const struct facts *f,
		    const struct plan_options *o, struct err *err)
{
	size_t first = p->n;

	TRY(check_label(c, f, err));
	for (size_t i = 0; i < c->mounts.n; i++) {
		struct job j = { .p = p,
				 .c = c,
				 .f = f,
				 .o = o,
				 .m = &c->mounts.v[i],
				 .index = i,
				 .first = p->n,
				 .cause = path_index(p->arena, "/mounts", i) };

		TRY(plan_mount(&j, err));
		if (j.w.bind && !facts_cap(f, CAP_SYS_ADMIN))
			return refuse(
				&j, err,
				"a bind mount into a running container needs CAP_SYS_ADMIN over "
				"the source's mount; run as root, or mount a new file system");
	}
	sources_by_parent(p, first);
	plan_readonly_late(p);
	return 0;
}

void plan_mounts_remove(struct plan *p, const struct config *c)
{
	/* The last one on top comes off first. */
	for (size_t i = c->mounts.n; i-- > 0;) {
		struct op *op =
			plan_add(p, STAGE_ROOT, OP_UMOUNT, path_index(p->arena, "/mounts", i));

		op->path = path_clean(p->arena, c->mounts.v[i].destination);
	}
}

void plan_readonly_late(struct plan *p)
{
	size_t n = p->n;

	p->held = arena_array(p->arena, int, p->held_n + 1);
	for (size_t i = 0; i < p->held_n; i++)
		p->held[i] = -1;

	for (size_t i = 0; i < n; i++) {
		const char *path = p->ops[i].path, *cause = p->ops[i].cause;
		uint32_t held = p->ops[i].held;
		struct op *op;

		if (!(p->ops[i].flags & OP_READONLY_LATE))
			continue;
		op = plan_add(p, STAGE_ROOT, OP_SETATTR, cause);
		op->path = path;
		op->held = held;
		op->a = MOUNT_ATTR_RDONLY;
	}
}
