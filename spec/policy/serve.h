/* SPDX-License-Identifier: Apache-2.0 */
/* serve.h - what a client and a pool say to each other: frames of a length (four bytes, the highest first) and so many bytes
 * of JSON. Described, with its schema, in docs/pool.md. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "spec/oci/config.h"
#include "spec/policy/result.h"

#define SERVE_VERSION 1
/* Bounds on a request. */
#define SERVE_REQUEST_MAX (8u << 20)
#define SERVE_VARIABLES_MAX 256
#define SERVE_ID_MAX 128
#define SERVE_LENGTH 4 /* bytes in front of a frame */

enum serve_op { SERVE_EXECUTE, SERVE_STATS, SERVE_PING };
extern const struct name serve_ops[];

struct serve_request {
	uint64_t version;
	int op; /* enum serve_op */
	const char *id; /* the client's own, said again in the answer; NULL: none */
	/* of EXECUTE */
	const char *code;
	const char *language; /* NULL: python */
	const char *input; /* the standard input; NULL: empty */
	struct pairs env;
	struct opt_u64 timeout_ms, memory; /* within the pool's own */
};

/* serve_length: of a frame; 0 where it is not within most. */
uint32_t serve_length(const unsigned char bytes[SERVE_LENGTH], uint32_t most);
void serve_length_put(uint32_t n, unsigned char bytes[SERVE_LENGTH]);
/* serve_request_parse: ERR_INPUT or ERR_LIMIT say what is wrong; ret->id is then there if it could be read. */
int serve_request_parse(const char *bytes, size_t len, struct arena *a, struct serve_request *ret,
			struct err *err);
/* serve_request_limits: lowers the pool's limits to the request's; ERR_INPUT where one is higher. */
int serve_request_limits(const struct serve_request *q, struct policy *p, struct err *err);
/* serve_answer_begin: the members that every answer has; the object stays open. serve_answer_error: a whole one. */
void serve_answer_begin(const struct serve_request *q, struct emit *e);
void serve_answer_error(const struct serve_request *q, const struct err *why, struct emit *e);
/* serve_schema: JSON Schema of the request. */
void serve_schema(struct emit *e);
