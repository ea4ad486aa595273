# SPDX-License-Identifier: Apache-2.0
# sandbox_degraded.bats - nothing is weaker than it was asked for, unless --allow-degraded says so; then the result does, too.
# shellcheck disable=SC2016,SC2154,SC2030,SC2031,SC2034,SC2015

load lib/sandbox

setup_file() { cc -O1 -o "$BATS_FILE_TMPDIR/without" "$SRT_TOP/tests/integration/lib/without.c"; }

# listened ARGUMENT…: sandbox-runtime where a filter around it listens already, so that none of ours can.
listened() { timeout -k 1 20 "$BATS_FILE_TMPDIR/without" listener "$SRT_BUILD/sandbox-runtime" "$@"; }

@test "a weight without a cgroup is refused with a way out, or named" {
	refused '*--cpu-shares: a weight*systemd-run --user -p Delegate=yes*--allow-degraded' --limits-backend supervisor --cpu-shares 512 echo ran
	SANDBOX_CPU_SHARES=512 refused '*SANDBOX_CPU_SHARES: *--allow-degraded' --limits-backend supervisor echo ran
	verdict 0 ok --limits-backend supervisor --cpu-shares 512 --allow-degraded --audit-log log echo ran
	[ "$(fact .stdout)" = ran ] && [ "$(fact '.degraded | join(" ")')" = cpu-shares ] || said
	[ "$(tail -1 log | jq -c .degraded)" = '["cpu-shares"]' ]
	# The normal weight changes nothing.
	SANDBOX_CPU_SHARES=1024 verdict 0 ok --limits-backend supervisor true
	[ "$(fact '.degraded | length')" -eq 0 ] || said
}

@test "where filters cannot ask, events and the ban of programs are refused, or named; doctor agrees" {
	local flags
	for flags in --trace '--allow-exec false' "--violations $PWD/v"; do
		# shellcheck disable=SC2086 # words they are
		run --separate-stderr listened exec $flags echo ran
		[ "$status" -eq 125 ] && [ -z "$output" ] && [[ $stderr == *"${flags%% *}: filters cannot ask a supervisor here: boot Linux 5.5"*'--allow-degraded' ]] || said
	done
	run --separate-stderr listened exec --trace --allow-exec false --allow-degraded --json-output sh -c '/bin/true; cat /etc/shadow 2>/dev/null; exit 3'
	[ "$status" -eq 3 ] || said
	jq -e '.status == "exit" and .degraded == ["trace", "allow-exec"] and (.violations | length) == 0' <<<"$output"
	run listened exec echo fine
	[ "$output" = fine ] || said
	run listened doctor --require seccomp-notify
	[ "$status" -eq 1 ] && grep -qE '^missing +seccomp-notify' <<<"$output" && grep -q 'fix: boot Linux 5.5' <<<"$output" || said
	run sandbox doctor --require seccomp-notify,overlay
	[ "$status" -eq 0 ] || said
}

@test "all that was asked for is there: the result names nothing" {
	verdict 0 ok --trace --allow-degraded true
	[ "$(fact '.degraded | length')" -eq 0 ] || said
}

@test "srt is as strict, and has the same flag" {
	echo '{"resource_limits": {"timeout_seconds": 9}}' >s.json
	run --separate-stderr env SANDBOX_CPU_SHARES=512 "$SRT_BUILD/srt" --settings s.json true
	if "$SRT_BUILD/sandbox-runtime" exec --json-output true | jq -e '.limits.backend == "supervisor"'; then
		[ "$status" -eq 125 ] && [[ $stderr == *SANDBOX_CPU_SHARES*--allow-degraded ]] || said
	else
		[ "$status" -eq 0 ] || said
	fi
	run env SANDBOX_CPU_SHARES=512 "$SRT_BUILD/srt" --allow-degraded --settings s.json true
	[ "$status" -eq 0 ] || said
}

@test "under the host's network its abstract unix sockets are out of reach, and the sandbox's own are not" {
	sandbox doctor --require landlock || skip 'Landlock has no scopes here (Linux 6.12)'
	python3 - "$PWD/up" <<'P' &
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.bind("\0srt-abstract-" + sys.argv[1])
s.listen()
open(sys.argv[1], "w").close()
s.settimeout(15)
try: s.accept()
except OSError: pass
P
	local server=$!
	eventually test -e up
	in_sandbox 0 --allow-network python3 -c '
import socket, sys
assert open("/proc/net/unix").read().find("srt-abstract") >= 0
s = socket.socket(socket.AF_UNIX)
try: s.connect("\0srt-abstract-" + sys.argv[1]); print("reached")
except PermissionError: print("held")
a = socket.socket(socket.AF_UNIX); a.bind("\0own"); a.listen()
b = socket.socket(socket.AF_UNIX); b.connect("\0own"); print("own")
l = socket.create_server(("127.0.0.1", 0)); socket.create_connection(l.getsockname()); print("tcp")' "$PWD/up"
	kill "$server"
	[ "$output" = $'held\nown\ntcp' ] || said
	verdict 0 ok --allow-network true
	[ "$(fact '.degraded | length')" -eq 0 ] || said
	# Also under srt, which shows the host.
	echo '{"network_mode": "full", "filesystem": {"rules": []}, "environment": {}}' >full.json
	run --separate-stderr sandbox explain --plan --settings full.json
	grep -qE '^last +landlock-scope' <<<"$output" || said
	run --separate-stderr sandbox explain --plan
	! grep -qE '^last +landlock-scope' <<<"$output" || said
}
