/* SPDX-License-Identifier: Apache-2.0 */
/* quick.c - a state for what may come next, and a step for each state.
 * Mustn't: accept what yajl refuses. Whatever is not plainly right ends the reading, and no message is made here. */
#include "spec/json/quick.h"

#include <string.h>

#include "spec/json/build.h"
#include "spec/json/source.h"

enum state { VALUE, FIRST_VALUE, KEY, FIRST_KEY, MORE, DONE, STATES };

struct quick {
	const char *start, *at, *end;
	enum state state;
	struct build build;
};

#define ONES 0x0101010101010101u
#define HIGHS 0x8080808080808080u

/* Eight bytes, the first one lowest. */
static inline uint64_t eight(const char *s)
{
	uint64_t v;

	memcpy(&v, s, sizeof(v));
	return __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? v : __builtin_bswap64(v);
}

/* How many bytes lie below the lowest that has a bit in v. */
static inline size_t bytes_below(uint64_t v)
{
	return v ? (size_t)__builtin_ctzll(v) / 8 : sizeof(v);
}

/* False at the end. */
static inline bool skip_gap(struct quick *q)
{
	const char *at = q->at, *end = q->end;

	while (at < end && source_is_gap(*at)) {
		at++;
		/* Indentation. */
		while (end - at >= (ptrdiff_t)sizeof(uint64_t)) {
			size_t n = bytes_below(eight(at) ^ ONES * ' ');

			at += n;
			if (n < sizeof(uint64_t))
				break;
		}
	}
	q->at = at;
	return at < end;
}

/* Marks the bytes that end a plain string: a quote, a backslash, a control character. Those above the lowest marked one may
 * be marked falsely. */
static inline uint64_t ends(uint64_t v)
{
	uint64_t quote = v ^ ONES * '"', escape = v ^ ONES * '\\';

	return (((quote - ONES) & ~quote) | ((escape - ONES) & ~escape) | ((v - ONES * ' ') & ~v)) &
	       HIGHS;
}

/* Bytes of s, of which n are there, before such a one. */
static inline size_t plain_len(const char *s, size_t n)
{
	size_t i = 0;

	for (; i + sizeof(uint64_t) <= n; i += sizeof(uint64_t)) {
		uint64_t found = ends(eight(s + i));

		if (found)
			return i + bytes_below(found);
	}
	while (i < n && s[i] != '"' && s[i] != '\\' && (unsigned char)s[i] >= ' ')
		i++;
	return i;
}

/* The string that begins with a quote at q->at; NULL: not a plain one. */
static const char *plain_string(struct quick *q, size_t *ret_len)
{
	const char *s = q->at + 1;
	size_t n = plain_len(s, (size_t)(q->end - s));

	if (s + n == q->end || s[n] != '"')
		return NULL;
	q->at = s + n + 1;
	*ret_len = n;
	return s;
}

static size_t offset_of(const struct quick *q, const char *at)
{
	return (size_t)(at - q->start);
}

static bool after_value(struct quick *q)
{
	q->state = q->build.depth ? MORE : DONE;
	return true;
}

static bool read_string(struct quick *q)
{
	size_t len, offset = offset_of(q, q->at);
	const char *s = plain_string(q, &len);

	return s && build_text(&q->build, JSON_STRING, offset, s, len) && after_value(q);
}

/* A whole number; yajl knows the others. */
static bool read_number(struct quick *q)
{
	const char *s = q->at, *first = s + (*s == '-'), *at = first;

	while (at < q->end && *at >= '0' && *at <= '9')
		at++;
	if (at == first || (*first == '0' && at > first + 1))
		return false;
	if (at < q->end && (*at == '.' || *at == 'e' || *at == 'E'))
		return false;
	q->at = at;
	return build_text(&q->build, JSON_NUMBER, offset_of(q, s), s, (size_t)(at - s)) &&
	       after_value(q);
}

static const struct {
	const char *word;
	enum json_type type;
	bool truth;
} words[] = {
	{ "true", JSON_BOOL, true },
	{ "false", JSON_BOOL, false },
	{ "null", JSON_NULL, false },
};

static bool read_word(struct quick *q)
{
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		size_t n = strlen(words[i].word);
		struct json *node;

		if ((size_t)(q->end - q->at) < n || memcmp(q->at, words[i].word, n) != 0)
			continue;
		node = build_node(&q->build, words[i].type, offset_of(q, q->at));
		if (!node)
			return false;
		node->truth = words[i].truth;
		q->at += n;
		return after_value(q);
	}
	return false;
}

static bool open_value(struct quick *q, enum json_type type, enum state next)
{
	if (build_is_deep(&q->build) || !build_open(&q->build, type, offset_of(q, q->at)))
		return false;
	q->at++;
	q->state = next;
	return true;
}

static bool read_value(struct quick *q)
{
	switch (*q->at) {
	case '"':
		return read_string(q);
	case '{':
		return open_value(q, JSON_OBJECT, FIRST_KEY);
	case '[':
		return open_value(q, JSON_ARRAY, FIRST_VALUE);
	case 't':
	case 'f':
	case 'n':
		return read_word(q);
	default:
		return read_number(q);
	}
}

static bool close_value(struct quick *q)
{
	q->at++;
	return !build_close(&q->build) && after_value(q);
}

static bool read_first_value(struct quick *q)
{
	return *q->at == ']' ? close_value(q) : read_value(q);
}

static bool read_key(struct quick *q)
{
	const char *s;
	size_t len;

	if (*q->at != '"')
		return false;
	s = plain_string(q, &len);
	if (!s || !skip_gap(q) || *q->at != ':')
		return false;
	build_key(&q->build, s, len);
	q->at++;
	q->state = VALUE;
	return true;
}

static bool read_first_key(struct quick *q)
{
	return *q->at == '}' ? close_value(q) : read_key(q);
}

static bool read_more(struct quick *q)
{
	const struct json *open = q->build.frames[q->build.depth - 1].node;
	bool object = open->type == JSON_OBJECT;

	if (*q->at == (object ? '}' : ']'))
		return close_value(q);
	if (*q->at != ',')
		return false;
	q->at++;
	q->state = object ? KEY : VALUE;
	return true;
}

/* Something behind the last value. */
static bool refuse(struct quick *q)
{
	(void)q;
	return false;
}

static bool (*const steps[STATES])(struct quick *q) = {
	[VALUE] = read_value, [FIRST_VALUE] = read_first_value,
	[KEY] = read_key,     [FIRST_KEY] = read_first_key,
	[MORE] = read_more,   [DONE] = refuse,
};

int quick_parse(const char *bytes, size_t len, const struct json_limits *limits, struct arena *a,
		struct json **ret)
{
	struct quick q = { .start = bytes, .at = bytes, .end = bytes + len };

	build_begin(&q.build, len, limits, a);
	while (skip_gap(&q))
		if (!steps[q.state](&q))
			return 1;
	if (q.state != DONE)
		return 1;
	*ret = build_end(&q.build);
	return 0;
}
