/* SPDX-License-Identifier: Apache-2.0 */
/* pool.h - names and the private addresses that stand for them; pure.
 *
 * A name keeps its address while somebody has asked for it lately or is connected by it; the one unused for longest makes
 * room. Its address is then not given to another name before all the others of the range have been: who still holds it
 * connects to nothing, not to somebody else. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "runtime/egress/address.h"
#include "runtime/egress/egress.h"

/* Names at once. */
#define POOL_NAMES 4096
/* How long an answer may be kept (and a name is, after it was asked for). */
#define POOL_TTL_S 60

struct pool;

/* pool_new: empty; NULL where there is no memory. */
struct pool *pool_new(void);
void pool_free(struct pool *p);
/* pool_give: the number of the name, which stands for it now; 0 where every name is in use. now_s is any clock that goes
 * on. */
uint32_t pool_give(struct pool *p, const char *name, uint64_t now_s);
/* pool_find: the name that a number stands for, or NULL. */
const char *pool_find(const struct pool *p, uint32_t number);
/* pool_hold: a connection by that number begins (or ends): its name stays. */
void pool_hold(struct pool *p, uint32_t number, bool begins);
/* pool_v4, pool_v6: the addresses of a number. pool_number: back again; 0 where it is none of the pool, and *within says
 * whether it is of its range at all. */
void pool_v4(uint32_t number, uint8_t ret[4]);
void pool_v6(uint32_t number, uint8_t ret[ADDRESS_BYTES]);
uint32_t pool_number(const uint8_t a[ADDRESS_BYTES], bool *within);
