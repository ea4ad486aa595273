/* SPDX-License-Identifier: Apache-2.0 */
/* apt.c - apt-get solves and downloads, apt-cache names the digests, and we hash.
 *
 * The trust comes from apt: it only keeps lists whose InRelease is signed by a key of the machine,
 * and the digests of packages stand in those lists. (apt-secure(8)) */
#include "bundle/apt.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "bundle/spawn.h"
#include "bundle/store.h"
#include "rootfs-tools/materialise.h"
#include "rootfs-tools/spool.h"
#include "spec/base/path.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"
#include "spec/json/quote.h"

#define PACKAGES_MAX 4096

void packages_done(struct packages *p)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].fd >= 0)
			(void)sys_close(p->v[i].fd);
	p->n = 0;
}

/* --- words of a command line --- */

struct argv {
	const char **v;
	size_t n;
};

static struct argv argv_new(struct arena *a, const char *const *first, size_t n, size_t more)
{
	struct argv argv = { arena_array(a, const char *, n + more + 1), n };

	memcpy(argv.v, first, n * sizeof(*first));
	return argv;
}

/* The first line of apt's complaints that begins with "E:"; later ones only follow from it. */
static const char *complaint(struct arena *a, const char *said)
{
	for (const char *p = said; *p; p += strcspn(p, "\n"), p += *p == '\n')
		if (str_starts(p, "E: "))
			return arena_strn(a, p + 3, strcspn(p + 3, "\n"));
	return "it does not say why";
}

static int apt_failed(struct arena *a, const char *tool, const struct spawned *s, struct err *err)
{
	const char *why = complaint(a, s->err);

	if (s->status == 127)
		return err_host(err, ENOENT, "run %s", tool);
	if (strstr(why, "Unable to locate") || strstr(why, "no installation candidate"))
		return err_input(err, "%s: %s; if apt's lists are empty or old, run apt-get update",
				 tool, why);
	return err_set(err, ERR_HOST, 0, "%s: %s", tool, why);
}

/* --- what to take: lines "Inst NAME (VERSION ORIGIN… [ARCH])" of a simulation --- */

static bool inst_parse(struct arena *a, const char *line, size_t len, struct package *ret)
{
	const char *text = arena_strn(a, line, len), *open, *arch, *close;
	struct package p = { .fd = -1 };

	if (!str_starts(text, "Inst "))
		return false;
	text += 5;
	open = strstr(text, " (");
	/* A second pair of brackets behind it lists what is not configured yet. */
	arch = open ? strchr(open, '[') : NULL;
	close = arch ? strchr(arch, ']') : NULL;
	if (!open || !close)
		return false;
	p.name = arena_strn(a, text, strcspn(text, " :"));
	p.version = arena_strn(a, open + 2, strcspn(open + 2, " )"));
	p.arch = arena_strn(a, arch + 1, (size_t)(close - arch - 1));
	*ret = p;
	return true;
}

static int closure_resolve(const char *const *names, size_t n, const char *arch, struct arena *a,
			   struct packages *ret, struct err *err)
{
	const char *first[] = { "apt-get",    "-qq",
				"--simulate", "--no-install-recommends",
				"-o",	      "Dir::State::status=/dev/null",
				"-o",	      "Debug::NoLocking=1",
				"-o",	      arena_printf(a, "APT::Architecture=%s", arch),
				"install",    "--" };
	struct argv argv = argv_new(a, first, ARRAY_LEN(first), n);
	struct spawned s;
	size_t lines = 0;

	for (size_t i = 0; i < n; i++)
		argv.v[argv.n++] = names[i];
	TRY(spawn_run(argv.v, NULL, NULL, a, &s, err));
	if (s.status != 0)
		return apt_failed(a, "apt-get", &s, err);
	for (const char *p = s.out; (p = strchr(p, '\n')); p++)
		lines++;
	ret->v = arena_array(a, struct package, lines + 1);
	for (const char *p = s.out; *p; p += strcspn(p, "\n"), p += *p == '\n')
		if (ret->n < PACKAGES_MAX && inst_parse(a, p, strcspn(p, "\n"), &ret->v[ret->n]))
			ret->n++;
	if (ret->n == 0 || ret->n == PACKAGES_MAX)
		return err_input(err, "apt-get would install %zu packages", ret->n);
	return 0;
}

/* --- what they are: stanzas of apt-cache show --- */

static const char *field(struct arena *a, const char *stanza, const char *name)
{
	size_t n = strlen(name);

	for (const char *p = stanza; *p; p += strcspn(p, "\n"), p += *p == '\n')
		if (strncmp(p, name, n) == 0 && p[n] == ':' && p[n + 1] == ' ')
			return arena_strn(a, p + n + 2, strcspn(p + n + 2, "\n"));
	return "";
}

static bool is_sha256(const char *s)
{
	return strlen(s) == SHA256_HEX && strspn(s, "0123456789abcdef") == SHA256_HEX;
}

static int stanza_use(struct arena *a, const char *stanza, struct packages *all, struct err *err)
{
	const char *name = field(a, stanza, "Package"), *version = field(a, stanza, "Version");
	const char *arch = field(a, stanza, "Architecture");
	const char *sha256 = field(a, stanza, "SHA256");

	for (size_t i = 0; i < all->n; i++) {
		struct package *p = &all->v[i];

		if (!str_eq(p->name, name) || !str_eq(p->version, version) ||
		    !str_eq(p->arch, arch) || p->sha256)
			continue;
		if (!is_sha256(sha256))
			continue; /* an installed package of no archive has none */
		TRY(str_u64(field(a, stanza, "Size"), 10, UINT64_MAX, &p->size, err));
		p->sha256 = sha256;
	}
	return 0;
}

static int digests_find(struct packages *all, struct arena *a, struct err *err)
{
	static const char *const first[] = { "apt-cache", "show", "--" };
	struct argv argv = argv_new(a, first, ARRAY_LEN(first), all->n);
	struct spawned s;

	for (size_t i = 0; i < all->n; i++)
		argv.v[argv.n++] = arena_printf(a, "%s=%s", all->v[i].name, all->v[i].version);
	TRY(spawn_run(argv.v, NULL, NULL, a, &s, err));
	if (s.status != 0)
		return apt_failed(a, "apt-cache", &s, err);
	for (char *p = s.out, *end; *p; p = end) {
		end = strstr(p, "\n\n");
		if (end) {
			end[1] = '\0';
			end += 2;
		} else {
			end = p + strlen(p);
		}
		TRY(stanza_use(a, p, all, err));
	}
	for (size_t i = 0; i < all->n; i++)
		if (!all->v[i].sha256)
			return err_set(err, ERR_INTEGRITY, 0, "apt's index has no SHA-256 of %s %s",
				       all->v[i].name, all->v[i].version);
	return 0;
}

/* --- the files --- */

static int cache_path(struct arena *a, const char **ret, struct err *err)
{
	const char *base = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");

	if (base && path_is_absolute(base)) {
		*ret = arena_printf(a, "%s/srt-oci/deb", base);
	} else if (home && path_is_absolute(home)) {
		*ret = arena_printf(a, "%s/.cache/srt-oci/deb", home);
	} else {
		return err_input(err, "no directory for packages: set XDG_CACHE_HOME or HOME");
	}
	return 0;
}

static int cache_open(const char *path, struct arena *a, int *ret, struct err *err)
{
	char *part = arena_str(a, path);
	int fd;

	for (char *p = part + 1;; p++) {
		char keep = *p;

		if (keep != '/' && keep != '\0')
			continue;
		*p = '\0';
		if (mkdir(part, 0700) < 0 && errno != EEXIST)
			return err_host(err, errno, "make the cache %s", part);
		*p = keep;
		if (!keep)
			break;
	}
	fd = sys_openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	if (fd < 0)
		return err_host(err, errno, "open the cache %s", path);
	*ret = fd;
	return 0;
}

/* 1: it is not in the cache. */
static int cached_open(int cache, struct package *p, struct arena *a, struct err *err)
{
	scoped_fd int fd = sys_openat(cache, arena_printf(a, "%s.deb", p->sha256),
				      O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0);
	uint8_t digest[SHA256_BYTES];
	char hex[SHA256_HEX + 1];
	uint64_t size;

	if (fd < 0 && errno == ENOENT)
		return 1;
	if (fd < 0)
		return err_host(err, errno, "open %s in the cache", p->name);
	TRY(file_sha256(fd, p->name, digest, &size, err));
	sha256_hex(digest, hex);
	if (size != p->size || !str_eq(hex, p->sha256))
		return 1; /* damaged since: fetched again, and the new one takes its place */
	p->fd = take_fd(&fd);
	return 0;
}

/* Whatever lies in the directory gets its digest for a name. What nobody promised stays unused. */
static int files_file(int from, int cache, struct err *err)
{
	scoped_fd int copy = sys_openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	DIR *d = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;
	int r = 0;

	if (!d)
		return err_host(err, errno, "list the fetched packages");
	(void)take_fd(&copy);
	while (r == 0 && (e = readdir(d))) {
		scoped_fd int fd = -1;
		uint8_t digest[SHA256_BYTES];
		char name[SHA256_HEX + 5];
		uint64_t size;

		if (!str_ends(e->d_name, ".deb"))
			continue;
		fd = sys_openat(from, e->d_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0);
		r = fd < 0 ? err_host(err, errno, "open %s", Q(e->d_name))
			   : file_sha256(fd, e->d_name, digest, &size, err);
		if (r < 0)
			break;
		sha256_hex(digest, name);
		memcpy(name + SHA256_HEX, ".deb", 5);
		if (sys_renameat(from, e->d_name, cache, name) < 0)
			r = err_host(err, errno, "keep %s", Q(e->d_name));
	}
	(void)closedir(d);
	return r;
}

/* How much of what is being fetched lies in its directory. */
struct fetching {
	int dir;
	struct progress *progress;
};

static void fetching_look(void *ctx, uint64_t more)
{
	const struct fetching *f = ctx;
	scoped_arena struct arena a = { 0 };
	struct entries names = { 0 };
	struct err ignored;
	struct stat st;

	(void)more;
	f->progress->done = 0;
	if (store_list(f->dir, &a, &names, &ignored) < 0)
		return;
	for (size_t i = 0; i < names.n; i++)
		if (fstatat(f->dir, names.v[i], &st, AT_SYMLINK_NOFOLLOW) == 0)
			f->progress->done += (uint64_t)st.st_size;
	progress_tick(f->progress);
}

static int download(const struct packages *all, const char *dir, const struct pulse *pulse,
		    struct arena *a, struct err *err)
{
	static const char *const first[] = { "apt-get",	 "-qq", "-o", "APT::Sandbox::User=root",
					     "download", "--" };
	struct argv argv = argv_new(a, first, ARRAY_LEN(first), all->n);
	struct spawned s;

	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].fd < 0)
			argv.v[argv.n++] =
				arena_printf(a, "%s=%s", all->v[i].name, all->v[i].version);
	TRY(spawn_run(argv.v, dir, pulse, a, &s, err));
	if (s.status != 0)
		return apt_failed(a, "apt-get", &s, err);
	return 0;
}

static int missing_fetch(const struct packages *all, const char *path, int cache,
			 struct progress *progress, struct arena *a, struct err *err)
{
	struct progress before = *progress;
	struct fetching fetching = { -1, progress };
	const struct pulse pulse = { fetching_look, &fetching };
	char *dir = arena_printf(a, "%s/fetch-XXXXXX", path);
	scoped_fd int fd = -1;
	struct err ignored;
	int r;

	if (!mkdtemp(dir))
		return err_host(err, errno, "make a directory in the cache");
	fd = sys_openat(AT_FDCWD, dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, 0);
	fetching.dir = fd;
	progress->what = "fetching";
	progress->counter = progress->expected = NULL;
	for (size_t i = 0; i < all->n; i++)
		progress->total += all->v[i].fd < 0 ? all->v[i].size : 0;
	if (fd < 0)
		r = err_host(err, errno, "open %s", dir);
	else
		r = download(all, dir, &pulse, a, err);
	before.drawn = progress->drawn;
	*progress = before;
	if (r == 0)
		r = files_file(fd, cache, err);
	(void)remove_tree(cache, path_base(dir), &ignored); /* only a cache */
	return r;
}

/* How many packages the cache has not; or negative. */
static int cached_all(int cache, struct packages *all, struct arena *a, struct err *err)
{
	int missing = 0;

	for (size_t i = 0; i < all->n; i++) {
		int r = all->v[i].fd >= 0 ? 0 : cached_open(cache, &all->v[i], a, err);

		TRY(r);
		missing += r;
	}
	return missing;
}

int apt_resolve(const char *const *names, size_t n, const char *arch, struct arena *a,
		struct packages *ret, struct err *err)
{
	struct packages all = { 0 };

	TRY(closure_resolve(names, n, arch, a, &all, err));
	TRY(digests_find(&all, a, err));
	*ret = all;
	return 0;
}

int apt_open(struct packages *all, const struct log *log, struct progress *progress,
	     struct arena *a, struct err *err)
{
	scoped_fd int cache = -1;
	const char *path = NULL;
	int missing;

	TRY(cache_path(a, &path, err));
	TRY(cache_open(path, a, &cache, err));
	missing = cached_all(cache, all, a, err);
	TRY(missing);
	if (missing > 0) {
		log_line(log, LOG_LEVEL_INFO, "fetching %d of %zu packages", missing, all->n);
		TRY(missing_fetch(all, path, cache, progress, a, err));
		TRY(cached_all(cache, all, a, err));
	}
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].fd < 0)
			return err_set(err, ERR_INTEGRITY, 0,
				       "%s %s: what was fetched has not the SHA-256 of apt's index",
				       all->v[i].name, all->v[i].version);
	return 0;
}
