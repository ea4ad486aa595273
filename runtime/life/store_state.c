/* SPDX-License-Identifier: Apache-2.0 */
/* store_state.c - what lies in an entry: state.json, the kept config, the marks and the socket.
 * Should: replace files by rename, and read them as if a stranger had written them. */
#include <stddef.h>
#include <sys/file.h>
#include <sys/un.h>

#include "runtime/life/store.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"
#include "spec/json/bind.h"
#include "spec/json/emit.h"

#define STATE_DEPTH 4
#define STATE_NODES 16384
#define PID_LIMIT (1u << 22) /* PID_MAX_LIMIT of the kernel */

const struct name status_names[] = {
	{ "creating", STATUS_CREATING }, { "created", STATUS_CREATED },
	{ "running", STATUS_RUNNING },	 { "paused", STATUS_PAUSED },
	{ "stopped", STATUS_STOPPED },	 { NULL, 0 },
};

/* One document of ours, one list of its properties; owner and status are not believed. */
static const struct bind_row state_rows[] = {
	ROW(container, oci_version, "ociVersion", STR, REQUIRED, "of its config"),
	ROW(container, id, "id", STR, REQUIRED, "the container's id"),
	ROW(container, pid, "pid", UINT, REQUIRED, "its init", .max = PID_LIMIT),
	ROW(container, pid_start, "pidStart", UINT, REQUIRED, "start time in clock ticks",
	    .max = INT64_MAX),
	ROW(container, helper, "networkHelper", UINT, 0, "its way out", .max = PID_LIMIT),
	ROW(container, helper_start, "networkHelperStart", UINT, 0, "start time in clock ticks",
	    .max = INT64_MAX),
	ROW(container, bundle, "bundle", STR, REQUIRED | ABSPATH, "directory of the bundle"),
	ROW(container, rootfs, "rootfs", STR, REQUIRED, "directory of its root"),
	ROW(container, created, "created", STR, REQUIRED, "RFC 3339"),
	ROW(container, systemd_cgroup, "systemdCgroup", BOOL, 0, "systemd made its cgroup"),
	ROW(container, cgroup, "cgroup", STR, 0, "path of its cgroup"),
	ROW(container, scope, "scope", STR, 0, "the unit of systemd that it is in"),
	ROW(container, cgroups, "cgroups", PAIRS, 0, "its cgroups, by hierarchy"),
	ROW(container, annotations, "annotations", PAIRS, 0, "of its config"),
	ROW(container, warnings, "warnings", STRINGS, 0, "asked for and not applied"),
	ROW(container, nothing_later, "nothingLater", BOOL, 0, "start and delete need no config"),
};
static const struct bind_table state_table = TABLE(container, state_rows);

static const char *or_empty(const char *s)
{
	return s ? s : "";
}

/* --- writing ---------------------------------------------------------------------------------- */

/* A new file of that name; what a killed writer left is taken away first, so that nobody's link or
 * fifo of that name is ever written to. */
static int create_new(int dir_fd, const char *name)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = sys_openat(dir_fd, name, flags, 0600);

	if (fd >= 0 || errno != EEXIST)
		return fd;
	if (sys_unlinkat(dir_fd, name, 0) < 0)
		return -1;
	return sys_openat(dir_fd, name, flags, 0600);
}

static int replace(const struct entry *e, const char *name, const char *new_name, const char *bytes,
		   size_t len, struct err *err)
{
	scoped_fd int fd = create_new(e->dir_fd, new_name);
	int saved;

	if (fd < 0)
		return err_host(err, errno, "make %s of the container", new_name);
	if (fd_write_all(fd, bytes, len) == 0 &&
	    sys_renameat(e->dir_fd, new_name, e->dir_fd, name) == 0)
		return 0;
	saved = errno;
	(void)sys_unlinkat(e->dir_fd, new_name, 0); /* the first failure is the one to tell */
	return err_host(err, saved, "write %s of the container", name);
}

int store_write(const struct entry *e, const struct container *c, struct err *err)
{
	scoped_arena struct arena a = ARENA_ROOM(2048);
	struct text out = { .arena = &a };
	struct emit em = { .out = &out };

	emit_object(&em, NULL);
	emit_str(&em, "ociVersion", or_empty(c->oci_version));
	emit_str(&em, "id", c->id);
	emit_int(&em, "pid", c->pid);
	emit_uint(&em, "pidStart", c->pid_start);
	if (c->helper) {
		emit_int(&em, "networkHelper", c->helper);
		emit_uint(&em, "networkHelperStart", c->helper_start);
	}
	emit_str(&em, "bundle", c->bundle);
	emit_str(&em, "rootfs", or_empty(c->rootfs));
	emit_str(&em, "created", or_empty(c->created));
	emit_bool(&em, "systemdCgroup", c->systemd_cgroup);
	emit_str(&em, "cgroup", or_empty(c->cgroup));
	emit_str(&em, "scope", or_empty(c->scope));
	emit_object(&em, "cgroups");
	for (size_t i = 0; i < c->cgroups.n; i++)
		emit_str(&em, c->cgroups.v[i].key, or_empty(c->cgroups.v[i].value));
	emit_end_object(&em);
	emit_object(&em, "annotations");
	for (size_t i = 0; i < c->annotations.n; i++)
		emit_str(&em, c->annotations.v[i].key, or_empty(c->annotations.v[i].value));
	emit_end_object(&em);
	emit_array(&em, "warnings");
	for (size_t i = 0; i < c->warnings.n; i++)
		emit_str(&em, NULL, c->warnings.v[i]);
	emit_end_array(&em);
	emit_bool(&em, "nothingLater", c->nothing_later);
	emit_end_object(&em);
	text_add(&out, "\n");
	if (out.len > STORE_STATE_MAX)
		return err_limit(err, "the container's state is larger than %u bytes",
				 STORE_STATE_MAX);
	return replace(e, STORE_STATE, STORE_STATE ".new", out.s, out.len, err);
}

int store_keep_config(const struct entry *e, const char *bytes, size_t len, struct err *err)
{
	return replace(e, STORE_CONFIG, STORE_CONFIG ".new", bytes, len, err);
}

int store_mark_paused(const struct entry *e, bool paused, struct err *err)
{
	scoped_fd int fd = -1;

	if (!paused) {
		if (sys_unlinkat(e->dir_fd, STORE_PAUSED, 0) < 0 && errno != ENOENT)
			return err_host(err, errno, "take away the mark of the pause");
		return 0;
	}
	fd = create_new(e->dir_fd, STORE_PAUSED);
	if (fd < 0)
		return err_host(err, errno, "mark the container as paused");
	return 0;
}

/* --- reading ---------------------------------------------------------------------------------- */

static int no_own_file(const struct entry *e, const char *name, struct err *err)
{
	return err_set(err, ERR_HOSTILE, 0,
		       "%s of the container is not a file of its owner, uid %u", name, e->owner);
}

/* A regular file of the entry's owner. 1: it is not there. */
static int read_own(const struct entry *e, const char *name, size_t max, struct arena *a,
		    char **ret, size_t *ret_len, struct err *err)
{
	scoped_fd int fd = sys_openat(e->dir_fd, name,
				      O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return 1;
	/* A symlink, a socket, a file that was closed to us: not what was written there. */
	if (fd < 0 && (errno == ELOOP || errno == ENXIO || errno == EACCES))
		return no_own_file(e, name, err);
	if (fd < 0)
		return err_host(err, errno, "open %s of the container", name);
	if (sys_fstat(fd, &st) < 0)
		return err_host(err, errno, "stat %s of the container", name);
	if (!S_ISREG(st.st_mode) || st.st_uid != e->owner)
		return no_own_file(e, name, err);
	return fd_read_all(fd, name, max, a, ret, ret_len, err);
}

/* Somebody else holds the lock: asked through a descriptor of its own, as a lock is a descriptor's.
 */
static bool locked_by_other(const struct entry *e)
{
	scoped_fd int fd = -1;

	if (e->locked)
		return false;
	fd = sys_openat(e->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	return fd >= 0 && sys_flock(fd, LOCK_SH | LOCK_NB) < 0;
}

static bool has_mark(const struct entry *e)
{
	scoped_fd int fd = sys_openat(e->dir_fd, STORE_PAUSED, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);

	return fd >= 0;
}

static enum container_status status_now(const struct entry *e, const struct container *c)
{
	scoped_fd int fd = -1;
	struct err ignored = { 0 };

	if (!c->pid)
		return locked_by_other(e) ? STATUS_CREATING : STATUS_STOPPED;
	if (!pid_alive(c->pid, c->pid_start))
		return STATUS_STOPPED;
	if (has_mark(e))
		return STATUS_PAUSED;
	return store_connect(e, &fd, &ignored) == 0 ? STATUS_CREATED : STATUS_RUNNING;
}

static void fill_empty(struct container *c, const char *id, struct arena *a)
{
	*c = (struct container){
		.id = arena_str(a, id),
		.bundle = "",
		.rootfs = "",
		.created = "",
		.cgroup = "",
		.scope = "",
		.oci_version = OCI_VERSION,
	};
}

static int state_parse(const char *bytes, size_t len, const char *id, struct arena *a,
		       struct container *c, struct err *err)
{
	static const struct json_limits limits = { STORE_STATE_MAX, STATE_DEPTH, STATE_NODES };
	struct json *tree;

	TRY(json_parse(bytes, len, STORE_STATE, &limits, a, &tree, err));
	if (bind_object(tree, &state_table, BIND_STRICT, c, a, err) < 0)
		return err_in(err, "%s", STORE_STATE);
	if (!str_eq(c->id, id))
		return err_set(err, ERR_HOSTILE, 0, "state of container \"%s\" names another id",
			       id);
	if (c->pid == 1)
		return err_set(err, ERR_HOSTILE, 0, "state of container \"%s\" names process 1",
			       id);
	return 0;
}

int store_read(const struct entry *e, const char *id, struct arena *a, struct container *ret,
	       struct err *err)
{
	struct container c;
	char *bytes;
	size_t len;
	int rc;

	fill_empty(&c, id, a);
	rc = read_own(e, STORE_STATE, STORE_STATE_MAX, a, &bytes, &len, err);
	TRY(rc);
	if (rc == 0)
		TRY(state_parse(bytes, len, id, a, &c, err));
	c.owner_uid = e->owner;
	c.status = status_now(e, &c);
	if (c.status == STATUS_STOPPED)
		c.pid = 0;
	*ret = c;
	return rc;
}

int store_config(const struct entry *e, struct arena *a, struct config **ret, struct err *err)
{
	char *bytes;
	size_t len;
	int rc;

	rc = read_own(e, STORE_CONFIG, CONFIG_MAX_BYTES, a, &bytes, &len, err);
	TRY(rc);
	return rc > 0 ? rc : config_parse_in_place(bytes, len, STORE_CONFIG, a, ret, err);
}

/* --- the start socket ------------------------------------------------------------------------- */

/* The entry's own path may be longer than sun_path; through the descriptor it is short. */
static void socket_address(struct sockaddr_un *addr, int fd, const char *name)
{
	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	(void)snprintf(addr->sun_path, sizeof(addr->sun_path), "/proc/self/fd/%d%s", fd, name);
}

int store_listen(const struct entry *e, int *ret_fd, struct err *err)
{
	scoped_fd int fd = sys_socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un addr;

	if (fd < 0)
		return err_host(err, errno, "make the start socket");
	socket_address(&addr, e->dir_fd, "/" STORE_SOCKET);
	if (bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0)
		return err_host(err, errno, "bind the start socket");
	if (listen(fd, 8) < 0)
		return err_host(err, errno, "listen on the start socket");
	*ret_fd = take_fd(&fd);
	return 0;
}

/* Nobody follows a link here: the socket is opened first, and only then called. */
int store_connect(const struct entry *e, int *ret_fd, struct err *err)
{
	scoped_fd int node =
		sys_openat(e->dir_fd, STORE_SOCKET, O_PATH | O_NOFOLLOW | O_CLOEXEC, 0);
	scoped_fd int fd = -1;
	struct sockaddr_un addr;
	struct stat st;

	if (node < 0 && errno == ENOENT)
		return 1;
	if (node < 0 || sys_fstat(node, &st) < 0)
		return err_host(err, errno, "open the start socket");
	if (!S_ISSOCK(st.st_mode) || st.st_uid != e->owner)
		return err_set(err, ERR_HOSTILE, 0, "%s is not a socket of its owner, uid %u",
			       STORE_SOCKET, e->owner);
	fd = sys_socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return err_host(err, errno, "make a socket");
	socket_address(&addr, node, "");
	/* EAGAIN: it listens, and its queue is full. */
	if (connect(fd, (const struct sockaddr *)&addr, sizeof(addr)) < 0)
		return errno == ECONNREFUSED || errno == ENOENT
			       ? 1
			       : err_host(err, errno, "connect to the start socket");
	*ret_fd = take_fd(&fd);
	return 0;
}
