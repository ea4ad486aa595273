/* SPDX-License-Identifier: Apache-2.0 */
/* test_base_walk.c - paths walked by hand lead where openat2 leads, and are refused where it refuses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spec/base/fd.h"
#include "spec/base/sys.h"
#include "spec/base/walk.h"

#define PATHS 20000
#define FLAGS (~(O_NOFOLLOW | O_DIRECTORY)) /* F_GETFL tells them or not */

static const struct {
	const char *name, *text; /* NULL a directory, "->x" a link to x, else a file */
} tree[] = {
	{ "a", NULL },
	{ "a/b", NULL },
	{ "a/b/c", NULL },
	{ "a/f", "x" },
	{ "a/b/up", "->.." },
	{ "a/abs", "->/a/b" },
	{ "a/out", "->../../.." },
	{ "a/etc", "->/etc/passwd" },
	{ "loop", "->loop" },
	{ "l1", "->a/abs/c" },
	{ "l2", "->l1/../../f" },
	{ "dangling", "->nowhere" },
	{ "a/dots", "->../a/./b/../f" },
	{ "slash", "->a/b/" },
	{ "fslash", "->a/f/" },
	{ "self", "->." },
	{ "f", "y" },
};
static const char *const words[] = { "a",      "b",    "c",  "f",  "up",       "abs",  "out",
				     "etc",    "loop", "l1", "l2", "dangling", "dots", "slash",
				     "fslash", "self", "..", ".",  "none",     "" };

static int make_tree(void **state)
{
	char *dir = strdup("/tmp/walk-XXXXXX"), path[256];

	if (!dir || !mkdtemp(dir))
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(tree); i++) {
		const char *text = tree[i].text;
		int fd;

		(void)snprintf(path, sizeof(path), "%s/%s", dir, tree[i].name);
		if (!text)
			assert_int_equal(mkdir(path, 0755), 0);
		else if (text[0] == '-')
			assert_int_equal(symlink(text + 2, path), 0);
		else {
			fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
			assert_true(fd >= 0);
			(void)close(fd);
		}
	}
	*state = dir;
	return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static int remove_tree(void **state)
{
	(void)nftw(*state, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(*state);
	return 0;
}

static uint32_t draw(uint32_t *seed)
{
	*seed = *seed * 1664525u + 1013904223u;
	return *seed >> 8;
}

static void make_path(uint32_t *seed, char path[256])
{
	size_t n = 1 + draw(seed) % 6, len = 0;

	path[0] = '\0';
	if (draw(seed) % 4 == 0)
		len += (size_t)snprintf(path, 256, "/");
	for (size_t i = 0; i < n; i++) {
		const char *word = words[draw(seed) % ARRAY_LEN(words)];
		bool slash = i + 1 < n || draw(seed) % 4 == 0;

		len += (size_t)snprintf(path + len, 256 - len, "%s%s", word, slash ? "/" : "");
	}
}

static void compare(int root, const char *path, int flags, unsigned long long resolve)
{
	struct open_how how = { .flags = (uint64_t)flags | O_CLOEXEC, .resolve = resolve };
	struct stat one = { 0 }, other = { 0 };
	scoped_fd int real = sys_openat2(root, path, &how);

	/* Renames and mounts anywhere on the machine make it say so where the path has "..". */
	while (real < 0 && errno == EAGAIN)
		real = sys_openat2(root, path, &how);
	int real_errno = errno;
	scoped_fd int walked = walk_open(root, path, flags, resolve);
	int walked_errno = errno;

	if ((real < 0) != (walked < 0) || (real < 0 && real_errno != walked_errno))
		fail_msg("\"%s\" flags %o resolve %llx: %s, by hand %s", path, (unsigned int)flags,
			 resolve, real < 0 ? strerror(real_errno) : "opened",
			 walked < 0 ? strerror(walked_errno) : "opened");
	if (real < 0)
		return;
	assert_int_equal(fstat(real, &one), 0);
	assert_int_equal(fstat(walked, &other), 0);
	if (one.st_ino != other.st_ino || one.st_dev != other.st_dev)
		fail_msg("\"%s\" flags %o resolve %llx leads elsewhere by hand", path,
			 (unsigned int)flags, resolve);
	assert_int_equal(fcntl(real, F_GETFL) & FLAGS, fcntl(walked, F_GETFL) & FLAGS);
	assert_int_equal(fcntl(walked, F_GETFD), FD_CLOEXEC);
}

static void leads_where_openat2_leads(void **state)
{
	static const int flags[] = { O_PATH,
				     O_PATH | O_NOFOLLOW,
				     O_PATH | O_DIRECTORY,
				     O_RDONLY,
				     O_RDONLY | O_NOFOLLOW,
				     O_RDONLY | O_DIRECTORY,
				     O_PATH | O_DIRECTORY | O_NOFOLLOW };
	static const unsigned long long resolve[] = {
		RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
		RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
		RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
	};
	scoped_fd int root = open(*state, O_PATH | O_DIRECTORY | O_CLOEXEC);
	uint32_t seed = 7;
	char path[256];

	assert_true(root >= 0);
	for (int i = 0; i < PATHS; i++) {
		make_path(&seed, path);
		compare(root, path, flags[draw(&seed) % ARRAY_LEN(flags)],
			resolve[draw(&seed) % ARRAY_LEN(resolve)]);
	}
	compare(root, "", O_PATH, resolve[0]);
}

static void follows_no_magic_and_crosses_no_mount(void **state)
{
	static const char *const paths[] = { "self/root",   "self/exe",
					     "self/cwd/x",  "self/fd/0",
					     "self/ns/pid", "self/status",
					     "mounts",	    "self/root/tmp",
					     "net/dev",	    "sys/kernel/hostname",
					     "self/attr",   "thread-self/status" };
	scoped_fd int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	scoped_fd int top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		compare(proc, paths[i], O_PATH, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
		compare(proc, paths[i], O_PATH,
			RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV);
	}
	compare(top, "proc/version", O_PATH, RESOLVE_BENEATH | RESOLVE_NO_XDEV);
	compare(top, "proc", O_PATH, RESOLVE_BENEATH | RESOLVE_NO_XDEV);
	compare(top, "etc/passwd", O_RDONLY, RESOLVE_BENEATH | RESOLVE_NO_XDEV);
}

static void has_its_bounds(void **state)
{
	char path[5000];

	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(walk_open(AT_FDCWD, path, O_PATH, RESOLVE_BENEATH), -1);
	assert_int_equal(errno, ENAMETOOLONG);
	path[300] = '\0';
	assert_int_equal(walk_open(AT_FDCWD, path, O_PATH, RESOLVE_BENEATH), -1);
	assert_int_equal(errno, ENAMETOOLONG);
	assert_int_equal(walk_open(AT_FDCWD, "x", O_PATH, 0), -1);
	assert_int_equal(errno, EINVAL);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(leads_where_openat2_leads, make_tree, remove_tree),
		cmocka_unit_test(follows_no_magic_and_crosses_no_mount),
		cmocka_unit_test(has_its_bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
