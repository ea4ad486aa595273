# SPDX-License-Identifier: Apache-2.0
# annotations.bats - the annotations that engines write and that mean something to the runtime.
# shellcheck disable=SC2016,SC2030,SC2031,SC2154

load lib/container

on() { printf '.annotations = {%s}' "$1"; }

@test "features lists the annotations that mean something" {
	run -0 --separate-stderr srt features
	for name in run.oci.keep_original_groups run.oci.mount_context_type run.oci.seccomp.receiver run.oci.pidfd_receiver \
		run.oci.delegate-cgroup run.oci.systemd.subgroup run.oci.hooks.stdout run.oci.hooks.stderr org.systemd.property.; do
		jq -e --arg name "$name" '.potentiallyUnsafeConfigAnnotations | index($name)' <<<"$output"
	done
}

@test "the caller's groups are kept where that is asked for" {
	only root
	command -v setpriv >/dev/null || skip 'no setpriv'
	bundle b 'cat /proc/self/status | grep Groups:' "$(on '"run.oci.keep_original_groups": "1"')"
	run -0 --separate-stderr setpriv --groups 77,78 timeout 10 "$SRT_OCI" --root "$state" run -b b x
	[[ $output == *77*78* ]] || said
	bundle b 'cat /proc/self/status | grep Groups:'
	run -0 --separate-stderr setpriv --groups 77,78 timeout 10 "$SRT_OCI" --root "$state" run -b b x
	[[ $output != *77* ]] || said
}

@test "hooks write into the files that are named" {
	bundle b true "$(on "\"run.oci.hooks.stdout\": \"$PWD/out\", \"run.oci.hooks.stderr\": \"$PWD/err\"") |
		.hooks = {createRuntime: [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"echo said; echo complained >&2\"]}],
			poststop: [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"echo more\"]}]}"
	run_inside
	[ -z "$output" ]
	[ "$(cat out)" = $'said\nmore' ]
	[ "$(cat err)" = complained ]
	bundle b true "$(on '"run.oci.hooks.stdout": "/nowhere/out"') |
		.hooks = {createRuntime: [{path: \"/bin/true\"}]}"
	refused '*/hooks/createRuntime/0*' srt run -b b x
}

@test "a pidfd goes to the receiver" {
	python3 - 3>&- <<'PY' &
import array, os, socket
s = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
s.bind("receiver"); s.listen(1); s.settimeout(10)
c, _ = s.accept()
_, ancillary, _, _ = c.recvmsg(100, socket.CMSG_SPACE(4))
fd = array.array("i", ancillary[0][2])[0]
open("got", "w").write(os.readlink(f"/proc/self/fd/{fd}"))
PY
	eventually test -S receiver
	bundle b "$SLEEP" "$(on "\"run.oci.pidfd_receiver\": \"$PWD/receiver\"")"
	detached x b
	wait %1
	[[ $(cat got) == *pidfd* ]]
}

@test "the receiver of seccomp notifications, where listenerPath is not set" {
	bundle b true "$(on "\"run.oci.seccomp.receiver\": \"$PWD/none.sock\"")"' | .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW",
		syscalls: [{names: ["uname"], action: "SCMP_ACT_NOTIFY"}]}'
	refused '*/linux/seccomp/listenerPath*none.sock*' srt run -b b x
}

@test "a context type that is none is refused, and a label without SELinux" {
	[ ! -d /sys/fs/selinux ] || [ -z "$(ls /sys/fs/selinux)" ] || skip 'this host has SELinux'
	refused_inside '*run.oci.mount_context_type*' "$(on '"run.oci.mount_context_type": "other"')"
	refused_inside '*/linux/mountLabel*SELinux is not enabled*' '.linux.mountLabel = "system_u:object_r:x_t:s0:c1,c2"'
}
