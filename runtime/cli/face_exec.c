/* SPDX-License-Identifier: Apache-2.0 */
/* face_exec.c - runs a program in a sandbox and tells how it went. */
#include <string.h>
#include <unistd.h>

#include "runtime/cli/completion.h"
#include "runtime/cli/face.h"
#include "runtime/cli/stored.h"
#include "runtime/life/refusal.h"
#include "runtime/life/seal.h"
#include "runtime/sandbox/audit.h"
#include "runtime/sandbox/verdict.h"
#include "spec/base/fd.h"
#include "spec/policy/serve.h"
#include "version.h"

/* What nearly every sandbox needs of memory for its policy, its config and its plan. */
#define ARENA_EXPECTED (44u << 10)

/* What the program's own streams do not say. */
static void tell(const struct cli *cli, const struct policy *p, const struct result *r)
{
	if (policy_filtered(p) || r->status != RUN_OK)
		refusals_tell(&r->events, LOG_LEVEL_WARN,
			      &cli->rt.log); /* after all that the program has said */
	if (r->reason && r->status != RUN_OK && r->status != RUN_EXIT && r->status != RUN_SIGNAL &&
	    r->status != RUN_SETUP_ERROR)
		log_line(&cli->rt.log, LOG_LEVEL_ERROR, "%s", r->reason);
}

/* Fails as a run that has failed does, with the document going out all the same. */
static int fail(struct cli *cli, int status)
{
	cli->failure = status;
	if (cli->out.len && fd_write_all(STDOUT_FILENO, cli->out.s, cli->out.len) == 0)
		cli->out.len = 0;
	return -1;
}

static int never_ran(struct cli *cli, const struct face_flags *flags, const struct request *q,
		     const struct err *err)
{
	struct result r = { .sandbox_id = q->id ? q->id : "", .backend = "supervisor" };
	struct err later;

	r.timestamp = audit_now(&cli->arena);
	verdict_failed(&r, err, &cli->arena);
	/* Of two failures the first one is told. */
	(void)face_report(cli, flags, &r, q->policy, &later);
	return fail(cli, r.exit_code);
}

static int run(struct cli *cli, const struct face_flags *flags, const struct request *q,
	       struct err *err)
{
	struct audit audit = { .policy = q->policy, .id = q->id, .args = &q->args };
	struct result r = { 0 };
	struct err later;
	int ran, told;

	if (audit_begin(&audit, &cli->arena, err) < 0)
		return never_ran(cli, flags, q, err);
	ran = sandbox_run(q, &cli->arena, &r, err);
	/* Likewise; and what cannot be written in one place is no reason to leave it out in the other. */
	told = audit_end(&audit, &r, &cli->arena, ran == 0 ? err : &later);
	tell(cli, q->policy, &r);
	if (face_report(cli, flags, &r, q->policy, ran == 0 && told == 0 ? err : &later) < 0)
		told = -1;
	if (ran == 0 && told == 0)
		return r.exit_code;
	return fail(cli, ran == 0 ? EXIT_FACE : r.exit_code);
}

/* "--image": a directory where it holds a slash, else a bundle of the store, which its keeper shows to us. */
int face_image(struct cli *cli, struct request *q, struct err *err)
{
	const struct policy_value *v = &q->policy->v[POLICY_IMAGE];

	if (!v->text)
		return 0;
	if (strchr(v->text, '/')) {
		q->image = v->text;
		return 0;
	}
	if (v->text[0] == '-')
		(void)err_input(err, "%.64s is no name of a bundle", v->text);
	else if (stored_find(cli, cli->rt.log.program, v->text, &q->image, &q->image_digest, err) ==
		 0)
		return 0;
	return err_in(err, "%s", v->from);
}

int face_bundle(struct cli *cli, struct request *q, struct policy *p, struct err *err)
{
	TRY(sandbox_bundle(q, &cli->arena, &q->bundle, err));
	if (!q->bundle)
		return 0;
	TRY(policy_bundle(p, q->bundle, err));
	for (size_t i = 0; i < p->narrowed.n; i++)
		log_line(&cli->rt.log, LOG_LEVEL_WARN, "%s", p->narrowed.v[i]);
	return 0;
}

int face_sandbox(struct cli *cli, const struct face_flags *flags, const struct strings *args,
		 struct err *err)
{
	struct policy policy;
	struct request q = { .policy = &policy,
			     .args = *args,
			     .argv = cli->rt.argv,
			     .log = &cli->rt.log,
			     .capture = flags->json,
			     .degraded = flags->degraded };
	int status;

	cli->arena.expected = ARENA_EXPECTED;
	policy_begin(&policy, &cli->arena);
	status = face_caller(cli, &q.caller, err);
	if (status == 0)
		status = sandbox_id_make(&cli->arena, &q.id, err);
	if (status == 0)
		status = face_policy(cli, flags, &q.caller, &policy, err);
	/* Before anything is said or written: these may start this program again. */
	if (status == 0)
		status = face_image(cli, &q, err);
	if (status == 0)
		status = seal_self(cli->rt.argv, err);
	if (status == 0)
		status = face_bundle(cli, &q, &policy, err);
	if (status == 0)
		status = face_report_check(flags, &cli->arena, err);
	return status == 0 ? run(cli, flags, &q, err) : never_ran(cli, flags, &q, err);
}

int face_exec_run(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	return face_sandbox(cli, options, args, err);
}

static int explain_plan(struct cli *cli, const struct request *q, struct err *err)
{
	const char *text;

	TRY(sandbox_plan(q, &cli->arena, &text, err));
	text_add(&cli->out, text);
	return 0;
}

int face_explain_run(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	/* For a program that is not named, any will do. */
	static const char *any[] = { "true", NULL };
	const struct face_flags *flags = options;
	struct emit e = { .out = &cli->out, .indent = 2 };
	struct policy policy;
	struct request q = { .policy = &policy,
			     .args = args->n ? *args : (struct strings){ any, 1 },
			     .argv = cli->rt.argv,
			     .log = &cli->rt.log,
			     .degraded = flags->degraded,
			     .id = "explain" };

	TRY(face_caller(cli, &q.caller, err));
	TRY(face_policy(cli, flags, &q.caller, &policy, err));
	TRY(face_image(cli, &q, err));
	TRY(face_bundle(cli, &q, &policy, err));
	if (flags->plan)
		return explain_plan(cli, &q, err);
	if (flags->json) {
		policy_emit(&policy, &e);
		text_add(&cli->out, "\n");
	} else {
		policy_explain(&policy, &cli->out);
	}
	return 0;
}

static int man_run(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	const struct face *face = face_find(args->n ? args->v[0] : "sandbox-runtime");

	(void)options;
	if (!face)
		return err_input(err, "no program is called %.64s", args->v[0]);
	face_man(face, SRT_VERSION, &cli->out);
	return 0;
}

static int schema_run(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	struct emit e = { .out = &cli->out, .indent = 2 };

	(void)options;
	if (args->n && !str_eq(args->v[0], "serve"))
		return err_input(err, "no document is called %.64s", args->v[0]);
	if (args->n)
		serve_schema(&e);
	else
		result_schema(&e);
	text_add(&cli->out, "\n");
	return 0;
}

static int completion_run(struct cli *cli, void *options, const struct strings *args,
			  struct err *err)
{
	(void)options;
	return completion_print(args->n > 1 ? args->v[1] : "sandbox-runtime", args->v[0], &cli->out,
				err);
}

const struct command face_completion = {
	.name = "completion",
	.synopsis = "bash|zsh|fish [srt]",
	.help = "print a script that completes command lines of this program, or of srt, in that shell",
	.options = { .before = OPTIONS_ANYWHERE },
	.args_min = 1,
	.args_max = 2,
	.run = completion_run,
};

const struct command face_schema = {
	.name = "schema",
	.synopsis = "[serve]",
	.help = "print the JSON Schema of the result, or of a request to serve",
	.options = { .before = OPTIONS_ANYWHERE },
	.args_max = 1,
	.run = schema_run,
};

const struct command face_man_page = {
	.name = "man",
	.synopsis = "[srt]",
	.help = "print the manual page, of this program or of srt",
	.options = { .before = OPTIONS_ANYWHERE },
	.args_max = 1,
	.run = man_run,
};
