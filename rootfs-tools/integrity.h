/* SPDX-License-Identifier: Apache-2.0 */
/* integrity.h - the digest by which npm knows a tarball. (W3C Subresource Integrity, 3.5) */
#pragma once

#include <stdbool.h>

#include "rootfs-tools/pulse.h"
#include "rootfs-tools/sha256.h"
#include "spec/base/err.h"

#define INTEGRITY_WORD "sha512-"
#define INTEGRITY_BASE64 88

struct integrity {
	char text[sizeof(INTEGRITY_WORD) +
		  INTEGRITY_BASE64]; /* "sha512-" and the digest in base64 */
	char hex[2 * SHA512_BYTES + 1];
};

/* integrity_of: of all bytes of the file fd, whose name is for messages. */
int integrity_of(int fd, const char *name, const struct pulse *pulse, struct integrity *ret,
		 struct err *err);
/* integrity_is: the text has the form. */
bool integrity_is(const char *text);
