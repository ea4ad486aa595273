/* SPDX-License-Identifier: Apache-2.0 */
/* pool.c - zygotes are started, tasks made and handed out. */
#include "runtime/sandbox/pool.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "runtime/act/act.h"
#include "runtime/sandbox/measure.h"
#include "runtime/sandbox/watch.h"
#include "runtime/stage/init.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

/* After so many failures in a row the pool rests. */
#define FAILURES_MAX 3
#define REST_MS 1000
/* And until then tries again after so long: nothing else may happen that would wake it. */
#define RETRY_MS 10
/* What is handed out runs before what replaces it is made: most tasks have ended by then. */
#define FILL_DELAY_MS 3
/* The longest that is waited at one time. */
#define WAIT_MAX_MS 3600000
/* Waiting tasks whose memory is looked up for the mean. */
#define MEASURED_MAX 8
/* For so long that mean is told again: to look takes longer than to hand out some tasks. */
#define MEASURED_MS 500

static uint64_t now_ms(void)
{
	return watch_now_us() / 1000u;
}

static void *new_zeroed(size_t size)
{
	void *p = calloc(1, size);

	if (!p)
		abort(); /* as the arenas do */
	return p;
}

int source_add(int epoll, struct source *s, struct err *err)
{
	struct epoll_event e = { .events = EPOLLIN, .data.ptr = s };

	return epoll_ctl(epoll, EPOLL_CTL_ADD, s->fd, &e) < 0
		       ? err_host(err, errno, "wait for events")
		       : 0;
}

void source_remove(int epoll, const struct source *s)
{
	if (s->fd >= 0)
		(void)epoll_ctl(epoll, EPOLL_CTL_DEL, s->fd, NULL);
}

/* --- zygotes --- */

static void on_warning(void *ctx, const char *place, const char *text)
{
	const struct pool *p = ctx;

	log_line(p->q->log, LOG_LEVEL_WARN, "%s: %s", place, text);
}

static void zygote_free(const struct pool *p, struct pool_zygote *z)
{
	source_remove(p->epoll, &z->source);
	start_kill(&z->start);
	start_done(&z->start);
	scope_close(&z->source.fd);
	free(z);
}

static int start_agent(struct pool *p, struct pool_zygote *z, struct err *err)
{
	int ends[2], r;

	if (sys_socketpair(SOCK_SEQPACKET | SOCK_CLOEXEC, ends) < 0)
		return err_host(err, errno, "make a socket pair");
	z->source = (struct source){ SOURCE_ZYGOTE, ends[0] };
	z->start.plan = p->recipe.zygote;
	z->start.die_with_parent = true;
	z->start.signals = p->outside;
	z->start.init_sock = ends[1];
	z->start.split = agent_split;
	z->start.split_ctx = &p->recipe;
	z->start.argv = p->q->argv;
	z->start.on_warning = on_warning;
	z->start.ctx = p;
	r = start_begin(&z->start, err);
	(void)sys_close(ends[1]);
	if (r < 0)
		return r;
	start_forget(&z->start);
	return source_add(p->epoll, &z->source, err);
}

static int zygote_start(struct pool *p, struct err *err)
{
	struct pool_zygote *z = new_zeroed(sizeof(*z));

	z->start = (struct start)START_INIT;
	z->source.fd = -1;
	if (start_agent(p, z, err) < 0) {
		zygote_free(p, z);
		return -1;
	}
	z->began_ms = now_ms();
	z->next = p->zygotes;
	p->zygotes = z;
	p->started++;
	return 0;
}

static void count_failure(struct pool *p, const struct err *why)
{
	p->why = *why;
	log_line(p->q->log, LOG_LEVEL_WARN, "%s", why->text);
	if (++p->failures >= FAILURES_MAX)
		p->again_ms = now_ms() + REST_MS;
}

static void task_drop(struct pool *p, struct pool_task *t)
{
	struct pool_task **at = &p->tasks;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	*(t->ready ? &p->idle : &p->making) -= 1;
	t->zygote->users--;
	source_remove(p->epoll, &t->source);
	pool_task_free(t);
}

static void drop_tasks_of(struct pool *p, const struct pool_zygote *z)
{
	struct pool_task *next;

	for (struct pool_task *t = p->tasks; t; t = next) {
		next = t->next;
		if (t->zygote == z)
			task_drop(p, t);
	}
}

static void zygote_end(struct pool *p, struct pool_zygote *z)
{
	struct pool_zygote **at = &p->zygotes;

	drop_tasks_of(p, z);
	p->changes++;
	while (*at != z)
		at = &(*at)->next;
	*at = z->next;
	if (z->users == 0) {
		zygote_free(p, z);
		return;
	}
	/* Those who have its tasks still name it; the last of them frees it. */
	start_kill(&z->start);
	start_done(&z->start);
	source_remove(p->epoll, &z->source);
	(void)sys_close(take_fd(&z->source.fd));
}

static void zygote_lost(struct pool *p, struct pool_zygote *z)
{
	struct err why;

	p->lost++;
	(void)err_set(&why, ERR_HOST, 0, "the pool's interpreter ended with %s %d%s",
		      z->code == CLD_EXITED ? "status" : "signal", z->ended ? z->status : SIGKILL,
		      z->ready ? "; another one is started" : "; standard error says why");
	if (z->ready)
		log_line(p->q->log, LOG_LEVEL_WARN, "%s", why.text);
	else
		count_failure(p, &why);
	zygote_end(p, z);
}

static void on_zygote(struct pool *p, struct pool_zygote *z)
{
	struct init_msg m = { 0 };
	int fds[INIT_FDS_MAX];

	if (init_hear(z->source.fd, &m, fds) <= 0) {
		zygote_lost(p, z);
		return;
	}
	for (size_t i = 0; i < INIT_FDS_MAX; i++)
		scope_close(&fds[i]);
	if (m.word == INIT_PORTS)
		on_warning(p, "/srt/network", ACT_PORTS_ALONE);
	if (m.word != INIT_ENDED)
		return;
	z->ended = true;
	z->code = m.code;
	z->status = m.status;
}

static bool is_old(const struct pool *p, const struct pool_zygote *z)
{
	return (p->o->rotate_tasks && z->tasks >= p->o->rotate_tasks) ||
	       (p->o->rotate_ms && now_ms() - z->began_ms >= p->o->rotate_ms);
}

/* The older ones, once there is somebody to take their place. */
static void retire(struct pool *p)
{
	struct pool_zygote *z = p->zygotes ? p->zygotes->next : NULL, *next;

	for (; z && p->zygotes->ready; z = next) {
		next = z->next;
		drop_tasks_of(p, z);
		p->changes += !z->retired;
		z->retired = true;
		if (z->users == 0)
			zygote_end(p, z);
	}
}

/* --- tasks --- */

void pool_task_free(struct pool_task *t)
{
	for (size_t i = 0; i < TASK_FDS; i++)
		scope_close(&t->fds[i]);
	free(t);
}

static int task_send(struct pool *p, struct pool_zygote *z, struct pool_task *t, bool hasty,
		     struct err *err)
{
	const struct init_msg word = { .word = INIT_TASK, .number = hasty };
	int theirs[TASK_FDS] = TASK_NO_FDS, r;

	r = ends_take(&p->ends, t->fds, theirs);
	/* Its line has two whose end is the same. */
	theirs[TASK_WAY] = t->fds[TASK_WAY];
	if (r == 0)
		r = init_send(z->source.fd, &word, theirs, task_fds_n(theirs));
	if (r < 0)
		(void)err_host(err, errno, "ask for a task's sandbox");
	ends_close(theirs);
	return r;
}

static int task_make(struct pool *p, bool hasty, struct err *err)
{
	struct pool_zygote *z = p->zygotes;
	struct pool_task *t = new_zeroed(sizeof(*t)), **at = &p->tasks;

	*t = (struct pool_task){ .zygote = z, .fds = TASK_NO_FDS };
	if ((recipe_is_filtered(&p->recipe) &&
	     network_join(&p->network, &t->fds[TASK_WAY], err) < 0) ||
	    task_send(p, z, t, hasty, err) < 0) {
		pool_task_free(t);
		return -1;
	}
	t->source = (struct source){ SOURCE_TASK, t->fds[TASK_LINE] };
	if (source_add(p->epoll, &t->source, err) < 0) {
		pool_task_free(t);
		return -1;
	}
	while (*at)
		at = &(*at)->next;
	*at = t;
	p->making++;
	z->users++;
	z->tasks++;
	return 0;
}

bool pool_task_why(int fd, struct err *ret)
{
	char text[sizeof(ret->text) - 64];
	struct pollfd p = { .fd = fd, .events = POLLIN };
	ssize_t n = poll(&p, 1, 0) > 0 ? sys_read(fd, text, sizeof(text) - 1) : 0;

	if (n <= 0)
		return false;
	text[n] = '\0';
	(void)err_set(ret, ERR_HOST, 0, "no sandbox for a task: %s", text);
	return true;
}

static void task_failed(struct pool *p, struct pool_task *t)
{
	struct err why;

	/* With its zygote it goes without a word; that one's end counts. */
	if (pool_task_why(t->fds[TASK_ERR], &why))
		count_failure(p, &why);
	task_drop(p, t);
}

void pool_failed(struct pool *p, const struct err *why)
{
	count_failure(p, why);
}

void pool_proven(struct pool *p, struct pool_zygote *z)
{
	z->ready = true;
	p->failures = 0;
	retire(p);
}

static void on_task(struct pool *p, struct pool_task *t)
{
	char byte;

	if (t->ready || sys_read(t->source.fd, &byte, 1) != 1) {
		task_failed(p, t);
		return;
	}
	t->ready = true;
	p->making--;
	p->idle++;
	pool_proven(p, t->zygote);
}

struct pool_task *pool_take(struct pool *p, bool hasty)
{
	struct pool_task **at = &p->tasks, *t;

	while (*at && !(*at)->ready && p->idle)
		at = &(*at)->next;
	t = *at;
	if (!t || (!t->ready && !hasty))
		return NULL;
	*at = t->next;
	source_remove(p->epoll, &t->source);
	*(t->ready ? &p->idle : &p->making) -= 1;
	p->early += !t->ready;
	return t;
}

void pool_used(struct pool *p)
{
	p->handed++;
	p->fill_ms = now_ms() + FILL_DELAY_MS;
}

static bool is_current(const struct pool *p, const struct pool_zygote *z)
{
	return z->source.fd >= 0 && (z == p->zygotes || !p->zygotes->ready);
}

void pool_return(struct pool *p, struct pool_zygote *z, uint32_t networks, const int fds[TASK_FDS])
{
	struct pool_task *t = new_zeroed(sizeof(*t));
	struct err err;

	*t = (struct pool_task){ .zygote = z, .ready = true };
	memcpy(t->fds, fds, sizeof(t->fds));
	t->source = (struct source){ SOURCE_TASK, t->fds[TASK_LINE] };
	if (t->fds[TASK_ERR] < 0 || networks != p->networks || !is_current(p, z) ||
	    source_add(p->epoll, &t->source, &err) < 0) {
		pool_task_free(t);
		pool_release(p, z);
		return;
	}
	t->next = p->tasks;
	p->tasks = t;
	p->idle++;
}

void pool_release(struct pool *p, struct pool_zygote *z)
{
	p->fill_ms = 0;
	if (--z->users > 0)
		return;
	if (z->source.fd < 0)
		zygote_free(p, z); /* it has ended before */
	else
		retire(p);
}

/* --- the network --- */

/* Those that wait have no way out any more: others take their place. What runs is refused whatever it asks for. */
static void network_lost(struct pool *p)
{
	bool proven = p->idle || p->offered || p->handed > p->network.handed;
	struct err why;

	network_why(&p->network, &why);
	if (proven)
		log_line(p->q->log, LOG_LEVEL_WARN, "%s; another one is started", why.text);
	else
		count_failure(p, &why);
	network_end(&p->network, p->epoll);
	while (p->tasks)
		task_drop(p, p->tasks);
	p->networks++;
	p->changes++;
}

static int network_fill(struct pool *p, struct err *err)
{
	if (!recipe_is_filtered(&p->recipe) || p->network.source.fd >= 0)
		return 0;
	p->network.way = &p->recipe.way;
	p->network.handed = p->handed;
	if (network_begin(&p->network, p->o->size, p->epoll, err) == 0)
		return 0;
	network_end(&p->network, p->epoll);
	return -1;
}

/* --- the pool --- */

void pool_event(struct pool *p, struct source *source)
{
	if (source->kind == SOURCE_ZYGOTE)
		on_zygote(p, (struct pool_zygote *)(void *)source);
	else if (source->kind == SOURCE_NETWORK)
		network_lost(p);
	else
		on_task(p, (struct pool_task *)(void *)source);
}

static bool may_wait(const struct pool *p, uint32_t waiting)
{
	return p->idle + p->offered > waiting && now_ms() < p->fill_ms;
}

bool pool_is_broken(const struct pool *p)
{
	return p->failures >= FAILURES_MAX && now_ms() < p->again_ms;
}

static void fill_failed(struct pool *p, const struct err *why)
{
	p->unfilled = true;
	count_failure(p, why);
}

void pool_fill(struct pool *p, uint32_t waiting)
{
	uint32_t want = p->o->size + waiting;
	struct err err;

	/* One tells whether there can be any. */
	if (want == 0 && !(p->zygotes && p->zygotes->ready))
		want = 1;
	if (pool_is_broken(p) || may_wait(p, waiting))
		return;
	p->unfilled = false;
	if (network_fill(p, &err) < 0 ||
	    ((!p->zygotes || (is_old(p, p->zygotes) && p->zygotes->ready)) &&
	     zygote_start(p, &err) < 0)) {
		fill_failed(p, &err);
		return;
	}
	while (p->idle + p->offered + p->making < want && p->making + p->early < POOL_MAKING_MAX)
		if (task_make(p, p->idle + p->making < waiting, &err) < 0) {
			/* A zygote that has just ended is heard of next. */
			if (err.errnum != EPIPE && err.errnum != ECONNRESET)
				fill_failed(p, &err);
			return;
		}
}

int pool_wait_ms(const struct pool *p)
{
	uint64_t now = now_ms(), at;

	if (pool_is_broken(p))
		return (int)(p->again_ms - now) + 1;
	if (p->unfilled)
		return RETRY_MS;
	if (may_wait(p, 0))
		return (int)(p->fill_ms - now) + 1;
	if (!p->o->rotate_ms || !p->zygotes)
		return -1;
	at = p->zygotes->began_ms + p->o->rotate_ms;
	if (at <= now)
		return 1;
	return at - now < WAIT_MAX_MS ? (int)(at - now) + 1 : WAIT_MAX_MS;
}

int pool_begin(struct pool *p, struct arena *a, struct err *err)
{
	p->ends = (struct task_ends){ TASK_NO_FDS, TASK_NO_FDS };
	p->network.source.fd = -1;
	TRY(recipe_make(p->q, p->o->preload, p->o->fresh, &p->recipe, a, err));
	TRY(network_fill(p, err));
	return zygote_start(p, err);
}

/* Of the only process beside the first one in that /proc. */
static uint64_t memory_of(int proc_fd)
{
	struct measure m;
	uint64_t n;

	measure_open(&m, proc_fd);
	n = measure_proportional(&m);
	measure_close(&m);
	return n;
}

static uint64_t task_memory(const struct pool_task *t)
{
	struct init_msg m = { 0 };
	int fds[INIT_FDS_MAX];
	uint64_t n = 0;

	if (init_peek(t->fds[TASK_INIT], &m, fds) > 0 && fds[INIT_FD_PROC] >= 0)
		n = memory_of(take_fd(&fds[INIT_FD_PROC]));
	for (size_t i = 0; i < INIT_FDS_MAX; i++)
		scope_close(&fds[i]);
	return n;
}

void pool_measure(struct pool *p)
{
	uint64_t sum = 0, n = 0;

	if (p->idle_bytes && now_ms() < p->measured_ms + MEASURED_MS)
		return;
	for (const struct pool_task *t = p->tasks; t && n < MEASURED_MAX; t = t->next) {
		if (!t->ready)
			continue;
		sum += task_memory(t);
		n++;
	}
	if (n == 0 && p->offered)
		return; /* all are lent: what was measured before */
	p->idle_bytes = n ? sum / n : 0;
	p->measured_ms = now_ms();
}

void pool_stats(struct pool *p, struct pool_stats *ret)
{
	pool_measure(p);
	ret->size = p->o->size;
	ret->idle = p->idle + p->offered;
	ret->making = p->making + p->early;
	ret->tasks = p->handed;
	ret->zygotes = p->started;
	ret->lost = p->lost;
	ret->idle_bytes = ret->idle ? p->idle_bytes : 0;
}

void pool_done(struct pool *p)
{
	ends_close(p->ends.ours);
	ends_close(p->ends.theirs);
	while (p->zygotes)
		zygote_end(p, p->zygotes);
	if (p->network.way)
		network_end(&p->network, p->epoll);
}
