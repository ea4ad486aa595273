/* SPDX-License-Identifier: Apache-2.0 */
/* unpack.c - libarchive as a reader, and nothing but a reader.
 *
 * bytes -> filters and format (libarchive) -> entry -> bounds and policy -> content into the spool,
 * name into the tree.
 *
 * Should: take every entry for an attack.  Mustn't: give a name from an archive to the kernel, or
 * let the library start a program (it would, for rare compressions). */
#include "rootfs-tools/unpack.h"

#include <archive.h>
#include <archive_entry.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include "spec/base/path.h"
#include "spec/base/sys.h"
#include "spec/json/quote.h"

#define FEED_BYTES (64u << 10)
/* ARCHIVE_RETRY means "the last call may be made again"; nothing says how often. */
#define RETRIES_MAX 16
#define NOTES_MAX 10
#define AR_MAGIC "!<arch>\n"

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

void unpack_init(struct unpack *u, const struct limits *limits, struct spool *spool,
		 const struct log *log)
{
	*u = (struct unpack){ .limits = *limits, .spool = spool, .log = log };
	u->deadline_ms = now_ms() + (int64_t)limits->seconds * 1000;
}

int interrupted(struct err *err)
{
	static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
	sigset_t waiting;

	if (sigpending(&waiting) < 0)
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(signals); i++)
		if (sigismember(&waiting, signals[i]) == 1)
			return err_host(err, EINTR, "stopped by signal %d", signals[i]);
	return 0;
}

/* --- where an archive's bytes come from --- */

struct feed {
	int fd;
	struct archive *outer; /* instead of fd: the data of its current entry */
	uint64_t read, most;
	bool over; /* more than most */
	char *buf;
};

static la_ssize_t feed_outer(struct archive *a, struct feed *f, const void **bytes)
{
	la_int64_t offset;
	size_t n = 0;
	int r = archive_read_data_block(f->outer, bytes, &n, &offset);

	if (r == ARCHIVE_EOF)
		return 0;
	if (r != ARCHIVE_OK) {
		archive_set_error(a, EILSEQ, "%s", archive_error_string(f->outer));
		return -1;
	}
	return (la_ssize_t)n;
}

static la_ssize_t feed_read(struct archive *a, void *feed, const void **bytes)
{
	struct feed *f = feed;
	ssize_t n;

	if (f->outer)
		return feed_outer(a, f, bytes);
	do
		n = sys_read(f->fd, f->buf, FEED_BYTES);
	while (n < 0 && errno == EINTR);
	if (n < 0) {
		archive_set_error(a, errno, "%s", strerror(errno));
		return -1;
	}
	f->read += (uint64_t)n;
	if (f->read > f->most) {
		f->over = true;
		archive_set_error(a, EFBIG, "the archive is too large");
		return -1;
	}
	*bytes = f->buf;
	return n;
}

/* --- one archive being read --- */

struct reader {
	struct unpack *u;
	struct archive *archive;
	struct feed feed;
	const char *name; /* of the archive, for messages */
	struct tree *tree;
	unsigned int source;
	uint64_t out; /* bytes of content, holes counted */
};

static void reader_done(struct reader *r)
{
	if (r->archive)
		(void)archive_read_free(r->archive); /* only reads: nothing can be lost */
	free(r->feed.buf);
}

static int damaged(const struct reader *r, struct err *err)
{
	const char *why = archive_error_string(r->archive);

	if (r->feed.over)
		return err_limit(err, "the archive has more than %llu bytes (--max-input)",
				 (unsigned long long)r->feed.most);
	return err_set(err, ERR_INTEGRITY, 0, "damaged, or no tar archive or Debian package: %s",
		       Q(why ? why : "no reason given"));
}

static int filters_support(struct archive *a)
{
	/* ARCHIVE_WARN from one of these means that it would run a program. */
	static int (*const filters[])(struct archive *) = {
		archive_read_support_filter_gzip, archive_read_support_filter_bzip2,
		archive_read_support_filter_xz,	  archive_read_support_filter_lzma,
		archive_read_support_filter_zstd, archive_read_support_filter_lz4,
	};

	for (size_t i = 0; i < ARRAY_LEN(filters); i++)
		if (filters[i](a) != ARCHIVE_OK)
			return -1;
	return 0;
}

static int reader_open(struct reader *r, bool tar, struct err *err)
{
	r->archive = archive_read_new();
	r->feed.buf = malloc(FEED_BYTES);
	if (!r->archive || !r->feed.buf)
		return err_host(err, ENOMEM, "read an archive");
	if (tar && (archive_read_support_format_tar(r->archive) != ARCHIVE_OK ||
		    filters_support(r->archive) < 0))
		return err_host(err, ENOSYS, "libarchive lacks a compression: %s",
				archive_error_string(r->archive));
	if (!tar && archive_read_support_format_ar(r->archive) != ARCHIVE_OK)
		return err_host(err, ENOSYS, "libarchive cannot read ar archives");
	if (archive_read_open(r->archive, &r->feed, NULL, feed_read, NULL) != ARCHIVE_OK)
		return damaged(r, err);
	return 0;
}

static void note(struct unpack *u, const char *entry, const char *what)
{
	if (u->said++ < NOTES_MAX)
		log_line(u->log, LOG_LEVEL_WARN, "entry %s: %s", Q(entry), what);
	else if (u->said == NOTES_MAX + 1)
		log_line(u->log, LOG_LEVEL_WARN, "there are more such entries");
}

/* Every bound that data can pass; more is what comes next. */
static int bounds(struct reader *r, uint64_t size, uint64_t more, struct err *err)
{
	struct unpack *u = r->u;
	la_int64_t in = archive_filter_bytes(r->archive, -1);
	la_int64_t out = archive_filter_bytes(r->archive, 0);
	uint64_t packed = in > 0 ? (uint64_t)in : 1;
	uint64_t unpacked = r->out + more;

	if (out > 0 && (uint64_t)out > unpacked)
		unpacked = (uint64_t)out;
	if (more > u->limits.file || size > u->limits.file - more)
		return err_limit(err, "a file of more than %llu bytes (--max-file)",
				 (unsigned long long)u->limits.file);
	if (more > u->limits.total || u->total > u->limits.total - more)
		return err_limit(err, "more than %llu bytes in all (--max-total)",
				 (unsigned long long)u->limits.total);
	if (unpacked > RATIO_FROM && unpacked / packed >= u->limits.ratio)
		return err_limit(err, "unpacks to more than %llu times its size (--max-ratio)",
				 (unsigned long long)u->limits.ratio);
	if (now_ms() > u->deadline_ms)
		return err_limit(err, "reading took more than %llu s (--max-seconds)",
				 (unsigned long long)u->limits.seconds);
	return interrupted(err);
}

/* 0: go on, 1: the end, negative: an error. */
static int verdict_of(struct reader *r, int result, int *retries, struct err *err)
{
	if (result == ARCHIVE_EOF)
		return 1;
	if (result == ARCHIVE_OK || result == ARCHIVE_WARN)
		return 0;
	if (result == ARCHIVE_RETRY && ++*retries <= RETRIES_MAX)
		return 0;
	return damaged(r, err);
}

static int content_grow(struct reader *r, uint64_t *size, uint64_t zeros, const void *bytes,
			size_t n, struct err *err)
{
	TRY(bounds(r, *size, zeros + n, err));
	if (zeros)
		TRY(spool_zeros(r->u->spool, zeros, err));
	if (n)
		TRY(spool_write(r->u->spool, bytes, n, err));
	*size += zeros + n;
	r->out += zeros + n;
	r->u->total += zeros + n;
	return 0;
}

static int content_read(struct reader *r, struct archive_entry *e, const struct content **ret,
			struct err *err)
{
	uint64_t size = 0;
	int retries = 0;

	TRY(spool_begin(r->u->spool, err));
	for (;;) {
		const void *bytes = NULL;
		la_int64_t at = 0;
		size_t n = 0;
		int result = archive_read_data_block(r->archive, &bytes, &n, &at);
		int end = verdict_of(r, result, &retries, err);

		if (end < 0)
			return end;
		if (end || result == ARCHIVE_RETRY) {
			if (end)
				break;
			continue;
		}
		if (at < 0 || (uint64_t)at < size)
			return err_set(err, ERR_INTEGRITY, 0, "its parts overlap");
		if ((uint64_t)at > r->u->limits.file)
			return bounds(r, 0, (uint64_t)at, err);
		TRY(content_grow(r, &size, (uint64_t)at - size, bytes, n, err));
	}
	/* A sparse file may end in a hole. */
	if (archive_entry_size_is_set(e) && archive_entry_size(e) > (la_int64_t)size)
		TRY(content_grow(r, &size, (uint64_t)archive_entry_size(e) - size, NULL, 0, err));
	return spool_end(r->u->spool, ret, err);
}

/* --- one entry --- */

static int put_hard_link(struct reader *r, const char *path, const char *to, struct err *err)
{
	const struct node *n = path_has_dotdot(to) ? NULL : tree_find(r->tree, to, false);

	if (!n || n->type == NODE_DIR)
		return err_set(err, ERR_HOSTILE, 0,
			       "a hard link to %s, which is no earlier file of the archive", Q(to));
	return tree_put(r->tree, path,
			&(struct item){ .type = n->type,
					.mode = n->mode,
					.content = n->content,
					.target = n->target,
					.source = r->source },
			err);
}

static int put_special(struct reader *r, const char *path, struct err *err)
{
	if (r->u->devices == VERDICT_REFUSE)
		return err_set(err, ERR_HOSTILE, 0, "a device, fifo or socket (--devices=refuse)");
	r->u->dropped++;
	note(r->u, path, "a device, fifo or socket is left out");
	return 0;
}

static int setid_judge(struct reader *r, const char *path, unsigned int mode, struct err *err)
{
	if (!(mode & (S_ISUID | S_ISGID)))
		return 0;
	if (r->u->setid == VERDICT_REFUSE)
		return err_set(err, ERR_HOSTILE, 0, "set-user-id or set-group-id (--setid=refuse)");
	r->u->cleared++;
	note(r->u, path, "set-user-id and set-group-id are cleared");
	return 0;
}

static int entry_put(struct reader *r, struct archive_entry *e, const char *path, struct err *err)
{
	const char *to = archive_entry_hardlink(e);
	unsigned int mode = archive_entry_mode(e);
	struct item item = { .source = r->source };

	if (to)
		return put_hard_link(r, path, to, err);
	switch (archive_entry_filetype(e)) {
	case AE_IFDIR:
		item.type = NODE_DIR;
		item.mode = 0755;
		/* A set-group-id directory is common and only says who owns new files. */
		break;
	case AE_IFREG:
		TRY(setid_judge(r, path, mode, err));
		item.type = NODE_FILE;
		item.mode = mode & 0111 ? 0755 : 0644;
		TRY(content_read(r, e, &item.content, err));
		break;
	case AE_IFLNK:
		item.type = NODE_SYMLINK;
		item.target = archive_entry_symlink(e);
		if (!item.target)
			return err_set(err, ERR_INTEGRITY, 0, "a symlink whose target is no text");
		break;
	case AE_IFCHR:
	case AE_IFBLK:
	case AE_IFIFO:
	case AE_IFSOCK:
		return put_special(r, path, err);
	default:
		return err_set(err, ERR_INTEGRITY, 0, "of an unknown type");
	}
	return tree_put(r->tree, path, &item, err);
}

static int entry_read(struct reader *r, struct archive_entry *e, struct err *err)
{
	const char *path = archive_entry_pathname(e);

	if (!path)
		return err_set(err, ERR_INTEGRITY, 0, "an entry whose name is no text");
	if (++r->u->entries > r->u->limits.entries)
		return err_limit(err, "more than %llu entries (--max-entries)",
				 (unsigned long long)r->u->limits.entries);
	if (bounds(r, 0, 0, err) < 0 || entry_put(r, e, path, err) < 0)
		/* The tree has named the entry already. */
		return str_starts(err->place, "entry ") ? -1 : err_in(err, "entry %s", Q(path));
	return 0;
}

static int tar_read(struct unpack *u, const struct feed *feed, const char *name, struct tree *tree,
		    unsigned int source, struct err *err)
{
	scoped(reader_done) struct reader r = {
		.u = u, .feed = *feed, .name = name, .tree = tree, .source = source
	};
	int retries = 0;

	TRY(reader_open(&r, true, err));
	for (;;) {
		struct archive_entry *e = NULL;
		int result = archive_read_next_header(r.archive, &e);
		int end = verdict_of(&r, result, &retries, err);

		if (end)
			return end < 0 ? end : 0;
		if (result != ARCHIVE_RETRY)
			TRY(entry_read(&r, e, err));
	}
}

/* --- Debian packages: an ar archive of exactly these members (deb(5)) --- */

enum member { MEMBER_VERSION, MEMBER_CONTROL, MEMBER_DATA, MEMBER_IGNORED, MEMBER_STRANGE };

static enum member member_of(const char *name)
{
	if (str_eq(name, "debian-binary"))
		return MEMBER_VERSION;
	if (str_eq(name, "control.tar") || str_starts(name, "control.tar."))
		return MEMBER_CONTROL;
	if (str_eq(name, "data.tar") || str_starts(name, "data.tar."))
		return MEMBER_DATA;
	return name[0] == '_' ? MEMBER_IGNORED : MEMBER_STRANGE;
}

static int version_check(struct reader *r, struct err *err)
{
	char text[8] = "";

	if (archive_read_data(r->archive, text, sizeof(text) - 1) < 2 || !str_starts(text, "2."))
		return err_set(err, ERR_INTEGRITY, 0, "a package of another version than 2");
	return 0;
}

/* expected is the member that has to come next; the control member holds nothing for a tree. */
static int member_read(struct reader *r, const char *name, enum member *expected, struct err *err)
{
	struct feed inner = { .fd = -1, .outer = r->archive };
	enum member m = member_of(name);

	if (m == MEMBER_IGNORED && *expected != MEMBER_VERSION)
		return 0;
	if (m != *expected)
		return err_set(err, ERR_HOSTILE, 0, "member %s has no place there in a package",
			       Q(name));
	*expected = m + 1; /* after the data only ignored ones fit */
	if (m == MEMBER_VERSION)
		return version_check(r, err);
	if (m == MEMBER_DATA)
		return tar_read(r->u, &inner, r->name, r->tree, r->source, err);
	return 0;
}

static int deb_read(struct unpack *u, const struct feed *feed, const char *name, struct tree *tree,
		    unsigned int source, struct err *err)
{
	scoped(reader_done) struct reader r = {
		.u = u, .feed = *feed, .name = name, .tree = tree, .source = source
	};
	enum member expected = MEMBER_VERSION;
	int retries = 0;

	TRY(reader_open(&r, false, err));
	for (;;) {
		struct archive_entry *e = NULL;
		int result = archive_read_next_header(r.archive, &e);
		int end = verdict_of(&r, result, &retries, err);
		const char *member;

		if (end < 0)
			return end;
		if (end)
			break;
		if (result == ARCHIVE_RETRY)
			continue;
		member = archive_entry_pathname(e);
		TRY(bounds(&r, 0, 0, err));
		TRY(member_read(&r, member ? member : "", &expected, err));
	}
	if (expected <= MEMBER_DATA)
		return err_set(err, ERR_INTEGRITY, 0, "a package without data");
	return 0;
}

int unpack_fd(struct unpack *u, int fd, const char *name, struct tree *tree, unsigned int source,
	      struct err *err)
{
	struct feed feed = { .fd = fd, .most = u->limits.input };
	char magic[sizeof(AR_MAGIC) - 1] = "";
	off_t start = lseek(fd, 0, SEEK_CUR);
	ssize_t n;
	int r;

	if (start < 0)
		return err_host(err, errno, "%s is no regular file", name);
	n = pread(fd, magic, sizeof(magic), start);
	if (n == 0) {
		(void)err_input(err, "the archive is empty");
		return err_in(err, "%s", name);
	}
	if (n == sizeof(magic) && memcmp(magic, AR_MAGIC, sizeof(magic)) == 0)
		r = deb_read(u, &feed, name, tree, source, err);
	else
		r = tar_read(u, &feed, name, tree, source, err);
	return r < 0 ? err_in(err, err->place[0] ? "%s: " : "%s", name) : 0;
}
