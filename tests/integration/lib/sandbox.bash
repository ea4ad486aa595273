# SPDX-License-Identifier: Apache-2.0
# sandbox.bash - sandboxes for tests: each in an empty directory, and nothing of one outlives its test.
# shellcheck shell=bash

bats_require_minimum_version 1.5.0

setup() {
	mkdir "$BATS_TEST_TMPDIR/here"
	cd "$BATS_TEST_TMPDIR/here" || return
	export SRT_TEST_MARK=$BATS_TEST_TMPDIR
	if declare -F setup_here >/dev/null; then setup_here; fi
}

teardown() {
	eventually no_leftovers || { leftovers; return 1; }
}

# What hangs is a failure, not a hang of the suite.
sandbox() { timeout -k 1 20 "$SRT_BUILD/sandbox-runtime" "$@"; }
srt() { timeout -k 1 20 "$SRT_BUILD/srt" "$@"; }

# leftovers: a line for each process that a sandbox of this test has left, and for each of its mounts.
leftovers() {
	local pid
	grep -F " $BATS_TEST_TMPDIR" /proc/self/mountinfo | sed 's/^/mount: /'
	# shellcheck disable=SC2013 # a pid a word
	for pid in $(grep -lsaF "SANDBOX_TEST=$BATS_TEST_TMPDIR" /proc/[0-9]*/environ | sed 's,/proc/\([0-9]*\)/.*,\1,'); do
		printf 'process: %s %s\n' "$pid" "$(tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline")"
	done
}
no_leftovers() { [ -z "$(leftovers)" ]; }

# eventually COMMAND…: it succeeds within five seconds.
eventually() {
	local i
	for ((i = 0; i < 100; i++)); do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.05
	done
	echo "never came true: $*"
	return 1
}

# in_sandbox STATUS ARGUMENT…: exec ends with that status; $output and $stderr are the program's.
in_sandbox() {
	local wanted=$1
	shift
	run "-$wanted" --separate-stderr sandbox exec --env "SANDBOX_TEST=$BATS_TEST_TMPDIR" "$@" || said
}

# verdict STATUS WORD ARGUMENT…: exec --json-output ends with that exit status and that status word; $json is the document.
verdict() {
	local wanted=$1 word=$2
	shift 2
	in_sandbox "$wanted" --json-output "$@" || return
	json=$output
	[ "$(jq -r .status <<<"$json")" = "$word" ] || said
}
# fact FILTER: something of the document.
fact() { jq -r "$1" <<<"$json"; }

# refused PATTERN ARGUMENT…: exec ends with 125 and one line that matches; the program never ran.
refused() {
	local pattern=$1
	shift
	run --separate-stderr sandbox exec "$@"
	# shellcheck disable=SC2053,SC2154,SC2015 # a pattern it is; bats sets stderr; said fails anyway
	[ "$status" -eq 125 ] && [ -z "$output" ] && [ "$(wc -l <<<"$stderr")" -eq 1 ] && [[ $stderr == $pattern ]] || said
}

said() {
	printf 'status %s\nstdout: %s\nstderr: %s\n' "$status" "$output" "$stderr"
	return 1
}
has() { grep -qxF -- "$1" <<<"$output" || said; }
lacks() { ! grep -qxF -- "$1" <<<"$output" || said; }
