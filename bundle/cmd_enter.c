/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_enter.c - the command enter: runs a program where a bundle of the store can be seen whole.
 *
 * The files of a bundle that leads to objects are seen through overlayfs only, which an ordinary user
 * mounts in namespaces of their own. The mount lies on the bundle's own rootfs, so its config.json is
 * right as it is, and ends with the last process in the namespace. srt-oci run NAME and sandbox-runtime exec --image NAME
 * come this way; the latter reports also that there is no such bundle in a form of its own. */
#include <linux/mount.h>
#include <sched.h>
#include <stdlib.h>
#include <unistd.h>

#include "bundle/command.h"
#include "bundle/load.h"
#include "bundle/overlay.h"
#include "spec/base/sys.h"

#define VARIABLE "SRT_OCI_STORED"
#define VARIABLE_NAME VARIABLE "_NAME"
#define VARIABLE_ERROR VARIABLE "_ERROR"

/* What is mounted here must not be seen elsewhere. */
static int namespace_own(struct err *err)
{
	if (geteuid() == 0 && sys_unshare(CLONE_NEWNS) == 0) {
		if (sys_mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
			return err_host(err, errno, "keep the mount to ourselves");
		return 0;
	}
	if (overlay_enter() < 0)
		return err_host(err, errno,
				"make namespaces for the store's overlay; SRT_OCI_STORE=hardlink "
				"builds bundles that need none");
	return 0;
}

static int rootfs_mount(const struct store *s, const char *bundle, struct arena *a, struct err *err)
{
	const char *rootfs = arena_printf(a, "%s/rootfs", bundle);
	scoped_fd int mnt = -1;

	TRY(namespace_own(err));
	if (overlay_mount(rootfs, arena_printf(a, "%s/objects", s->path), &mnt) < 0)
		return err_host(err, errno, "mount the bundle's overlay");
	if (sys_move_mount(mnt, "", AT_FDCWD, rootfs, MOVE_MOUNT_F_EMPTY_PATH) < 0)
		return err_host(err, errno, "mount the bundle on %s", rootfs);
	return 0;
}

static int show(struct args *args, const char **ret, struct err *err)
{
	scoped_store struct store store = STORE_NONE;
	scoped_loaded struct loaded l = LOADED_NONE;
	const char *path;

	TRY(store_open(&store, STORE_READ, args->arena, err));
	TRY(loaded_open(&l, &store, args->operands.v[0], args->arena, err));
	path = arena_printf(args->arena, "%s/bundles/%s", store.path, l.identity.id);
	if (l.placing == PLACE_META)
		TRY(rootfs_mount(&store, path, args->arena, err));
	*ret = path;
	return 0;
}

/* What an earlier one has set is not true here. */
static int tell(const char *name, const char *path, const struct err *reason, struct err *err)
{
	char line[ERR_LINE_MAX];

	(void)unsetenv(VARIABLE);
	(void)unsetenv(VARIABLE_ERROR);
	if (setenv(VARIABLE_NAME, name, 1) < 0 ||
	    setenv(path ? VARIABLE : VARIABLE_ERROR,
		   path ? path : err_line(reason, line, sizeof(line)), 1) < 0)
		return err_host(err, errno, "set " VARIABLE);
	return 0;
}

int cmd_enter(struct args *args, const struct log *log, struct err *err)
{
	const char **argv = args->operands.v + 1, *program = argv[0], *path = NULL;

	(void)log;
	if (show(args, &path, err) < 0 && !args->run_anyway)
		return -1;
	TRY(tell(args->operands.v[0], path, err, err));
	if (args->first_word)
		argv[0] = args->first_word;
	(void)execvp(program, (char **)(uintptr_t)argv);
	return err_host(err, errno, "run %s", program);
}
