# SPDX-License-Identifier: Apache-2.0
# engine.bash - images, waiting and clean-up for the engines' tests.
# shellcheck shell=bash
# ENGINE_RUNTIME names the runtime below the engine: srt-oci, or crun or runc as the control.

bats_require_minimum_version 1.5.0

runtime=${ENGINE_RUNTIME:-srt-oci}
# In a machine of our own (lib/machine) srt-oci is in /usr/local/bin; else Podman looks for it in PATH.
PATH=$PATH:$SRT_BUILD

# image_tree DIR: a small system around one busybox.
image_tree() {
	local name
	mkdir -p "$1"/{bin,etc,home/guest,mnt,root,tmp}
	chmod 1777 "$1/tmp"
	cp "$(command -v busybox)" "$1/bin/busybox"
	for name in $("$1/bin/busybox" --list); do
		[ "$name" = busybox ] || ln -s busybox "$1/bin/$name"
	done
	printf 'root:x:0:0:root:/root:/bin/sh\nguest:x:1234:1234::/home/guest:/bin/sh\n' >"$1/etc/passwd"
	printf 'root:x:0:\nguest:x:1234:\nextra:x:1235:guest\n' >"$1/etc/group"
	echo 'not a program' >"$1/etc/plain"
}

# image_tar FILE: it as an archive that engines import; everything in it is root's.
image_tar() {
	image_tree "$BATS_FILE_TMPDIR/tree"
	tar -C "$BATS_FILE_TMPDIR/tree" --owner=0 --group=0 --numeric-owner -cf "$1" .
}

# needs PROGRAM…: skips the file or the test where one is not installed.
needs() {
	local name
	for name; do
		command -v "$name" >/dev/null || skip "$name is not installed"
	done
}

# eventually COMMAND…: it succeeds within ten seconds.
eventually() {
	local i
	for ((i = 0; i < 200; i++)); do
		! "$@" >/dev/null 2>&1 || return 0
		sleep 0.05
	done
	echo "never came true: $*"
	"$@"
}

# says TEXT COMMAND…: it succeeds, and this is all that it writes to its output.
says() {
	local text=$1
	shift
	run --separate-stderr "$@"
	[ "$status" -eq 0 ] && [ "$output" = "$text" ] || said
}
# ends STATUS [TEXT] COMMAND…: with that status; the text is somewhere in its errors.
ends() {
	local want=$1 text=$2
	shift 2
	run "-$want" --separate-stderr "$@"
	# shellcheck disable=SC2154 # bats sets it
	[ "$status" -eq "$want" ] && [[ $stderr == *"$text"* ]] || said
}
said() {
	printf 'status %s\nstdout: %s\nstderr: %s\n' "$status" "$output" "$stderr"
	return 1
}
# has TEXT, lacks TEXT: whether $output holds it.
has() { [[ $output == *"$1"* ]] || said; }
lacks() { [[ $output != *"$1"* ]] || said; }

# ours: skips what only srt-oci does, where a control runs.
ours() { [ "$runtime" = srt-oci ] || skip "$1"; }

# A payload that runs until it is killed, but not for ever.
# shellcheck disable=SC2034
NAP='trap "exit 0" TERM; i=0; while [ $i -lt 600 ]; do i=$((i+1)); sleep 0.1; done'
