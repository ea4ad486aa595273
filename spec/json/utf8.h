/* SPDX-License-Identifier: Apache-2.0 */
/* utf8.h - well-formed UTF-8, one character at a time. */
#pragma once

#include <stddef.h>

/* utf8_char: bytes (1 to 4) of the well-formed character that begins at s, of which n bytes are
 * there; 0 if none does. Overlong forms, surrogates and what lies beyond U+10FFFF are not well
 * formed (RFC 3629). */
size_t utf8_char(const char *s, size_t n);
