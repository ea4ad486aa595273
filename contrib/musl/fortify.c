/* SPDX-License-Identifier: Apache-2.0 */
/* fortify.c - the checked functions that Debian's static libyajl calls and musl does not have.
 * glibc's _FORTIFY_SOURCE turns memcpy and friends into calls that carry the size of the
 * destination; these honour it: an overflow ends the program. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void *__memcpy_chk(void *dst, const void *src, size_t n, size_t room);
int __snprintf_chk(char *dst, size_t n, int flag, size_t room, const char *fmt, ...);
int __sprintf_chk(char *dst, int flag, size_t room, const char *fmt, ...);

void *__memcpy_chk(void *dst, const void *src, size_t n, size_t room)
{
	if (n > room)
		abort();
	return memcpy(dst, src, n);
}

int __snprintf_chk(char *dst, size_t n, int flag, size_t room, const char *fmt, ...)
{
	va_list ap;
	int len;

	(void)flag;
	if (n > room)
		abort();
	va_start(ap, fmt);
	len = vsnprintf(dst, n, fmt, ap);
	va_end(ap);
	return len;
}

int __sprintf_chk(char *dst, int flag, size_t room, const char *fmt, ...)
{
	va_list ap;
	int len;

	(void)flag;
	va_start(ap, fmt);
	len = vsnprintf(dst, room, fmt, ap);
	va_end(ap);
	if (len < 0 || (size_t)len >= room)
		abort();
	return len;
}
