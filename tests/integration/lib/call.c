/* SPDX-License-Identifier: Apache-2.0 */
/* call.c - makes one system call by number and prints what it returned: call NR [ARGUMENT]…
 *
 * An argument is a number, @TEXT for a pointer to the text, or :N for a pointer to N zeroed bytes, which are printed in
 * hexadecimal afterwards. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARGS_MAX 6
#define ROOM_MAX 256

int main(int argc, char **argv)
{
	static unsigned char room[ROOM_MAX];
	long args[ARGS_MAX] = { 0 }, result;
	size_t shown = 0;

	if (argc < 2 || argc > 2 + ARGS_MAX)
		return 2;
	for (int i = 2; i < argc; i++) {
		if (argv[i][0] == '@')
			args[i - 2] = (long)(argv[i] + 1);
		else if (argv[i][0] == ':') {
			shown = strtoul(argv[i] + 1, NULL, 10) % (ROOM_MAX + 1);
			args[i - 2] = (long)room;
		} else
			args[i - 2] = (long)strtoul(argv[i], NULL, 0);
	}
	result = syscall(strtol(argv[1], NULL, 10), args[0], args[1], args[2], args[3], args[4],
			 args[5]);
	printf("%ld %d", result, result < 0 ? errno : 0);
	for (size_t i = 0; i < shown; i++)
		printf("%s%02x", i ? "" : " ", room[i]);
	printf("\n");
	return 0;
}
