# SPDX-License-Identifier: Apache-2.0
# The interpreter that the pool keeps, as bytes of the program.

$(B)/gen/zygote.h: runtime/sandbox/zygote.py
	@mkdir -p $(@D)
	$(call say,GEN,$@)
	$(Q)grep -vE '^ *#' $< | od -An -v -tx1 | sed 's/\([0-9a-f][0-9a-f]\)/0x\1,/g' >$@.new && echo '0x00' >>$@.new && mv $@.new $@
GEN += $(B)/gen/zygote.h
