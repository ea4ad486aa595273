/* SPDX-License-Identifier: Apache-2.0 */
/* bytes.h - what a JSON document may not hold whatever its structure: the look before the parser.
 *
 * yajl takes these in silence, and once read past its buffer for half a surrogate pair
 * (CVE-2017-16516). */
#pragma once

#include <stddef.h>

/* bytes_fault: the first fault, in words, and its offset: a byte order mark, bytes that are not
 * UTF-8, an escaped NUL, half of a surrogate pair. NULL: none. */
const char *bytes_fault(const char *bytes, size_t len, size_t *offset);
