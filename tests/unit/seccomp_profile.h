/* SPDX-License-Identifier: Apache-2.0 */
/* seccomp_profile.h - the default profile of Debian's golang-github-containers-common, for a
 * container on x86_64, turned into OCI as engines do it. */
#pragma once

#include <fcntl.h>
#include <stdlib.h>

#include "spec/base/fd.h"
#include "spec/base/str.h"
#include "spec/json/tree.h"
#include "spec/oci/config.h"
#include "spec/oci/words.h"

#define DEFAULT_PROFILE "/usr/share/containers/seccomp.json"
#define PROFILE_BYTES (1u << 20)

static inline const struct json *member(const struct json *o, const char *key)
{
	const struct json *m = o ? json_member(o, key) : NULL;

	return m && m->type != JSON_NULL ? m : NULL;
}

static inline bool lists(const struct json *o, const char *key, const char *const *words)
{
	const struct json *list = member(o, key);

	for (const struct json *m = list ? list->first : NULL; m; m = m->next)
		for (const char *const *w = words; *w; w++)
			if (str_eq(m->text, *w))
				return true;
	return false;
}

/* caps: what the container has; an entry is for some capabilities or some architectures only. */
static inline bool applies(const struct json *row, const char *const *caps)
{
	static const char *const arches[] = { "amd64", "x86", "x32", NULL };
	const struct json *includes = member(row, "includes"), *excludes = member(row, "excludes");

	if (member(includes, "arches") && !lists(includes, "arches", arches))
		return false;
	if (member(includes, "caps") && !lists(includes, "caps", caps))
		return false;
	return !lists(excludes, "arches", arches) && !lists(excludes, "caps", caps);
}

static inline uint64_t number_of(const struct json *o, const char *key)
{
	const struct json *m = member(o, key);

	return m ? strtoull(m->text, NULL, 10) : 0;
}

static inline int64_t word_of(const struct name *words, const struct json *o, const char *key)
{
	const struct name *found = name_find(words, member(o, key)->text);

	if (!found)
		abort();
	return found->value;
}

static inline void read_row(const struct json *from, struct arena *a, struct seccomp_syscall *row)
{
	const struct json *names = member(from, "names"), *args = member(from, "args");

	row->action = (uint32_t)word_of(word_seccomp_actions, from, "action");
	row->errno_ret.set = member(from, "errnoRet") != NULL;
	row->errno_ret.v = number_of(from, "errnoRet");
	row->names.v = arena_array(a, const char *, names->count + 1);
	for (const struct json *m = names->first; m; m = m->next)
		row->names.v[row->names.n++] = m->text;
	row->args.v = arena_array(a, struct seccomp_arg, args ? args->count + 1 : 1);
	for (const struct json *m = args ? args->first : NULL; m; m = m->next)
		row->args.v[row->args.n++] = (struct seccomp_arg){
			.index = (uint32_t)number_of(m, "index"),
			.value = number_of(m, "value"),
			.value_two = number_of(m, "valueTwo"),
			.op = (int)word_of(word_seccomp_ops, m, "op"),
		};
}

/* NULL where the package is not installed. */
static inline struct seccomp *default_profile(const char *const *caps, struct arena *a)
{
	static const char *archs[] = { "SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32", NULL };
	static const struct json_limits limits = { PROFILE_BYTES, 32, 1u << 16 };
	struct seccomp *p = arena_new(a, struct seccomp);
	struct err err = { 0 };
	struct json *root;
	char *bytes;
	size_t len;

	if (file_read(AT_FDCWD, DEFAULT_PROFILE, PROFILE_BYTES, a, &bytes, &len, &err) < 0 ||
	    json_parse(bytes, len, DEFAULT_PROFILE, &limits, a, &root, &err) < 0)
		return NULL;
	p->default_action = (uint32_t)word_of(word_seccomp_actions, root, "defaultAction");
	p->default_errno_ret.set = member(root, "defaultErrnoRet") != NULL;
	p->default_errno_ret.v = number_of(root, "defaultErrnoRet");
	p->architectures.v = archs;
	p->architectures.n = 3;
	p->syscalls.v = arena_array(a, struct seccomp_syscall, member(root, "syscalls")->count);
	for (const struct json *m = member(root, "syscalls")->first; m; m = m->next)
		if (applies(m, caps))
			read_row(m, a, &p->syscalls.v[p->syscalls.n++]);
	return p;
}
