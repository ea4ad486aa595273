/* SPDX-License-Identifier: Apache-2.0 */
/* face_srt.c - the program srt: a settings file and a command. */
#include <unistd.h>

#include "runtime/cli/face.h"
#include "spec/base/path.h"

#define SETTINGS_NAME ".srt-settings.json"

#define ROW(member, ...) OPTION(struct face_flags, member, __VA_ARGS__)
static const struct option_row rows[] = {
	ROW(settings, "settings", 's', STRING, "FILE",
	    "settings file; default is ~/" SETTINGS_NAME),
	ROW(command, "command", 'c', STRING, "STRING", "run STRING by /bin/sh"),
	ROW(debug, "debug", 'd', FLAG, NULL, "say more on standard error"),
	ROW(json, "json-output", 0, FLAG, NULL,
	    "print one JSON object at the end in place of the program's output"),
	ROW(result, "result", 0, STRING, "FILE",
	    "write one JSON object at the end to FILE; the program's output goes through"),
	ROW(degraded, "allow-degraded", 0, FLAG, NULL,
	    "run also where something cannot be enforced here, and say so"),
	ROW(version, "version", 'v', FLAG, NULL, "print the version"),
};

static int srt_run(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	struct face_flags *flags = options;
	struct caller caller;
	struct strings words = *args;

	if (flags->version)
		return err_input(err, "--version stands alone");
	if (!flags->command && !words.n)
		return err_input(err, "nothing to run; see srt --help");
	if (flags->command && words.n)
		return err_input(err, "-c and a program exclude each other");
	if (flags->command) {
		words.v = arena_array(&cli->arena, const char *, 4);
		words.v[0] = "/bin/sh";
		words.v[1] = "-c";
		words.v[2] = flags->command;
		words.n = 3;
	}
	if (flags->debug)
		flags->v[POLICY_LOG_LEVEL] = "debug";
	TRY(face_caller(cli, &caller, err));
	/* Without one nothing runs: defaults would be somebody else's wish. */
	if (!flags->settings && !caller.home)
		return err_input(err,
				 "HOME is not set, so there is no settings file; give --settings");
	if (!flags->settings)
		flags->settings = path_join(&cli->arena, caller.home, SETTINGS_NAME);
	return face_sandbox(cli, flags, &words, err);
}

const struct command face_srt = {
	.name = "srt",
	.synopsis = "[--] PROGRAM [ARGUMENT...]",
	.help = "run a program under a settings file",
	.text = "The file is in one of three dialects, told by its keys: the settings of the npm package\n"
		"@anthropic-ai/sandbox-runtime, an executor's, or a saved policy. A missing, empty or wrong\n"
		"file, or an unknown key, is an error, and nothing runs.",
	.options = OPTIONS(rows, 1),
	.size = sizeof(struct face_flags),
	.args_max = ARGS_ANY,
	.run = srt_run,
};
