/* SPDX-License-Identifier: Apache-2.0 */
/* sys_fake.h - stands in for spec/base/sys.c where every call is to fail once.
 *
 * What needs no privilege is done for real (files in the test's own directory, descriptors,
 * sockets, processes without namespaces); what needs it is pretended: mounts are counted, identities
 * and namespaces change nothing, and what returns a descriptor returns a real one, so that leaks
 * show in /proc/self/fd. A child made by sys_clone3 has the same fake and its own count of calls. */
#pragma once

#include <stdbool.h>

/* fake_begin: forgets the past and notes what is open. */
void fake_begin(void);
/* fake_fail_at: the nth call from now fails with errnum (n from 1; 0: none does). */
void fake_fail_at(unsigned int n, int errnum);
/* fake_die_at: the process is killed (SIGKILL) in front of the nth call from now. */
void fake_die_at(unsigned int n);
/* fake_calls: how many there were since fake_begin; fake_failed: the name of the one that was made
 * to fail, or NULL where the flow ended before it. */
unsigned int fake_calls(void);
const char *fake_failed(void);
/* fake_leaks: descriptors, mounts and children more than at fake_begin, in words; NULL where there
 * are none. */
const char *fake_leaks(void);
