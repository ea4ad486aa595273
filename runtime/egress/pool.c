/* SPDX-License-Identifier: Apache-2.0 */
/* pool.c - a table of slots: found by name through chains, by number through the slot in it, aged by a list. Slots are used one
 * after the other, so memory is touched as names come.
 *
 * number = round × POOL_NAMES + slot, rounds from 1 on: the numbers of round 0 stand for nothing. */
#include "runtime/egress/pool.h"

#include <stdlib.h>
#include <string.h>

#include "spec/base/str.h"

#define RANGE_BITS 17 /* 198.18.0.0/15 */
#define ROUNDS ((1u << RANGE_BITS) / POOL_NAMES)
#define BUCKETS POOL_NAMES
#define NOBODY 0 /* links are 1 + the slot */

struct slot {
	char name[EGRESS_HOST_MAX + 1];
	uint32_t number; /* 0: never used */
	uint32_t held; /* connections */
	uint64_t asked_s;
	uint16_t chain; /* the next one of the same bucket */
	uint16_t older, newer;
};
struct pool {
	struct slot slots[POOL_NAMES];
	uint16_t buckets[BUCKETS];
	uint16_t oldest, newest;
	uint16_t used;
};

static struct slot *slot_at(struct pool *p, uint16_t link)
{
	return &p->slots[link - 1];
}

static const uint8_t v4_base[4] = { 198, 18, 0, 0 };
static const uint8_t v6_base[ADDRESS_BYTES] = { 0xfd, 0x73, 0x72, 0x74, 0x6f, 0x63 };

static uint32_t bucket_of(const char *name)
{
	uint32_t h = 2166136261u; /* FNV-1a */

	for (; *name; name++)
		h = (h ^ (uint8_t)*name) * 16777619u;
	return (h ^ (h >> 16)) % BUCKETS;
}

struct pool *pool_new(void)
{
	return calloc(1, sizeof(struct pool));
}

void pool_free(struct pool *p)
{
	free(p);
}

static void leave_list(struct pool *p, uint16_t link)
{
	const struct slot *s = slot_at(p, link);

	if (s->older != NOBODY)
		slot_at(p, s->older)->newer = s->newer;
	else
		p->oldest = s->newer;
	if (s->newer != NOBODY)
		slot_at(p, s->newer)->older = s->older;
	else
		p->newest = s->older;
}

static void make_newest(struct pool *p, uint16_t link)
{
	struct slot *s = slot_at(p, link);

	s->older = p->newest;
	s->newer = NOBODY;
	if (p->newest != NOBODY)
		slot_at(p, p->newest)->newer = link;
	else
		p->oldest = link;
	p->newest = link;
}

/* In no list and no chain any more: a slot that was never used, or whose name nobody has used for longest. */
static uint16_t make_room(struct pool *p, uint64_t now_s)
{
	uint16_t link = p->oldest, *at;

	if (p->used < POOL_NAMES)
		return ++p->used;
	while (link != NOBODY &&
	       (slot_at(p, link)->held || now_s - slot_at(p, link)->asked_s <= POOL_TTL_S))
		link = slot_at(p, link)->newer;
	if (link == NOBODY)
		return NOBODY;
	leave_list(p, link);
	at = &p->buckets[bucket_of(slot_at(p, link)->name)];
	while (*at != link)
		at = &slot_at(p, *at)->chain;
	*at = slot_at(p, link)->chain;
	return link;
}

/* The number after this one in its slot; after the last round the first one again. */
static uint32_t number_after(uint32_t number, uint16_t link)
{
	uint32_t round = number / POOL_NAMES % (ROUNDS - 1) + 1;

	return round * POOL_NAMES + link - 1;
}

static uint16_t add_name(struct pool *p, const char *name, uint64_t now_s)
{
	uint16_t link = strlen(name) > EGRESS_HOST_MAX ? NOBODY : make_room(p, now_s);
	uint32_t bucket = bucket_of(name);
	struct slot *s;

	if (link == NOBODY)
		return NOBODY;
	s = slot_at(p, link);
	memcpy(s->name, name, strlen(name) + 1);
	s->number = number_after(s->number, link);
	s->chain = p->buckets[bucket];
	p->buckets[bucket] = link;
	return link;
}

uint32_t pool_give(struct pool *p, const char *name, uint64_t now_s)
{
	uint16_t link = p->buckets[bucket_of(name)];

	while (link != NOBODY && !str_eq(slot_at(p, link)->name, name))
		link = slot_at(p, link)->chain;
	if (link != NOBODY)
		leave_list(p, link);
	else
		link = add_name(p, name, now_s);
	if (link == NOBODY)
		return 0;
	slot_at(p, link)->asked_s = now_s;
	make_newest(p, link);
	return slot_at(p, link)->number;
}

const char *pool_find(const struct pool *p, uint32_t number)
{
	const struct slot *s = &p->slots[number % POOL_NAMES];

	return number && s->number == number ? s->name : NULL;
}

void pool_hold(struct pool *p, uint32_t number, bool begins)
{
	struct slot *s = &p->slots[number % POOL_NAMES];

	if (number == 0 || s->number != number)
		return;
	s->held += begins ? 1 : -1u;
}

void pool_v4(uint32_t number, uint8_t ret[4])
{
	memcpy(ret, v4_base, sizeof(v4_base));
	ret[1] = (uint8_t)(ret[1] + (number >> 16));
	ret[2] = (uint8_t)(number >> 8);
	ret[3] = (uint8_t)number;
}

void pool_v6(uint32_t number, uint8_t ret[ADDRESS_BYTES])
{
	memcpy(ret, v6_base, sizeof(v6_base));
	for (unsigned int i = 0; i < 4; i++)
		ret[12 + i] = (uint8_t)(number >> (24 - 8 * i));
}

uint32_t pool_number(const uint8_t a[ADDRESS_BYTES], bool *within)
{
	uint32_t number;
	bool v4 = address_is_v4(a);

	*within = v4 ? a[12] == 198 && (a[13] & 0xfe) == 18 : address_within(a, v6_base, 48);
	if (!*within || (!v4 && !address_within(a, v6_base, 96)))
		return 0;
	number = v4 ? (uint32_t)(a[13] & 1) << 16 | (uint32_t)a[14] << 8 | a[15]
		    : (uint32_t)a[12] << 24 | (uint32_t)a[13] << 16 | (uint32_t)a[14] << 8 | a[15];
	return number < POOL_NAMES || number >= ROUNDS * POOL_NAMES ? 0 : number;
}
