/* SPDX-License-Identifier: Apache-2.0 */
/* face_selftest.c - runs a handful of programs in sandboxes on this very host and says whether each was held. */
#include "runtime/cli/face.h"
#include "runtime/life/seal.h"
#include "runtime/sandbox/verdict.h"

struct check {
	const char *name;
	const char *script; /* by /bin/sh */
	enum policy_item item; /* POLICY_ITEMS: none */
	const char *value;
	uint8_t status; /* enum run_status it must end with */
};

static const struct check checks[] = {
	{ "a program runs", "exit 0", POLICY_ITEMS, NULL, RUN_OK },
	{ "its status is told", "exit 3", POLICY_ITEMS, NULL, RUN_EXIT },
	{ "a signal is told", "kill -9 $$", POLICY_ITEMS, NULL, RUN_SIGNAL },
	{ "time is limited", "sleep 20", POLICY_TIMEOUT, "300ms", RUN_TIMEOUT },
	{ "disk is limited", "head -c 8M /dev/zero >/tmp/f", POLICY_DISK, "1M", RUN_DISK },
	{ "output is limited", "head -c 8M /dev/zero", POLICY_OUTPUT, "1M", RUN_OUTPUT },
	{ "the home directory is hidden", "[ ! -e /root ] && [ \"$(ls /home)\" = sandbox ]",
	  POLICY_ITEMS, NULL, RUN_OK },
	{ "the system is read-only", "! ( : >/usr/selftest ) 2>/dev/null", POLICY_ITEMS, NULL,
	  RUN_OK },
	{ "there is no network", "[ \"$(grep -c : /proc/net/dev)\" = 1 ]", POLICY_ITEMS, NULL,
	  RUN_OK },
	{ "no capability is left", "grep -q '^CapBnd:\t0*$' /proc/self/status", POLICY_ITEMS, NULL,
	  RUN_OK },
};

static int run_check(struct cli *cli, const struct check *c, const struct caller *caller,
		     struct result *ret, struct err *err)
{
	const char *words[] = { "/bin/sh", "-c", c->script, NULL };
	struct policy policy;
	struct request q = { .policy = &policy,
			     .args = { words, 3 },
			     .caller = *caller,
			     .argv = cli->rt.argv,
			     .log = &cli->rt.log,
			     .capture = true };

	policy_begin(&policy, &cli->arena);
	if (c->item != POLICY_ITEMS)
		TRY(policy_set(&policy, c->item, c->value, ORIGIN_FLAG, "selftest", err));
	TRY(sandbox_id_make(&cli->arena, &q.id, err));
	return sandbox_run(&q, &cli->arena, ret, err);
}

static int selftest_run(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	struct caller caller;
	bool fine = true;

	(void)options;
	(void)args;
	TRY(seal_self(cli->rt.argv, err));
	TRY(face_caller(cli, &caller, err));
	for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
		struct result r = { 0 };
		bool held;

		TRY(run_check(cli, &checks[i], &caller, &r, err));
		held = r.status == checks[i].status;
		fine = fine && held;
		text_addf(&cli->out, "%-8s %s%s%s\n", held ? "ok" : "FAILED", checks[i].name,
			  held ? "" : ": ended as ", held ? "" : name_of(run_statuses, r.status));
	}
	return fine ? 0 : 1;
}

const struct command face_selftest = {
	.name = "selftest",
	.synopsis = "",
	.help = "run some programs in sandboxes on this host and say whether each was held",
	.options = { .before = OPTIONS_ANYWHERE },
	.run = selftest_run,
};
