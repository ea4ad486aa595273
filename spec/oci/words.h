/* SPDX-License-Identifier: Apache-2.0 */
/* words.h - the specification's words and their kernel values: one table per enumeration. */
#pragma once

#include "spec/base/names.h"

extern const struct name
	word_namespaces[]; /* "mount" → CLONE_NEWNS … ("network", "cgroup", "time" …) */
extern const struct name word_capabilities[]; /* "CAP_CHOWN" → 0 … */
extern const struct name word_rlimits[]; /* "RLIMIT_CORE" → RLIMIT_CORE … */
extern const struct name word_signals[]; /* "HUP" → 1 …; without "SIG" */
extern const struct name word_seccomp_actions[]; /* "SCMP_ACT_ERRNO" → SECCOMP_RET_ERRNO … */
extern const struct name word_seccomp_archs[]; /* "SCMP_ARCH_X86_64" → AUDIT_ARCH_X86_64 … */
extern const struct name word_seccomp_ops[];
extern const struct name word_seccomp_flags[];
extern const struct name word_sched_policies[];
extern const struct name word_sched_flags[];
extern const struct name word_io_classes[];
extern const struct name word_mpol_modes[];
extern const struct name word_mpol_flags[];
extern const struct name word_propagations[]; /* rootfsPropagation */
extern const struct name word_personalities[];
extern const struct name word_network_modes[]; /* "filtered" → NETWORK_FILTERED … */
extern const struct name word_device_types[];
extern const struct name word_device_cgroup_types[]; /* "a", "b", "c" */

/* word_signal: "9", "KILL", "SIGKILL", "SIGRTMIN+1" in any case → number 1…64, or -1; "0" → 0, which asks whether
 * there is somebody (kill(2)). */
int word_signal(const char *word);
