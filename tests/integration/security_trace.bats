# SPDX-License-Identifier: Apache-2.0
# security_trace.bats - the system calls of a start: no path of the container's is walked plainly, no fd stays open.
# shellcheck disable=SC2016,SC2154

load lib/container
load lib/security

setup_here_file() {
	payload
}

# traced COMMAND…: strace's files of it, ./trace.PID; what it says is in out and err.
traced() {
	rm -f trace.*
	timeout -k 1 20 strace -qq -ff -v -s 4096 -o trace "$@" >out 2>err </dev/null 3>&- || { cat out err; false; }
}
judged() { "$SRT_TOP/tests/integration/lib/security_trace" "$here/b/rootfs" "$here/host/marker" trace.*; }

# The tree has what a hostile one could have, so that each way is taken: links to directories, files and devices.
everything='.mounts += [
		{destination: "/link/made/here", type: "tmpfs", source: "tmpfs"},
		{destination: "/etc/conf", type: "bind", source: $from, options: ["bind", "ro", "noatime"]},
		{destination: "/run", type: "tmpfs", source: "tmpfs", options: ["tmpcopyup"]}] |
	.linux.devices = [{path: "/etc/x/fifo", type: "p"}] | .linux.maskedPaths += ["/etc/passwd", "/mnt"] |
	.linux.readonlyPaths += ["/etc"] | .process.cwd = "/made/for/it" | .process.oomScoreAdj = 500 |
	.linux.sysctl = {"kernel.msgmax": "8000"} | del(.process.env[] | select(startswith("HOME=")))'

@test "no path of the container's is walked plainly, and no descriptor stays open" {
	tree b
	mkdir b/rootfs/to
	ln -s to b/rootfs/link
	echo data >b/rootfs/run/file
	bundle b 'echo ran' "$everything" --arg from "$here/host/marker"
	traced "$SRT_OCI" --root "$state" run -b b x
	grep -qx ran out
	judged
	bundle b 'echo ran'
	traced "$SRT_OCI" --root "$state" run -b b x
	judged
}

@test "the same for exec" {
	# To its user's strace the process that joins is closed, as it is to the container.
	only_root
	tree b
	bundle b 'exec timeout 60 sh -c "while :; do sleep 1; done"'
	detached x b
	traced "$SRT_OCI" --root "$state" exec --cwd /tmp x sh -c 'echo ran'
	grep -qx ran out
	judged
}

@test "a naive runtime does both" {
	tree b
	bundle b 'echo ran'
	naive_lines b
	own=()
	! as_root || own=(unshare --mount)
	traced "${own[@]}" "$naive_program" run "$here/b"
	run judged
	[ "$status" -eq 1 ]
	[[ $output == *'stays open over exec: openat'* ]]
	[[ $output == *'plain path before the root is entered: mount'* ]]
	[[ $output == *'plain path before the root is entered: mkdir'* ]]
}
