# SPDX-License-Identifier: Apache-2.0
# podman.bats - Podman above this runtime where systemd makes the cgroups: rootless in a user's session, and as root.
# vm guests: uml-systemd
# shellcheck disable=SC2016,SC2154

load lib/vm

setup_here() {
	export HOME=$TMPDIR/podman CONTAINERS_CONF=$PWD/containers.conf CONTAINERS_STORAGE_CONF=$PWD/storage.conf
	mkdir -p "$HOME"
	cat >containers.conf <<-END
		[engine]
		runtime = "srt-oci"
		runtime_supports_json = ["srt-oci"]
		cgroup_manager = "systemd"
		events_logger = "file"
		[engine.runtimes]
		srt-oci = ["$SRT_OCI"]
	END
	cat >storage.conf <<-END
		[storage]
		driver = "vfs"
		graphroot = "$HOME/storage"
		runroot = "$XDG_RUNTIME_DIR/containers"
	END
	# A terse image: one static busybox.
	tar -C "$BATS_FILE_TMPDIR/rootfs" -cf box.tar .
	pod import -q box.tar box
}
teardown_here() {
	pod rm -fa -t 0 >/dev/null
	# Its namespace holds what an ordinary user could not remove.
	if [ "$SRT_HALF" = user ]; then podman unshare rm -rf "$HOME/storage"; else rm -rf "$HOME/storage"; fi
	[ "$SRT_HALF" = root ] || podman system migrate
}
pod() { timeout -k 1 90 podman "$@" 3>&-; }

@test "a container of Podman's is limited by a scope of systemd's, in the foreground and in the background" {
	[ "$(pod info -f '{{.Host.CgroupManager}} {{.Host.CgroupsVersion}} {{.Host.OCIRuntime.Name}}')" = 'systemd v2 srt-oci' ]
	run --separate-stderr pod run --rm --network none --memory 32m --pids-limit 40 box \
		sh -c 'cat /sys/fs/cgroup/memory.max /sys/fs/cgroup/pids.max; exit 7'
	[ "$status" -eq 7 ] && [ "$output" = $'33554432\n40' ] || said
	pod run -d --name a --network none --memory 64m box sh -c 'while :; do sleep 1; done'
	pid=$(pod inspect -f '{{.State.Pid}}' a)
	dir=$(cgroup_of "$pid")
	id=$(pod inspect -f '{{.Id}}' a)
	[[ $dir = *"/libpod-$id.scope"* ]]
	[ "$(manager show --value -p MemoryMax "libpod-$id.scope")" = 67108864 ]
	[ "$(pod exec a cat /sys/fs/cgroup/memory.max)" = 67108864 ]
	pod pause a
	grep -qx 'frozen 1' "$dir/cgroup.events"
	pod unpause a
	pod update --memory 48m a
	[ "$(<"$dir/memory.max")" = 50331648 ]
	pod stop -t 1 a
	[ "$(pod inspect -f '{{.State.Status}}' a)" = exited ]
	pod rm a
	[ ! -e "$dir" ]
}
