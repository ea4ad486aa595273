/* SPDX-License-Identifier: Apache-2.0 */
/* doctor.c - asks the kernel by doing: in a child of its own that ends at once. */
#include "runtime/sandbox/doctor.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/act/act.h"
#include "runtime/life/nat.h"
#include "runtime/probe/probe.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"

#define SMALL_MAX 256

static bool maps_one(const char *file, unsigned int id)
{
	struct err ignored;
	char map[64];

	(void)snprintf(map, sizeof(map), "0 %u 1", id);
	return fd_write_at(AT_FDCWD, file, map, &ignored) == 0;
}

/* Files can be made only by a user and a group that are mapped. */
static bool maps_itself(uid_t uid, gid_t gid)
{
	struct err ignored;

	return maps_one("/proc/self/uid_map", uid) &&
	       fd_write_at(AT_FDCWD, "/proc/self/setgroups", "deny", &ignored) == 0 &&
	       maps_one("/proc/self/gid_map", gid);
}

/* What a child found out, by its exit status: 0 yes. */
static bool in_child_with(uint64_t flags, bool map, bool (*works)(void))
{
	struct clone_args args = { .flags = flags, .exit_signal = SIGCHLD };
	uid_t uid = geteuid();
	gid_t gid = getegid();
	pid_t pid = sys_clone3(&args, sizeof(args));
	siginfo_t info = { 0 };

	if (pid == 0)
		_exit((!map || maps_itself(uid, gid)) && works() ? 0 : 1);
	if (pid < 0 || sys_waitid(P_PID, (id_t)pid, &info, WEXITED) < 0)
		return false;
	return info.si_code == CLD_EXITED && info.si_status == 0;
}

static bool in_child(uint64_t flags, bool (*works)(void))
{
	return in_child_with(flags, false, works);
}

static bool in_child_as_root(uint64_t flags, bool (*works)(void))
{
	return in_child_with(flags, true, works);
}

static bool always(void)
{
	return true;
}

static bool mounts_proc(void)
{
	return sys_mount("proc", "/proc", "proc", 0, NULL) == 0;
}

static bool mounts_tmpfs(void)
{
	return sys_mount("tmpfs", "/tmp", "tmpfs", 0, "size=64k") == 0;
}

static bool mounts_overlay(void)
{
	return mounts_tmpfs() && mkdir("/tmp/l", 0700) == 0 && mkdir("/tmp/u", 0700) == 0 &&
	       mkdir("/tmp/w", 0700) == 0 && mkdir("/tmp/m", 0700) == 0 &&
	       sys_mount("overlay", "/tmp/m", "overlay", 0,
			 "lowerdir=/tmp/l,upperdir=/tmp/u,workdir=/tmp/w,userxattr") == 0;
}

static bool small_file(struct arena *a, const char *path, char **ret)
{
	struct err ignored;
	size_t len;

	if (file_read(AT_FDCWD, path, SMALL_MAX, a, ret, &len, &ignored) < 0)
		return false;
	(*ret)[strcspn(*ret, "\n")] = '\0';
	return true;
}

/* Why an ordinary user may make none. */
static const char *userns_fix(struct arena *a)
{
	char *text;

	if (small_file(a, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", &text) &&
	    str_eq(text, "1"))
		return "install contrib/apparmor/srt-oci into /etc/apparmor.d and run apparmor_parser -r "
		       "on it, or sysctl -w kernel.apparmor_restrict_unprivileged_userns=0";
	if (small_file(a, "/proc/sys/kernel/unprivileged_userns_clone", &text) && str_eq(text, "0"))
		return "sysctl -w kernel.unprivileged_userns_clone=1";
	if (small_file(a, "/proc/sys/user/max_user_namespaces", &text) && str_eq(text, "0"))
		return "sysctl -w user.max_user_namespaces=10000";
	return "run outside of a container, or in one whose seccomp profile allows clone with "
	       "CLONE_NEWUSER";
}

static struct finding kernel(struct arena *a)
{
	struct facts facts;
	struct err ignored;
	bool known = probe(WANT_CALLER, &facts, &ignored) == 0;

	return (struct finding){ "kernel", known && facts_kernel(&facts, 5, 12), true,
				 known ? arena_printf(a, "Linux %d.%d", facts.kernel_major,
						      facts.kernel_minor)
				       : "unknown",
				 "boot Linux 5.12 or newer" };
}

/* With AppArmor's restriction the namespace may well be made, by a profile that takes its rights away: only what needs one of
 * them tells. */
static bool userns_works(void)
{
	return in_child_as_root(CLONE_NEWUSER | CLONE_NEWNS, mounts_tmpfs);
}

static struct finding userns(struct arena *a)
{
	bool works = userns_works();

	return (struct finding){ "userns", works, true,
				 works ? "user namespaces can be made"
				       : "user namespaces are refused, or give no rights",
				 userns_fix(a) };
}

static struct finding apparmor(struct arena *a)
{
	char *text;
	bool restricted =
		small_file(a, "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", &text) &&
		str_eq(text, "1");

	return (struct finding){ "apparmor", !restricted || userns_works(), false,
				 restricted ? "unconfined programs may not use user namespaces"
					    : "does not restrict user namespaces",
				 userns_fix(a) };
}

static struct finding proc(void)
{
	bool works = in_child(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS, mounts_proc);

	return (struct finding){ "proc", works, true,
				 works ? "a new /proc can be mounted" : "a new /proc is refused",
				 "run where nothing is mounted over parts of /proc (docker: "
				 "--security-opt systempaths=unconfined)" };
}

bool doctor_overlays(void)
{
	return in_child_as_root(CLONE_NEWUSER | CLONE_NEWNS, mounts_overlay);
}

static struct finding overlay(void)
{
	bool works = doctor_overlays();

	return (struct finding){
		"overlay", works, false,
		works ? "overlay can be mounted in a user namespace"
		      : "overlay is refused in a user namespace",
		"boot Linux 5.11 or newer with overlay; workspaces are copied file by file until "
		"then"
	};
}

static struct finding network(void)
{
	bool works = in_child(CLONE_NEWUSER | CLONE_NEWNET, always);

	return (struct finding){ "netns", works, true,
				 works ? "network namespaces can be made"
				       : "network namespaces are refused",
				 "sysctl -w user.max_net_namespaces=10000" };
}

/* The kernel gives a process one listener: another's around us, such as a container manager's, would be it. */
static bool listens(void)
{
	struct sock_filter all[] = { BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
	struct sock_fprog program = { 1, all };

	return sys_prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       sys_seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program) >=
		       0;
}

bool doctor_notifies(void)
{
	return in_child(0, listens);
}

static struct finding notify(void)
{
	bool works = doctor_notifies();

	return (struct finding){
		"seccomp-notify", works, false,
		works ? "filters can ask a supervisor"
		      : "filters cannot ask: --trace and --allow-exec false need --allow-degraded",
		"boot Linux 5.5 or newer with CONFIG_SECCOMP_FILTER, outside of what listens "
		"already"
	};
}

static struct finding landlock(struct arena *a)
{
	int abi = sys_landlock_abi();

	if (abi < 1)
		return (struct finding){ "landlock", false, false, "is not there",
					 "boot with landlock in the lsm= list" };
	return (struct finding){
		"landlock", abi >= LANDLOCK_ABI_SCOPES, false,
		arena_printf(a,
			     abi >= LANDLOCK_ABI_SCOPES
				     ? "ABI %d"
				     : "ABI %d: under --allow-network the host's abstract unix "
				       "sockets can be reached",
			     abi),
		"boot Linux 6.12 or newer"
	};
}

static struct finding cgroup2(struct arena *a)
{
	struct facts facts;
	struct err ignored;
	bool works = probe(WANT_CALLER | WANT_CGROUP, &facts, &ignored) == 0 &&
		     facts.cgroup_mode == CGROUP_V2 &&
		     (facts.cgroup_writable || facts.cgroup_above_writable);

	(void)a;
	return (struct finding){
		"cgroup2", works, false,
		works ? "is delegated to this user"
		      : "is not delegated to this user: the supervisor holds the limits",
		"run under systemd-run --user -p Delegate=yes"
	};
}

static struct finding cgroup1(void)
{
	struct facts facts;
	struct err ignored;
	bool works = false;

	if (probe(WANT_CALLER | WANT_CGROUP, &facts, &ignored) == 0)
		for (uint32_t i = 0; i < facts.cgroup_v1_n; i++)
			works = works || (facts.cgroup_v1[i].writable &&
					  str_starts(facts.cgroup_v1[i].controllers, "memory"));
	return (struct finding){ "cgroup1", works, false,
				 works ? "may be made by this user"
				       : "may not be made by this user",
				 "run as root where cgroup v1 is mounted, or see cgroup2" };
}

static bool redirects(void)
{
	const struct op op = { .code = OP_REDIRECT, .a = 1 };
	struct act x = ACT_INIT;
	struct err ignored;

	return act_redirect(&x, &op, &ignored) == 0;
}

static struct finding nftables(void)
{
	bool works = in_child_as_root(CLONE_NEWUSER | CLONE_NEWNET, redirects);

	return (struct finding){
		"nftables", works, false,
		works ? "TCP can be redirected"
		      : "TCP cannot be redirected: with rules for domains only the ports that "
			"they name can be reached",
		"modprobe -a nf_tables nft_redir nft_chain_nat"
	};
}

/* A full NAT: the program that makes it, and the device that it needs. */
static struct finding nat(int mode, const char *name, const char *fix, struct arena *a)
{
	const char *path = NULL;
	struct err ignored;
	bool found = nat_find(mode, a, &path, &ignored) == 0;
	bool device = access("/dev/net/tun", R_OK | W_OK) == 0;

	return (struct finding){ name, found && device, false,
				 !found	   ? "is not installed: --network needs it for this mode"
				 : !device ? "/dev/net/tun is not there for this user"
					   : path,
				 !found ? fix : "modprobe tun; chmod 0666 /dev/net/tun" };
}

size_t doctor_look(struct arena *a, struct finding ret[DOCTOR_MAX])
{
	size_t n = 0;

	ret[n++] = kernel(a);
	ret[n++] = userns(a);
	ret[n++] = apparmor(a);
	ret[n++] = proc();
	ret[n++] = network();
	ret[n++] = overlay();
	ret[n++] = notify();
	ret[n++] = landlock(a);
	ret[n++] = cgroup2(a);
	ret[n++] = cgroup1();
	ret[n++] = nftables();
	ret[n++] = nat(NETWORK_PASTA, "pasta", "apt-get install passt", a);
	ret[n++] = nat(NETWORK_SLIRP4NETNS, "slirp4netns", "apt-get install slirp4netns", a);
	return n;
}
