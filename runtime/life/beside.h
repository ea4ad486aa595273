/* SPDX-License-Identifier: Apache-2.0 */
/* beside.h - processes of ours that run beside a container, outside of it, and outlive us where it does. */
#pragma once

#include <sys/types.h>

/* beside_clone: as fork; not a child whose end would be told by a signal: who runs a container waits for that of its payload.
 * pidfd may be NULL. */
pid_t beside_clone(int *pidfd);
/* beside_begin: in it, first: a session of its own, in "/", with that name (NULL: the one it has). beside_stand_alone: 0, 1 and 2 are
 * /dev/null, and keep is 3. beside_close: likewise, and all from first on is closed. Negative with errno. */
void beside_begin(const char *name);
int beside_stand_alone(int keep);
int beside_close(unsigned int first);
/* beside_wait: for its end, where it is our child; *pid becomes 0. Its exit status, or 0. */
int beside_wait(pid_t *pid);
