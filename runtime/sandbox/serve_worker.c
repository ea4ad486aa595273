/* SPDX-License-Identifier: Apache-2.0 */
/* serve_worker.c - one connection: requests in, answers out, one at a time.
 * Mustn't: go on after a frame that cannot be one. */
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "runtime/sandbox/serve.h"
#include "runtime/sandbox/watch.h"
#include "runtime/stage/init.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"
#include "spec/policy/serve.h"

#define WORKER_NAME "sandbox-worker"
/* Enough for a short request and its answer: its pages are there for the next one. */
#define REQUEST_ROOM (12u << 10)
/* Tasks that went before they had the code, of one request. */
#define TRIES_MAX 32

struct worker {
	const struct request *q;
	const struct recipe *recipe;
	int connection, channel;
	int signals; /* of all its tasks */
	bool had_task; /* in this request */
	bool woken; /* that has been heard */
	bool has_next; /* a task that the pool has lent: next */
	int next[TASK_FDS];
	struct watch prepared; /* for it */
	struct job job; /* likewise */
	struct arena a; /* of one request */
};

static void give_back(struct worker *w)
{
	static const struct init_msg word = { .word = WORD_RETURN };

	if (!w->has_next)
		return;
	/* One that cannot be sent has ended; that it is not lent any more is to be known all the same. */
	if (init_send(w->channel, &word, w->next, task_fds_n(w->next)) < 0)
		(void)init_send(w->channel, &word, NULL, 0);
	for (size_t i = 0; i < TASK_FDS; i++)
		scope_close(&w->next[i]);
	watch_done(&w->prepared);
	w->prepared = (struct watch)WATCH_INIT;
	w->has_next = false;
}

/* Whoever asks next does not wait for this. */
static void take_next(struct worker *w, const int fds[INIT_FDS_MAX])
{
	memcpy(w->next, fds, sizeof(w->next));
	w->has_next = true;
	(void)watch_prepare(&w->prepared, w->next[TASK_INIT], TASK_PID);
}

/* True where it is what was asked for; else it was about what is lent. */
static bool hear(struct worker *w, bool wants, struct init_msg *ret, int fds[INIT_FDS_MAX])
{
	if (init_hear(w->channel, ret, fds) <= 0)
		_exit(0);
	if (ret->word == WORD_RECALL)
		give_back(w);
	else if (ret->word == WORD_WOKEN)
		w->woken = true;
	else if (ret->word == WORD_TASK && !wants)
		take_next(w, fds);
	else
		return true;
	return false;
}

/* What follows a word. */
static void hear_more(const struct worker *w, void *into, size_t n)
{
	if (sys_read(w->channel, into, n) != (ssize_t)n)
		_exit(0);
}

/* The pool's own end is ours. */
static void ask(struct worker *w, enum serve_word word, struct init_msg *ret, int fds[INIT_FDS_MAX])
{
	if (init_say(w->channel, (enum init_word)word, 0) < 0)
		_exit(0);
	while (!hear(w, word == WORD_WANT, ret, fds))
		;
}

/* Until the client says something, or reads something, or has gone. Meanwhile the pool may want back what it has lent, for
 * others must not wait for a client. */
static void wait_client(struct worker *w, short events)
{
	struct pollfd p[2] = { { .fd = w->connection, .events = events },
			       { .fd = w->channel, .events = POLLIN } };
	struct init_msg m = { 0 };
	int fds[INIT_FDS_MAX];

	do {
		if (poll(p, 2, -1) > 0 && p[1].revents)
			(void)hear(w, false, &m, fds);
	} while (!p[0].revents);
}

static bool read_whole(struct worker *w, void *into, size_t n)
{
	for (size_t at = 0; at < n;) {
		struct iovec part = { (char *)into + at, n - at };
		struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };
		ssize_t got = sys_recvmsg(w->connection, &msg, MSG_DONTWAIT);

		if (got < 0 && errno == EAGAIN)
			wait_client(w, POLLIN);
		else if (got == 0 || (got < 0 && errno != EINTR))
			return false;
		at += got > 0 ? (size_t)got : 0;
	}
	return true;
}

/* False at the end, and where the length cannot be: what follows has no beginning. */
static bool read_frame(struct worker *w, const char **ret, size_t *len)
{
	unsigned char length[SERVE_LENGTH];
	char *bytes;

	if (!read_whole(w, length, sizeof(length)))
		return false;
	*len = serve_length(length, SERVE_REQUEST_MAX);
	if (*len == 0)
		return false;
	bytes = arena_alloc(&w->a, *len + 1);
	*ret = bytes;
	return read_whole(w, bytes, *len);
}

/* As much of the answer's frame, from there on, as the client has room for. */
static size_t write_some(struct worker *w, const struct text *t, size_t from)
{
	unsigned char length[SERVE_LENGTH];
	size_t head = from < sizeof(length) ? sizeof(length) - from : 0;
	size_t at = from + head - sizeof(length);
	struct iovec parts[2] = { { length + sizeof(length) - head, head },
				  { t->s + at, t->len - at } };
	const struct msghdr msg = { .msg_iov = parts, .msg_iovlen = 2 };
	ssize_t n;

	serve_length_put((uint32_t)t->len, length);
	n = sys_sendmsg(w->connection, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n < 0 && errno != EAGAIN && errno != EINTR)
		_exit(0);
	return n > 0 ? (size_t)n : 0;
}

static void write_rest(struct worker *w, const struct text *t, size_t from)
{
	while (from < SERVE_LENGTH + t->len) {
		wait_client(w, POLLOUT);
		from += write_some(w, t, from);
	}
}

/* At once, so that the pool has done with it by the time that the task wants the processor. */
static void say_used(const struct worker *w)
{
	if (init_say(w->channel, (enum init_word)WORD_WANT, 0) < 0)
		_exit(0);
}

static void say_begun(void *ctx)
{
	const struct worker *w = ctx;

	if (w->job.early && init_say(w->channel, (enum init_word)WORD_READY, 0) < 0)
		_exit(0);
}

static void say_failed(void *ctx, const struct err *why)
{
	const struct worker *w = ctx;

	if (init_say(w->channel, (enum init_word)WORD_FAILED, 0) < 0 ||
	    fd_write_all(w->channel, why, sizeof(*why)) < 0)
		_exit(0);
}

static bool say_sleeps(void *ctx, int ran_fd, const struct ran *ran, uint64_t every_ms)
{
	const struct worker *w = ctx;
	const struct init_msg word = { .word = WORD_SLEEPS, .number = (int32_t)every_ms };

	/* More descriptors may be on their way than our user may have. */
	if (init_send(w->channel, &word, &ran_fd, 1) < 0)
		return false;
	if (fd_write_all(w->channel, ran, sizeof(*ran)) < 0)
		_exit(0);
	return true;
}

static bool hear_woken(void *ctx)
{
	struct worker *w = ctx;
	struct init_msg m = { 0 };
	int fds[INIT_FDS_MAX];
	bool woken;

	(void)hear(w, false, &m, fds);
	woken = w->woken;
	w->woken = false;
	return woken;
}

/* A task for w->job; else why there is none. */
static int want_task(struct worker *w, struct err *err)
{
	int got[INIT_FDS_MAX];
	struct init_msg m = { 0 };

	if (w->has_next) {
		memcpy(w->job.fds, w->next, sizeof(w->next));
		w->job.watch = w->prepared;
		w->prepared = (struct watch)WATCH_INIT;
		w->has_next = w->job.early = false;
		say_used(w);
		return 0;
	}
	ask(w, WORD_WANT, &m, got);
	if (m.word != WORD_TASK) {
		hear_more(w, err, sizeof(*err));
		return -1;
	}
	for (size_t i = 0; i < TASK_FDS; i++)
		w->job.fds[i] = got[i];
	w->job.early = m.number;
	return 0;
}

static int execute(struct worker *w, const struct serve_request *q, struct emit *e, struct err *err)
{
	struct policy p = *w->q->policy;
	uint64_t now = watch_now_us();
	const struct watcher watcher = { say_sleeps, hear_woken, w, w->channel };
	struct job *j = &w->job;
	struct result r;
	int ran, tries = 0;

	TRY(serve_request_limits(q, &p, err));
	/* One that waits may have gone with its zygote, which the pool then finds out, too. */
	do {
		job_done(j);
		TRY(want_task(w, err));
		w->had_task = true;
		j->q = w->q;
		j->request = q;
		j->recipe = w->recipe;
		j->caller = w->connection;
		j->signals = w->signals;
		j->watcher = &watcher;
		j->on_begun = say_begun;
		j->on_failed = say_failed;
		j->ctx = w;
		j->asked_us = now;
		ran = job_run(j, &p, &w->a, &r, err);
	} while (ran > 0 && ++tries < TRIES_MAX);
	if (ran > 0)
		return err_set(err, ERR_HOST, 0,
			       "no sandbox for a task: %d went before they had the code", tries);
	TRY(ran);
	serve_answer_begin(q, e);
	struct text result = { .arena = &w->a };
	struct emit inner = { .out = &result };
	result_emit(&r, &p, &inner);
	emit_raw(e, "result", result.s);
	emit_end_object(e);
	return 0;
}

static void emit_stats(const struct serve_request *q, const struct pool_stats *s, struct emit *e)
{
	const struct {
		const char *key;
		uint64_t n;
	} rows[] = {
		{ "size", s->size },	     { "idle", s->idle },
		{ "making", s->making },     { "running", s->running },
		{ "waiting", s->waiting },   { "clients", s->workers },
		{ "tasks", s->tasks },	     { "zygotes", s->zygotes },
		{ "zygotes_lost", s->lost }, { "idle_bytes", s->idle_bytes },
	};

	serve_answer_begin(q, e);
	emit_object(e, "stats");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		emit_uint(e, rows[i].key, rows[i].n);
	emit_end_object(e);
	emit_end_object(e);
}

static void stats(struct worker *w, const struct serve_request *q, struct emit *e)
{
	int fds[INIT_FDS_MAX];
	struct pool_stats s;
	struct init_msg m = { 0 };

	ask(w, WORD_WANT_STATS, &m, fds);
	hear_more(w, &s, sizeof(s));
	emit_stats(q, &s, e);
}

static int answer(struct worker *w, const char *bytes, size_t len, struct serve_request *q,
		  struct emit *e, struct err *err)
{
	TRY(serve_request_parse(bytes, len, &w->a, q, err));
	if (q->op == SERVE_EXECUTE)
		return execute(w, q, e, err);
	if (q->op == SERVE_STATS) {
		stats(w, q, e);
		return 0;
	}
	serve_answer_begin(q, e);
	emit_bool(e, "pong", true);
	emit_end_object(e);
	return 0;
}

/* False at the connection's end. */
static bool serve_one(struct worker *w)
{
	struct text out = { .arena = &w->a };
	struct emit e = { .out = &out };
	struct serve_request q;
	struct err err;
	const char *bytes;
	size_t len;
	bool fine = read_frame(w, &bytes, &len);
	size_t written = 0;

	if (fine && answer(w, bytes, len, &q, &e, &err) < 0)
		serve_answer_error(&q, &err, &e);
	if (fine)
		written = write_some(w, &out, 0);
	/* The client has not waited for this, nor this for a client that does not read. */
	job_done(&w->job);
	if (w->had_task && init_say(w->channel, (enum init_word)WORD_DONE, 0) < 0)
		_exit(0);
	w->had_task = false;
	if (fine)
		write_rest(w, &out, written);
	arena_done(&w->a);
	return fine;
}

void worker_main(const struct request *q, const struct recipe *recipe, int connection, int channel)
{
	struct worker w = { .q = q,
			    .recipe = recipe,
			    .connection = connection,
			    .channel = channel,
			    .signals = watch_signals(),
			    .prepared = WATCH_INIT,
			    .job = JOB_INIT };

	(void)sys_prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	(void)sys_prctl(PR_SET_NAME, (unsigned long)(uintptr_t)WORKER_NAME, 0, 0, 0);
	for (;;) {
		w.a = (struct arena)ARENA_ROOM(REQUEST_ROOM);
		wait_client(&w, POLLIN);
		if (serve_one(&w))
			continue;
		give_back(&w);
		_exit(0);
	}
}
