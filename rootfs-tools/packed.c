/* SPDX-License-Identifier: Apache-2.0 */
/* packed.c - a compressed file as an archive of one entry: bounded, read to its end, summed. */
#include <unistd.h>

#include "rootfs-tools/reader.h"
#include "spec/base/fd.h"
#include "spec/base/sys.h"

/* Headers of a tar archive count besides the content, and sums have no entries to count. */
#define HEADERS_PER_ENTRY 4096

static int sum_bounds(const struct reader *r, uint64_t size, struct err *err)
{
	uint64_t packed = reader_file(r)->feed.at ? reader_file(r)->feed.at : 1;

	if (size > RATIO_FROM && size / packed >= r->limits->ratio)
		return err_limit(err, "unpacks to more than %llu times its size (--max-ratio)",
				 (unsigned long long)r->limits->ratio);
	if (size > r->limits->total + r->limits->entries * HEADERS_PER_ENTRY)
		return err_limit(err, "more than %llu bytes in all (--max-total)",
				 (unsigned long long)r->limits->total);
	return 0;
}

/* The library counts the bytes as they lie there as a filter, too. */
int packed_times(const struct reader *r)
{
	return archive_filter_count(r->archive) - 1 + r->feed.packed;
}

/* most: how often it may be compressed; what unpacks again and again has no end to measure by. */
int packed_open(struct reader *r, int most, struct err *err)
{
	struct archive_entry *e = NULL;
	int retries = 0;

	r->feed.unpack = true;
	TRY(reader_open(r, KIND_RAW, err));
	if (packed_times(r) > most)
		return err_limit(err, "compressed more than %s", most == 1 ? "once" : "twice");
	return reader_verdict(r, archive_read_next_header(r->archive, &e), &retries, err);
}

int packed_end(struct reader *r, struct sha256 *hash, uint64_t *size, struct err *err)
{
	int retries = 0;

	for (*size = 0;;) {
		const void *bytes = NULL;
		la_int64_t at;
		size_t n = 0;
		int end = reader_verdict(r, archive_read_data_block(r->archive, &bytes, &n, &at),
					 &retries, err);

		if (end)
			return end < 0 ? end : 0;
		if (hash && sha256_add(hash, bytes, n) < 0)
			return err_host(err, EIO, "compute SHA-256");
		*size += n;
		TRY(sum_bounds(r, *size, err));
	}
}

static int sum_read(struct reader *r, struct sha256 *hash, uint64_t *size, struct err *err)
{
	TRY(packed_open(r, 1, err));
	return packed_end(r, hash, size, err);
}

static void hash_free(struct sha256 **hash)
{
	sha256_free(*hash);
}

void archive_sum(int fd, int out, struct lane *unused, const struct limits *limits)
{
	scoped(reader_done) struct reader r = { .limits = limits,
						.feed = { .fd = fd, .most = limits->input } };
	scoped(hash_free) struct sha256 *hash = sha256_new();
	struct record last = { .kind = RECORD_END };
	uint8_t digest[SHA256_BYTES];
	struct err err = { 0 };

	(void)unused;
	if (!hash || sha256_begin(hash) < 0)
		(void)err_host(&err, ENOMEM, "begin SHA-256");
	else if (sum_read(&r, hash, &last.size, &err) == 0 && sha256_end(hash, digest) < 0)
		(void)err_host(&err, EIO, "compute SHA-256");
	last.kind = err.kind == ERR_NONE ? RECORD_END : RECORD_FAIL;
	/* Where nobody listens any more there is nobody to tell. */
	if (fd_write_all(out, &last, sizeof(last)) < 0)
		return;
	if (last.kind == RECORD_FAIL)
		(void)!fd_write_all(out, &err, sizeof(err));
	else
		(void)!fd_write_all(out, digest, sizeof(digest));
}
