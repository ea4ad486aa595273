/* SPDX-License-Identifier: Apache-2.0 */
/* test_cgroup.c - cgroups made, listed and removed, on directories that stand for them, with each call failing once: what
 * fails leaves nothing behind and can be done again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/act/cgroup_tree.h"
#include "spec/base/scope.h"
#include "tests/fault/cgroup_fake.h"
#include "tests/fault/place.h"
#include "tests/fault/sys_fake.h"

#define CALLS_MAX 1000
#define WHERE "/jobs/one/two"

struct scene {
	struct place place;
	char mount[2][96]; /* of v1 and v2 */
	int mount_fd;
	bool v2;
	struct err err;
};

static void refresh(struct scene *s, bool v2)
{
	char mounts[96];

	place_fill(&s->place);
	(void)snprintf(mounts, sizeof(mounts), "%s/mounts", s->place.dir);
	cgroup_fake_begin(mounts);
	s->v2 = v2;
	s->err = (struct err){ 0 };
	fake_begin();
	assert_int_equal(cgroup_mount_open(s->mount[v2], v2, &s->mount_fd, &s->err), 0);
}

static void done(struct scene *s)
{
	fake_fail_at(0, 0);
	assert_int_equal(close(s->mount_fd), 0);
	if (fake_leaks())
		fail_msg("%s leaked", fake_leaks());
}

static bool is_there(const struct scene *s, const char *path)
{
	struct stat st;

	return fstatat(s->mount_fd, path + 1, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static int make(struct scene *s, const char *path)
{
	int fd = -1, r = cgroup_make(s->mount_fd, path, s->v2, s->v2 ? "memory" : "", &fd, &s->err);

	if (fd >= 0)
		(void)close(fd);
	return r;
}

/* False where there is no nth call. */
static bool make_failing(struct scene *s, bool v2, unsigned int n, int errnum)
{
	bool failed;
	int r;

	refresh(s, v2);
	assert_int_equal(make(s, "/jobs"), 0);
	fake_fail_at(n, errnum);
	r = make(s, WHERE);
	failed = fake_failed() != NULL;
	fake_fail_at(0, 0);
	assert_true(failed || r == 0);
	if (r < 0 && (!s->err.text[0] || strstr(s->err.text, "No such file")))
		fail_msg("call %u: says \"%s\"", n, s->err.text);
	if (r < 0 && is_there(s, "/jobs/one"))
		fail_msg("call %u (%s): a cgroup stays", n, fake_failed());
	assert_true(is_there(s, "/jobs"));
	assert_int_equal(make(s, WHERE), 0);
	done(s);
	return failed;
}

static void what_cannot_be_made_leaves_nothing(void **state)
{
	static const int errnums[] = { EACCES, ENOSPC, EIO };
	struct scene *s = *state;

	for (int v2 = 0; v2 < 2; v2++) {
		unsigned int n = 1;

		while (n < CALLS_MAX && make_failing(s, v2, n, errnums[n % 3]))
			n++;
		assert_true(n > 10 && n < CALLS_MAX);
	}
}

static bool remove_failing(struct scene *s, bool v2, unsigned int n)
{
	bool failed;
	int r;

	refresh(s, v2);
	assert_int_equal(make(s, WHERE "/a/b"), 0);
	assert_int_equal(make(s, WHERE "/c"), 0);
	fake_fail_at(n, EIO);
	r = cgroup_remove(s->mount_fd, WHERE, &s->err);
	failed = fake_failed() != NULL;
	fake_fail_at(0, 0);
	assert_true(failed || r == 0);
	if (r < 0 && !s->err.text[0])
		fail_msg("call %u fails without a word", n);
	if (r == 0 && is_there(s, WHERE))
		fail_msg("call %u (%s): the cgroup stays, and nobody says so", n, fake_failed());
	assert_int_equal(cgroup_remove(s->mount_fd, WHERE, &s->err), 0);
	assert_false(is_there(s, WHERE));
	assert_int_equal(cgroup_take_back(s->mount_fd, WHERE, strlen("/jobs")), 0);
	assert_true(is_there(s, "/jobs"));
	assert_false(is_there(s, "/jobs/one"));
	done(s);
	return failed;
}

static void what_cannot_be_removed_can_be_later(void **state)
{
	struct scene *s = *state;

	for (int v2 = 0; v2 < 2; v2++) {
		unsigned int n = 1;

		while (n < CALLS_MAX && remove_failing(s, v2, n))
			n++;
		assert_true(n > 10 && n < CALLS_MAX);
	}
}

static void stays_beneath_the_mount(void **state)
{
	struct scene *s = *state;
	int fd = -1;

	refresh(s, true);
	assert_int_equal(symlinkat("..", s->mount_fd, "out"), 0);
	assert_int_equal(make(s, "/out/x"), -1);
	assert_int_equal(make(s, "/../x"), -1);
	assert_int_equal(make(s, "/a/../../x"), -1);
	assert_int_equal(cgroup_open(s->mount_fd, "/out", &fd, &s->err), -1);
	assert_int_equal(cgroup_open(s->mount_fd, "/..", &fd, &s->err), -1);
	assert_int_equal(cgroup_remove(s->mount_fd, "/out/../x", &s->err), -1);
	assert_int_equal(cgroup_remove(s->mount_fd, "/", &s->err), -1);
	assert_int_equal(cgroup_remove(s->mount_fd, "", &s->err), -1);
	assert_int_equal(cgroup_remove(s->mount_fd, "/not/there", &s->err), 0);
	done(s);
}

static void says_which_cgroup_lacks_a_controller(void **state)
{
	struct scene *s = *state;
	int fd = -1;

	refresh(s, true);
	assert_int_equal(cgroup_make(s->mount_fd, "/a/b", true, "net", &fd, &s->err), -1);
	assert_non_null(strstr(s->err.text, "/a/b"));
	assert_non_null(strstr(s->err.text, "net"));
	assert_false(is_there(s, "/a"));
	done(s);
}

static void a_mount_is_what_it_claims(void **state)
{
	struct scene *s = *state;
	int fd = -1;

	refresh(s, true);
	assert_int_equal(cgroup_mount_open(s->mount[0], true, &fd, &s->err), -1);
	assert_int_equal(cgroup_mount_open(s->place.dir, true, &fd, &s->err), -1);
	done(s);
}

static int sum(void *ctx, pid_t pid, struct err *err)
{
	(void)err;
	*(int *)ctx += pid;
	return 0;
}

static void put(const struct scene *s, const char *path, const char *text)
{
	scoped_fd int fd = openat(s->mount_fd, path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void lists_all_processes_below(void **state)
{
	struct scene *s = *state;
	scoped_fd int fd = -1;
	int total = 0;

	refresh(s, true);
	assert_int_equal(make(s, "/a/b/c"), 0);
	put(s, "a/cgroup.procs", "1\n20\n0\nx\n");
	put(s, "a/b/c/cgroup.procs", "300\n");
	assert_int_equal(cgroup_open(s->mount_fd, "/a", &fd, &s->err), 0);
	assert_int_equal(cgroup_each(fd, sum, &total, &s->err), 0);
	assert_int_equal(total, 321);
	scope_close(&fd);
	fd = -1;
	done(s);
}

static void knows_what_is_there(void **state)
{
	struct scene *s = *state;

	refresh(s, false);
	assert_int_equal(cgroup_existing(s->mount_fd, "/a/b"), 0);
	assert_int_equal(make(s, "/a/b"), 0);
	assert_int_equal(cgroup_existing(s->mount_fd, "/a/b"), strlen("/a/b"));
	assert_int_equal(cgroup_existing(s->mount_fd, "/a/b/c/d"), strlen("/a/b"));
	done(s);
}

static int setup(void **state)
{
	struct scene *s = *state;

	if (place_begin(&s->place) < 0)
		return -1;
	for (int i = 0; i < 2; i++)
		(void)snprintf(s->mount[i], sizeof(s->mount[i]), "%.60s/mounts/cgroup%d",
			       s->place.dir, i + 1);
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	place_done(&s->place);
	return 0;
}

int main(void)
{
	struct scene scene = { .mount_fd = -1 };
#define TEST(fn) cmocka_unit_test_prestate_setup_teardown(fn, setup, teardown, &scene)
	const struct CMUnitTest tests[] = {
		TEST(what_cannot_be_made_leaves_nothing),
		TEST(what_cannot_be_removed_can_be_later),
		TEST(stays_beneath_the_mount),
		TEST(says_which_cgroup_lacks_a_controller),
		TEST(a_mount_is_what_it_claims),
		TEST(lists_all_processes_below),
		TEST(knows_what_is_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
