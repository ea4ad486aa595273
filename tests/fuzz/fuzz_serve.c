/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_serve.c - any bytes as what a client sends: frames within their bound, each a request with limits no higher than the
 * pool's, or an error that can be told. */
#include <stdint.h>
#include <stdlib.h>

#include "spec/policy/serve.h"

#define MOST 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void one(const char *bytes, size_t len)
{
	scoped_arena struct arena arena = { 0 };
	struct text out = { .arena = &arena };
	struct emit e = { .out = &out };
	struct serve_request q;
	struct err err = { 0 };
	struct policy p;
	uint64_t timeout;

	policy_begin(&p, &arena);
	timeout = policy_n(&p, POLICY_TIMEOUT);
	if (serve_request_parse(bytes, len, &arena, &q, &err) < 0 ||
	    serve_request_limits(&q, &p, &err) < 0) {
		if (err.kind == ERR_NONE || !err.text[0])
			abort();
		serve_answer_error(&q, &err, &e);
		return;
	}
	if (policy_n(&p, POLICY_TIMEOUT) > timeout || policy_n(&p, POLICY_TIMEOUT) == 0)
		abort();
	if (q.op == SERVE_EXECUTE && !q.code)
		abort();
	serve_answer_begin(&q, &e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	while (size >= SERVE_LENGTH) {
		size_t n = serve_length(data, MOST);

		if (n == 0 || n > size - SERVE_LENGTH)
			break;
		if (n > MOST)
			abort();
		one((const char *)data + SERVE_LENGTH, n);
		data += SERVE_LENGTH + n;
		size -= SERVE_LENGTH + n;
	}
	return 0;
}
