/* SPDX-License-Identifier: Apache-2.0 */
/* test_start.c - the parent's side of a start, with a child that says what a script has it say: in order, out of order, and
 * nonsense; and with each of the parent's own calls failing once. Nothing leaks, and nobody is left behind. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>

#include "runtime/stage/stage.h"
#include "runtime/stage/sync.h"
#include "spec/base/sys.h"
#include "tests/fault/sys_fake.h"

/* More calls than any start here makes. */
#define CALLS_MAX 400
#define STATE "{\"status\":\"creating\"}"
#define SOMEBODY 1 /* a process that is no child of ours */

enum what {
	END, /* the child ends, as when it becomes the payload */
	SAY, /* a word, with number */
	SAY_FD, /* a word, with a descriptor */
	SAY_WRONG, /* WARN or FAIL, with a place and a text */
	SAY_LONG, /* likewise, without an end to the text */
	RAW, /* number bytes of nothing */
	HEAR, /* GO */
	HEAR_STATE, /* GO, with the state document */
	HEAR_BESIDE, /* what was made beside */
	DIE, /* by a signal */
	BE_MIDDLE, /* the rest is a sibling's, of which PID is said */
	DAWDLE, /* the rest is a sibling's, of which PID is said late */
};
struct step {
	enum what what;
	int word, number;
};

/* What a start is made with, and what has come of it. */
struct scene {
	struct arena arena;
	struct plan plan;
	struct op map, network[3];
	struct hooks hooks;
	struct start start;
	const struct step *script;
	struct err err;
	unsigned int warnings, listeners, pids, sockets;
	bool refuse; /* callbacks fail */
};

/* --- the child -------------------------------------------------------------------------------- */

static void say_wrong(int sock, int word, bool endless)
{
	struct err err = { .kind = ERR_HOST, .place = "/place", .text = "what went wrong" };

	if (endless) {
		memset(err.place, 'x', sizeof(err.place));
		memset(err.text, 'x', sizeof(err.text));
	}
	(void)sync_say_err(sock, (enum sync_word)word, &err);
}

static void say_bytes(int sock, int n)
{
	char bytes[4096] = { 0 };
	struct iovec part = { bytes, (size_t)n };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };

	(void)sys_sendmsg(sock, &msg, MSG_NOSIGNAL);
}

/* True in the sibling, which waits for its GO. */
static bool be_middle(int sock, bool late)
{
	struct clone_args args = { .flags = CLONE_PARENT };
	pid_t pid = sys_clone3(&args, sizeof(args));
	struct sync_msg m;
	int fd;

	if (pid == 0)
		return sync_hear(sock, &m, &fd) > 0 && m.word == SYNC_GO;
	if (late)
		(void)usleep(20000);
	(void)sync_say(sock, SYNC_PID, pid, -1);
	return false;
}

/* False: that was the last. */
static bool play(const struct step *step, int sock)
{
	char text[256];
	struct sync_msg m;
	int fd = -1;

	switch (step->what) {
	case END:
		return false;
	case SAY:
		return sync_say(sock, (enum sync_word)step->word, step->number, -1) == 0;
	case SAY_FD:
		return sync_say(sock, (enum sync_word)step->word, step->number, 0) == 0;
	case SAY_WRONG:
	case SAY_LONG:
		say_wrong(sock, step->word, step->what == SAY_LONG);
		return true;
	case RAW:
		say_bytes(sock, step->number);
		return true;
	case HEAR:
		return sync_hear(sock, &m, &fd) > 0 && m.word == SYNC_GO;
	case HEAR_BESIDE:
		return sync_hear(sock, &m, &fd) > 0 && m.word == SYNC_BESIDE && fd >= 0;
	case HEAR_STATE:
		return sync_hear_text(sock, text, sizeof(text)) > 0 && strcmp(text, STATE) == 0;
	case DIE:
		(void)raise(SIGKILL);
		return false;
	case BE_MIDDLE:
	case DAWDLE:
		return be_middle(sock, step->what == DAWDLE);
	}
	return false;
}

static void child(void *ctx, int sock)
{
	const struct step *step = ctx;

	while (play(step, sock))
		step++;
}

/* --- the parent ------------------------------------------------------------------------------- */

static int on_pid(void *ctx, pid_t pid, struct err *err)
{
	struct scene *s = ctx;

	s->pids += pid == s->start.pid;
	return s->refuse ? err_input(err, "no such process is wanted") : 0;
}

static const char *on_state(void *ctx)
{
	(void)ctx;
	return STATE;
}

static void on_warning(void *ctx, const char *place, const char *text)
{
	struct scene *s = ctx;

	s->warnings += strlen(place) < sizeof(s->err.place) && strlen(text) < sizeof(s->err.text);
}

static int on_listener(void *ctx, int fd, struct err *err)
{
	struct scene *s = ctx;

	s->listeners += fd >= 0;
	return s->refuse ? err_input(err, "nobody listens") : 0;
}

static int on_way(void *ctx, int way, int fd, struct err *err)
{
	struct scene *s = ctx;

	s->sockets += (way == WAY_PORT || way == WAY_PROXY) && fcntl(fd, F_GETFD) >= 0;
	(void)sys_close(fd);
	return s->refuse ? err_input(err, "no helper") : 0;
}

static void prepare(struct scene *s, const struct step *script)
{
	s->start = (struct start)START_INIT;
	s->start.plan = &s->plan;
	s->start.hooks = &s->hooks;
	s->start.wait = true;
	s->start.on_pid = on_pid;
	s->start.state = on_state;
	s->start.on_warning = on_warning;
	s->start.on_listener = on_listener;
	s->start.on_way = on_way;
	s->start.ctx = s;
	s->script = script;
	s->warnings = s->listeners = s->pids = s->sockets = 0;
	s->err = (struct err){ 0 };
	fake_begin();
	fake_child(child, (void *)(uintptr_t)script);
}

/* What create does with a start; its payload ends at once. */
static int go_through(struct scene *s)
{
	int r = start_begin(&s->start, &s->err);

	if (r >= 0)
		r = start_go(&s->start, &s->err);
	if (r >= 0)
		r = start_listen(&s->start, &s->err);
	start_kill(&s->start);
	start_done(&s->start);
	return r;
}

static void nothing_stays(const struct scene *s, const char *what)
{
	(void)s;
	if (fake_leaks())
		fail_msg("%s (%s): %s leaked", what, fake_failed() ? fake_failed() : "-",
			 fake_leaks());
}

/* --- what a child may say --------------------------------------------------------------------- */

#define STEPS(...)                  \
	(const struct step[])       \
	{                           \
		__VA_ARGS__,        \
		{                   \
			.what = END \
		}                   \
	}
#define READY                   \
	{ SAY, SYNC_READY, 0 }, \
	{                       \
		HEAR            \
	}
#define EVERYTHING                                                               \
	{ SAY, SYNC_MAPS, 0 }, { HEAR }, { SAY, SYNC_ROOT, 0 }, { HEAR_STATE },  \
		{ SAY_FD, SYNC_CONSOLE, 0 }, { SAY_WRONG, SYNC_WARN, 0 }, READY, \
	{                                                                        \
		SAY_FD, SYNC_LISTENER, 0                                         \
	}

static void a_child_that_keeps_to_the_words_gets_through(void **state)
{
	const struct {
		const char *name;
		const struct step *script;
		bool middle;
	} good[] = {
		{ "ready", STEPS(READY), false },
		{ "everything", STEPS(EVERYTHING), false },
		{ "middle", STEPS({ BE_MIDDLE }, EVERYTHING), true },
		{ "slow middle", STEPS({ DAWDLE }, EVERYTHING), true },
		{ "warning without an end", STEPS({ SAY_LONG, SYNC_WARN, 0 }, READY), false },
		{ "two terminals",
		  STEPS({ SAY_FD, SYNC_CONSOLE, 0 }, { SAY_FD, SYNC_CONSOLE, 0 }, READY), false },
		{ "a needless descriptor", STEPS({ SAY_FD, SYNC_READY, 0 }, { HEAR }), false },
	};
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		s->plan.middle = good[i].middle;
		prepare(s, good[i].script);
		if (go_through(s) < 0)
			fail_msg("%s: %s: %s", good[i].name, s->err.place, s->err.text);
		assert_int_equal(s->pids, 1);
		nothing_stays(s, good[i].name);
	}
}

static void a_child_that_does_not_is_ended(void **state)
{
	const struct {
		const char *name;
		const struct step *script;
		const char *place, *text;
	} bad[] = {
		{ "silence", STEPS({ END }), "", "ended while starting" },
		{ "violent death", STEPS({ DIE }), "", "killed by signal 9" },
		{ "failure", STEPS({ SAY_WRONG, SYNC_FAIL, 0 }), "/place", "what went wrong" },
		{ "failure after ready", STEPS(READY, { SAY_WRONG, SYNC_FAIL, 0 }), "/place",
		  "what went wrong" },
		{ "ready twice", STEPS(READY, READY), "", "ready twice" },
		{ "death before go", STEPS({ SAY, SYNC_MAPS, 0 }, { DIE }), "", "" },
		{ "no word", STEPS({ SAY, 0, 0 }), "", "unexpected" },
		{ "unknown word", STEPS({ SAY, 99, 0 }), "", "unexpected" },
		{ "unknown word with a descriptor", STEPS({ SAY_FD, 99, 0 }), "", "unexpected" },
		{ "the parent's own word", STEPS({ SAY, SYNC_GO, 0 }), "", "unexpected" },
		{ "half a word", STEPS({ RAW, 0, 3 }), "", "hear from" },
		{ "too much", STEPS({ RAW, 0, 4096 }), "", "unexpected" },
		{ "somebody else's process", STEPS({ SAY, SYNC_PID, SOMEBODY }), "", "unexpected" },
		{ "no process", STEPS({ SAY, SYNC_PID, 0 }), "", "unexpected" },
		{ "all processes", STEPS({ SAY, SYNC_PID, -1 }), "", "unexpected" },
		{ "a listener that is none", STEPS({ SAY, SYNC_LISTENER, 0 }), "", "got lost" },
	};
	struct scene *s = *state;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		prepare(s, bad[i].script);
		if (go_through(s) >= 0)
			fail_msg("%s: goes through", bad[i].name);
		if (strcmp(s->err.place, bad[i].place) != 0 || !s->err.text[0] ||
		    !strstr(s->err.text, bad[i].text))
			fail_msg("%s: \"%s: %s\"", bad[i].name, s->err.place, s->err.text);
		nothing_stays(s, bad[i].name);
	}
}

/* Words that belong to what was not asked for. */
static void a_child_that_wants_more_is_ended(void **state)
{
	struct scene *s = *state;

	prepare(s, STEPS({ SAY, SYNC_ROOT, 0 }));
	s->start.hooks = NULL;
	assert_int_equal(go_through(s), -1);
	assert_non_null(strstr(s->err.text, "unexpected"));
	nothing_stays(s, "hooks without hooks");

	prepare(s, STEPS({ SAY, SYNC_MAPS, 0 }));
	s->plan.maps_by_parent = false;
	assert_int_equal(go_through(s), -1);
	assert_non_null(strstr(s->err.text, "unexpected"));
	nothing_stays(s, "maps without maps");

	prepare(s, STEPS({ SAY, SYNC_READY, 0 }, { HEAR }));
	s->start.wait = false;
	assert_int_equal(start_begin(&s->start, &s->err), -1);
	start_done(&s->start);
	nothing_stays(s, "ready, where nobody waits");
}

/* The kernel tells of the closed end first. */
static void last_words_are_heard_of_an_end_that_did_not_listen(void **state)
{
	struct scene *s = *state;
	struct sync_msg m;
	int ends[2], fd;

	fake_begin();
	assert_int_equal(sync_pair(ends, &s->err), 0);
	assert_int_equal(sync_say(ends[0], SYNC_BESIDE, 0, 0), 0);
	say_wrong(ends[1], SYNC_FAIL, false);
	assert_int_equal(sys_close(ends[1]), 0);
	assert_int_equal(sync_hear(ends[0], &m, &fd), 1);
	assert_int_equal(m.word, SYNC_FAIL);
	assert_string_equal(m.err.text, "what went wrong");
	assert_int_equal(sync_hear(ends[0], &m, &fd), 0);
	assert_int_equal(sys_close(ends[0]), 0);
	nothing_stays(s, "last words");
}

static void plan_beside(struct scene *s)
{
	s->plan.ops = s->network;
	s->plan.maps_by_parent = false;
	s->plan.beside = true;
}

static void plan_filter_beside(struct scene *s)
{
	plan_beside(s);
	s->plan.n = ARRAY_LEN(s->network);
}

static void what_is_made_beside_reaches_the_child_or_ends_it(void **state)
{
	struct scene *s = *state;

	plan_beside(s);
	prepare(s, STEPS({ HEAR_BESIDE }, READY));
	assert_int_equal(go_through(s), 0);
	nothing_stays(s, "beside");

	/* Of the child's calls and of those of the process beside it, whichever comes first. */
	for (unsigned int n = 1; n <= 3; n++) {
		prepare(s, STEPS({ HEAR_BESIDE }, READY));
		fake_fail_child_at(n, ENOSPC);
		assert_int_equal(go_through(s), -1);
		assert_true(s->err.text[0] != '\0');
		nothing_stays(s, "nothing beside");
	}

	/* What it said counts, not that nothing can be handed to it any more. */
	prepare(s, STEPS({ SAY_WRONG, SYNC_FAIL, 0 }));
	assert_int_equal(go_through(s), -1);
	assert_string_equal(s->err.text, "what went wrong");
	nothing_stays(s, "nobody to hand it to");
}

/* Two of a port, and the proxy's. */
static void sockets_made_beside_are_for_the_helper_once_the_child_has_its_network(void **state)
{
	struct scene *s = *state;

	plan_filter_beside(s);
	prepare(s, STEPS({ HEAR_BESIDE }, READY));
	assert_int_equal(go_through(s), 0);
	assert_int_equal(s->sockets, 3);
	assert_int_equal(s->warnings, 1);
	nothing_stays(s, "sockets beside");

	s->refuse = true;
	prepare(s, STEPS({ HEAR_BESIDE }, READY));
	s->start.on_pid = NULL;
	assert_int_equal(go_through(s), -1);
	assert_string_equal(s->err.text, "no helper");
	assert_int_equal(s->sockets, 1);
	nothing_stays(s, "nobody takes the sockets");
	s->refuse = false;

	/* There is nobody to have a helper. */
	prepare(s, STEPS({ SAY_WRONG, SYNC_FAIL, 0 }));
	assert_int_equal(go_through(s), -1);
	assert_string_equal(s->err.text, "what went wrong");
	nothing_stays(s, "sockets of nobody");
}

static void every_call_beside_may_fail(void **state)
{
	struct scene *s = *state;
	unsigned int n = 1;

	plan_filter_beside(s);
	for (bool failed = true; failed; n++) {
		prepare(s, STEPS({ END }));
		fake_fail_child_at(n, ENOSPC);
		assert_int_equal(go_through(s), -1);
		nothing_stays(s, "a call beside that fails");
		failed = fake_failed() != NULL;
		if (failed && (!s->err.text[0] || s->sockets))
			fail_msg("call %u (%s) beside fails without a word", n, fake_failed());
	}
	assert_true(n > 15);
}

static void a_callback_that_fails_ends_the_child(void **state)
{
	struct scene *s = *state;

	s->refuse = true;
	prepare(s, STEPS(READY));
	assert_int_equal(go_through(s), -1);
	assert_string_equal(s->err.text, "no such process is wanted");
	nothing_stays(s, "on_pid");
	prepare(s, STEPS(READY, { SAY_FD, SYNC_LISTENER, 0 }));
	s->start.on_pid = NULL;
	assert_int_equal(go_through(s), -1);
	assert_string_equal(s->err.text, "nobody listens");
	nothing_stays(s, "on_listener");
}

static void a_hook_that_fails_ends_the_child(void **state)
{
	static const char *const argv[] = { "false", NULL };
	struct hook hook = { .path = "/bin/false", .args = { (const char **)(uintptr_t)argv, 1 } };
	struct scene *s = *state;

	s->hooks.create_runtime = (struct hook_list){ &hook, 1 };
	prepare(s, STEPS(EVERYTHING));
	assert_int_equal(go_through(s), -1);
	assert_string_equal(s->err.place, "/hooks/createRuntime/0");
	nothing_stays(s, "hook");
}

/* --- what may fail in the parent -------------------------------------------------------------- */

/* Calls whose failure changes nothing. */
static bool may_survive(const char *failed)
{
	static const char *const survived[] = {
		"close", /* closes all the same */
		"read", /* what execve failed with; its status tells, too */
		"waitid", /* waits all the same */
		"pidfd_send_signal", /* in the end, where the payload has ended */
		"prlimit", /* whether memory may be shared: then it is not */
	};

	for (size_t i = 0; i < ARRAY_LEN(survived); i++)
		if (strcmp(survived[i], failed) == 0)
			return true;
	return false;
}

/* Those whose failure leaves somebody who is not ended by us, and who hears that we are gone: who seems to be no child of
 * ours, and whom the middle cloned but did not come to tell of, as it was killed in between. */
static bool may_leave_one(const char *failed, const struct step *script)
{
	return strcmp(failed, "waitid") == 0 ||
	       (script->what == BE_MIDDLE && strcmp(failed, "recvmsg") == 0);
}

static unsigned int every_call_fails(struct scene *s, const struct step *script)
{
	static const int errnums[] = { EPERM, ENOSPC, EIO };
	unsigned int n;

	for (n = 1; n < CALLS_MAX; n++) {
		int rc;

		prepare(s, script);
		fake_fail_at(n, errnums[n % ARRAY_LEN(errnums)]);
		rc = go_through(s);
		fake_fail_at(0, 0);
		while (fake_failed() && may_leave_one(fake_failed(), script) &&
		       waitpid(-1, NULL, 0) > 0)
			;
		nothing_stays(s, "a call that fails");
		if (!fake_failed())
			return n - 1;
		if (rc >= 0 && !may_survive(fake_failed()))
			fail_msg("call %u (%s) fails unnoticed", n, fake_failed());
		if (rc < 0 && (s->err.kind == ERR_NONE || !s->err.text[0]))
			fail_msg("call %u (%s) fails without a word", n, fake_failed());
	}
	fail_msg("a start without end");
	return 0;
}

static void every_call_of_the_parent_may_fail(void **state)
{
	static const char *const argv[] = { "true", NULL };
	struct hook hook = { .path = "/bin/true", .args = { (const char **)(uintptr_t)argv, 1 } };
	struct scene *s = *state;

	s->hooks.prestart = s->hooks.create_runtime = (struct hook_list){ &hook, 1 };
	assert_true(every_call_fails(s, STEPS(EVERYTHING)) > 30);
	s->plan.middle = true;
	assert_true(every_call_fails(s, STEPS({ BE_MIDDLE }, EVERYTHING)) > 30);
	s->plan.middle = false;
	plan_beside(s);
	assert_true(every_call_fails(s, STEPS({ HEAR_BESIDE }, READY)) > 10);
	plan_filter_beside(s);
	assert_true(every_call_fails(s, STEPS({ HEAR_BESIDE }, READY)) > 10);
}

static int setup(void **state)
{
	static const uint32_t port[] = { 443 };
	struct scene *s = calloc(1, sizeof(*s));

	if (!s)
		return -1;
	s->map = (struct op){ .code = OP_ID_MAP,
			      .stage = STAGE_IDS,
			      .cause = "/linux/uidMappings",
			      .path = "uid_map",
			      .text = "0 0 1" };
	s->network[0] = (struct op){ .code = OP_UNSHARE,
				     .stage = STAGE_BESIDE,
				     .cause = "/linux/namespaces",
				     .a = CLONE_NEWNET };
	s->network[1] = (struct op){ .code = OP_LISTEN_PORTS,
				     .stage = STAGE_BESIDE,
				     .cause = "/srt/network",
				     .data = port,
				     .len = sizeof(port) };
	s->network[2] = (struct op){ .code = OP_LISTEN,
				     .stage = STAGE_BESIDE,
				     .cause = "/srt/network",
				     .path = "127.0.0.1",
				     .type = "tcp",
				     .a = 3128,
				     .b = WAY_PROXY };
	s->plan =
		(struct plan){ .arena = &s->arena, .ops = &s->map, .n = 1, .maps_by_parent = true };
	*state = s;
	return 0;
}

static int teardown(void **state)
{
	struct scene *s = *state;

	arena_done(&s->arena);
	free(s);
	return 0;
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_child_that_keeps_to_the_words_gets_through),
		TEST(a_child_that_does_not_is_ended),
		TEST(a_child_that_wants_more_is_ended),
		TEST(last_words_are_heard_of_an_end_that_did_not_listen),
		TEST(what_is_made_beside_reaches_the_child_or_ends_it),
		TEST(sockets_made_beside_are_for_the_helper_once_the_child_has_its_network),
		TEST(every_call_beside_may_fail),
		TEST(a_callback_that_fails_ends_the_child),
		TEST(a_hook_that_fails_ends_the_child),
		TEST(every_call_of_the_parent_may_fail),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
