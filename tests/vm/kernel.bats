# SPDX-License-Identifier: Apache-2.0
# kernel.bats - what the cloud kernel is there for: Landlock, nftables and AppArmor, and the controllers that others lack.
# vm guests: cloud-plain cloud-systemd
# shellcheck disable=SC2154

load lib/vm

@test "Landlock, AppArmor and the controllers of CPUs and huge pages are there; root has nftables" {
	grep -qw landlock /sys/kernel/security/lsm
	grep -qw apparmor /sys/kernel/security/lsm
	[ "$(python3 -c 'import ctypes; print(ctypes.CDLL(None).syscall(444, None, 0, 1))')" -ge 1 ] # its version of the interface
	grep -qw cpuset /sys/fs/cgroup/cgroup.controllers
	grep -qw hugetlb /sys/fs/cgroup/cgroup.controllers
	[ "$SRT_HALF" = root ] || return 0
	nft add table inet srt-test
	nft list tables | grep -qx 'table inet srt-test'
	nft delete table inet srt-test
}
