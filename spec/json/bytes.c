/* SPDX-License-Identifier: Apache-2.0 */
/* bytes.c - looks for faults at the bytes that are neither ASCII nor plain, skipping the others eight
 * at a time. */
#include "spec/json/bytes.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "spec/json/utf8.h"

/* Bytes from s on that are ASCII and no backslash. */
static size_t plain_run(const char *s, size_t n)
{
	const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
	size_t i = 0;

	for (; i + 8 <= n; i += 8) {
		uint64_t v, x;

		memcpy(&v, s + i, sizeof(v));
		x = v ^ (ones * '\\');
		if ((v | ((x - ones) & ~x)) & highs)
			break;
	}
	while (i < n && (unsigned char)s[i] < 0x80 && s[i] != '\\')
		i++;
	return i;
}

/* The number behind \u at s, or -1. */
static int escaped_unit(const char *s, size_t n)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	int v = 0;

	if (n < 6 || s[0] != '\\' || s[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		const char *d = s[i] ? strchr(digits, s[i]) : NULL;

		if (!d)
			return -1;
		v = v * 16 + (int)((d - digits) & 15);
	}
	return v;
}

/* Length of the escape at s, or 0 and the fault. What is no escape at all the parser refuses. */
static size_t escape_len(const char *s, size_t n, const char **fault)
{
	int unit = escaped_unit(s, n), low;

	if (unit < 0)
		return n < 2 ? 1 : 2;
	*fault = "a string may not hold the character NUL";
	if (unit == 0)
		return 0;
	if (unit < 0xd800 || unit > 0xdfff)
		return 6;
	*fault = "half of a surrogate pair is no character";
	low = unit < 0xdc00 ? escaped_unit(s + 6, n - 6) : -1;
	return low >= 0xdc00 && low <= 0xdfff ? 12 : 0;
}

const char *bytes_fault(const char *bytes, size_t len, size_t *offset)
{
	const char *fault = NULL;

	*offset = 0;
	if (len >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0)
		return "a byte order mark comes first; save the document without it";
	for (size_t i = plain_run(bytes, len); i < len; i += plain_run(bytes + i, len - i)) {
		bool escape = bytes[i] == '\\';
		size_t n = escape ? escape_len(bytes + i, len - i, &fault)
				  : utf8_char(bytes + i, len - i);

		if (n == 0) {
			*offset = i;
			return escape ? fault : "this is not UTF-8";
		}
		i += n;
	}
	return NULL;
}
