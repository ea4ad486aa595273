/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup.c - makes and limits the container's cgroup.
 * Should: refuse one in which a new process would stand still, or be among strangers.  Mustn't: write anywhere but beneath
 * the cgroup that it holds open. */
#include "runtime/act/cgroup.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <string.h>

#include "runtime/act/act.h"
#include "runtime/act/cgroup_tree.h"
#include "runtime/plan/plan_cgroup.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

#define DELEGATE_LIST "/sys/kernel/cgroup/delegate"
#define DELEGATE_ROOM 2048
/* Programs that some earlier limit attached to the cgroup. */
#define PROGRAMS_MAX 64

/* --- the open directories --------------------------------------------------------------------- */

struct cgroup_dir *cgroup_dirs_find(struct cgroup_dirs *dirs, const char *type)
{
	for (size_t i = 0; dirs && i < dirs->n; i++)
		if (strcmp(dirs->v[i].type, type) == 0)
			return &dirs->v[i];
	return NULL;
}

int cgroup_dirs_add(struct cgroup_dirs *dirs, const char *type, int fd, struct err *err)
{
	struct cgroup_dir *d = cgroup_dirs_find(dirs, type);

	if (!d && dirs->n == ARRAY_LEN(dirs->v)) {
		(void)sys_close(fd);
		return err_limit(err, "more than %zu cgroup hierarchies", ARRAY_LEN(dirs->v));
	}
	if (d)
		(void)sys_close(d->fd);
	else
		d = &dirs->v[dirs->n++];
	*d = (struct cgroup_dir){ type, strcmp(type, CGROUP_UNIFIED) == 0, fd, -1 };
	return 0;
}

void cgroup_dirs_done(struct cgroup_dirs *dirs)
{
	for (size_t i = 0; i < dirs->n; i++) {
		(void)sys_close(dirs->v[i].fd);
		if (dirs->v[i].procs_fd >= 0)
			(void)sys_close(dirs->v[i].procs_fd);
	}
	dirs->n = 0;
}

int cgroup_dirs_ready(struct cgroup_dirs *dirs, struct err *err)
{
	for (size_t i = 0; i < dirs->n; i++) {
		struct cgroup_dir *d = &dirs->v[i];

		if (d->procs_fd < 0)
			d->procs_fd = open_beneath(d->fd, "cgroup.procs", O_WRONLY);
		if (d->procs_fd < 0)
			return cgroup_failed(err, errno,
					     "open cgroup.procs of the container's cgroup (%s)",
					     d->type);
	}
	return 0;
}

int cgroup_enter(const struct cgroup_dirs *dirs, bool cloned, struct err *err)
{
	for (size_t i = 0; i < dirs->n; i++) {
		const struct cgroup_dir *d = &dirs->v[i];

		if ((d->v2 && cloned) || sys_write(d->procs_fd, "0", 1) == 1)
			continue;
		(void)cgroup_failed(err, errno, "enter the container's cgroup (%s)", d->type);
		return err_in(err, "/linux/cgroupsPath");
	}
	return 0;
}

/* --- making ----------------------------------------------------------------------------------- */

/* The new process would stop before it could say anything, and we would wait for it. */
static int check_thawed(const struct op *op, int fd, bool v2, struct err *err)
{
	int frozen = v2 || cgroup_has(op->type, "freezer") ? cgroup_is_frozen(fd, v2) : 0;

	if (frozen < 0)
		return cgroup_failed(err, errno, "look whether cgroup %s is frozen", op->path);
	if (!frozen)
		return 0;
	return err_state(
		err,
		"cgroup %s is frozen, or one above it: nothing could start in it; thaw it (%s) or "
		"choose another cgroupsPath",
		op->path,
		v2 ? "write 0 to its cgroup.freeze" : "write THAWED to its freezer.state");
}

int act_cgroup(struct act *x, const struct op *op, struct err *err)
{
	bool v2 = strcmp(op->type, CGROUP_UNIFIED) == 0;
	scoped_fd int mount = -1;
	scoped_fd int fd = -1;
	char needs[256] = "";

	if (op->len >= sizeof(needs))
		return err_limit(err, "more controllers than there are");
	if (op->data)
		memcpy(needs, op->data, op->len);
	TRY(cgroup_mount_open(op->text, v2, &mount, err));
	TRY(cgroup_make(mount, op->path, v2, needs, &fd, err));
	TRY(cgroup_check_empty(fd, op->path, err));
	TRY(check_thawed(op, fd, v2, err));
	return cgroup_dirs_add(x->cgroups, op->type, take_fd(&fd), err);
}

static int find(struct act *x, const struct op *op, struct cgroup_dir **ret, struct err *err)
{
	*ret = cgroup_dirs_find(x->cgroups, op->type);
	return *ret ? 0 : err_host(err, EPROTO, "the container has no cgroup (%s)", op->type);
}

/* --- limits ----------------------------------------------------------------------------------- */

int act_cgroup_write(struct act *x, const struct op *op, struct err *err)
{
	struct cgroup_dir *d;

	TRY(find(x, op, &d, err));
	if (cgroup_write(d->fd, op->path, op->text) == 0)
		return 0;
	if (errno == EBUSY && strncmp(op->path, "memory.", 7) == 0)
		return err_host(err, errno, "write %.64s to %s: more than that is in use", op->text,
				op->path);
	return cgroup_failed(err, errno, "write \"%.64s\" to %s", op->text, op->path);
}

static int load_program(const struct op *op, int *ret, struct err *err)
{
	static const char license[] = "Apache-2.0";
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
	attr.insns = (uint64_t)(uintptr_t)op->data;
	attr.insn_cnt = op->len / sizeof(struct bpf_insn);
	attr.license = (uint64_t)(uintptr_t)license;
	*ret = sys_bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
	if (*ret >= 0)
		return 0;
	if (errno == EINVAL || errno == ENOSYS)
		return err_host(
			err, errno,
			"load the program for devices; this kernel may lack CONFIG_CGROUP_BPF: drop the "
			"rules, or boot one that has it");
	return err_host(err, errno, "load the program for devices");
}

/* The programs that are attached before ours: ids, at most PROGRAMS_MAX. */
static int programs_of(int cgroup, uint32_t ids[PROGRAMS_MAX], uint32_t *ret_n, struct err *err)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)cgroup;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uint64_t)(uintptr_t)ids;
	attr.query.prog_cnt = PROGRAMS_MAX;
	if (sys_bpf(BPF_PROG_QUERY, &attr, sizeof(attr)) < 0)
		return err_host(err, errno, "ask for the cgroup's programs for devices");
	*ret_n = attr.query.prog_cnt;
	return 0;
}

static int detach(int cgroup, uint32_t id, struct err *err)
{
	scoped_fd int program = -1;
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_id = id;
	program = sys_bpf(BPF_PROG_GET_FD_BY_ID, &attr, sizeof(attr));
	if (program < 0)
		return err_host(err, errno, "open the earlier program for devices");
	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)cgroup;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	if (sys_bpf(BPF_PROG_DETACH, &attr, sizeof(attr)) < 0)
		return err_host(err, errno, "take off the earlier program for devices");
	return 0;
}

/* The new one comes before the earlier ones go: in between both must allow. */
int act_cgroup_devices(struct act *x, const struct op *op, struct err *err)
{
	uint32_t ids[PROGRAMS_MAX], n = 0;
	scoped_fd int program = -1;
	union bpf_attr attr;
	struct cgroup_dir *d;

	TRY(find(x, op, &d, err));
	TRY(load_program(op, &program, err));
	TRY(programs_of(d->fd, ids, &n, err));
	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)d->fd;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (sys_bpf(BPF_PROG_ATTACH, &attr, sizeof(attr)) < 0)
		return err_host(err, errno, "attach the program for devices");
	for (uint32_t i = 0; i < n; i++)
		TRY(detach(d->fd, ids[i], err));
	return 0;
}

/* --- ownership -------------------------------------------------------------------------------- */

static int give(int fd, const char *name, uid_t uid)
{
	int flags = *name ? AT_SYMLINK_NOFOLLOW : AT_EMPTY_PATH;

	/* The list is the kernel's of all controllers; here are fewer. */
	return sys_fchownat(fd, name, uid, (gid_t)-1, flags) < 0 && errno != ENOENT ? -1 : 0;
}

int act_cgroup_owner(struct act *x, const struct op *op, struct err *err)
{
	scoped_fd int list = sys_openat(AT_FDCWD, DELEGATE_LIST, O_RDONLY | O_CLOEXEC, 0);
	char text[DELEGATE_ROOM] = "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n";
	ssize_t n = list < 0 ? -1 : sys_read(list, text, sizeof(text) - 1);
	struct cgroup_dir *d;
	char *name, *rest;

	TRY(find(x, op, &d, err));
	if (n > 0)
		text[n] = '\0';
	if (give(d->fd, "", (uid_t)op->a) < 0)
		return cgroup_failed(err, errno, "give the cgroup to uid %u", (uid_t)op->a);
	for (name = text; *name; name = rest) {
		size_t len = strcspn(name, "\n");

		rest = name + len + (name[len] == '\n');
		name[len] = '\0';
		if (!strchr(name, '/') && *name && give(d->fd, name, (uid_t)op->a) < 0)
			return cgroup_failed(err, errno, "give %s to uid %u", name, (uid_t)op->a);
	}
	return 0;
}
