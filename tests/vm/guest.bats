# SPDX-License-Identifier: Apache-2.0
# guest.bats - the guest is what the other tests take it for, and a container of ours runs in it.
# vm guests: uml-plain uml-systemd cloud-plain cloud-systemd
# shellcheck disable=SC2016,SC2154

load lib/vm

@test "cgroup v2 alone is mounted, with the controllers of resources" {
	[ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ]
	for name in cpu io memory pids; do
		controllers /sys/fs/cgroup | grep -qx "$name"
	done
}

@test "the own cgroup is delegated: one below it can be made" {
	dir=$(own_cgroup)
	[ "$dir" != /sys/fs/cgroup/ ]
	mkdir "$dir/made" && rmdir "$dir/made"
}

@test "the user has memory, cpu and pids below a cgroup that is not his" {
	only user
	dir=$(own_cgroup)
	while [ -O "$(dirname "$dir")" ]; do dir=$(dirname "$dir"); done
	for name in cpu memory pids; do
		controllers "$dir" | grep -qx "$name"
	done
	[ ! -w /sys/fs/cgroup/cgroup.procs ]
}

@test "mounts of the host are shared, as systemd makes them" {
	grep -q ' / / .* shared:' /proc/self/mountinfo
}

@test "the init is the one that was asked for" {
	[ "$SRT_GUEST_INIT" = systemd ] || { [ "$(tr '\0' ' ' </proc/1/cmdline)" = "/bin/bash $SRT_TOP/tests/vm/init " ]; return; }
	[ "$(cat /proc/1/comm)" = systemd ]
	manager is-system-running
	[ -S "${XDG_RUNTIME_DIR:-/run/dbus}/bus" ] || [ -S /run/dbus/system_bus_socket ]
}

@test "a container runs" {
	inside 'echo "hello from $(hostname)"'
	has 'hello from box'
}

@test "a container is created, started, asked, killed and deleted" {
	bundle b "$SLEEP"
	srt create -b b x 3>&-
	has_status x created
	srt start x
	eventually has_status x running
	srt kill x KILL
	eventually has_status x stopped
	srt delete x
}
