/* SPDX-License-Identifier: Apache-2.0 */
/* test_store.c - the state directory: claims, locks, what is believed of its files, removal. */
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

#include "runtime/life/store.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"

#define MINIMAL                                                                            \
	"\"ociVersion\":\"1.3.0\",\"bundle\":\"/b\",\"rootfs\":\"/b/r\",\"created\":\"\"," \
	"\"pidStart\":1"

/* A place of its own for each test; the runtime's root is a directory below that does not exist. */
struct place {
	char dir[64], root[96];
	struct runtime rt;
	struct arena arena;
	struct err err;
};

static int setup(void **state)
{
	struct place *p = calloc(1, sizeof(*p));
	const char *tmp = getenv("TMPDIR");

	if (!p)
		return -1;
	(void)snprintf(p->dir, sizeof(p->dir), "%.40s/store-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(p->dir)) {
		free(p);
		return -1;
	}
	(void)snprintf(p->root, sizeof(p->root), "%s/a/root", p->dir);
	p->rt = (struct runtime){ .root = p->root, .log = { .fd = -1 } };
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;
	pid_t child = fork();
	int status = -1;

	if (child == 0) {
		(void)execlp("rm", "rm", "-rf", "--", p->dir, NULL);
		_exit(127);
	}
	(void)waitpid(child, &status, 0);
	arena_done(&p->arena);
	free(p);
	return status;
}

static struct container example(void)
{
	static struct pair annotations[] = { { "a", "1" }, { "b.c/d", "x \"y\"\n" } };
	static const char *warnings[] = { "first", "second", NULL };

	return (struct container){
		.id = "one",
		.pid = getpid(),
		.pid_start = pid_start_time(getpid()),
		.bundle = "/bundle",
		.rootfs = "/bundle/rootfs",
		.created = "2026-01-01T00:00:00Z",
		.systemd_cgroup = true,
		.cgroup = "/x",
		.oci_version = "1.2.0",
		.annotations = { annotations, 2 },
		.warnings = { warnings, 2 },
	};
}

static void write_at(const struct entry *e, const char *name, const char *text)
{
	scoped_fd int fd = openat(e->dir_fd, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
}

static const char *in_root(struct place *p, const char *name)
{
	return arena_printf(&p->arena, "%s/%s", p->root, name);
}

/* --- ids and claims --------------------------------------------------------------------------- */

static void judges_ids(void **state)
{
	static const char *const good[] = { "a", "A-b_c.d+9", "0" };
	static const char *const bad[] = { "",	  ".",	 "..", ".a",	"-a",  "a/b",
					   "a\n", "a b", "ä",  "a\x01", "../x" };
	char longest[257];
	struct err err = { 0 };

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		assert_int_equal(store_id_check(good[i], &err), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		assert_int_equal(store_id_check(bad[i], &err), -1);
		assert_int_equal(err.kind, ERR_INPUT);
	}
	memset(longest, 'x', sizeof(longest));
	longest[255] = '\0';
	assert_int_equal(store_id_check(longest, &err), 0);
	longest[255] = 'x';
	longest[256] = '\0';
	assert_int_equal(store_id_check(longest, &err), -1);
}

static void claims_once_and_privately(void **state)
{
	struct place *p = *state;
	scoped_entry struct entry e = { .dir_fd = -1 }, other = { .dir_fd = -1 };
	struct stat st;

	assert_int_equal(store_claim(&p->rt, "one", &e, &p->err), 0);
	assert_int_equal(stat(p->root, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(fstat(e.dir_fd, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(fcntl(e.dir_fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(store_claim(&p->rt, "one", &other, &p->err), -1);
	assert_string_equal(p->err.text, "container \"one\" already exists");
	assert_int_equal(store_claim(&p->rt, "../two", &other, &p->err), -1);
}

static void says_what_does_not_exist(void **state)
{
	struct place *p = *state;
	struct entry e = { .dir_fd = -1 };

	assert_int_equal(store_open(&p->rt, "one", false, &e, &p->err), -1);
	assert_string_equal(p->err.text, "container \"one\" does not exist");
	assert_int_equal(p->err.errnum, ESRCH);
	assert_int_equal(mkdir(arena_printf(&p->arena, "%s/a", p->dir), 0700), 0);
	assert_int_equal(mkdir(p->root, 0700), 0);
	assert_int_equal(store_open(&p->rt, "one", true, &e, &p->err), -1);
	assert_int_equal(p->err.errnum, ESRCH);
}

static void refuses_roots_that_others_control(void **state)
{
	struct place *p = *state;
	struct entry e = { .dir_fd = -1 };

	assert_int_equal(mkdir(arena_printf(&p->arena, "%s/a", p->dir), 0700), 0);
	assert_int_equal(symlink(p->dir, p->root), 0);
	assert_int_equal(store_claim(&p->rt, "one", &e, &p->err), -1);
	p->rt.root = arena_printf(&p->arena, "%s/", p->root);
	assert_int_equal(store_claim(&p->rt, "one", &e, &p->err), -1);
	assert_int_equal(unlink(p->root), 0);
	assert_int_equal(mkdir(p->root, 0700), 0);
	assert_int_equal(chmod(p->root, 0777), 0);
	assert_int_equal(store_claim(&p->rt, "one", &e, &p->err), -1);
	assert_int_equal(p->err.kind, ERR_STATE);
	p->rt.root = "relative";
	assert_int_equal(store_claim(&p->rt, "one", &e, &p->err), -1);
	assert_int_equal(p->err.kind, ERR_INPUT);
}

static void follows_no_symlink_to_an_entry(void **state)
{
	struct place *p = *state;
	scoped_entry struct entry e = { .dir_fd = -1 }, other = { .dir_fd = -1 };

	assert_int_equal(store_claim(&p->rt, "one", &e, &p->err), 0);
	assert_int_equal(symlink("one", in_root(p, "two")), 0);
	assert_int_equal(store_open(&p->rt, "two", false, &other, &p->err), -1);
	assert_int_not_equal(p->err.errnum, ESRCH);
	assert_int_equal(store_claim(&p->rt, "two", &other, &p->err), -1);
}

/* --- state.json ------------------------------------------------------------------------------- */

static void reads_back_what_it_wrote(void **state)
{
	struct place *p = *state;
	scoped_entry struct entry e = { .dir_fd = -1 };
	struct container c = example(), r;

	assert_int_equal(store_claim(&p->rt, "one", &e, &p->err), 0);
	assert_int_equal(store_write(&e, &c, &p->err), 0);
	c.warnings.n = 1;
	assert_int_equal(store_write(&e, &c, &p->err), 0);
	assert_int_equal(store_read(&e, "one", &p->arena, &r, &p->err), 0);
	assert_string_equal(r.id, "one");
	assert_int_equal(r.pid, getpid());
	assert_true(r.pid_start == c.pid_start);
	assert_string_equal(r.bundle, "/bundle");
	assert_string_equal(r.rootfs, "/bundle/rootfs");
	assert_string_equal(r.created, c.created);
	assert_true(r.systemd_cgroup);
	assert_string_equal(r.cgroup, "/x");
	assert_string_equal(r.oci_version, "1.2.0");
	assert_int_equal(r.annotations.n, 2);
	assert_string_equal(r.annotations.v[1].value, "x \"y\"\n");
	assert_int_equal(r.warnings.n, 1);
	assert_int_equal(r.owner_uid, geteuid());
	assert_int_equal(r.status, STATUS_RUNNING);
	assert_int_equal(faccessat(e.dir_fd, STORE_STATE ".new", F_OK, 0), -1);
}

static void replaces_what_a_killed_writer_left(void **state)
{
	struct place *p = *state;
	scoped_entry struct entry e = { .dir_fd = -1 };
	struct container c = example(), r;
	struct stat st;

	assert_int_equal(store_claim(&p->rt, "one", &e, &p->err), 0);
	write_at(&e, "victim", "untouched");
	assert_int_equal(symlinkat("victim", e.dir_fd, STORE_STATE ".new"), 0);
	assert_int_equal(store_write(&e, &c, &p->err), 0);
	assert_int_equal(store_read(&e, "one", &p->arena, &r, &p->err), 0);
	assert_int_equal(fstatat(e.dir_fd, "victim", &st, 0), 0);
	assert_int_equal(st.st_size, strlen("untouched"));
}

static void refuses_states_that_it_did_not_write(void **state)
{
	static const char *const bad[] = {
		"",
		"[]",
		"{",
		"{}",
		"{" MINIMAL ",\"id\":\"one\",\"pid\":2,\"more\":1}",
		"{" MINIMAL ",\"id\":\"two\",\"pid\":2}",
		"{" MINIMAL ",\"id\":\"one\",\"pid\":1}",
		"{" MINIMAL ",\"id\":\"one\",\"pid\":-2}",
		"{" MINIMAL ",\"id\":\"one\",\"pid\":4294967298}",
		"{" MINIMAL ",\"id\":\"one\",\"pid\":\"2\"}",
		"{" MINIMAL ",\"id\":\"one\",\"pid\":2,\"pid\":3}",
		"{" MINIMAL ",\"id\":\"one\",\"pid\":2,\"annotations\":[[[[[[]]]]]]}",
	};
	struct place *p = *state;
	scoped_entry struct entry e = { .dir_fd = -1 };
	scoped_fd int fd = -1;
	struct container r;

	assert_int_equal(store_claim(&p->rt, "one", &e, &p->err), 0);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		write_at(&e, STORE_STATE, bad[i]);
		assert_int_equal(store_read(&e, "one", &p->arena, &r, &p->err), -1);
	}
	write_at(&e, STORE_STATE, "{" MINIMAL ",\"id\":\"one\",\"pid\":2}");
	assert_int_equal(store_read(&e, "one", &p->arena, &r, &p->err), 0);
	fd = openat(e.dir_fd, STORE_STATE, O_RDWR | O_CLOEXEC);
	assert_int_equal(ftruncate(fd, STORE_STATE_MAX + 1), 0);
	assert_int_equal(store_read(&e, "one", &p->arena, &r, &p->err), -1);
	assert_int_equal(p->err.kind, ERR_LIMIT);
}

static void reads_no_link_and_no_fifo(void **state)
{
	struct place *p = *state;
	scoped_entry struct entry e = { .dir_fd = -1 };
	struct container r;

	assert_int_equal(store_claim(&p->rt, "one", &e, &p->err), 0);
	write_at(&e, "real", "{" MINIMAL ",\"id\":\"one\",\"pid\":2}");
	assert_int_equal(symlinkat("real", e.dir_fd, STORE_STATE), 0);
	assert_int_equal(store_read(&e, "one", &p->arena, &r, &p->err), -1);
	assert_int_equal(p->err.kind, ERR_HOSTILE);
	assert_int_equal(unlinkat(e.dir_fd, STORE_STATE, 0), 0);
	assert_int_equal(mkfifoat(e.dir_fd, STORE_STATE, 0600), 0);
	assert_int_equal(store_read(&e, "one", &p->arena, &r, &p->err), -1);
	assert_int_equal(p->err.kind, ERR_HOSTILE);
}

static void keeps_the_config(void **state)
{
	static const char config[] =
		"{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"},\"hostname\":\"h\"}";
	struct place *p = *state;
	scoped_entry struct entry e = { .dir_fd = -1 };
	struct config *c;

	assert_int_equal(store_claim(&p->rt, "one", &e, &p->err), 0);
	assert_int_equal(store_config(&e, &p->arena, &c, &p->err), 1);
	assert_int_equal(store_keep_config(&e, config, strlen(config), &p->err), 0);
	assert_int_equal(store_config(&e, &p->arena, &c, &p->err), 0);
	assert_string_equal(c->hostname, "h");
}

/* --- status ----------------------------------------------------------------------------------- */

static void tells_a_creator_at_work_from_a_dead_one(void **state)
{
	struct place *p = *state;
	scoped_entry struct entry e = { .dir_fd = -1 }, other = { .dir_fd = -1 };
	struct container r;

	assert_int_equal(store_claim(&p->rt, "one", &e, &p->err), 0);
	assert_int_equal(store_open(&p->rt, "one", false, &other, &p->err), 0);
	assert_int_equal(store_read(&other, "one", &p->arena, &r, &p->err), 1);
	assert_int_equal(r.status, STATUS_CREATING);
	assert_string_equal(r.bundle, "");
	entry_done(&e);
	assert_int_equal(store_read(&other, "one", &p->arena, &r, &p->err), 1);
	assert_int_equal(r.status, STATUS_STOPPED);
	entry_done(&other);
	assert_int_equal(store_open(&p->rt, "one", true, &other, &p->err), 0);
	assert_int_equal(store_read(&other, "one", &p->arena, &r, &p->err), 1);
	assert_int_equal(r.status, STATUS_STOPPED);
}

static enum container_status status_of(struct place *p, const struct entry *e)
{
	struct container r;

	assert_int_equal(store_read(e, "one", &p->arena, &r, &p->err), 0);
	return r.status;
}

static void follows_a_process_through_its_life(void **state)
{
	struct place *p = *state;
	scoped_entry struct entry e = { .dir_fd = -1 };
	struct container c = example();
	pid_t child = fork();
	int fd = -1, pidfd;

	if (child == 0) {
		(void)alarm(20);
		for (;;)
			(void)pause();
	}
	c.pid = child;
	c.pid_start = pid_start_time(child);
	assert_int_equal(store_claim(&p->rt, "one", &e, &p->err), 0);
	assert_int_equal(store_listen(&e, &fd, &p->err), 0);
	assert_int_equal(store_write(&e, &c, &p->err), 0);
	assert_int_equal(status_of(p, &e), STATUS_CREATED);
	assert_int_equal(close(fd), 0);
	assert_int_equal(status_of(p, &e), STATUS_RUNNING);
	assert_int_equal(unlinkat(e.dir_fd, STORE_SOCKET, 0), 0);
	assert_int_equal(status_of(p, &e), STATUS_RUNNING);
	assert_int_equal(store_mark_paused(&e, true, &p->err), 0);
	assert_int_equal(status_of(p, &e), STATUS_PAUSED);
	assert_int_equal(store_mark_paused(&e, false, &p->err), 0);
	c.pid_start++;
	assert_int_equal(store_write(&e, &c, &p->err), 0);
	assert_int_equal(status_of(p, &e), STATUS_STOPPED);
	assert_int_equal(pid_open(child, c.pid_start), -1);
	assert_int_equal(errno, ESRCH);
	c.pid_start--;
	pidfd = pid_open(child, c.pid_start);
	assert_true(pidfd >= 0);
	(void)close(pidfd);
	assert_int_equal(store_write(&e, &c, &p->err), 0);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitid(P_PID, (id_t)child, &(siginfo_t){ 0 }, WEXITED | WNOWAIT), 0);
	assert_int_equal(status_of(p, &e), STATUS_STOPPED); /* a zombie */
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(status_of(p, &e), STATUS_STOPPED);
	assert_true(pid_start_time(child) == 0);
}

static void calls_no_socket_behind_a_link(void **state)
{
	struct place *p = *state;
	scoped_entry struct entry one = { .dir_fd = -1 }, two = { .dir_fd = -1 };
	scoped_fd int fd = -1, got = -1;

	assert_int_equal(store_claim(&p->rt, "one", &one, &p->err), 0);
	assert_int_equal(store_claim(&p->rt, "two", &two, &p->err), 0);
	assert_int_equal(store_listen(&one, &fd, &p->err), 0);
	assert_int_equal(store_connect(&one, &got, &p->err), 0);
	assert_int_equal(symlinkat("../one/" STORE_SOCKET, two.dir_fd, STORE_SOCKET), 0);
	assert_int_equal(store_connect(&two, &got, &p->err), -1);
	assert_int_equal(p->err.kind, ERR_HOSTILE);
}

static void parses_stat_lines_of_odd_names(void **state)
{
	static const char rest[] = " S 42 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 9876 21\n";
	static const char *const names[] = { "a", "a b", "a) R 1", ")", "(", "a\nb" };
	static const char *const bad[] = { "",	      "1",	     "1 (a",	 "1 (a)",
					   "1 (a) S", "1 (a) S 2 3", "1 (a) 7 2" };
	struct process_stat st;
	char text[256];

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		(void)snprintf(text, sizeof(text), "7 (%s)%s", names[i], rest);
		assert_int_equal(process_stat_parse(text, &st), 0);
		assert_int_equal(st.state, 'S');
		assert_int_equal(st.parent, 42);
		assert_true(st.start == 9876);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(process_stat_parse(bad[i], &st), -1);
}

/* --- locks and removal ------------------------------------------------------------------------ */

static void waits_for_the_lock(void **state)
{
	struct place *p = *state;
	scoped_entry struct entry e = { .dir_fd = -1 }, other = { .dir_fd = -1 };
	pid_t child;

	assert_int_equal(store_claim(&p->rt, "one", &e, &p->err), 0);
	child = fork();
	if (child == 0) {
		(void)usleep(100000);
		_exit(0); /* the copy of the lock goes with the last holder */
	}
	entry_done(&e);
	assert_int_equal(store_open(&p->rt, "one", true, &other, &p->err), 0);
	assert_int_equal(waitpid(child, NULL, WNOHANG) >= 0, 1);
	(void)waitpid(child, NULL, 0);
}

static void unlocks_for_all_copies(void **state)
{
	struct place *p = *state;
	scoped_entry struct entry e = { .dir_fd = -1 }, other = { .dir_fd = -1 };
	scoped_fd int copy = -1;

	assert_int_equal(store_claim(&p->rt, "one", &e, &p->err), 0);
	copy = dup(e.dir_fd);
	assert_true(copy >= 0);
	store_unlock(&e);
	assert_int_equal(store_open(&p->rt, "one", true, &other, &p->err), 0);
}

static void an_entry_removed_meanwhile_does_not_exist(void **state)
{
	struct place *p = *state;
	scoped_entry struct entry e = { .dir_fd = -1 }, other = { .dir_fd = -1 };
	pid_t child;
	int status;

	assert_int_equal(store_claim(&p->rt, "one", &e, &p->err), 0);
	child = fork();
	if (child == 0) {
		(void)close(e.dir_fd);
		_exit(store_open(&p->rt, "one", true, &other, &p->err) == -1 &&
				      p->err.errnum == ESRCH
			      ? 0
			      : 1);
	}
	(void)usleep(100000);
	assert_int_equal(store_remove(&p->rt, &e, "one", &p->err), 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void a_late_removal_spares_a_new_container(void **state)
{
	struct place *p = *state;
	scoped_entry struct entry e = { .dir_fd = -1 }, other = { .dir_fd = -1 };
	scoped_entry struct entry again = { .dir_fd = -1 };

	assert_int_equal(store_claim(&p->rt, "one", &e, &p->err), 0);
	store_unlock(&e);
	assert_int_equal(store_lock(&e, "one", &p->err), 0);
	store_unlock(&e);
	assert_int_equal(store_open(&p->rt, "one", true, &other, &p->err), 0);
	assert_int_equal(store_remove(&p->rt, &other, "one", &p->err), 0);
	assert_int_equal(store_claim(&p->rt, "one", &again, &p->err), 0);
	assert_int_equal(store_lock(&e, "one", &p->err), 1);
	assert_int_equal(store_remove(&p->rt, &e, "one", &p->err), 0);
	assert_int_equal(access(in_root(p, "one"), F_OK), 0);
}

static void removes_strange_leftovers_and_nothing_else(void **state)
{
	struct place *p = *state;
	scoped_entry struct entry e = { .dir_fd = -1 };
	const char *outside = arena_printf(&p->arena, "%s/outside", p->dir);
	struct container c = example();

	assert_int_equal(mkdir(outside, 0700), 0);
	assert_int_equal(mkdir(arena_printf(&p->arena, "%s/kept", outside), 0700), 0);
	assert_int_equal(store_claim(&p->rt, "one", &e, &p->err), 0);
	assert_int_equal(store_write(&e, &c, &p->err), 0);
	assert_int_equal(mkdirat(e.dir_fd, STORE_CONFIG, 0700), 0);
	assert_int_equal(mkdirat(e.dir_fd, "d", 0700), 0);
	assert_int_equal(mkdirat(e.dir_fd, "d/e", 0700), 0);
	write_at(&e, "d/e/f", "x");
	assert_int_equal(symlinkat(outside, e.dir_fd, "d/link"), 0);
	assert_int_equal(symlinkat(outside, e.dir_fd, "link"), 0);
	assert_int_equal(store_remove(&p->rt, &e, "one", &p->err), 0);
	assert_int_equal(e.dir_fd, -1);
	assert_int_equal(access(in_root(p, "one"), F_OK), -1);
	assert_int_equal(access(arena_printf(&p->arena, "%s/kept", outside), F_OK), 0);
}

static void bounds_the_depth_of_leftovers(void **state)
{
	struct place *p = *state;
	scoped_entry struct entry e = { .dir_fd = -1 };
	struct text path = { .arena = &p->arena };

	assert_int_equal(store_claim(&p->rt, "one", &e, &p->err), 0);
	for (int i = 0; i < 40; i++) {
		text_add(&path, i ? "/d" : "d");
		assert_int_equal(mkdirat(e.dir_fd, path.s, 0700), 0);
	}
	assert_int_equal(store_remove(&p->rt, &e, "one", &p->err), -1);
	assert_int_equal(p->err.kind, ERR_LIMIT);
}

static void lists_ids_in_order(void **state)
{
	struct place *p = *state;
	scoped_entry struct entry b = { .dir_fd = -1 }, a = { .dir_fd = -1 };
	struct strings ids;

	assert_int_equal(store_ids(&p->rt, &p->arena, &ids, &p->err), 0);
	assert_int_equal(ids.n, 0);
	assert_int_equal(store_claim(&p->rt, "b", &b, &p->err), 0);
	assert_int_equal(store_claim(&p->rt, "a", &a, &p->err), 0);
	assert_int_equal(mkdir(in_root(p, ".hidden"), 0700), 0);
	assert_int_equal(mkdir(in_root(p, "a b"), 0700), 0);
	assert_int_equal(store_ids(&p->rt, &p->arena, &ids, &p->err), 0);
	assert_int_equal(ids.n, 2);
	assert_string_equal(ids.v[0], "a");
	assert_string_equal(ids.v[1], "b");
	assert_null(ids.v[2]);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(judges_ids),
		TEST(claims_once_and_privately),
		TEST(says_what_does_not_exist),
		TEST(refuses_roots_that_others_control),
		TEST(follows_no_symlink_to_an_entry),
		TEST(reads_back_what_it_wrote),
		TEST(replaces_what_a_killed_writer_left),
		TEST(refuses_states_that_it_did_not_write),
		TEST(reads_no_link_and_no_fifo),
		TEST(keeps_the_config),
		TEST(tells_a_creator_at_work_from_a_dead_one),
		TEST(follows_a_process_through_its_life),
		TEST(calls_no_socket_behind_a_link),
		cmocka_unit_test(parses_stat_lines_of_odd_names),
		TEST(waits_for_the_lock),
		TEST(unlocks_for_all_copies),
		TEST(an_entry_removed_meanwhile_does_not_exist),
		TEST(a_late_removal_spares_a_new_container),
		TEST(removes_strange_leftovers_and_nothing_else),
		TEST(bounds_the_depth_of_leftovers),
		TEST(lists_ids_in_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
