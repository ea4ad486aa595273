/* SPDX-License-Identifier: Apache-2.0 */
/* parcel.h - one byte and the descriptor that comes with it, over a SEQPACKET socket. */
#pragma once

#include <stdint.h>

/* parcel_take: what has come by now, without waiting: 1 and *number with *fd (-1: none came, or none could be had); 0 at the
 * end; -1 with errno, EAGAIN where nothing is there. parcel_send: without waiting; 0 or -1 with errno. The fd stays the
 * sender's. */
int parcel_take(int from, uint8_t *number, int *fd);
int parcel_send(int to, uint8_t number, int fd);
