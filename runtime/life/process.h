/* SPDX-License-Identifier: Apache-2.0 */
/* process.h - a container's processes from outside: whether they live, whose they are, and the walk
 * over its pid namespace. */
#pragma once

#include "runtime/srtoci.h"

/* Processes of one container that are looked at; more is ERR_LIMIT. */
#define PROCESSES_MAX 65536u

/* What one line of /proc/PID/stat tells. */
struct process_stat {
	char state; /* 'R' 'S' 'D' 'T' 't' 'Z' 'X' 'I' */
	pid_t parent;
	uint64_t start; /* clock ticks since boot */
};

/* process_stat_parse: the text of /proc/PID/stat, whose second field may hold spaces and brackets.
 * 0 or -1. */
int process_stat_parse(const char *text, struct process_stat *ret);
/* process_stat_read: 0, or -1 where the process is gone. */
int process_stat_read(pid_t pid, struct process_stat *ret);

/* pid_start_time: 0 where the process is gone. pid_alive: that process, not a later one with its
 * number, and not a zombie. */
uint64_t pid_start_time(pid_t pid);
bool pid_alive(pid_t pid, uint64_t start);
/* pid_open: a pidfd of exactly that process, or -1 (ESRCH where it is gone). */
int pid_open(pid_t pid, uint64_t start);
/* process_owned: may we act on a process because of what owner wrote? Always unless root acts for
 * another user: then its real uid is owner, or it lives in a user namespace that owner, or a
 * namespace of owner's, made. Call it with a pidfd of the process open, and act on that alone. */
bool process_owned(pid_t pid, uint32_t owner);
/* container_open: a pidfd of the container's init, checked as above; ERR_STATE `container not
 * running: no such process`, or ERR_HOSTILE where the state names somebody else's process. */
int container_open(const struct container *c, int *ret_pidfd, struct err *err);

/* A container's processes, held for one command: as long as ns_fd is open, the number of the
 * namespace is given to no other. */
struct crowd {
	pid_t init;
	uint32_t owner;
	int pidfd; /* of init */
	int ns_fd; /* its own pid namespace; -1: it shares one, or cannot be looked into */
	dev_t ns_dev;
	ino_t ns_ino;
};
void crowd_done(struct crowd *w);
#define scoped_crowd scoped(crowd_done)

/* crowd_open: checks as container_open does. */
int crowd_open(const struct container *c, struct crowd *ret, struct err *err);
/* crowd_pids: all in the pid namespace, ascending, as this pid namespace numbers them; without one
 * of its own init and its descendants. */
int crowd_pids(const struct crowd *w, struct arena *a, struct pids_list *ret, struct err *err);
/* crowd_has: that process is init, or in the namespace; and process_owned. Call it with a pidfd of
 * the process open. */
bool crowd_has(const struct crowd *w, pid_t pid);
