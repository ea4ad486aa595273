/* SPDX-License-Identifier: Apache-2.0 */
/* loop.h - one epoll, its watches, deadlines, work put off, and memory that outlives the events of its round. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "spec/base/err.h"

struct watch {
	void (*fn)(struct watch *w,
		   uint32_t events); /* NULL: forgotten, an event of this round may still name it */
	int fd;
};
struct timer {
	void (*fn)(struct timer *t); /* NULL: not set */
	uint64_t due_ms;
	struct timer *next, *before;
};
/* Work that goes on after others had their turn. */
struct turn {
	void (*fn)(struct turn *t); /* NULL: not waiting */
	struct turn *next;
};
struct grave {
	struct grave *next;
};

struct loop {
	int epoll;
	bool over;
	uint64_t now_ms;
	struct timer *timers;
	struct turn *turns, **turns_end;
	struct grave *graves;
};

int loop_open(struct loop *l, struct err *err);
/* loop_run: until l->over. 0, or a host's error. */
int loop_run(struct loop *l, struct err *err);
/* loop_watch: events of fd (EPOLLx) to fn. -1 with errno. loop_forget: no more of them. */
int loop_watch(struct loop *l, struct watch *w, int fd, uint32_t events,
	       void (*fn)(struct watch *w, uint32_t events));
void loop_forget(struct loop *l, struct watch *w);
/* loop_timer: fn once, in that many milliseconds; set again it counts anew. */
void loop_timer(struct loop *l, struct timer *t, uint64_t ms, void (*fn)(struct timer *t));
void loop_timer_off(struct loop *l, struct timer *t);
void loop_turn(struct loop *l, struct turn *t, void (*fn)(struct turn *t));
void loop_turn_off(struct loop *l, struct turn *t);
/* loop_bury: what malloc gave, which begins with its grave, is freed after this round. */
void loop_bury(struct loop *l, struct grave *g);

/* of(pointer to a member, type, member): what it is in. */
#define of(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))
