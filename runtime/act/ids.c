/* SPDX-License-Identifier: Apache-2.0 */
/* ids.c - ranges of ids by newuidmap, and the switch to an id that is mapped. */
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "runtime/act/act.h"
#include "runtime/act/spawn.h"
#include "runtime/act/varlink.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

#define MAP_WORDS_MAX 1024
#define HELPER_TIMEOUT_MS 10000

/* "0 1000 1\n1 100000 65536" becomes the words of newuidmap's command line, in place. */
static int split(char *text, const char **words, size_t room, struct err *err)
{
	size_t n = 2;

	for (char *word = strtok_r(text, " \n", &text); word; word = strtok_r(NULL, " \n", &text)) {
		if (n + 1 >= room)
			return err_limit(err, "too many id mappings");
		words[n++] = word;
	}
	words[n] = NULL;
	return 0;
}

int act_id_map_helper(struct act *x, const struct op *op, struct err *err)
{
	static const char *const no_env[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };
	const char *words[MAP_WORDS_MAX];
	char text[16384], pid[16];
	int status;

	if (strlen(op->text) >= sizeof(text))
		return err_limit(err, "too many id mappings");
	memcpy(text, op->text, strlen(op->text) + 1);
	(void)snprintf(pid, sizeof(pid), "%d", x->child);
	words[0] = op->path;
	words[1] = pid;
	TRY(split(text, words, ARRAY_LEN(words), err));
	TRY(spawn_wait(op->path, words, no_env, NULL, HELPER_TIMEOUT_MS, &status, err));
	if (status != 0)
		return err_set(err, ERR_HOST, 0,
			       "%s refused the id map (exit status %d); /etc/subuid and "
			       "/etc/subgid must grant it to this user",
			       op->path, status);
	return 0;
}

/* systemd-nsresourced.service(8): the service finds a range that nobody has and maps it, uids and gids alike. */
int act_id_map_service(struct act *x, const struct op *op, struct err *err)
{
	char parameters[256], path[48];
	scoped_fd int user = -1;

	(void)snprintf(path, sizeof(path), "%d/ns/user", x->child);
	user = sys_openat(x->proc_fd, path, O_RDONLY | O_CLOEXEC, 0);
	if (user < 0)
		return err_host(err, errno, "open the user namespace of the container");
	(void)snprintf(parameters, sizeof(parameters),
		       "{\"name\":\"%s\",\"size\":%llu,\"target\":%llu,"
		       "\"userNamespaceFileDescriptor\":0}",
		       op->text, (unsigned long long)op->b, (unsigned long long)op->a);
	return varlink_call(op->path, "io.systemd.NamespaceResource.AllocateUserRange", parameters,
			    user, err);
}

int act_become_root(struct act *x, const struct op *op, struct err *err)
{
	(void)x;
	if (sys_setresgid((gid_t)op->b) < 0)
		return err_host(err, errno, "become gid %llu in the user namespace",
				(unsigned long long)op->b);
	if (sys_setgroups(0, NULL) < 0 && errno != EPERM)
		return err_host(err, errno, "drop the groups of the caller");
	if (sys_setresuid((uid_t)op->a) < 0)
		return err_host(err, errno, "become uid %llu in the user namespace",
				(unsigned long long)op->a);
	return 0;
}

/* It must not outlive us: what of ours it has open keeps a container waiting that would else hear of our end. And it says
 * something whatever happens, as we have the other end of that pipe, too. */
static _Noreturn void be_user(const struct act *x, pid_t parent, int tell_fd)
{
	int dir = -1;

	if (sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) == 0 && getppid() == parent)
		dir = sys_openat(x->proc_fd, "self", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	(void)!write(tell_fd, &dir, sizeof(dir));
	if (dir < 0)
		_exit(1);
	for (;;)
		(void)pause();
}

/* A user namespace exists as long as somebody is in it or holds it open: a child enters one and waits to be ended. Only it
 * knows itself in a /proc of another pid namespace: it opens its directory there in the fds that both share, and tells
 * which one that is. */
static pid_t clone_user(const struct act *x, int tell_fd)
{
	struct clone_args args = { .flags = CLONE_NEWUSER | CLONE_FILES, .exit_signal = SIGCHLD };
	pid_t parent = getpid(), pid = sys_clone3(&args, sizeof(args));

	if (pid == 0)
		be_user(x, parent, tell_fd);
	return pid;
}

static int write_map(int dir, const char *file, const struct id_mappings *m, struct err *err)
{
	char text[4096];
	size_t n = 0;

	for (size_t i = 0; i < m->n && n + 40 < sizeof(text); i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%u %u %u\n",
				      m->v[i].container_id, m->v[i].host_id, m->v[i].size);
	return fd_write_at(dir, file, text, err);
}

static int fill_user(int told_fd, const struct mount_idmap *map, int *ret, struct err *err)
{
	int told;

	if (sys_read(told_fd, &told, sizeof(told)) != (ssize_t)sizeof(told) || told < 0)
		return err_host(err, EPROTO, "find the user namespace for the mount's ids");
	scoped_fd int dir = told;
	TRY(write_map(dir, "uid_map", &map->uids, err));
	TRY(write_map(dir, "gid_map", &map->gids, err));
	*ret = sys_openat(dir, "ns/user", O_RDONLY | O_CLOEXEC, 0);
	return *ret < 0 ? err_host(err, errno, "open the user namespace for the mount's ids") : 0;
}

int act_idmap_fd(struct act *x, const struct mount_idmap *map, int *ret, struct err *err)
{
	int ends[2], r;
	siginfo_t info;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return err_host(err, errno, "make a pipe");
	scoped_fd int reader = ends[0];
	scoped_fd int writer = ends[1];
	pid = clone_user(x, writer);
	if (pid < 0)
		return err_host(err, errno, "make a user namespace for the mount's ids");
	r = fill_user(reader, map, ret, err);
	(void)sys_kill(pid, SIGKILL);
	(void)sys_waitid(P_PID, (id_t)pid, &info, WEXITED);
	return r;
}
