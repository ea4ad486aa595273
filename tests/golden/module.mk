# SPDX-License-Identifier: Apache-2.0
# Golden tests: plans that were reviewed, planned again.

define golden_program
$(B)/$(1)/tests/golden/golden: $(B)/$(1)/tests/golden/golden.o $(B)/$(1)/libsrt.a
	$$(call say,LD,$$@)
	$$(Q)$$($(1)_CC) $$($(1)_LDFLAGS) -o $$@ $$^ $(TEST_LIBS)
endef
$(foreach v,host asan,$(eval $(call golden_program,$(v))))
GOLDEN_PROGRAM := $(B)/host/tests/golden/golden
GOLDEN_ASAN := $(B)/asan/tests/golden/golden

## golden-update: write the plans of tests/golden anew; review the diff as a stranger would
.PHONY: golden-update
golden-update: $(GOLDEN_PROGRAM)
	@B=$(B) tests/golden/run --update
