/* SPDX-License-Identifier: Apache-2.0 */
/* reader.c - libarchive as a reader, and nothing but a reader: bytes -> filters and format -> records.
 *
 * Runs in a child that can open nothing (confine.c); what it says is checked by who reads it
 * (unpack.c).
 *
 * Should: take every entry for an attack.  Mustn't: give a name from an archive to the kernel, or
 * let the library start a program (it would, for rare compressions). */
#include <archive.h>
#include <archive_entry.h>
#include <string.h>
#include <unistd.h>

#include "rootfs-tools/reader.h"
#include "spec/base/fd.h"
#include "spec/base/str.h"
#include "spec/base/sys.h"
#include "spec/json/quote.h"

/* ARCHIVE_RETRY means "the last call may be made again"; nothing says how often. */
#define RETRIES_MAX 16
#define NAME_BYTES_MAX (64u << 10)
/* What the library calls a damaged extended header; none of its headers says so. */
#define ERRNO_MALFORMED (-1)

/* --- one archive being read --- */

void reader_done(struct reader *r)
{
	if (r->archive)
		(void)archive_read_free(r->archive); /* only reads: nothing can be lost */
	feed_done(&r->feed);
	arena_done(&r->names.arena);
}

static int say(const struct reader *r, const void *bytes, size_t n, struct err *err)
{
	return outbox_add(r->out, bytes, n, err);
}

static int damaged(const struct reader *r, struct err *err)
{
	const char *why = archive_error_string(r->archive);

	if (reader_file(r)->feed.over)
		return err_limit(err, "the archive has more than %llu bytes (--max-input)",
				 (unsigned long long)reader_file(r)->feed.most);
	return err_set(err, ERR_INTEGRITY, 0, "damaged, or no archive that can be read: %s",
		       Q(why ? why : "no reason given"));
}

static int filters_support(struct archive *a)
{
	/* ARCHIVE_WARN from one of these means that it would run a program. */
	static int (*const filters[])(struct archive *) = {
		archive_read_support_filter_gzip,
		archive_read_support_filter_bzip2,
		archive_read_support_filter_xz,
		archive_read_support_filter_zstd,
	};

	for (size_t i = 0; i < ARRAY_LEN(filters); i++)
		if (filters[i](a) != ARCHIVE_OK)
			return -1;
	return 0;
}

static int formats_support(struct archive *a, enum kind kind)
{
	if (kind == KIND_AR)
		return archive_read_support_format_ar(a);
	if (kind == KIND_ZIP)
		return archive_read_support_format_zip_seekable(a);
	if (kind == KIND_RAW)
		return archive_read_support_format_raw(a) == ARCHIVE_OK ? filters_support(a)
									: ARCHIVE_FATAL;
	if (kind == KIND_TAR_CPIO && archive_read_support_format_cpio(a) != ARCHIVE_OK)
		return ARCHIVE_FATAL;
	return archive_read_support_format_tar(a);
}

int reader_open(struct reader *r, enum kind kind, struct err *err)
{
	r->kind = kind;
	r->archive = archive_read_new();
	if (!r->archive || feed_open(&r->feed) < 0)
		return err_host(err, ENOMEM, "read an archive");
	if (formats_support(r->archive, kind) != ARCHIVE_OK)
		return err_host(err, ENOSYS, "libarchive lacks a format or compression: %s",
				archive_error_string(r->archive));
	(void)archive_read_set_read_callback(r->archive, feed_read);
	(void)archive_read_set_callback_data(r->archive, &r->feed);
	if (kind == KIND_ZIP)
		(void)archive_read_set_seek_callback(r->archive, feed_seek);
	if (archive_read_open1(r->archive) != ARCHIVE_OK)
		return damaged(r, err);
	return 0;
}

int reader_verdict(struct reader *r, int result, int *retries, struct err *err)
{
	if (result == ARCHIVE_EOF)
		return 1;
	if (result == ARCHIVE_OK || result == ARCHIVE_WARN)
		return 0;
	if (result == ARCHIVE_RETRY && ++*retries <= RETRIES_MAX)
		return 0;
	return damaged(r, err);
}

static struct record record_new(const struct reader *r, enum record_kind kind, uint64_t size)
{
	const struct reader *file = reader_file(r);
	/* The library counts what is used up, which of an archive around another comes too late; in a
	 * zip archive the file's place goes back and forth. */
	la_int64_t in = file->kind == KIND_ZIP ? archive_filter_bytes(file->archive, -1)
					       : (la_int64_t)feed_taken(&file->feed);
	la_int64_t out = archive_filter_bytes(r->archive, 0);

	return (struct record){ .kind = kind,
				.size = size,
				.packed = in > 0 ? (uint64_t)in : 0,
				.unpacked = out > 0 ? (uint64_t)out : 0 };
}

/* Into the lane; the other side learns of it while there is still room for more. */
static int pieces_say(struct reader *r, const char *bytes, size_t n, struct err *err)
{
	struct outbox *o = r->out;

	while (n > 0) {
		size_t some = lane_room(o->lane, o->put, n);
		struct record rec;

		if (some == 0) {
			TRY(outbox_flush(o, err));
			if (!lane_wait(o->lane, o->put))
				return err_host(err, EPIPE, "hand contents over");
			continue;
		}
		rec = record_new(r, RECORD_PIECE, some);
		lane_put(o->lane, &o->put, bytes, some);
		TRY(say(r, &rec, sizeof(rec), err));
		o->unsaid += some;
		if (o->unsaid >= LANE_PIECE)
			TRY(outbox_flush(o, err));
		bytes += some;
		n -= some;
	}
	return 0;
}

static int data_say(struct reader *r, uint64_t hole, const char *bytes, size_t n, struct err *err)
{
	struct record rec;

	if (hole) {
		rec = record_new(r, RECORD_HOLE, hole);
		TRY(say(r, &rec, sizeof(rec), err));
	}
	if (r->out->lane)
		return pieces_say(r, bytes, n, err);
	while (n > 0) {
		size_t some = n < RECORD_DATA_MAX ? n : RECORD_DATA_MAX;

		rec = record_new(r, RECORD_DATA, some);
		TRY(say(r, &rec, sizeof(rec), err));
		TRY(say(r, bytes, some, err));
		bytes += some;
		n -= some;
	}
	return 0;
}

/* A sparse file may end in a hole; anything else has the size that it says. */
static int size_settle(struct reader *r, struct archive_entry *e, uint64_t size, struct err *err)
{
	la_int64_t says = archive_entry_size(e);

	if (!archive_entry_size_is_set(e) || (says >= 0 && (uint64_t)says == size))
		return 0;
	if (r->kind == KIND_ZIP || says < 0 || (uint64_t)says < size)
		return err_set(err, ERR_INTEGRITY, 0, "says that it has %lld bytes, and has %llu",
			       (long long)says, (unsigned long long)size);
	return data_say(r, (uint64_t)says - size, NULL, 0, err);
}

static int content_say(struct reader *r, struct archive_entry *e, struct err *err)
{
	uint64_t size = 0;
	int retries = 0;

	for (;;) {
		const void *bytes = NULL;
		la_int64_t at = 0;
		size_t n = 0;
		int result = archive_read_data_block(r->archive, &bytes, &n, &at);
		int end = reader_verdict(r, result, &retries, err);

		if (end < 0)
			return end;
		if (end)
			break;
		if (result == ARCHIVE_RETRY)
			continue;
		/* Another sum or size than the one that was said. */
		if (result == ARCHIVE_WARN)
			return damaged(r, err);
		if (at < 0 || (uint64_t)at < size)
			return err_set(err, ERR_INTEGRITY, 0, "its parts overlap");
		TRY(data_say(r, (uint64_t)at - size, bytes, n, err));
		size = (uint64_t)at + n;
	}
	return size_settle(r, e, size, err);
}

/* --- one entry --- */

static int type_of(struct archive_entry *e, uint32_t *ret, struct err *err)
{
	if (archive_entry_hardlink(e)) {
		*ret = RECORD_HARD_LINK;
		return 0;
	}
	switch (archive_entry_filetype(e)) {
	case AE_IFDIR:
		*ret = RECORD_DIR;
		return 0;
	case AE_IFREG:
		*ret = RECORD_FILE;
		return 0;
	case AE_IFLNK:
		*ret = RECORD_SYMLINK;
		return 0;
	case AE_IFCHR:
	case AE_IFBLK:
	case AE_IFIFO:
	case AE_IFSOCK:
		*ret = RECORD_SPECIAL;
		return 0;
	default:
		return err_set(err, ERR_INTEGRITY, 0, "of an unknown type");
	}
}

static size_t xattrs_pack(struct archive_entry *e, size_t most, struct text *out)
{
	const char *name;
	const void *value;
	size_t n;

	(void)archive_entry_xattr_reset(e);
	while (out->len <= most && archive_entry_xattr_next(e, &name, &value, &n) == ARCHIVE_OK) {
		uint32_t len = (uint32_t)n;

		if (!name)
			continue;
		text_addn(out, name, strlen(name) + 1);
		text_addn(out, (const char *)&len, sizeof(len));
		text_addn(out, value, n);
	}
	return out->len;
}

static uint32_t owner_of(la_int64_t id)
{
	return id < 0 || id >= OWNER_NONE ? OWNER_NONE : (uint32_t)id;
}

static int entry_say(struct reader *r, struct archive_entry *e, const char *name, struct err *err)
{
	scoped_arena struct arena a = { 0 };
	struct text xattrs = { .arena = &a };
	struct record rec = record_new(r, RECORD_ENTRY, 0);
	const char *link = archive_entry_hardlink(e);
	size_t name_len = strlen(name), link_len;

	TRY(type_of(e, &rec.type, err));
	if (rec.type == RECORD_SYMLINK)
		link = archive_entry_symlink(e);
	if (!link && (rec.type == RECORD_SYMLINK || rec.type == RECORD_HARD_LINK))
		return err_set(err, ERR_INTEGRITY, 0, "a link whose target is no text");
	link_len = link ? strlen(link) : 0;
	if (name_len > NAME_BYTES_MAX || link_len > NAME_BYTES_MAX)
		return err_limit(err, "a name of %zu bytes",
				 name_len > link_len ? name_len : link_len);
	if (xattrs_pack(e, r->limits->xattrs, &xattrs) > r->limits->xattrs)
		return err_limit(err, "more than %llu bytes of extended attributes (--max-xattrs)",
				 (unsigned long long)r->limits->xattrs);
	rec.mode = archive_entry_mode(e) & 07777;
	rec.uid = owner_of(archive_entry_uid(e));
	rec.gid = owner_of(archive_entry_gid(e));
	rec.name = (uint32_t)name_len;
	rec.link = (uint32_t)link_len;
	rec.xattrs = (uint32_t)xattrs.len;
	if (archive_entry_size_is_set(e) && archive_entry_size(e) > 0)
		rec.size = (uint64_t)archive_entry_size(e);
	TRY(say(r, &rec, sizeof(rec), err));
	TRY(say(r, name, name_len, err));
	TRY(say(r, link, link_len, err));
	TRY(say(r, xattrs.s, xattrs.len, err));
	/* Of a symlink with several names the library gives the later ones as links with its target's size. */
	if (rec.type == RECORD_FILE ||
	    (rec.type == RECORD_HARD_LINK && rec.size > 0 && archive_entry_filetype(e) == AE_IFREG))
		return content_say(r, e, err);
	return 0;
}

/* The names of a zip archive come in the order of its local headers. */
static const char *name_of(struct reader *r, struct archive_entry *e)
{
	if (r->kind != KIND_ZIP)
		return archive_entry_pathname(e);
	return r->name < r->names.n ? r->names.v[r->name++] : NULL;
}

static int entry_read(struct reader *r, struct archive_entry *e, uint64_t header, struct err *err)
{
	const char *name = name_of(r, e);

	if (!name)
		return err_set(err, ERR_INTEGRITY, 0, "an entry whose name is no text");
	if (header > r->limits->header) {
		(void)err_limit(err, "a header of %llu bytes (--max-header)",
				(unsigned long long)header);
		return err_in(err, "entry %s", Q(name));
	}
	if (entry_say(r, e, name, err) < 0)
		return err->place[0] ? -1 : err_in(err, "entry %s", Q(name));
	return 0;
}

static int entries_read(struct reader *r, enum kind kind, struct err *err)
{
	int retries = 0;

	TRY(reader_open(r, kind, err));
	for (;;) {
		struct archive_entry *e = NULL;
		la_int64_t from = archive_filter_bytes(r->archive, 0);
		int result = archive_read_next_header(r->archive, &e);
		int end = reader_verdict(r, result, &retries, err);
		la_int64_t to = archive_filter_bytes(r->archive, 0);

		if (end < 0)
			return end;
		if (end)
			break;
		if (result == ARCHIVE_WARN && archive_errno(r->archive) == ERRNO_MALFORMED)
			return damaged(r, err);
		if (result != ARCHIVE_RETRY)
			TRY(entry_read(r, e,
				       kind != KIND_ZIP && to > from ? (uint64_t)(to - from) : 0,
				       err));
	}
	return r->name == r->names.n ? 0
				     : err_set(err, ERR_INTEGRITY, 0,
					       "damaged zip archive: %zu entries, but %zu names",
					       r->name, r->names.n);
}

/* The compression is an archive of one entry around the other. */
static int packed_read(struct reader *r, enum kind kind, int most, struct err *err)
{
	scoped(reader_done) struct reader inner = {
		.limits = r->limits, .out = r->out, .file = reader_file(r), .feed = { .fd = -1 }
	};
	uint64_t rest;

	TRY(packed_open(r, most, err));
	inner.feed.outer = r->archive;
	TRY(entries_read(&inner, kind, err));
	return packed_times(r) > 0 ? packed_end(r, NULL, &rest, err) : 0;
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

static int data_read(struct reader *r, struct err *err)
{
	scoped(reader_done) struct reader inner = { .limits = r->limits,
						    .out = r->out,
						    .file = reader_file(r),
						    .feed = { .fd = -1, .outer = r->archive } };

	return packed_read(&inner, KIND_TAR, 1, err);
}

/* expected is the member that has to come next; the control member holds nothing for a tree. */
static int member_read(struct reader *r, const char *name, enum member *expected, struct err *err)
{
	enum member m = member_of(name);

	if (m == MEMBER_IGNORED && *expected != MEMBER_VERSION)
		return 0;
	if (m != *expected)
		return err_set(err, ERR_HOSTILE, 0, "member %s has no place there in a package",
			       Q(name));
	*expected = m + 1; /* after the data only ignored ones fit */
	if (m == MEMBER_VERSION)
		return version_check(r, err);
	return m == MEMBER_DATA ? data_read(r, err) : 0;
}

static int deb_read(struct reader *r, struct err *err)
{
	enum member expected = MEMBER_VERSION;
	int retries = 0;

	TRY(reader_open(r, KIND_AR, err));
	for (;;) {
		struct archive_entry *e = NULL;
		int result = archive_read_next_header(r->archive, &e);
		int end = reader_verdict(r, result, &retries, err);
		const char *member;

		if (end < 0)
			return end;
		if (end)
			break;
		if (result == ARCHIVE_RETRY)
			continue;
		member = archive_entry_pathname(e);
		TRY(member_read(r, member ? member : "", &expected, err));
	}
	if (expected <= MEMBER_DATA)
		return err_set(err, ERR_INTEGRITY, 0, "a package without data");
	return 0;
}

/* By content, not by name. */
static int archive_read_all(struct reader *r, struct err *err)
{
	char magic[8] = "";
	ssize_t n = pread(r->feed.fd, magic, sizeof(magic), 0);

	if (n == 0)
		return err_input(err, "the archive is empty");
	if (n == 8 && memcmp(magic, "!<arch>\n", 8) == 0)
		return deb_read(r, err);
	if (n >= 4 && (memcmp(magic, "PK\3\4", 4) == 0 || memcmp(magic, "PK\5\6", 4) == 0)) {
		TRY(zip_check(r->feed.fd, r->limits, &r->names, err));
		return entries_read(r, KIND_ZIP, err);
	}
	return packed_read(r, KIND_TAR_CPIO, 2, err);
}

static int layer_read(struct reader *r, struct err *err)
{
	return packed_read(r, KIND_TAR, 1, err);
}

static void read_and_say(int (*read)(struct reader *r, struct err *err), int fd, int out,
			 struct lane *lane, const struct limits *limits)
{
	struct outbox box = { .fd = out, .lane = lane };
	scoped(reader_done) struct reader r = { .limits = limits,
						.out = &box,
						.feed = { .fd = fd, .most = limits->input } };
	struct record last = { .kind = RECORD_END };
	struct err err = { 0 }, ignored;

	if (read(&r, &err) < 0)
		last.kind = RECORD_FAIL;
	/* Where nobody listens any more there is nobody to tell. */
	if (say(&r, &last, sizeof(last), &ignored) == 0 && last.kind == RECORD_FAIL)
		(void)say(&r, &err, sizeof(err), &ignored);
	(void)outbox_flush(&box, &ignored);
}

void archive_say(int fd, int out, struct lane *lane, const struct limits *limits)
{
	read_and_say(archive_read_all, fd, out, lane, limits);
}

void layer_say(int fd, int out, struct lane *lane, const struct limits *limits)
{
	read_and_say(layer_read, fd, out, lane, limits);
}
