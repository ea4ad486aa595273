/* SPDX-License-Identifier: Apache-2.0 */
/* list.c - the ops, warnings and causes of a plan, as planners add them. */
#include "runtime/plan/plan.h"

struct op *plan_add(struct plan *p, enum stage stage, enum op_code code, const char *cause)
{
	struct op *op;

	if (p->n == p->room) {
		size_t room = p->room ? p->room * 2 : 96;

		p->ops = arena_grow(p->arena, p->ops, p->room * sizeof(*p->ops),
				    room * sizeof(*p->ops));
		p->room = room;
	}
	op = &p->ops[p->n++];
	*op = (struct op){ .code = (uint8_t)code, .stage = (uint8_t)stage, .cause = cause };
	return op;
}

int plan_warn(struct plan *p, struct err *err, const char *cause, const char *fmt, ...)
{
	va_list ap;
	char *text;

	va_start(ap, fmt);
	text = arena_vprintf(p->arena, fmt, ap);
	va_end(ap);
	if (p->strict) {
		(void)err_input(err, "%s (--strict)", text);
		return err_in(err, "%s", cause);
	}
	if (p->warnings_n == PLAN_WARNINGS_MAX)
		return 0;
	if (!p->warnings)
		p->warnings = arena_array(p->arena, struct plan_warning, PLAN_WARNINGS_MAX);
	p->warnings[p->warnings_n++] = (struct plan_warning){ .cause = cause, .text = text };
	return 0;
}

const char *plan_cause(struct plan *p, const char *fmt, ...)
{
	const char *cause;
	va_list ap;

	va_start(ap, fmt);
	cause = arena_vprintf(p->arena, fmt, ap);
	va_end(ap);
	return cause;
}
