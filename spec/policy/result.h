/* SPDX-License-Identifier: Apache-2.0 */
/* result.h - the verdict on one run as a JSON document, and that document's schema, from one table. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "spec/json/emit.h"
#include "spec/policy/policy.h"

#define RESULT_SCHEMA 1
/* Events that a result holds; what is beyond is counted. */
#define RESULT_EVENTS_MAX 100

enum run_status {
	RUN_OK,
	RUN_EXIT, /* the program's own status, not 0 */
	RUN_SIGNAL,
	RUN_TIMEOUT,
	RUN_CPU,
	RUN_MEMORY,
	RUN_PROCESSES,
	RUN_DISK,
	RUN_FILES,
	RUN_OUTPUT,
	RUN_SECCOMP,
	RUN_SETUP_ERROR,
	RUN_KILLED, /* by whoever ran us */
};
extern const struct name run_statuses[];

enum event_type {
	EVENT_FS_READ,
	EVENT_FS_WRITE,
	EVENT_EXEC,
	EVENT_NETWORK,
	EVENT_SYSCALL,
	EVENT_LIMIT
};
extern const struct name event_types[];

/* Something that was refused. What is absent is NULL, 0 or -1. */
struct event {
	const char *timestamp;
	uint8_t type; /* enum event_type */
	const char *description;
	const char *severity; /* "low", "medium", "high" */
	const char *syscall, *path, *host, *comm, *limit;
	int port, errnum, pid;
};
struct events {
	struct event *v;
	size_t n;
	uint64_t dropped;
};

struct change {
	char kind; /* A added, M modified, D deleted */
	const char *path;
};
struct changes {
	struct change *v;
	size_t n;
};

struct captured {
	const char *bytes; /* NULL: was not captured */
	size_t len;
	bool truncated;
};

struct result {
	const char *sandbox_id;
	int exit_code; /* as this program exits */
	int signal; /* 0: none */
	uint8_t status; /* enum run_status */
	const char *reason; /* one line; NULL: nothing to say */
	bool infra_error;
	struct captured out, err;
	uint64_t execution_ms, setup_ms, cpu_ms;
	uint64_t memory_bytes; /* at its highest */
	const char *image_digest;
	struct events events;
	struct changes changes;
	const char *backend; /* of the limits */
	struct policy_words degraded;
	const char *timestamp;
	const char *error; /* word for the kind of failure; NULL: none */
};

/* result_emit: the document; the limits are the policy's. result_schema: its JSON Schema (draft 2020-12). */
void result_emit(const struct result *r, const struct policy *p, struct emit *e);
void result_schema(struct emit *e);
/* event_add: one more, or counted where there are too many. */
void event_add(struct events *events, const struct event *v, struct arena *a);
/* event_emit: one event, as it also stands in the file of --violations. */
void event_emit(const struct event *v, const char *key, struct emit *e);
/* bytes_emit: bytes as a string, in base64 where they are not UTF-8; its encoding is returned. */
const char *bytes_emit(const char *bytes, size_t len, const char *key, struct emit *e);
