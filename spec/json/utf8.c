/* SPDX-License-Identifier: Apache-2.0 */
/* utf8.c - checks UTF-8 by the table of RFC 3629, section 4. */
#include "spec/json/utf8.h"

#include "spec/base/scope.h"

/* What the first and the second byte may be; every further byte is 80 to BF. */
static const struct sequence {
	unsigned char first_min, first_max, second_min, second_max;
	size_t len;
} sequences[] = {
	{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
	{ 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

static size_t sequence_fits(const struct sequence *q, const unsigned char *b, size_t n)
{
	if (n < q->len || b[1] < q->second_min || b[1] > q->second_max)
		return 0;
	for (size_t i = 2; i < q->len; i++)
		if ((b[i] & 0xc0) != 0x80)
			return 0;
	return q->len;
}

size_t utf8_char(const char *s, size_t n)
{
	const unsigned char *b = (const unsigned char *)s;

	if (n == 0)
		return 0;
	if (b[0] < 0x80)
		return 1;
	for (size_t i = 0; i < ARRAY_LEN(sequences); i++)
		if (b[0] >= sequences[i].first_min && b[0] <= sequences[i].first_max)
			return sequence_fits(&sequences[i], b, n);
	return 0;
}
