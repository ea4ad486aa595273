# SPDX-License-Identifier: Apache-2.0
# The companion that speaks to systemd, so that the static runtime needs no D-Bus: libsystemd, dynamic.

SYSTEMD_SRC := $(addprefix spec/base/,arena.c err.c str.c) $(wildcard runtime/systemd/*.c)

all: $(B)/srt-oci-systemd

$(foreach v,host asan,$(B)/$(v)/runtime/systemd/main.o): $(B)/gen/version.h

$(B)/srt-oci-systemd: $(SYSTEMD_SRC:%.c=$(B)/host/%.o)
	$(call say,LD,$@)
	$(Q)$(host_CC) $(host_LDFLAGS) -o $@ $^ -lsystemd
