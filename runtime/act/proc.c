/* SPDX-License-Identifier: Apache-2.0 */
/* proc.c - what is set by writing below /proc: id maps, sysctls, scores, labels.
 * Should: go through the verified /proc, beneath it and without crossing a mount.  Mustn't: touch the container's own /proc,
 * where a mount may lie over the file (CVE-2019-16884, CVE-2025-52881). */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "runtime/act/act.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

#define PATH_ROOM 4096

/* "self" is a symlink of procfs' own; magic links and mounts are refused. */
static int open_proc(const struct act *x, const char *path)
{
	return path_resolve(x->proc_fd, path, O_WRONLY,
			    RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV);
}

static int write_proc(const struct act *x, const char *path, const char *text, struct err *err)
{
	scoped_fd int fd = open_proc(x, path);

	if (fd < 0)
		return err_host(err, errno, "open /proc/%s for writing", path);
	if (sys_write(fd, text, strlen(text)) < 0)
		return err_host(err, errno, "write \"%.64s\" to /proc/%s", text, path);
	return 0;
}

int act_id_map(struct act *x, const struct op *op, struct err *err)
{
	char path[64];

	if (op->stage == STAGE_IDS)
		(void)snprintf(path, sizeof(path), "%d/%s", x->child, op->path);
	else
		(void)snprintf(path, sizeof(path), "self/%s", op->path);
	return write_proc(x, path, op->text, err);
}

int act_deny_setgroups(struct act *x, const struct op *op, struct err *err)
{
	(void)op;
	return write_proc(x, "self/setgroups", "deny", err);
}

int act_oom_score(struct act *x, const struct op *op, struct err *err)
{
	char text[24];

	if (op->flags & OP_BY_PARENT)
		return act_asked(x, op, err);
	(void)snprintf(text, sizeof(text), "%lld", (long long)op->a);
	return write_proc(x, "self/oom_score_adj", text, err);
}

int act_oom_score_of(struct act *x, const struct op *op, struct err *err)
{
	char path[64], text[24];

	(void)snprintf(path, sizeof(path), "%d/oom_score_adj", x->child);
	(void)snprintf(text, sizeof(text), "%lld", (long long)op->a);
	return write_proc(x, path, text, err);
}

int act_time_offset(struct act *x, const struct op *op, struct err *err)
{
	char text[96];

	(void)snprintf(text, sizeof(text), "%s %lld %llu", op->path, (long long)op->a,
		       (unsigned long long)op->b);
	return write_proc(x, "self/timens_offsets", text, err);
}

int act_sysctl(struct act *x, const struct op *op, struct err *err)
{
	char path[PATH_ROOM];

	if ((size_t)snprintf(path, sizeof(path), "sys/%s", op->path) >= sizeof(path))
		return err_host(err, ENAMETOOLONG, "set sysctl %.64s…", op->path);
	return write_proc(x, path, op->text, err);
}

/* The profile counts from exec on. The first path is AppArmor's own (Linux 5.1), the second what older kernels have. */
int act_apparmor(struct act *x, const struct op *op, struct err *err)
{
	char text[512];

	if ((size_t)snprintf(text, sizeof(text), "exec %s", op->text) >= sizeof(text))
		return err_input(err, "the AppArmor profile's name is too long");
	if (write_proc(x, "self/attr/apparmor/exec", text, err) == 0)
		return 0;
	if (err->errnum != ENOENT)
		return -1;
	return write_proc(x, "self/attr/exec", text, err);
}

int act_selinux(struct act *x, const struct op *op, struct err *err)
{
	return write_proc(x, "self/attr/exec", op->text, err);
}
