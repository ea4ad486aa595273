/* SPDX-License-Identifier: Apache-2.0 */
/* owner.c - looks a uid up without the C library's name services, which a static program cannot
 * load. */
#include "runtime/cli/owner.h"

#include <fcntl.h>

#include "spec/base/fd.h"
#include "spec/base/str.h"

#define PASSWD_MAX (4u << 20)

const char *owner_in(struct arena *a, const char *passwd, uint32_t uid)
{
	const char *line = passwd;

	for (; *line; line += strcspn(line, "\n"), line += *line == '\n') {
		size_t name = strcspn(line, ":\n"), word, id;
		uint64_t found;
		struct err ignored;

		if (line[name] != ':')
			continue;
		word = strcspn(line + name + 1, ":\n");
		if (line[name + 1 + word] != ':')
			continue;
		id = strcspn(line + name + word + 2, ":\n");
		if (str_u64(arena_strn(a, line + name + word + 2, id), 10, UINT32_MAX, &found,
			    &ignored) == 0 &&
		    found == uid && name > 0)
			return arena_strn(a, line, name);
	}
	return NULL;
}

const char *owner_name(struct arena *a, uint32_t uid)
{
	const char *name = NULL;
	struct err ignored; /* no such file is no such name */
	size_t len;
	char *text;

	if (file_read(AT_FDCWD, "/etc/passwd", PASSWD_MAX, a, &text, &len, &ignored) >= 0)
		name = owner_in(a, text, uid);
	return name ? name : arena_printf(a, "#%u", uid);
}
