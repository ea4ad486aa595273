# SPDX-License-Identifier: Apache-2.0
# What tests/vm/apparmor.bats applies; tests/vm/init loads it where the kernel has AppArmor.

profile srt-test flags=(attach_disconnected, mediate_deleted) {
  file,
  capability,
  network,
  signal,
  unix,
  mount,
  umount,
  pivot_root,
  ptrace,
  deny /tmp/forbidden w,
}

profile srt-test-other flags=(attach_disconnected, mediate_deleted) {
  file,
  capability,
  network,
  signal,
  unix,
  ptrace,
  deny /tmp/other w,
}

# As hosts that restrict user namespaces of ordinary users do it: they may be made, and give no rights.
profile srt-test-no-rights flags=(attach_disconnected, mediate_deleted) {
  file,
  network,
  signal,
  unix,
  ptrace,
  mount,
  umount,
  pivot_root,
  change_profile,
  deny capability,
}
