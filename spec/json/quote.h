/* SPDX-License-Identifier: Apache-2.0 */
/* quote.h - shows a foreign string inside a message: on one line, without control characters, cut
 * where it is long. */
#pragma once

#include <stddef.h>

/* Room for any quote. */
#define QUOTE_MAX 96

/* quote: s in double quotes, escaped as in JSON, cut with an ellipsis, into buf; returns buf. */
const char *quote(const char *s, char buf[QUOTE_MAX]);

/* Q: the quote for the length of the enclosing block. */
#define Q(s) quote((s), (char[QUOTE_MAX]){ 0 })
