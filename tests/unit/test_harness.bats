# SPDX-License-Identifier: Apache-2.0
# test_harness.bats - the runner of all other tests counts right and never passes by silence.

bats_require_minimum_version 1.5.0

setup() {
	runner=$SRT_TOP/tests/lib/tap-run
	cd "${TMPDIR:?is set by tap-run}" || return
}

# program TEXT…: a program that prints the lines, then runs $ending.
program() {
	{ echo '#!/bin/sh'; printf "echo '%s'\n" "$@"; echo "${ending-:}"; } >p
	chmod +x p
}

run_it() {
	# shellcheck disable=SC2154
	run "$runner" --suite s "$@" ./p
}

last() { [ "${lines[-1]}" = "$1" ]; }

@test "counts passed and skipped tests" {
	program 1..3 'ok 1 - a' 'ok 2 - b # SKIP no such thing' 'ok 3'
	run_it
	[ "$status" -eq 0 ]
	last '2 passed, 0 failed, 1 skipped'
	[[ $output == *'skipped 1: no such thing (s: ./p)'* ]]
}

@test "a failed test fails the run and shows what it said" {
	program 1..2 'ok 1 - a' 'not ok 2 - b' '# because'
	ending='exit 1'
	run_it
	[ "$status" -eq 1 ]
	last '1 passed, 1 failed, 0 skipped'
	[[ $output == *'# because'* ]]
}

@test "a status other than 0 after passed tests is a failure" {
	ending='exit 3'
	program 1..1 'ok 1'
	run_it
	[ "$status" -eq 1 ]
	last '1 passed, 1 failed, 0 skipped'
}

@test "a plan that does not fit is a failure" {
	program 1..2 'ok 1'
	run_it
	[ "$status" -eq 1 ]
	[[ $output == *'planned 2 tests but ran 1'* ]]
}

@test "saying nothing is a failure" {
	ending=:
	program ''
	run_it
	[ "$status" -eq 1 ]
	last '0 passed, 1 failed, 0 skipped'
}

@test "nothing but skips is a failure of the run" {
	program '1..0 # SKIP not here'
	run_it
	[ "$status" -eq 1 ]
	last '0 passed, 0 failed, 1 skipped'
}

@test "a bail-out is a failure" {
	program 1..1 'ok 1' 'Bail out! the kernel is gone'
	run_it
	[ "$status" -eq 1 ]
	[[ $output == *'bailed out'* ]]
}

@test "a signal is a failure" {
	ending='kill -SEGV $$'
	program 1..1 'ok 1'
	run_it
	[ "$status" -eq 1 ]
	[[ $output == *'killed by signal 11'* ]]
}

@test "a program that hangs is ended with its children" {
	ending='sleep 98765 & echo $! >child; setsid sleep 98765 & echo $! >grandchild; wait'
	program 1..1 'ok 1'
	run_it --timeout 1
	[ "$status" -eq 1 ]
	[[ $output == *'timed out after 1 s'* ]]
	for pid in child grandchild; do
		run ! kill -0 "$(cat $pid)"
	done
}

@test "an empty list of programs is a failure" {
	run "$runner" --suite s
	[ "$status" -eq 1 ]
	last '0 passed, 0 failed, 0 skipped'
}

@test "several plans in one program add up" {
	program 1..1 'ok 1' 1..2 'ok 1' 'ok 2'
	run_it
	[ "$status" -eq 0 ]
	last '3 passed, 0 failed, 0 skipped'
}

@test "the ordinary user's half has no root" {
	# The program's own shell expands it.
	# shellcheck disable=SC2016
	ending='echo 1..1; [ "$(id -u)" != 0 ] && echo "ok 1"'
	printf '#!/bin/sh\n%s\n' "$ending" >p
	chmod 755 p
	chmod 711 . ..
	run "$runner" --suite s --as user ./p
	[ "$status" -eq 0 ]
	last '1 passed, 0 failed, 0 skipped'
}

@test "the root half is skipped, not passed, where the caller is not root" {
	[ "$(id -u)" -ne 0 ] || skip 'the caller is root'
	program 1..1 'ok 1'
	run "$runner" --suite s --as root ./p
	last '0 passed, 0 failed, 1 skipped'
	[[ $output == *'the caller is not root'* ]]
}
