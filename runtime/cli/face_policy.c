/* SPDX-License-Identifier: Apache-2.0 */
/* face_policy.c - the flags of a sandbox as a table, and how flags, settings and environment become a policy. */
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

#include "runtime/cli/face.h"
#include "runtime/sandbox/lookup.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"

#define ROW(member, ...) OPTION(struct face_flags, member, __VA_ARGS__)
#define ITEM(item, name, value, help) \
	OPTION(struct face_flags, v[POLICY_##item], name, 0, STRING, value, help)
#define SHARED_ROWS                                                                                \
	ITEM(TIMEOUT, "timeout", "DUR",                                                            \
	     "wall clock: 500ms, 30s, 5m, 1h; a bare number is seconds"),                          \
		ITEM(KILL_AFTER, "kill-after", "DUR",                                              \
		     "time between the timeout's TERM and its KILL"),                              \
		ITEM(MEMORY, "memory", "SIZE", "memory of all processes together: 64M, 1.5G"),     \
		ITEM(CPU, "cpu", "N", "processors; 0.5 is half of one"),                           \
		ITEM(CPU_TIME, "cpu-time", "DUR",                                                  \
		     "processor time of all processes together: 500ms, 30s"),                      \
		ITEM(CPU_SHARES, "cpu-shares", "N",                                                \
		     "weight against others, where cgroups are there"),                            \
		ITEM(PROCESSES, "max-processes", "N", "processes and threads at one time"),        \
		ITEM(FILES, "max-files", "N", "files and directories in the private space"),       \
		ITEM(FILE_SIZE, "max-file-size", "SIZE", "largest file that may be written"),      \
		ITEM(DISK, "disk", "SIZE", "all that is written into the private space"),          \
		ITEM(OUTPUT, "max-output", "SIZE",                                                 \
		     "bytes written to standard output and error together"),                       \
		ITEM(OPEN_FILES, "max-open-files", "N", "open files of one process"),              \
		ROW(mounts, "mount", 0, LIST, "SRC:DST[:ro|rw[,noexec]]",                          \
		    "show SRC at DST, read-only unless it says rw; \"\\:\" is a colon"),           \
		ROW(allow_paths, "allow-path", 0, LIST, "PATH",                                    \
		    "show PATH read-only where it is"),                                            \
		ROW(deny_paths, "deny-path", 0, LIST, "PATH", "hide PATH"),                        \
		ROW(env, "env", 'e', LIST, "NAME=VALUE", "set a variable"),                        \
		ROW(pass_env, "pass-env", 0, LIST, "NAME", "hand a variable of ours on"),          \
		ROW(secrets, "secret", 0, LIST, "NAME=env:VAR",                                    \
		    "set a variable from ours; its value is shown nowhere"),                       \
		ITEM(USER, "user", "UID[:GID]", "ids inside"),                                     \
		ITEM(CWD, "cwd", "DIR", "working directory inside"),                               \
		ROW(no_network, "no-network", 0, FLAG, NULL,                                       \
		    "no network but the loopback; the default"),                                   \
		ROW(allow_network, "allow-network", 0, FLAG, NULL,                                 \
		    "the host's network, unfiltered"),                                             \
		ITEM(NETWORK_MODE, "network", "MODE",                                              \
		     "none, loopback, host, or pasta or slirp4netns: all that the host reaches, "  \
		     "by that program"),                                                           \
		ROW(allow_domains, "allow-domain", 0, LIST, "PATTERN[:PORT]", "allow a domain"),   \
		ROW(deny_domains, "deny-domain", 0, LIST, "PATTERN[:PORT]", "deny a domain"),      \
		ITEM(HOSTS_FILE, "hosts-file", "FILE", "FILE is /etc/hosts inside"),               \
		ROW(publish, "publish", 0, LIST, "HOST:PORT:PORT",                                 \
		    "a port of ours leads to one inside"),                                         \
		ITEM(BUNDLE, "bundle", "DIR", "use the root file system of a bundle"),             \
		ITEM(IMAGE, "image", "NAME",                                                       \
		     "likewise, of a bundle of the store: name or digest"),                        \
		ITEM(WORKSPACE, "workspace", "DIR",                                                \
		     "a copy of DIR is the working directory; changes are listed"),                \
		ITEM(WORKSPACE_BY, "workspace-by", "NAME",                                         \
		     "how the copy is made: overlay, copy of every file, or auto: what is there"), \
		ITEM(COMMIT, "commit", "WHEN",                                                     \
		     "take the changes over: never, on-success, always"),                          \
		ROW(artifacts, "artifacts", 0, LIST, "GLOB",                                       \
		    "copy these files of the workspace at the end"),                               \
		ITEM(ARTIFACTS_DIR, "artifacts-dir", "DIR", "where artifacts are copied to"),      \
		ITEM(AUDIT_LOG, "audit-log", "FILE", "append a record of start and end"),          \
		ITEM(VIOLATIONS, "violations", "FILE", "append what was refused; as --trace"),     \
		ROW(trace, "trace", 0, FLAG, NULL,                                                 \
		    "report denied files, programs and connections; advisory"),                    \
		ITEM(LOG_LEVEL, "log-level", "LEVEL",                                              \
		     "error, warn, info, debug or trace, on standard error"),                      \
		ROW(settings, "settings", 0, STRING, "FILE", "read a settings file"),              \
		ROW(preset, "preset", 0, STRING, "NAME",                                           \
		    "begin with strict, default, permissive, research or development"),            \
		ITEM(BACKEND, "limits-backend", "NAME", "auto, cgroup2, cgroup1 or supervisor"),   \
		ROW(allow_fs_write, "allow-fs-write", 0, FLAG, NULL,                               \
		    "the working directory is there and writable"),                                \
		ITEM(EXEC, "allow-exec", "BOOL", "false: the program may start no other"),         \
		ITEM(WORK_DIR, "work-dir", "DIR", "directory for what a run keeps on disk"),       \
		ROW(degraded, "allow-degraded", 0, FLAG, NULL,                                     \
		    "run also where something cannot be enforced here, and say so")
static const struct option_row exec_rows[] = {
	ROW(json, "json-output", 0, FLAG, NULL,
	    "print one JSON object at the end in place of the program's output"),
	ROW(result, "result", 0, STRING, "FILE",
	    "write one JSON object at the end to FILE; the program's output goes through"),
	SHARED_ROWS,
};
static const struct option_row serve_rows[] = {
	ROW(socket, "socket", 0, STRING, "PATH", "where requests are taken; made with mode 0600"),
	ROW(size, "size", 0, STRING, "N", "tasks that wait ready; 4 where nothing is said"),
	ROW(preload, "preload", 0, STRING, "MODULES",
	    "modules that every task has loaded, separated by commas"),
	OPTION_UP_TO(struct face_flags, rotate_tasks, "rotate-tasks", 0, UINT32_MAX, "N",
		     "a new interpreter after so many tasks; the old one ends with its last"),
	ROW(rotate_after, "rotate-after", 0, STRING, "DUR", "likewise after so much time"),
	ROW(fresh, "fresh", 0, FLAG, NULL,
	    "make each task's sandbox anew; else one that its task left as it was made serves the next"),
	ROW(until_eof, "until-eof", 0, FLAG, NULL, "end with standard input"),
	SHARED_ROWS,
};
static const struct option_row explain_rows[] = {
	ROW(json, "json", 0, FLAG, NULL, "as JSON"),
	ROW(plan, "plan", 0, FLAG, NULL, "print the operations that a run would make instead"),
	SHARED_ROWS,
};

const struct command face_exec = {
	.name = "exec",
	.synopsis = "PROGRAM [ARGUMENT...]",
	.help = "run a program in a sandbox and wait for its end",
	.text = "What follows the first word that is no option is the program's alone. Without a program\n"
		"a bundle's own is run.",
	.options = OPTIONS(exec_rows, 1),
	.size = sizeof(struct face_flags),
	.args_max = ARGS_ANY,
	.run = face_exec_run,
};

const struct command face_serve = {
	.name = "serve",
	.synopsis = "",
	.help = "keep a pool of Python interpreters behind a socket",
	.text = "An interpreter is started once, in a sandbox, with the modules that --preload names. Each task\n"
		"is a copy of it in a sandbox of its own, made ahead, under the limits and the filters that\n"
		"exec has, those of the network too, and is gone with its end. \"ready\" is printed when the\n"
		"first one waits. The socket is its owner's alone; requests and answers are frames of JSON:\n"
		"docs/pool.md. What exec can and a pool cannot is refused: workspaces, tracing, published\n"
		"ports, limits by cgroups.",
	.options = OPTIONS(serve_rows, OPTIONS_ANYWHERE),
	.size = sizeof(struct face_flags),
	.run = face_serve_run,
};

const struct command face_explain = {
	.name = "explain",
	.synopsis = "[PROGRAM [ARGUMENT...]]",
	.help = "print the effective policy, every value with its origin",
	.options = OPTIONS(explain_rows, 1),
	.size = sizeof(struct face_flags),
	.args_max = ARGS_ANY,
	.run = face_explain_run,
};

int face_caller(struct cli *cli, struct caller *ret, struct err *err)
{
	char cwd[PATH_MAX];

	if (!getcwd(cwd, sizeof(cwd)))
		return err_host(err, errno, "find the working directory");
	ret->look = &lookup_host;
	ret->envp = (const char *const *)environ;
	ret->cwd = arena_str(&cli->arena, cwd);
	ret->home = env_of(ret->envp, "HOME");
	if (ret->home && !path_is_absolute(ret->home))
		ret->home = NULL;
	return 0;
}

static int read_settings(struct cli *cli, const char *path, const struct caller *caller,
			 struct policy *p, struct err *err)
{
	char *bytes;
	size_t len;

	TRY(file_read(AT_FDCWD, path, SETTINGS_MAX_BYTES, &cli->arena, &bytes, &len, err));
	return settings_parse(bytes, len, path, caller, p, err);
}

static int add_words(struct policy *p, const struct strings *list, const char *from,
		     int (*add)(struct policy *, const char *, const char *, struct err *),
		     struct err *err)
{
	for (size_t i = 0; i < list->n; i++)
		TRY(add(p, list->v[i], from, err));
	return 0;
}

static int add_paths(struct policy *p, const struct strings *list, enum policy_access access,
		     const char *from, const struct caller *caller, struct err *err)
{
	for (size_t i = 0; i < list->n; i++) {
		const char *path;

		if (settings_path(list->v[i], caller, p->arena, &path, err) < 0)
			return err_in(err, "%s", from);
		TRY(policy_add_path(p, path, access, access == ACCESS_DENY, from, err));
	}
	return 0;
}

static int add_publish(struct policy *p, const char *word, const char *from, struct err *err)
{
	return policy_add_word(p, &p->publish, word, from, err);
}

static int add_artifacts(struct policy *p, const char *word, const char *from, struct err *err)
{
	return policy_add_word(p, &p->artifacts, word, from, err);
}

static int add_lists(const struct face_flags *f, const struct caller *caller, struct policy *p,
		     struct err *err)
{
	TRY(add_words(p, &f->mounts, "--mount", policy_mount, err));
	TRY(add_paths(p, &f->allow_paths, ACCESS_READ, "--allow-path", caller, err));
	TRY(add_paths(p, &f->deny_paths, ACCESS_DENY, "--deny-path", caller, err));
	TRY(add_words(p, &f->env, "--env", policy_variable, err));
	for (size_t i = 0; i < f->pass_env.n; i++)
		TRY(policy_pass(p, f->pass_env.v[i], caller->envp, err));
	for (size_t i = 0; i < f->secrets.n; i++)
		TRY(policy_secret(p, f->secrets.v[i], caller->envp, err));
	for (size_t i = 0; i < f->allow_domains.n; i++)
		TRY(policy_add_domain(p, f->allow_domains.v[i], true, "--allow-domain", err));
	for (size_t i = 0; i < f->deny_domains.n; i++)
		TRY(policy_add_domain(p, f->deny_domains.v[i], false, "--deny-domain", err));
	TRY(add_words(p, &f->publish, "--publish", add_publish, err));
	return add_words(p, &f->artifacts, "--artifacts", add_artifacts, err);
}

static int add_truths(const struct face_flags *f, struct policy *p, struct err *err)
{
	if (f->no_network && f->allow_network)
		return err_input(err, "--no-network and --allow-network exclude each other");
	if (f->no_network || f->allow_network)
		TRY(policy_set(p, POLICY_NETWORK, f->allow_network ? "true" : "false", ORIGIN_FLAG,
			       f->allow_network ? "--allow-network" : "--no-network", err));
	if (f->trace || f->v[POLICY_VIOLATIONS])
		TRY(policy_set(p, POLICY_TRACE, "true", ORIGIN_FLAG,
			       f->trace ? "--trace" : "--violations", err));
	if (f->allow_fs_write)
		TRY(policy_set(p, POLICY_FS_WRITE, "true", ORIGIN_FLAG, "--allow-fs-write", err));
	return 0;
}

/* Of two that say where the root comes from, the nearer one to the command line counts. */
static int one_root(struct policy *p, struct err *err)
{
	struct policy_value *bundle = &p->v[POLICY_BUNDLE], *image = &p->v[POLICY_IMAGE];

	/* Where all of the host is in view, there is no other root; what the environment has for all runs does not bear on it. */
	if (p->view == VIEW_HOST && (bundle->origin == ORIGIN_FLAG || image->origin == ORIGIN_FLAG))
		return err_input(err, "%s: these settings show the host's files, not a bundle's",
				 bundle->origin == ORIGIN_FLAG ? bundle->from : image->from);
	if (p->view == VIEW_HOST)
		*image = (struct policy_value){ 0 };
	if (!bundle->text || !image->text)
		return 0;
	if (bundle->origin == image->origin)
		return err_input(err, "--bundle and --image exclude each other");
	*(bundle->origin > image->origin ? image : bundle) = (struct policy_value){ 0 };
	return 0;
}

int face_policy(struct cli *cli, const struct face_flags *f, const struct caller *caller,
		struct policy *ret, struct err *err)
{
	policy_begin(ret, &cli->arena);
	TRY(policy_environment(ret, caller->envp, err));
	if (f->preset)
		TRY(policy_preset(ret, f->preset, err));
	if (f->settings)
		TRY(read_settings(cli, f->settings, caller, ret, err));
	for (int i = 0; i < POLICY_ITEMS; i++)
		if (f->v[i])
			TRY(policy_set(ret, (enum policy_item)i, f->v[i], ORIGIN_FLAG,
				       arena_printf(&cli->arena, "--%s", policy_rows[i].name),
				       err));
	TRY(add_truths(f, ret, err));
	TRY(add_lists(f, caller, ret, err));
	TRY(policy_settle_network(ret, err));
	TRY(one_root(ret, err));
	if (ret->artifacts.n && !policy_text(ret, POLICY_ARTIFACTS_DIR))
		return err_input(err, "--artifacts needs --artifacts-dir");
	if (policy_n(ret, POLICY_COMMIT) != COMMIT_NEVER && !policy_text(ret, POLICY_WORKSPACE))
		return err_input(err, "--commit needs --workspace");
	cli->rt.log.level = (enum log_level)policy_n(ret, POLICY_LOG_LEVEL);
	return 0;
}
