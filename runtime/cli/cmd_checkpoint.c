/* SPDX-License-Identifier: Apache-2.0 */
/* cmd_checkpoint.c - checkpoint and restore, through CRIU. */
#include "runtime/cli/command.h"

#define ROW(member, ...) OPTION(struct checkpoint_options, member, __VA_ARGS__)
#define IMAGES                                                                                   \
	ROW(image_path, "image-path", 0, STRING, "DIR",                                          \
	    "where the images are; default is checkpoint in the working directory"),             \
		ROW(work_path, "work-path", 0, STRING, "DIR",                                    \
		    "where CRIU logs; default is the images' directory"),                        \
		ROW(tcp_established, "tcp-established", 0, FLAG, NULL,                           \
		    "with open TCP connections"),                                                \
		ROW(ext_unix_sk, "ext-unix-sk", 0, FLAG, NULL,                                   \
		    "with unix sockets of the outside"),                                         \
		ROW(shell_job, "shell-job", 0, FLAG, NULL, "with the terminal of a shell"),      \
		ROW(file_locks, "file-locks", 0, FLAG, NULL, "with locks on files"),             \
		ROW(lazy_pages, "lazy-pages", 0, FLAG, NULL,                                     \
		    "move memory only when it is asked for"),                                    \
		ROW(manage_cgroups, "manage-cgroups-mode", 0, STRING, "soft|full|strict|ignore", \
		    "what becomes of cgroups"),                                                  \
		ROW(empty_ns, "empty-ns", 0, LIST, "NAMESPACE",                                  \
		    "leave what is in that namespace out (network)"),                            \
		ROW(auto_dedup, "auto-dedup", 0, FLAG, NULL, "remove pages that are there twice")

static const struct option_row checkpoint_rows[] = {
	IMAGES,
	ROW(parent_path, "parent-path", 0, STRING, "DIR", "images of an earlier --pre-dump"),
	ROW(leave_running, "leave-running", 'R', FLAG, NULL, "the container goes on"),
	ROW(status_fd, "status-fd", 0, STRING, "N", "where CRIU says that --lazy-pages is ready"),
	ROW(page_server, "page-server", 0, STRING, "ADDRESS:PORT", "where memory is sent to"),
	ROW(pre_dump, "pre-dump", 0, FLAG, NULL, "only memory, for a later checkpoint; goes on"),
};
static const struct option_row restore_rows[] = {
	IMAGES,
	ROW(create.bundle, "bundle", 'b', STRING, "DIR",
	    "the bundle; default is the working directory"),
	ROW(create.config, "config", 'f', STRING, "FILE",
	    "configuration in place of the bundle's config.json"),
	ROW(create.detach, "detach", 'd', FLAG, NULL, "return as soon as the container runs"),
	ROW(create.console_socket, "console-socket", 0, STRING, "SOCKET",
	    "unix socket that gets the terminal's master"),
	ROW(create.pid_file, "pid-file", 0, STRING, "FILE", "where to write the process's pid"),
	ROW(create.no_subreaper, "no-subreaper", 0, FLAG, NULL,
	    "do not adopt the container's orphans"),
	ROW(create.no_pivot, "no-pivot", 0, FLAG, NULL, "accepted; CRIU does it its way"),
	ROW(lsm_profile, "lsm-profile", 0, STRING, "TYPE:NAME", "another security profile"),
	ROW(lsm_mount_context, "lsm-mount-context", 0, STRING, "CONTEXT",
	    "another SELinux context of mounts"),
};

static int checkpoint(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	return life_checkpoint(&cli->rt, args->v[0], options, err);
}

static int restore(struct cli *cli, void *options, const struct strings *args, struct err *err)
{
	struct checkpoint_options *o = options;
	int status = 0;

	o->create.id = args->v[0];
	TRY(life_restore(&cli->rt, o, &status, err));
	return status;
}

#define TEXT                                                                                              \
	"The work is CRIU's (https://criu.org), which has to be installed and, for what it asks of the\n" \
	"kernel, mostly root. --criu or PATH say where it is."

const struct command command_checkpoint = {
	.name = "checkpoint",
	.synopsis = "ID",
	.help = "write a running container's processes to files, by CRIU",
	.text = TEXT,
	.options = OPTIONS(checkpoint_rows, OPTIONS_ANYWHERE),
	.size = sizeof(struct checkpoint_options),
	.args_min = 1,
	.args_max = 1,
	.state = true,
	.run = checkpoint,
};

const struct command command_restore = {
	.name = "restore",
	.synopsis = "ID",
	.help = "make a container out of a checkpoint, by CRIU",
	.text = TEXT,
	.options = OPTIONS(restore_rows, OPTIONS_ANYWHERE),
	.size = sizeof(struct checkpoint_options),
	.args_min = 1,
	.args_max = 1,
	.state = true,
	.run = restore,
};
