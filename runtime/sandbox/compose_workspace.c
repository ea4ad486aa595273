/* SPDX-License-Identifier: Apache-2.0 */
/* compose_workspace.c - a directory of the caller's as an overlay, whose changes stay in the sandbox's own space. */
#include <sys/stat.h>

#include "runtime/sandbox/compose.h"
#include "runtime/sandbox/workspace.h"
#include "spec/base/path.h"

int compose_workspace(struct composition *c, struct err *err)
{
	/* The mount is made in the directory that it covers: from there they are found, whatever is the root by then. */
	static const char *const options[] = { "lowerdir=.." WORKSPACE_LOWER,
					       "upperdir=.." WORKSPACE_UPPER,
					       "workdir=.." WORKSPACE_WORK,
					       "userxattr",
					       "nosuid",
					       "nodev",
					       NULL };
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
	compose_seed(c, SEED_DIR, WORKSPACE_UPPER, NULL, 0755);
	compose_seed(c, SEED_DIR, WORKSPACE_WORK, NULL, 0755);
	compose_lend(c, dir, WORKSPACE_LOWER, false, false);
	(void)compose_mount(c, SANDBOX_WORKSPACE, "overlay", "overlay", options);
	return 0;
}
