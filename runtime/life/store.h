/* SPDX-License-Identifier: Apache-2.0 */
/* store.h - the state directory: one directory a container, claimed, locked and written atomically.
 *
 *   ROOT/            0700, owned by the caller
 *   ROOT/ID/         made with mkdir: the claim on the id; flock on it is the container's lock
 *   ROOT/ID/state.json    renamed into place; absent while being created
 *   ROOT/ID/config.json   the config as it was at creation
 *   ROOT/ID/start.sock    listens until the payload runs: connecting and sending "go" is `start`
 *   ROOT/ID/paused        empty: its processes were stopped by `pause`
 *   ROOT/ID/violations    what its network filter refused, where nobody waits for it (recorder.h)
 *
 * Slurm and others call state, kill and delete as root on a ROOT that a user owns. So nothing that
 * lies there is believed: no symlink is followed, the owner of ROOT, of the entry and of its files
 * must be one, and a process is touched only through process.h's checks against that owner.
 */
#pragma once

#include "runtime/life/process.h"
#include "runtime/srtoci.h"

#define STORE_STATE "state.json"
#define STORE_CONFIG "config.json"
#define STORE_SOCKET "start.sock"
#define STORE_PAUSED "paused"
#define STORE_STATE_MAX (1u << 20)

/* One container's directory. The lock lives as long as dir_fd is open (it is not inherited over
 * exec). A child that was cloned without exec holds it too until it closes its copy, or until
 * store_unlock, which frees it for all copies. */
struct entry {
	int dir_fd; /* -1: none */
	uint32_t owner; /* uid of the directory */
	bool locked; /* we hold the lock */
	bool in_root; /* of a claim: root_fd is ROOT, for the removal */
	int root_fd;
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
 * exist`, with errnum ESRCH. Verifies that the directory belongs to the caller, or that the caller
 * is root and it belongs to whom ROOT belongs. A lock that somebody holds for more than 10 s is
 * ERR_STATE. */
int store_open(const struct runtime *rt, const char *id, bool lock, struct entry *ret,
	       struct err *err);
/* store_unlock: gives the lock away and keeps the directory open. */
void store_unlock(struct entry *e);
/* store_lock: takes the lock again, waiting as store_open does; 1 where the entry was deleted
 * meanwhile: whoever did has run its hooks. */
int store_lock(struct entry *e, const char *id, struct err *err);
/* store_write: state.json, atomically. store_keep_config: the bytes of config.json. */
int store_write(const struct entry *e, const struct container *c, struct err *err);
int store_keep_config(const struct entry *e, const char *bytes, size_t len, struct err *err);
/* store_read: state.json as it was written; with a missing one (creator at work, or it died) only
 * id, owner_uid and status are set, texts are "", and the result is 1. Strict reading: bounded,
 * unknown keys refused, owner checked.
 *
 * status is not written but found out: creating while the creator holds the lock and there is no
 * process yet; stopped where that very process (pid and start time) is gone or a zombie, or the
 * creator died; paused by its mark; created while start.sock listens; else running. pid is 0 when
 * stopped. */
int store_read(const struct entry *e, const char *id, struct arena *a, struct container *ret,
	       struct err *err);
/* store_config: the kept config, parsed; 1 where none was kept. */
int store_config(const struct entry *e, struct arena *a, struct config **ret, struct err *err);
/* store_remove: the directory and all in it; last the directory itself. Nothing where it was deleted
 * already, so that a new container of that id is left alone. */
int store_remove(const struct runtime *rt, struct entry *e, const char *id, struct err *err);
/* store_ids: the ids in ROOT, sorted; a missing ROOT is an empty list. */
int store_ids(const struct runtime *rt, struct arena *a, struct strings *ret, struct err *err);

/* store_listen: makes start.sock and listens on it (SOCK_SEQPACKET). store_connect: a connection to it;
 * 1 where nobody listens any more: the payload runs. */
int store_listen(const struct entry *e, int *ret_fd, struct err *err);
int store_connect(const struct entry *e, int *ret_fd, struct err *err);
/* store_mark_paused: sets or takes away the mark. */
int store_mark_paused(const struct entry *e, bool paused, struct err *err);
