/* SPDX-License-Identifier: Apache-2.0 */
/* face.h - the programs sandbox-runtime and srt: the same binary under another name. */
#pragma once

#include "runtime/cli/command.h"
#include "runtime/sandbox/sandbox.h"

/* The status of our own failures, so that no payload's is taken for one. */
#define EXIT_FACE 125

struct face {
	const char *name; /* argv[0] */
	const char *summary; /* one line for the manual */
	const struct command *const *commands; /* NULL at the end; NULL: `alone` is all it does */
	const struct command *alone;
};

/* face_find: by the program's name, or NULL. face_run: its command line, without argv[0]; the exit
 * status, or -1 with err (cli->failure, else EXIT_FACE). */
const struct face *face_find(const char *name);
int face_run(const struct face *face, struct cli *cli, const char *const *words, struct err *err);
/* face_man: its manual page. */
void face_man(const struct face *face, const char *version, struct text *out);

extern const struct command face_exec, face_serve, face_explain, face_doctor, face_selftest,
	face_schema, face_man_page, face_completion, face_srt;
/* face_commands: those of sandbox-runtime, NULL at the end. */
extern const struct command *const face_commands[];

/* What the command lines of exec, explain and srt have in common. */
struct face_flags {
	const char *v[POLICY_ITEMS]; /* by enum policy_item */
	bool no_network, allow_network, trace, allow_fs_write;
	struct strings mounts, allow_paths, deny_paths, env, pass_env, secrets;
	struct strings allow_domains, deny_domains, publish, artifacts;
	const char *settings, *preset, *result;
	bool json, degraded, plan;
	/* of serve */
	const char *socket, *size, *preload, *rotate_after;
	uint32_t rotate_tasks;
	bool fresh, until_eof;
	/* of srt */
	const char *command;
	bool debug, version;
};
int face_exec_run(struct cli *cli, void *options, const struct strings *args, struct err *err);
int face_serve_run(struct cli *cli, void *options, const struct strings *args, struct err *err);
int face_explain_run(struct cli *cli, void *options, const struct strings *args, struct err *err);

/* face_caller: who we are run by. face_policy: the policy that flags, settings, environment and
 * defaults add up to; the settings file is read here. */
int face_caller(struct cli *cli, struct caller *ret, struct err *err);
int face_policy(struct cli *cli, const struct face_flags *flags, const struct caller *caller,
		struct policy *ret, struct err *err);
/* face_image: finds the directory of a request's image, if there is one; this program may begin again by it. */
int face_image(struct cli *cli, struct request *q, struct err *err);
/* face_bundle: the bundle of a request, whose image has been found, and what it says of limits and network as a part of the
 * policy. */
int face_bundle(struct cli *cli, struct request *q, struct policy *p, struct err *err);
/* face_report: the result where the flags want it: at the end of cli->out, in a file. face_report_check: it can be
 * written there, as far as can be said before the run. */
int face_report_check(const struct face_flags *flags, struct arena *a, struct err *err);
int face_report(struct cli *cli, const struct face_flags *flags, const struct result *r,
		const struct policy *p, struct err *err);
/* face_sandbox: runs it and reports; the exit status. */
int face_sandbox(struct cli *cli, const struct face_flags *flags, const struct strings *args,
		 struct err *err);
