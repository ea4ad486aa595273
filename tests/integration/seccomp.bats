# SPDX-License-Identifier: Apache-2.0
# seccomp.bats - filters as the payload's system calls meet them.
# Filters and the scripts of payloads expand what they are given themselves; each test is a subshell of its own.
# shellcheck disable=SC2015,SC2016,SC2030,SC2031,SC2154

load lib/container

setup_here_file() {
	cc -O1 -static -o "$BATS_FILE_TMPDIR/rootfs/bin/call" "$SRT_TOP/tests/integration/lib/call.c"
	[ "$(uname -m)" = x86_64 ] || { echo 'the numbers of system calls here are those of x86_64'; return 1; }
}

# filter RULES [TOP]: a jq filter that allows all but what the rules say.
filter() { printf '.linux.seccomp = ({defaultAction: "SCMP_ACT_ALLOW", architectures: ["SCMP_ARCH_X86_64"], syscalls: %s} + %s)' "$1" "${2:-{\}}"; }

@test "a refused call gets its errno, the default EPERM, and others are let through" {
	inside 'call 63 0; call 170 @x 1; call 39' "$(filter '[{names: ["uname"], action: "SCMP_ACT_ERRNO", errnoRet: 77},
		{names: ["sethostname"], action: "SCMP_ACT_ERRNO"}]')"
	[ "${lines[0]}" = '-1 77' ]
	[ "${lines[1]}" = '-1 1' ]
	[[ ${lines[2]} =~ ^[0-9]+\ 0$ ]]
}

@test "a default action of refusal with its own errno" {
	allowed=$(jq -nc '["read", "write", "close", "fstat", "newfstatat", "mmap", "mprotect", "munmap", "brk", "arch_prctl", "set_tid_address",
		"set_robust_list", "rseq", "prlimit64", "getrandom", "readlink", "readlinkat", "exit_group", "execve", "ioctl", "rt_sigprocmask",
		"rt_sigaction", "uname"]')
	# Of the runtime's own calls only execve comes after the filter.
	bundle b : '.process.args = ["/bin/call", "39"] | .linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO", defaultErrnoRet: 88,
		syscalls: [{names: '"$allowed"', action: "SCMP_ACT_ALLOW"}]}'
	run_inside
	[ "$output" = '-1 88' ]
}

@test "a filter under which nothing can be told and nobody can end is told of, and ends" {
	for calls in '["execve"]' '["execve", "exit_group"]' '["execve", "exit_group", "exit", "sendmsg", "write"]'; do
		bundle b 'echo ran' "$(filter "[{names: $calls, action: \"SCMP_ACT_ERRNO\"}]")"
		run --separate-stderr timeout 20 "$SRT_OCI" --root "$state" run -b b x
		[ "$status" -eq 126 ] && [ -z "$output" ] && [[ $stderr == *'exec: "/bin/sh": permission denied' ]] || said
		eventually no_leftovers || { leftovers; false; }
	done
}

@test "operators on arguments" {
	# personality: each rule refuses by its own errno, and only what fits.
	while read -r op value two fits fails; do
		inside "call 135 $fits; call 135 $fails" "$(filter "[{names: [\"personality\"], action: \"SCMP_ACT_ERRNO\", errnoRet: 66,
			args: [{index: 0, value: $value, valueTwo: $two, op: \"$op\"}]}]")"
		[ "${lines[0]}" = '-1 66' ] || said
		[ "${lines[1]}" != '-1 66' ] || said
	done <<-'LIST'
		SCMP_CMP_EQ 8 0 8 0
		SCMP_CMP_NE 0 0 8 0
		SCMP_CMP_LT 8 0 0 8
		SCMP_CMP_LE 7 0 0 8
		SCMP_CMP_GT 7 0 8 0
		SCMP_CMP_GE 8 0 8 0
		SCMP_CMP_MASKED_EQ 8 8 0x20008 0
	LIST
}

@test "all arguments of one rule must fit" {
	inside 'call 140 1 2; call 140 1 3; call 140 0 2' "$(filter '[{names: ["getpriority"], action: "SCMP_ACT_ERRNO", errnoRet: 66,
		args: [{index: 0, value: 1, op: "SCMP_CMP_EQ"}, {index: 1, value: 2, op: "SCMP_CMP_EQ"}]}]')"
	[ "${lines[0]}" = '-1 66' ]
	[ "${lines[1]}" != '-1 66' ]
	[ "${lines[2]}" != '-1 66' ]
}

@test "a fatal call ends the process with SIGSYS" {
	for action in SCMP_ACT_KILL SCMP_ACT_KILL_PROCESS SCMP_ACT_KILL_THREAD SCMP_ACT_TRAP; do
		bundle b 'call 135 0; echo "status $?"; echo on' "$(filter "[{names: [\"personality\"], action: \"$action\"}]")"
		run --separate-stderr srt run -b b x
		[ "$status" -eq 0 ]
		[[ $output == *$'status 159\non' ]] || said
	done
}

@test "a logged call is let through" {
	inside 'call 39; grep Seccomp: /proc/self/status' "$(filter '[{names: ["getpid"], action: "SCMP_ACT_LOG"}]')"
	[[ ${lines[0]} =~ ^[0-9]+\ 0$ ]]
	[ "${lines[1]}" = $'Seccomp:\t2' ]
}

@test "unknown calls are ignored, unknown architectures refused" {
	inside 'call 63 0' "$(filter '[{names: ["uname", "no_such_call"], action: "SCMP_ACT_ERRNO", errnoRet: 77}]')"
	[ "$output" = '-1 77' ]
	refused_inside '*/linux/seccomp/architectures*NOSUCH*' "$(filter '[]' '{architectures: ["SCMP_ARCH_NOSUCH"]}')"
}

@test "an architecture that is not listed is ended, a listed one filtered" {
	printf 'int main(void){int r;__asm__ volatile("int $0x80":"=a"(r):"a"(122),"b"(0));return r==-77?7:r==-14?14:1;}' |
		cc -O1 -static -x c -o other -
	rootfs b/rootfs
	cp other b/rootfs/bin/other
	bundle b '/bin/other; echo "status $?"' "$(filter '[{names: ["uname"], action: "SCMP_ACT_ERRNO", errnoRet: 77}]' \
		'{architectures: ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86"]}')"
	"$PWD/other" || native=$?
	[ "$native" -eq 14 ] || skip 'this kernel has no calls of i386'
	run_inside
	[ "$output" = 'status 7' ]
	bundle b '/bin/other; echo "status $?"' "$(filter '[{names: ["uname"], action: "SCMP_ACT_ERRNO", errnoRet: 77}]')"
	run --separate-stderr srt run -b b x
	[[ $output == *'status 159' ]] || said
}

@test "flags" {
	inside 'call 63 0' "$(filter '[{names: ["uname"], action: "SCMP_ACT_ERRNO", errnoRet: 77}]' \
		'{flags: ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC"]}')"
	[ "$output" = '-1 77' ]
	refused_inside '*/linux/seccomp/flags*NOSUCH*' "$(filter '[]' '{flags: ["SECCOMP_FILTER_FLAG_NOSUCH"]}')"
}

@test "a filter without no_new_privs" {
	inside 'call 63 0; grep NoNewPrivs /proc/self/status' "$(filter '[{names: ["uname"], action: "SCMP_ACT_ERRNO", errnoRet: 77}]') |
		.process.noNewPrivileges = false"
	[ "$output" = $'-1 77\nNoNewPrivs:\t0' ]
}

listen='{listenerPath: $sock, listenerMetadata: "meta"}'

@test "the listener gets the calls and the container's state" {
	"$SRT_TOP/tests/integration/lib/receiver" sock seccomp 2 >got 2>&1 3>&- &
	receiver=$!
	eventually test -S sock
	inside 'call 135 0; call 135 0' "$(filter '[{names: ["personality"], action: "SCMP_ACT_NOTIFY"}]' "$listen")" --arg sock "$PWD/sock"
	wait $receiver
	[ "$output" = $'-1 99\n-1 99' ] || { cat got; said; }
	[ "$(sed -n 1p got)" = 'fds 1' ]
	[ "$(sed -n 2p got | jq -r '.metadata + " " + .state.id + " " + (.fds | join(","))')" = 'meta x seccompFd' ]
	[ "$(sed -n 2p got | jq '.pid == .state.pid and .pid > 1')" = true ]
	[ "$(sed -n 3p got)" = 'notified 135' ]
}

@test "the listener of a created container" {
	"$SRT_TOP/tests/integration/lib/receiver" sock seccomp 1 >got 2>&1 3>&- &
	receiver=$!
	eventually test -S sock
	bundle b 'call 135 0' "$(filter '[{names: ["personality"], action: "SCMP_ACT_NOTIFY"}]' "$listen")" --arg sock "$PWD/sock"
	srt create -b b x >out 2>&1 3>&-
	srt start x
	wait $receiver
	eventually file_has out '-1 99'
}

@test "a listener that is not there fails the start, and leaves nothing" {
	refused_inside '*/linux/seccomp/listenerPath*/no/such*' "$(filter '[{names: ["personality"], action: "SCMP_ACT_NOTIFY"}]' \
		'{listenerPath: "/no/such"}')"
	refused_inside '*/linux/seccomp*listenerPath*' "$(filter '[{names: ["personality"], action: "SCMP_ACT_NOTIFY"}]')"
}

@test "what the listener is handed over by cannot be notified of" {
	refused_inside '*/linux/seccomp/syscalls/0/names/0*sendmsg*' "$(filter '[{names: ["sendmsg"], action: "SCMP_ACT_NOTIFY"}]' \
		'{listenerPath: "/no/such"}')"
}

@test "a filter under which nothing can run is an end, no hang" {
	bundle b : '.linux.seccomp = {defaultAction: "SCMP_ACT_ERRNO", syscalls: [{names: ["read"], action: "SCMP_ACT_ALLOW"}]}'
	run --separate-stderr srt run -b b x
	[ "$status" -ne 0 ] && [ "$status" -ne 124 ] && [ "$status" -ne 137 ] || said
	eventually no_leftovers
}
