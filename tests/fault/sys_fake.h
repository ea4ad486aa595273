/* SPDX-License-Identifier: Apache-2.0 */
/* sys_fake.h - stands in for spec/base/sys.c where every call is to fail once.
 *
 * What needs no privilege is done for real (files in the test's own directory, descriptors,
 * sockets, processes without namespaces); what needs it is pretended: mounts are counted, identities
 * and namespaces change nothing, what is written below /proc is thrown away, and what returns a
 * descriptor returns a real one, so that leaks show in /proc/self/fd. A device that is made or
 * mounted is found where it was put. A child made by sys_clone3 has the same fake; all such children
 * and theirs count together. */
#pragma once

#include <stdbool.h>

/* fake_begin: forgets the past and notes what is open. */
void fake_begin(void);
/* fake_fail_at: the nth call from now of this process fails with errnum (n from 1; 0: none does).
 * fake_fail_child_at: the nth of its children. */
void fake_fail_at(unsigned int n, int errnum);
void fake_fail_child_at(unsigned int n, int errnum);
/* fake_die_at: the process is killed (SIGKILL) in front of the nth call from now. */
void fake_die_at(unsigned int n);
/* fake_scratch: a directory where new file systems get a directory each. */
void fake_scratch(const char *dir);
/* fake_child: the next child runs this and ends, instead of going on where it was cloned; sock is
 * the second end of the socket pair made last, whose first end it does not have. */
void fake_child(void (*fn)(void *ctx, int sock), void *ctx);
/* fake_calls: how many there were since fake_begin; fake_failed: the name of the one that was made
 * to fail, in this process or a child, or NULL where the flow ended before it. */
unsigned int fake_calls(void);
const char *fake_failed(void);
/* fake_fds: how many descriptors more are open than at fake_begin. */
int fake_fds(void);
/* fake_leaks: descriptors, mounts and children more than at fake_begin, in words; NULL where there
 * are none. */
const char *fake_leaks(void);
