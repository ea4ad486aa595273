/* SPDX-License-Identifier: Apache-2.0 */
/* pause.c - the payload that waits until it is killed; as a namespace's first process too. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static void leave(int sig)
{
	(void)sig;
	_exit(0);
}

int main(void)
{
	struct sigaction sa = { .sa_handler = leave };

	if (sigaction(SIGTERM, &sa, NULL) < 0)
		return EXIT_FAILURE;
	for (;;)
		(void)pause();
}
