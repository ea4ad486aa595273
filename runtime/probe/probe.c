/* SPDX-License-Identifier: Apache-2.0 */
/* probe.c - host and caller → facts: one function a group, picked by a table.
 * Should: look only at what was asked for; a start waits for it.  Mustn't: change anything; what only trying
 * tells is put back at once. */
#include "runtime/probe/probe.h"

#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "runtime/probe/cgroup.h"
#include "runtime/probe/mountinfo.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

/* Inode of the initial user namespace: PROC_USER_INIT_INO, the same on every kernel since 3.8. */
#define INIT_USER_NS 0xEFFFFFFDu
#define SELINUX_MAGIC_ 0xf97cff8c
#define SMALL_MAX 4096
#define STATUS_MAX_BYTES (64u << 10)
#define OOM_SCORE_LOWEST (-1000)
#define SUBIDS_MAX_BYTES (4u << 20)
#define CAP_MAX 63

int kernel_parse(const char *release, int *major, int *minor)
{
	int n[2] = { 0, 0 };

	for (int i = 0; i < 2; i++) {
		if (*release < '0' || *release > '9')
			return -1;
		for (; *release >= '0' && *release <= '9' && n[i] < 100000; release++)
			n[i] = n[i] * 10 + (*release - '0');
		if (i == 0 && *release++ != '.')
			return -1;
	}
	*major = n[0];
	*minor = n[1];
	return 0;
}

/* --- caller ----------------------------------------------------------------------------------- */

/* The kernel's highest capability; asked for only where the bounding set is. */
static void probe_last_cap(struct facts *f)
{
	int last = CAP_LAST_CAP;

	while (last > 0 && sys_prctl(PR_CAPBSET_READ, (unsigned long)last, 0, 0, 0) < 0)
		last--;
	while (last < CAP_MAX && sys_prctl(PR_CAPBSET_READ, (unsigned long)last + 1, 0, 0, 0) >= 0)
		last++;
	f->last_cap = last;
}

static int probe_caps(struct facts *f, struct err *err)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[2] = { 0 };

	if (sys_capget(&header, data) < 0)
		return err_host(err, errno, "read own capabilities");
	f->caps_effective = (uint64_t)data[1].effective << 32 | data[0].effective;
	return 0;
}

static void probe_bounding(struct facts *f)
{
	for (int cap = 0; cap <= f->last_cap; cap++)
		if (sys_prctl(PR_CAPBSET_READ, (unsigned long)cap, 0, 0, 0) > 0)
			f->caps_bounding |= 1ull << cap;
}

static int probe_groups(struct facts *f, struct err *err)
{
	gid_t groups[FACTS_GROUPS_MAX];
	int n = getgroups(FACTS_GROUPS_MAX, groups);

	/* Somebody with more groups than we keep: none of them is a fact that planners need. */
	if (n < 0 && errno == EINVAL)
		return 0;
	if (n < 0)
		return err_host(err, errno, "read own groups");
	for (int i = 0; i < n; i++)
		f->groups[i] = groups[i];
	f->groups_n = (uint32_t)n;
	return 0;
}

static int probe_rlimits(struct facts *f, unsigned int want, struct err *err)
{
	struct rlimit limit;

	for (int i = 0; i < FACTS_RLIMITS; i++) {
		if (!(want & (unsigned int)WANT_RLIMIT << i))
			continue;
		if (sys_prlimit(0, i, NULL, &limit) < 0)
			return err_host(err, errno, "read resource limit %d", i);
		f->rlimits[i].soft = limit.rlim_cur;
		f->rlimits[i].hard = limit.rlim_max;
		f->have |= (unsigned int)WANT_RLIMIT << i;
	}
	return 0;
}

static void probe_scheduling(struct facts *f, unsigned int want)
{
	int priority;

	if (want & (unsigned int)WANT_RLIMIT << RLIMIT_NICE)
		f->nice = getpriority(PRIO_PROCESS, 0);
	if ((want & (unsigned int)WANT_RLIMIT << RLIMIT_RTPRIO) &&
	    sys_sched_priority(&priority) == 0)
		f->rt_priority = priority;
}

static bool in_user_ns(void)
{
	struct stat st;

	/* Where /proc cannot say, the cautious answer: nothing is tried that only the initial one
	 * allows. */
	return stat("/proc/self/ns/user", &st) < 0 || st.st_ino != INIT_USER_NS;
}

static int probe_caller(struct facts *f, unsigned int want, struct err *err)
{
	struct utsname uts;

	if (uname(&uts) < 0 || kernel_parse(uts.release, &f->kernel_major, &f->kernel_minor) < 0)
		return err_host(err, errno, "read the kernel's version");
	(void)snprintf(f->release, sizeof(f->release), "%s", uts.release);
	f->uid = geteuid();
	f->gid = getegid();
	TRY(probe_caps(f, err));
	TRY(probe_rlimits(f, want, err));
	probe_scheduling(f, want);
	if (want & WANT_HOST)
		TRY(probe_groups(f, err));
	if (f->caps_effective || (want & WANT_HOST)) {
		probe_last_cap(f);
		probe_bounding(f);
		f->in_user_ns = in_user_ns();
	}
	return 0;
}

/* --- small files ------------------------------------------------------------------------------ */

/* The first line of a small file; "" where there is none. */
static const char *first_line(const char *path, char *buf, size_t room)
{
	scoped_fd int fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_CLOEXEC, 0);
	ssize_t n = fd < 0 ? -1 : sys_read(fd, buf, room - 1);

	buf[n < 0 ? 0 : n] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return buf;
}

/* A whole file as text; NULL where it cannot be read. */
static char *whole(const char *path, size_t max, struct arena *a)
{
	struct err ignored = { 0 };
	char *text;
	size_t len;

	return file_read(AT_FDCWD, path, max, a, &text, &len, &ignored) < 0 ? NULL : text;
}

static long fs_magic(const char *path)
{
	scoped_fd int fd = sys_openat(AT_FDCWD, path, O_PATH | O_CLOEXEC, 0);
	struct statfs st;

	return fd < 0 || sys_fstatfs(fd, &st) < 0 ? 0 : (long)st.f_type;
}

/* --- lsm -------------------------------------------------------------------------------------- */

static int probe_lsm(struct facts *f, unsigned int want, struct err *err)
{
	char buf[SMALL_MAX];

	(void)want;
	(void)err;
	f->selinux = fs_magic("/sys/fs/selinux") == (long)SELINUX_MAGIC_;
	f->apparmor = str_eq(
		first_line("/sys/module/apparmor/parameters/enabled", buf, sizeof(buf)), "Y");
	if (!f->apparmor || !str_eq(first_line("/proc/sys/kernel/apparmor_restrict_unprivileged_"
					       "userns",
					       buf, sizeof(buf)),
				    "1"))
		return 0;
	/* Only programs without a profile are restricted; "NAME (unconfined)" is one that allows. */
	(void)first_line("/proc/self/attr/apparmor/current", buf, sizeof(buf));
	f->apparmor_restricts_userns = str_eq(buf, "unconfined") || !buf[0];
	return 0;
}

/* --- subids ----------------------------------------------------------------------------------- */

/* "USER:FIRST:COUNT" of that user into ret. 1: not his, or not of the form. */
static int subid_line(char *line, const char *user, const char *uid, struct id_range *ret)
{
	char *first = strchr(line, ':'), *count = first ? strchr(first + 1, ':') : NULL;
	struct err ignored = { 0 };
	uint64_t f, n;

	if (!count)
		return 1;
	*first++ = *count++ = '\0';
	if (!str_eq(line, uid) && (!user[0] || !str_eq(line, user)))
		return 1;
	if (str_u64(first, 10, UINT32_MAX - 1, &f, &ignored) < 0 ||
	    str_u64(count, 10, UINT32_MAX - f, &n, &ignored) < 0 || n == 0)
		return 1;
	*ret = (struct id_range){ (uint32_t)f, (uint32_t)n };
	return 0;
}

unsigned int subids_parse(const char *text, const char *user, uint32_t uid,
			  struct id_range ret[FACTS_RANGES_MAX])
{
	char number[16], line[256];
	unsigned int n = 0;

	(void)snprintf(number, sizeof(number), "%u", uid);
	while (text && *text && n < FACTS_RANGES_MAX) {
		size_t len = strcspn(text, "\n");

		if (len < sizeof(line)) {
			memcpy(line, text, len);
			line[len] = '\0';
			n += subid_line(line, user, number, &ret[n]) == 0;
		}
		text += len + (text[len] == '\n');
	}
	return n;
}

/* A program of the system's; PATH is the caller's and not asked. */
static void find_program(const char *name, char *ret, size_t room)
{
	static const char *const places[] = { "/usr/bin", "/bin", "/usr/sbin", "/usr/local/bin",
					      "/run/wrappers/bin" };

	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		(void)snprintf(ret, room, "%s/%s", places[i], name);
		if (access(ret, X_OK) == 0)
			return;
	}
	*ret = '\0';
}

/* The environment names another socket, for hosts that have it elsewhere and for tests. */
static void find_nsresourced(struct facts *f)
{
	const char *path = getenv("SRT_OCI_NSRESOURCED_SOCKET");

	if (!path || !*path)
		path = "/run/systemd/io.systemd.NamespaceResource";
	if (strlen(path) < sizeof(f->nsresourced) && access(path, W_OK) == 0)
		(void)snprintf(f->nsresourced, sizeof(f->nsresourced), "%s", path);
}

static int probe_subids(struct facts *f, unsigned int want, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	struct passwd entry, *found = NULL;
	char buf[SMALL_MAX];
	const char *user = "";

	(void)want;
	(void)err;
	find_program("newuidmap", f->newuidmap, sizeof(f->newuidmap));
	find_program("newgidmap", f->newgidmap, sizeof(f->newgidmap));
	find_nsresourced(f);
	if (getpwuid_r(geteuid(), &entry, buf, sizeof(buf), &found) == 0 && found)
		user = found->pw_name;
	f->subuids_n = subids_parse(whole("/etc/subuid", SUBIDS_MAX_BYTES, &a), user, geteuid(),
				    f->subuids);
	f->subgids_n = subids_parse(whole("/etc/subgid", SUBIDS_MAX_BYTES, &a), user, geteuid(),
				    f->subgids);
	return 0;
}

/* --- host ------------------------------------------------------------------------------------- */

static int probe_host(struct facts *f, unsigned int want, struct err *err)
{
	struct err ignored = { 0 };
	char buf[SMALL_MAX];

	(void)want;
	(void)err;
	/* Kernels without user namespaces lack the file: the limit is 0 then. */
	(void)str_u64(first_line("/proc/sys/user/max_user_namespaces", buf, sizeof(buf)), 10,
		      UINT64_MAX, &f->max_user_namespaces, &ignored);
	f->unprivileged_userns = !str_eq(
		first_line("/proc/sys/kernel/unprivileged_userns_clone", buf, sizeof(buf)), "0");
	return 0;
}

/* --- rdt -------------------------------------------------------------------------------------- */

static int probe_rdt(struct facts *f, unsigned int want, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	char *text = whole("/proc/self/mountinfo", MOUNTINFO_MAX, &a);
	struct err ignored = { 0 };
	struct mountinfo m;

	(void)want;
	(void)err;
	while (text && !f->resctrl[0] && mountinfo_next(&text, &m, &ignored) == 0)
		if (str_eq(m.type, "resctrl") && strlen(m.target) < sizeof(f->resctrl))
			(void)snprintf(f->resctrl, sizeof(f->resctrl), "%s", m.target);
	return 0;
}

/* --- nodes ------------------------------------------------------------------------------------ */

/* A list that has no room is as good as unknown. */
static void keep_list(const char *from, size_t len, char *to, size_t room)
{
	(void)snprintf(to, room, "%.*s", len < room ? (int)len : 0, from);
}

static int probe_nodes(struct facts *f, unsigned int want, struct err *err)
{
	static const char word[] = "\nMems_allowed_list:\t";
	scoped_arena struct arena a = { 0 };
	char buf[SMALL_MAX], *text = whole("/proc/self/status", STATUS_MAX_BYTES, &a);
	const char *own = text ? strstr(text, word) : NULL;

	(void)want;
	(void)err;
	(void)first_line("/sys/devices/system/node/has_memory", buf, sizeof(buf));
	keep_list(buf, strlen(buf), f->memory_nodes, sizeof(f->memory_nodes));
	if (own)
		keep_list(own + sizeof(word) - 1, strcspn(own + sizeof(word) - 1, "\n"),
			  f->memory_nodes_own, sizeof(f->memory_nodes_own));
	return 0;
}

/* --- oom -------------------------------------------------------------------------------------- */

static bool may_score(int fd, int score)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%d", score);
	return sys_write(fd, text, strlen(text)) > 0;
}

/* The kernel shows the bound (oom_score_adj_min) to nobody: it is found by trying, and the own score is back before anything
 * else is done. A caller with the capability does not come here: his own writing would move the bound. */
static int lowest_score(int fd, int own)
{
	int low = OOM_SCORE_LOWEST, high = own;

	if (!may_score(fd, own))
		return own;
	while (low < high) {
		int middle = low + (high - low) / 2;

		if (may_score(fd, middle))
			high = middle;
		else
			low = middle + 1;
	}
	(void)may_score(fd, own);
	return high;
}

static int probe_oom(struct facts *f, unsigned int want, struct err *err)
{
	scoped_fd int fd = sys_openat(AT_FDCWD, "/proc/self/oom_score_adj", O_RDWR | O_CLOEXEC, 0);
	char text[16] = "";

	(void)want;
	(void)err;
	/* Where nobody says, nothing is known to be forbidden. */
	f->oom_score_min = OOM_SCORE_LOWEST;
	if (fd < 0 || sys_read(fd, text, sizeof(text) - 1) <= 0)
		return 0;
	f->oom_score = (int)strtol(text, NULL, 10);
	if (!facts_host_cap(f, CAP_SYS_RESOURCE))
		f->oom_score_min = lowest_score(fd, f->oom_score);
	return 0;
}

static const struct {
	unsigned int want;
	int (*gather)(struct facts *f, unsigned int want, struct err *err);
} groups[] = {
	{ WANT_CALLER, probe_caller }, { WANT_CGROUP, probe_cgroup }, { WANT_LSM, probe_lsm },
	{ WANT_SUBIDS, probe_subids }, { WANT_HOST, probe_host },     { WANT_RDT, probe_rdt },
	{ WANT_NODES, probe_nodes },   { WANT_OOM, probe_oom },
};

int probe(unsigned int want, struct facts *ret, struct err *err)
{
	/* In place: a second one would cost the start two more pages of stack. */
	*ret = (struct facts){ 0 };
	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		if (want & groups[i].want) {
			TRY(groups[i].gather(ret, want, err));
			ret->have |= groups[i].want;
		}
	return 0;
}
