/* SPDX-License-Identifier: Apache-2.0 */
/* store.h - the state directory: one directory a container, claimed, locked and written atomically.
 *
 *   ROOT/            0700, owned by the caller
 *   ROOT/ID/         made with mkdir: the claim on the id; flock on it is the container's lock
 *   ROOT/ID/state.json    renamed into place; absent while being created
 *   ROOT/ID/config.json   the config as it was at creation
 *   ROOT/ID/start.sock    listens until the payload runs: connecting and sending "go" is `start`
 */
#pragma once

#include "runtime/srtoci.h"

#define STORE_STATE "state.json"
#define STORE_CONFIG "config.json"
#define STORE_SOCKET "start.sock"
#define STORE_STATE_MAX (1u << 20)

/* One container's directory. The lock lives as long as dir_fd is open (it is not inherited over
 * exec). */
struct entry {
	int dir_fd; /* -1: none */
};

void entry_done(struct entry *e);
#define scoped_entry scoped(entry_done)

/* store_id_check: [A-Za-z0-9_+.-]+, at most 255 bytes, not "." or "..", not beginning with "-" or
 * "."; ERR_INPUT. */
int store_id_check(const char *id, struct err *err);
/* store_claim: makes ROOT/ID (and ROOT, 0700) and locks it. ERR_STATE `container "x" already
 * exists`. */
int store_claim(const struct runtime *rt, const char *id, struct entry *ret, struct err *err);
/* store_open: an existing one; locked exclusively if lock. ERR_STATE `container "x" does not
 * exist`. Verifies that the directory belongs to the caller, or that the caller is root. A lock
 * that somebody holds for more than 10 s is ERR_STATE. */
int store_open(const struct runtime *rt, const char *id, bool lock, struct entry *ret,
	       struct err *err);
/* store_write: state.json, atomically. store_keep_config: the bytes of config.json. */
int store_write(const struct entry *e, const struct container *c, struct err *err);
int store_keep_config(const struct entry *e, const char *bytes, size_t len, struct err *err);
/* store_read: state.json as it was written; with a missing one (creator at work, or it died) only
 * id is set and the result is 1. Strict reading: bounded, unknown keys refused, owner checked.
 * status is computed: see container_status_now. */
int store_read(const struct entry *e, const char *id, struct arena *a, struct container *ret,
	       struct err *err);
/* store_config: the kept config, parsed. */
int store_config(const struct entry *e, struct arena *a, struct config **ret, struct err *err);
/* store_remove: the directory and all in it; last the directory itself. */
int store_remove(const struct runtime *rt, struct entry *e, const char *id, struct err *err);
/* store_ids: the ids in ROOT, sorted; a missing ROOT is an empty list. */
int store_ids(const struct runtime *rt, struct arena *a, struct strings *ret, struct err *err);

/* pid_start_time: field 22 of /proc/PID/stat, 0 where the process is gone. pid_alive: that process,
 * not a later one with its number, and not a zombie. */
uint64_t pid_start_time(pid_t pid);
bool pid_alive(pid_t pid, uint64_t start);
/* pid_open: a pidfd of exactly that process, or -1 (ESRCH where it is gone). */
int pid_open(pid_t pid, uint64_t start);
