/* SPDX-License-Identifier: Apache-2.0 */
/* spool.c - content addressed bytes, one object each.
 *
 * Archive entries get their place in the tree before anything of them has a name in a bundle; until
 * then their bytes wait here, under names that are made of their digest. A content is hashed while
 * it comes; one that fits the buffer and is there already is never written. */
#include "rootfs-tools/spool.h"

#include <fcntl.h>
#include <search.h>
#include <string.h>
#include <sys/stat.h>

#include "spec/base/fd.h"
#include "spec/base/sys.h"

#define BUFFER_BYTES (1u << 20)
#define CHUNK_BYTES (128u << 10)
#define OBJECT_MODE 0444
#define TWIN_MODE 0555

static const struct timespec EPOCH[2] = { { 0 }, { 0 } };

static int content_order(const void *a, const void *b)
{
	const struct content *x = a, *y = b;

	return memcmp(x->sha256, y->sha256, SHA256_BYTES);
}

/* 120 bits behind the first eight, as base64url; with "/xx/" it fits 24 bytes, which an inode of
 * ext4 holds beside the other attribute that overlayfs reads. */
void object_name(const uint8_t sha256[SHA256_BYTES], bool executable, char name[OBJECT_NAME_MAX])
{
	static const char letters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	static const char digits[] = "0123456789abcdef";
	char *p = name;

	*p++ = digits[sha256[0] >> 4];
	*p++ = digits[sha256[0] & 15];
	*p++ = '/';
	for (int i = 1; i < 16; i += 3) {
		unsigned int v = (unsigned int)sha256[i] << 16 | (unsigned int)sha256[i + 1] << 8 |
				 sha256[i + 2];

		for (int shift = 18; shift >= 0; shift -= 6)
			*p++ = letters[v >> shift & 63];
	}
	if (executable)
		*p++ = 'x';
	*p = '\0';
}

int spool_open(struct spool *s, int dir_fd, int tmp_fd, bool keep, struct err *err)
{
	*s = (struct spool){ .dir = dir_fd,
			     .tmp = tmp_fd,
			     .keep = keep,
			     .part = -1,
			     .open_fd = -1,
			     .pid = (unsigned int)getpid(),
			     .hash = sha256_new(),
			     .buffer = malloc(BUFFER_BYTES) };
	if (!s->hash || !s->buffer) {
		spool_done(s);
		return err_host(err, ENOMEM, "prepare SHA-256");
	}
	return 0;
}

static void content_forget(void *c)
{
	(void)c; /* it lives in the arena */
}

static void part_name(const struct spool *s, char name[OBJECT_NAME_MAX])
{
	(void)snprintf(name, OBJECT_NAME_MAX, "o%u-%u", s->pid, s->serial);
}

static void part_drop(struct spool *s)
{
	char name[OBJECT_NAME_MAX];

	if (s->part < 0)
		return;
	part_name(s, name);
	(void)sys_unlinkat(s->tmp, name, 0);
	(void)sys_close(s->part);
	s->part = -1;
}

void spool_done(struct spool *s)
{
	if (!s->hash && !s->buffer)
		return;
	part_drop(s);
	if (s->open_fd >= 0)
		(void)sys_close(s->open_fd);
	sha256_free(s->hash);
	free(s->buffer);
	tdestroy(s->contents, content_forget);
	arena_done(&s->arena);
	*s = (struct spool){ .dir = -1, .tmp = -1, .part = -1, .open_fd = -1 };
}

int spool_begin(struct spool *s, struct err *err)
{
	part_drop(s);
	s->size = 0;
	s->filled = 0;
	if (sha256_begin(s->hash) < 0)
		return err_host(err, ENOSYS, "begin SHA-256");
	return 0;
}

static int part_open(struct spool *s, struct err *err)
{
	char name[OBJECT_NAME_MAX];

	s->serial++;
	part_name(s, name);
	s->part =
		sys_openat(s->tmp, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (s->part < 0)
		return err_host(err, errno, "make a temporary file");
	return 0;
}

static int part_flush(struct spool *s, struct err *err)
{
	if (s->part < 0)
		TRY(part_open(s, err));
	if (fd_write_all(s->part, s->buffer, s->filled) < 0)
		return err_host(err, errno, "write a temporary file");
	s->filled = 0;
	return 0;
}

char *spool_room(struct spool *s, size_t *ret)
{
	*ret = BUFFER_BYTES - s->filled;
	return s->buffer + s->filled;
}

int spool_filled(struct spool *s, size_t n, struct err *err)
{
	if (sha256_add(s->hash, s->buffer + s->filled, n) < 0)
		return err_host(err, EIO, "compute SHA-256");
	s->size += n;
	s->filled += n;
	return s->filled == BUFFER_BYTES ? part_flush(s, err) : 0;
}

int spool_write(struct spool *s, const void *bytes, size_t n, struct err *err)
{
	const char *p = bytes;

	while (n > 0) {
		size_t some;
		char *room = spool_room(s, &some);

		some = n < some ? n : some;
		memcpy(room, p, some);
		TRY(spool_filled(s, some, err));
		p += some;
		n -= some;
	}
	return 0;
}

int spool_zeros(struct spool *s, uint64_t n, struct err *err)
{
	static const char zeros[CHUNK_BYTES];
	uint64_t hole = n;

	if (n <= sizeof(zeros))
		return spool_write(s, zeros, (size_t)n, err);
	while (n > 0) {
		size_t some = n < sizeof(zeros) ? (size_t)n : sizeof(zeros);

		if (sha256_add(s->hash, zeros, some) < 0)
			return err_host(err, EIO, "compute SHA-256");
		n -= some;
	}
	TRY(part_flush(s, err));
	s->size += hole;
	if (ftruncate(s->part, (off_t)s->size) < 0 || lseek(s->part, 0, SEEK_END) < 0)
		return err_host(err, errno, "grow a temporary file");
	return 0;
}

/* The object of that digest is there, and of that size: a power cut can leave an empty one. */
static bool object_there(const struct spool *s, const struct content *c)
{
	char name[OBJECT_NAME_MAX];
	struct stat st;

	object_name(c->sha256, false, name);
	return fstatat(s->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	       (uint64_t)st.st_size == c->size;
}

/* The finished file gets the name that its content gives it. Another process may have been first:
 * the same bytes then take their own place. */
static int part_name_it(struct spool *s, const char *to, unsigned int mode, struct err *err)
{
	char from[OBJECT_NAME_MAX];

	part_name(s, from);
	if (sys_fchmod(s->part, mode) < 0 || futimens(s->part, EPOCH) < 0)
		return err_host(err, errno, "finish an object");
	if (sys_renameat(s->tmp, from, s->dir, to) < 0) {
		char shelf[3] = { to[0], to[1], '\0' };

		if (errno != ENOENT || (sys_mkdirat(s->dir, shelf, 0755) < 0 && errno != EEXIST) ||
		    sys_renameat(s->tmp, from, s->dir, to) < 0)
			return err_host(err, errno, "name an object");
	}
	(void)sys_close(s->part);
	s->part = -1;
	return 0;
}

static int object_make(struct spool *s, const struct content *c, struct err *err)
{
	char name[OBJECT_NAME_MAX];

	if (s->keep && object_there(s, c)) {
		part_drop(s);
		s->reused += c->size;
		return 0;
	}
	if (s->filled || s->part < 0)
		TRY(part_flush(s, err));
	object_name(c->sha256, false, name);
	s->written += c->size;
	return part_name_it(s, name, OBJECT_MODE, err);
}

int spool_end(struct spool *s, struct content **ret, struct err *err)
{
	struct content *c = arena_new(&s->arena, struct content);
	struct content **there;

	if (sha256_end(s->hash, c->sha256) < 0)
		return err_host(err, EIO, "compute SHA-256");
	c->size = s->size;
	there = tfind(c, &s->contents, content_order);
	if (there) {
		part_drop(s);
	} else {
		TRY(object_make(s, c, err));
		there = tsearch(c, &s->contents, content_order);
		if (!there)
			return err_host(err, ENOMEM, "remember a content");
	}
	s->size = 0;
	s->filled = 0;
	*ret = *there;
	return 0;
}

struct content *spool_known(struct spool *s, const uint8_t sha256[SHA256_BYTES], uint64_t size)
{
	struct content key = { .size = size }, *c, **there;

	memcpy(key.sha256, sha256, SHA256_BYTES);
	there = tfind(&key, &s->contents, content_order);
	if (there)
		return *there;
	if (!object_there(s, &key))
		return NULL;
	c = arena_new(&s->arena, struct content);
	*c = key;
	there = tsearch(c, &s->contents, content_order);
	return there ? *there : NULL;
}

int spool_text(struct spool *s, const char *bytes, size_t n, struct content **ret, struct err *err)
{
	TRY(spool_begin(s, err));
	TRY(spool_write(s, bytes, n, err));
	return spool_end(s, ret, err);
}

int spool_file(struct spool *s, int fd, struct content **ret, struct err *err)
{
	char buf[CHUNK_BYTES / 2];
	off_t at = 0;

	TRY(spool_begin(s, err));
	for (;;) {
		ssize_t n = pread(fd, buf, sizeof(buf), at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_host(err, errno, "read a file");
		if (n == 0)
			return spool_end(s, ret, err);
		TRY(spool_write(s, buf, (size_t)n, err));
		at += n;
	}
}

int spool_fd(struct spool *s, const struct content *c, struct err *err)
{
	char name[OBJECT_NAME_MAX];
	int fd;

	if (s->open == c)
		return s->open_fd;
	object_name(c->sha256, false, name);
	fd = sys_openat(s->dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC, 0);
	if (fd < 0)
		return err_host(err, errno, "open the object %s", name);
	if (s->open_fd >= 0)
		(void)sys_close(s->open_fd);
	s->open = c;
	s->open_fd = fd;
	return fd;
}

int spool_read(struct spool *s, const struct content *c, uint64_t at, void *buf, size_t n,
	       struct err *err)
{
	char *p = buf;
	int fd;

	if (at > c->size || n > c->size - at)
		return err_set(err, ERR_INTEGRITY, 0, "reads beyond the end of the file");
	fd = spool_fd(s, c, err);
	TRY(fd);
	while (n > 0) {
		ssize_t done = pread(fd, p, n, (off_t)at);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return err_host(err, done ? errno : EIO, "read an object");
		p += done;
		at += (uint64_t)done;
		n -= (size_t)done;
	}
	return 0;
}

int fd_copy(int from, int to, uint64_t size, struct err *err)
{
	uint64_t left = size;
	char buf[32768];
	off_t at = 0;

	while (left > 0) {
		ssize_t n = copy_file_range(from, &at, to, NULL, left, 0);

		if (n <= 0)
			break; /* not on this file system: the plain way below */
		left -= (uint64_t)n;
	}
	while (left > 0) {
		ssize_t n = pread(from, buf, left < sizeof(buf) ? left : sizeof(buf), at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_host(err, n ? errno : EIO, "read");
		if (fd_write_all(to, buf, (size_t)n) < 0)
			return err_host(err, errno, "write");
		at += n;
		left -= (uint64_t)n;
	}
	return 0;
}

int object_twin(struct spool *s, const struct content *c, struct err *err)
{
	char name[OBJECT_NAME_MAX];
	struct stat st;
	int fd;

	object_name(c->sha256, true, name);
	if (fstatat(s->dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && (uint64_t)st.st_size == c->size)
		return 0;
	fd = spool_fd(s, c, err);
	TRY(fd);
	TRY(part_open(s, err));
	TRY(fd_copy(fd, s->part, c->size, err));
	return part_name_it(s, name, TWIN_MODE, err);
}

static void hash_free(struct sha256 **hash)
{
	sha256_free(*hash);
}

int file_hash(int fd, const char *name, const struct pulse *pulse, uint8_t digest[SHA256_BYTES],
	      uint64_t *size, struct err *err)
{
	scoped(hash_free) struct sha256 *hash = sha256_new();
	char buf[65536];
	uint64_t at = 0;
	ssize_t n;

	if (!hash || sha256_begin(hash) < 0)
		return err_host(err, ENOMEM, "begin SHA-256");
	while ((n = pread(fd, buf, sizeof(buf), (off_t)at)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_host(err, errno, "read %s", name);
		if (sha256_add(hash, buf, (size_t)n) < 0)
			return err_host(err, EIO, "compute SHA-256");
		at += (uint64_t)n;
		pulse_beat(pulse, (uint64_t)n);
	}
	if (sha256_end(hash, digest) < 0)
		return err_host(err, EIO, "compute SHA-256");
	*size = at;
	return 0;
}

int file_sha256(int fd, const char *name, uint8_t digest[SHA256_BYTES], uint64_t *size,
		struct err *err)
{
	return file_hash(fd, name, NULL, digest, size, err);
}
