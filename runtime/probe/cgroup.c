/* SPDX-License-Identifier: Apache-2.0 */
/* cgroup.c - the mounts of type cgroup and cgroup2, and the caller's own place below them. */
#include "runtime/probe/cgroup.h"

#include <string.h>
#include <unistd.h>

#include "runtime/probe/mountinfo.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"

#define CGROUP_MAGIC 0x27e0eb
#define CGROUP2_MAGIC 0x63677270
#define CGROUP_FILE_MAX (1u << 20)
/* Of /proc/self/cgroup, where a short look is to do. */
#define OWN_ROOM 4096
#define DIR_ROOM 1024

/* Where the mount of v2 and the names of its files come together. */
struct look {
	struct facts *f;
	struct arena *a;
	const char *own_text; /* /proc/self/cgroup */
};

/* 1: there is no such file, as on a kernel without cgroups. */
static int whole(const char *path, size_t max, struct arena *a, char **ret, struct err *err)
{
	size_t len;

	*ret = NULL;
	if (file_read(AT_FDCWD, path, max, a, ret, &len, err) == 0)
		return 0;
	return err->errnum == ENOENT ? 1 : -1;
}

static void first_line(const char *path, char *ret, size_t room)
{
	scoped_fd int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	ssize_t n = fd < 0 ? -1 : sys_read(fd, ret, room - 1);

	ret[n < 0 ? 0 : n] = '\0';
	ret[strcspn(ret, "\n")] = '\0';
}

void cgroup_own_parse(const char *text, char *ret, size_t room)
{
	size_t n;

	*ret = '\0';
	while (text && *text) {
		if (str_starts(text, "0::/")) {
			text += strlen("0::");
			n = strcspn(text, "\n");
			if (n < room)
				(void)snprintf(ret, room, "%.*s", (int)n, text);
			return;
		}
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
}

/* A word of n bytes is one of the comma separated ones. */
static bool has_word(const char *list, const char *word, size_t n)
{
	for (const char *s = list; s; s = strchr(s, ',')) {
		s += *s == ',';
		if (strncmp(s, word, n) == 0 && (s[n] == ',' || s[n] == '\0'))
			return true;
	}
	return false;
}

static bool all_words(const char *list, const char *words, size_t len)
{
	while (len > 0) {
		size_t n = 0;

		while (n < len && words[n] != ',')
			n++;
		if (n == 0 || !has_word(list, words, n))
			return false;
		n += n < len;
		words += n;
		len -= n;
	}
	return true;
}

/* "4:memory:/path": its parts; false where it is none of v1. */
static bool v1_line(const char *line, const char **names, size_t *names_len, const char **path,
		    size_t *path_len)
{
	size_t number = strspn(line, "0123456789");
	const char *second;

	if (number == 0 || line[number] != ':')
		return false;
	*names = line + number + 1;
	second = strchr(*names, ':');
	if (!second || second == *names || second[1] != '/')
		return false;
	*names_len = (size_t)(second - *names);
	*path = second + 1;
	*path_len = strcspn(*path, "\n");
	return memchr(*names, '\n', *names_len) == NULL;
}

bool cgroup_v1_parse(const char *text, const char *super_options, struct cgroup_v1 *ret)
{
	while (text && *text) {
		const char *names, *path;
		size_t names_len, path_len;

		if (v1_line(text, &names, &names_len, &path, &path_len) &&
		    all_words(super_options, names, names_len)) {
			if (names_len >= sizeof(ret->controllers) || path_len >= sizeof(ret->own))
				return false;
			(void)snprintf(ret->controllers, sizeof(ret->controllers), "%.*s",
				       (int)names_len, names);
			(void)snprintf(ret->own, sizeof(ret->own), "%.*s", (int)path_len, path);
			return true;
		}
		text = strchr(text, '\n');
		text = text ? text + 1 : NULL;
	}
	return false;
}

/* The path below a mount that shows only what is below root; NULL where it lies elsewhere. */
static const char *below(const char *path, const char *root)
{
	size_t n = strlen(root);

	if (str_eq(root, "/"))
		return path;
	if (strncmp(path, root, n) != 0 || (path[n] && path[n] != '/'))
		return NULL;
	return path[n] ? path + n : "/";
}

static bool may_write(const char *dir, const char *name, struct arena *a)
{
	return faccessat(AT_FDCWD, arena_printf(a, "%s/%s", dir, name), W_OK, AT_EACCESS) == 0;
}

/* A cgroup can be made there, and processes moved there. */
static bool may_use(const char *dir, struct arena *a)
{
	return may_write(dir, ".", a) && may_write(dir, "cgroup.procs", a);
}

/* 1, or 0: another mount lies over it, or it cannot be reached from here. What cannot be looked at just now is an error:
 * somebody may want to remove what is in it. */
static int is_visible(const char *mount, long magic, struct err *err)
{
	struct statfs st;

	if (statfs(mount, &st) == 0)
		return (long)st.f_type == magic;
	if (errno == ENOENT || errno == ENOTDIR || errno == EACCES)
		return 0;
	return err_host(err, errno, "open %s", mount);
}

/* --- v1 --------------------------------------------------------------------------------------- */

static bool is_known(const struct facts *f, const char *controllers)
{
	for (uint32_t i = 0; i < f->cgroup_v1_n; i++)
		if (str_eq(f->cgroup_v1[i].controllers, controllers))
			return true;
	return false;
}

static int add_v1(struct look *l, const struct mountinfo *m, struct err *err)
{
	struct facts *f = l->f;
	struct cgroup_v1 v = { 0 };
	const char *own;
	int visible;

	if (f->cgroup_v1_n == FACTS_HIERARCHIES_MAX || strlen(m->target) >= sizeof(v.mount) ||
	    !cgroup_v1_parse(l->own_text, m->super_options, &v) || is_known(f, v.controllers))
		return 0;
	visible = is_visible(m->target, CGROUP_MAGIC, err);
	if (visible <= 0)
		return visible;
	own = below(v.own, m->root);
	(void)snprintf(v.mount, sizeof(v.mount), "%s", m->target);
	if (own) {
		memmove(v.own, own, strlen(own) + 1);
		v.writable = may_use(
			arena_printf(l->a, "%s%s", v.mount, str_eq(v.own, "/") ? "" : v.own), l->a);
	} else {
		v.own[0] = '\0';
	}
	f->cgroup_v1[f->cgroup_v1_n++] = v;
	return 0;
}

/* --- v2 --------------------------------------------------------------------------------------- */

static int add_v2(struct look *l, const struct mountinfo *m, struct err *err)
{
	struct facts *f = l->f;
	int visible;

	if (f->cgroup_mount[0] || strlen(m->target) >= sizeof(f->cgroup_mount) ||
	    strlen(m->root) >= sizeof(f->cgroup_root))
		return 0;
	visible = is_visible(m->target, CGROUP2_MAGIC, err);
	if (visible <= 0)
		return visible;
	(void)snprintf(f->cgroup_mount, sizeof(f->cgroup_mount), "%s", m->target);
	(void)snprintf(f->cgroup_root, sizeof(f->cgroup_root), "%s", m->root);
	return 0;
}

static void line_of(struct look *l, const char *dir, const char *name, char *ret, size_t room)
{
	first_line(arena_printf(l->a, "%s/%s", dir, name), ret, room);
}

static void look_v2(struct look *l)
{
	struct facts *f = l->f;
	const char *own = below(f->cgroup_own, f->cgroup_root);
	char *dir, *slash;

	line_of(l, f->cgroup_mount, "cgroup.controllers", f->cgroup_top_controllers,
		sizeof(f->cgroup_top_controllers));
	if (!own)
		return;
	dir = arena_printf(l->a, "%s%s", f->cgroup_mount, str_eq(own, "/") ? "" : own);
	f->cgroup_writable = may_use(dir, l->a);
	/* The root of the whole hierarchy is the one without this file. */
	f->cgroup_top = faccessat(AT_FDCWD, arena_printf(l->a, "%s/cgroup.type", dir), F_OK, 0) < 0;
	line_of(l, dir, "cgroup.controllers", f->cgroup_controllers, sizeof(f->cgroup_controllers));
	line_of(l, dir, "cgroup.subtree_control", f->cgroup_enabled, sizeof(f->cgroup_enabled));
	if (str_eq(own, "/"))
		return;
	slash = strrchr(dir, '/');
	*slash = '\0';
	f->cgroup_above_writable = may_use(dir, l->a);
	line_of(l, dir, "cgroup.controllers", f->cgroup_above_controllers,
		sizeof(f->cgroup_above_controllers));
}

/* --- both ------------------------------------------------------------------------------------- */

static int mode_of(const struct facts *f)
{
	if (f->cgroup_v1_n)
		return f->cgroup_mount[0] ? CGROUP_HYBRID : CGROUP_V1;
	return f->cgroup_mount[0] ? CGROUP_V2 : CGROUP_NONE;
}

/* Whether another mount of the hierarchy is read-only or not, a directory has one owner and one mode. */
static bool is_closed(long magic, const char *mount, const char *own)
{
	char dir[DIR_ROOM];
	struct err ignored;

	(void)snprintf(dir, sizeof(dir), "%s%s", mount, own);
	return is_visible(dir, magic, &ignored) == 1 &&
	       faccessat(AT_FDCWD, dir, W_OK, AT_EACCESS) < 0 && errno == EACCES;
}

static bool is_closed_v2(const char *mount, char *own)
{
	char *slash = strrchr(own, '/');

	if (!is_closed(CGROUP2_MAGIC, mount, own))
		return false;
	*slash = '\0';
	return is_closed(CGROUP2_MAGIC, mount, own);
}

bool cgroup_is_closed(void)
{
	scoped_fd int fd =
		geteuid() == 0 ? -1
			       : sys_openat(AT_FDCWD, "/proc/self/cgroup", O_RDONLY | O_CLOEXEC, 0);
	struct cgroup_v1 v1 = { 0 };
	char text[OWN_ROOM], own[sizeof(v1.own)];
	ssize_t n = fd < 0 ? -1 : sys_read(fd, text, sizeof(text) - 1);

	if (n <= 0 || (size_t)n == sizeof(text) - 1)
		return false;
	text[n] = '\0';
	if (cgroup_v1_parse(text, "memory", &v1) &&
	    !is_closed(CGROUP_MAGIC, "/sys/fs/cgroup/memory", v1.own))
		return false;
	cgroup_own_parse(text, own, sizeof(own));
	return own[0] &&
	       (is_closed_v2("/sys/fs/cgroup/unified", own) || is_closed_v2("/sys/fs/cgroup", own));
}

int probe_cgroup(struct facts *f, unsigned int want, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	struct look l = { .f = f, .a = &a };
	struct err ignored = { 0 };
	char *text, *own;
	struct mountinfo m;

	(void)want;
	TRY(whole("/proc/self/cgroup", CGROUP_FILE_MAX, &a, &own, err));
	TRY(whole("/proc/self/mountinfo", MOUNTINFO_MAX, &a, &text, err));
	l.own_text = own;
	while (text && mountinfo_next(&text, &m, &ignored) == 0) {
		if (str_eq(m.type, "cgroup"))
			TRY(add_v1(&l, &m, err));
		if (str_eq(m.type, "cgroup2"))
			TRY(add_v2(&l, &m, err));
	}
	f->cgroup_mode = mode_of(f);
	cgroup_own_parse(own, f->cgroup_own, sizeof(f->cgroup_own));
	if (f->cgroup_own[0] && f->cgroup_mount[0])
		look_v2(&l);
	return 0;
}
