# SPDX-License-Identifier: Apache-2.0
# The interpreter that the pool keeps, as bytes of the program: its Python, and the native part that it loads.

as_bytes = od -An -v -tx1 | sed 's/\([0-9a-f][0-9a-f]\)/0x\1,/g'

$(B)/gen/zygote.h: runtime/sandbox/zygote/zygote.py
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)grep -vE '^ *#' $< | $(as_bytes) >$@.new && echo '0x00' >>$@.new && mv $@.new $@

# Whatever C library the interpreter has, it is loaded by then: so this one names none.
ZYGOTE_SRC := $(wildcard runtime/sandbox/zygote/*.c)
$(B)/gen-bin/zygote.so: $(ZYGOTE_SRC) runtime/sandbox/module.mk
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) -std=gnu11 -D_GNU_SOURCE -I. $(WARN) -O2 -fPIC -U_FORTIFY_SOURCE -fno-stack-protector -MMD -MP -MT $@ -MF $@.d \
		-shared -nostdlib -s -Wl,-Bsymbolic,--build-id=none,-z,now,-z,noexecstack,-z,max-page-size=4096,-z,noseparate-code \
		-o $@ $(ZYGOTE_SRC)
$(B)/gen/zygote_native.h: $(B)/gen-bin/zygote.so
	$(call say,GEN,$@)
	$(Q)cat $< | $(as_bytes) >$@.new && mv $@.new $@
GEN += $(B)/gen/zygote.h $(B)/gen/zygote_native.h
