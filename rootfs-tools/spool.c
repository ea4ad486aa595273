/* SPDX-License-Identifier: Apache-2.0 */
/* spool.c - content addressed bytes behind one file descriptor.
 *
 * Archive entries get their place in the tree before anything of them has a name on disk; until
 * then their bytes wait here. */
#include "rootfs-tools/spool.h"

#include <fcntl.h>
#include <search.h>
#include <string.h>
#include <sys/random.h>

#include "spec/base/fd.h"
#include "spec/base/sys.h"

#define CHUNK_BYTES (128u << 10)

static int content_order(const void *a, const void *b)
{
	const struct content *x = a, *y = b;

	return memcmp(x->sha256, y->sha256, SHA256_BYTES);
}

/* For file systems without O_TMPFILE: a name that nobody can guess, gone at once. */
static int open_unnamed(int dir_fd)
{
	unsigned long long number;
	char name[48];
	int fd;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return -1;
	(void)snprintf(name, sizeof(name), ".spool.tmp-%016llx", number);
	fd = sys_openat(dir_fd, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd >= 0)
		(void)sys_unlinkat(dir_fd, name, 0);
	return fd;
}

int spool_open(struct spool *s, int dir_fd, struct err *err)
{
	scoped_fd int fd = sys_openat(dir_fd, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

	if (fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
		fd = open_unnamed(dir_fd);
	if (fd < 0)
		return err_host(err, errno, "make a temporary file beside the destination");
	*s = (struct spool){ .fd = take_fd(&fd), .hash = sha256_new() };
	if (!s->hash) {
		spool_done(s);
		return err_host(err, ENOMEM, "prepare SHA-256");
	}
	return 0;
}

static void content_forget(void *c)
{
	(void)c; /* it lives in the arena */
}

void spool_done(struct spool *s)
{
	if (!s->hash)
		return;
	(void)sys_close(s->fd);
	sha256_free(s->hash);
	tdestroy(s->contents, content_forget);
	arena_done(&s->arena);
	*s = (struct spool){ .fd = -1 };
}

int spool_begin(struct spool *s, struct err *err)
{
	s->size = 0;
	if (sha256_begin(s->hash) < 0)
		return err_host(err, ENOSYS, "begin SHA-256");
	return 0;
}

int spool_write(struct spool *s, const void *bytes, size_t n, struct err *err)
{
	const char *p = bytes;

	if (sha256_add(s->hash, bytes, n) < 0)
		return err_host(err, EIO, "compute SHA-256");
	while (n > 0) {
		ssize_t done = pwrite(s->fd, p, n, (off_t)(s->end + s->size));

		if (done < 0 && errno == EINTR)
			continue;
		if (done < 0)
			return err_host(err, errno, "write the temporary file");
		p += done;
		n -= (size_t)done;
		s->size += (uint64_t)done;
	}
	return 0;
}

int spool_zeros(struct spool *s, uint64_t n, struct err *err)
{
	static const char zeros[CHUNK_BYTES];

	/* What an unfinished content left there must not show through. */
	if (n > 0 && ftruncate(s->fd, (off_t)(s->end + s->size)) < 0)
		return err_host(err, errno, "cut the temporary file");
	s->size += n;
	while (n > 0) {
		size_t part = n < sizeof(zeros) ? (size_t)n : sizeof(zeros);

		if (sha256_add(s->hash, zeros, part) < 0)
			return err_host(err, EIO, "compute SHA-256");
		n -= part;
	}
	if (ftruncate(s->fd, (off_t)(s->end + s->size)) < 0)
		return err_host(err, errno, "grow the temporary file");
	return 0;
}

int spool_end(struct spool *s, const struct content **ret, struct err *err)
{
	struct content *c = arena_new(&s->arena, struct content);
	struct content **there;

	if (sha256_end(s->hash, c->sha256) < 0)
		return err_host(err, EIO, "compute SHA-256");
	c->offset = s->end;
	c->size = s->size;
	there = tsearch(c, &s->contents, content_order);
	if (!there)
		return err_host(err, ENOMEM, "remember a content");
	if (*there == c)
		s->end += s->size;
	s->size = 0;
	*ret = *there;
	return 0;
}

int spool_text(struct spool *s, const char *bytes, size_t n, const struct content **ret,
	       struct err *err)
{
	TRY(spool_begin(s, err));
	TRY(spool_write(s, bytes, n, err));
	return spool_end(s, ret, err);
}

int spool_read(const struct spool *s, const struct content *c, uint64_t at, void *buf, size_t n,
	       struct err *err)
{
	char *p = buf;

	if (at > c->size || n > c->size - at)
		return err_set(err, ERR_INTEGRITY, 0, "reads beyond the end of the file");
	while (n > 0) {
		ssize_t done = pread(s->fd, p, n, (off_t)(c->offset + at));

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return err_host(err, done ? errno : EIO, "read the temporary file");
		p += done;
		at += (uint64_t)done;
		n -= (size_t)done;
	}
	return 0;
}

int spool_copy(const struct spool *s, const struct content *c, int fd, struct err *err)
{
	off_t from = (off_t)c->offset;
	uint64_t left = c->size;
	char buf[16384];

	while (left > 0) {
		ssize_t n = copy_file_range(s->fd, &from, fd, NULL, left, 0);

		if (n <= 0)
			break; /* not on this file system: the plain way below */
		left -= (uint64_t)n;
	}
	while (left > 0) {
		size_t n = left < sizeof(buf) ? (size_t)left : sizeof(buf);

		TRY(spool_read(s, c, c->size - left, buf, n, err));
		if (fd_write_all(fd, buf, n) < 0)
			return err_host(err, errno, "write");
		left -= n;
	}
	return 0;
}

static void hash_free(struct sha256 **hash)
{
	sha256_free(*hash);
}

int file_sha256(int fd, const char *name, uint8_t digest[SHA256_BYTES], uint64_t *size,
		struct err *err)
{
	scoped(hash_free) struct sha256 *hash = sha256_new();
	char buf[16384];
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
	}
	if (sha256_end(hash, digest) < 0)
		return err_host(err, EIO, "compute SHA-256");
	*size = at;
	return 0;
}
