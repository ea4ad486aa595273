# SPDX-License-Identifier: Apache-2.0
# vm.bash - what tests inside a guest share. Loads integration's container.bash, so that each test has its own
# directory and state and leaves nothing.
# shellcheck shell=bash
# shellcheck disable=SC2154 # container.bash sets state
# The guest says in the environment: SRT_GUEST_KERNEL (uml, cloud), SRT_GUEST_INIT (plain, systemd), SRT_HALF (root,
# user).

load "$SRT_TOP/tests/integration/lib/container"

# To start a program costs a tenth of a second here: the common ways do with few. Each test has its bound from the guest.
srt() { "$SRT_OCI" --root "$state" "$@"; }
no_leftovers() {
	! compgen -G "$state/*" >/dev/null && [[ $(</proc/self/mountinfo) != *" $BATS_TEST_TMPDIR"* ]] &&
		! grep -qsaF -f "$BATS_TEST_TMPDIR/traces" /proc/[0-9]*/cmdline /proc/[0-9]*/environ
}

# own_cgroup: this process' cgroup v2 directory.
own_cgroup() { echo "/sys/fs/cgroup$(sed -n 's/^0:://p' /proc/self/cgroup)"; }
# cgroup_of PID: that of another.
cgroup_of() { echo "/sys/fs/cgroup$(sed -n 's/^0:://p' "/proc/$1/cgroup")"; }
# controllers DIR: the controllers that a cgroup has, a line each.
controllers() { tr ' ' '\n' <"$1/cgroup.controllers"; }
# manager: the systemd manager of this half.
manager() {
	if [ "$SRT_HALF" = root ]; then
		systemctl "$@"
	else
		systemctl --user "$@"
	fi
}
