/* SPDX-License-Identifier: Apache-2.0 */
/* varlink.h - one call over a varlink socket (varlink.org): a JSON object with a NUL behind it each way. */
#pragma once

#include "spec/base/err.h"

/* varlink_call: the method with its parameters (a JSON object as text) and one fd beside it (-1: none). 0 where it is answered
 * without an error; ERR_HOST with the service's error name otherwise. Bounded in bytes and time. */
int varlink_call(const char *socket_path, const char *method, const char *parameters, int fd,
		 struct err *err);
