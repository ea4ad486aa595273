/* SPDX-License-Identifier: Apache-2.0 */
/* payload_ids.c - prints its real, effective and saved uid; for the tests of setuid files. */
#include <stdio.h>
#include <sys/types.h>
#include <unistd.h>

int main(void)
{
	uid_t real, effective, saved;

	if (getresuid(&real, &effective, &saved) < 0)
		return 1;
	printf("%u %u %u\n", real, effective, saved);
	return 0;
}
