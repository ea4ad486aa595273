/* SPDX-License-Identifier: Apache-2.0 */
/* audit.h - the AUDIT_ARCH_x of this program's own calls, as a filter and its listener see it; 0 where we do not know it. */
#pragma once

#include <linux/audit.h>

#if defined(__x86_64__)
#define AUDIT_NATIVE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define AUDIT_NATIVE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define AUDIT_NATIVE AUDIT_ARCH_RISCV64
#else
#define AUDIT_NATIVE 0
#endif
