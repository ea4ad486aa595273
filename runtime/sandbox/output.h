/* SPDX-License-Identifier: Apache-2.0 */
/* output.h - what a payload writes to its standard output and error: kept for the result, or counted and passed on. Whoever
 * does not read what is passed on keeps the payload waiting, and never us. */
#pragma once

#include <poll.h>

#include "runtime/sandbox/sandbox.h"

/* Of each stream so much is kept; what is beyond is read and dropped. */
#define OUTPUT_KEPT_MAX (16u << 20)

struct stream {
	int fd; /* our end; -1: it is not ours, or at its end */
	int to; /* where it is passed on to, an end of our own; -1: it is kept */
	bool blocks; /* a write there may, where more is written than fits */
	char *held; /* what has been read and not yet passed on, from held_at to held_n */
	size_t held_at, held_n;
	int theirs; /* the payload's end, until it has it */
	char *kept;
	size_t n, room;
	bool truncated;
};
struct output {
	struct stream s[2]; /* standard output and error */
	uint64_t total, most; /* most 0: unbounded */
	uint64_t seen; /* total, when output_flows was asked last */
	int saved[2]; /* our own, while the payload's are in their place */
};
#define OUTPUT_INIT                                            \
	{                                                      \
		.s = { { .fd = -1, .to = -1, .theirs = -1 },   \
		       { .fd = -1, .to = -1, .theirs = -1 } }, \
		.saved = {                                     \
			-1,                                    \
			-1                                     \
		}                                              \
	}

/* output_open: pipes where something is to be kept or counted. output_lend: they stand in for our own standard output and
 * error, for the process that is made next; output_return: ours are back. */
int output_open(struct output *o, bool keep, uint64_t most, struct err *err);
int output_lend(struct output *o, struct err *err);
void output_return(struct output *o);
/* output_poll: what to wait for. output_take: then reads what is there of a stream, or passes on what was held. False where more
 * came than is allowed. output_has_more: something is there, or held. */
struct pollfd output_poll(const struct stream *s);
bool output_take(struct output *o, struct stream *s);
bool output_has_more(const struct output *o);
/* output_flows: likewise, or much came since it was asked last; or where the streams are not ours, they are pipes with something in
 * them: then a write may be under way. */
bool output_flows(struct output *o);
struct captured output_kept(const struct stream *s, struct arena *a);
void output_done(struct output *o);
