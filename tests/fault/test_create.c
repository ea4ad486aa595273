/* SPDX-License-Identifier: Apache-2.0 */
/* test_create.c - create, start, run and delete, whole, when each system call of theirs or of the container's process fails
 * once: what fails leaves no state, no process and no descriptor, and can be repeated. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include "runtime/life/seal.h"
#include "runtime/life/store.h"
#include "spec/base/fd.h"
#include "tests/fault/cgroup_fake.h"
#include "tests/fault/place.h"
#include "tests/fault/sys_fake.h"

#define CONFIG_MAX (1u << 20)
/* More calls than any flow here makes. */
#define CALLS_MAX 2000
#define REAP_TRIES 2000 /* of a millisecond */

struct scene {
	const char *config;
	bool cgroup; /* it has a cgroup, on a host of v2 */
	struct place place;
	char root[96], mounts[96];
	struct runtime rt;
	struct create_options options;
	struct arena arena;
	const char *const *argv;
	struct err err;
};

/* --- flows ------------------------------------------------------------------------------------ */

static int create(struct scene *s)
{
	return life_create(&s->rt, &s->options, &s->err);
}

static int start(struct scene *s)
{
	return life_start(&s->rt, "one", &s->err);
}

static int run(struct scene *s)
{
	int status = -1, r = life_run(&s->rt, &s->options, &status, &s->err);

	return r == 0 && status != 0 ? err_set(&s->err, ERR_HOST, 0, "it ends with %d", status) : r;
}

static int run_detached(struct scene *s)
{
	int r;

	s->options.detach = true;
	r = run(s);
	s->options.detach = false;
	return r;
}

static int delete_it(struct scene *s)
{
	return life_delete(&s->rt, "one", true, &s->err);
}

/* --- what is left ----------------------------------------------------------------------------- */

static bool has_cgroup(const struct scene *s)
{
	char path[128];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/cgroup2/jobs", s->mounts);
	return s->cgroup && lstat(path, &st) == 0;
}

static bool is_there(const struct scene *s)
{
	char path[128];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/one", s->root);
	return lstat(path, &st) == 0;
}

/* A payload that ends is ours to wait for, as we are who made it. False: one does not end. */
static bool reap(void)
{
	const struct timespec a_while = { .tv_nsec = 1000000 };

	for (int tries = 0; tries < REAP_TRIES; tries++) {
		pid_t pid = waitpid(-1, NULL, WNOHANG);

		if (pid < 0)
			return true;
		if (pid == 0)
			(void)nanosleep(&a_while, NULL);
	}
	return false;
}

/* Whatever there is can be deleted, and then there is nothing. */
static void clear(struct scene *s, const char *flow)
{
	char line[ERR_LINE_MAX];
	char failed[64];

	(void)snprintf(failed, sizeof(failed), "%s of %s", fake_failed() ? fake_failed() : "-",
		       flow);
	fake_fail_at(0, 0);
	fake_fail_child_at(0, 0);
	if (delete_it(s) < 0)
		fail_msg("after %s: %s", failed, err_line(&s->err, line, sizeof(line)));
	if (is_there(s))
		fail_msg("after %s: the entry stays", failed);
	if (!reap())
		fail_msg("after %s: a process stays", failed);
	if (has_cgroup(s))
		fail_msg("after %s: the cgroup stays", failed);
	if (fake_leaks())
		fail_msg("after %s: %s leaked", failed, fake_leaks());
}

/* --- one call fails --------------------------------------------------------------------------- */

struct flow {
	const char *name;
	int (*before)(struct scene *s); /* NULL: nothing */
	int (*fn)(struct scene *s);
	bool makes; /* a failure leaves nothing */
	bool removes; /* in the end; if that fails, it says so, and delete can do it */
	unsigned int calls, of_child; /* it makes at least so many */
};

static bool is_about_removal(const struct err *err)
{
	return strstr(err->place, "cgroup of one") || strstr(err->text, "container \"one\"") ||
	       strstr(err->text, "state directory") || strstr(err->text, "cgroup");
}

static void check_failure(struct scene *s, const struct flow *f, unsigned int n, const char *failed)
{
	if (s->err.kind == ERR_NONE || !s->err.text[0])
		fail_msg("%s: call %u (%s) fails without a word", f->name, n, failed);
	if (f->makes && is_there(s) && !(f->removes && is_about_removal(&s->err)))
		fail_msg("%s: call %u (%s): the entry stays", f->name, n, failed);
	if (f->makes && has_cgroup(s) && !(f->removes && is_about_removal(&s->err)))
		fail_msg("%s: call %u (%s): the cgroup stays", f->name, n, failed);
}

/* The signals that run blocks are for whoever lives on after it; here, that is us. */
static int with_signals_as_they_were(struct scene *s, int (*fn)(struct scene *s))
{
	sigset_t before;
	int r;

	(void)sigprocmask(SIG_SETMASK, NULL, &before);
	r = fn(s);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	return r;
}

/* False where there is no nth call. */
static bool attempt(struct scene *s, const struct flow *f, unsigned int n, bool of_child,
		    unsigned int *failures)
{
	static const int errnums[] = { EPERM, ENOSPC, EIO };
	int errnum = errnums[n % ARRAY_LEN(errnums)], r;
	char failed[32];

	place_fill(&s->place);
	fake_begin();
	fake_scratch(s->mounts);
	if (s->cgroup)
		cgroup_fake_begin(s->mounts);
	cgroup_fake_host(s->cgroup ? s->mounts : NULL);
	if (f->before)
		assert_int_equal(f->before(s), 0);
	s->err = (struct err){ 0 };
	if (of_child)
		fake_fail_child_at(n, errnum);
	else
		fake_fail_at(n, errnum);
	r = with_signals_as_they_were(s, f->fn);
	(void)snprintf(failed, sizeof(failed), "%s", fake_failed() ? fake_failed() : "");
	if (!failed[0] && r < 0)
		fail_msg("%s fails by itself: %s: %s", f->name, s->err.place, s->err.text);
	if (r < 0)
		check_failure(s, f, n, failed);
	*failures += r < 0;
	clear(s, f->name);
	(void)rmdir(s->root); /* it is not there where nothing came so far */
	place_check(&s->place);
	return failed[0] != '\0';
}

static void every_call_fails(struct scene *s, const struct flow *f, bool of_child)
{
	unsigned int n = 0, failures = 0, least = of_child ? f->of_child : f->calls;

	/* Without a failure first. */
	while (n < CALLS_MAX && (attempt(s, f, n, of_child, &failures) || n == 0))
		n++;
	assert_true(n < CALLS_MAX);
	/* What a hook of delete's does is a warning. */
	if (n < least || (failures < least / 4 && (f->makes || !of_child)))
		fail_msg("%s: only %u calls, of which %u matter", f->name, n, failures);
}

static void what_fails_leaves_nothing(void **state)
{
	static const struct flow flows[] = {
		{ "create", NULL, create, true, false, 40, 30 },
		{ "run", NULL, run, true, true, 40, 30 },
		{ "run --detach", NULL, run_detached, true, false, 40, 30 },
		{ "start", create, start, false, false, 20, 8 },
		{ "delete", create, delete_it, false, false, 20, 4 },
	};
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(flows); i++) {
		/* What a cgroup adds is the parent's, and in these. */
		if (s->cgroup && flows[i].fn != create && flows[i].fn != run &&
		    flows[i].fn != delete_it)
			continue;
		every_call_fails(s, &flows[i], false);
		if (s->cgroup)
			continue;
		every_call_fails(s, &flows[i], true);
	}
}

static int setup(void **state)
{
	struct scene *s = *state;
	struct err err;
	char *bytes;
	size_t len;

	if (place_begin(&s->place) < 0 ||
	    file_read(AT_FDCWD, s->config, CONFIG_MAX, &s->arena, &bytes, &len, &err) < 0)
		return -1;
	place_fill(&s->place);
	place_write(&s->place, "config.json", bytes);
	(void)snprintf(s->root, sizeof(s->root), "%s/state", s->place.dir);
	(void)snprintf(s->mounts, sizeof(s->mounts), "%s/mounts", s->place.dir);
	s->rt = (struct runtime){ .root = s->root, .argv = s->argv, .log = { .fd = -1 } };
	s->options = (struct create_options){ .id = "one", .bundle = s->place.dir };
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	place_done(&s->place);
	arena_done(&s->arena);
	return 0;
}

/* The flows run from a sealed copy of their program; so does this test, from its beginning. */
int main(int argc, char **argv)
{
	struct scene scene = { .argv = (const char *const *)argv,
			       .config = "tests/fault/data/lifecycle.json" };
	struct scene in_cgroup = { .argv = scene.argv,
				   .config = "tests/fault/data/lifecycle-in-cgroup.json",
				   .cgroup = true };
	struct err err;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_prestate_setup_teardown(what_fails_leaves_nothing, setup, teardown,
							 &scene),
		cmocka_unit_test_prestate_setup_teardown(what_fails_leaves_nothing, setup, teardown,
							 &in_cgroup),
	};

	(void)argc;
	if (seal_self(scene.argv, &err) < 0) {
		(void)fprintf(stderr, "%s\n", err.text);
		return 2;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
