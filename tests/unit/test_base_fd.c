/* SPDX-License-Identifier: Apache-2.0 */
/* test_base_fd.c - bounded reads, whole writes, and paths that stay beneath a root. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spec/base/fd.h"

/* A root with a file, a directory and links that try to leave it. */
struct place {
	char path[64];
	int fd;
};

static void write_file(int dir_fd, const char *name, const char *text)
{
	scoped_fd int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
}

static int make_place(void **state)
{
	static struct place place;

	(void)snprintf(place.path, sizeof(place.path), "/tmp/srt-unit-XXXXXX");
	assert_non_null(mkdtemp(place.path));
	place.fd = open(place.path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	assert_true(place.fd >= 0);
	write_file(place.fd, "file", "inside");
	assert_int_equal(mkdirat(place.fd, "dir", 0755), 0);
	assert_int_equal(symlinkat("/file", place.fd, "absolute"), 0);
	assert_int_equal(symlinkat("../../../../etc/passwd", place.fd, "outside"), 0);
	assert_int_equal(symlinkat("dir", place.fd, "to-dir"), 0);
	assert_int_equal(symlinkat("/nowhere", place.fd, "dangling"), 0);
	*state = &place;
	return 0;
}

static void remove_at(int fd, const char *const *names, int flags)
{
	for (; *names; names++)
		(void)unlinkat(fd, *names, flags);
}

static int remove_place(void **state)
{
	static const char *const files[] = { "file",	  "absolute", "outside",
					     "to-dir",	  "dangling", "dir/new/f",
					     "dir/plain", "nowhere",  NULL };
	static const char *const dirs[] = { "dir/new/sub", "dir/new", "dir", NULL };
	struct place *p = *state;

	remove_at(p->fd, files, 0);
	remove_at(p->fd, dirs, AT_REMOVEDIR);
	(void)close(p->fd);
	return rmdir(p->path);
}

static void reads_whole_files_up_to_a_bound(void **state)
{
	scoped_arena struct arena a = { 0 };
	const struct place *p = *state;
	struct err err;
	char *bytes;
	size_t len;

	assert_int_equal(file_read(p->fd, "file", 6, &a, &bytes, &len, &err), 0);
	assert_int_equal(len, 6);
	assert_string_equal(bytes, "inside");
	assert_int_equal(file_read(p->fd, "file", 5, &a, &bytes, &len, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
	assert_int_equal(file_read(p->fd, "none", 5, &a, &bytes, &len, &err), -1);
	assert_int_equal(err.kind, ERR_HOST);
	assert_int_equal(err.errnum, ENOENT);
	/* Without an end: the bound holds. */
	assert_int_equal(file_read(AT_FDCWD, "/dev/zero", 1 << 20, &a, &bytes, &len, &err), -1);
	assert_int_equal(err.kind, ERR_LIMIT);
}

static void a_root_is_not_left(void **state)
{
	static const char *const stay[] = { "file", "/file", "/../../file", "absolute",
					    "dir/../../file" };
	const struct place *p = *state;
	struct stat inside, st;

	assert_int_equal(fstatat(p->fd, "file", &inside, 0), 0);
	for (size_t i = 0; i < ARRAY_LEN(stay); i++) {
		scoped_fd int fd = open_in_root(p->fd, stay[i], O_PATH);

		assert_true(fd >= 0);
		assert_int_equal(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
		assert_int_equal(fstat(fd, &st), 0);
		assert_int_equal(st.st_ino, inside.st_ino);
	}
	assert_int_equal(open_in_root(p->fd, "outside", O_PATH), -1);
	assert_int_equal(errno, ENOENT);
}

static void beneath_means_no_links_at_all(void **state)
{
	const struct place *p = *state;
	scoped_fd int fd = open_beneath(p->fd, "file", O_RDONLY);

	assert_true(fd >= 0);
	assert_int_equal(open_beneath(p->fd, "to-dir", O_PATH), -1);
	assert_int_equal(open_beneath(p->fd, "absolute", O_PATH), -1);
	assert_int_equal(open_beneath(p->fd, "../file", O_PATH), -1);
	assert_int_equal(open_beneath(p->fd, "/file", O_PATH), -1);
}

static void makes_what_is_missing_inside_the_root(void **state)
{
	const struct place *p = *state;
	scoped_fd int file = -1, dir = -1, there = -1;
	struct stat st;
	struct err err;
	int made = 0;

	assert_int_equal(make_in_root(p->fd, "/to-dir/new/f", true, &file, &made, &err), 0);
	assert_int_equal(made, 2);
	assert_int_equal(fstatat(p->fd, "dir/new/f", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(make_in_root(p->fd, "dir/new/sub", false, &dir, &made, &err), 0);
	assert_int_equal(fstat(dir, &st), 0);
	assert_true(S_ISDIR(st.st_mode));
	made = 7;
	assert_int_equal(make_in_root(p->fd, "absolute", true, &there, &made, &err), 0);
	assert_int_equal(made, 0);
}

static void refuses_to_make_through_dangling_links_and_dotdot(void **state)
{
	static const char *const bad[] = { "dangling", "dangling/x", "outside", "dir/../x" };
	const struct place *p = *state;
	struct stat st;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		scoped_fd int fd = -1;
		struct err err;

		assert_int_equal(make_in_root(p->fd, bad[i], true, &fd, NULL, &err), -1);
		assert_int_equal(fd, -1);
		assert_true(err.text[0]);
	}
	assert_int_equal(fstatat(p->fd, "nowhere", &st, AT_SYMLINK_NOFOLLOW), -1);
	assert_int_equal(fstatat(p->fd, "x", &st, AT_SYMLINK_NOFOLLOW), -1);
}

static void writes_a_text_once_and_not_through_a_link(void **state)
{
	scoped_arena struct arena a = { 0 };
	const struct place *p = *state;
	struct err err;
	char *bytes;
	size_t len;

	write_file(p->fd, "dir/plain", "old");
	assert_int_equal(fd_write_at(p->fd, "dir/plain", "new", &err), 0);
	assert_int_equal(file_read(p->fd, "dir/plain", 10, &a, &bytes, &len, &err), 0);
	assert_string_equal(bytes, "new");
	assert_int_equal(fd_write_at(p->fd, "absolute", "x", &err), -1);
	assert_int_equal(fd_write_at(p->fd, "none", "x", &err), -1);
	assert_int_equal(err.errnum, ENOENT);
}

static void knows_file_systems_and_devices(void **state)
{
	scoped_fd int proc = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
	scoped_fd int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
	const struct place *p = *state;

	assert_true(fd_is_fs(proc, PROC_SUPER_MAGIC));
	assert_false(fd_is_fs(null, PROC_SUPER_MAGIC));
	assert_true(fd_is_device(null, 1, 3));
	assert_false(fd_is_device(null, 1, 5));
	assert_false(fd_is_device(p->fd, 1, 3));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, make_place, remove_place)

int main(void)
{
	static const struct CMUnitTest tests[] = {
		TEST(reads_whole_files_up_to_a_bound),
		TEST(a_root_is_not_left),
		TEST(beneath_means_no_links_at_all),
		TEST(makes_what_is_missing_inside_the_root),
		TEST(refuses_to_make_through_dangling_links_and_dotdot),
		TEST(writes_a_text_once_and_not_through_a_link),
		TEST(knows_file_systems_and_devices),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
