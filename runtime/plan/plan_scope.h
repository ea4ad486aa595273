/* SPDX-License-Identifier: Apache-2.0 */
/* plan_scope.h - a container's cgroup as systemd makes it: the name of its unit, and limits as the unit's properties. Pure. */
#pragma once

#include "runtime/plan/plan.h"

/* A unit's name with its ending, as systemd bounds it. */
#define SCOPE_NAME_MAX 255
#define SCOPE_PROPERTIES_MAX 256

/* Where cgroupsPath "slice:prefix:name" says that the container is. */
struct scope_place {
	const char *unit; /* "prefix-name.scope", escaped */
	const char *slice; /* "a-b.slice" */
};

/* scope_place: from cgroupsPath; NULL and "" are the default: srt-oci-ID.scope in system.slice, or in user.slice of the
 * user's manager. ERR_INPUT, with the place, where it has another form or its slice is no slice's name. */
int scope_place(const char *cgroups_path, const char *id, enum scope_manager manager,
		struct arena *a, struct scope_place *ret, struct err *err);
/* scope_path: the cgroup of that unit below its manager's: "/a.slice/a-b.slice/prefix-name.scope". */
const char *scope_path(const struct scope_place *place, struct arena *a);

/* Properties, as lines for the companion program: NAME TAB SIGNATURE {TAB VALUE} NEWLINE. The signature is D-Bus', of the
 * few that units have: b, i, u, t, x, n, q, d, s, as, ay, a(st), a(ss). An array has a value for each element, and for each
 * member of an element. No value holds a tab or a newline. */
struct scope_lines {
	struct text text;
	size_t n;
};

/* scope_limits: what resources come to as properties. Limits that systemd does not know (hugepages, bursts, most of
 * unified) are left to the files of the cgroup, which is delegated. With devices, also the rules on devices, where they
 * can be said to systemd. */
int scope_limits(struct scope_lines *lines, const struct resources *r, bool devices,
		 struct arena *a, struct err *err);
/* scope_annotations: org.systemd.property.NAME: VALUE, the value as `systemctl`'s D-Bus tools write it: true, 'text',
 * uint64 5, ['a', 'b']. A name in seconds ("TimeoutStopSec") becomes the one in microseconds that D-Bus knows. */
int scope_annotations(struct scope_lines *lines, const struct pairs *annotations, struct arena *a,
		      struct err *err);
/* scope_subgroup: run.oci.systemd.subgroup: the cgroup below the unit's that the process goes into; NULL: none. */
int scope_subgroup(const struct pairs *annotations, const char **ret, struct err *err);

/* scope_add: one line; each further value by scope_value. scope_variant: the line of a property whose value is text. */
void scope_add(struct scope_lines *lines, const char *name, const char *signature);
void scope_value(struct scope_lines *lines, const char *fmt, ...) printf_like(2, 3);
int scope_variant(struct scope_lines *lines, const char *name, const char *text, struct arena *a,
		  struct err *err);
