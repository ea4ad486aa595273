# SPDX-License-Identifier: Apache-2.0
# engine.bash - images, waiting and clean-up for the engines' tests.
# shellcheck shell=bash disable=SC2015,SC2154
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

# cannot REASON: skips the test. In setup_file, where bats 1.8 knows no skip, every test of the file: setup and teardown ask
# for can_not.
cannot() {
	[ -z "${BATS_TEST_NAME-}" ] || skip "$1"
	export CAN_NOT=$1
	return 1
}
can_not() { [ -n "${CAN_NOT-}" ]; }

# needs PROGRAM…: where one is not installed, the file or the test is skipped.
needs() {
	local name
	for name; do
		command -v "$name" >/dev/null || cannot "$name is not installed" || return
	done
}
# a_machine: what is written to /etc or $HOME is the test's own.
# shellcheck disable=SC2016
a_machine() { [ "$SRT_HALF" != self ] || cannot 'writes to /etc as root, or to $HOME: needs a machine of its own (tap-run)'; }
# a_user: jobs and pages are an ordinary user's.
a_user() { getent passwd "$SRT_TEST_USER" >/dev/null || cannot 'there is no ordinary user'; }

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
	# bats warns of a 127 that is not named.
	run "-$want" --separate-stderr "$@"
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
# shellcheck disable=SC2016,SC2034
NAP='trap "exit 0" TERM; i=0; while [ $i -lt 600 ]; do i=$((i+1)); sleep 0.1; done'

# image_oci FILE NAME [CONFIG]: the box as an archive of an OCI image layout; CONFIG is what `docker run` takes from it.
image_oci() {
	local layout=$BATS_FILE_TMPDIR/layout-$2 name=$2 layer config manifest
	mkdir -p "$layout/blobs/sha256"
	[ -e "$BATS_FILE_TMPDIR/layer.tar" ] || image_tar "$BATS_FILE_TMPDIR/layer.tar"
	layer=$(blob "$layout" <"$BATS_FILE_TMPDIR/layer.tar")
	config=$(jq -cn --arg layer "$(jq -r .digest <<<"$layer")" --argjson config "${3:-{\}}" --arg arch "$(dpkg --print-architecture)" \
		'{architecture: $arch, os: "linux", config: ({Env: ["PATH=/bin"], Cmd: ["sh"]} + $config),
		rootfs: {type: "layers", diff_ids: [$layer]}, history: [{created_by: "tar"}]}' | blob "$layout")
	manifest=$(jq -cn --argjson layer "$layer" --argjson config "$config" '{schemaVersion: 2,
		mediaType: "application/vnd.oci.image.manifest.v1+json",
		config: ($config + {mediaType: "application/vnd.oci.image.config.v1+json"}),
		layers: [$layer + {mediaType: "application/vnd.oci.image.layer.v1.tar"}]}' | blob "$layout")
	jq -cn --argjson manifest "$manifest" --arg name "docker.io/library/$name:latest" '{schemaVersion: 2,
		manifests: [$manifest + {mediaType: "application/vnd.oci.image.manifest.v1+json",
		annotations: {"io.containerd.image.name": $name, "org.opencontainers.image.ref.name": "latest"}}]}' \
		>"$layout/index.json"
	echo '{"imageLayoutVersion":"1.0.0"}' >"$layout/oci-layout"
	tar -C "$layout" -cf "$1" .
}
# blob LAYOUT: keeps its input there, and says its digest and size.
blob() {
	local new=$1/new sum
	cat >"$new"
	sum=$(sha256sum <"$new")
	jq -cn --arg digest "sha256:${sum%% *}" --argjson size "$(stat -c %s "$new")" '{digest: $digest, size: $size}'
	mv "$new" "$1/blobs/sha256/${sum%% *}"
}

# daemon NAME COMMAND…: runs it in the background; its words go to NAME.log and its pid to NAME.pid.
daemon() {
	local name=$1
	shift
	"$@" >"$BATS_FILE_TMPDIR/$name.log" 2>&1 </dev/null 3>&- &
	echo $! >"$BATS_FILE_TMPDIR/$name.pid"
}
# daemon_end NAME: it is asked to end, and made to after ten seconds.
daemon_end() {
	local pid i
	pid=$(cat "$BATS_FILE_TMPDIR/$1.pid" 2>/dev/null) || return 0
	kill "$pid" 2>/dev/null || return 0
	for ((i = 0; i < 100; i++)); do
		[ -d "/proc/$pid" ] && ! grep -q '^State:.Z' "/proc/$pid/status" || return 0
		sleep 0.1
	done
	kill -9 "$pid"
}
# daemon_log NAME: its last words, where a test of it has failed.
daemon_log() {
	[ -n "${BATS_TEST_COMPLETED-}" ] || tail -n "${2:-15}" "$BATS_FILE_TMPDIR/$1.log"
}

# storage_gone ENGINE: a user's images hold files of subordinate ids, which only the engine's namespace can remove.
storage_gone() {
	[ "$(id -u)" -ne 0 ] && [ "$HOME" = "$TMPDIR" ] || return 0
	"$1" unshare rm -rf "$HOME/.local/share/containers"
}

# only_root: where the engine is root's, and has a machine of its own for it.
only_root() { [ "$SRT_HALF" = root ] || cannot 'the engine runs as root, in a machine of its own (tap-run)'; }
# memory_of CGROUP: the limit of memory there, of whichever version; memory skips where nothing counts memory.
memory_of() {
	if [ -d /sys/fs/cgroup/memory ]; then
		cat "/sys/fs/cgroup/memory/$1/memory.limit_in_bytes"
	else
		cat "/sys/fs/cgroup/$1/memory.max"
	fi
}
memory() {
	[ -d /sys/fs/cgroup/memory ] || grep -qsw memory /sys/fs/cgroup/cgroup.subtree_control || skip 'no memory controller'
	limits
}
# limits: what a version without cgroups cannot do.
limits() { [ "$runtime" != srt-oci ] || srt-oci update --help >/dev/null 2>&1 || skip 'this version makes no cgroups'; }

# slurm_cluster: a cluster of one node, from lib/slurm.conf; munged, slurmctld and slurmd are its daemons.
slurm_cluster() {
	mkdir -p /etc/slurm /run/munge /var/spool/slurmctld /var/spool/slurmd
	cp "$SRT_TOP/tests/integration/engines/lib/slurm.conf" /etc/slurm/
	chown munge: /run/munge
	daemon munged setpriv --reuid=munge --regid=munge --clear-groups munged --foreground
	eventually munge -n
	daemon slurmctld slurmctld -D
	eventually scontrol ping
	daemon slurmd slurmd -D
	eventually slurm_idle
}
slurm_idle() { [ "$(sinfo -h -o %t)" = idle ]; }
slurm_end() {
	daemon_end slurmd
	daemon_end slurmctld
	daemon_end munged
	# /tmp is not the machine's own.
	rmdir "/tmp/srt-oci-$SRT_TEST_USER" 2>/dev/null || :
}
