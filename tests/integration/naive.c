/* SPDX-License-Identifier: Apache-2.0 */
/* naive.c - a container runtime that makes every classic mistake, so that the security tests can be seen to fail.
 *
 * It takes BUNDLE/naive.txt, which security_naive.jq makes from config.json. Paths are glued together and walked as
 * strings, symlinks are followed, what is found at a place is taken for what was meant, fds and the environment are handed
 * on, the root is only a chroot, /proc of the container is believed, and its own file is within reach of the payload.
 *
 *   naive run BUNDLE            as root without a user namespace, unless the bundle asks for one
 *   naive exec PID CWD WORD…    PID is what run wrote to BUNDLE/naive.pid */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINES_MAX 256
#define VALUES_MAX 5
#define PATH_ROOM 8192
#define LEAKED_FD 7

struct line {
	char *value[VALUES_MAX]; /* the word first; missing ones are "" */
};

struct bundle {
	const char *dir;
	struct line lines[LINES_MAX];
	int n;
};

static void die(const char *what)
{
	(void)fprintf(stderr, "naive: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void bundle_read(struct bundle *b)
{
	char path[PATH_ROOM], text[PATH_ROOM];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/naive.txt", b->dir);
	f = fopen(path, "re");
	if (!f)
		die(path);
	while (b->n < LINES_MAX && fgets(text, sizeof(text), f)) {
		char *rest = strdup(text);

		rest[strcspn(rest, "\n")] = '\0';
		for (int i = 0; i < VALUES_MAX; i++)
			b->lines[b->n].value[i] = rest ? strsep(&rest, "\t") : strdup("");
		b->n++;
	}
	(void)fclose(f);
}

/* The next line that begins with word, after *at. */
static char **next(struct bundle *b, const char *word, int *at)
{
	while (*at < b->n) {
		char **value = b->lines[(*at)++].value;

		if (strcmp(value[0], word) == 0)
			return value;
	}
	return NULL;
}

static const char *in_root(const struct bundle *b, const char *path, char room[PATH_ROOM])
{
	(void)snprintf(room, PATH_ROOM, "%s/rootfs%s", b->dir, path);
	return room;
}

static void make_dirs(const char *path)
{
	char part[PATH_ROOM];

	(void)snprintf(part, sizeof(part), "%s", path);
	for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(part, 0755);
		*slash = '/';
	}
	(void)mkdir(part, 0755);
}

static void make_file(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY, 0666);

	if (fd >= 0)
		(void)close(fd);
}

static void one_mount(const struct bundle *b, char **m)
{
	char room[PATH_ROOM];
	const char *place = in_root(b, m[1], room);
	struct stat st;

	if (strstr(m[4], "bind") && stat(m[3], &st) == 0 && !S_ISDIR(st.st_mode))
		make_file(place);
	else
		make_dirs(place);
	if (mount(m[3], place, m[2], strstr(m[4], "bind") ? MS_BIND | MS_REC : 0, NULL) < 0)
		(void)fprintf(stderr, "naive: mount %s: %s\n", place, strerror(errno));
}

/* Where nodes cannot be made, whatever the host has there is bound. */
static void one_device(const struct bundle *b, const char *path, unsigned int dev_major,
		       unsigned int dev_minor)
{
	char room[PATH_ROOM];
	const char *place = in_root(b, path, room);

	/* What is there will be what it is called. */
	if (access(place, F_OK) == 0)
		return;
	if (mknod(place, S_IFCHR | 0666, makedev(dev_major, dev_minor)) == 0)
		return;
	make_file(place);
	(void)mount(path, place, NULL, MS_BIND, NULL);
}

static void devices(struct bundle *b)
{
	char **d, room[PATH_ROOM];

	make_dirs(in_root(b, "/dev", room));
	one_device(b, "/dev/null", 1, 3);
	one_device(b, "/dev/zero", 1, 5);
	for (int at = 0; (d = next(b, "device", &at));)
		one_device(b, d[1], (unsigned int)strtoul(d[2], NULL, 10),
			   (unsigned int)strtoul(d[3], NULL, 10));
	for (int at = 0; next(b, "console", &at);)
		make_file(in_root(b, "/dev/console", room));
}

static void sysctls(struct bundle *b)
{
	char **s, name[PATH_ROOM], room[PATH_ROOM];

	for (int at = 0; (s = next(b, "sysctl", &at));) {
		FILE *f;

		(void)snprintf(name, sizeof(name), "/proc/sys/%s", s[1]);
		f = fopen(in_root(b, name, room), "we");
		if (f && (fputs(s[2], f) < 0 || fclose(f) < 0))
			die(name);
	}
}

static void protect(struct bundle *b)
{
	char **p, room[PATH_ROOM], null[PATH_ROOM];

	for (int at = 0; (p = next(b, "readonly", &at));) {
		const char *place = in_root(b, p[1], room);

		(void)mount(place, place, NULL, MS_BIND, NULL);
		(void)mount(NULL, place, NULL, MS_BIND | MS_REMOUNT | MS_RDONLY, NULL);
	}
	for (int at = 0; (p = next(b, "mask", &at));)
		(void)mount(in_root(b, "/dev/null", null), in_root(b, p[1], room), NULL, MS_BIND,
			    NULL);
}

static void write_to(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		die(path);
	(void)close(fd);
}

static void new_user_namespace(void)
{
	char map[64];
	unsigned int uid = getuid(), gid = getgid();

	if (unshare(CLONE_NEWUSER) < 0)
		die("unshare");
	(void)snprintf(map, sizeof(map), "0 %u 1", uid);
	write_to("/proc/self/uid_map", map);
	write_to("/proc/self/setgroups", "deny");
	(void)snprintf(map, sizeof(map), "0 %u 1", gid);
	write_to("/proc/self/gid_map", map);
}

static void namespaces(struct bundle *b)
{
	char **n;

	for (int at = 0; (n = next(b, "ns", &at));)
		if (strcmp(n[1], "user") == 0)
			new_user_namespace();
	if (unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS) < 0)
		die("unshare");
}

static void become(struct bundle *b)
{
	char *argv[LINES_MAX + 1] = { NULL }, **v, room[PATH_ROOM];
	int n = 0, cwd = 0;

	if (chroot(in_root(b, "", room)) < 0)
		die("chroot");
	v = next(b, "cwd", &cwd);
	if (!v || chdir(v[1]) < 0)
		die("cwd");
	for (int at = 0; (v = next(b, "env", &at));)
		(void)putenv(v[1]);
	for (int at = 0; (v = next(b, "arg", &at));)
		argv[n++] = v[1];
	(void)execvp(argv[0], argv);
	die(argv[0]);
}

static int wait_for(pid_t pid)
{
	int status = 0;

	(void)waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int run(struct bundle *b)
{
	char **v, room[PATH_ROOM], text[16];
	pid_t pid;

	bundle_read(b);
	(void)dup2(open(b->dir, O_RDONLY | O_DIRECTORY), LEAKED_FD);
	for (int at = 0; (v = next(b, "hook", &at));)
		(void)!system(v[1]);
	namespaces(b);
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (int at = 0; (v = next(b, "mount", &at));)
			one_mount(b, v);
		devices(b);
		sysctls(b);
		protect(b);
		become(b);
	}
	(void)snprintf(room, sizeof(room), "%s/naive.pid", b->dir);
	make_file(room);
	(void)snprintf(text, sizeof(text), "%d", pid);
	write_to(room, text);
	return wait_for(pid);
}

static int join(const char *pid, char **cwd_and_argv)
{
	static const char *const kinds[] = { "user", "ipc", "uts", "pid", "mnt" };
	char path[64];
	int fds[5], root;
	pid_t child;

	(void)dup2(open(".", O_RDONLY | O_DIRECTORY), LEAKED_FD);
	(void)snprintf(path, sizeof(path), "/proc/%s/root", pid);
	root = open(path, O_RDONLY | O_DIRECTORY);
	for (int i = 0; i < 5; i++) {
		(void)snprintf(path, sizeof(path), "/proc/%s/ns/%s", pid, kinds[i]);
		fds[i] = open(path, O_RDONLY);
	}
	for (int i = 0; i < 5; i++)
		(void)setns(fds[i], 0);
	child = fork();
	if (child == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (fchdir(root) < 0 || chroot(".") < 0 || chdir(cwd_and_argv[0]) < 0)
			die("cwd");
		(void)execvp(cwd_and_argv[1], cwd_and_argv + 1);
		die(cwd_and_argv[1]);
	}
	return wait_for(child);
}

int main(int argc, char *argv[])
{
	static struct bundle b;

	if (argc == 3 && strcmp(argv[1], "run") == 0) {
		b.dir = argv[2];
		return run(&b);
	}
	if (argc >= 5 && strcmp(argv[1], "exec") == 0)
		return join(argv[2], argv + 3);
	(void)fprintf(stderr, "naive run BUNDLE | exec PID CWD WORD...\n");
	return 2;
}
