/* SPDX-License-Identifier: Apache-2.0 */
/* audit.c - what is written down of runs. Mustn't: hold a secret's value. */
#include "runtime/sandbox/audit.h"

#include <unistd.h>

#include "runtime/life/container.h"
#include "runtime/life/record.h"
#include "spec/json/emit.h"

#define MASK "***"

const char *audit_now(struct arena *a)
{
	return container_now(a);
}

static const struct policy_variable *secret_at(const struct policy *p, const char *s, size_t n)
{
	for (size_t i = 0; i < p->variables.n; i++) {
		const struct policy_variable *v = &p->variables.v[i];
		size_t len = strlen(v->value);

		if (v->secret && len && len <= n && memcmp(s, v->value, len) == 0)
			return v;
	}
	return NULL;
}

static bool has_secrets(const struct policy *p)
{
	for (size_t i = 0; i < p->variables.n; i++)
		if (p->variables.v[i].secret)
			return true;
	return false;
}

const char *mask_secrets(const struct policy *p, const char *bytes, size_t *len, struct arena *a)
{
	struct text out = { .arena = a };

	if (!has_secrets(p))
		return bytes;
	text_add(&out, "");
	for (size_t i = 0; i < *len;) {
		const struct policy_variable *v = secret_at(p, bytes + i, *len - i);

		if (v)
			text_add(&out, MASK);
		else
			text_addn(&out, bytes + i, 1);
		i += v ? strlen(v->value) : 1;
	}
	*len = out.len;
	return out.s;
}
static const char *masked(const struct policy *p, const char *text, struct arena *a)
{
	size_t len = text ? strlen(text) : 0;

	return text ? mask_secrets(p, text, &len, a) : NULL;
}

void mask_result(const struct policy *p, struct result *r, struct arena *a)
{
	for (size_t i = 0; i < r->events.n; i++) {
		struct event *e = &r->events.v[i];

		e->description = masked(p, e->description, a);
		e->path = masked(p, e->path, a);
		e->host = masked(p, e->host, a);
		e->comm = masked(p, e->comm, a);
	}
	for (size_t i = 0; i < r->changes.n; i++)
		r->changes.v[i].path = masked(p, r->changes.v[i].path, a);
	r->reason = masked(p, r->reason, a);
}

static void emit_args(const struct audit *u, struct emit *e, struct arena *a)
{
	emit_array(e, "argv");
	for (size_t i = 0; i < u->args->n; i++) {
		size_t len = strlen(u->args->v[i]);

		emit_str(e, NULL, mask_secrets(u->policy, u->args->v[i], &len, a));
	}
	emit_end_array(e);
}

static void begin_record(const struct audit *u, const char *event, struct emit *e, struct arena *a)
{
	emit_object(e, NULL);
	emit_str(e, "timestamp", audit_now(a));
	emit_str(e, "event", event);
	emit_str(e, "sandbox_id", u->id);
	emit_uint(e, "uid", geteuid());
}

int audit_begin(const struct audit *u, struct arena *a, struct err *err)
{
	const char *path = policy_text(u->policy, POLICY_AUDIT_LOG);
	const char *violations = policy_text(u->policy, POLICY_VIOLATIONS);
	struct text line = { .arena = a };
	struct emit e = { .out = &line };

	if (violations)
		TRY(record_line(violations, u->policy->v[POLICY_VIOLATIONS].from, &line, err));
	if (!path)
		return 0;
	begin_record(u, "start", &e, a);
	emit_args(u, &e, a);
	emit_str(&e, "settings", u->policy->dialect);
	emit_end_object(&e);
	text_add(&line, "\n");
	return record_line(path, u->policy->v[POLICY_AUDIT_LOG].from, &line, err);
}

int audit_end(const struct audit *u, const struct result *r, struct arena *a, struct err *err)
{
	const char *path = policy_text(u->policy, POLICY_AUDIT_LOG);
	const char *violations = policy_text(u->policy, POLICY_VIOLATIONS);
	struct text line = { .arena = a };
	struct emit e = { .out = &line };

	if (violations)
		TRY(record_events(violations, u->policy->v[POLICY_VIOLATIONS].from, &r->events, a,
				  err));
	if (!path)
		return 0;
	begin_record(u, "end", &e, a);
	emit_str(&e, "status", name_of(run_statuses, r->status));
	emit_int(&e, "exit_code", r->exit_code);
	emit_str(&e, "reason", r->reason);
	emit_uint(&e, "execution_time_ms", r->execution_ms);
	emit_uint(&e, "cpu_time_ms", r->cpu_ms);
	emit_uint(&e, "memory_bytes", r->memory_bytes);
	emit_array(&e, "degraded");
	for (size_t i = 0; i < r->degraded.n; i++)
		emit_str(&e, NULL, r->degraded.v[i]);
	emit_end_array(&e);
	emit_uint(&e, "violations", r->events.n + r->events.dropped);
	emit_end_object(&e);
	text_add(&line, "\n");
	return record_line(path, u->policy->v[POLICY_AUDIT_LOG].from, &line, err);
}
