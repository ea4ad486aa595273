/* SPDX-License-Identifier: Apache-2.0 */
/* compose_view.c - what is seen at the root: the host's system directories, or all of the host, or a bundle; never the root
 * directory itself, in which no place for a mount could be made. */
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/sandbox/compose.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"

/* Names in one root directory. */
#define TOP_MAX 512
#define LINK_MAX 4096

/* "nix" is where all programs of NixOS are. */
static const char *const system_names[] = { "usr",   "bin",   "sbin",	"lib",
					    "lib32", "lib64", "libx32", "nix" };
/* What a sandbox has of its own; the last only where a file of a bundle's is missing there. */
static const char *const own_names[] = { "dev", "proc", "sys", "tmp", "home", "run", "etc" };
static const char *const own_host_names[] = { "dev", "proc" };

static bool is_among(const char *name, const char *const *names, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (str_eq(name, names[i]))
			return true;
	return false;
}

/* One name of a directory that is to be at `at`: a directory is bound read-only, and a file but for those of the root; a link
 * is made again. The path is the bundle's, whose links are not followed. */
static int add_name(struct composition *c, const char *base, const char *at, const char *name,
		    struct err *err)
{
	const char *source = path_join(c->a, base, name), *place = path_join(c->a, at, name);
	char target[LINK_MAX];
	struct stat st;
	ssize_t n;

	if (lstat(source, &st) < 0)
		return errno == ENOENT ? 0 : err_host(err, errno, "look at %s", source);
	if (S_ISDIR(st.st_mode) || (S_ISREG(st.st_mode) && !str_eq(at, "/"))) {
		if (c->p->view == VIEW_HOST || c->bundle)
			compose_lend(c, source, place, false, false);
		else
			(void)compose_bind(c, source, place, false, false);
		return 0;
	}
	if (!S_ISLNK(st.st_mode))
		return 0;
	n = readlink(source, target, sizeof(target) - 1);
	if (n < 0)
		return err_host(err, errno, "read the link %s", source);
	compose_seed(c, SEED_LINK, place, arena_strn(c->a, target, (size_t)n), 0);
	return 0;
}

static int add_all(struct composition *c, const char *base, const char *at, const char *const *but,
		   size_t but_n, struct err *err)
{
	DIR *dir = opendir(base);
	struct dirent *d;
	size_t n = 0;
	int r = 0;

	if (!dir)
		return err_host(err, errno, "read the directory %s", base);
	while (r == 0 && (d = readdir(dir))) {
		if (str_eq(d->d_name, ".") || str_eq(d->d_name, "..") ||
		    is_among(d->d_name, but, but_n))
			continue;
		if (++n > TOP_MAX)
			r = err_limit(err, "%s has more than %d names", base, TOP_MAX);
		else
			r = add_name(c, base, at, arena_str(c->a, d->d_name), err);
	}
	(void)closedir(dir);
	return r;
}

/* --- bundles --- */

static const char *bundle_dir(const struct request *q)
{
	const char *dir = policy_text(q->policy, POLICY_BUNDLE);

	return dir ? dir : q->image;
}

int sandbox_bundle(const struct request *q, struct arena *a, const struct config **ret,
		   struct err *err)
{
	const char *dir = bundle_dir(q), *path = dir ? path_join(a, dir, "config.json") : NULL;
	struct config *config = NULL;
	char *bytes;
	size_t len;

	if (path) {
		TRY(file_read(AT_FDCWD, path, CONFIG_MAX_BYTES, a, &bytes, &len, err));
		TRY(config_parse_in_place(bytes, len, path, a, &config, err));
		TRY(config_check(config, err));
	}
	*ret = config;
	return 0;
}

static int read_bundle(struct composition *c, struct err *err)
{
	const char *dir = bundle_dir(c->q);
	const struct config *config = c->q->bundle;
	struct stat st;

	if (!config)
		TRY(sandbox_bundle(c->q, c->a, &config, err));
	c->bundle = config;
	c->rootfs = path_is_absolute(config->root->path) ? config->root->path
							 : path_join(c->a, dir, config->root->path);
	if (!path_is_absolute(c->rootfs))
		c->rootfs = path_join(c->a, c->q->caller.cwd, c->rootfs);
	if (lstat(c->rootfs, &st) < 0)
		return err_host(err, errno, "look at the root file system %s", c->rootfs);
	if (!S_ISDIR(st.st_mode))
		return err_input(err, "the root file system %s is not a directory", c->rootfs);
	return 0;
}

/* Where a file is to be made in /etc that is not there, it cannot be the bundle's directory itself, which is read-only. */
static bool lacks_names_file(const struct composition *c)
{
	const char *etc = path_join(c->a, c->rootfs, "etc");
	struct stat st;

	return network_is_nat((int)policy_network(c->p)) && lstat(etc, &st) == 0 &&
	       S_ISDIR(st.st_mode) && lstat(path_join(c->a, etc, "resolv.conf"), &st) < 0;
}

static int bundle_view(struct composition *c, struct err *err)
{
	TRY(read_bundle(c, err));
	if (lacks_names_file(c)) {
		compose_seed(c, SEED_DIR, "/etc", NULL, 0755);
		TRY(add_all(c, path_join(c->a, c->rootfs, "etc"), "/etc", NULL, 0, err));
		return add_all(c, c->rootfs, "/", own_names, ARRAY_LEN(own_names), err);
	}
	return add_all(c, c->rootfs, "/", own_names, ARRAY_LEN(own_names) - 1, err);
}

int compose_view(struct composition *c, struct err *err)
{
	if (c->p->view == VIEW_HOST)
		return add_all(c, "/", "/", own_host_names, ARRAY_LEN(own_host_names), err);
	if (bundle_dir(c->q))
		return bundle_view(c, err);
	for (size_t i = 0; i < ARRAY_LEN(system_names); i++)
		TRY(add_name(c, "/", "/", system_names[i], err));
	return 0;
}
