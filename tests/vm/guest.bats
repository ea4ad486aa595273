# SPDX-License-Identifier: Apache-2.0
# guest.bats - the guest is what the other tests take it for, and a container of ours runs in it.
# vm guests: uml-quick uml-plain uml-systemd cloud-plain cloud-systemd
# shellcheck disable=SC2016,SC2154

load lib/vm

# Few tests with much in each: a guest is slow, and each test begins with a rootfs of its own.
@test "cgroup v2 alone is mounted, the caller has a delegated part of it, mounts are shared, and init is the right one" {
	[ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ]
	for name in cpu io memory pids; do
		grep -qw "$name" /sys/fs/cgroup/cgroup.controllers
	done
	dir=$(own_cgroup)
	[ "$dir" != /sys/fs/cgroup/ ]
	mkdir "$dir/made" && rmdir "$dir/made"
	if [ "$SRT_HALF" = user ]; then
		while [ -O "${dir%/*}" ]; do dir=${dir%/*}; done
		for name in cpu memory pids; do
			grep -qw "$name" "$dir/cgroup.controllers"
		done
		[ ! -w /sys/fs/cgroup/cgroup.procs ]
	fi
	grep -q ' / / .* shared:' /proc/self/mountinfo
	if [ "$SRT_GUEST_INIT" = systemd ]; then
		[ "$(</proc/1/comm)" = systemd ]
		manager is-system-running
	else
		[ "$(tr '\0' ' ' </proc/1/cmdline)" = "/bin/bash $SRT_TOP/tests/vm/init " ]
	fi
}

@test "a container runs; another is created, started, asked, killed and deleted" {
	inside 'echo "hello from $(hostname)"'
	has 'hello from box'
	bundle c "$SLEEP"
	srt create -b c x 3>&-
	has_status x created
	srt start x
	eventually has_status x running
	srt kill x KILL
	eventually has_status x stopped
	srt delete x
}
