/* SPDX-License-Identifier: Apache-2.0 */
/* exec.c - out to disk, through srt-oci, and back into the tree. */
#include "bundle/exec.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bundle/config.h"
#include "bundle/spawn.h"
#include "rootfs-tools/glob.h"
#include "rootfs-tools/materialise.h"
#include "rootfs-tools/verify.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/sys.h"
#include "spec/json/quote.h"

/* The same for every build: hashes of Python's, times of whoever honours the variable, names. */
static const char *ENVIRONMENT[] = { "PYTHONHASHSEED=0", "SOURCE_DATE_EPOCH=0", "TZ=UTC0",
				     "LANG=C.UTF-8", NULL };

/* The runtime lies beside us, or where it is installed; else PATH has it. */
static const char *runtime_find(struct arena *a)
{
	const char *named = getenv("SRT_OCI");
	char own[PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", own, sizeof(own) - 1);

	if (named && *named)
		return named;
	if (n > 0) {
		static const char *const places[] = { "srt-oci", "../../bin/srt-oci" };

		own[n] = '\0';
		for (size_t i = 0; i < ARRAY_LEN(places); i++) {
			const char *path = arena_printf(a, "%.*s%s", (int)(path_base(own) - own),
							own, places[i]);

			if (access(path, X_OK) == 0)
				return path;
		}
	}
	return "srt-oci";
}

static int config_write(int dir, const struct step *s, struct arena *a, struct err *err)
{
	const struct process process = { .args = s->argv,
					 .env = { ENVIRONMENT, ARRAY_LEN(ENVIRONMENT) - 1 } };
	const struct config_want want = { .name = "build",
					  .process = &process,
					  .arch = arch_of_machine(),
					  .maps = true,
					  .uid = geteuid(),
					  .gid = getegid(),
					  .writable = true };
	struct text text = { .arena = a };
	scoped_fd int fd = sys_openat(dir, "config.json",
				      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

	config_emit(&want, &text);
	if (fd < 0 || fd_write_all(fd, text.s, text.len) < 0)
		return err_host(err, errno, "write the config of a step");
	return 0;
}

static int root_write(struct kitchen *k, int dir, int *ret, struct err *err)
{
	const struct materialise how = { .spool = k->spool, .placing = PLACE_COPY };
	struct materialised made;

	if (sys_mkdirat(dir, "rootfs", 0700) < 0)
		return err_host(err, errno, "make the root of a step");
	*ret = sys_openat(dir, "rootfs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	if (*ret < 0 || sys_fchmod(*ret, 0700) < 0)
		return err_host(err, errno, "open the root of a step");
	TRY(materialise(k->out, &how, *ret, &made, err));
	for (const char *const *p = CONFIG_MOUNTPOINTS; *p; p++)
		if (sys_mkdirat(*ret, *p + 1, 0755) < 0 && errno != EEXIST)
			return err_host(err, errno, "make %s for a step", *p);
	return 0;
}

static const char *last_line(char *said)
{
	size_t n = strlen(said);

	while (n > 0 && said[n - 1] == '\n')
		said[--n] = '\0';
	while (n > 0 && said[n - 1] != '\n')
		n--;
	return said + n;
}

static int program_run(struct kitchen *k, const struct step *s, int dir, struct err *err)
{
	const char *const argv[] = { runtime_find(k->arena), "--root", "state", "run", "./", NULL };
	const char *here = arena_printf(k->arena, "/proc/self/fd/%d", dir);
	struct spawned said;

	TRY(spawn_run(argv, here, NULL, k->arena, &said, err));
	if (said.status != 0)
		return err_input(err, "%s ended with status %d: %s", Q(s->argv.v[0]), said.status,
				 Q(last_line(said.err)));
	return 0;
}

/* --- what it changed --- */

static bool same(const struct node *x, const struct node *y)
{
	if (x->type != y->type)
		return false;
	if (x->type == NODE_SYMLINK)
		return str_eq(x->target, y->target);
	if (x->mode != y->mode && x->type == NODE_FILE)
		return false;
	return x->type == NODE_DIR ||
	       memcmp(x->content->sha256, y->content->sha256, SHA256_BYTES) == 0;
}

static bool may_write(const struct step *s, const char *path)
{
	return glob_any(s->writes.v, s->writes.n, path);
}

static int change_take(struct kitchen *k, const struct step *s, int root, const struct node *n,
		       const char *path, struct err *err)
{
	struct item item = { .type = n->type,
			     .mode = 0755,
			     .target = n->target,
			     .source = k->source,
			     .override = true };

	if (!may_write(s, path))
		return n->type == NODE_DIR ? 0
					   : err_input(err,
						       "it changed %s, which \"writes\" does not "
						       "name",
						       Q(path));
	if (n->type == NODE_FILE) {
		scoped_fd int fd = node_open(root, n, err);

		TRY(fd);
		item.mode = n->mode & 0111 ? 0755 : 0644;
		TRY(spool_file(k->spool, fd, &item.content, err));
	}
	return tree_put(k->out, path, &item, err);
}

static int added_take(struct kitchen *k, const struct step *s, int root, struct tree *now,
		      struct err *err)
{
	scoped_arena struct arena a = { 0 };
	size_t n;
	struct node **nodes = tree_list(&a, now->root, &n);

	for (size_t i = 1; i < n; i++) {
		char buf[TREE_PATH_MAX];
		const char *path = tree_path(nodes[i], buf);
		const struct node *before = tree_find(k->out, path, false);

		if (!before || !same(before, nodes[i]))
			TRY(change_take(k, s, root, nodes[i], path, err));
	}
	return 0;
}

static int removed_take(struct kitchen *k, const struct step *s, struct tree *now, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	size_t n;
	struct node **nodes = tree_list(&a, k->out->root, &n);

	while (n-- > 1) {
		char buf[TREE_PATH_MAX];
		const char *path = tree_path(nodes[n], buf);

		if (tree_find(now, path, false))
			continue;
		if (!may_write(s, path))
			return err_input(err, "it removed %s, which \"writes\" does not name",
					 Q(path));
		tree_remove(nodes[n]);
	}
	return 0;
}

int exec_step(struct kitchen *k, const struct step *s, struct err *err)
{
	scoped_tree struct tree now = { 0 };
	scoped_fd int dir = -1, root = -1;

	if (!k->allow_exec)
		return err_input(err, "runs %s; allow it with --allow-exec", Q(s->argv.v[0]));
	TRY(site_private(k->site, arena_printf(k->arena, "exec-%u-%d", k->source, k->spool->dir),
			 &dir, err));
	TRY(root_write(k, dir, &root, err));
	TRY(config_write(dir, s, k->arena, err));
	TRY(program_run(k, s, dir, err));
	tree_init(&now, &k->out->limits);
	TRY(scan_tree(root, &now, NULL, err));
	TRY(added_take(k, s, root, &now, err));
	return removed_take(k, s, &now, err);
}
