# SPDX-License-Identifier: Apache-2.0
# Golden tests: plans that were reviewed, planned again.

GOLDEN_PROGRAM := $(B)/host/tests/golden/golden
$(GOLDEN_PROGRAM): $(B)/host/tests/golden/golden.o $(B)/host/libsrt.a
	$(call say,LD,$@)
	$(Q)$(host_CC) $(host_LDFLAGS) -o $@ $^ $(TEST_LIBS)

## golden-update: write the plans of tests/golden anew; review the diff as a stranger would
.PHONY: golden-update
golden-update: $(GOLDEN_PROGRAM)
	@B=$(B) tests/golden/run --update
