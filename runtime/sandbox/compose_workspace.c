/* SPDX-License-Identifier: Apache-2.0 */
/* compose_workspace.c - a directory of the caller's as an overlay, whose changes stay in the sandbox's own space; or, where no
 * overlay is to be had, as a copy there. */
#include <fcntl.h>
#include <sys/stat.h>

#include "runtime/sandbox/compose.h"
#include "runtime/sandbox/doctor.h"
#include "runtime/sandbox/workspace.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/sys.h"

static void by_overlay(struct composition *c)
{
	/* The mount is made in the directory that it covers: from there they are found, whatever is the root by then. */
	static const char *const options[] = { "lowerdir=.." WORKSPACE_LOWER,
					       "upperdir=.." WORKSPACE_UPPER,
					       "workdir=.." WORKSPACE_WORK,
					       "userxattr",
					       "nosuid",
					       "nodev",
					       NULL };

	compose_seed(c, SEED_DIR, WORKSPACE_UPPER, NULL, 0755);
	compose_seed(c, SEED_DIR, WORKSPACE_WORK, NULL, 0755);
	(void)compose_mount(c, SANDBOX_WORKSPACE, "overlay", "overlay", options);
}

/* What is there already is no part of the disk that the payload may fill. */
static int by_copy(struct composition *c, uint32_t mode, struct err *err)
{
	scoped_fd int dir =
		sys_openat(AT_FDCWD, c->workspace, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);

	if (dir < 0)
		return err_host(err, errno, "--workspace: open %s", c->workspace);
	(void)clock_gettime(CLOCK_REALTIME_COARSE, &c->copied_at);
	TRY(workspace_measure(dir, c->a, &c->copied_bytes, &c->copied_files, err));
	compose_seed(c, SEED_SPACE, SANDBOX_WORKSPACE, NULL, mode);
	compose_seed(c, SEED_COPY, SANDBOX_WORKSPACE, WORKSPACE_LOWER, 0);
	c->copied = true;
	return 0;
}

static bool wants_copy(const struct policy *p)
{
	uint64_t by = policy_n(p, POLICY_WORKSPACE_BY);

	return by == COPYING_COPY || (by == COPYING_AUTO && !doctor_overlays());
}

int compose_workspace(struct composition *c, struct err *err)
{
	const char *dir = policy_text(c->p, POLICY_WORKSPACE);
	struct stat st;

	if (!dir)
		return 0;
	if (!path_is_absolute(dir))
		dir = path_join(c->a, c->q->caller.cwd, dir);
	if (stat(dir, &st) < 0)
		return err_host(err, errno, "--workspace: %s", dir);
	if (!S_ISDIR(st.st_mode))
		return err_input(err, "--workspace: %s is not a directory", dir);
	c->workspace = dir;
	compose_seed(c, SEED_DIR, WORKSPACE_HIDDEN, NULL, 0755);
	compose_seed(c, SEED_DIR, WORKSPACE_LOWER, NULL, 0755);
	compose_lend(c, dir, WORKSPACE_LOWER, false, false);
	if (wants_copy(c->p))
		return by_copy(c, st.st_mode & 0777, err);
	by_overlay(c);
	return 0;
}
