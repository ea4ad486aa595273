/* SPDX-License-Identifier: Apache-2.0 */
/* result.c - one row a member: what is written, and what the schema says of it. */
#include "spec/policy/result.h"

#include <string.h>

#include "spec/json/utf8.h"

const struct name run_statuses[] = {
	{ "ok", RUN_OK },
	{ "exit", RUN_EXIT },
	{ "signal", RUN_SIGNAL },
	{ "timeout", RUN_TIMEOUT },
	{ "cpu", RUN_CPU },
	{ "memory", RUN_MEMORY },
	{ "processes", RUN_PROCESSES },
	{ "disk", RUN_DISK },
	{ "files", RUN_FILES },
	{ "output", RUN_OUTPUT },
	{ "seccomp", RUN_SECCOMP },
	{ "setup_error", RUN_SETUP_ERROR },
	{ "killed", RUN_KILLED },
	{ NULL, 0 },
};
const struct name event_types[] = {
	{ "fs_read", EVENT_FS_READ },
	{ "fs_write", EVENT_FS_WRITE },
	{ "exec", EVENT_EXEC },
	{ "network", EVENT_NETWORK },
	{ "syscall", EVENT_SYSCALL },
	{ "limit", EVENT_LIMIT },
	{ NULL, 0 },
};

/* What is being written. */
struct writing {
	const struct result *r;
	const struct policy *p;
	struct emit *e;
};
struct member {
	const char *key;
	const char *schema; /* JSON */
	void (*write)(const struct writing *w, const char *key);
	const char *doc;
};

static bool utf8_is_valid(const char *s, size_t n)
{
	for (size_t at = 0, step; at < n; at += step) {
		step = utf8_char(s + at, n - at);
		if (step == 0)
			return false;
	}
	return true;
}

static void str_or_null(struct emit *e, const char *key, const char *value)
{
	if (value)
		emit_str(e, key, value);
	else
		emit_null(e, key);
}

static void base64(const char *bytes, size_t len, struct text *out)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char quad[4];

	for (size_t i = 0; i < len; i += 3) {
		unsigned int have = len - i > 2 ? 3 : (unsigned int)(len - i), word = 0;

		for (unsigned int k = 0; k < 3; k++)
			word = word << 8 | (k < have ? (unsigned char)bytes[i + k] : 0);
		for (unsigned int k = 0; k < 4; k++)
			quad[k] = k <= have ? digits[word >> (18 - 6 * k) & 63] : '=';
		text_addn(out, quad, 4);
	}
}

const char *bytes_emit(const char *bytes, size_t len, const char *key, struct emit *e)
{
	struct text text = { .arena = e->out->arena };

	text_add(&text, "");
	if (memchr(bytes, 0, len) == NULL && utf8_is_valid(bytes, len)) {
		text_addn(&text, bytes, len);
		emit_str(e, key, text.s);
		return "utf-8";
	}
	base64(bytes, len, &text);
	emit_str(e, key, text.s);
	return "base64";
}

static bool is_text(const struct captured *c)
{
	return !c->bytes || (!memchr(c->bytes, 0, c->len) && utf8_is_valid(c->bytes, c->len));
}

static void write_stream(const struct captured *c, const char *key, struct emit *e)
{
	if (c->bytes)
		(void)bytes_emit(c->bytes, c->len, key, e);
	else
		emit_str(e, key, "");
}

void event_add(struct events *events, const struct event *v, struct arena *a)
{
	if (!events->v)
		events->v = arena_array(a, struct event, RESULT_EVENTS_MAX);
	if (events->n >= RESULT_EVENTS_MAX)
		events->dropped++;
	else
		events->v[events->n++] = *v;
}

void event_emit(const struct event *v, const char *key, struct emit *e)
{
	emit_object(e, key);
	emit_str(e, "timestamp", v->timestamp);
	emit_str(e, "type", name_of(event_types, v->type));
	emit_str(e, "description", v->description);
	emit_str(e, "severity", v->severity);
	emit_object(e, "context");
	emit_str(e, "syscall", v->syscall);
	emit_str(e, "path", v->path);
	emit_str(e, "host", v->host);
	emit_str(e, "limit", v->limit);
	if (v->port > 0)
		emit_int(e, "port", v->port);
	if (v->errnum > 0)
		emit_int(e, "errno", v->errnum);
	if (v->pid > 0)
		emit_int(e, "pid", v->pid);
	emit_str(e, "comm", v->comm);
	emit_end_object(e);
	emit_end_object(e);
}

#define WRITER(name) static void write_##name(const struct writing *w, const char *key)
WRITER(schema)
{
	(void)w->r;
	emit_uint(w->e, key, RESULT_SCHEMA);
}
WRITER(id)
{
	emit_str(w->e, key, w->r->sandbox_id);
}
WRITER(success)
{
	emit_bool(w->e, key, w->r->status == RUN_OK);
}
WRITER(exit_code)
{
	emit_int(w->e, key, w->r->exit_code);
}
WRITER(signal)
{
	if (w->r->signal)
		emit_int(w->e, key, w->r->signal);
	else
		emit_null(w->e, key);
}
WRITER(status)
{
	emit_str(w->e, key, name_of(run_statuses, w->r->status));
}
WRITER(reason)
{
	str_or_null(w->e, key, w->r->reason);
}
WRITER(infra_error)
{
	emit_bool(w->e, key, w->r->infra_error);
}
WRITER(out)
{
	write_stream(&w->r->out, key, w->e);
}
WRITER(err)
{
	write_stream(&w->r->err, key, w->e);
}
WRITER(out_encoding)
{
	emit_str(w->e, key, is_text(&w->r->out) ? "utf-8" : "base64");
}
WRITER(err_encoding)
{
	emit_str(w->e, key, is_text(&w->r->err) ? "utf-8" : "base64");
}
WRITER(out_truncated)
{
	emit_bool(w->e, key, w->r->out.truncated);
}
WRITER(err_truncated)
{
	emit_bool(w->e, key, w->r->err.truncated);
}
WRITER(execution_ms)
{
	emit_uint(w->e, key, w->r->execution_ms);
}
WRITER(setup_ms)
{
	emit_uint(w->e, key, w->r->setup_ms);
}
WRITER(cpu_ms)
{
	emit_uint(w->e, key, w->r->cpu_ms);
}
WRITER(memory)
{
	uint64_t tenths = w->r->memory_bytes * 10 >> 20;

	emit_raw(w->e, key,
		 arena_printf(w->e->out->arena, "%llu.%llu", (unsigned long long)(tenths / 10),
			      (unsigned long long)(tenths % 10)));
}
WRITER(digest)
{
	str_or_null(w->e, key, w->r->image_digest);
}
WRITER(violations)
{
	emit_array(w->e, key);
	for (size_t i = 0; i < w->r->events.n; i++)
		emit_str(w->e, NULL, w->r->events.v[i].description);
	emit_end_array(w->e);
}
WRITER(events)
{
	emit_array(w->e, key);
	for (size_t i = 0; i < w->r->events.n; i++)
		event_emit(&w->r->events.v[i], NULL, w->e);
	emit_end_array(w->e);
}
WRITER(dropped)
{
	emit_uint(w->e, key, w->r->events.dropped);
}
WRITER(changes)
{
	emit_array(w->e, key);
	for (size_t i = 0; i < w->r->changes.n; i++) {
		const struct change *c = &w->r->changes.v[i];
		char kind[2] = { c->kind, '\0' };

		emit_object(w->e, NULL);
		emit_str(w->e, "kind", kind);
		emit_str(w->e, "path", c->path);
		emit_end_object(w->e);
	}
	emit_end_array(w->e);
}
WRITER(limits)
{
	static const struct {
		const char *key;
		enum policy_item item;
	} limits[] = {
		{ "timeout_ms", POLICY_TIMEOUT },
		{ "memory_bytes", POLICY_MEMORY },
		{ "cpu_thousandths", POLICY_CPU },
		{ "cpu_time_ms", POLICY_CPU_TIME },
		{ "max_processes", POLICY_PROCESSES },
		{ "max_files", POLICY_FILES },
		{ "max_file_size_bytes", POLICY_FILE_SIZE },
		{ "disk_bytes", POLICY_DISK },
		{ "max_output_bytes", POLICY_OUTPUT },
		{ "max_open_files", POLICY_OPEN_FILES },
	};

	emit_object(w->e, key);
	for (size_t i = 0; i < ARRAY_LEN(limits); i++)
		if (w->p->v[limits[i].item].text)
			emit_uint(w->e, limits[i].key, policy_n(w->p, limits[i].item));
	emit_str(w->e, "backend", w->r->backend);
	emit_end_object(w->e);
}
WRITER(degraded)
{
	emit_array(w->e, key);
	for (size_t i = 0; i < w->r->degraded.n; i++)
		emit_str(w->e, NULL, w->r->degraded.v[i]);
	emit_end_array(w->e);
}
WRITER(timestamp)
{
	emit_str(w->e, key, w->r->timestamp);
}
WRITER(error)
{
	str_or_null(w->e, key, w->r->error);
}

#define NUMBER "{\"type\":\"integer\",\"minimum\":0}"
#define TRUTH "{\"type\":\"boolean\"}"
#define STRING "{\"type\":\"string\"}"
#define STRING_OR_NULL "{\"type\":[\"string\",\"null\"]}"
#define STRINGS "{\"type\":\"array\",\"items\":{\"type\":\"string\"}}"
#define ENCODING "{\"enum\":[\"utf-8\",\"base64\"]}"
#define EXIT_CODE "{\"type\":\"integer\",\"minimum\":0,\"maximum\":255}"
#define CONTEXT "{\"type\":\"object\",\"additionalProperties\":{\"type\":[\"string\",\"integer\"]}}"
#define EVENTS                                                                               \
	"{\"type\":\"array\",\"maxItems\":100,\"items\":{\"type\":\"object\",\"required\":"  \
	"[\"timestamp\",\"type\",\"description\",\"severity\",\"context\"],\"properties\":{" \
	"\"timestamp\":" STRING ",\"type\":{\"enum\":[\"fs_read\",\"fs_write\",\"exec\","    \
	"\"network\",\"syscall\",\"limit\"]},\"description\":" STRING                        \
	",\"severity\":{\"enum\":[\"low\",\"medium\",\"high\"]},\"context\":" CONTEXT        \
	"},\"additionalProperties\":false}}"
#define CHANGES                                                                                \
	"{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"kind\",\"path\"]," \
	"\"properties\":{\"kind\":{\"enum\":[\"A\",\"M\",\"D\"]},\"path\":" STRING             \
	"},\"additionalProperties\":false}}"
#define LIMITS                                                                                   \
	"{\"type\":\"object\",\"required\":[\"backend\"],\"properties\":{\"backend\":{\"enum\":" \
	"[\"cgroup2\",\"cgroup1\",\"supervisor\"]}},\"additionalProperties\":" NUMBER "}"

static const struct member members[] = {
	{ "schema", "{\"const\":1}", write_schema, "version of this document" },
	{ "sandbox_id", STRING, write_id, "unique to the run" },
	{ "success", TRUTH, write_success, "status is ok" },
	{ "returncode", EXIT_CODE, write_exit_code, "the same as exit_code" },
	{ "exit_code", EXIT_CODE, write_exit_code, "as the program exits" },
	{ "signal", "{\"type\":[\"integer\",\"null\"]}", write_signal, "that ended the program" },
	{ "status", NULL, write_status, "how it ended" },
	{ "reason", STRING_OR_NULL, write_reason, "the limit or fault, in a sentence" },
	{ "infra_error", TRUTH, write_infra_error, "our own fault, not the program's" },
	{ "stdout", STRING, write_out, "what was written there" },
	{ "stderr", STRING, write_err, "likewise" },
	{ "stdout_encoding", ENCODING, write_out_encoding, "base64 where it is no UTF-8" },
	{ "stderr_encoding", ENCODING, write_err_encoding, "likewise" },
	{ "stdout_truncated", TRUTH, write_out_truncated, "there was more" },
	{ "stderr_truncated", TRUTH, write_err_truncated, "likewise" },
	{ "execution_time_ms", NUMBER, write_execution_ms, "from the program's start to its end" },
	{ "setup_time_ms", NUMBER, write_setup_ms, "until the program's start" },
	{ "cpu_time_ms", NUMBER, write_cpu_ms, "processor time of all processes" },
	{ "memory_used_mb", "{\"type\":\"number\",\"minimum\":0}", write_memory, "at its highest" },
	{ "image_digest", STRING_OR_NULL, write_digest, "of the bundle" },
	{ "violations", STRINGS, write_violations, "the events' descriptions" },
	{ "violation_events", EVENTS, write_events, "what was refused; advisory" },
	{ "violations_dropped", NUMBER, write_dropped, "events beyond the first 100" },
	{ "changes", CHANGES, write_changes, "of the workspace" },
	{ "limits", LIMITS, write_limits, "as they were enforced" },
	{ "degraded", STRINGS, write_degraded, "what was asked for and not enforced" },
	{ "timestamp", STRING, write_timestamp, "of the start, RFC 3339" },
	{ "error", STRING_OR_NULL, write_error, "the kind of failure, in a word" },
};

void result_emit(const struct result *r, const struct policy *p, struct emit *e)
{
	const struct writing w = { r, p, e };

	emit_object(e, NULL);
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		members[i].write(&w, members[i].key);
	emit_end_object(e);
}

static void status_schema(const char *doc, struct emit *e)
{
	emit_array(e, "enum");
	for (const struct name *s = run_statuses; s->name; s++)
		emit_str(e, NULL, s->name);
	emit_end_array(e);
	emit_str(e, "description", doc);
}

static void member_schema(const struct member *m, struct emit *e)
{
	emit_object(e, m->key);
	if (m->schema) {
		emit_array(e, "allOf");
		emit_raw(e, NULL, m->schema);
		emit_end_array(e);
		emit_str(e, "description", m->doc);
	} else {
		status_schema(m->doc, e);
	}
	emit_end_object(e);
}

void result_schema(struct emit *e)
{
	emit_object(e, NULL);
	emit_str(e, "$schema", "https://json-schema.org/draft/2020-12/schema");
	emit_str(e, "title", "the result of sandbox-runtime exec --json-output");
	emit_str(e, "type", "object");
	emit_array(e, "required");
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		emit_str(e, NULL, members[i].key);
	emit_end_array(e);
	emit_bool(e, "additionalProperties", false);
	emit_object(e, "properties");
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		member_schema(&members[i], e);
	emit_end_object(e);
	emit_end_object(e);
}
