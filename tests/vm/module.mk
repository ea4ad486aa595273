# SPDX-License-Identifier: Apache-2.0
# Guests: cgroup v2, systemd and a kernel with AppArmor, where this machine may have none of them.

# User-mode Linux is a program for x86; elsewhere its guests are skipped with that reason.
UML_DEPS := $(if $(filter x86_64,$(ARCH)),user-mode-linux)
VM_DEPS = $(UML_DEPS) qemu-system-x86 qemu-system-common $(shell apt-cache pkgnames virtiofsd 2>/dev/null | head -1) kmod cpio \
	apparmor nftables podman conmon slirp4netns
# These bring an /sbin/init along: only where none of another kind would have to go.
VM_INIT := $(if $(wildcard /sbin/init),$(shell readlink -f /sbin/init))
VM_SYSTEMD_DEPS := $(if $(filter-out %/systemd,$(VM_INIT)),,systemd dbus-user-session)

TEST_DEPS += $(UML_DEPS)
VM_GUESTS := uml-quick uml-plain uml-systemd cloud-plain cloud-systemd
VM_PROGRAMS = $(foreach g,$(VM_GUESTS),'tests/vm/guest $(subst -, ,$(g))')
# The quick one is a part of `make check`.
VM_QUICK := --suite vm --stage --timeout 240 'tests/vm/guest uml quick'

## check-vm: boot guests with cgroup v2, systemd and AppArmor, run their tests, record the result in docs/vm.md
.PHONY: check-vm check-vm-run
check-vm:
	@tests/lib/deps --user $(TEST_USER) $(BUILD_DEPS) $(TEST_DEPS) $(VM_DEPS) $(VM_SYSTEMD_DEPS)
	@$(MAKE) --no-print-directory -j2 all
	@$(MAKE) --no-print-directory check-vm-run

check-vm-run: all
	@tests/vm/kernel $(abspath $(B))/vm || echo 'the guests of the cloud kernel will be skipped' >&2
	@B=$(B) SRT_TEST_USER=$(TEST_USER) tests/vm/check $(VM_PROGRAMS)
