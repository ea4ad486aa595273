/* SPDX-License-Identifier: Apache-2.0 */
/* config_seccomp.c - table of "linux.seccomp" (config-linux.md#seccomp). */
#include "spec/oci/config.h"
#include "spec/oci/tables.h"
#include "spec/oci/words.h"

static const struct bind_row arg_rows[] = {
	ROW(seccomp_arg, index, "index", UINT, REQUIRED, "which argument, from 0", RANGE_U32),
	ROW(seccomp_arg, value, "value", UINT, REQUIRED, "what it is compared with"),
	ROW(seccomp_arg, value_two, "valueTwo", UINT, 0,
	    "for SCMP_CMP_MASKED_EQ: what the masked argument must be"),
	ROW(seccomp_arg, op, "op", WORD, REQUIRED, "comparison", .words = word_seccomp_ops),
};
static const struct bind_table arg_table = TABLE(seccomp_arg, arg_rows);

static const struct bind_row syscall_rows[] = {
	ROW(seccomp_syscall, names, "names", STRINGS, REQUIRED | NONEMPTY, "system calls"),
	ROW(seccomp_syscall, action, "action", WORD, REQUIRED, "what happens to them",
	    .words = word_seccomp_actions),
	ROW(seccomp_syscall, errno_ret, "errnoRet", OPT_UINT, 0,
	    "error number of SCMP_ACT_ERRNO, message of SCMP_ACT_TRACE; absent: EPERM", RANGE_U32),
	ROW_LIST(seccomp_syscall, args, "args", arg_table, 0, "only where all of these hold"),
};
static const struct bind_table syscall_table = TABLE(seccomp_syscall, syscall_rows);

static const struct bind_row seccomp_rows[] = {
	ROW(seccomp, default_action, "defaultAction", WORD, REQUIRED,
	    "what happens to system calls that no entry names", .words = word_seccomp_actions),
	ROW(seccomp, default_errno_ret, "defaultErrnoRet", OPT_UINT, 0,
	    "error number of the default action", RANGE_U32),
	ROW(seccomp, architectures, "architectures", STRINGS, 0,
	    "whose system calls the filter knows, beside the host's own",
	    .words = word_seccomp_archs),
	ROW(seccomp, flags, "flags", WORDS, 0, "flags of seccomp(2)", .words = word_seccomp_flags,
	    PRESENT(seccomp, flags_set)),
	ROW(seccomp, listener_path, "listenerPath", STR, 0,
	    "socket that gets the notification descriptor"),
	ROW(seccomp, listener_metadata, "listenerMetadata", STR, 0,
	    "passed to the listener as it is"),
	ROW_LIST(seccomp, syscalls, "syscalls", syscall_table, 0,
		 "entries, the first match counts"),
};
const struct bind_table seccomp_table = TABLE(seccomp, seccomp_rows);
