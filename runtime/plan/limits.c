/* SPDX-License-Identifier: Apache-2.0 */
/* limits.c - what the planners of limits share: which hierarchy has a controller, how a row's value is written, and how
 * numbers of v1 become those of v2. */
#include "runtime/plan/limits.h"

#include <string.h>

#include "spec/base/str.h"

#define SHARES_MIN 2u
#define SHARES_MAX 262144u
#define IO_WEIGHT_MIN 10u
#define IO_WEIGHT_MAX 1000u

/* --- conversions ------------------------------------------------------------------------------ */

uint64_t cpu_weight(uint64_t shares)
{
	/* 10 ^ ((l * l + 125 * l) / 612 - 7 / 34) with l the binary logarithm of the shares, rounded up, at each power of
	 * two: the curve through 2 → 1, 1024 → 100 (the defaults of both) and 262144 → 10000. Between them a straight line. */
	static const uint16_t at[] = { 1,   1,	 2,   3,   5,	8,    12,   21,	  35,	59,
				       100, 174, 303, 532, 942, 1681, 3023, 5478, 10000 };
	uint64_t low = SHARES_MIN;
	size_t l = 1;

	if (shares <= SHARES_MIN)
		return 1;
	if (shares >= SHARES_MAX)
		return 10000;
	while (low * 2 <= shares) {
		low *= 2;
		l++;
	}
	return at[l] + (uint64_t)(at[l + 1] - at[l]) * (shares - low) / low;
}

uint64_t io_weight(uint64_t weight)
{
	if (weight <= IO_WEIGHT_MIN)
		return 1;
	if (weight >= IO_WEIGHT_MAX)
		return 10000;
	return 1 + (weight - IO_WEIGHT_MIN) * 9999 / (IO_WEIGHT_MAX - IO_WEIGHT_MIN);
}

/* --- where ------------------------------------------------------------------------------------ */

bool cgroup_has(const char *list, const char *controller)
{
	size_t n = strlen(controller);

	for (const char *s = list; s && *s; s = strpbrk(s, ", ")) {
		s += strspn(s, ", ");
		if (strncmp(s, controller, n) == 0 && (s[n] == '\0' || strchr(", ", s[n])))
			return true;
	}
	return false;
}

bool cgroup_is_v2(const struct cgroup_spot *spot)
{
	return str_eq(spot->type, CGROUP_UNIFIED);
}

const struct cgroup_spot *cgroup_spot_of(const struct cgroup_spots *spots, const char *type)
{
	for (size_t i = 0; i < spots->n; i++)
		if (str_eq(spots->v[i].type, type))
			return &spots->v[i];
	return NULL;
}

struct cgroup_spot *limits_v1(const struct limits *l, const char *controller)
{
	for (size_t i = 0; controller && i < l->spots->n; i++)
		if (!cgroup_is_v2(&l->spots->v[i]) &&
		    cgroup_has(l->spots->v[i].controllers, controller))
			return &l->spots->v[i];
	return NULL;
}

struct cgroup_spot *limits_v2(const struct limits *l, const char *controller)
{
	for (size_t i = 0; controller && l->spots && i < l->spots->n; i++)
		if (cgroup_is_v2(&l->spots->v[i]) &&
		    (!*controller || cgroup_has(l->spots->v[i].controllers, controller)))
			return &l->spots->v[i];
	return NULL;
}

void limits_need(const struct limits *l, struct cgroup_spot *spot, const char *controller)
{
	if (!*controller || (spot->needs && cgroup_has(spot->needs, controller)))
		return;
	spot->needs = spot->needs ? arena_printf(l->p->arena, "%s %s", spot->needs, controller)
				  : controller;
}

/* --- what ------------------------------------------------------------------------------------- */

const char *limits_cause(const struct limits *l, const struct limit_row *row)
{
	return plan_cause(l->p, "%s%s", l->prefix, row->pointer);
}

struct op *limits_write(const struct limits *l, const struct cgroup_spot *spot,
			const struct limit_row *row, const char *file, const char *value)
{
	struct op *op = plan_add(l->p, STAGE_PREPARE, OP_CGROUP_WRITE, limits_cause(l, row));

	op->type = spot->type;
	op->path = file;
	op->text = value;
	op->flags = (uint16_t)row->flags;
	return op;
}

static const void *part_of(const struct resources *r, const struct limit_row *row)
{
	const void *part;

	memcpy(&part, (const char *)r + row->part, sizeof(part));
	return part;
}

/* The number of a row's member, whatever its type; false where it is absent, or zero, which means unset. */
static bool limit_number(const struct resources *r, const struct limit_row *row, int64_t *ret)
{
	const char *part = part_of(r, row);
	struct opt_i64 n;

	if (!part || row->kind == LIMIT_LIST || row->asked)
		return false;
	if (row->kind == LIMIT_BOOL) {
		struct opt_bool b;

		memcpy(&b, part + row->at, sizeof(b));
		*ret = b.v;
		return b.set && b.v;
	}
	/* opt_u64 and opt_i64 are alike but for the sign. */
	memcpy(&n, part + row->at, sizeof(n));
	*ret = n.v;
	return n.set && (n.v != 0 || row->kind == LIMIT_FROM_ZERO);
}

static const char *limit_list(const struct resources *r, const struct limit_row *row)
{
	const char *part = part_of(r, row), *list = NULL;

	if (part && row->kind == LIMIT_LIST)
		memcpy(&list, part + row->at, sizeof(list));
	return list && *list ? list : NULL;
}

bool limit_asked(const struct resources *r, const struct limit_row *row)
{
	int64_t n;

	if (row->asked)
		return row->asked(r);
	return limit_list(r, row) || limit_number(r, row, &n);
}

int limits_lost(const struct limits *l, const struct limit_row *row, struct err *err)
{
	const char *cause = limits_cause(l, row);

	if (limits_v2(l, "") && !row->v2 && !limits_v1(l, row->v1_controller))
		return plan_warn(l->p, err, cause, "cgroup v2 has no such limit; drop it");
	if (!row->v1_controller)
		return plan_warn(l->p, err, cause, "cgroup v1 has no such limit; drop it");
	return plan_warn(
		l->p, err, cause,
		"the container's cgroup has no controller %s, so it is not applied; have it "
		"delegated (Delegate=yes), or drop the limit",
		limits_v2(l, "") ? row->v2_controller : row->v1_controller);
}

const char *limits_value(const struct limits *l, const struct limit_row *row, bool v2)
{
	int64_t n = 0;

	if (row->kind == LIMIT_LIST)
		return limit_list(l->r, row);
	(void)limit_number(l->r, row, &n);
	if (n < 0 && (row->kind == LIMIT_MAX || (row->kind == LIMIT_BYTES && v2)))
		return "max";
	return arena_printf(l->p->arena, "%lld", (long long)n);
}

int limits_plain(struct limits *l, const struct limit_row *row, struct err *err)
{
	struct cgroup_spot *spot = row->v1 ? limits_v1(l, row->v1_controller) : NULL;

	if (spot) {
		(void)limits_write(l, spot, row, row->v1, limits_value(l, row, false));
		return 0;
	}
	spot = row->v2 ? limits_v2(l, row->v2_controller) : NULL;
	if (!spot)
		return limits_lost(l, row, err);
	limits_need(l, spot, row->v2_controller);
	(void)limits_write(l, spot, row, row->v2, limits_value(l, row, true));
	return 0;
}
