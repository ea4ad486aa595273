# SPDX-License-Identifier: Apache-2.0
# crash.bats - SIGKILL of srt-oci at each of its system calls leaves nothing that delete --force cannot remove.
# Filters and the scripts of payloads expand what they are given themselves; each test is a subshell of its own.
# shellcheck disable=SC2015,SC2016,SC2030,SC2031,SC2154

load lib/container

# traced WORD… -- COMMAND…: srt-oci alone, not what it starts, under strace with those options; sets status.
traced() {
	local options=()
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	status=0
	timeout -k 1 10 strace -qq "${options[@]}" "$SRT_OCI" --root "$state" "$@" >out 2>err 3>&- </dev/null || status=$?
}

# moments COMMAND…: a line NAME NUMBER for each of its system calls that does something that can be seen from outside; that
# so-manyth call of that name. What only looks at or changes the process itself leaves the world as it was.
QUIET='mmap|munmap|brk|mprotect|mremap|madvise|read|pread64|lseek|f?stat|lstat|newfstatat|statx|fstatfs|statfs|close|fcntl|dup3?|arch_prctl'
QUIET+='|set_tid_address|set_robust_list|rseq|prlimit64|getrandom|get[a-z]*id|getcwd|readlink(at)?|rt_sig[a-z]*|uname|capget|clock_[a-z_]*|access|exit_group|writev'
moments() {
	traced -o calls -- "$@"
	[ "$status" -eq 0 ] || { cat err; return 1; }
	sed -n 's/^\([a-z_0-9]*\)(.*/\1/p' calls | awk -v quiet="^($QUIET)\$" '{ n[$1]++ } $1 !~ quiet { print $1, n[$1] }' >moments
	[ "$(wc -l <moments)" -ge 5 ]
}

# gone: delete --force makes an end of it, in whatever state it was.
gone() {
	srt delete --force x || { echo "delete --force after a kill at $1: $(cat err)"; return 1; }
	eventually no_leftovers || { echo "after a kill at $1:"; leftovers; return 1; }
}

# at_each_call BEFORE COMMAND…: kills at every such call. BEFORE runs first each time.
at_each_call() {
	local before=$1 killed=0
	shift
	made # so that the directory of the states is there each time
	srt delete --force x
	$before
	moments "$@"
	srt delete --force x
	while read -r name n; do
		$before
		traced -o /dev/null -e "trace=$name" -e "inject=$name:signal=KILL:when=$n" -- "$@"
		[ "$status" -ne 137 ] || killed=$((killed + 1))
		gone "$name $n"
	done <moments 2>killed.err # bash tells of each that was killed
	# Runs differ a little; but nearly all of them were killed.
	echo "$killed of $(wc -l <moments)"
	[ "$killed" -ge $(($(wc -l <moments) * 8 / 10)) ]
}

made() { srt create -b b x >out 2>err 3>&-; }
ran() { srt run -d -b b x >out 2>err 3>&-; }
ended() { ran && srt kill x KILL && eventually has_status x stopped; }

@test "create" {
	bundle b "$SLEEP"
	at_each_call : create -b b --pid-file pid x
	[ "$(find . -name 'pid.*' | wc -l)" -le 3 ]
}

@test "run --detach" {
	bundle b "$SLEEP"
	at_each_call : run -d -b b x
}

@test "run in the foreground" {
	bundle b 'exit 0'
	at_each_call : run -b b x
}

@test "start" {
	bundle b "$SLEEP"
	at_each_call made start x
}

@test "delete" {
	bundle b "$SLEEP"
	at_each_call ended delete x
}

@test "delete --force" {
	bundle b "$SLEEP"
	at_each_call ran delete --force x
}

@test "any process of a start, at a moment of chance" {
	bundle b "$SLEEP" '.hooks = {createRuntime: [{path: "/bin/true"}], createContainer: [{path: "/bin/true"}]}'
	for ((n = 0; n < 60; n++)); do
		"$SRT_OCI" --root "$state" create -b b x >out 2>err 3>&- &
		runner=$!
		sleep "0.00$((RANDOM % 10))$((RANDOM % 10))"
		kill -KILL $runner 2>/dev/null || :
		wait $runner || :
		srt delete --force x
		eventually no_leftovers || { leftovers; return 1; }
	done
}
