/* SPDX-License-Identifier: Apache-2.0 */
/* main.c - the program srt-oci, alone so that tests can link all the rest. */
#include "runtime/cli/cli.h"

int main(int argc, char **argv)
{
	(void)argc;
	return cli_main((const char *const *)argv);
}
