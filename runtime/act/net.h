/* SPDX-License-Identifier: Apache-2.0 */
/* net.h - a network device of the runtime's namespace becomes one of the container's. */
#pragma once

#include "runtime/act/act.h"

/* net_device_move: the device op->path, with its global permanent addresses, into the network namespace of inner (a netlink
 * socket there), as op->text ("eth%d": the first free number), and up. Its index there and whether it was up are kept
 * in plan.held. A name that is
 * taken inside is refused before anything is done. Source: config-linux.md#network-devices. */
int net_device_move(struct act *x, const struct op *op, int inner, struct err *err);
/* net_devices_return: those that were moved go back, where the start has failed. */
void net_devices_return(struct act *x, int inner);
