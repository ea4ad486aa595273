/* SPDX-License-Identifier: Apache-2.0 */
/* loop.c - a round: what epoll says, whose turn it is, whose time is over; then the dead are freed. */
#include "runtime/egress/loop.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#define EVENTS_MAX 64

static uint64_t clock_ms(void)
{
	struct timespec now = { 0 };

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

int loop_open(struct loop *l, struct err *err)
{
	*l = (struct loop){ .epoll = epoll_create1(EPOLL_CLOEXEC), .now_ms = clock_ms() };
	l->turns_end = &l->turns;
	return l->epoll < 0 ? err_host(err, errno, "epoll_create1") : 0;
}

int loop_watch(struct loop *l, struct watch *w, int fd, uint32_t events,
	       void (*fn)(struct watch *w, uint32_t events))
{
	struct epoll_event event = { .events = events, .data.ptr = w };

	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		return -1;
	*w = (struct watch){ fn, fd };
	return 0;
}

void loop_forget(struct loop *l, struct watch *w)
{
	if (!w->fn)
		return;
	(void)epoll_ctl(l->epoll, EPOLL_CTL_DEL, w->fd, NULL);
	w->fn = NULL;
}

void loop_timer_off(struct loop *l, struct timer *t)
{
	if (!t->fn)
		return;
	if (t->before)
		t->before->next = t->next;
	else
		l->timers = t->next;
	if (t->next)
		t->next->before = t->before;
	t->fn = NULL;
}

void loop_timer(struct loop *l, struct timer *t, uint64_t ms, void (*fn)(struct timer *t))
{
	loop_timer_off(l, t);
	*t = (struct timer){ fn, l->now_ms + ms, l->timers, NULL };
	if (l->timers)
		l->timers->before = t;
	l->timers = t;
}

void loop_turn(struct loop *l, struct turn *t, void (*fn)(struct turn *t))
{
	if (t->fn)
		return;
	*t = (struct turn){ fn, NULL };
	*l->turns_end = t;
	l->turns_end = &t->next;
}

void loop_turn_off(struct loop *l, struct turn *t)
{
	struct turn **at = &l->turns;

	if (!t->fn)
		return;
	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
	if (!t->next)
		l->turns_end = at;
	t->fn = NULL;
}

void loop_bury(struct loop *l, struct grave *g)
{
	g->next = l->graves;
	l->graves = g;
}

/* The time until the first deadline, -1: there is none. */
static int time_left(const struct loop *l)
{
	uint64_t first = UINT64_MAX;

	if (l->turns)
		return 0;
	for (const struct timer *t = l->timers; t; t = t->next)
		first = t->due_ms < first ? t->due_ms : first;
	if (first == UINT64_MAX)
		return -1;
	return first > l->now_ms ? (int)(first - l->now_ms) : 0;
}

/* As many as waited when the round began: who wants another turn waits for the next round. */
static void take_turns(struct loop *l)
{
	size_t n = 0;

	for (const struct turn *t = l->turns; t; t = t->next)
		n++;
	for (; n && l->turns; n--) {
		struct turn *t = l->turns;
		void (*fn)(struct turn *) = t->fn;

		loop_turn_off(l, t);
		fn(t);
	}
}

/* One at a time from the front: a deadline's function may set and unset others. */
static void end_times(struct loop *l)
{
	for (struct timer *t = l->timers; t;) {
		void (*fn)(struct timer *) = t->fn;

		if (t->due_ms > l->now_ms) {
			t = t->next;
			continue;
		}
		loop_timer_off(l, t);
		fn(t);
		t = l->timers;
	}
}

static void free_dead(struct loop *l)
{
	while (l->graves) {
		struct grave *g = l->graves;

		l->graves = g->next;
		free(g);
	}
}

int loop_run(struct loop *l, struct err *err)
{
	struct epoll_event events[EVENTS_MAX];

	while (!l->over) {
		int n = epoll_wait(l->epoll, events, EVENTS_MAX, time_left(l));

		if (n < 0 && errno != EINTR)
			return err_host(err, errno, "epoll_wait");
		l->now_ms = clock_ms();
		for (int i = 0; i < n; i++) {
			struct watch *w = events[i].data.ptr;

			if (w->fn)
				w->fn(w, events[i].events);
		}
		take_turns(l);
		end_times(l);
		free_dead(l);
	}
	return 0;
}
