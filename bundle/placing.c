/* SPDX-License-Identifier: Apache-2.0 */
/* placing.c - how a bundle of the store gets its bytes, and what this kernel mounts for this user. */
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/xattr.h>

#include "bundle/overlay.h"
#include "bundle/store.h"
#include "spec/base/fd.h"
#include "spec/base/names.h"
#include "spec/base/sys.h"
#include "spec/json/quote.h"

static const struct name PLACINGS[] = {
	{ "copy", PLACE_COPY },
	{ "hardlink", PLACE_LINK },
	{ "overlay", PLACE_META },
	{ NULL },
};

const char *placing_name(enum placing p)
{
	const char *name = name_of(PLACINGS, p);

	return name ? name : "copy";
}

bool placing_of(const char *word, enum placing *ret)
{
	const struct name *row = name_find(PLACINGS, word);

	if (row)
		*ret = (enum placing)row->value;
	return row != NULL;
}

/* One object and one file that leads to it: "hello" must come out. */
static int sample_make(int dir, struct err *err)
{
	static const char bytes[] = "hello";
	scoped_fd int object = -1, meta = -1;

	if (sys_mkdirat(dir, "meta", 0700) < 0 || sys_mkdirat(dir, "objects", 0700) < 0)
		return err_host(err, errno, "make a probe");
	object = sys_openat(dir, "objects/o", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
	meta = sys_openat(dir, "meta/f", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (object < 0 || meta < 0 || fd_write_all(object, bytes, sizeof(bytes)) < 0 ||
	    ftruncate(meta, sizeof(bytes)) < 0)
		return err_host(err, errno, "make a probe");
	/* Without user attributes there is no overlay store. */
	if (fsetxattr(meta, META_XATTR, "", 0, 0) < 0 ||
	    fsetxattr(meta, META_REDIRECT, "/o", 2, 0) < 0)
		return 1;
	return 0;
}

static int overlay_probe(const struct store *s, bool *ret, struct err *err)
{
	char name[48], meta[4200], objects[4200];
	unsigned long long number;
	scoped_fd int dir = -1;
	struct err ignored;
	int r;

	*ret = false;
	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return err_host(err, errno, "find a name");
	(void)snprintf(name, sizeof(name), "probe-%016llx", number);
	if (sys_mkdirat(s->tmp, name, 0700) < 0)
		return err_host(err, errno, "make a probe");
	dir = sys_openat(s->tmp, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	r = dir < 0 ? err_host(err, errno, "open the probe") : sample_make(dir, err);
	(void)snprintf(meta, sizeof(meta), "%s/tmp/%s/meta", s->path, name);
	(void)snprintf(objects, sizeof(objects), "%s/tmp/%s/objects", s->path, name);
	if (r == 0)
		*ret = overlay_try(meta, objects) == 0;
	(void)remove_tree(s->tmp, name, &ignored); /* a later prune would find it */
	return r < 0 ? r : 0;
}

int store_placing(const struct store *s, enum placing *ret, struct err *err)
{
	const char *word = getenv("SRT_OCI_STORE");
	bool overlay = false;

	if (word && *word) {
		if (!placing_of(word, ret))
			return err_input(err,
					 "SRT_OCI_STORE: %s is none of overlay, hardlink, copy",
					 Q(word));
		return 0;
	}
	TRY(overlay_probe(s, &overlay, err));
	*ret = overlay ? PLACE_META : PLACE_LINK;
	return 0;
}

/* --- the mount --- */

static int text_put(const char *path, const char *text)
{
	scoped_fd int fd = sys_openat(AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);

	return fd < 0 || fd_write_all(fd, text, strlen(text)) < 0 ? -1 : 0;
}

int overlay_enter(void)
{
	unsigned int uid = geteuid(), gid = getegid();
	char map[64];

	if (sys_unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		return -1;
	(void)snprintf(map, sizeof(map), "0 %u 1\n", gid);
	if (text_put("/proc/self/setgroups", "deny") < 0 || text_put("/proc/self/gid_map", map) < 0)
		return -1;
	(void)snprintf(map, sizeof(map), "0 %u 1\n", uid);
	return text_put("/proc/self/uid_map", map);
}

static int setting(int fs, const char *key, const char *value)
{
	return sys_fsconfig(fs, value ? FSCONFIG_SET_STRING : FSCONFIG_SET_FLAG, key, value, 0);
}

int overlay_mount(const char *meta, const char *objects, int *ret)
{
	scoped_fd int fs = sys_fsopen("overlay", FSOPEN_CLOEXEC);
	int mnt;

	/* The data-only lower is a setting of its own (6.13): no escaping of colons. */
	if (fs < 0 || setting(fs, "userxattr", NULL) < 0 || setting(fs, "lowerdir+", meta) < 0 ||
	    setting(fs, "datadir+", objects) < 0 || setting(fs, "ro", NULL) < 0 ||
	    sys_fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return -1;
	mnt = sys_fsmount(fs, FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV);
	if (mnt < 0)
		return -1;
	*ret = mnt;
	return 0;
}

static int child_try(const char *meta, const char *objects)
{
	char bytes[8] = "";
	int mnt, fd;

	if (overlay_enter() < 0 || overlay_mount(meta, objects, &mnt) < 0)
		return errno;
	fd = sys_openat(mnt, "f", O_RDONLY | O_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	return read(fd, bytes, sizeof(bytes)) == 6 && memcmp(bytes, "hello", 6) == 0 ? 0 : EIO;
}

int overlay_try(const char *meta, const char *objects)
{
	pid_t pid = fork();
	siginfo_t info = { 0 };

	if (pid == 0)
		_exit(child_try(meta, objects));
	if (pid < 0)
		return errno;
	while (sys_waitid(P_PID, (id_t)pid, &info, WEXITED) < 0 && errno == EINTR)
		;
	return info.si_code == CLD_EXITED ? info.si_status : EIO;
}
