/* SPDX-License-Identifier: Apache-2.0 */
/* site.c - a directory with a name that nobody guesses, and its end. */
#include "bundle/site.h"

#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "rootfs-tools/materialise.h"
#include "rootfs-tools/unpack.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"

#define BASE_MAX 200
#define DIR_FLAGS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

static void fd_drop(int *fd)
{
	if (*fd >= 0)
		(void)sys_close(*fd);
	*fd = -1;
}

void site_done(struct site *s)
{
	struct err ignored;

	fd_drop(&s->objects);
	fd_drop(&s->bundle);
	fd_drop(&s->dir);
	if (s->made)
		(void)remove_tree(s->from, s->tmp, &ignored); /* the first error is told */
	s->made = false;
	fd_drop(&s->from);
	fd_drop(&s->to);
}

static int site_name(const char *dest, struct arena *a, const char **dir, const char **base,
		     struct err *err)
{
	char *path = arena_str(a, dest);
	size_t n = strlen(path);

	while (n > 1 && path[n - 1] == '/')
		path[--n] = '\0';
	*base = path_base(path);
	*dir = *base == path ? "." : arena_strn(a, path, (size_t)(*base - path));
	if (!(*base)[0] || str_eq(*base, ".") || str_eq(*base, ".."))
		return err_input(err, "\"%s\" names no new directory", dest);
	if (strlen(*base) > BASE_MAX)
		return err_input(err, "a name of more than %d bytes", BASE_MAX);
	return 0;
}

int site_private(const struct site *s, const char *name, int *ret, struct err *err)
{
	scoped_fd int fd = -1;

	if (sys_mkdirat(s->dir, name, 0700) < 0)
		return err_host(err, errno, "make a directory for %s", name);
	fd = sys_openat(s->dir, name, DIR_FLAGS, 0);
	if (fd < 0)
		return err_host(err, errno, "open the new directory");
	/* A set-group-id parent would hand its group down. */
	if (geteuid() == 0 && fchown(fd, 0, 0) < 0)
		return err_host(err, errno, "make root the owner");
	if (sys_fchmod(fd, 0700) < 0)
		return err_host(err, errno, "keep others out of the new directory");
	*ret = take_fd(&fd);
	return 0;
}

/* The site in s->from, whose name is settled. */
static int site_make(struct site *s, struct err *err)
{
	if (sys_mkdirat(s->from, s->tmp, 0700) < 0)
		return err_host(err, errno, "make a temporary directory");
	s->made = true;
	s->dir = sys_openat(s->from, s->tmp, DIR_FLAGS, 0);
	if (s->dir < 0 || sys_fchmod(s->dir, 0700) < 0)
		return err_host(err, errno, "open the new directory");
	TRY(site_private(s, "bundle", &s->bundle, err));
	return site_private(s, "objects", &s->objects, err);
}

static int number_find(unsigned long long *ret, struct err *err)
{
	if (getrandom(ret, sizeof(*ret), 0) != sizeof(*ret))
		return err_host(err, errno, "find a name");
	return 0;
}

int site_open_dir(struct site *s, const char *dest, struct arena *a, struct err *err)
{
	unsigned long long number;
	const char *dir;
	struct stat st;

	TRY(site_name(dest, a, &dir, &s->base, err));
	s->from = sys_openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (s->from < 0)
		return err_host(err, errno, "open %s", dir);
	s->to = sys_fcntl(s->from, F_DUPFD_CLOEXEC, 3);
	if (fstatat(s->from, s->base, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return err_input(err, "%s is there already", dest);
	TRY(number_find(&number, err));
	(void)snprintf(s->tmp, sizeof(s->tmp), ".%s.tmp-%016llx", s->base, number);
	return site_make(s, err);
}

int site_open_store(struct site *s, const struct store *store, struct err *err)
{
	unsigned long long number;

	s->from = sys_fcntl(store->tmp, F_DUPFD_CLOEXEC, 3);
	if (s->from < 0)
		return err_host(err, errno, "open the store");
	TRY(number_find(&number, err));
	(void)snprintf(s->tmp, sizeof(s->tmp), "build-%016llx", number);
	return site_make(s, err);
}

int site_publish(struct site *s, int to, const char *base, struct err *err)
{
	TRY(file_settle(s->bundle, 0755, 0, err));
	if (syncfs(s->bundle) < 0)
		return err_host(err, errno, "write the bundle to the disk");
	TRY(interrupted(err));
	if (renameat2(s->dir, "bundle", to, base, RENAME_NOREPLACE) < 0) {
		if (errno == EEXIST)
			return 1;
		return err_host(err, errno, "give the bundle its name");
	}
	(void)fsync(to); /* the bundle is whole; only its name may be lost with the power */
	return 0;
}
