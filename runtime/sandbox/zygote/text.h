/* SPDX-License-Identifier: Apache-2.0 */
/* text.h - the mapped files that a copy runs. */
#pragma once

/* text_share: fork copies no page tables of files that are mapped unwritten: each copy would find its text again, fault by fault.
 * One page of each large such mapping that is ours makes it copy them; of the small ones that costs more than it gives. 0, also
 * where the host forbids it, and it stays slow; -1 with errno. */
int text_share(void);
