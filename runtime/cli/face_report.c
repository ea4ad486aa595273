/* SPDX-License-Identifier: Apache-2.0 */
/* face_report.c - where a run's result goes: standard output, or a file that is there whole or not at all. */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/cli/face.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/sys.h"

#define WHAT "--result"

/* A pipe or a device, or what is open already, such as /dev/fd/3: written to, not replaced. */
static bool is_stream(const char *path)
{
	struct stat st;

	if (str_starts(path, "/dev/") || str_starts(path, "/proc/"))
		return true;
	return stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode);
}

static int write_whole(int fd, const struct text *t, const char *path, struct err *err)
{
	if (fd < 0)
		return err_host(err, errno, WHAT ": open %s", path);
	if (fd_write_all(fd, t->s, t->len) < 0)
		return err_host(err, errno, WHAT ": write to %s", path);
	return 0;
}

static int write_stream(const char *path, const struct text *t, struct err *err)
{
	scoped_fd int fd = sys_openat(AT_FDCWD, path, O_WRONLY | O_NOCTTY | O_CLOEXEC, 0);

	return write_whole(fd, t, path, err);
}

/* Beside it and renamed: whoever waits for the file finds all of it. */
static int write_file(const char *path, const char *id, const struct text *t, struct arena *a,
		      struct err *err)
{
	const char *beside = arena_printf(a, "%s.%s.tmp", path, id);
	scoped_fd int fd = sys_openat(AT_FDCWD, beside,
				      O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	int r = write_whole(fd, t, path, err);

	if (r == 0 && sys_renameat(AT_FDCWD, beside, AT_FDCWD, path) < 0)
		r = err_host(err, errno, WHAT ": write %s", path);
	if (r < 0 && fd >= 0)
		(void)sys_unlinkat(AT_FDCWD, beside, 0);
	return r;
}

int face_report_check(const struct face_flags *flags, struct arena *a, struct err *err)
{
	const char *path = flags->result, *dir;
	struct stat st;

	if (!path || is_stream(path))
		return 0;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return err_input(err, WHAT ": %s is a directory", path);
	dir = arena_strn(a, path, (size_t)(path_base(path) - path));
	if (access(*dir ? dir : ".", W_OK | X_OK) < 0)
		return err_host(err, errno, WHAT ": write into the directory of %s", path);
	return 0;
}

int face_report(struct cli *cli, const struct face_flags *flags, const struct result *r,
		const struct policy *p, struct err *err)
{
	struct text line = { .arena = &cli->arena };
	struct emit e = { .out = &line };

	if (!flags->json && !flags->result)
		return 0;
	result_emit(r, p, &e);
	text_add(&line, "\n");
	if (flags->json)
		text_addn(&cli->out, line.s, line.len);
	if (!flags->result)
		return 0;
	return is_stream(flags->result)
		       ? write_stream(flags->result, &line, err)
		       : write_file(flags->result, r->sandbox_id, &line, &cli->arena, err);
}
