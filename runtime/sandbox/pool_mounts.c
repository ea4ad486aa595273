/* SPDX-License-Identifier: Apache-2.0 */
/* pool_mounts.c - looks at what is mounted, and mounts anew the part that is not as it was.
 * Mustn't: take for as it was made what it has not looked at. */
#include "runtime/sandbox/pool_mounts.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "runtime/act/act.h"
#include "runtime/sandbox/pool_agent.h"
#include "runtime/sandbox/pool_network.h"
#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/sys.h"

#define PROC "/proc"
/* Links that the kernel makes with /proc, and keeps with it. */
static const char *const proc_links[] = { PROC "/self", PROC "/thread-self" };
/* Likewise of the terminals. */
#define TERMINALS "/dev/pts"
#define TERMINAL_MAKER TERMINALS "/ptmx"

/* --- to make them --- */

/* There is but one warning. */
static void keep_warning(void *ctx, const struct op *op, const struct err *why)
{
	(void)op;
	(void)why;
	*(bool *)ctx = true;
}

int mounts_make(const struct plan *plan, enum stage stage, int way, bool *warned, struct err *err)
{
	struct act x = ACT_INIT;

	x.plan = plan;
	x.give = network_give;
	x.ask_ctx = &way;
	x.warn = keep_warning;
	x.warn_ctx = warned;
	TRY(act_open_proc(&x.proc_fd, err));
	x.root_fd = sys_openat(AT_FDCWD, "/", O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	if (x.root_fd < 0)
		return err_host(err, errno, "open the root");
	x.root_alone = true;
	x.empty_fd = sys_openat(AT_FDCWD, POOL_HIDDEN, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	if (x.empty_fd < 0)
		return err_host(err, errno, "open what covers a task's masked directories");
	if (stage == STAGE_NAMESPACE)
		TRY(act_stage(&x, STAGE_NAMESPACE, err));
	return act_stage(&x, STAGE_ROOT, err);
}

/* What is mounted in /proc goes with that. */
static bool goes_alone(const struct op *op)
{
	return op->code == OP_MOUNT || op->code == OP_BIND ||
	       (op->code == OP_MASK && !path_beneath(op->path, PROC));
}

static bool detach(const char *path)
{
	return sys_umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0;
}

/* A mask may have found nothing to cover. */
static bool move_onto(int place, const struct op *op)
{
	return sys_move_mount(AT_FDCWD, op->path, place, "", MOVE_MOUNT_T_EMPTY_PATH) == 0 ||
	       (op->code == OP_MASK && errno == ENOENT);
}

static const struct op *next_alone(const struct plan *plan, size_t at)
{
	while (at < plan->n && (plan->ops[at].stage != STAGE_ROOT || !goes_alone(&plan->ops[at])))
		at++;
	return at < plan->n ? &plan->ops[at] : NULL;
}

/* For each that is detached the kernel waits until no processor looks at it: so they go together, moved onto the first one. What lies upon
 * that one goes before. */
static bool take_down(const struct plan *plan)
{
	const struct op *first = next_alone(plan, 0), *op = first;
	scoped_fd int place = -1;

	while ((op = next_alone(plan, (size_t)(op - plan->ops) + 1)))
		if (str_eq(op->path, first->path) && !detach(op->path))
			return false;
	place = sys_openat(AT_FDCWD, first->path, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
	if (place < 0)
		return false;
	for (op = first; (op = next_alone(plan, (size_t)(op - plan->ops) + 1));)
		if (!str_eq(op->path, first->path) && !move_onto(place, op))
			return false;
	return sys_fchdir(place) == 0 && detach(".") && sys_chdir("/") == 0;
}

/* Nothing that a file system keeps of a task, down to its inodes' numbers and times, is there for the next. */
static bool make_anew(const struct plan *plan, const struct mounts_part *part)
{
	struct plan p = *plan;
	bool warned = false;
	struct err err;

	p.ops += part->from;
	p.n = part->to - part->from;
	return take_down(&p) && mounts_make(&p, STAGE_ROOT, -1, &warned, &err) == 0;
}

/* --- to look at them --- */

static bool look_at(struct mounts_part *part, const char *path)
{
	struct mounts_file *f = &part->files[part->n];
	struct stat st;

	if (part->n == MOUNTS_FILES_MAX ||
	    sys_fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return false;
	part->n++;
	f->device = st.st_dev;
	f->inode = st.st_ino;
	f->links = st.st_nlink;
	f->size = (uint64_t)st.st_size;
	f->mode = st.st_mode;
	f->uid = st.st_uid;
	f->gid = st.st_gid;
	f->read = st.st_atim;
	f->written = st.st_mtim;
	f->changed = st.st_ctim;
	return true;
}

static bool is_proc(const struct op *op)
{
	return op->code == OP_MOUNT && str_eq(op->path, PROC);
}

/* The space comes first. */
static void split(const struct plan *plan, struct task_mounts *ret)
{
	size_t at = 0;

	while (at < plan->n && !is_proc(&plan->ops[at]))
		at++;
	ret->space.to = ret->rest.from = at;
	ret->rest.to = plan->n;
}

static bool look_at_space(const struct plan *plan, struct mounts_part *ret)
{
	ret->n = 0;
	for (size_t i = ret->from; i < ret->to; i++)
		if (plan->ops[i].code == OP_BIND && !look_at(ret, plan->ops[i].path))
			return false;
	return true;
}

/* One that lies deeper in /proc would keep the entries above it there. */
static bool count_masks(const struct plan *plan, size_t *ret)
{
	*ret = 0;
	for (size_t i = 0; i < plan->n; i++) {
		const struct op *op = &plan->ops[i];
		struct stat st;

		if (op->code != OP_MASK)
			continue;
		if (path_beneath(op->path, PROC) &&
		    strrchr(op->path, '/') != op->path + strlen(PROC))
			return false;
		if (sys_fstatat(AT_FDCWD, op->path, &st, AT_SYMLINK_NOFOLLOW) == 0)
			++*ret;
		else if (errno != ENOENT)
			return false;
	}
	return true;
}

/* Not at /proc itself: the number of what it holds, processes, changes by itself. */
static bool look_at_rest(const struct plan *plan, struct mounts_part *ret)
{
	ret->n = 0;
	for (size_t i = 0; i < ARRAY_LEN(proc_links); i++)
		if (!look_at(ret, proc_links[i]))
			return false;
	return look_at(ret, TERMINALS) && look_at(ret, TERMINAL_MAKER) &&
	       count_masks(plan, &ret->masks);
}

void mounts_look(const struct plan *plan, struct task_mounts *ret)
{
	*ret = (struct task_mounts){ 0 };
	split(plan, ret);
	ret->space.known = look_at_space(plan, &ret->space);
	ret->rest.known = look_at_rest(plan, &ret->rest);
}

static bool is_before(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec < b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec < b->tv_nsec);
}

/* Who reads a link leaves the time of that with it, unless one that is later than the link's own is there already. */
static void read_links(void)
{
	char room[8];

	for (size_t i = 0; i < ARRAY_LEN(proc_links); i++)
		(void)sys_readlinkat(AT_FDCWD, proc_links[i], room, sizeof(room));
}

static bool is_older(const struct mounts_part *p, const struct timespec *now)
{
	for (size_t i = 0; i < p->n; i++)
		if (!is_before(&p->files[i].changed, now))
			return false;
	return true;
}

/* The kernel takes a file's time from this clock, which stands still for some milliseconds. */
void mounts_begin(const struct plan *plan, struct task_mounts *m)
{
	struct timespec now;

	if (m->settled || !m->space.known || !m->rest.known ||
	    clock_gettime(CLOCK_REALTIME_COARSE, &now) < 0 || !is_older(&m->space, &now) ||
	    !is_older(&m->rest, &now))
		return;
	read_links();
	m->rest.known = look_at_rest(plan, &m->rest);
	m->settled = true;
}

/* --- to have them so again --- */

static bool is_same(const struct mounts_part *a, const struct mounts_part *b)
{
	return a->masks == b->masks && a->n == b->n &&
	       memcmp(a->files, b->files, a->n * sizeof(a->files[0])) == 0;
}

/* The kernel keeps no entry of a file system that is mounted with other flags, but for those that are in use: its root, the links, and what
 * lies beneath the masks. (The flags are those that it has.) */
static bool forget_entries(void)
{
	return sys_mount(NULL, PROC, NULL, MS_REMOUNT | MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) ==
	       0;
}

static bool space_again(const struct plan *plan, struct task_mounts *m, bool nameless)
{
	struct mounts_part now = m->space;

	if (m->space.known && m->settled && !nameless && look_at_space(plan, &now) &&
	    is_same(&now, &m->space))
		return true;
	m->settled = false;
	if (!make_anew(plan, &m->space))
		return false;
	m->space.known = look_at_space(plan, &m->space);
	return true;
}

static bool rest_again(const struct plan *plan, struct task_mounts *m)
{
	struct mounts_part now = m->rest;

	if (m->rest.known && look_at_rest(plan, &now) && is_same(&now, &m->rest) &&
	    forget_entries())
		return true;
	if (!make_anew(plan, &m->rest))
		return false;
	m->rest.known = look_at_rest(plan, &m->rest);
	m->settled = false;
	return true;
}

bool mounts_again(const struct plan *plan, struct task_mounts *m, bool nameless)
{
	return space_again(plan, m, nameless) && rest_again(plan, m);
}
