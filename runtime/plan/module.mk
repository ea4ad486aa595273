# SPDX-License-Identifier: Apache-2.0
# The dictionary of system calls, taken out of libseccomp at build time.

$(B)/gen-bin/gen_syscalls: contrib/gen/gen_syscalls.c runtime/plan/seccomp_names.h
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE -I. $(WARN) -O1 -o $@ $< -lseccomp

$(B)/gen/syscalls.h: $(B)/gen-bin/gen_syscalls
	@mkdir -p $(@D)
	$(B)/gen-bin/gen_syscalls $@.new && mv $@.new $@
GEN += $(B)/gen/syscalls.h

# Its benchmark needs libseccomp, to be compared with.
$(B)/bench/bench_seccomp: $(B)/host/tests/bench/bench_seccomp.o $(B)/host/libsrt.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(host_CC) $(host_LDFLAGS) -o $@ $^ -lyajl -lseccomp
