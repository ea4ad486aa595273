/* SPDX-License-Identifier: Apache-2.0 */
/* facts_json.c - facts.json: a host's facts to look at, to keep, and to plan for elsewhere. */
#include <string.h>

#include "runtime/probe/probe.h"
#include "spec/json/bind.h"
#include "spec/oci/words.h"

#define FACTS_DEPTH 6
#define FACTS_NODES 4096

static const struct name want_words[] = {
	{ "caller", WANT_CALLER }, { "cgroup", WANT_CGROUP }, { "lsm", WANT_LSM },
	{ "subids", WANT_SUBIDS }, { "host", WANT_HOST },     { "rdt", WANT_RDT },
	{ "nodes", WANT_NODES },   { "oom", WANT_OOM },	      { NULL, 0 },
};
static const struct name mode_words[] = {
	{ "none", CGROUP_NONE },     { "v1", CGROUP_V1 }, { "v2", CGROUP_V2 },
	{ "hybrid", CGROUP_HYBRID }, { NULL, 0 },
};

/* The document, as it is bound; struct facts keeps its texts in arrays of fixed size. */
struct doc_range {
	uint32_t first, count;
};
struct doc_ranges {
	struct doc_range *v;
	size_t n;
};
struct doc_limit {
	const char *name;
	uint64_t soft, hard;
};
struct doc_limits {
	struct doc_limit *v;
	size_t n;
};
struct doc_groups {
	uint32_t *v;
	size_t n;
};
struct doc_v1 {
	const char *controllers, *mount, *own;
	bool writable;
};
struct doc_v1s {
	struct doc_v1 *v;
	size_t n;
};
struct doc {
	uint64_t have;
	const char *release, *caps_effective, *caps_bounding;
	uint32_t uid, gid;
	struct doc_groups groups;
	int last_cap, cgroup_mode, nice, rt_priority, oom_score, oom_score_min;
	bool in_user_ns, cgroup_writable, apparmor, selinux, apparmor_restricts_userns;
	bool unprivileged_userns, cgroup_top, cgroup_above_writable;
	struct doc_limits rlimits;
	const char *cgroup_own, *cgroup_mount, *cgroup_controllers, *newuidmap, *newgidmap,
		*resctrl, *nsresourced;
	const char *cgroup_root, *cgroup_enabled, *cgroup_above_controllers;
	const char *cgroup_top_controllers, *memory_nodes, *memory_nodes_own;
	struct doc_v1s cgroup_v1;
	struct doc_ranges subuids, subgids;
	uint64_t max_user_namespaces;
};

static const struct bind_row range_rows[] = {
	ROW(doc_range, first, "first", UINT, REQUIRED, "first id", .max = UINT32_MAX),
	ROW(doc_range, count, "count", UINT, REQUIRED, "how many", .max = UINT32_MAX),
};
static const struct bind_table range_table = TABLE(doc_range, range_rows);
static const struct bind_row limit_rows[] = {
	ROW(doc_limit, soft, "soft", UINT, REQUIRED, "soft limit", .max = UINT64_MAX),
	ROW(doc_limit, hard, "hard", UINT, REQUIRED, "hard limit", .max = UINT64_MAX),
};
static const struct bind_table limit_table = MAP_TABLE(doc_limit, name, limit_rows);
static const struct bind_row v1_rows[] = {
	ROW(doc_v1, controllers, "controllers", STR, REQUIRED, "its controllers, or its name"),
	ROW(doc_v1, mount, "mount", STR, REQUIRED, "where it is mounted"),
	ROW(doc_v1, own, "own", STR, REQUIRED, "the caller's cgroup below that"),
	ROW(doc_v1, writable, "writable", BOOL, 0, "may make cgroups below its own"),
};
static const struct bind_table v1_table = TABLE(doc_v1, v1_rows);
static const struct bind_row doc_rows[] = {
	ROW(doc, have, "have", WORDS, REQUIRED, "groups that were gathered", .words = want_words),
	ROW(doc, release, "kernel", STR, REQUIRED, "as uname says"),
	ROW(doc, uid, "uid", UINT, 0, "effective", .max = UINT32_MAX),
	ROW(doc, gid, "gid", UINT, 0, "effective", .max = UINT32_MAX),
	ROW(doc, groups, "groups", NUMBERS, 0, "supplementary groups"),
	ROW(doc, caps_effective, "capsEffective", STR, 0, "hexadecimal"),
	ROW(doc, caps_bounding, "capsBounding", STR, 0, "hexadecimal"),
	ROW(doc, last_cap, "lastCap", UINT, 0, "highest one of the kernel", .max = 63),
	ROW_MAP(doc, rlimits, "rlimits", limit_table, 0, "the caller's limits"),
	ROW(doc, nice, "nice", INT, 0, "the caller's", .min = -20, .max = 19),
	ROW(doc, rt_priority, "rtPriority", UINT, 0, "the caller's, 0 without one", .max = 99),
	ROW(doc, in_user_ns, "inUserNs", BOOL, 0, "not in the initial user namespace"),
	ROW(doc, cgroup_mode, "cgroupMode", WORD, 0, "what is at /sys/fs/cgroup",
	    .words = mode_words),
	ROW(doc, cgroup_own, "cgroupOwn", STR, 0, "the caller's v2 path"),
	ROW(doc, cgroup_mount, "cgroupMount", STR, 0, "where cgroup2 is mounted"),
	ROW(doc, cgroup_writable, "cgroupWritable", BOOL, 0, "may make cgroups below its own"),
	ROW(doc, cgroup_controllers, "cgroupControllers", STR, 0, "v2 controllers"),
	ROW(doc, cgroup_root, "cgroupRoot", STR, 0, "what of the hierarchy is mounted there"),
	ROW(doc, cgroup_top, "cgroupTop", BOOL, 0, "the caller's own is the root of all"),
	ROW(doc, cgroup_enabled, "cgroupEnabled", STR, 0, "controllers that it hands down"),
	ROW(doc, cgroup_above_writable, "cgroupAboveWritable", BOOL, 0,
	    "may make cgroups beside its own"),
	ROW(doc, cgroup_above_controllers, "cgroupAboveControllers", STR, 0,
	    "controllers of the one above"),
	ROW(doc, cgroup_top_controllers, "cgroupTopControllers", STR, 0,
	    "controllers at the mount"),
	ROW_LIST(doc, cgroup_v1, "cgroupV1", v1_table, 0, "v1 hierarchies"),
	ROW(doc, apparmor, "apparmor", BOOL, 0, "AppArmor is enabled"),
	ROW(doc, selinux, "selinux", BOOL, 0, "SELinux is enabled"),
	ROW(doc, apparmor_restricts_userns, "apparmorRestrictsUserns", BOOL, 0,
	    "AppArmor keeps this program from user namespaces"),
	ROW(doc, resctrl, "resctrl", STR, 0, "where resctrl is mounted"),
	ROW(doc, memory_nodes, "memoryNodes", STR, 0, "those that have memory"),
	ROW(doc, memory_nodes_own, "memoryNodesOwn", STR, 0, "that the caller may use"),
	ROW(doc, oom_score, "oomScore", INT, 0, "the caller's", .min = -1000, .max = 1000),
	ROW(doc, oom_score_min, "oomScoreMin", INT, 0, "the lowest that the caller may set",
	    .min = -1000, .max = 1000),
	ROW(doc, newuidmap, "newuidmap", STR, 0, "path of the helper"),
	ROW(doc, newgidmap, "newgidmap", STR, 0, "path of the helper"),
	ROW(doc, nsresourced, "nsresourced", STR, 0, "socket of systemd-nsresourced"),
	ROW_LIST(doc, subuids, "subuids", range_table, 0, "of /etc/subuid"),
	ROW_LIST(doc, subgids, "subgids", range_table, 0, "of /etc/subgid"),
	ROW(doc, max_user_namespaces, "maxUserNamespaces", UINT, 0, "the sysctl",
	    .max = UINT64_MAX),
	ROW(doc, unprivileged_userns, "unprivilegedUserns", BOOL, 0, "ordinary users may"),
};
static const struct bind_table doc_table = TABLE(doc, doc_rows);

/* --- writing ---------------------------------------------------------------------------------- */

static void emit_hex(struct emit *e, const char *key, uint64_t v)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%llx", (unsigned long long)v);
	emit_str(e, key, text);
}

static void emit_ranges(struct emit *e, const char *key, const struct id_range *v, uint32_t n)
{
	emit_array(e, key);
	for (uint32_t i = 0; i < n; i++) {
		emit_object(e, NULL);
		emit_uint(e, "first", v[i].first);
		emit_uint(e, "count", v[i].count);
		emit_end_object(e);
	}
	emit_end_array(e);
}

static void emit_caller(const struct facts *f, struct emit *e)
{
	emit_str(e, "kernel", f->release);
	emit_uint(e, "uid", f->uid);
	emit_uint(e, "gid", f->gid);
	emit_array(e, "groups");
	for (uint32_t i = 0; i < f->groups_n; i++)
		emit_uint(e, NULL, f->groups[i]);
	emit_end_array(e);
	emit_hex(e, "capsEffective", f->caps_effective);
	emit_hex(e, "capsBounding", f->caps_bounding);
	emit_int(e, "lastCap", f->last_cap);
	emit_object(e, "rlimits");
	for (int i = 0; i < FACTS_RLIMITS; i++) {
		const char *name = name_of(word_rlimits, i);

		if (!name)
			continue;
		emit_object(e, name);
		emit_uint(e, "soft", f->rlimits[i].soft);
		emit_uint(e, "hard", f->rlimits[i].hard);
		emit_end_object(e);
	}
	emit_end_object(e);
	emit_int(e, "nice", f->nice);
	emit_int(e, "rtPriority", f->rt_priority);
	emit_bool(e, "inUserNs", f->in_user_ns);
}

static void emit_cgroup(const struct facts *f, struct emit *e)
{
	emit_str(e, "cgroupMode", name_of(mode_words, f->cgroup_mode));
	emit_str(e, "cgroupOwn", f->cgroup_own);
	emit_str(e, "cgroupMount", f->cgroup_mount);
	emit_bool(e, "cgroupWritable", f->cgroup_writable);
	emit_str(e, "cgroupControllers", f->cgroup_controllers);
	emit_str(e, "cgroupRoot", f->cgroup_root);
	emit_bool(e, "cgroupTop", f->cgroup_top);
	emit_str(e, "cgroupEnabled", f->cgroup_enabled);
	emit_bool(e, "cgroupAboveWritable", f->cgroup_above_writable);
	emit_str(e, "cgroupAboveControllers", f->cgroup_above_controllers);
	emit_str(e, "cgroupTopControllers", f->cgroup_top_controllers);
	emit_array(e, "cgroupV1");
	for (uint32_t i = 0; i < f->cgroup_v1_n; i++) {
		emit_object(e, NULL);
		emit_str(e, "controllers", f->cgroup_v1[i].controllers);
		emit_str(e, "mount", f->cgroup_v1[i].mount);
		emit_str(e, "own", f->cgroup_v1[i].own);
		emit_bool(e, "writable", f->cgroup_v1[i].writable);
		emit_end_object(e);
	}
	emit_end_array(e);
}

static void emit_host(const struct facts *f, struct emit *e)
{
	if (f->have & WANT_CGROUP)
		emit_cgroup(f, e);
	if (f->have & WANT_LSM) {
		emit_bool(e, "apparmor", f->apparmor);
		emit_bool(e, "selinux", f->selinux);
		emit_bool(e, "apparmorRestrictsUserns", f->apparmor_restricts_userns);
	}
	if (f->have & WANT_SUBIDS) {
		emit_str(e, "newuidmap", f->newuidmap);
		emit_str(e, "newgidmap", f->newgidmap);
		emit_str(e, "nsresourced", f->nsresourced);
		emit_ranges(e, "subuids", f->subuids, f->subuids_n);
		emit_ranges(e, "subgids", f->subgids, f->subgids_n);
	}
	if (f->have & WANT_RDT)
		emit_str(e, "resctrl", f->resctrl);
	if (f->have & WANT_NODES) {
		emit_str(e, "memoryNodes", f->memory_nodes);
		emit_str(e, "memoryNodesOwn", f->memory_nodes_own);
	}
	if (f->have & WANT_OOM) {
		emit_int(e, "oomScore", f->oom_score);
		emit_int(e, "oomScoreMin", f->oom_score_min);
	}
	if (f->have & WANT_HOST) {
		emit_uint(e, "maxUserNamespaces", f->max_user_namespaces);
		emit_bool(e, "unprivilegedUserns", f->unprivileged_userns);
	}
}

void facts_emit(const struct facts *f, struct emit *e)
{
	emit_object(e, NULL);
	emit_array(e, "have");
	for (const struct name *w = want_words; w->name; w++)
		if (f->have & (unsigned int)w->value)
			emit_str(e, NULL, w->name);
	emit_end_array(e);
	emit_caller(f, e);
	emit_host(f, e);
	emit_end_object(e);
}

/* --- reading ---------------------------------------------------------------------------------- */

static int copy_text(const char *from, char *to, size_t room, const char *key, struct err *err)
{
	if (!from)
		return 0;
	if (strlen(from) >= room) {
		(void)err_input(err, "is longer than %zu bytes", room - 1);
		return err_in(err, "/%s", key);
	}
	(void)snprintf(to, room, "%s", from);
	return 0;
}

static int copy_hex(const char *from, uint64_t *to, const char *key, struct err *err)
{
	if (from && str_u64(from, 16, UINT64_MAX, to, err) < 0)
		return err_in(err, "/%s", key);
	return 0;
}

static int copy_ranges(const struct doc_ranges *from, struct id_range *to, uint32_t *n,
		       const char *key, struct err *err)
{
	if (from->n > FACTS_RANGES_MAX) {
		(void)err_input(err, "has more than %d ranges", FACTS_RANGES_MAX);
		return err_in(err, "/%s", key);
	}
	for (size_t i = 0; i < from->n; i++)
		to[i] = (struct id_range){ from->v[i].first, from->v[i].count };
	*n = (uint32_t)from->n;
	return 0;
}

static int copy_limits(const struct doc *d, struct facts *f, struct err *err)
{
	for (size_t i = 0; i < d->rlimits.n; i++) {
		const struct doc_limit *l = &d->rlimits.v[i];
		const struct name *word = name_find(word_rlimits, l->name);

		if (!word || word->value >= FACTS_RLIMITS) {
			(void)err_input(err, "\"%.40s\" is no resource limit", l->name);
			return err_in(err, "/rlimits");
		}
		f->rlimits[word->value].soft = l->soft;
		f->rlimits[word->value].hard = l->hard;
		f->have |= (unsigned int)WANT_RLIMIT << word->value;
	}
	return 0;
}

static int copy_groups(const struct doc *d, struct facts *f, struct err *err)
{
	if (d->groups.n > FACTS_GROUPS_MAX) {
		(void)err_input(err, "has more than %d groups", FACTS_GROUPS_MAX);
		return err_in(err, "/groups");
	}
	for (size_t i = 0; i < d->groups.n; i++)
		f->groups[i] = d->groups.v[i];
	f->groups_n = (uint32_t)d->groups.n;
	return 0;
}

static int copy_texts(const struct doc *d, struct facts *f, struct err *err)
{
	const struct {
		const char *from, *key;
		char *to;
		size_t room;
	} rows[] = {
		{ d->release, "kernel", f->release, sizeof(f->release) },
		{ d->cgroup_own, "cgroupOwn", f->cgroup_own, sizeof(f->cgroup_own) },
		{ d->cgroup_mount, "cgroupMount", f->cgroup_mount, sizeof(f->cgroup_mount) },
		{ d->cgroup_controllers, "cgroupControllers", f->cgroup_controllers,
		  sizeof(f->cgroup_controllers) },
		{ d->nsresourced, "nsresourced", f->nsresourced, sizeof(f->nsresourced) },
		{ d->memory_nodes, "memoryNodes", f->memory_nodes, sizeof(f->memory_nodes) },
		{ d->memory_nodes_own, "memoryNodesOwn", f->memory_nodes_own,
		  sizeof(f->memory_nodes_own) },
		{ d->resctrl, "resctrl", f->resctrl, sizeof(f->resctrl) },
		{ d->cgroup_root, "cgroupRoot", f->cgroup_root, sizeof(f->cgroup_root) },
		{ d->cgroup_enabled, "cgroupEnabled", f->cgroup_enabled,
		  sizeof(f->cgroup_enabled) },
		{ d->cgroup_above_controllers, "cgroupAboveControllers",
		  f->cgroup_above_controllers, sizeof(f->cgroup_above_controllers) },
		{ d->cgroup_top_controllers, "cgroupTopControllers", f->cgroup_top_controllers,
		  sizeof(f->cgroup_top_controllers) },
		{ d->newuidmap, "newuidmap", f->newuidmap, sizeof(f->newuidmap) },
		{ d->newgidmap, "newgidmap", f->newgidmap, sizeof(f->newgidmap) },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		TRY(copy_text(rows[i].from, rows[i].to, rows[i].room, rows[i].key, err));
	return 0;
}

static int copy_v1(const struct doc_v1s *from, struct facts *f, struct err *err)
{
	if (from->n > FACTS_HIERARCHIES_MAX) {
		(void)err_input(err, "has more than %d hierarchies", FACTS_HIERARCHIES_MAX);
		return err_in(err, "/cgroupV1");
	}
	for (size_t i = 0; i < from->n; i++) {
		const struct doc_v1 *d = &from->v[i];
		struct cgroup_v1 *v = &f->cgroup_v1[i];

		TRY(copy_text(d->controllers, v->controllers, sizeof(v->controllers), "cgroupV1",
			      err));
		TRY(copy_text(d->mount, v->mount, sizeof(v->mount), "cgroupV1", err));
		TRY(copy_text(d->own, v->own, sizeof(v->own), "cgroupV1", err));
		v->writable = d->writable;
	}
	f->cgroup_v1_n = (uint32_t)from->n;
	return 0;
}

static int facts_of(const struct doc *d, struct facts *ret, struct err *err)
{
	struct facts f = {
		.have = (unsigned int)d->have,
		.uid = d->uid,
		.gid = d->gid,
		.last_cap = d->last_cap,
		.nice = d->nice,
		.rt_priority = d->rt_priority,
		.oom_score = d->oom_score,
		.oom_score_min = d->oom_score_min,
		.in_user_ns = d->in_user_ns,
		.cgroup_mode = d->cgroup_mode,
		.cgroup_writable = d->cgroup_writable,
		.cgroup_top = d->cgroup_top,
		.cgroup_above_writable = d->cgroup_above_writable,
		.apparmor = d->apparmor,
		.selinux = d->selinux,
		.apparmor_restricts_userns = d->apparmor_restricts_userns,
		.max_user_namespaces = d->max_user_namespaces,
		.unprivileged_userns = d->unprivileged_userns,
	};

	TRY(copy_texts(d, &f, err));
	if (kernel_parse(f.release, &f.kernel_major, &f.kernel_minor) < 0) {
		(void)err_input(err, "\"%s\" is no kernel version", f.release);
		return err_in(err, "/kernel");
	}
	TRY(copy_groups(d, &f, err));
	TRY(copy_v1(&d->cgroup_v1, &f, err));
	TRY(copy_hex(d->caps_effective, &f.caps_effective, "capsEffective", err));
	TRY(copy_hex(d->caps_bounding, &f.caps_bounding, "capsBounding", err));
	TRY(copy_limits(d, &f, err));
	TRY(copy_ranges(&d->subuids, f.subuids, &f.subuids_n, "subuids", err));
	TRY(copy_ranges(&d->subgids, f.subgids, &f.subgids_n, "subgids", err));
	*ret = f;
	return 0;
}

int facts_parse(const char *bytes, size_t len, const char *name, struct facts *ret, struct err *err)
{
	static const struct json_limits limits = { FACTS_MAX_BYTES, FACTS_DEPTH, FACTS_NODES };
	scoped_arena struct arena a = { 0 };
	struct doc doc = { 0 };
	struct json *tree;

	TRY(json_parse(bytes, len, name, &limits, &a, &tree, err));
	if (bind_object(tree, &doc_table, BIND_STRICT, &doc, &a, err) < 0 ||
	    facts_of(&doc, ret, err) < 0)
		return err_in(err, "%s", name);
	return 0;
}
