/* SPDX-License-Identifier: Apache-2.0 */
/* global.c - the options before the command become the runtime's settings. */
#include "runtime/cli/global.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "runtime/cli/command.h"
#include "spec/base/path.h"

enum { FORMAT_TEXT = 1, FORMAT_JSON };
enum { MANAGER_CGROUPFS = 1, MANAGER_SYSTEMD, MANAGER_DISABLED };

static const struct name formats[] = { { "text", FORMAT_TEXT }, { "json", FORMAT_JSON }, { 0 } };

/* Levels plus one, as 0 is "not given"; the words of both peers. */
static const struct name levels[] = {
	{ "error", LOG_LEVEL_ERROR + 1 },
	{ "warning", LOG_LEVEL_WARN + 1 },
	{ "info", LOG_LEVEL_INFO + 1 },
	{ "debug", LOG_LEVEL_DEBUG + 1 },
	{ "warn", LOG_LEVEL_WARN + 1 },
	{ "trace", LOG_LEVEL_DEBUG + 1 },
	{ "fatal", LOG_LEVEL_ERROR + 1 },
	{ "panic", LOG_LEVEL_ERROR + 1 },
	{ 0 },
};

static const struct name managers[] = {
	{ "cgroupfs", MANAGER_CGROUPFS },
	{ "systemd", MANAGER_SYSTEMD },
	{ "disabled", MANAGER_DISABLED },
	{ 0 },
};

static const struct name rootless_words[] = { { "true", 1 }, { "false", 2 }, { "auto", 0 }, { 0 } };

#define ROW(member, ...) OPTION(struct globals, member, __VA_ARGS__)
#define WORDS(member, ...) OPTION_OF_WORDS(struct globals, member, __VA_ARGS__)
static const struct option_row rows[] = {
	ROW(root, "root", 0, STRING, "DIR", "directory of the containers' states"),
	ROW(log, "log", 0, STRING, "TARGET",
	    "append records to FILE (or file:FILE), or send them to journald:ID or syslog:ID"),
	WORDS(log_format, "log-format", 0, CHOICE, "FORMAT", formats, "format of records"),
	WORDS(log_level, "log-level", 0, CHOICE, "LEVEL", levels,
	      "least important records that are kept"),
	ROW(debug, "debug", 0, FLAG, NULL, "the same as --log-level debug"),
	ROW(systemd_cgroup, "systemd-cgroup", 0, FLAG, NULL,
	    "the same as --cgroup-manager systemd"),
	WORDS(cgroup_manager, "cgroup-manager", 0, CHOICE, "MANAGER", managers,
	      "who makes the container's cgroup"),
	WORDS(rootless, "rootless", 0, OPTIONAL, "MODE", rootless_words,
	      "accepted from callers of other runtimes, without effect"),
	ROW(strict, "strict", 0, FLAG, NULL, "fail where something asked for cannot be applied"),
	ROW(criu, "criu", 0, STRING, "PROGRAM",
	    "the CRIU of checkpoint and restore; default is criu, by PATH"),
	ROW(version, "version", 'v', FLAG, NULL, "print the version"),
};
const struct option_table global_options = OPTIONS(rows, 1);

/* Sockets of the host's log services. The environment names them for tests of this program, and for hosts that have them
 * elsewhere. */
static const struct {
	const char *word, *variable, *path;
	enum log_kind kind;
} services[] = {
	{ "journald:", "SRT_OCI_JOURNAL_SOCKET", "/run/systemd/journal/socket", LOG_JOURNALD },
	{ "syslog:", "SRT_OCI_SYSLOG_SOCKET", "/dev/log", LOG_SYSLOG },
};

static int log_service(const char *path, struct log *log, struct err *err)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof(to.sun_path))
		return err_input(err, "the path of the log socket %.64s is too long", path);
	(void)snprintf(to.sun_path, sizeof(to.sun_path), "%s", path);
	log->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (log->fd < 0 || connect(log->fd, (const struct sockaddr *)&to, sizeof(to)) < 0)
		return err_host(err, errno, "reach the log service at %s", path);
	return 0;
}

/* What --log names: journald:ID or syslog:ID, file:FILE or FILE; *given is NULL for none. */
static int log_open(const char *given, struct log *log, struct err *err)
{
	for (size_t i = 0; i < ARRAY_LEN(services); i++) {
		const char *path = getenv(services[i].variable);

		if (!str_starts(given, services[i].word))
			continue;
		log->kind = services[i].kind;
		log->tag = given + strlen(services[i].word);
		return log_service(path && *path ? path : services[i].path, log, err);
	}
	if (str_starts(given, "file:"))
		given += strlen("file:");
	log->timed = true;
	log->fd = open(given, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0644);
	return log->fd < 0 ? err_host(err, errno, "open the log %s", given) : 0;
}

int globals_log(const struct globals *g, struct log *ret, struct err *err)
{
	struct log log = { .fd = STDERR_FILENO, .program = PROGRAM };
	bool elsewhere = g->log && *g->log && !str_eq(g->log, "file:");

	log.json = g->log_format == FORMAT_JSON;
	/* Warnings go to a log only: an engine takes standard error for the container's. And not to one of JSON records
	 * unasked: Podman reads such a log as one record, the error. */
	log.level = elsewhere && !log.json ? LOG_LEVEL_WARN : LOG_LEVEL_ERROR;
	if (g->log_level)
		log.level = (enum log_level)(g->log_level - 1);
	if (g->debug)
		log.level = LOG_LEVEL_DEBUG;
	if (elsewhere)
		TRY(log_open(g->log, &log, err));
	*ret = log;
	return 0;
}

void globals_runtime(const struct globals *g, struct runtime *rt)
{
	int manager = g->cgroup_manager;

	/* conmon gives both where podman runs without cgroups: the named one counts. */
	if (!manager)
		manager = g->systemd_cgroup ? MANAGER_SYSTEMD : MANAGER_CGROUPFS;
	rt->strict = g->strict;
	rt->criu = g->criu ? g->criu : "criu";
	rt->systemd_cgroup = manager == MANAGER_SYSTEMD;
	rt->cgroup_manager = name_of(managers, manager);
}

/* A directory of ours alone, not a symlink to one. */
static bool is_private(const char *path, uid_t uid)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == uid &&
	       (st.st_mode & 077) == 0;
}

static int root_in_tmp(uid_t uid, struct arena *a, const char **ret, struct err *err)
{
	const char *path = arena_printf(a, "/tmp/" PROGRAM "-%u", uid);

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return err_host(err, errno, "make the state directory %s", path);
	if (!is_private(path, uid))
		return err_state(err,
				 "%s is not a directory that only uid %u may enter; "
				 "set XDG_RUNTIME_DIR or give --root",
				 path, uid);
	*ret = path;
	return 0;
}

static int root_default(struct arena *a, const char **ret, struct err *err)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");
	uid_t uid = geteuid();

	/* The root of an engine's user namespace sees the host's /run and cannot write there. */
	if (uid == 0 && access("/run", W_OK) == 0) {
		*ret = "/run/" PROGRAM;
		return 0;
	}
	if (!dir || !path_is_absolute(dir)) {
		dir = arena_printf(a, "/run/user/%u", uid);
		if (!is_private(dir, uid))
			return root_in_tmp(uid, a, ret, err);
	}
	*ret = path_join(a, dir, PROGRAM);
	return 0;
}

int globals_root(const struct globals *g, struct arena *a, const char **ret, struct err *err)
{
	char cwd[PATH_MAX];

	if (!g->root)
		return root_default(a, ret, err);
	if (!*g->root)
		return err_input(err, "--root is empty");
	if (path_is_absolute(g->root)) {
		*ret = g->root;
		return 0;
	}
	if (!getcwd(cwd, sizeof(cwd)))
		return err_host(err, errno, "find the working directory");
	*ret = path_join(a, cwd, g->root);
	return 0;
}
