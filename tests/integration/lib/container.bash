# SPDX-License-Identifier: Apache-2.0
# container.bash - bundles for tests around one busybox, and what a test must not leave behind.
# shellcheck shell=bash
# `load lib/container` also defines setup and teardown: every test runs in an empty directory of its own, with its own
# state directory, and fails if a process, a mount or a state of its containers outlives it.

bats_require_minimum_version 1.5.0

# rootfs DIR: a busybox, a passwd, and empty directories to mount on.
rootfs() {
	local name
	mkdir -p "$1"/{bin,dev,etc,proc,root,run,sys,tmp,mnt}
	cp "$(command -v busybox)" "$1/bin/busybox"
	for name in sh cat sleep true timeout; do
		ln "$1/bin/busybox" "$1/bin/$name"
	done
	printf 'root:x:0:0:root:/root:/bin/sh\nguest:x:1234:1234::/home/guest:/bin/sh\n' >"$1/etc/passwd"
	printf 'root:x:0:\nguest:x:1234:\n' >"$1/etc/group"
}

# base_config: what all bundles start from: as root without, as an ordinary user with a user namespace.
base_config() {
	local mine='.'
	[ "$(id -u)" -eq 0 ] || mine='.linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: $uid, size: 1}] |
		.linux.gidMappings = [{containerID: 0, hostID: $gid, size: 1}]'
	jq -n --arg root "$BATS_FILE_TMPDIR/rootfs" --argjson uid "$(id -u)" --argjson gid "$(id -g)" '
	def caps: ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"];
	def mount($where; $type; $options): {destination: $where, type: $type, source: $type, options: $options};
	{
		ociVersion: "1.3.0",
		process: {
			user: {uid: 0, gid: 0}, cwd: "/", env: ["PATH=/bin", "HOME=/root"],
			capabilities: {bounding: caps, effective: caps, permitted: caps},
			noNewPrivileges: true
		},
		root: {path: $root, readonly: true},
		hostname: "box",
		mounts: [
			mount("/proc"; "proc"; []),
			mount("/dev"; "tmpfs"; ["nosuid", "strictatime", "mode=755", "size=65536k"]),
			mount("/dev/pts"; "devpts"; ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]),
			mount("/dev/shm"; "tmpfs"; ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]),
			mount("/sys"; "sysfs"; ["nosuid", "noexec", "nodev", "ro"]),
			mount("/tmp"; "tmpfs"; ["nosuid", "nodev", "mode=1777", "size=65536k"])
		],
		linux: {
			namespaces: [{type: "pid"}, {type: "network"}, {type: "ipc"}, {type: "uts"}, {type: "mount"},
				{type: "cgroup"}],
			maskedPaths: ["/proc/kcore", "/proc/keys", "/sys/firmware"],
			readonlyPaths: ["/proc/sys", "/proc/bus"]
		}
	} | '"$mine"
}

setup_file() {
	rootfs "$BATS_FILE_TMPDIR/rootfs"
	base_config >"$BATS_FILE_TMPDIR/base.json"
	if declare -F setup_here_file >/dev/null; then setup_here_file; fi
}

setup() {
	mkdir "$BATS_TEST_TMPDIR/here"
	cd "$BATS_TEST_TMPDIR/here" || return
	state=$BATS_TEST_TMPDIR/state
	printf '%s\n' "$state" "SRT_MARK=$state" >"$BATS_TEST_TMPDIR/traces"
	base=$BATS_FILE_TMPDIR/base.json
	if declare -F setup_here >/dev/null; then setup_here; fi
}

teardown() {
	if declare -F teardown_here >/dev/null; then teardown_here; fi
	srt delete --force --regex .
	eventually no_leftovers || { leftovers; return 1; }
}

# Everything is given ten seconds: what hangs is a failure, not a hang of the suite.
srt() { timeout -k 1 10 "$SRT_OCI" --root "$state" "$@"; }

# leftovers: a line for each process, mount and state of this test that is there.
leftovers() {
	local pid
	find "$state" -mindepth 1 2>/dev/null | sed 's/^/state: /'
	grep -F " $BATS_TEST_TMPDIR" /proc/self/mountinfo | sed 's/^/mount: /'
	for pid in $(grep -lsaF -f "$BATS_TEST_TMPDIR/traces" /proc/[0-9]*/cmdline /proc/[0-9]*/environ |
		sed 's,/proc/\([0-9]*\)/.*,\1,' | sort -u); do
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

# bundle DIR COMMAND [FILTER [JQ-OPTION…]]: it runs the shell command; the filter changes its config. A rootfs that is
# in DIR already is its own.
bundle() {
	local dir=$1 command=$2 filter=${3:-.}
	shift $(($# > 3 ? 3 : $#))
	mkdir -p "$dir"
	[ ! -e "$dir/rootfs" ] || filter=".root.path = \"rootfs\" | $filter"
	jq --arg command "$command" --arg mark "$state" "$@" '.process.args = ["/bin/sh", "-c", $command] |
		.process.env += ["SRT_MARK=" + $mark] | '"$filter" "$base" >"$dir/config.json"
}

# inside COMMAND [FILTER [JQ-OPTION…]]: what it says in a container is $output; anything but status 0 and an empty
# stderr fails.
inside() {
	bundle b "$@"
	run_inside
}
run_inside() {
	run --separate-stderr srt run -b b x
	[ "$status" -eq 0 ] && [ -z "$stderr" ] || said
}

# refused PATTERN COMMAND…: it ends with status 1 and that one line on stderr, and leaves nothing.
refused() {
	local pattern=$1
	shift
	run --separate-stderr "$@"
	# shellcheck disable=SC2053,SC2154 # a pattern it is; bats sets stderr
	[ "$status" -eq 1 ] && [ -z "$output" ] && [ "$(wc -l <<<"$stderr")" -eq 1 ] && [[ $stderr == $pattern ]] || said
	eventually no_leftovers || { leftovers; return 1; }
}
# refused_inside PATTERN [FILTER [JQ-OPTION…]]: run refuses that config so.
refused_inside() {
	local pattern=$1
	shift
	bundle b 'echo ran' "$@"
	refused "$pattern" srt run -b b x
}

said() {
	printf 'status %s\nstdout: %s\nstderr: %s\n' "$status" "$output" "$stderr"
	return 1
}

# detached ID DIR [OPTION…]: runs it in the background; sets pid.
detached() {
	local id=$1 dir=$2
	shift 2
	srt run -d -b "$dir" "$@" "$id" >out 2>err 3>&- || { cat err; return 1; }
	pid=$(srt state "$id" | jq .pid)
}

# has LINE, lacks LINE: whether $output has exactly that line.
has() { grep -qxF -- "$1" <<<"$output" || said; }
lacks() { ! grep -qxF -- "$1" <<<"$output" || said; }

status_of() { srt state "$1" | jq -r .status; }
has_status() { [ "$(status_of "$1")" = "$2" ]; }
file_has() { grep -qs -- "$2" "$1"; }

# SLEEP: a payload that runs until it is killed, but not for ever.
# shellcheck disable=SC2034
SLEEP='exec timeout 60 sh -c "while :; do sleep 1; done"'
# For .linux.namespaces etc.: filters that are used all over.
# shellcheck disable=SC2034
jq_defs='def without($t): .linux.namespaces |= map(select(.type != $t));
	def with($t): without($t) | .linux.namespaces += [{type: $t}];
	def joins($t; $path): without($t) | .linux.namespaces += [{type: $t, path: $path}];
	def unmapped: del(.linux.uidMappings, .linux.gidMappings);
	def mounts(f): .mounts += [f];'
# only HALF: skips the test in the other half.
only() {
	[ "$SRT_HALF" = "$1" ] || skip "$([ "$1" = root ] && echo 'needs root' || echo 'root needs none of it: an ordinary user does')"
}
