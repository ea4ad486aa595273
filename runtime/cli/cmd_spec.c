/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_spec.c - spec: a configuration to begin with. */
#include <fcntl.h>
#include <unistd.h>

#include "runtime/cli/command.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/json/emit.h"
#include "spec/oci/template.h"

struct spec_options {
	const char *bundle, *file;
	bool rootless;
};
static const struct option_row rows[] = {
	OPTION(struct spec_options, bundle, "bundle", 'b', STRING, "DIR",
	       "where to write it; default is the working directory"),
	OPTION(struct spec_options, file, "file", 'f', STRING, "FILE",
	       "the file in DIR; default is config.json, - is standard output"),
	OPTION(struct spec_options, rootless, "rootless", 0, FLAG, NULL,
	       "for an ordinary user, with a user namespace"),
};

/* Writes a file that was not there; one that could not be written whole is taken away. */
static int file_make(const char *path, const struct text *text, struct err *err)
{
	scoped_fd int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	int got;

	if (fd < 0)
		return err_host(err, errno, "make %s", path);
	got = fd_write_all(fd, text->s, text->len);
	if (got == 0)
		got = close(take_fd(&fd));
	if (got < 0) {
		got = err_host(err, errno, "write %s", path);
		(void)unlink(path); /* the failure to write is what counts */
	}
	return got;
}

static int spec(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	const struct spec_options *o = options;
	const struct template_options template = { o->rootless, geteuid(), getegid() };
	struct text text = { .arena = &cli->arena };
	struct emit e = { .out = &text, .indent = 2 };
	const char *file = o->file ? o->file : "config.json";

	(void)args;
	template_emit(&e, &template);
	text_add(&text, "\n");
	if (str_eq(file, "-")) {
		text_add(&cli->out, text.s);
		return 0;
	}
	if (o->bundle && !path_is_absolute(file))
		file = path_join(&cli->arena, o->bundle, file);
	return file_make(file, &text, err);
}

const struct command command_spec = {
	.name = "spec",
	.synopsis = "",
	.help = "write a config.json to begin with",
	.text = "A file that is there is left alone, and that is an error.",
	.options = OPTIONS(rows, OPTIONS_ANYWHERE),
	.size = sizeof(struct spec_options),
	.run = spec,
};
