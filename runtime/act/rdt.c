/* SPDX-License-Identifier: Apache-2.0 */
/* rdt.c - Intel's resource director by resctrl(7): cache and memory bandwidth for groups of processes. */
#include "runtime/act/rdt.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "spec/base/fd.h"
#include "spec/base/sys.h"

#define SCHEMATA_MAX 16384

/* The directory name below dir, made where it is missing. *made says whether. */
static int open_group(int dir, const char *name, bool must_exist, bool *made, int *ret,
		      struct err *err)
{
	int r = must_exist ? 0 : sys_mkdirat(dir, name, 0755);

	if (r < 0 && errno != EEXIST)
		return err_host(err, errno, "make the resctrl group %s", name);
	*made = r == 0 && !must_exist;
	*ret = open_beneath(dir, name, O_RDONLY | O_DIRECTORY);
	return *ret < 0 ? err_host(err, errno, "open the resctrl group %s", name) : 0;
}

/* Each line is a write of its own: the kernel stops at the first that it refuses. */
static int write_lines(int group, const char *s, size_t len, struct err *err)
{
	const char *end = s + len;
	char line[SCHEMATA_MAX];

	while (s < end) {
		size_t n = strcspn(s, "\n");

		if (n + 2 > sizeof(line))
			return err_limit(err, "a resctrl schema is longer than %d bytes",
					 SCHEMATA_MAX - 2);
		memcpy(line, s, n);
		memcpy(line + n, "\n", 2);
		if (n)
			TRY(fd_write_at(group, "schemata", line, err));
		s += n + 1;
	}
	return 0;
}

/* " L3:0=f" in the file is "L3:0=f" asked for. */
static bool has_line(const char *text, const char *line, size_t n)
{
	while (*text) {
		text += strspn(text, " \t");
		if (strncmp(text, line, n) == 0 && (text[n] == '\n' || text[n] == '\0'))
			return true;
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return false;
}

static int compare_lines(int group, const struct op *op, struct err *err)
{
	const char *s = op->data, *end = s + op->len;
	char text[SCHEMATA_MAX];
	scoped_fd int fd = open_beneath(group, "schemata", O_RDONLY);
	ssize_t len = fd < 0 ? -1 : sys_read(fd, text, sizeof(text) - 1);

	if (len < 0)
		return err_host(err, errno, "read the schemata of the resctrl group %s", op->text);
	text[len] = '\0';
	while (s < end) {
		size_t n = strcspn(s, "\n");

		if (n && !has_line(text, s, n))
			return err_input(err,
					 "the resctrl group %s is there already, without \"%.*s\"; "
					 "choose another closID, or its schema",
					 op->text, (int)n, s);
		s += n + 1;
	}
	return 0;
}

static int add_task(int group, pid_t pid, struct err *err)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%d", pid);
	return fd_write_at(group, "tasks", text, err);
}

static int monitor(int group, const char *name, pid_t pid, struct err *err)
{
	scoped_fd int all = open_beneath(group, "mon_groups", O_RDONLY | O_DIRECTORY);
	scoped_fd int own = -1;
	bool made;

	if (all < 0)
		return err_host(err, errno, "this host's resctrl has no monitoring");
	TRY(open_group(all, name, false, &made, &own, err));
	return add_task(own, pid, err);
}

int rdt_join(struct act *x, const struct op *op, struct err *err)
{
	scoped_fd int top = sys_openat(AT_FDCWD, op->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	scoped_fd int group = -1;
	bool made = false;

	if (top < 0)
		return err_host(err, errno, "open resctrl at %s", op->path);
	if (op->text[0])
		TRY(open_group(top, op->text, op->flags & OP_MUST_EXIST, &made, &group, err));
	else
		group = take_fd(&top);
	if (op->len)
		TRY(made ? write_lines(group, op->data, op->len, err)
			 : compare_lines(group, op, err));
	TRY(add_task(group, x->child, err));
	return op->type ? monitor(group, op->type, x->child, err) : 0;
}

int rdt_change(const char *resctrl, const char *group, const char *lines, struct err *err)
{
	scoped_fd int top = sys_openat(AT_FDCWD, resctrl, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	scoped_fd int own = -1;
	bool made;

	if (top < 0)
		return err_host(err, errno, "open resctrl at %s", resctrl);
	TRY(open_group(top, *group ? group : ".", true, &made, &own, err));
	return write_lines(own, lines, strlen(lines), err);
}

void rdt_leave(const char *resctrl, const char *group, const char *monitor_name)
{
	char path[4096];

	if (monitor_name && (size_t)snprintf(path, sizeof(path), "%s/%s/mon_groups/%s", resctrl,
					     group, monitor_name) < sizeof(path))
		(void)sys_unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
	if (group[0] && !monitor_name &&
	    (size_t)snprintf(path, sizeof(path), "%s/%s", resctrl, group) < sizeof(path))
		(void)sys_unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}
