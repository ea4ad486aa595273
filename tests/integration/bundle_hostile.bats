# SPDX-License-Identifier: Apache-2.0
# bundle_hostile.bats - archives and images that attack whoever unpacks them; lib/hostile.py holds the table.

bats_require_minimum_version 1.5.0

setup() {
	bundle=$SRT_BUILD/srt-oci-bundle
	cd "$BATS_TEST_TMPDIR" || return
}

@test "every attack of the table gets its verdict and changes nothing" {
	# All formats of each case where the long half is run; else one, and every other case for each caller.
	[ -n "${SRT_LONG-}" ] || export HOSTILE_QUICK=$((1 + ($(id -u) == 0)))
	work=$(mktemp -d /dev/shm/srt-hostile.XXXXXX)
	run python3 "$SRT_TOP/tests/integration/lib/hostile.py" "$bundle" "$work"
	rm -rf "$work"
	echo "$output"
	[ "$status" -eq 0 ]
	[[ ${lines[-1]} =~ ^([0-9]+)\ cases,\ ([0-9]+)\ archives,\ 0\ failures$ ]]
	[ "${BASH_REMATCH[1]}" -ge "$([ -n "${SRT_LONG-}" ] && echo 150 || echo 70)" ]
}

@test "the reader can open nothing, and is killed if it tries" {
	printf 'x' >canary
	tar -cf a.tar canary
	strace -f -qq -o trace "$bundle" build a.tar --arg=/x -q -o ./out
	# After the filter is loaded the child that holds the archive only reads, writes and allocates.
	reader=$(awk '/seccomp\(SECCOMP_SET_MODE_FILTER/ { print $1; exit }' trace)
	[ -n "$reader" ]
	awk -v pid="$reader" '$1 == pid && seen && $2 != "<..." { sub(/\(.*/, "", $2); print $2 } $1 == pid && /SET_MODE_FILTER/ { seen = 1 }' trace |
		sort -u >calls
	run ! grep -vE '^(read|write|pread64|lseek|close|mmap|munmap|mremap|mprotect|madvise|brk|futex|sysinfo|exit_group|getrandom|clock_gettime|\+\+\+|---)$' calls
	grep -qx pread64 calls
	# Landlock and the limits came before it.
	grep -q "^$reader *syscall_0x1be\|^$reader *landlock_restrict_self\|^$reader *syscall_446" trace
	# An ordinary user's strace cannot read what such a process has in memory.
	grep -qE "^$reader .*RLIMIT_NOFILE, (\{rlim_cur=0, rlim_max=0|0x)" trace
}

@test "a reader ends with who started it, also while it waits" {
	truncate -s 100M zeros
	tar -cf a.tar zeros
	# Who listens so slowly leaves its reader no room.
	strace -D -o /dev/null -e trace=poll -e inject=poll:delay_enter=1s "$bundle" build a.tar --arg=/x -q -o ./out &
	pid=$!
	until pgrep -P "$pid" >/dev/null; do
		kill -0 "$pid"
		sleep 0.05
	done
	sleep 0.5
	reader=$(pgrep -n -P "$pid")
	kill -9 "$pid"
	wait "$pid" || true
	for _ in $(seq 100); do
		state=$(awk '/^State:/ { print $2 }' "/proc/$reader/status" 2>/dev/null) || break
		[ "$state" != Z ] || break
		sleep 0.1
	done
	[ -z "$state" ] || [ "$state" = Z ]
}

@test "a file system without room and a read error leave nothing" {
	head -c 3000000 /dev/urandom >big
	tar -cf a.tar big
	mkdir small
	if unshare -rm true 2>/dev/null; then
		# shellcheck disable=SC2016
		run unshare -rm sh -c 'mount -t tmpfs -o size=1m none small && "$1" build a.tar --arg=/x -o small/out; s=$?
			ls -A small; exit $s' sh "$bundle"
		[ "$status" -eq 5 ]
		[[ $output == *'No space left on device'* ]]
		[ "$(wc -l <<<"$output")" -eq 1 ]
	else
		skip "no user namespace may mount a tmpfs here"
	fi
	# The archive is cut while it is read: what is there is damaged, not half a bundle.
	truncate -s 1000000 a.tar
	run "$bundle" build a.tar --arg=/x -o ./out
	[ "$status" -eq 4 ]
	[ ! -e out ]
}
