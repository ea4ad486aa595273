/* SPDX-License-Identifier: Apache-2.0 */
/* cli.h - the whole program behind main(). */
#pragma once

/* cli_main: runs the command line (argv[0] is the program's name; NULL-terminated) and returns the
 * exit status. On failure exactly one line goes to standard error and, with --log, exactly one
 * record to the log. */
int cli_main(const char *const *argv);
