/* SPDX-License-Identifier: Apache-2.0 */
/* act.c - the table of appliers and the loop over a stage. */
#include "runtime/act/act.h"

#include <string.h>
#include <sys/stat.h>

#include "spec/base/fd.h"
#include "spec/base/sys.h"

#define PROC_SUPER_MAGIC 0x9fa0
#define PROC_ROOT_INO 1

static act_fn *const appliers[OP_COUNT] = {
	[OP_CGROUP] = act_cgroup,
	[OP_CGROUP_WRITE] = act_cgroup_write,
	[OP_CGROUP_DEVICES] = act_cgroup_devices,
	[OP_CGROUP_OWNER] = act_cgroup_owner,
	[OP_CGROUP_SCOPE] = act_cgroup_scope,
	[OP_CGROUP_BELOW] = act_cgroup_below,
	[OP_ID_MAP] = act_id_map,
	[OP_ID_MAP_HELPER] = act_id_map_helper,
	[OP_ID_MAP_SERVICE] = act_id_map_service,
	[OP_DENY_SETGROUPS] = act_deny_setgroups,
	[OP_BECOME_ROOT] = act_become_root,
	[OP_OOM_SCORE] = act_oom_score,
	[OP_JOIN] = act_join,
	[OP_UNSHARE] = act_unshare,
	[OP_JOIN_BESIDE] = act_join_beside,
	[OP_TIME_OFFSET] = act_time_offset,
	[OP_HOSTNAME] = act_hostname,
	[OP_DOMAINNAME] = act_domainname,
	[OP_LOOPBACK_UP] = act_loopback_up,
	[OP_ROUTE_LOCAL] = act_route_local,
	[OP_REDIRECT] = act_redirect,
	[OP_LISTEN] = act_listen,
	[OP_LISTEN_PORTS] = act_listen_ports,
	[OP_NAT] = act_asked,
	[OP_NET_DEVICE] = act_asked,
	[OP_RDT] = act_asked,
	[OP_SYSCTL] = act_sysctl,
	[OP_PROPAGATION_ALL] = act_propagation_all,
	[OP_ROOT_OPEN] = act_root_open,
	[OP_ROOT_NEW] = act_root_new,
	[OP_SPACE] = act_space,
	[OP_SEED_FILE] = act_file,
	[OP_FILE_OVER] = act_file_over,
	[OP_COPY] = act_copy,
	[OP_MOUNT] = act_mount,
	[OP_BIND] = act_bind,
	[OP_SETATTR] = act_setattr,
	[OP_PROPAGATION] = act_propagation,
	[OP_UMOUNT] = act_umount,
	[OP_MKDIR] = act_mkdir,
	[OP_MKNOD] = act_mknod,
	[OP_DEVICE_BIND] = act_device_bind,
	[OP_SYMLINK] = act_symlink,
	[OP_MASK] = act_mask,
	[OP_READONLY] = act_readonly,
	[OP_CONSOLE] = act_console,
	[OP_ROOT_READONLY] = act_root_readonly,
	[OP_PIVOT] = act_pivot,
	[OP_MOVE_ROOT] = act_move_root,
	[OP_ROOT_PROPAGATION] = act_root_propagation,
	[OP_SESSION] = act_session,
	[OP_KEYRING] = act_keyring,
	[OP_CWD] = act_cwd,
	[OP_RLIMIT] = act_rlimit,
	[OP_SCHEDULER] = act_scheduler,
	[OP_IO_PRIORITY] = act_io_priority,
	[OP_AFFINITY] = act_affinity,
	[OP_MEMORY_POLICY] = act_memory_policy,
	[OP_PERSONALITY] = act_personality,
	[OP_UMASK] = act_umask,
	[OP_BOUNDING] = act_bounding,
	[OP_GROUPS] = act_groups,
	[OP_USER] = act_user,
	[OP_CAPS] = act_caps,
	[OP_NO_NEW_PRIVS] = act_no_new_privs,
	[OP_APPARMOR] = act_apparmor,
	[OP_SELINUX] = act_selinux,
	[OP_LANDLOCK_SCOPE] = act_landlock_scope,
	[OP_SECCOMP] = act_seccomp,
	[OP_NOT_DUMPABLE] = act_not_dumpable,
};

static bool has_else(const struct plan *p, size_t i)
{
	return i + 1 < p->n && p->ops[i + 1].stage == p->ops[i].stage &&
	       (p->ops[i + 1].flags & OP_ELSE);
}

/* 0 done, 1 failed but somebody else's turn, negative failed. */
static int apply(struct act *x, size_t i, struct err *err)
{
	const struct op *op = &x->plan->ops[i];

	if (appliers[op->code](x, op, err) >= 0)
		return 0;
	if (has_else(x->plan, i))
		return 1;
	(void)err_in(err, "%s", op->cause);
	/* What nobody asked for may be left out even then. */
	if (!(op->flags & OP_OPTIONAL) || (x->plan->strict && op->cause[0]))
		return -1;
	if (x->warn)
		x->warn(x->warn_ctx, op, err);
	return 0;
}

int act_stage(struct act *x, enum stage stage, struct err *err)
{
	bool failed = false;

	for (size_t i = 0; i < x->plan->n; i++) {
		const struct op *op = &x->plan->ops[i];
		int r;

		if (op->stage != stage || ((op->flags & OP_ELSE) && !failed))
			continue;
		r = apply(x, i, err);
		if (r < 0)
			return r;
		failed = r > 0;
	}
	return 0;
}

bool act_has(const struct plan *plan, enum stage stage)
{
	for (size_t i = 0; i < plan->n; i++)
		if (plan->ops[i].stage == stage)
			return true;
	return false;
}

int act_open_proc(int *ret, struct err *err)
{
	scoped_fd int fd = sys_openat(AT_FDCWD, "/proc", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	struct stat st;

	if (fd < 0)
		return err_host(err, errno, "open /proc");
	if (!fd_is_fs(fd, PROC_SUPER_MAGIC) || sys_fstat(fd, &st) < 0 || st.st_ino != PROC_ROOT_INO)
		return err_set(err, ERR_HOST, 0,
			       "/proc is not a proc file system; mount one there");
	*ret = take_fd(&fd);
	return 0;
}
