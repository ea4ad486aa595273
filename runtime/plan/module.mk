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

# The dictionary of mount options, likewise out of libmount.
$(B)/gen-bin/gen_mount_options: contrib/gen/gen_mount_options.c
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)$(host_CC) $(BASE_FLAGS) $(CFLAGS) -o $@ $< -lmount
$(B)/gen/mount_words.h: $(B)/gen-bin/gen_mount_options
	@mkdir -p $(@D)
	$(B)/gen-bin/gen_mount_options $@.new && mv $@.new $@
GEN += $(B)/gen/mount_words.h
$(VARIANTS:%=$(B)/%/runtime/plan/mount_options.o) $(B)/fuzz/runtime/plan/mount_options.o: $(B)/gen/mount_words.h
