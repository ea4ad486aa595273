/* SPDX-License-Identifier: Apache-2.0 */
/* test_cut.c - which files are taken for cut by a limit of their size, and where none is looked for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/sandbox/cut.h"
#include "spec/base/scope.h"
#include "spec/base/sys.h"

#define SIZE 4096
#define MANY 100

struct place {
	char path[64];
	int fd;
};

static int make_place(void **state)
{
	static struct place p;

	(void)snprintf(p.path, sizeof(p.path), "/tmp/test-cut-XXXXXX");
	if (!mkdtemp(p.path))
		return -1;
	p.fd = open(p.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*state = &p;
	return p.fd < 0 ? -1 : 0;
}

static void file_at(const struct place *p, const char *name, off_t size)
{
	scoped_fd int fd = sys_openat(p->fd, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(ftruncate(fd, size), 0);
}

static void drop(const struct place *p, const char *name, int flags)
{
	assert_int_equal(sys_unlinkat(p->fd, name, flags), 0);
}

static int drop_place(void **state)
{
	const struct place *p = *state;

	(void)close(p->fd);
	return rmdir(p->path);
}

static bool finds(const struct place *p, const char *path, time_t since, unsigned int left)
{
	struct cut c = { SIZE, since, left };

	return cut_find(&c, p->fd, path);
}

static void a_file_of_exactly_that_size_is_cut(void **state)
{
	const struct place *p = *state;

	assert_int_equal(sys_mkdirat(p->fd, "a", 0700), 0);
	file_at(p, "a/less", SIZE - 1);
	file_at(p, "a/more", SIZE + 1);
	assert_false(finds(p, ".", 0, MANY));
	file_at(p, "a/cut", SIZE);
	assert_true(finds(p, ".", 0, MANY));
	assert_true(finds(p, "a/cut", 0, MANY));
	assert_false(finds(p, "a/less", 0, MANY));
	assert_false(finds(p, "nowhere", 0, MANY));
	/* Of before. */
	assert_false(finds(p, ".", time(NULL) + 60, MANY));
	/* There are more names than are looked at. */
	assert_false(finds(p, ".", 0, 1));
	drop(p, "a/less", 0);
	drop(p, "a/more", 0);
	drop(p, "a/cut", 0);
	drop(p, "a", AT_REMOVEDIR);
}

static void no_link_is_followed(void **state)
{
	const struct place *p = *state;

	assert_int_equal(sys_mkdirat(p->fd, "out", 0700), 0);
	assert_int_equal(sys_mkdirat(p->fd, "in", 0700), 0);
	file_at(p, "out/cut", SIZE);
	assert_int_equal(sys_symlinkat("../out", p->fd, "in/dir"), 0);
	assert_int_equal(sys_symlinkat("../out/cut", p->fd, "in/file"), 0);
	assert_false(finds(p, "in", 0, MANY));
	assert_false(finds(p, "in/dir", 0, MANY));
	assert_true(finds(p, "out", 0, MANY));
	drop(p, "in/dir", 0);
	drop(p, "in/file", 0);
	drop(p, "out/cut", 0);
	drop(p, "in", AT_REMOVEDIR);
	drop(p, "out", AT_REMOVEDIR);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_file_of_exactly_that_size_is_cut, make_place,
						drop_place),
		cmocka_unit_test_setup_teardown(no_link_is_followed, make_place, drop_place),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
