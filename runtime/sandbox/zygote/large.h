/* SPDX-License-Identifier: Apache-2.0 */
/* large.h - our memory in large pages of the kernel's, whose entries it copies, and gives back, many at a time. */
#pragma once

/* large_gather: where the kernel has such pages for us, and we have no threads; else it stays as it is. */
void large_gather(void);
