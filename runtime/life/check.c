/* SPDX-License-Identifier: Apache-2.0 */
/* check.c - a bundle checked and planned, without anything being done. */
#include <sys/stat.h>

#include "runtime/life/making.h"
#include "runtime/probe/probe.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

static int load_facts(struct making *m, const char *file, struct facts *ret, struct err *err)
{
	char *bytes;
	size_t len;

	if (!file)
		return probe(making_wants(m) | WANT_HOST, ret, err);
	TRY(file_read(AT_FDCWD, file, FACTS_MAX_BYTES, &m->arena, &bytes, &len, err));
	return facts_parse(bytes, len, file, ret, err);
}

static int check_rootfs(const struct making *m, struct err *err)
{
	scoped_fd int fd =
		sys_openat(AT_FDCWD, m->plan->rootfs, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
	struct stat st;

	if (fd < 0 || sys_fstat(fd, &st) < 0) {
		(void)err_host(err, errno, "open the root file system %s", m->plan->rootfs);
		return err_in(err, "/root/path");
	}
	if (!S_ISDIR(st.st_mode)) {
		(void)err_input(err, "the root file system %s is %s", m->plan->rootfs,
				S_ISLNK(st.st_mode) ? "a symlink; name the directory itself"
						    : "not a directory");
		return err_in(err, "/root/path");
	}
	return 0;
}

int life_check(const struct runtime *rt, const char *bundle, const char *config, struct err *err)
{
	const struct create_options o = { .id = "check", .bundle = bundle, .config = config };
	scoped_making struct making m = MAKING_INIT(rt, &o);
	struct facts facts;

	TRY(making_read(&m, err));
	TRY(load_facts(&m, NULL, &facts, err));
	TRY(making_plan(&m, &facts, err));
	return check_rootfs(&m, err);
}

int life_plan(const struct runtime *rt, const struct create_options *o, const char *facts_file,
	      bool json, struct arena *a, const char **ret, struct err *err)
{
	scoped_making struct making m = MAKING_INIT(rt, o);
	struct text text = { .arena = a };
	struct emit e = { .out = &text, .indent = 2 };
	struct facts facts;

	TRY(making_read(&m, err));
	TRY(load_facts(&m, facts_file, &facts, err));
	TRY(making_plan(&m, &facts, err));
	if (json)
		plan_emit(m.plan, &e);
	else
		plan_print(m.plan, &text);
	*ret = text.s ? text.s : "";
	return 0;
}
