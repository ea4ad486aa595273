/* SPDX-License-Identifier: Apache-2.0 */
/* test_store.c - the store when each of its system calls fails once, and when it is killed in front
 * of each: nothing leaks, and what is left can be deleted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "runtime/life/store.h"
#include "tests/fault/sys_fake.h"

/* More calls than any flow here makes: one that does not end is a failure, too. */
#define CALLS_MAX 400
#define CONFIG "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"}}"

struct place {
	char dir[64], root[96], entry[112];
	struct runtime rt;
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	const char *tmp = getenv("TMPDIR");

	if (!p)
		return -1;
	(void)snprintf(p->dir, sizeof(p->dir), "%.40s/fault-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(p->dir)) {
		free(p);
		return -1;
	}
	(void)snprintf(p->root, sizeof(p->root), "%s/root", p->dir);
	(void)snprintf(p->entry, sizeof(p->entry), "%s/one", p->root);
	p->rt = (struct runtime){ .root = p->root, .log = { .fd = -1 } };
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;
	int rc;

	(void)rmdir(p->root);
	rc = rmdir(p->dir); /* fails where a test has left something */
	free(p);
	return rc;
}

/* What a creator does: claim, config, socket, state; it cleans up after a failure. */
static int create(const struct place *p, struct err *err)
{
	const struct container c = {
		.id = "one", .bundle = "/b", .pid = getpid(), .pid_start = pid_start_time(getpid())
	};
	scoped_entry struct entry e = { .dir_fd = -1 };
	struct err ignored = { 0 };
	scoped_fd int fd = -1;

	TRY(store_claim(&p->rt, "one", &e, err));
	if (store_keep_config(&e, CONFIG, strlen(CONFIG), err) == 0 &&
	    store_listen(&e, &fd, err) == 0 && store_write(&e, &c, err) == 0)
		return 0;
	(void)store_remove(&p->rt, &e, "one", &ignored);
	return -1;
}

static int look(const struct place *p, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	scoped_entry struct entry e = { .dir_fd = -1 };
	struct container c;
	struct config *config;

	TRY(store_open(&p->rt, "one", false, &e, err));
	TRY(store_read(&e, "one", &a, &c, err));
	return store_config(&e, &a, &config, err);
}

static int delete (const struct place *p, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	scoped_entry struct entry e = { .dir_fd = -1 };
	struct container c;

	if (store_open(&p->rt, "one", true, &e, err) < 0)
		return err->errnum == ESRCH ? 0 : -1;
	TRY(store_read(&e, "one", &a, &c, err));
	return store_remove(&p->rt, &e, "one", err);
}

static void must(const struct place *p, int (*flow)(const struct place *, struct err *))
{
	struct err err = { 0 };

	assert_int_equal(flow(p, &err), 0);
}

/* An answer of flow with its nth call failing: says why, or is right all the same. */
static int with_failure(const struct place *p, int (*flow)(const struct place *, struct err *),
			unsigned int n)
{
	struct err err = { 0 };
	int rc;

	fake_begin();
	fake_fail_at(n, EIO);
	rc = flow(p, &err);
	fake_fail_at(0, 0);
	if (rc < 0) {
		assert_int_not_equal(err.kind, ERR_NONE);
		assert_int_not_equal(err.text[0], '\0');
	}
	if (fake_leaks())
		fail_msg("call %u (%s): %s leaked", n, fake_failed(), fake_leaks());
	return rc;
}

static void a_failed_creation_leaves_nothing(void **state)
{
	struct place *p = *state;
	unsigned int n, failures = 0;
	struct stat st;

	for (n = 1; n < CALLS_MAX; n++) {
		int rc = with_failure(p, create, n);

		failures += rc < 0;
		if (rc < 0 && stat(p->entry, &st) == 0)
			fail_msg("call %u (%s): the entry stays", n, fake_failed());
		must(p, delete);
		(void)rmdir(p->root);
		if (!fake_failed())
			break;
	}
	assert_true(n < CALLS_MAX);
	assert_true(failures > 10);
}

static void a_failed_look_changes_nothing(void **state)
{
	struct place *p = *state;
	unsigned int n, failures = 0;

	must(p, create);
	for (n = 1; n < CALLS_MAX; n++) {
		failures += with_failure(p, look, n) < 0;
		if (!fake_failed())
			break;
	}
	assert_true(n < CALLS_MAX);
	assert_true(failures > 5);
	must(p, look);
	must(p, delete);
}

static void a_failed_deletion_can_be_repeated(void **state)
{
	struct place *p = *state;
	unsigned int n, failures = 0;
	struct stat st;

	for (n = 1; n < CALLS_MAX; n++) {
		int rc;

		must(p, create);
		rc = with_failure(p, delete, n);
		failures += rc < 0;
		if (rc == 0)
			assert_int_equal(stat(p->entry, &st), -1);
		must(p, delete);
		assert_int_equal(stat(p->entry, &st), -1);
		if (!fake_failed())
			break;
	}
	assert_true(n < CALLS_MAX);
	assert_true(failures > 5);
}

/* flow in a child that is killed in front of its nth call; whether it came that far. */
static bool killed_at(const struct place *p, int (*flow)(const struct place *, struct err *),
		      unsigned int n)
{
	struct err err = { 0 };
	pid_t child = fork();
	int status;

	if (child == 0) {
		fake_begin();
		fake_die_at(n);
		_exit(flow(p, &err) == 0 ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFSIGNALED(status))
		assert_int_equal(status, 0);
	return WIFSIGNALED(status);
}

static void a_killed_creator_leaves_what_can_be_deleted(void **state)
{
	struct place *p = *state;
	unsigned int n = 1;
	struct stat st;

	for (bool killed = true; killed && n < CALLS_MAX; n++) {
		killed = killed_at(p, create, n);
		must(p, delete);
		assert_int_equal(stat(p->entry, &st), -1);
		must(p, create);
		must(p, delete);
		(void)rmdir(p->root);
	}
	assert_true(n > 10 && n < CALLS_MAX);
}

static void a_killed_deletion_can_be_repeated(void **state)
{
	struct place *p = *state;
	unsigned int n = 1;
	struct stat st;

	for (bool killed = true; killed && n < CALLS_MAX; n++) {
		must(p, create);
		killed = killed_at(p, delete, n);
		must(p, delete);
		assert_int_equal(stat(p->entry, &st), -1);
	}
	assert_true(n > 10 && n < CALLS_MAX);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_failed_creation_leaves_nothing),
		TEST(a_failed_look_changes_nothing),
		TEST(a_failed_deletion_can_be_repeated),
		TEST(a_killed_creator_leaves_what_can_be_deleted),
		TEST(a_killed_deletion_can_be_repeated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
