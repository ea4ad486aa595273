/* SPDX-License-Identifier: Apache-2.0 */
/* nft.h - the one set of nf_tables rules that we need, as the kernel is told of it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define NFT_BATCH_MAX 2048

/* nft_redirect: the bytes of a batch (nfnetlink) that makes this process's network namespace send every TCP connection that
 * begins there to that port of its own loopback; those to the loopback itself and to port 53 go where they are meant for.
 * Returns how many. Source: linux/netfilter/nf_tables.h. */
size_t nft_redirect(uint16_t port, unsigned char ret[NFT_BATCH_MAX]);
