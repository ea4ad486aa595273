/* SPDX-License-Identifier: Apache-2.0 */
/* exec.c - finds the program and becomes it.
 * Mustn't: let an fd of the runtime's through, whatever opened it. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/act/act.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
/* Of passwd(5) so much is read, by pieces: a whole one on the stack costs a page fault for each page. */
#define PASSWD_MAX 65536
#define PASSWD_PIECE 2048

/* The place "exec" and this wording are what engines parse: "executable file not found in $PATH" and "permission denied". */
static int not_runnable(const char *name, int errnum, struct err *err)
{
	if (errnum == ENOENT || errnum == ENOTDIR) {
		(void)err_set(
			err, ERR_HOST, 0,
			"\"%s\": executable file not found in $PATH: no such file or directory",
			name);
		err->errnum = ENOENT;
	} else if (errnum == EACCES || errnum == EISDIR || errnum == EPERM) {
		(void)err_set(err, ERR_HOST, 0, "\"%s\": permission denied", name);
		err->errnum = EACCES;
	} else {
		(void)err_host(err, errnum, "\"%s\"", name);
	}
	return err_in(err, "exec");
}

static int runnable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -1;
	if (!S_ISREG(st.st_mode)) {
		errno = EACCES;
		return -1;
	}
	return faccessat(AT_FDCWD, path, X_OK, AT_EACCESS);
}

static const char *env_value(const char *const envp[], const char *name)
{
	size_t n = strlen(name);

	for (; *envp; envp++)
		if (strncmp(*envp, name, n) == 0 && (*envp)[n] == '=')
			return *envp + n + 1;
	return NULL;
}

int act_find(const char *const argv[], const char *const envp[], bool look, char *path, size_t room,
	     struct err *err)
{
	const char *name = argv[0], *dirs = env_value(envp, "PATH");
	int seen = ENOENT;

	if (strchr(name, '/')) {
		if ((size_t)snprintf(path, room, "%s", name) >= room)
			return not_runnable(name, ENAMETOOLONG, err);
		return look && runnable(path) < 0 ? not_runnable(name, errno, err) : 0;
	}
	if (!name[0])
		return not_runnable(name, ENOENT, err);
	for (dirs = dirs ? dirs : DEFAULT_PATH; *dirs; dirs += strspn(dirs, ":")) {
		size_t n = strcspn(dirs, ":");
		struct stat st;

		if ((size_t)snprintf(path, room, "%.*s/%s", (int)n, dirs, name) < room &&
		    runnable(path) == 0)
			return 0;
		/* A directory that may not be searched says nothing about what is in it. */
		if (errno == EACCES && stat(path, &st) == 0)
			seen = EACCES;
		dirs += n;
	}
	return not_runnable(name, seen, err);
}

/* One line of passwd(5): the sixth field, if the third is uid. */
static bool home_in_line(const char *line, size_t len, uint32_t uid, char *home, size_t room)
{
	const char *field[7];
	size_t n = 0;
	struct err ignored;
	char number[16];
	uint64_t found;

	field[n++] = line;
	for (size_t i = 0; i < len && n < 7; i++)
		if (line[i] == ':')
			field[n++] = line + i + 1;
	if (n < 7 || (size_t)(field[3] - field[2]) > sizeof(number) ||
	    (size_t)(field[6] - field[5]) > room)
		return false;
	memcpy(number, field[2], (size_t)(field[3] - field[2] - 1));
	number[field[3] - field[2] - 1] = '\0';
	if (str_u64(number, 10, UINT32_MAX, &found, &ignored) < 0 || found != uid ||
	    field[5][0] != '/')
		return false;
	memcpy(home, field[5], (size_t)(field[6] - field[5] - 1));
	home[field[6] - field[5] - 1] = '\0';
	return true;
}

/* A line that does not fit into a piece ends the search. */
static bool home_in_file(int fd, uint32_t uid, char *home, size_t room)
{
	char text[PASSWD_PIECE];
	size_t len = 0;
	ssize_t n;

	for (size_t all = 0; all < PASSWD_MAX && len < sizeof(text); all += (size_t)n) {
		const char *line = text, *end;

		n = sys_read(fd, text + len, sizeof(text) - len);
		if (n <= 0)
			return home_in_line(text, len, uid, home, room);
		len += (size_t)n;
		for (; (end = memchr(line, '\n', len)); line = end + 1) {
			if (home_in_line(line, (size_t)(end - line), uid, home, room))
				return true;
			len -= (size_t)(end + 1 - line);
		}
		memmove(text, line, len);
	}
	return false;
}

/* HOME from the container's own passwd file; "/" where that does not know the user. */
static void find_home(const struct act *x, uint32_t uid, char *home, size_t room)
{
	/* Who enters a container that runs, or has waited, holds no root. */
	scoped_fd int own =
		x->root_fd >= 0 ? -1
				: sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	int root = x->root_fd >= 0 ? x->root_fd : own;
	scoped_fd int fd = root < 0 ? -1 : open_in_root(root, "/etc/passwd", O_RDONLY | O_NONBLOCK);

	if (fd < 0 || !home_in_file(fd, uid, home, room))
		(void)snprintf(home, room, "/");
}

static int reset_process(struct act *x, struct err *err)
{
	sigset_t none;

	(void)sys_umask(x->umask);
	if (sys_close_range(3 + x->plan->keep_fds, ~0U, CLOSE_RANGE_CLOEXEC) < 0)
		return err_host(err, errno, "close the runtime's file descriptors");
	(void)sigemptyset(&none);
	/* What our caller ignores, as nohup and a shell's & do, would stay ignored; KILL and STOP cannot be set. */
	sys_signals_default();
	(void)sys_sigprocmask(SIG_SETMASK, &none, NULL);
	return 0;
}

/* Fds that are handed on lose the mark that closes them. */
static void keep_fds(const struct plan *p)
{
	for (uint32_t i = 0; i < p->keep_fds; i++)
		(void)sys_fcntl(3 + (int)i, F_SETFD, 0);
}

int act_ready(struct act *x, char home[ACT_HOME_ROOM], struct err *err)
{
	const struct plan *p = x->plan;

	if (p->home_missing) {
		(void)snprintf(home, ACT_HOME_ROOM, "HOME=");
		find_home(x, p->uid, home + strlen(home), ACT_HOME_ROOM - strlen(home));
		p->envp[p->envp_n] = home;
	}
	keep_fds(p);
	return reset_process(x, err);
}

int act_exec(struct act *x, const char *path, struct err *err)
{
	const struct plan *p = x->plan;

	(void)execve(path, (char *const *)p->argv, (char *const *)p->envp);
	return not_runnable(p->argv[0], errno, err);
}
