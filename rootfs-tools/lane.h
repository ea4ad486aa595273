/* SPDX-License-Identifier: Apache-2.0 */
/* lane.h - memory that the confined reader shares with who started it: contents go through it, while the
 * records about them go through the pipe. It spares the kernel's two copies.
 *
 * One side puts, the other takes; each counts its bytes for itself, so nothing that the reader writes
 * here leads the taker anywhere. Bytes are copied out once and judged then: the reader could change them
 * for as long as they lie here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A power of two, so that counts may wrap. (Measured: below 4 MiB the two processors wait for each
 * other's cache lines, above nothing is gained.) */
#define LANE_BYTES (1u << 22)
/* The most that one lane_put takes; so much is said at once. */
#define LANE_PIECE (LANE_BYTES / 32)

struct lane;

/* lane_new: to be shared with children of a later fork; NULL and errno. */
struct lane *lane_new(void);
void lane_free(struct lane *l);

/* The reader's side. at: the bytes that it has put so far, modulo 2^32. */

/* lane_room: how much of n fits now, in one piece; 0: everything that was put has to be said, then
 * lane_wait. */
size_t lane_room(const struct lane *l, uint32_t at, size_t n);
/* lane_wait: until there is room; false: nobody takes any more. */
bool lane_wait(struct lane *l, uint32_t at);
void lane_put(struct lane *l, uint32_t *at, const void *bytes, size_t n);

/* The taker's side, which never waits. at: the bytes that it has taken so far. */

/* lane_take: the next n bytes, at most LANE_BYTES, whatever they are. */
void lane_take(struct lane *l, uint32_t *at, void *to, size_t n);
/* lane_close: nothing is taken any more; ends a wait. */
void lane_close(struct lane *l);
