/* SPDX-License-Identifier: Apache-2.0 */
/* nat.c - begins the program that is a container's way out, and keeps it no longer than the container.
 * Should: allow no more than a way out: no port of the host's leads in, nothing inside leads to the host's loopback.  Mustn't:
 * leave it a descriptor or a variable of ours, or go on without it. */
#include "runtime/life/nat.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/life/beside.h"
#include "runtime/plan/plan.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"
#include "spec/oci/words.h"

#define KEEPER_NAME "srt-nat"
/* How long it may take until it is ready, and what is kept of what it says until then. */
#define READY_MS 10000
/* How long it may take a keeper to say that it ends with its container. */
#define BYE_MS 1000
#define WORDS_MAX 512
/* Of a container that ends its program may be gone a little before. */
#define GRACE_MS 100
#define RESOLV_CONF "/etc/resolv.conf"
#define RESOLV_MAX 65536
#define NAME_SERVER "nameserver"
#define ARGS_MAX 32
#define NOT_RUN 127
/* In the program: where it says that it is ready, and what it ends with. */
#define READY_FD 3
#define EXIT_FD 4

/* What each program is called with. Of pasta the file of its pid, which is written when it is ready, is that descriptor, too. */
static const char *const pasta_words[] = {
	"--foreground",
	"--quiet",
	"--config-net",
	"--no-map-gw",
	"--tcp-ports",
	"none",
	"--udp-ports",
	"none",
	"--tcp-ns",
	"none",
	"--udp-ns",
	"none",
	"--ns-ifname",
	"eth0",
	"--dns-forward",
	NETWORK_PASTA_NAMES,
	"--pid",
	"/dev/stdout",
	NULL,
};
/* Else it would become a user who has no rights over the namespaces. */
static const char *const pasta_root_words[] = { "--runas", "0", NULL };
static const char *const slirp_words[] = {
	"--configure",
	"--mtu=65520",
	"--disable-host-loopback",
	"--enable-sandbox",
	"--enable-seccomp",
	"--ready-fd=3",
	"--exit-fd=4",
	NULL,
};
static const char *const slirp_last[] = { "tap0", NULL };
static const char *const environment[] = {
	"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", NULL
};

static const struct program {
	int mode;
	const char *package;
	const char *const *words, *const *root_words, *const *last;
} programs[] = {
	{ NETWORK_PASTA, "passt", pasta_words, pasta_root_words, NULL },
	{ NETWORK_SLIRP4NETNS, "slirp4netns", slirp_words, NULL, slirp_last },
};

static const struct program *program_of(int mode)
{
	return &programs[mode == NETWORK_SLIRP4NETNS];
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		(void)sys_close(take_fd(fd));
}

/* --- before --- */

static bool can_run(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

int nat_find(int mode, struct arena *a, const char **ret, struct err *err)
{
	const char *name = name_of(word_network_modes, mode), *dirs = getenv("PATH");

	for (const char *at = dirs ? dirs : ""; *at; at += strspn(at, ":")) {
		size_t n = strcspn(at, ":");
		const char *path = path_join(a, arena_strn(a, at, n), name);

		at += n;
		/* A relative one would be whatever lies where the caller is. */
		if (!path_is_absolute(path) || !can_run(path))
			continue;
		*ret = path;
		return 0;
	}
	return err_state(err, "%s is not in PATH: install it (Debian: apt-get install %s)", name,
			 program_of(mode)->package);
}

int nat_prepare(struct nat *n, int mode, struct arena *a, struct err *err)
{
	n->mode = mode;
	return nat_find(mode, a, &n->program, err);
}

/* --- the program --- */

struct pipes {
	int ready[2], words[2], end[2];
};

static void add_words(const char **args, size_t *n, const char *const *words)
{
	for (; words && *words && *n + 1 < ARGS_MAX; words++)
		args[(*n)++] = *words;
}

static int place_fds(const struct pipes *p)
{
	const int from[] = { -1, p->ready[1], p->words[1], p->ready[1], p->end[0] };
	int high[ARRAY_LEN(from)];

	/* First out of each other's way. */
	for (size_t i = 1; i < ARRAY_LEN(from); i++) {
		high[i] = sys_fcntl(from[i], F_DUPFD_CLOEXEC, 16);
		if (high[i] < 0)
			return -1;
	}
	for (size_t i = 1; i < ARRAY_LEN(from); i++)
		if (sys_dup3(high[i], (int)i, 0) < 0)
			return -1;
	return sys_close_range(EXIT_FD + 1, ~0U, 0);
}

static _Noreturn void run_program(const struct nat *n, pid_t container, const struct pipes *p)
{
	const struct program *program = program_of(n->mode);
	const char *args[ARGS_MAX] = { path_base(n->program) };
	size_t count = 1;
	char pid[16];

	add_words(args, &count, program->words);
	if (geteuid() == 0)
		add_words(args, &count, program->root_words);
	(void)snprintf(pid, sizeof(pid), "%d", container);
	args[count++] = pid;
	add_words(args, &count, program->last);
	/* The keeper's end is the program's, even a violent one. */
	if (sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || place_fds(p) < 0)
		_exit(NOT_RUN);
	(void)execve(n->program, (char *const *)(uintptr_t)args,
		     (char *const *)(uintptr_t)environment);
	(void)dprintf(2, "%s: %s\n", n->program, strerror(errno));
	_exit(NOT_RUN);
}

/* --- the keeper --- */

struct keeper {
	const struct nat *nat;
	pid_t container, program;
	int container_fd, program_fd, tell_fd;
	bool ready; /* nobody waits any more */
	struct pipes pipes;
	char words[WORDS_MAX];
	size_t words_n;
};

/* What it said, as one line of what can be shown. */
static void one_line(struct keeper *k)
{
	size_t n = 0;

	for (size_t i = 0; i < k->words_n; i++) {
		unsigned char c = (unsigned char)k->words[i];

		if (c == '\n' && (n == 0 || k->words[n - 1] == '|'))
			continue;
		k->words[n++] = c == '\n' ? '|' : c < ' ' || c >= 0x7f ? '?' : (char)c;
	}
	k->words[n && k->words[n - 1] == '|' ? n - 1 : n] = '\0';
}

static void tell_failure(struct keeper *k, const char *how)
{
	struct err err;

	one_line(k);
	(void)err_set(&err, ERR_HOST, 0, "%s %s%s%s", name_of(word_network_modes, k->nat->mode),
		      how, k->words[0] ? ": " : "", k->words);
	if (sys_write(k->tell_fd, &err, sizeof(err)) < 0)
		return; /* nobody hears it who is not there */
}

/* False at its end. */
static bool take_words(struct keeper *k)
{
	char more[WORDS_MAX];
	ssize_t got = sys_read(k->pipes.words[0], more, sizeof(more));
	size_t n = got < 0 ? 0 : (size_t)got, room = sizeof(k->words) - 1 - k->words_n;

	memcpy(k->words + k->words_n, more, n < room ? n : room);
	k->words_n += n < room ? n : room;
	return got > 0;
}

static _Noreturn void end_program(const struct keeper *k, int status)
{
	siginfo_t info;

	(void)sys_pidfd_send_signal(k->program_fd, SIGKILL);
	while (sys_waitid(P_PID, (id_t)k->program, &info, WEXITED) < 0 && errno == EINTR)
		;
	_exit(status);
}

/* As it should be; a keeper that is killed says nothing. */
static _Noreturn void end_with_container(const struct keeper *k)
{
	if (k->ready)
		(void)send(k->tell_fd, "", 1, MSG_NOSIGNAL); /* perhaps nobody is there to hear */
	end_program(k, 0);
}

enum { FD_CONTAINER, FD_PROGRAM, FD_WORDS, FD_READY, FD_TELL, FD_COUNT };

static void look(struct keeper *k, struct pollfd p[FD_COUNT], int timeout_ms)
{
	p[FD_CONTAINER] = (struct pollfd){ .fd = k->container_fd, .events = POLLIN };
	p[FD_PROGRAM] = (struct pollfd){ .fd = k->program_fd, .events = POLLIN };
	p[FD_WORDS] = (struct pollfd){ .fd = k->pipes.words[0], .events = POLLIN };
	p[FD_READY] = (struct pollfd){ .fd = k->pipes.ready[0], .events = POLLIN };
	p[FD_TELL] = (struct pollfd){ .fd = k->ready ? -1 : k->tell_fd, .events = 0 };
	if (poll(p, FD_COUNT, timeout_ms) == 0) {
		tell_failure(k, "was not ready in time");
		end_program(k, 1);
	}
	/* Whoever waits for the network, or is to have it, is gone. */
	if (p[FD_CONTAINER].revents || p[FD_TELL].revents)
		end_with_container(k);
	if (p[FD_WORDS].revents && !take_words(k))
		close_one(&k->pipes.words[0]);
}

static void wait_ready(struct keeper *k)
{
	struct pollfd p[FD_COUNT];
	char first;

	for (;;) {
		look(k, p, READY_MS);
		if ((p[FD_READY].revents & POLLIN) && sys_read(k->pipes.ready[0], &first, 1) == 1)
			break;
		if (!p[FD_PROGRAM].revents)
			continue;
		while (k->pipes.words[0] >= 0 && take_words(k))
			;
		tell_failure(k, "failed");
		end_program(k, 1);
	}
	if (sys_write(k->tell_fd, "", 1) != 1)
		end_program(k, 0);
	close_one(&k->pipes.ready[0]);
	k->ready = true;
	k->words_n = 0;
}

/* The program has ended while there is a container; who waits for that one hears it. */
static void tell_loss(struct keeper *k)
{
	struct pollfd container = { .fd = k->container_fd, .events = POLLIN };

	if (poll(&container, 1, GRACE_MS) > 0)
		end_with_container(k);
	while (k->pipes.words[0] >= 0 && take_words(k))
		;
	tell_failure(k, "has ended: there is no network any more");
}

static void close_other_ends(struct keeper *k)
{
	close_one(&k->pipes.ready[1]);
	close_one(&k->pipes.words[1]);
	close_one(&k->pipes.end[0]);
}

static int open_pipes(struct pipes *p)
{
	return pipe2(p->ready, O_CLOEXEC) < 0 || pipe2(p->words, O_CLOEXEC) < 0 ||
			       pipe2(p->end, O_CLOEXEC) < 0
		       ? -1
		       : 0;
}

static _Noreturn void keep(const struct nat *n, pid_t container, int container_fd, int tell_fd)
{
	struct keeper k = { .nat = n, .container = container };
	struct pollfd p[FD_COUNT];

	beside_begin(KEEPER_NAME);
	/* What is kept: 3 and 4. */
	k.tell_fd = sys_fcntl(tell_fd, F_DUPFD_CLOEXEC, 5);
	k.container_fd = sys_fcntl(container_fd, F_DUPFD_CLOEXEC, 5);
	if (k.tell_fd < 0 || k.container_fd < 0 || sys_dup3(k.tell_fd, 3, O_CLOEXEC) < 0 ||
	    sys_dup3(k.container_fd, 4, O_CLOEXEC) < 0 || beside_close(5) < 0)
		_exit(1);
	k.tell_fd = 3;
	k.container_fd = 4;
	if (open_pipes(&k.pipes) < 0)
		_exit(1);
	k.program = beside_clone(&k.program_fd);
	if (k.program == 0)
		run_program(n, container, &k.pipes);
	if (k.program < 0)
		_exit(1);
	close_other_ends(&k);
	wait_ready(&k);
	do
		look(&k, p, -1);
	while (!p[FD_PROGRAM].revents);
	tell_loss(&k);
	end_program(&k, 1);
}

/* --- ours --- */

static int hear(int fd, struct err *err)
{
	struct err heard;
	ssize_t n;

	do
		n = sys_read(fd, &heard, sizeof(heard));
	while (n < 0 && errno == EINTR);
	if (n == 1)
		return 0;
	if (n != (ssize_t)sizeof(heard))
		return err_host(err, EPROTO, "hear from the keeper of the network's program");
	*err = heard;
	return -1;
}

int nat_begin(struct nat *n, pid_t pid, int pidfd, struct err *err)
{
	int ends[2], r;

	if (!n->program || n->keeper)
		return err_host(err, EPROTO, "a network that was not asked for");
	if (sys_socketpair(SOCK_SEQPACKET | SOCK_CLOEXEC, ends) < 0)
		return err_host(err, errno, "make a socket pair");
	n->keeper = beside_clone(&n->pidfd);
	if (n->keeper == 0)
		keep(n, pid, pidfd, ends[1]);
	(void)sys_close(ends[1]);
	scoped_fd int ours = ends[0];
	if (n->keeper < 0) {
		n->keeper = 0;
		return err_host(err, errno, "make the keeper of the network's program");
	}
	r = hear(ours, err);
	if (r < 0)
		nat_end(n);
	else
		n->line = take_fd(&ours);
	return r;
}

bool nat_lost(const struct nat *n, struct err *ret)
{
	struct pollfd line = { .fd = n->line, .events = POLLIN };
	ssize_t got = poll(&line, 1, n->line < 0 ? 0 : BYE_MS) > 0
			      ? recv(n->line, ret, sizeof(*ret), MSG_DONTWAIT)
			      : -1;

	if (got == (ssize_t)sizeof(*ret))
		return true;
	if (got != 0)
		return false;
	/* The keeper itself is gone, and the program with it. */
	(void)err_set(ret, ERR_HOST, 0, "%s has ended: there is no network any more",
		      name_of(word_network_modes, n->mode));
	return true;
}

/* A line "nameserver ADDRESS". */
static const char *server_of(const char *line)
{
	size_t n = strlen(NAME_SERVER);

	if (strncmp(line, NAME_SERVER, n) != 0 || (line[n] != ' ' && line[n] != '\t'))
		return NULL;
	return line + n + strspn(line + n, " \t");
}

bool nat_lacks_names(struct arena *a)
{
	struct err ignored;
	size_t len, v6 = 0;
	char *text;

	if (file_read(AT_FDCWD, RESOLV_CONF, RESOLV_MAX, a, &text, &len, &ignored) < 0)
		return false;
	for (const char *line = text; line; line = strchr(line, '\n')) {
		const char *server;
		size_t n;

		line += *line == '\n';
		server = server_of(line);
		n = server ? strcspn(server, "\n") : 0;
		if (server && !memchr(server, ':', n))
			return false;
		v6 += server != NULL;
	}
	return v6 > 0;
}

void nat_end(struct nat *n)
{
	if (n->keeper > 0)
		(void)sys_pidfd_send_signal(n->pidfd, SIGKILL);
	(void)beside_wait(&n->keeper);
}

void nat_done(struct nat *n)
{
	close_one(&n->pidfd);
	close_one(&n->line);
}
