/* SPDX-License-Identifier: Apache-2.0 */
/* measure.h - what all processes of a sandbox use together, by its own /proc. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One look at the tree, without its first process. */
struct usage {
	uint64_t tasks; /* threads of all processes */
	uint64_t processes;
	uint64_t resident; /* bytes; what is shared counts for each */
	uint64_t cpu_us; /* of those alive, and of those they waited for */
	bool runs; /* one of them is not asleep */
};

/* The processor time of a tree, whoever of it is gone. Zeroed at first. */
struct account {
	uint64_t tree_us; /* as it was at the last look */
	uint64_t gone_us; /* of those that ended and whom nobody waited for, at least */
};

/* A process that has said that it ends. */
struct finish {
	int fd; /* /proc/PID, the measure's own: signals can be sent there */
	int status;
	uint64_t cpu_us, peak; /* of it; it has waited for no other */
	uint64_t tasks; /* its threads */
};
/* What a process is named that ends, before its status; of copy.c. */
#define FINISH_NAME "ended "

/* What the kernel says of how often and how long a thread has run (/proc/PID/schedstat): another word as soon as it has. */
#define RAN_MAX 64
struct ran {
	char text[RAN_MAX];
};

/* A /proc that is open, and the names in it that were read last. Its memory is the caller's: that of an allocator would be two
 * mappings more to take down at the end. */
#define MEASURE_ROOM 2048
#define MEASURE_FILES 3
struct measure {
	int fd; /* -1: none */
	int number; /* of the process that is held; 0: none is */
	int dir, held[MEASURE_FILES]; /* of it; -1: not open */
	long page, ticks;
	size_t at, have; /* bytes of names */
	_Alignas(8) char names[MEASURE_ROOM];
};
#define MEASURE_INIT .fd = -1, .dir = -1, .held = { -1, -1, -1 }
/* measure_open: takes the fd. */
void measure_open(struct measure *m, int proc_fd);
void measure_close(struct measure *m);
/* measure_hold: what is looked at of the process with that number there stays open, so that its end is looked at sooner. */
void measure_hold(struct measure *m, int number);
/* measure_usage: false where /proc cannot be read any more. */
bool measure_usage(struct measure *m, struct usage *ret);
/* measure_account: likewise, with cpu_us that of the account; falls: whether what the tree has less than before is of those that
 * are gone. */
bool measure_account(struct measure *m, struct account *account, bool falls, struct usage *ret);
/* measure_ran: of the first thread of the process with that number there; false where the kernel does not say it. */
bool measure_ran(struct measure *m, int number, struct ran *ret);
/* measure_ran_fd: where that is read of the process that is held, for measure_ran_at; the measure's own, or -1. measure_ran_at: likewise. */
int measure_ran_fd(const struct measure *m);
bool measure_ran_at(int fd, struct ran *ret);
/* measure_proportional: bytes of memory with what is shared divided among those who share it (PSS); of a process that does
 * not let itself be read so, all that is resident. */
uint64_t measure_proportional(struct measure *m);

/* measure_finish: of the process that is held. False where it has another name, or has waited for a child, whose costs only the
 * end tells. measure_alone: whether there is no other but the first. */
bool measure_finish(struct measure *m, struct finish *ret);
bool measure_alone(struct measure *m, int number);

/* finish_parse: what the line of /proc/PID/stat says of it: the status. False as above. For tests. */
bool finish_parse(const char *line, int *status);
/* usage_parse: the line of /proc/PID/stat added to *ret. False where it is none. For tests. */
bool usage_parse(const char *line, long page, long ticks, struct usage *ret);
/* ran_parse: the line of /proc/PID/schedstat. False where it tells nothing. For tests. */
bool ran_parse(const char *line, struct ran *ret);
/* account_add: of a look at the tree: what all have used. */
uint64_t account_add(struct account *account, uint64_t tree_us, bool falls);
/* pss_parse: the Pss of /proc/PID/smaps_rollup in bytes, or -1. */
int64_t pss_parse(const char *text);
