/* SPDX-License-Identifier: Apache-2.0 */
/* plan_devices.c - device nodes, the links beside them, and the console.
 *
 * Where mknod is not allowed (a user namespace, or no CAP_MKNOD) the host's own node is bound; the applier checks that it is
 * the device that was meant. Sources: config-linux.md, Default Devices and Devices. */
#include <linux/capability.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "runtime/plan/plan.h"
#include "spec/base/path.h"

static const struct {
	const char *path;
	unsigned int minor, major;
} default_devices[] = {
	{ "/dev/null", 3, 1 },	 { "/dev/zero", 5, 1 },	   { "/dev/full", 7, 1 },
	{ "/dev/random", 8, 1 }, { "/dev/urandom", 9, 1 }, { "/dev/tty", 0, 5 },
};

/* The device that a link leads to may be listed under the link's name: engines list all of the host's for a privileged
 * container. The link serves it. */
static const struct {
	const char *path, *target;
	unsigned int major, minor;
} default_links[] = {
	{ "/dev/fd", "/proc/self/fd" },	      { "/dev/stdin", "/proc/self/fd/0" },
	{ "/dev/stdout", "/proc/self/fd/1" }, { "/dev/stderr", "/proc/self/fd/2" },
	{ "/dev/ptmx", "pts/ptmx", 5, 2 },
};

static bool may_mknod(const struct config *c, const struct facts *f)
{
	return !config_has_ns(c, CLONE_NEWUSER) && facts_cap(f, CAP_MKNOD) && !f->in_user_ns;
}

/* A bind mount on /dev brings its own nodes: nothing is made on what is the host's. */
static bool dev_is_bound(const struct config *c, struct arena *a)
{
	for (size_t i = 0; i < c->mounts.n; i++) {
		const struct mount *m = &c->mounts.v[i];

		if (!str_eq(path_clean(a, m->destination), "/dev"))
			continue;
		for (size_t k = 0; k < m->options.n; k++)
			if (str_eq(m->options.v[k], "bind") || str_eq(m->options.v[k], "rbind"))
				return true;
		return m->type && str_eq(m->type, "bind");
	}
	return false;
}

/* The configured device of that path, or NULL: it replaces the default one. */
static const struct device *configured(const struct config *c, struct arena *a, const char *path)
{
	for (size_t i = 0; i < c->linux_.devices.n; i++)
		if (str_eq(path_clean(a, c->linux_.devices.v[i].path), path))
			return &c->linux_.devices.v[i];
	return NULL;
}

static void add_bound(struct plan *p, const char *cause, const char *path, const char *host,
		      dev_t dev)
{
	struct op *op = plan_add(p, STAGE_ROOT, OP_DEVICE_BIND, cause);

	op->path = path;
	op->text = host;
	op->b = dev;
}

static void add_node(struct plan *p, const char *cause, const char *path, mode_t mode, dev_t dev,
		     uint64_t owner)
{
	struct op *op = plan_add(p, STAGE_ROOT, OP_MKNOD, cause);

	op->path = path;
	op->a = mode;
	op->b = dev;
	op->c = owner;
}

static void add_defaults(struct plan *p, const struct config *c, bool mknod)
{
	const char *cause = "/linux/devices";

	for (size_t i = 0; i < ARRAY_LEN(default_devices); i++) {
		const char *path = default_devices[i].path;
		dev_t dev = makedev(default_devices[i].major, default_devices[i].minor);

		if (configured(c, p->arena, path))
			continue;
		if (mknod)
			add_node(p, cause, path, S_IFCHR | 0666, dev, 0);
		else
			add_bound(p, cause, path, path, dev);
	}
	for (size_t i = 0; i < ARRAY_LEN(default_links); i++) {
		struct op *op = plan_add(p, STAGE_ROOT, OP_SYMLINK, cause);

		op->path = default_links[i].path;
		op->text = default_links[i].target;
	}
}

static mode_t device_type(const struct device *d)
{
	return d->type == 'b' ? S_IFBLK : d->type == 'p' ? S_IFIFO : S_IFCHR;
}

static bool served_by_link(const struct device *d, struct arena *a)
{
	for (size_t i = 0; i < ARRAY_LEN(default_links); i++)
		if (default_links[i].major && d->type == 'c' &&
		    d->major.v == default_links[i].major && d->minor.v == default_links[i].minor &&
		    str_eq(path_clean(a, d->path), default_links[i].path))
			return true;
	return false;
}

/* A host's node that is bound keeps its mode and owner. What engines always write, and every such node has, is no loss. */
static bool loses(const struct device *d)
{
	return (d->file_mode.set && (d->file_mode.v & 07777) != 0666) || d->uid.v || d->gid.v;
}

static int add_device(struct plan *p, const struct device *d, const char *cause, bool mknod,
		      struct err *err)
{
	const char *path = path_clean(p->arena, d->path);
	dev_t dev =
		d->type == 'p' ? 0 : makedev((unsigned int)d->major.v, (unsigned int)d->minor.v);
	mode_t mode = device_type(d) | (d->file_mode.set ? (mode_t)d->file_mode.v & 07777 : 0666);

	/* A fifo is no device: anybody may make one. */
	if (mknod || d->type == 'p') {
		add_node(p, cause, path, mode, dev, d->uid.v << 32 | d->gid.v);
		return 0;
	}
	add_bound(p, cause, path, path, dev);
	return loses(d) ? plan_warn(
				  p, err, cause,
				  "the host's %s is bound, as device nodes cannot be made here: it "
				  "keeps its own mode and owner",
				  path)
			: 0;
}

void plan_terminal(struct plan *p, const struct process *process, const char *path)
{
	const struct console_size *size = process->console_size;
	struct op *op = plan_add(p, STAGE_ROOT, OP_CONSOLE, "/process/terminal");

	op->path = path;
	/* A symlink there would put the terminal over any file of the tree, before paths are masked (CVE-2025-52565). */
	op->flags = path ? OP_NOFOLLOW_DEST : 0;
	op->a = size ? size->height : 0;
	op->b = size ? size->width : 0;
}

int plan_devices(struct plan *p, const struct config *c, const struct facts *f, struct err *err)
{
	bool mknod = may_mknod(c, f), bound = dev_is_bound(c, p->arena);

	if (!bound)
		add_defaults(p, c, mknod);
	for (size_t i = 0; i < c->linux_.devices.n; i++) {
		const char *cause = path_index(p->arena, "/linux/devices", i);

		if (bound)
			TRY(plan_warn(p, err, cause,
				      "/dev is a bind mount that brings its own nodes; this one is "
				      "not made"));
		else if (!served_by_link(&c->linux_.devices.v[i], p->arena))
			TRY(add_device(p, &c->linux_.devices.v[i], cause, mknod, err));
	}
	if (c->process && c->process->terminal)
		plan_terminal(p, c->process, "/dev/console");
	return 0;
}
