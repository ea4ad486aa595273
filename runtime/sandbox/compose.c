/* SPDX-License-Identifier: Apache-2.0 */
/* compose.c - the whole of a sandbox's configuration: namespaces, ids, root, limits. */
#include "runtime/sandbox/compose.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "spec/base/fd.h"
#include "spec/base/path.h"
#include "spec/base/sys.h"

#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif
/* Room of a list at first; a power of two. */
#define LIST_FIRST 32
/* The host id that stands for the payload of a caller who is root: of those that no user is given (systemd's range for
 * services without one), and no file belongs to. */
#define NOBODYS_ID 61184u
/* What a file takes of the disk at least. */
#define PAGE 4096u
#define UID_MAP_MAX 4096
/* Files of the root that are neither seeds nor places of mounts: the root, six devices, five links. */
#define OWN_FILES 12

void *compose_more(struct composition *c, void *v, size_t n, size_t size)
{
	if (n & (n - 1) || (n && n < LIST_FIRST))
		return v;
	return arena_grow(c->a, v, n * size, (n ? 2 * n : LIST_FIRST) * size);
}

struct mount *compose_mount(struct composition *c, const char *destination, const char *type,
			    const char *source, const char *const *options)
{
	struct mounts *m = &c->config.mounts;
	struct mount *place;
	size_t n = 0;

	m->v = compose_more(c, m->v, m->n, sizeof(*m->v));
	place = &m->v[m->n++];
	while (options && options[n])
		n++;
	*place = (struct mount){ .destination = destination, .type = type, .source = source };
	place->options.v = arena_array(c->a, const char *, n + 1);
	for (; place->options.n < n; place->options.n++)
		place->options.v[place->options.n] = options[place->options.n];
	return place;
}

/* A caller who is root is someone else inside: what it lends is that one's there and stays its own here by a map of ids. */
static void map_ids(struct composition *c, struct mount *m)
{
	const struct id_mapping three[] = {
		{ 0, c->outer_uid, 1 },
		{ 1, 1, c->outer_uid - 1 },
		{ c->outer_uid + 1, c->outer_uid + 1, UINT32_MAX - c->outer_uid - 1 },
	};

	for (int i = 0; i < 2; i++) {
		struct id_mappings *maps = i ? &m->gid_mappings : &m->uid_mappings;

		maps->v = arena_array(c->a, struct id_mapping, ARRAY_LEN(three));
		for (; maps->n < ARRAY_LEN(three); maps->n++)
			maps->v[maps->n] = three[maps->n];
	}
}

struct mount *compose_bind(struct composition *c, const char *source, const char *destination,
			   bool writable, bool noexec)
{
	const char *options[8] = { "rbind", "rnosuid", "rnodev" };
	size_t n = 3;
	struct mount *m;

	if (!writable)
		options[n++] = "rro";
	if (noexec)
		options[n++] = "rnoexec";
	m = compose_mount(c, destination, "bind", source, options);
	return m;
}

void compose_lend(struct composition *c, const char *source, const char *destination, bool writable,
		  bool noexec)
{
	struct mount *m = compose_bind(c, source, destination, writable, noexec);

	if (!c->by_caller)
		return;
	map_ids(c, m);
	m->idmap_may_fail = !writable;
}

void compose_seed(struct composition *c, enum seed_kind kind, const char *path, const char *text,
		  uint32_t mode)
{
	struct seeds *s = &c->root.seeds;

	s->v = compose_more(c, s->v, s->n, sizeof(*s->v));
	s->v[s->n++] = (struct seed){ (int)kind, path, text, mode };
}

/* --- ids --- */

/* In the first user namespace, or one where root is the first one's: whoever is mapped to 0 here is the host's root. */
static int is_host_root(struct arena *a, bool *ret, struct err *err)
{
	char *text;
	size_t len;
	uint64_t inside, outside;
	char *end;

	*ret = false;
	if (geteuid() != 0)
		return 0;
	TRY(file_read(AT_FDCWD, "/proc/self/uid_map", UID_MAP_MAX, a, &text, &len, err));
	inside = strtoull(text, &end, 10);
	outside = strtoull(end, NULL, 10);
	*ret = inside == 0 && outside == 0;
	return 0;
}

static void one_id(struct composition *c, struct id_mappings *maps, uint32_t inside,
		   uint32_t outside)
{
	maps->v = arena_new(c->a, struct id_mapping);
	maps->v[0] = (struct id_mapping){ inside, outside, 1 };
	maps->n = 1;
}

int compose_ids(struct composition *c, struct err *err)
{
	bool root;

	TRY(is_host_root(c->a, &root, err));
	TRY(policy_user(c->p, &c->uid, &c->gid, err));
	if (c->p->view == VIEW_HOST && c->p->v[POLICY_USER].origin == ORIGIN_DEFAULT) {
		c->uid = geteuid();
		c->gid = getegid();
	}
	c->by_caller = root;
	c->outer_uid = root ? NOBODYS_ID : geteuid();
	c->outer_gid = root ? NOBODYS_ID : getegid();
	one_id(c, &c->config.linux_.uid_mappings, c->uid, c->outer_uid);
	one_id(c, &c->config.linux_.gid_mappings, c->gid, c->outer_gid);
	c->process.user.uid = c->uid;
	c->process.user.gid = c->gid;
	return 0;
}

/* --- namespaces and limits --- */

static void namespaces(struct composition *c)
{
	static const int types[] = { CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNS,	  CLONE_NEWIPC,
				     CLONE_NEWUTS,  CLONE_NEWNET, CLONE_NEWCGROUP };
	struct namespaces *n = &c->config.linux_.namespaces;

	n->v = arena_array(c->a, struct namespace, ARRAY_LEN(types));
	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (types[i] != CLONE_NEWNET || !policy_is_hosts_network(c->p))
			n->v[n->n++].type = types[i];
}

/* No higher than the caller's own: that would be refused, and the lower one limits as well. */
static uint64_t at_most_own(int type, uint64_t value)
{
	struct rlimit own;

	return sys_prlimit(0, type, NULL, &own) == 0 && own.rlim_max < value ? own.rlim_max : value;
}

static void add_limit(struct composition *c, int type, uint64_t value)
{
	struct rlimits *r = &c->process.rlimits;

	value = at_most_own(type, value);
	r->v[r->n++] = (struct posix_rlimit){ type, value, value };
}

static void limits(struct composition *c)
{
	c->process.rlimits.v = arena_array(c->a, struct posix_rlimit, 4);
	if (policy_n(c->p, POLICY_PROCESSES))
		/* Where a cgroup counts, too, it is the one that says no, as it tells how often. */
		add_limit(c, RLIMIT_NPROC,
			  policy_n(c->p, POLICY_PROCESSES) + COMPOSE_OWN_PROCESSES + c->by_cgroup);
	c->open_files = at_most_own(RLIMIT_NOFILE, policy_n(c->p, POLICY_OPEN_FILES));
	add_limit(c, RLIMIT_CORE, 0);
	if (policy_n(c->p, POLICY_FILE_SIZE))
		add_limit(c, RLIMIT_FSIZE, policy_n(c->p, POLICY_FILE_SIZE));
}

/* --- root --- */

/* Leading parts of paths, each once. */
struct places {
	struct part {
		const char *path;
		size_t len; /* so many bytes of it */
	} * v;
	size_t n;
};

/* So much of the path is made in the root; the rest lies in what is mounted there. */
static size_t made_length(const struct composition *c, const char *path)
{
	size_t len = strlen(path);

	for (size_t i = 0; i < c->config.mounts.n; i++) {
		const char *place = c->config.mounts.v[i].destination;
		size_t n = 0;

		while (place[n] && place[n] == path[n])
			n++;
		if (!place[n] && path[n] == '/' && n < len)
			len = n;
	}
	return len;
}

static bool is_among(const struct places *p, const char *path, size_t len)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].len == len && memcmp(p->v[i].path, path, len) == 0)
			return true;
	return false;
}

/* The path and the directories above it. */
static void add_places(struct composition *c, struct places *p, const char *path)
{
	size_t made = made_length(c, path);

	for (size_t len = 1; len <= made; len++) {
		if ((path[len] != '/' && path[len] != '\0') || is_among(p, path, len))
			continue;
		p->v = compose_more(c, p->v, p->n, sizeof(*p->v));
		p->v[p->n++] = (struct part){ path, len };
	}
}

/* How many files the root holds before the payload makes one. */
static size_t own_files(struct composition *c)
{
	struct places p = { 0 };

	for (size_t i = 0; i < c->root.seeds.n; i++)
		add_places(c, &p, c->root.seeds.v[i].path);
	for (size_t i = 0; i < c->config.mounts.n; i++)
		add_places(c, &p, c->config.mounts.v[i].destination);
	return p.n + OWN_FILES;
}

/* What they take of the disk. */
static uint64_t own_bytes(const struct composition *c)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < c->root.seeds.n; i++)
		if (c->root.seeds.v[i].kind == SEED_FILE)
			sum += (strlen(c->root.seeds.v[i].text) / PAGE + 1) * PAGE;
	return sum;
}

static void fresh_root(struct composition *c)
{
	unsigned long long disk = policy_n(c->p, POLICY_DISK) + own_bytes(c) + c->copied_bytes;
	unsigned long long files = policy_n(c->p, POLICY_FILES) + own_files(c) + c->copied_files;

	c->root.path = "/";
	c->root.readonly = true;
	c->root.fresh = arena_printf(c->a, "size=%llu,nr_inodes=%llu,mode=755,uid=%u,gid=%u", disk,
				     files, c->uid, c->gid);
	c->config.root = &c->root;
}

static void masked(struct composition *c)
{
	static const char *const paths[] = {
		"/proc/acpi",	     "/proc/asound", "/proc/interrupts",
		"/proc/kcore",	     "/proc/keys",   "/proc/latency_stats",
		"/proc/sched_debug", "/proc/scsi",   "/proc/timer_list",
	};
	struct strings *s = &c->config.linux_.masked_paths;

	s->v = arena_array(c->a, const char *, ARRAY_LEN(paths) + 1);
	for (; s->n < ARRAY_LEN(paths); s->n++)
		s->v[s->n] = paths[s->n];
}

static void system_mounts(struct composition *c)
{
	static const char *const proc[] = { "nosuid", "noexec", "nodev", NULL };
	/* The kernel has so many for all containers together. */
	static const char *const pts[] = { "nosuid",	"noexec",  "newinstance", "ptmxmode=0666",
					   "mode=0620", "max=256", NULL };

	compose_seed(c, SEED_SPACE, SANDBOX_SCRATCH, NULL, 01777);
	compose_seed(c, SEED_DIR, "/dev", NULL, 0755);
	compose_seed(c, SEED_SPACE, "/dev/shm", NULL, 01777);
	(void)compose_mount(c, "/proc", "proc", "proc", proc);
	(void)compose_mount(c, "/dev/pts", "devpts", "devpts", pts);
}

/* --- process --- */

static int process(struct composition *c, struct err *err)
{
	const struct strings *args = &c->q->args;
	static const struct process none;
	const struct process *own = c->bundle && c->bundle->process ? c->bundle->process : &none;

	if (!args->n)
		args = &own->args;
	if (!args->n)
		return err_input(err, "no program to run");
	/* Copies: the words of our command line are wiped in the sandbox's first process. */
	c->process.args.v = arena_array(c->a, const char *, args->n + 1);
	for (; c->process.args.n < args->n; c->process.args.n++)
		c->process.args.v[c->process.args.n] = arena_str(c->a, args->v[c->process.args.n]);
	c->process.no_new_privileges = true;
	/* In a network of its own there is nobody else's. */
	c->process.scoped = policy_is_hosts_network(c->p) && c->scopes;
	c->process.cwd = c->cwd;
	c->config.process = &c->process;
	return 0;
}

int compose(struct composition *c, struct err *err)
{
	c->p = c->q->policy;
	c->config.oci_version = OCI_VERSION;
	c->config.hostname = SANDBOX_USER;
	c->config.has_linux = true;
	TRY(compose_ids(c, err));
	namespaces(c);
	limits(c);
	system_mounts(c);
	TRY(compose_view(c, err));
	TRY(compose_workspace(c, err));
	TRY(compose_paths(c, err));
	TRY(compose_etc(c, err));
	TRY(compose_env(c, err));
	TRY(process(c, err));
	masked(c);
	compose_seccomp(c);
	compose_network(c);
	fresh_root(c);
	return config_check(&c->config, err) < 0 ? compose_network_place(c, err) : 0;
}
