/* SPDX-License-Identifier: Apache-2.0 */
/* serve.c - the pool's process: its socket, its workers, and who waits for what.
 * Should: never wait for a client.  Mustn't: let anybody but its owner in. */
#include "runtime/sandbox/serve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "runtime/life/terminal.h"
#include "runtime/stage/init.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

#define BACKLOG 1024

struct worker {
	struct source source; /* our end of its channel */
	pid_t pid;
	bool waits; /* for a task */
	struct pool_zygote *zygote; /* of the task that it has; NULL: none */
	bool early; /* the task may be in the making */
	bool lent; /* the task is its next one */
	bool recalled; /* which is wanted back */
	uint32_t changes, networks; /* of the pool, when it was lent */
	struct sleeper sleeper; /* its task */
	struct worker *next, *behind; /* of all; of those that wait */
};

struct server {
	const struct request *q;
	const struct serve_options *o;
	struct pool pool;
	struct source listener, signals, input;
	sigset_t outside;
	struct worker *workers; /* the oldest first */
	struct worker *queue, **queue_end; /* that wait, who came first is first */
	uint32_t workers_n, waiting, recalled;
	uint32_t changes; /* of the pool, that were looked at */
	struct worker *last; /* who had a task last, and may want another; NULL: nobody */
	uint64_t look_at; /* at those that sleep, by the monotonic clock in ms; 0: never */
	bool ends;
};

/* --- the socket --- */

static int fill_address(const char *path, struct sockaddr_un *ret, struct err *err)
{
	*ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(ret->sun_path))
		return err_input(err, "--socket: the path is longer than %zu bytes",
				 sizeof(ret->sun_path) - 1);
	memcpy(ret->sun_path, path, strlen(path) + 1);
	return 0;
}

/* One that nobody listens at any more was left by a pool that was killed. */
static int clear_path(const struct sockaddr_un *address, struct err *err)
{
	scoped_fd int fd = sys_socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const char *path = address->sun_path;
	struct stat st;

	if (sys_fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : err_host(err, errno, "--socket: look at %s", path);
	if (!S_ISSOCK(st.st_mode))
		return err_input(err, "--socket: %s is there and is no socket", path);
	if (sys_connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
		return err_input(err, "--socket: somebody listens at %s already", path);
	if (errno != ECONNREFUSED)
		return err_host(err, errno, "--socket: connect to %s", path);
	return sys_unlinkat(AT_FDCWD, path, 0) < 0 ? err_host(err, errno, "remove %s", path) : 0;
}

static int listen_at(struct server *s, struct err *err)
{
	struct sockaddr_un address;
	mode_t mask;
	int r;

	TRY(fill_address(s->o->socket, &address, err));
	TRY(clear_path(&address, err));
	s->listener = (struct source){
		SOURCE_LISTENER, sys_socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)
	};
	mask = sys_umask(0177);
	r = bind(s->listener.fd, (const struct sockaddr *)&address, sizeof(address));
	(void)sys_umask(mask);
	if (r < 0 || listen(s->listener.fd, BACKLOG) < 0)
		return err_host(err, errno, "--socket: listen at %s", s->o->socket);
	return source_add(s->pool.epoll, &s->listener, err);
}

/* --- workers --- */

static void wait_in_queue(struct server *s, struct worker *w)
{
	w->waits = true;
	w->behind = NULL;
	*s->queue_end = w;
	s->queue_end = &w->behind;
	s->waiting++;
}

static void leave_queue(struct server *s, struct worker *w)
{
	struct worker **at = &s->queue;

	if (!w->waits)
		return;
	while (*at != w)
		at = &(*at)->behind;
	*at = w->behind;
	if (!*at)
		s->queue_end = at;
	w->waits = false;
	s->waiting--;
}

static void not_lent(struct server *s, struct worker *w)
{
	s->pool.offered -= w->lent;
	s->recalled -= w->recalled;
	w->lent = w->recalled = false;
}

static void worker_gone(struct server *s, struct worker *w)
{
	struct worker **at = &s->workers;
	siginfo_t info;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	s->workers_n--;
	leave_queue(s, w);
	s->pool.early -= w->early;
	not_lent(s, w);
	if (s->last == w)
		s->last = NULL;
	if (w->zygote)
		pool_release(&s->pool, w->zygote);
	sleeper_done(&w->sleeper);
	source_remove(s->pool.epoll, &w->source);
	(void)sys_close(w->source.fd);
	(void)sys_waitid(P_PID, (id_t)w->pid, &info, WEXITED);
	free(w);
}

static bool send_datagram(int fd, const void *bytes, size_t n)
{
	struct iovec part = { (void *)(uintptr_t)bytes, n };
	const struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };

	return sys_sendmsg(fd, &msg, MSG_NOSIGNAL) == (ssize_t)n;
}

/* False where it could not be sent, which who waits has to hear: of descriptors on their way the kernel allows a user no more than
 * RLIMIT_NOFILE, and a task of the same user may have all of them. A worker that has just gone is found out by its channel's end. */
static bool send_task(struct server *s, struct worker *w, struct pool_task *t)
{
	const struct init_msg word = { .word = WORD_TASK, .number = !t->ready };
	int r = init_send(w->source.fd, &word, t->fds, task_fds_n(t->fds));

	if (r < 0) {
		(void)err_host(&s->pool.why, errno, "hand a task to a client's worker");
		s->pool.early -= !t->ready;
		pool_release(&s->pool, t->zygote);
	} else {
		w->zygote = t->zygote;
		w->early = !t->ready;
	}
	pool_task_free(t);
	return r == 0;
}

static void hand_failure(struct server *s, struct worker *w)
{
	leave_queue(s, w);
	if (init_say(w->source.fd, (enum init_word)WORD_NONE, 0) == 0)
		(void)send_datagram(w->source.fd, &s->pool.why, sizeof(s->pool.why));
}

static void hand_task(struct server *s, struct worker *w, struct pool_task *t)
{
	if (!send_task(s, w, t)) {
		hand_failure(s, w);
		return;
	}
	leave_queue(s, w);
	pool_used(&s->pool);
}

static void lend(struct server *s, struct worker *w, struct pool_task *t)
{
	if (!send_task(s, w, t))
		return;
	w->lent = true;
	w->changes = s->pool.changes;
	w->networks = s->pool.networks;
	s->pool.offered++;
}

/* Where nobody waits. Nobody could look at the last one's memory any more. */
static void lend_next(struct server *s)
{
	struct worker *w = s->last;

	if (!w || s->waiting || !s->pool.idle)
		return;
	s->last = NULL;
	if (w->zygote)
		return;
	if (s->pool.idle == 1)
		pool_measure(&s->pool);
	lend(s, w, pool_take(&s->pool, false));
}

static void recall(struct server *s, struct worker *w)
{
	w->recalled = init_say(w->source.fd, (enum init_word)WORD_RECALL, 0) == 0;
	s->recalled += w->recalled;
}

/* What is lent to those who do not want it comes back sooner than another is made. */
static bool recall_enough(struct server *s)
{
	for (struct worker *w = s->workers;
	     w && s->recalled < s->waiting && s->recalled < s->pool.offered; w = w->next)
		if (w->lent && !w->recalled)
			recall(s, w);
	return s->recalled >= s->waiting;
}

/* What is lent, but is of a zygote or behind a network helper that is no more. */
static void recall_changed(struct server *s)
{
	if (s->changes == s->pool.changes)
		return;
	s->changes = s->pool.changes;
	for (struct worker *w = s->workers; w; w = w->next)
		if (w->lent && !w->recalled && w->changes != s->changes)
			recall(s, w);
}

static void hand_out(struct server *s)
{
	for (struct worker *w = s->queue; w; w = s->queue) {
		struct pool_task *t = pool_take(&s->pool, false);

		if (!t && recall_enough(s))
			return;
		if (!t)
			t = pool_take(&s->pool, true);
		if (t)
			hand_task(s, w, t);
		else if (pool_is_broken(&s->pool))
			hand_failure(s, w);
		else
			return;
	}
}

static void say_stats(struct server *s, struct worker *to)
{
	struct pool_stats stats = { .waiting = s->waiting, .workers = s->workers_n };

	pool_stats(&s->pool, &stats);
	for (struct worker *w = s->workers; w; w = w->next)
		stats.running += w->zygote && !w->early && !w->lent;
	if (init_say(to->source.fd, (enum init_word)WORD_STATS, 0) == 0)
		(void)send_datagram(to->source.fd, &stats, sizeof(stats));
}

/* Whether it was made that had been handed out before. */
static void on_early(struct server *s, struct worker *w, bool made)
{
	struct err why;

	s->pool.early -= w->early;
	w->early = false;
	if (made && w->zygote)
		pool_proven(&s->pool, w->zygote);
	else if (!made && sys_read(w->source.fd, &why, sizeof(why)) == sizeof(why))
		pool_failed(&s->pool, &why);
}

static void let_go(struct server *s, struct worker *w)
{
	struct pool_zygote *z = w->zygote;

	s->pool.early -= w->early;
	w->early = false;
	s->last = w;
	w->zygote = NULL;
	sleeper_done(&w->sleeper);
	pool_release(&s->pool, z);
}

/* --- tasks that sleep --- */

static uint64_t now_ms(void)
{
	return watch_now_us() / 1000u;
}

static void look_within(struct server *s, uint64_t ms)
{
	uint64_t at = now_ms() + ms;

	if (!s->look_at || at < s->look_at)
		s->look_at = at;
}

static void sleeps(struct server *s, struct worker *w, int fd, int every_ms)
{
	sleeper_hear(&w->sleeper, w->source.fd, fd, every_ms);
	look_within(s, fd < 0 ? 0 : w->sleeper.every_ms);
}

/* At all of them as often as at the one that needs it most: so it is one wake-up. */
static void look_at_sleepers(struct server *s)
{
	s->look_at = 0;
	for (struct worker *w = s->workers; w; w = w->next) {
		if (w->sleeper.every_ms == 0)
			continue;
		if (!sleeper_woke(&w->sleeper)) {
			look_within(s, w->sleeper.every_ms);
			continue;
		}
		sleeper_done(&w->sleeper);
		(void)init_say(w->source.fd, (enum init_word)WORD_WOKEN, 0);
	}
}

static int wait_ms(const struct server *s)
{
	int pool = pool_wait_ms(&s->pool);
	uint64_t now = now_ms();
	int look = !s->look_at ? -1 : s->look_at <= now ? 0 : (int)(s->look_at - now);

	return pool < 0 || (look >= 0 && look < pool) ? look : pool;
}

static void want(struct server *s, struct worker *w)
{
	if (w->lent) {
		not_lent(s, w);
		pool_used(&s->pool);
	} else if (!w->waits) {
		wait_in_queue(s, w);
	}
}

static void take_back(struct server *s, struct worker *w, const int fds[TASK_FDS])
{
	struct pool_zygote *z = w->zygote;

	not_lent(s, w);
	w->zygote = NULL;
	pool_return(&s->pool, z, w->networks, fds);
}

static void on_worker(struct server *s, struct worker *w)
{
	int fds[INIT_FDS_MAX];
	struct init_msg m = { 0 };

	if (init_hear(w->source.fd, &m, fds) <= 0) {
		worker_gone(s, w);
		return;
	}
	if (m.word == WORD_READY || m.word == WORD_FAILED)
		on_early(s, w, m.word == WORD_READY);
	else if (m.word == WORD_SLEEPS)
		sleeps(s, w, fds[0], m.number);
	else if (m.word == WORD_RETURN && w->lent)
		take_back(s, w, fds);
	else if (w->zygote && !w->lent)
		let_go(s, w);
	if (m.word == WORD_WANT_STATS)
		say_stats(s, w);
	else if (m.word == WORD_WANT)
		want(s, w);
}

static _Noreturn void be_worker(struct server *s, int connection, int channel)
{
	scoped_fd int one = sys_fcntl(connection, F_DUPFD_CLOEXEC, 5);
	scoped_fd int two = sys_fcntl(channel, F_DUPFD_CLOEXEC, 5);

	if (one < 0 || two < 0 || sys_dup3(one, 3, O_CLOEXEC) < 0 ||
	    sys_dup3(two, 4, O_CLOEXEC) < 0 || sys_close_range(5, ~0U, 0) < 0)
		_exit(1);
	worker_main(s->q, &s->pool.recipe, 3, 4);
}

static void worker_start(struct server *s, int connection)
{
	struct worker *w = calloc(1, sizeof(*w)), **at = &s->workers;
	struct err err;
	int ends[2];

	if (!w)
		abort(); /* as the arenas do */
	if (sys_socketpair(SOCK_SEQPACKET | SOCK_CLOEXEC, ends) < 0) {
		free(w);
		return;
	}
	w->pid = sys_fork();
	if (w->pid == 0)
		be_worker(s, connection, ends[1]);
	(void)sys_close(ends[1]);
	w->source = (struct source){ SOURCE_WORKER, ends[0] };
	w->sleeper = (struct sleeper)SLEEPER_NONE;
	if (w->pid < 0 || source_add(s->pool.epoll, &w->source, &err) < 0) {
		(void)sys_close(ends[0]); /* a worker ends with its channel */
		free(w);
		return;
	}
	while (*at)
		at = &(*at)->next;
	*at = w;
	s->workers_n++;
}

static void on_listener(struct server *s)
{
	scoped_fd int connection = sys_accept(s->listener.fd, SOCK_CLOEXEC);

	if (connection < 0)
		return;
	if (owner_connects(&s->pool, connection) && s->workers_n < SERVE_CLIENTS_MAX)
		worker_start(s, connection);
}

/* --- the loop --- */

static void on_input(struct server *s)
{
	char bytes[256];
	ssize_t n = sys_read(s->input.fd, bytes, sizeof(bytes));

	s->ends = s->ends || n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN);
}

static void on_event(struct server *s, struct source *source)
{
	switch ((enum source_kind)source->kind) {
	case SOURCE_ZYGOTE:
	case SOURCE_TASK:
	case SOURCE_NETWORK:
		pool_event(&s->pool, source);
		return;
	case SOURCE_LISTENER:
		on_listener(s);
		return;
	case SOURCE_SIGNALS:
		s->ends = true;
		return;
	case SOURCE_INPUT:
		on_input(s);
		return;
	case SOURCE_WORKER:
		on_worker(s, (struct worker *)(void *)source);
		return;
	}
}

/* One event at a time: the next one may be of something that the first has freed. */
static void step(struct server *s)
{
	struct epoll_event e;

	/* What is there first: to make another one takes as long as many a task. */
	hand_out(s);
	pool_fill(&s->pool, s->waiting);
	hand_out(s);
	lend_next(s);
	recall_changed(s);
	ends_prepare(&s->pool.ends);
	if (epoll_wait(s->pool.epoll, &e, 1, wait_ms(s)) == 1)
		on_event(s, e.data.ptr);
	if (s->look_at && s->look_at <= now_ms())
		look_at_sleepers(s);
}

static int open_sources(struct server *s, struct err *err)
{
	sigset_t ending;

	s->pool.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->pool.epoll < 0)
		return err_host(err, errno, "make an epoll");
	(void)sigemptyset(&ending);
	(void)sigaddset(&ending, SIGTERM);
	(void)sigaddset(&ending, SIGINT);
	(void)sigaddset(&ending, SIGHUP);
	TRY(payload_block_signals(&s->outside, err));
	s->signals = (struct source){ SOURCE_SIGNALS, signalfd(-1, &ending, SFD_CLOEXEC) };
	if (s->signals.fd < 0)
		return err_host(err, errno, "watch for signals");
	TRY(source_add(s->pool.epoll, &s->signals, err));
	if (!s->o->until_eof)
		return 0;
	s->input = (struct source){ SOURCE_INPUT, STDIN_FILENO };
	if (source_add(s->pool.epoll, &s->input, err) == 0)
		return 0;
	return err->errnum == EPERM
		       ? err_input(err,
				   "--until-eof: standard input is a file, or /dev/null, whose end "
				   "nobody can wait for; give a pipe")
		       : -1;
}

/* A pool that cannot make one task says so at once. */
static int first_task(struct server *s, struct err *err)
{
	while (!s->ends && !s->pool.idle) {
		step(s);
		if (s->pool.failures == 0)
			continue;
		*err = s->pool.why;
		return -1;
	}
	return 0;
}

/* Each task has some descriptors here; the tasks' own limit is set in each. */
static void raise_open_files(void)
{
	struct rlimit files;

	if (sys_prlimit(0, RLIMIT_NOFILE, NULL, &files) < 0)
		return;
	files.rlim_cur = files.rlim_max;
	(void)sys_prlimit(0, RLIMIT_NOFILE, &files, NULL);
}

static int run(struct server *s, int (*ready)(void), struct arena *a, struct err *err)
{
	raise_open_files();
	TRY(open_sources(s, err));
	TRY(pool_begin(&s->pool, a, err));
	TRY(first_task(s, err));
	if (!s->ends)
		TRY(listen_at(s, err));
	if (!s->ends && ready && ready() < 0)
		return err_host(err, errno, "say that we are ready");
	while (!s->ends)
		step(s);
	return 0;
}

static void done(struct server *s)
{
	if (s->listener.fd >= 0)
		(void)sys_unlinkat(AT_FDCWD, s->o->socket, 0);
	for (struct worker *w = s->workers; w; w = w->next)
		(void)sys_kill(w->pid, SIGKILL);
	while (s->workers)
		worker_gone(s, s->workers);
	pool_done(&s->pool);
	scope_close(&s->listener.fd);
	scope_close(&s->signals.fd);
	scope_close(&s->pool.epoll);
	(void)sys_sigprocmask(SIG_SETMASK, &s->outside, NULL);
}

int serve_run(const struct request *q, const struct serve_options *o, int (*ready)(void),
	      struct arena *a, struct err *err)
{
	struct server s = { .q = q,
			    .o = o,
			    .pool = { .o = &o->pool, .q = q, .epoll = -1 },
			    .listener = { .fd = -1 },
			    .signals = { .fd = -1 },
			    .queue_end = &s.queue };
	int r;

	s.pool.outside = &s.outside;
	r = run(&s, ready, a, err);
	done(&s);
	return r;
}
