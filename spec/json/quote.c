/* SPDX-License-Identifier: Apache-2.0 */
/* quote.c - strings of a document as messages show them. */
#include "spec/json/quote.h"

#include <stdio.h>
#include <string.h>

#include "spec/json/utf8.h"

/* What still has to fit behind a piece: an ellipsis of three bytes, the quote and the NUL. */
#define TAIL 5
/* The longest piece: \u001b. */
#define PIECE 6

/* One character of s as it is shown, into piece; how many bytes of s it took. */
static size_t piece_of(const char *s, size_t left, char piece[PIECE + 1])
{
	size_t n = utf8_char(s, left);

	if (n == 0) {
		memcpy(piece, "\xef\xbf\xbd", 4);
		return 1;
	}
	if ((unsigned char)*s < 0x20 || *s == 0x7f)
		(void)snprintf(piece, PIECE + 1, "\\u%04x", (unsigned int)(unsigned char)*s);
	else if (*s == '"' || *s == '\\')
		(void)snprintf(piece, PIECE + 1, "\\%c", *s);
	else
		(void)snprintf(piece, PIECE + 1, "%.*s", (int)n, s);
	return n;
}

const char *quote(const char *s, char buf[QUOTE_MAX])
{
	size_t left = strlen(s), len = 0;

	buf[len++] = '"';
	while (left) {
		char piece[PIECE + 1];
		size_t took = piece_of(s, left, piece), n = strlen(piece);

		if (len + n + TAIL > QUOTE_MAX) {
			memcpy(buf + len, "\xe2\x80\xa6", 3);
			len += 3;
			break;
		}
		memcpy(buf + len, piece, n);
		len += n;
		s += took;
		left -= took;
	}
	buf[len++] = '"';
	buf[len] = '\0';
	return buf;
}
