/* SPDX-License-Identifier: Apache-2.0 */
/* test_rootfs_content.c - the spool, ELF files read from it, and trees written to disk. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rootfs-tools/closure.h"
#include "rootfs-tools/elf.h"
#include "rootfs-tools/lane.h"
#include "rootfs-tools/materialise.h"
#include "rootfs-tools/spool.h"
#include "rootfs-tools/tree.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"

#define ABC_SHA256 "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define EXE_MAX (64u << 20)

struct place {
	char path[32];
	int top, fd, objects;
	struct spool spool;
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	struct err err;

	if (!p)
		return -1;
	*state = p;
	(void)snprintf(p->path, sizeof(p->path), "/tmp/srt-rootfs-XXXXXX");
	if (!mkdtemp(p->path))
		return -1;
	p->top = open(p->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (mkdirat(p->top, "tree", 0700) < 0 || mkdirat(p->top, "objects", 0700) < 0)
		return -1;
	p->fd = openat(p->top, "tree", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	p->objects = openat(p->top, "objects", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return spool_open(&p->spool, p->objects, p->objects, false, &err);
}

static int teardown(void **state)
{
	struct place *p = *state;
	struct err err;
	int r;

	spool_done(&p->spool);
	(void)close(p->fd);
	(void)close(p->objects);
	(void)close(p->top);
	r = remove_tree(AT_FDCWD, p->path, &err);
	free(p);
	return r;
}

static struct content *content(struct place *p, const char *bytes, size_t n)
{
	struct content *c = NULL;
	struct err err;

	assert_int_equal(spool_text(&p->spool, bytes, n, &c, &err), 0);
	return c;
}

static void equal_contents_are_one(void **state)
{
	struct place *p = *state;
	const struct content *abc = content(p, "abc", 3), *x = content(p, "xyz", 3);
	char hex[SHA256_HEX + 1], buf[3];
	struct err err;

	sha256_hex(abc->sha256, hex);
	assert_string_equal(hex, ABC_SHA256);
	assert_ptr_equal(content(p, "abc", 3), abc);
	assert_ptr_not_equal(x, abc);
	assert_int_equal(spool_read(&p->spool, x, 0, buf, 3, &err), 0);
	assert_memory_equal(buf, "xyz", 3);
	assert_int_equal(spool_read(&p->spool, x, 1, buf, 3, &err), -1);
	assert_int_equal(spool_read(&p->spool, x, UINT64_MAX, buf, 3, &err), -1);
	assert_int_equal(err.kind, ERR_INTEGRITY);
}

static void zeros_hide_what_was_there(void **state)
{
	struct place *p = *state;
	struct content *c, *same;
	struct err err;
	char buf[5];

	assert_int_equal(spool_begin(&p->spool, &err), 0);
	assert_int_equal(spool_write(&p->spool, "forgotten", 9, &err), 0);
	assert_int_equal(spool_begin(&p->spool, &err), 0);
	assert_int_equal(spool_write(&p->spool, "a", 1, &err), 0);
	assert_int_equal(spool_zeros(&p->spool, 3, &err), 0);
	assert_int_equal(spool_write(&p->spool, "b", 1, &err), 0);
	assert_int_equal(spool_end(&p->spool, &c, &err), 0);
	assert_int_equal(spool_read(&p->spool, c, 0, buf, 5, &err), 0);
	assert_memory_equal(buf, "a\0\0\0b", 5);
	same = content(p, "a\0\0\0b", 5);
	assert_ptr_equal(same, c);
}

static void elf_names_what_it_needs(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct place *p = *state;
	struct elf elf = { 0 };
	struct err err;
	bool libc = false;
	char *bytes;
	size_t n;

	assert_int_equal(file_read(AT_FDCWD, "/proc/self/exe", EXE_MAX, &a, &bytes, &n, &err), 0);
	assert_int_equal(elf_read(&p->spool, content(p, bytes, n), &a, &elf, &err), 0);
	assert_non_null(elf.interpreter);
	for (size_t i = 0; i < elf.n_needed; i++)
		libc |= str_starts(elf.needed[i], "libc.so");
	assert_true(libc);
	assert_int_equal(elf_read(&p->spool, content(p, "#!/bin/sh\n", 10), &a, &elf, &err), 1);
}

/* Cut anywhere, and with any byte of the headers changed, it is an answer or an error. */
static void damaged_elf_is_an_error(void **state)
{
	scoped_arena struct arena a = { 0 };
	struct place *p = *state;
	struct elf elf;
	struct err err;
	char *bytes;
	size_t n;

	assert_int_equal(file_read(AT_FDCWD, "/proc/self/exe", EXE_MAX, &a, &bytes, &n, &err), 0);
	assert_int_equal(elf_read(&p->spool, content(p, bytes, 64), &a, &elf, &err), -1);
	assert_int_equal(err.kind, ERR_INTEGRITY);
	n = n < 4096 ? n : 4096;
	for (size_t i = 0; i < 1024; i++) {
		scoped_arena struct arena b = { 0 };
		char keep = bytes[i];

		bytes[i] = (char)~keep;
		(void)elf_read(&p->spool, content(p, bytes, n), &b, &elf, &err);
		bytes[i] = keep;
	}
}

static void a_tree_becomes_files_whatever_the_umask(void **state)
{
	const struct limits l = limits_standard();
	struct place *p = *state;
	scoped_tree struct tree t = { 0 };
	const struct materialise copy = { &p->spool, PLACE_COPY, 0 };
	struct materialised made;
	struct item file = { .type = NODE_FILE, .mode = 0644, .content = content(p, "abc", 3) };
	struct item dir = { .type = NODE_DIR, .mode = 0500 };
	struct item link = { .type = NODE_SYMLINK, .target = "/etc/passwd" };
	struct err err;
	struct stat st;
	mode_t old = umask(0777);
	int r;

	tree_init(&t, &l);
	assert_int_equal(tree_put(&t, "d", &dir, &err), 0);
	assert_int_equal(tree_put(&t, "d/f", &file, &err), 0);
	assert_int_equal(tree_put(&t, "link", &link, &err), 0);
	r = materialise(&t, &copy, p->fd, &made, &err);
	(void)umask(old);
	assert_int_equal(r, 0);
	assert_int_equal(made.dirs, 1);
	assert_int_equal(made.files, 1);
	assert_int_equal(made.symlinks, 1);
	assert_int_equal(made.bytes, 3);
	assert_int_equal(fstatat(p->fd, "d", &st, 0), 0);
	assert_int_equal(st.st_mode, S_IFDIR | 0500);
	assert_int_equal(st.st_mtime, 0);
	assert_int_equal(fstatat(p->fd, "d/f", &st, 0), 0);
	assert_int_equal(st.st_mode, S_IFREG | 0644);
	assert_int_equal(fstatat(p->fd, "link", &st, AT_SYMLINK_NOFOLLOW), 0);
	assert_true(S_ISLNK(st.st_mode));
	/* A second one finds the names taken, and follows nothing. */
	assert_int_equal(materialise(&t, &copy, p->fd, &made, &err), -1);
	assert_int_equal(err.errnum, EEXIST);
}

static void closure_keeps_links_and_their_ends(void **state)
{
	static const char *const roots[] = { "/bin/tool" }, *const plus[] = { "/etc/**" };
	static const char *const missing[] = { "/bin/none" };
	const struct closure c = { roots, 1, plus, 1 }, none = { missing, 1, NULL, 0 };
	const struct limits l = limits_standard();
	struct place *p = *state;
	scoped_tree struct tree t = { 0 };
	struct item file = { .type = NODE_FILE, .mode = 0644, .content = content(p, "#!x", 3) };
	struct item link = { .type = NODE_SYMLINK, .target = "../opt/./real/../real/tool" };
	struct err err;

	tree_init(&t, &l);
	assert_int_equal(tree_put(&t, "opt/real/tool", &file, &err), 0);
	assert_int_equal(tree_put(&t, "opt/real/more", &file, &err), 0);
	assert_int_equal(tree_put(&t, "etc/x", &file, &err), 0);
	assert_int_equal(tree_put(&t, "var/y", &file, &err), 0);
	assert_int_equal(tree_put(&t, "bin/tool", &link, &err), 0);
	assert_int_equal(closure_keep(&t, &p->spool, &none, &err), -1);
	assert_int_equal(closure_keep(&t, &p->spool, &c, &err), 0);
	assert_non_null(tree_find(&t, "/bin/tool", true));
	assert_non_null(tree_find(&t, "/etc/x", false));
	assert_null(tree_find(&t, "/opt/real/more", false));
	assert_null(tree_find(&t, "/var", false));
}

/* The byte at a place of what goes through a lane. */
static char byte_at(uint32_t at)
{
	return (char)(at * 31 + at / 4096);
}

#define LANE_PASSES 3u

/* Pieces of odd sizes; each is said through the pipe behind its bytes. 0, or who listened has gone. */
static int lane_fill(struct lane *l, int out)
{
	static char bytes[LANE_PIECE];
	uint32_t at = 0, size = 1;

	while (at < LANE_PASSES * LANE_BYTES) {
		size_t n = lane_room(l, at, size);

		if (n == 0 && !lane_wait(l, at))
			return 7;
		for (uint32_t i = 0; i < n; i++)
			bytes[i] = byte_at(at + i);
		lane_put(l, &at, bytes, n);
		if (n > 0 && write(out, &n, sizeof(n)) != sizeof(n))
			return 1;
		size = size * 3 % LANE_PIECE + 1;
	}
	return 0;
}

static pid_t lane_filler(struct lane *l, int ends[2])
{
	pid_t pid;

	assert_non_null(l);
	assert_int_equal(pipe(ends), 0);
	pid = fork();
	if (pid == 0) {
		(void)alarm(60);
		(void)close(ends[0]);
		_exit(lane_fill(l, ends[1]));
	}
	assert_true(pid > 0);
	(void)close(ends[1]);
	return pid;
}

static int status_of(pid_t pid)
{
	int status = -1;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void a_lane_carries_more_than_it_holds(void **state)
{
	static char bytes[LANE_PIECE];
	struct lane *l = lane_new();
	uint32_t at = 0;
	int ends[2];
	pid_t pid = lane_filler(l, ends);
	size_t n;

	(void)state;
	while (read(ends[0], &n, sizeof(n)) == sizeof(n)) {
		uint32_t from = at;

		assert_true(n <= sizeof(bytes));
		lane_take(l, &at, bytes, n);
		for (uint32_t i = 0; i < n; i++)
			if (bytes[i] != byte_at(from + i))
				fail_msg("another byte at %u", from + i);
	}
	assert_true(at >= LANE_PASSES * LANE_BYTES);
	assert_int_equal(status_of(pid), 0);
	(void)close(ends[0]);
	lane_free(l);
}

static void a_closed_lane_ends_the_wait(void **state)
{
	struct lane *l = lane_new();
	int ends[2];
	pid_t pid = lane_filler(l, ends);
	size_t n, said = 0;

	(void)state;
	/* Nothing is taken, so it says less than the lane holds, and waits. */
	while (said < LANE_BYTES / 2 && read(ends[0], &n, sizeof(n)) == sizeof(n))
		said += n;
	lane_close(l);
	while (read(ends[0], &n, sizeof(n)) == sizeof(n))
		;
	assert_int_equal(WEXITSTATUS(status_of(pid)), 7);
	(void)close(ends[0]);
	lane_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_lane_carries_more_than_it_holds),
		cmocka_unit_test(a_closed_lane_ends_the_wait),
		cmocka_unit_test_setup_teardown(equal_contents_are_one, setup, teardown),
		cmocka_unit_test_setup_teardown(zeros_hide_what_was_there, setup, teardown),
		cmocka_unit_test_setup_teardown(elf_names_what_it_needs, setup, teardown),
		cmocka_unit_test_setup_teardown(damaged_elf_is_an_error, setup, teardown),
		cmocka_unit_test_setup_teardown(a_tree_becomes_files_whatever_the_umask, setup,
						teardown),
		cmocka_unit_test_setup_teardown(closure_keeps_links_and_their_ends, setup,
						teardown),
	};

	return cmocka_run_group_tests_name("rootfs_content", tests, NULL, NULL);
}
