# SPDX-License-Identifier: Apache-2.0
# exec.bats - further processes in a running container.
# Filters and the scripts of payloads expand what they are given themselves; each test is a subshell of its own.
# shellcheck disable=SC2015,SC2016,SC2030,SC2031,SC2154

load lib/container

# box [FILTER]: a running container x.
box() {
	bundle b "$SLEEP" "${1:-.}"
	detached x b
}

@test "exec is in the container's namespaces, root and limits" {
	box '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 77, hard: 88}] | .process.user.umask = 7'
	run -0 --separate-stderr srt exec x sh -c 'for n in mnt pid net ipc uts cgroup user; do readlink /proc/self/ns/$n; done
		hostname; ls -d /proc/1; ulimit -n; umask; cat /proc/self/status'
	[ -z "$stderr" ]
	for n in mnt pid net ipc uts cgroup user; do
		has "$(readlink "/proc/$pid/ns/$n")"
	done
	has box
	has /proc/1
	has 77
	has 0007
	has $'NoNewPrivs:\t1'
	has $'CapEff:\t0000000020000420'
	has $'CapBnd:\t0000000020000420'
}

@test "exit statuses of exec are those of its program" {
	box
	for n in 0 1 3 125 200 255; do
		run --separate-stderr srt exec x sh -c "exit $n"
		[ "$status" -eq "$n" ] || said
	done
	run --separate-stderr srt exec x sh -c 'kill -KILL $$'
	[ "$status" -eq 137 ] || said
	run -127 --separate-stderr srt exec x /nope
	run -126 --separate-stderr srt exec x /proc
	[ "$(status_of x)" = running ]
}

@test "options of exec" {
	box
	run -0 --separate-stderr srt exec --cwd /tmp -e A=1 -e PATH=/bin:/else -e 'B=x y' x sh -c 'pwd; echo "$A-$B-$PATH"; echo "$HOME"'
	[ "$output" = $'/tmp\n1-x y-/bin:/else\n/root' ] || said
	run -0 --separate-stderr srt exec -c CAP_CHOWN --no-new-privs x cat /proc/self/status
	has $'CapEff:\t0000000020000421'
	run -1 --separate-stderr srt exec -c CAP_NOSUCH x true
	[[ $stderr == *CAP_NOSUCH* ]]
	run -1 --separate-stderr srt exec --cwd /no/such x true
	[[ $stderr == *'/no/such'* ]]
}

@test "exec as a user who is not mapped is refused by its number" {
	only user
	box
	run -1 --separate-stderr srt exec -u 7 x id
	[[ $stderr == 'srt-oci: /process/user/uid: uid 7 is not mapped'* ]] || said
	run -1 --separate-stderr srt exec -u 0:8 x id
	[[ $stderr == 'srt-oci: /process/user/gid: gid 8 is not mapped'* ]] || said
}

@test "exec as another user" {
	only root
	box
	run -0 --separate-stderr srt exec -u 1234:55 -g 7 -g 8 x sh -c 'id -u; id -g; id -G; grep CapEff /proc/self/status; pwd'
	[ "$output" = $'1234\n55\n55 7 8\nCapEff:\t0000000000000000\n/' ] || said
	run -0 --separate-stderr srt exec -u 1234 x sh -c 'id -u; id -g'
	[ "$output" = $'1234\n0' ]
	# 1 is no word for 0 (CVE-2026-30892).
	run -0 --separate-stderr srt exec -u 1 x sh -c 'id -u; id -g; grep CapEff /proc/self/status'
	[ "$output" = $'1\n0\nCapEff:\t0000000000000000' ]
}

@test "a process.json" {
	box
	cat >p.json <<-'JSON'
		{"args": ["/bin/sh", "-c", "pwd; echo $WORD; umask; ulimit -n; grep CapEff /proc/self/status"], "cwd": "/tmp",
		 "env": ["PATH=/bin", "WORD=given"], "user": {"uid": 0, "gid": 0, "umask": 23},
		 "rlimits": [{"type": "RLIMIT_NOFILE", "soft": 55, "hard": 55}],
		 "capabilities": {"bounding": ["CAP_KILL"], "permitted": ["CAP_KILL"], "effective": ["CAP_KILL"]}}
	JSON
	run -0 --separate-stderr srt exec -p p.json x
	[ "$output" = $'/tmp\ngiven\n0027\n55\nCapEff:\t0000000000000020' ] || said
	echo '{"args": ["/bin/true"], "cwd": "relative", "user": {"uid": 0, "gid": 0}}' >bad.json
	run -1 --separate-stderr srt exec -p bad.json x
	[[ $stderr == *cwd* ]]
	[ "$(wc -l <<<"$stderr")" -eq 1 ]
}

@test "a detached exec writes its pid and leaves" {
	box
	srt exec -d --pid-file pid x sh -c "echo ran >/tmp/ran; $SLEEP" 3>&-
	[ "$(readlink "/proc/$(cat pid)/ns/pid")" = "$(readlink "/proc/$pid/ns/pid")" ]
	[ "$(cat pid)" != "$pid" ]
	eventually srt exec x cat /tmp/ran
	srt ps -f json x | jq -e --argjson p "$(cat pid)" 'index($p)'
}

@test "exec leaks no descriptor, and hands on those it is told to" {
	box
	echo three >three
	echo four >four
	run -0 --separate-stderr srt exec --preserve-fds 1 x sh -c 'cat <&3; for n in 4 5 6 7 8 9; do [ ! -e /proc/self/fd/$n ] || echo leaked $n; done' \
		3<three 4<four 5<four
	[ "$output" = three ] || said
}

@test "standard streams of exec" {
	box
	run -0 --separate-stderr sh -c 'echo hello | timeout 10 "$0" --root "$1" exec x sh -c "cat; echo err >&2"' "$SRT_OCI" "$state"
	[ "$output" = hello ]
	[ "$stderr" = err ]
}

@test "exec forwards signals, and dies with its caller" {
	box
	"$SRT_OCI" --root "$state" exec x sh -c 'trap "echo got-TERM; exit 9" TERM; echo ready; while :; do sleep 0.05; done' >out 3>&- &
	runner=$!
	eventually file_has out ready
	kill -TERM $runner
	status=0
	wait $runner || status=$?
	[ "$status" -eq 9 ]
	grep -q got-TERM out
	"$SRT_OCI" --root "$state" exec --pid-file pid x sh -c 'echo ready; while :; do sleep 0.05; done' >out2 3>&- &
	runner=$!
	eventually file_has out2 ready
	process=$(cat pid)
	kill -KILL $runner
	wait $runner || :
	eventually test ! -d "/proc/$process"
	[ "$(status_of x)" = running ]
}

@test "exec in a container with the seccomp filter of its config" {
	box '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["sethostname", "mkdir", "mkdirat"], action: "SCMP_ACT_ERRNO", errnoRet: 99}]}'
	run --separate-stderr srt exec x sh -c 'mkdir /tmp/x'
	[ "$status" -eq 1 ]
	[[ $stderr == *'assign requested address'* ]] || said
	run -0 --separate-stderr srt exec x sh -c 'grep Seccomp: /proc/self/status'
	[ "$output" = $'Seccomp:\t2' ]
}

@test "twenty execs at once" {
	box
	for i in $(seq 20); do
		srt exec x sh -c "echo $i" >>all 3>&- &
	done
	wait
	[ "$(sort -n all | tr '\n' ' ')" = "$(seq 20 | tr '\n' ' ')" ]
}

@test "the CPU affinity of exec is set before and after the container is entered, and the container's own process has none" {
	[ "$(nproc)" -gt 1 ] || skip 'one CPU'
	bundle b 'grep Cpus_allowed_list: /proc/self/status; exec timeout 60 sh -c "while :; do sleep 1; done"' \
		'.process.execCPUAffinity = {initial: "0", final: "1"}'
	detached x b
	run -0 --separate-stderr srt exec x sh -c 'grep Cpus_allowed_list: /proc/self/status'
	[ "$output" = $'Cpus_allowed_list:\t1' ] || said
	[[ $(cat out) != $'Cpus_allowed_list:\t1' ]]
	srt delete -f x
	bundle b "$SLEEP" '.process.execCPUAffinity = {initial: "0"}'
	detached x b
	run -0 --separate-stderr srt exec x sh -c 'grep Cpus_allowed_list: /proc/self/status'
	[ "$output" = $'Cpus_allowed_list:\t0' ] || said
}
