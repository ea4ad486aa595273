/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_bundle.c - bundle: becomes the program srt-oci-bundle, so that a container's start does not
 * pay for the libraries of archives. */
#include "runtime/cli/command.h"
#include "runtime/cli/stored.h"

#define OTHER PROGRAM "-bundle"

static int bundle(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	const char **words = arena_array(&cli->arena, const char *, args->n + 1);

	(void)options;
	for (size_t i = 0; i < args->n; i++)
		words[i] = args->v[i];
	if (companion_exec(cli, words, err) < 0)
		return err_in(err, "bundle");
	return 0;
}

const struct command command_bundle = {
	.name = "bundle",
	.synopsis = "[ARGUMENT...]",
	.help = "build and look after bundles; see " OTHER " --help",
	.text = "All that follows goes to the program " OTHER ", which is looked for in\n"
		"$SRT_OCI_LIBEXEC, or beside this program and in ../libexec/" PROGRAM ".",
	.options = { .before = OPTIONS_NOWHERE },
	.args_max = ARGS_ANY,
	.run = bundle,
};
