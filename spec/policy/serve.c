/* SPDX-License-Identifier: Apache-2.0 */
/* serve.c - requests to a pool and their answers, from one table. */
#include "spec/policy/serve.h"

#include <string.h>

#include "spec/json/bind.h"

#define DEPTH_MAX 4
#define NODES_MAX 4096

const struct name serve_ops[] = {
	{ "execute", SERVE_EXECUTE },
	{ "stats", SERVE_STATS },
	{ "ping", SERVE_PING },
	{ NULL, 0 },
};

static const struct bind_row rows[] = {
	ROW(serve_request, version, "version", UINT, REQUIRED, "1", .max = UINT32_MAX),
	ROW(serve_request, op, "op", WORD, REQUIRED, "what is asked for", .words = serve_ops),
	ROW(serve_request, id, "id", STR, 0, "the client's own; it stands in the answer"),
	ROW(serve_request, code, "code", STR, 0, "of execute: the program"),
	ROW(serve_request, language, "language", STR, 0, "of the code: python"),
	ROW(serve_request, input, "stdin", STR, 0, "the standard input"),
	ROW(serve_request, env, "env", PAIRS, 0, "variables, beside the pool's"),
	ROW(serve_request, timeout_ms, "timeout_ms", OPT_UINT, 0, "wall clock, at most the pool's",
	    .max = UINT32_MAX),
	ROW(serve_request, memory, "memory_bytes", OPT_UINT, 0, "at most the pool's",
	    .max = INT64_MAX),
};
static const struct bind_table table = TABLE(serve_request, rows);

uint32_t serve_length(const unsigned char b[SERVE_LENGTH], uint32_t most)
{
	uint32_t n = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];

	return n <= most ? n : 0;
}

void serve_length_put(uint32_t n, unsigned char b[SERVE_LENGTH])
{
	for (int i = 0; i < SERVE_LENGTH; i++)
		b[i] = (unsigned char)(n >> (24 - 8 * i));
}

static int check_env(const struct pairs *env, struct err *err)
{
	if (env->n > SERVE_VARIABLES_MAX)
		return err_limit(err, "env has more than %d variables", SERVE_VARIABLES_MAX);
	for (size_t i = 0; i < env->n; i++)
		if (!env->v[i].key[0] || strchr(env->v[i].key, '='))
			return err_input(err, "env: \"%.64s\" is no name of a variable",
					 env->v[i].key);
	return 0;
}

static int check(const struct serve_request *q, struct err *err)
{
	if (q->version != SERVE_VERSION)
		return err_input(err, "version %llu is not known; say %d",
				 (unsigned long long)q->version, SERVE_VERSION);
	if (q->op != SERVE_EXECUTE)
		return 0;
	if (!q->code)
		return err_input(err, "execute needs code");
	if (q->language && !str_eq(q->language, "python"))
		return err_input(err, "a pool runs python alone, not %.64s; use exec", q->language);
	return check_env(&q->env, err);
}

int serve_request_parse(const char *bytes, size_t len, struct arena *a, struct serve_request *ret,
			struct err *err)
{
	static const struct json_limits limits = { SERVE_REQUEST_MAX, DEPTH_MAX, NODES_MAX };
	struct json *json;

	*ret = (struct serve_request){ 0 };
	TRY(json_parse(bytes, len, "request", &limits, a, &json, err));
	if (json->type != JSON_OBJECT)
		return err_input(err, "a request is an object");
	TRY(bind_object(json, &table, BIND_STRICT, ret, a, err));
	if (ret->id && strlen(ret->id) > SERVE_ID_MAX) {
		ret->id = NULL;
		return err_limit(err, "id is longer than %d bytes", SERVE_ID_MAX);
	}
	return check(ret, err);
}

static int lower(struct policy *p, enum policy_item item, const struct opt_u64 *v, const char *key,
		 struct err *err)
{
	uint64_t most = policy_n(p, item);

	if (!v->set)
		return 0;
	if (v->v == 0 || (most && v->v > most))
		return err_input(err, "%s must be between 1 and the pool's %llu, is %llu", key,
				 (unsigned long long)most, (unsigned long long)v->v);
	return policy_set_number(p, item, v->v, ORIGIN_FLAG, key, err);
}

int serve_request_limits(const struct serve_request *q, struct policy *p, struct err *err)
{
	TRY(lower(p, POLICY_TIMEOUT, &q->timeout_ms, "timeout_ms", err));
	return lower(p, POLICY_MEMORY, &q->memory, "memory_bytes", err);
}

void serve_answer_begin(const struct serve_request *q, struct emit *e)
{
	emit_object(e, NULL);
	emit_uint(e, "version", SERVE_VERSION);
	emit_str(e, "id", q->id);
}

void serve_answer_error(const struct serve_request *q, const struct err *why, struct emit *e)
{
	char line[ERR_LINE_MAX];

	serve_answer_begin(q, e);
	emit_object(e, "error");
	emit_str(e, "kind", why->kind == ERR_INPUT || why->kind == ERR_LIMIT ? "request" : "setup");
	emit_str(e, "message", err_line(why, line, sizeof(line)));
	emit_end_object(e);
	emit_end_object(e);
}

static const char *const types[] = {
	[BIND_STR] = "{\"type\":\"string\"}",
	[BIND_UINT] = "{\"type\":\"integer\",\"const\":1}",
	[BIND_OPT_UINT] = "{\"type\":\"integer\",\"minimum\":1}",
	[BIND_WORD] = "{\"enum\":[\"execute\",\"stats\",\"ping\"]}",
	[BIND_PAIRS] = "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}}",
};

void serve_schema(struct emit *e)
{
	emit_object(e, NULL);
	emit_str(e, "$schema", "https://json-schema.org/draft/2020-12/schema");
	emit_str(e, "title", "a request to sandbox-runtime serve");
	emit_str(e, "type", "object");
	emit_array(e, "required");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].flags & REQUIRED)
			emit_str(e, NULL, rows[i].key);
	emit_end_array(e);
	emit_bool(e, "additionalProperties", false);
	emit_object(e, "properties");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		emit_object(e, rows[i].key);
		emit_array(e, "allOf");
		emit_raw(e, NULL, types[rows[i].kind]);
		emit_end_array(e);
		emit_str(e, "description", rows[i].doc);
		emit_end_object(e);
	}
	emit_end_object(e);
	emit_end_object(e);
}
