# SPDX-License-Identifier: Apache-2.0
# containerd.bats - containerd's shim calls the runtime: ctr run, exec, kill, pause and the rest.
# Each test is a subshell of its own.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load lib/engine

setup_file() {
	only_root && needs containerd ctr containerd-shim-runc-v2 || return 0
	image_oci "$BATS_FILE_TMPDIR/box.tar" box
	daemon containerd containerd --config /dev/null --address /run/containerd/test.sock --log-level info
	eventually c version
	c image import "$BATS_FILE_TMPDIR/box.tar"
}

teardown_file() { daemon_end containerd; }

setup() {
	! can_not || skip "$CAN_NOT"
	cd "$BATS_TEST_TMPDIR" || return
}

teardown() {
	! can_not || return 0
	daemon_log containerd
	local name
	for name in $(c container list -q); do
		c task kill -s KILL "$name" || true
		eventually gone "$name"
		c container rm "$name"
	done
	[ "$runtime" != srt-oci ] || eventually no_state
}
gone() { c task rm -f "$1" || ! c task list -q | grep -qx "$1"; }
no_state() { [ "$(srt-oci --root /run/containerd/runc/default list -q)" = '' ]; }

# Everything is given twenty seconds.
c() { timeout -k 1 20 ctr --address /run/containerd/test.sock "$@" 3>&-; }
# start NAME OPTIONS… -- COMMAND…: a container; --rm and -d are options.
start() {
	local name=$1 options=()
	shift
	while [ "$1" != -- ]; do
		options+=("$1")
		shift
	done
	shift
	c run --runc-binary "$(command -v "$runtime")" "${options[@]}" docker.io/library/box:latest "$name" "$@"
}
nap() { start "$1" -d -- sh -c "$NAP"; }
status_is() { c task list | awk -v name="$1" '$1 == name { print $3 }' | grep -qx "$2"; }

@test "run passes on output, errors and status" {
	run -7 --separate-stderr start a --rm -- sh -c 'echo out; echo err >&2; exit 7'
	[ "$output" = out ] && [[ $stderr == err* ]] || said
}

@test "a program that is not there is said to be so" {
	ends 1 'such file or directory' start a --rm -- /nope
	ends 1 'permission denied' start a --rm -- /etc/plain
}

@test "run -d goes on, task list shows it" {
	nap a
	status_is a RUNNING
}

@test "exec runs beside it, with its user, directory and status" {
	nap a
	says $'1234\n/tmp' c task exec --exec-id e --user 1234 --cwd /tmp a sh -c 'id -u; pwd'
	ends 9 '' c task exec --exec-id e a sh -c 'exit 9'
	ends 1 'such file or directory' c task exec --exec-id e a /nope
}

@test "exec -d goes on behind the caller" {
	nap a
	c task exec -d --exec-id e a sh -c 'sleep 0.1; echo done >/tmp/done'
	eventually c task exec --exec-id f a test -e /tmp/done
}

@test "a terminal of the caller's size" {
	run --separate-stderr script -qec "stty rows 33 cols 77; ctr --address /run/containerd/test.sock run --rm -t \
		--runc-binary $(command -v "$runtime") docker.io/library/box:latest a sh -c 'tty; sleep 0.5; stty size'" /dev/null </dev/null
	has '/dev/pts/0'
	has '33 77'
}

@test "kill sends the signal that it is told" {
	start a -d -- sh -c 'trap "echo usr >/tmp/usr" USR1; echo up >/tmp/up; while :; do sleep 0.1; done'
	eventually c task exec --exec-id e1 a test -e /tmp/up
	c task kill -s USR1 a
	eventually c task exec --exec-id e2 a test -e /tmp/usr
	c task kill -s KILL a
	eventually status_is a STOPPED
	run --separate-stderr c task rm a
	[[ $stderr == *137* ]] || said
}

@test "kill --all ends every process" {
	start a -d --pid-file p -- sh -c 'sleep 100 & sleep 100'
	c task kill --all -s KILL a
	eventually status_is a STOPPED
}

@test "pause stops every process, resume lets them go on" {
	nap a
	c task pause a
	status_is a PAUSED
	c task resume a
	status_is a RUNNING
}

@test "ps lists the container's processes and no others" {
	start a -d -- sh -c 'sleep 50 & sleep 50; true'
	three() { [ "$(c task ps a | grep -c '^[0-9]')" -eq 3 ]; }
	eventually three
}

@test "metrics answer" {
	nap a
	run c task metrics a
	has METRIC
}

@test "identity: capabilities, read-only root, environment, directory, host name" {
	says $'/tmp\ny' start a --rm --cwd /tmp --env X=y -- sh -c 'pwd; echo $X'
	run -1 --separate-stderr start a --rm --read-only -- touch /x
	[[ $stderr == *'Read-only file system'* ]] || said
	says $'0000000000000000' start a --rm --cap-drop CAP_ALL -- sh -c 'sed -n "s/CapInh:\t//p" /proc/self/status'
	says lo start a --rm -- ls /sys/class/net
	start a --rm --privileged -- true
	start a --rm --seccomp -- true
}

@test "mounts and devices" {
	mkdir v
	echo note >v/note
	says note start a --rm --mount "type=bind,src=$PWD/v,dst=/v,options=rbind:ro" -- cat /v/note
	says 1:3 start a --rm --device /dev/null -- stat -c %t:%T /dev/null
}

@test "--memory-limit is applied where the controller is" {
	memory
	start a -d --memory-limit 50331648 -- sh -c "$NAP"
	[ "$(memory_of default/a)" = 50331648 ]
}

@test "many at once: twenty containers come and go" {
	for i in $(seq 20); do
		start "n$i" --rm -- sh -c "echo $i" >"out$i" 2>"err$i" &
	done
	wait
	for i in $(seq 20); do
		[ "$(cat "out$i")" = "$i" ] || { cat "err$i"; false; }
	done
}
